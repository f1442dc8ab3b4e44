//! Which objects a document has, and where the templates of pods are in them.

use super::container::PATCH;
use super::{Object, Reader, pod};
use crate::immutability::yaml::{Node, Wrong, shown};

/// How deeply lists of lists are followed.
const DEEPEST_LIST: usize = 8;

/// Kinds whose template stands at `spec.template`.
const WORKLOADS: [&str; 6] =
    ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"];

/// Groups whose objects speak of pods and make none: schemas, policies with patterns of pods, measurements.
const TALKERS: [&str; 8] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "constraints.gatekeeper.sh",
    "kyverno.io",
    "metrics.k8s.io",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
    "templates.gatekeeper.sh",
];

/// Lists of containers by which a pod is known in a kind that is not Kubernetes' own.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// A template of pods.
pub(super) struct Template<'n> {
    /// The map that has `metadata` and `spec`; where there is none, the spec itself.
    pub(super) node: &'n Node,
    /// What has the containers.
    pub(super) spec: &'n Node,
    /// The way to it from the object.
    pub(super) way: String,
    /// Whether the kind is one of Kubernetes' own.
    pub(super) own: bool,
}

impl Template<'_> {
    /// Whether nothing but what Kubernetes knows stands around the containers: the spec of an object of another kind
    /// has fields of its own, and so has a pod without a `spec`.
    pub(super) fn is_pure(&self) -> bool {
        self.own || !self.way.is_empty() && !std::ptr::eq(self.node.meant(), self.spec.meant())
    }
}

/// What becomes of an object: it, and the texts of its pods' templates.
pub(in crate::immutability) type Take<'t> = dyn FnMut(Object, Vec<&Node>) + 't;

/// What an object is: its own words, or those of the list that it stands in.
#[derive(Debug, Clone, Copy)]
struct Type<'n> {
    kind: &'n str,
    version: Option<&'n str>,
}

/// Gives the objects of a document, those of lists among them; tells how many there are.
pub(in crate::immutability) fn objects(root: &Node, reader: &mut Reader<'_>, take: &mut Take<'_>) -> usize {
    collect(root, None, reader, 0, take)
}

fn collect(
    node: &Node,
    listed: Option<Type<'_>>,
    reader: &mut Reader<'_>,
    depth: usize,
    take: &mut Take<'_>,
) -> usize {
    let version = node.text_of("apiVersion");
    let Some(own) = node.text_of("kind").map(|kind| Type { kind, version }).or(listed) else {
        // A chart has a version, too, and neither of these.
        if version.is_some() && ["metadata", "spec"].iter().any(|key| node.get(key).is_some()) {
            let help = "write what it is, kind: Deployment: kubectl refuses it without";
            untold(node, ("this object has no kind", help), reader);
        }
        return 0;
    };
    let items = node.get("items").filter(|items| own.kind.ends_with("List") && items.is_list());
    if let Some(items) = items {
        // What `kubectl get` prints in one go may leave the kind to the list's.
        let of = own.kind.strip_suffix("List").filter(|kind| !kind.is_empty());
        let of = of.map(|kind| Type { kind, version: own.version });
        "list".clone_into(&mut reader.subject);
        pod::unread(node.get("metadata").map(AsRef::as_ref), &["labels", "annotations"], reader);
        return items.items().iter().map(|item| listed_item(item, of, reader, depth + 1, take)).sum();
    }
    if own.version.is_none() && node.get("spec").is_none() {
        return 0;
    }
    object(node, own, reader, take);
    1
}

fn listed_item(
    item: &Node,
    of: Option<Type<'_>>,
    reader: &mut Reader<'_>,
    depth: usize,
    take: &mut Take<'_>,
) -> usize {
    let wrong = match () {
        () if depth > DEEPEST_LIST => {
            ("lists in lists in lists are not followed so far", "take the lists apart")
        }
        () if !item.is_map() || of.is_none() && item.text_of("kind").is_none() => (
            "this item of a list has no kind",
            "write its apiVersion and its kind: kubectl refuses it without",
        ),
        () => return collect(item, of, reader, depth, take),
    };
    untold(item, wrong, reader);
    0
}

