//! A pod, or the template of one: its `metadata` and its `spec`.

use std::rc::Rc;

use super::{Annotation, Container, Pod, Reader, Role, Volume, VolumeKind, container, misplaced};
use crate::immutability::path::normalise;
use crate::immutability::yaml::{Node, Wrong, shown};

/// What annotations of ours begin with.
const OURS: &str = "driftless.dev/";

/// Where containers stand, and what they are for.
const LISTS: [(&str, Role); 3] =
    [("initContainers", Role::Init), ("containers", Role::Main), ("ephemeralContainers", Role::Ephemeral)];

/// Volumes that Kubernetes mounts read-only whatever their mounts say.
const READ_ONLY: [&str; 5] = ["configMap", "secret", "downwardAPI", "projected", "image"];

/// Reads a template; `outer` are the annotations of the object around it, `claims` those of a StatefulSet, none
/// of which is known in a kind that is not Kubernetes' own: what writes such pods may give them more volumes.
pub(super) fn read(
    template: &Node,
    inside: Option<String>,
    outer: Option<&Node>,
    claims: Option<&[Rc<Node>]>,
    reader: &mut Reader<'_>,
) -> Pod {
    let spec = template.get("spec").map(AsRef::as_ref);
    let own = template.at(&["metadata", "annotations"]);
    let windows = spec.and_then(|spec| spec.at(&["os", "name"])).and_then(Node::text) == Some("windows");
    let mut pod = Pod {
        inside,
        at: reader.at(&template.span),
        windows,
        host_users: reader.boolean(spec, "hostUsers").is_none_or(|(host, _)| host),
        host_namespaces: Vec::new(),
        sysctls: Vec::new(),
        volumes: Vec::new(),
        containers: Vec::new(),
        annotations: annotations(
            [own, outer.filter(|outer| own.is_none_or(|own| !std::ptr::eq(own, *outer)))],
            reader,
        ),
        misplaced: Vec::new(),
    };
    for field in ["hostPID", "hostIPC", "hostNetwork"] {
        if let Some((true, at)) = reader.boolean(spec, field) {
            pod.host_namespaces.push((field, at));
        }
    }
    let context = reader.map(spec, "securityContext");
    let windows_options = reader.map(context, "windowsOptions");
    // One of the few fields that containers inherit.
    let host_process = reader.boolean(windows_options, "hostProcess");
    for sysctl in reader.list(context, "sysctls") {
        if let Some((name, _)) = reader.text(Some(sysctl), "name") {
            pod.sysctls.push((dotted(&name), reader.at(&sysctl.span)));
        }
    }
    for node in reader.list(spec, "volumes") {
        pod.volumes.extend(volume(node, reader));
    }
    for claim in claims.unwrap_or_default() {
        if let Some(name) = claim.at(&["metadata", "name"]).and_then(Node::text) {
            let at = reader.at(&claim.span);
            pod.volumes.push(Volume { name: shown(name), kind: VolumeKind::Lasting(false), at });
        }
    }
    // What is wrong with the pod leaves all of its containers unclear.
    let unclear = reader.take_unclear();
    for (list, role) in LISTS {
        for (nth, node) in reader.list(spec, list).iter().enumerate() {
            if !node.is_map() {
                let help = "write its name and its image: `- name: web`, and `image: …` below";
                reader.wrong(list, Wrong::new(node.span.clone(), "this is no container", help));
                continue;
            }
            let mut container = container::read(node, role, &format!("{list}[{nth}]"), unclear, reader);
            container.host_process = container.host_process.or(host_process);
            if claims.is_some() && undeclared(node, &pod, &container, reader) {
                container.unclear = true;
            }
            misplaced::in_container(node, &container, windows, reader, &mut pod.misplaced);
            pod.containers.push(container);
        }
    }
    if let Some(spec) = spec
        .filter(|spec| spec.get("containers").is_none_or(|list| list.is_list() && list.items().is_empty()))
    {
        let help =
            "is this a patch? what counts is the whole: kustomize build FOLDER | driftless immutable -";
        reader.wrong("containers", Wrong::new(spec.span.clone(), "this pod has no containers", help));
        reader.take_unclear();
    }
    if let Some(spec) = spec {
        misplaced::in_pod(template, spec, windows, reader, &mut pod.misplaced);
    }
    pod
}

