//! Which objects a document has, and where the templates of pods are in them.

use std::rc::Rc;

use super::pod;
use super::{Object, Reader};
use crate::immutability::yaml::{Node, Wrong, shown};

/// How deeply lists of lists are followed.
const DEEPEST_LIST: usize = 8;

/// Kinds whose template stands at `spec.template`.
const WORKLOADS: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"];

/// A template of pods: the map that has `metadata` and `spec`, and the way to it.
struct Template<'n> {
    node: &'n Node,
    way: String,
    /// Whether the kind is one of Kubernetes' own.
    own: bool,
}

/// What becomes of an object: it, and the texts of its pods' templates.
pub(in crate::immutability) type Take<'t> = dyn FnMut(Object, Vec<&Node>) + 't;

/// Gives the objects of a document, those of lists among them; tells how many there are.
pub(in crate::immutability) fn objects(root: &Node, reader: &mut Reader<'_>, take: &mut Take<'_>) -> usize {
    collect(root, reader, 0, take)
}

fn collect(node: &Node, reader: &mut Reader<'_>, depth: usize, take: &mut Take<'_>) -> usize {
    let Some(kind) = node.text_of("kind") else { return 0 };
    let listed = node.get("items").filter(|items| kind.ends_with("List") && items.is_list());
    if let Some(items) = listed {
        if depth == DEEPEST_LIST {
            return 0;
        }
        return items.items().iter().map(|item| collect(item, reader, depth + 1, take)).sum();
    }
    if node.get("apiVersion").is_none() && node.get("spec").is_none() {
        return 0;
    }
    object(node, kind, reader, take);
    1
}

fn object(node: &Node, kind: &str, reader: &mut Reader<'_>, take: &mut Take<'_>) {
    let metadata = node.get("metadata");
    let said = |key: &str| Some(shown(metadata?.text_of(key)?));
    let name = said("name").or_else(|| said("generateName")).unwrap_or_else(|| "unnamed".to_owned());
    let version = node.text_of("apiVersion").map(shown);
    let mut object =
        Object { kind: shown(kind), version, namespace: said("namespace"), name, pods: Vec::new() };
    reader.subject = object.to_string();
    let templates = templates(node, kind, reader);
    let several = templates.len() > 1;
    let annotations = metadata.and_then(|metadata| metadata.get("annotations")).map(AsRef::as_ref);
    for template in &templates {
        let claims = node.at(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default();
        let claims = template.own.then_some(claims);
        let inside = several.then(|| shown(&template.way));
        object.pods.push(pod::read(template.node, inside, annotations, claims, reader));
    }
    if let [pod] = object.pods.as_mut_slice() {
        super::misplaced::around(node, kind, reader, pod);
    }
    take(object, templates.iter().map(|template| template.node).collect());
}

fn templates<'n>(node: &'n Node, kind: &str, reader: &mut Reader<'_>) -> Vec<Template<'n>> {
    let group =
        node.text_of("apiVersion").and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    let way: &[&str] = match (group, kind) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("" | "apps" | "batch" | "extensions", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        ("" | "apps" | "batch" | "extensions", kind) if is_workload(kind) => &["spec", "template"],
        _ => {
            let mut found = Vec::new();
            search(node, &mut Vec::new(), &mut found);
            return found;
        }
    };
    if let Some(node) = node.at(way).filter(|template| template.get("spec").is_some_and(|spec| spec.is_map()))
    {
        return vec![Template { node, way: way.join("."), own: true }];
    }
    let help = "is this a patch? what counts is the whole: kustomize build FOLDER | driftless immutable -";
    let missing: Vec<&str> = way.iter().copied().chain(["spec"]).collect();
    let title = format!("this {} has no {}", shown(kind), missing.join("."));
    let span = node.entry("kind").map_or(node.span.clone(), |(key, _)| key.span.clone());
    reader.wrong("spec", Wrong::new(span, title, help));
    reader.take_unclear();
    Vec::new()
}

/// Every template inside an object of a kind that is not Kubernetes' own: whatever has `spec.containers`, a list of
/// maps with an image or a name.
fn search<'n>(node: &'n Node, way: &mut Vec<&'n str>, found: &mut Vec<Template<'n>>) {
    let is_template = node.get("spec").is_some_and(has_containers);
    if is_template {
        found.push(Template { node, way: way.join("."), own: false });
    }
    for (key, value) in node.pairs() {
        if !(is_template && key.text() == Some("spec")) {
            way.push(key.text().unwrap_or_default());
            search(value, way, found);
            way.pop();
        }
    }
    let nested = node.items().iter().filter(|item| item.is_map() || item.is_list());
    nested.for_each(|item| search(item, way, found));
}

/// Whether the template of such a kind stands at `spec.template`.
pub(in crate::immutability) fn is_workload(kind: &str) -> bool {
    WORKLOADS.contains(&kind)
}

fn has_containers(spec: &Rc<Node>) -> bool {
    let containers = spec.get("containers").map(|containers| containers.items()).unwrap_or_default();
    containers.iter().any(|container| container.get("image").is_some() || container.get("name").is_some())
}