/// Tells of what has no kind, and therefore no name.
fn untold(node: &Node, (title, help): (&str, &'static str), reader: &mut Reader<'_>) {
    "object".clone_into(&mut reader.subject);
    reader.wrong("kind", Wrong::new(node.span.clone(), title, help));
    reader.take_unclear();
}

fn object(node: &Node, of: Type<'_>, reader: &mut Reader<'_>, take: &mut Take<'_>) {
    let kind = of.kind;
    let metadata = node.get("metadata");
    let said = |key: &str| Some(shown(metadata?.text_of(key)?));
    let name = said("name").or_else(|| said("generateName")).unwrap_or_else(|| "unnamed".to_owned());
    let version = of.version.map(shown);
    let mut object =
        Object { kind: shown(kind), version, namespace: said("namespace"), name, pods: Vec::new() };
    reader.subject = object.to_string();
    let templates = templates(node, of, reader);
    pod::unread(metadata.map(AsRef::as_ref).filter(|_| !templates.is_empty()), &["labels"], reader);
    let several = templates.len() > 1;
    let annotations = metadata.and_then(|metadata| metadata.get("annotations")).map(AsRef::as_ref);
    for template in &templates {
        let claims = node.at(&["spec", "volumeClaimTemplates"]).map(Node::items).unwrap_or_default();
        // Kubernetes knows them in no other kind of its own.
        let claims = if template.own && kind == "StatefulSet" { claims } else { &[] };
        let inside = several.then(|| shown(if template.way.is_empty() { "spec" } else { &template.way }));
        // What stands at a CronJob's template of jobs, each job has.
        let job = node.at(&["spec", "jobTemplate", "metadata"]).filter(|_| template.own && kind == "CronJob");
        pod::unread(job, &["labels"], reader);
        let outer = [job.and_then(|job| job.get("annotations")).map(AsRef::as_ref), annotations];
        object.pods.push(pod::read(template, inside, &outer, claims, reader));
    }
    if let [pod] = object.pods.as_mut_slice() {
        super::misplaced::around(node, kind, reader, pod);
    }
    take(object, templates.iter().map(|template| template.node).collect());
}

fn templates<'n>(node: &'n Node, of: Type<'_>, reader: &mut Reader<'_>) -> Vec<Template<'n>> {
    let Type { kind, version } = of;
    let group = version.and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
    let way: &[&str] = match (group, kind) {
        ("", "Pod") => &[],
        ("", "PodTemplate") => &["template"],
        ("" | "apps" | "batch" | "extensions", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
        ("" | "apps" | "batch" | "extensions", kind) if is_workload(kind) => &["spec", "template"],
        ("" | "apps" | "batch" | "extensions", kind) if misspelt(kind).is_some() => {
            let title = format!("Kubernetes has no kind `{}`", shown(kind));
            let help = "capitals count: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob";
            reader.refuse(Some(node), "kind", title, help);
            reader.take_unclear();
            return Vec::new();
        }
        (group, _) if TALKERS.contains(&group) => return Vec::new(),
        _ => {
            let mut search = Search { way: Vec::new(), found: Vec::new(), reader };
            search.map(node, None);
            return search.found;
        }
    };
    let found = node.at(way).and_then(|node| Some((node, node.get("spec").filter(|spec| spec.is_map())?)));
    if let Some((template, spec)) = found {
        if version.is_some() && !groups(kind).contains(&group) {
            let title = format!("Kubernetes has no {kind} in {}", shown(version.unwrap_or_default()));
            let help = "write apiVersion: v1 of Pod and PodTemplate, batch/v1 of Job and CronJob, apps/v1 of the others";
            reader.refuse(Some(node), "apiVersion", title, help);
        }
        if version.is_none() {
            let span = node.entry("kind").map_or(node.span.clone(), |(key, _)| key.span.clone());
            let title = format!("this {} has no apiVersion", shown(kind));
            let help = "write apiVersion: v1 of Pod and PodTemplate, batch/v1 of Job and CronJob, apps/v1 of the others";
            reader.wrong("apiVersion", Wrong::new(span, title, help));
        }
        let node = template;
        return vec![Template { node, spec, way: way.join("."), own: true }];
    }
    let missing: Vec<&str> = way.iter().copied().chain(["spec"]).collect();
    let title = format!("this {} has no {}", shown(kind), missing.join("."));
    let span = node.entry("kind").map_or(node.span.clone(), |(key, _)| key.span.clone());
    reader.wrong("spec", Wrong::new(span, title, PATCH));
    reader.take_unclear();
    Vec::new()
}