/// Tells of a mount whose volume the pod does not have; Kubernetes refuses that.
fn undeclared(node: &Node, pod: &Pod, container: &Container, reader: &mut Reader<'_>) -> bool {
    let Some(mount) = container.mounts.iter().find(|mount| pod.volume(&mount.volume).is_none()) else {
        return false;
    };
    let help =
        "Kubernetes refuses a mount without its volume: add it to the pod's volumes, or put the name right";
    let title = format!("the pod has no volume `{}`", mount.volume);
    let span = node.entry("volumeMounts").map_or(node.span.clone(), |(key, _)| key.span.clone());
    let object = std::mem::take(&mut reader.subject);
    reader.subject = format!("{object} {}", container.name);
    reader.wrong("volumeMounts", Wrong::new(span, title, help));
    reader.take_unclear();
    reader.subject = object;
    true
}

fn annotations<const N: usize>(maps: [Option<&Node>; N], reader: &Reader<'_>) -> Vec<Annotation> {
    let mut found: Vec<Annotation> = Vec::new();
    for (key, value) in maps.into_iter().flatten().flat_map(Node::pairs) {
        let Some(name) = key.text().and_then(|key| key.strip_prefix(OURS)) else { continue };
        let value = shown(value.text().unwrap_or_default());
        // The template's own stands before its object's.
        if !found.iter().any(|known| known.key == name) {
            found.push(Annotation { key: shown(name), value, at: reader.at(&key.span) });
        }
    }
    found
}

/// Kubernetes takes `net/ipv4/tcp_syncookies`, too, as sysctl(8) does: whichever comes first separates.
fn dotted(name: &str) -> String {
    let slashed =
        name.find(['.', '/']).is_some_and(|at| name.get(at..).is_some_and(|rest| rest.starts_with('/')));
    if !slashed {
        return shown(name);
    }
    let swapped = name.chars().map(|character| match character {
        '/' => '.',
        '.' => '/',
        other => other,
    });
    shown(&swapped.collect::<String>())
}

fn volume(node: &Node, reader: &mut Reader<'_>) -> Option<Volume> {
    let at = reader.at(&node.span);
    let name = shown(node.text_of("name")?);
    let is_source = |key: &Node| !matches!(key.text(), Some("name" | "readOnly"));
    let source = node.pairs().iter().find(|(key, value)| is_source(key) && !value.is_null());
    // What is null is not there, and a volume without a source is an emptyDir.
    let Some((source, value)) = source.and_then(|(key, value)| Some((key.text()?, value))) else {
        return Some(Volume { name, kind: VolumeKind::EmptyDir { limited: false, memory: false }, at });
    };
    let read_only = reader.boolean(Some(value), "readOnly").is_some_and(|(read_only, _)| read_only);
    let kind = match source {
        "emptyDir" => VolumeKind::EmptyDir {
            limited: value.get("sizeLimit").is_some(),
            memory: value.text_of("medium") == Some("Memory"),
        },
        "hostPath" => {
            let path = reader.text(Some(value), "path");
            if path.is_none() && !reader.is_unclear() {
                let help = "Kubernetes refuses a hostPath that names no path of the node";
                reader.wrong("hostPath", Wrong::new(node.span.clone(), "this hostPath has no path", help));
            }
            VolumeKind::HostPath(path.map_or_else(|| "/".to_owned(), |(path, _)| shown(&normalise(&path))))
        }
        _ if READ_ONLY.contains(&source) => VolumeKind::ReadOnly,
        _ => VolumeKind::Lasting(read_only),
    };
    Some(Volume { name, kind, at })
}