/// A walk through an object of a kind that is not Kubernetes' own, for what its controller makes pods of.
struct Search<'n, 'r, 'l> {
    way: Vec<&'n str>,
    found: Vec<Template<'n>>,
    reader: &'r mut Reader<'l>,
}

impl<'n> Search<'n, '_, '_> {
    /// Takes a map that has containers, with the map around it if it is that one's `spec`.
    fn map(&mut self, node: &'n Node, around: Option<&'n Node>) {
        let is_pod = LISTS.iter().any(|list| node.get(list).is_some_and(|list| has_containers(list)));
        if is_pod {
            let spec = self.way.last() == Some(&"spec");
            let around = around.filter(|_| spec);
            let way = self.way.get(..self.way.len() - usize::from(around.is_some())).unwrap_or_default();
            let way = way.join(".");
            self.found.push(Template { node: around.unwrap_or(node), spec: node, way, own: false });
        }
        for (key, value) in node.pairs() {
            let key = key.text().unwrap_or_default();
            // What Kubernetes itself writes into an object says nothing of what is wanted.
            let is_told = self.way.is_empty() && matches!(key, "metadata" | "status");
            if is_told || is_pod && (LISTS.contains(&key) || key == "ephemeralContainers") {
                continue;
            }
            self.way.push(key);
            match key {
                "container" | "script" => self.step(value),
                "steps" | "sidecars" => value.items().iter().for_each(|step| self.step(step)),
                _ => {}
            }
            self.below(value, node);
            self.way.pop();
        }
    }

    fn below(&mut self, node: &'n Node, around: &'n Node) {
        if node.is_map() {
            self.map(node, Some(around));
        }
        node.items().iter().for_each(|item| self.below(item, item));
    }

    /// A container that its controller puts into a pod of its own making: Argo's, Tekton's.
    fn step(&mut self, node: &Node) {
        if node.get("image").is_none() {
            return;
        }
        let title = "the pod of this container is made by its controller, and not known";
        let help = "audit what it makes: kubectl get pods -o yaml | driftless immutable -";
        let way = self.way.join(".");
        self.reader.wrong(&way, Wrong::new(node.span.clone(), title, help));
        self.reader.take_unclear();
    }
}

/// The groups that have or had a kind of Kubernetes' own.
fn groups(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" | "PodTemplate" | "ReplicationController" => &[""],
        "Job" | "CronJob" => &["batch", "extensions"],
        _ => &["apps", "extensions"],
    }
}

/// The kind that a word means and is not, for its capitals.
fn misspelt(kind: &str) -> Option<&'static str> {
    let known = WORKLOADS.into_iter().chain(["Pod", "PodTemplate", "CronJob"]);
    known.into_iter().find(|known| known.eq_ignore_ascii_case(kind) && *known != kind)
}

/// Whether the template of such a kind stands at `spec.template`.
pub(in crate::immutability) fn is_workload(kind: &str) -> bool {
    WORKLOADS.contains(&kind)
}

fn has_containers(list: &Node) -> bool {
    let is_container = |item: &Node| ["image", "name"].iter().any(|key| item.text_of(key).is_some());
    list.items().iter().any(|item| is_container(item))
}

#[cfg(test)]
mod tests {
    use crate::immutability::fixture::objects;
    use crate::immutability::{Object, Verdict};

    const CUSTOM: &str = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n";

    /// `inside: container verdict` of each container, and what is told with its line.
    fn told(text: &str) -> (Vec<String>, Vec<String>) {
        let (found, read) = objects(text);
        let of = |object: &Object| -> Vec<String> {
            let pods = object.pods.iter().flat_map(|pod| pod.containers.iter().map(move |one| (pod, one)));
            pods.map(|(pod, one)| format!("{} {:?}", one.name, Verdict::of(pod, one).immutable)).collect()
        };
        let mistakes = read.mistakes.iter().map(|one| format!("{} {}", one.at.line, one.title)).collect();
        (found.iter().flat_map(of).collect(), mistakes)
    }

    fn custom(text: &str) -> (Vec<String>, Vec<String>) {
        told(&format!("{CUSTOM}{text}"))
    }

    #[test]
    fn pods_of_other_kinds_are_found_in_any_shape() {
        let container = "containers: [{name: c, image: a}]";
        for text in [
            format!("spec: {{predictor: {{{container}}}}}"),
            format!("spec: {{podTemplate: {{{container}}}}}"),
            format!("spec: {{podTemplate: {{spec: {{{container}}}}}}}"),
            format!("spec: {{template: {{{container}}}}}"),
            format!("spec: {{{container}}}"),
            format!("spec: {{pools: [{{{container}}}]}}"),
            format!("spec: {{pools: [[{{spec: {{{container}}}}}]]}}"),
            container.to_owned(),
        ] {
            assert_eq!(custom(&text), (vec!["c Some(false)".to_owned()], Vec::new()), "{text}");
        }
        let (found, mistakes) =
            custom("spec:\n  template:\n    spec:\n      initContainers: [{name: i, image: a}]\n");
        assert_eq!(found, ["i Some(false)"]);
        assert_eq!(mistakes, ["7 this pod has no containers"]);
        let nested = "spec: {containers: [{name: c, image: a}], sub: {containers: [{name: d, image: b}]}}";
        assert_eq!(custom(nested).0, ["c Some(false)", "d Some(false)"]);
    }

    #[test]
    fn what_a_controller_merges_with_is_unknown() {
        let overlay = "spec:\n  containers:\n  - name: config-reloader\n    resources: {}\n  - name: prometheus\n    securityContext: {readOnlyRootFilesystem: true}\n";
        let (found, mistakes) = custom(overlay);
        assert_eq!(found, ["config-reloader None", "prometheus None"]);
        assert_eq!(mistakes, ["6 this container has no image", "8 this container has no image"]);
        let own =
            "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: c}]}}}\n";
        assert_eq!(told(own).0, ["c None"], "a patch of Kustomize");
    }

    #[test]
    fn steps_of_workflows_are_told_as_not_audited() {
        let known = "is made by its controller, and not known";
        for (text, lines) in [
            (
                "spec:\n  templates:\n  - name: a\n    container: {image: a}\n  - script: {image: b, source: x}\n",
                &[7, 8][..],
            ),
            (
                "spec:\n  steps:\n  - {name: a, image: a}\n  - {name: b, image: b}\n  sidecars: [{image: c}]\n",
                &[6, 7, 8],
            ),
            ("spec:\n  steps: [[{name: a, template: b}]]\n  container: name\n  script: echo\n", &[]),
        ] {
            let (found, mistakes) = custom(text);
            assert!(found.is_empty() && mistakes.iter().all(|one| one.contains(known)), "{mistakes:?}");
            let at: Vec<usize> =
                mistakes.iter().map(|one| one.split(' ').next().unwrap().parse().unwrap()).collect();
            assert_eq!(at, lines, "{text}");
        }
    }

    #[test]
    fn what_speaks_of_pods_and_makes_none_is_passed_by() {
        let pattern = "spec: {rules: [{validate: {pattern: {spec: {containers: [{name: '*'}]}}}}]}";
        for text in [
            format!("apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n{pattern}"),
            "apiVersion: metrics.k8s.io/v1beta1\nkind: PodMetrics\ncontainers: [{name: c, usage: {cpu: 1}}]".to_owned(),
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {versions: [{schema: {properties: {spec: {properties: {containers: {type: array, default: [{name: a}]}}}}}}]}".to_owned(),
            "apiVersion: v1\nkind: ConfigMap\ndata: {a: \"containers: [{name: a}]\"}".to_owned(),
            format!("{CUSTOM}spec: {{containers: [a, b], x: {{containers: {{image: a}}}}, y: {{containers: []}}}}"),
            format!("{CUSTOM}status: {{containers: [{{name: a}}]}}"),
        ] {
            assert_eq!(told(&text), (Vec::new(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_has_no_kind_or_one_in_other_capitals_is_told() {
        let spec = "metadata: {name: a}\nspec: {containers: [{name: c, image: a}]}\n";
        let told = |text: &str| told(text).1;
        assert_eq!(told(&format!("apiVersion: v1\n{spec}")), ["1 this object has no kind"]);
        assert_eq!(told(&format!("apiVersion: v1\nkind: pod\n{spec}")), ["2 Kubernetes has no kind `pod`"]);
        assert_eq!(told(&format!("kind: statefulSet\n{spec}")), ["1 Kubernetes has no kind `statefulSet`"]);
        let deployment = format!(
            "apiVersion: v1\nkind: Deployment\nspec: {{template: {{{}}}}}",
            "spec: {containers: [{name: c, image: a}]}"
        );
        assert_eq!(told(&deployment), ["1 Kubernetes has no Deployment in v1"]);
        assert!(told(&deployment.replace("v1", "apps/v1")).is_empty());
        assert!(told("apiVersion: v2\nname: chart\nversion: 0.1.0\n").is_empty(), "a chart");
        assert!(told("apiVersion: batch.volcano.sh/v1\nkind: job\nspec: {}\n").is_empty());
    }

    #[test]
    fn items_of_a_list_have_its_kind() {
        let pod = "metadata: {name: p, managedFields: [{fieldsV1: {\"f:spec\": {\"f:containers\": {}}}}]}, spec: {containers: [{name: c, image: a}]}, status: {containerStatuses: [{name: c, image: a}]}";
        let list = format!("apiVersion: v1\nkind: PodList\nitems:\n- {{{pod}}}\n");
        let (found, read) = objects(&list);
        assert_eq!((found[0].to_string().as_str(), found[0].version.as_deref()), ("Pod/-/p", Some("v1")));
        assert!(read.objects == 1 && read.mistakes.is_empty(), "{:?}", read.mistakes);
        let deployments = "apiVersion: apps/v1\nkind: DeploymentList\nitems: [{metadata: {name: d}, spec: {template: {spec: {containers: [{name: c, image: a}]}}}}]\n";
        assert_eq!(objects(deployments).0[0].to_string(), "Deployment/-/d");
        let nested =
            format!("kind: List\nitems:\n- kind: List\n  items:\n  - {{kind: Pod, apiVersion: v1, {pod}}}\n");
        assert_eq!(told(&nested), (vec!["c Some(false)".to_owned()], Vec::new()));
        let bare = format!("apiVersion: v1\nkind: List\nitems:\n- {{{pod}}}\n- text\n");
        let (found, mistakes) = told(&bare);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(mistakes, ["4 this item of a list has no kind", "5 this item of a list has no kind"]);
        let deep =
            (0..10).fold("{kind: Pod}".to_owned(), |inner, _| format!("{{kind: List, items: [{inner}]}}"));
        assert_eq!(told(&deep).1.len(), 1);
    }
}
