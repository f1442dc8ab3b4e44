//! A pod, or the template of one: its `metadata` and its `spec`.

use std::collections::{HashMap, HashSet};

use super::container::{Around, CONTROLLER, PATCH};
use super::find::Template;
use super::refused::Names;
use super::{
    Annotation, Container, Pod, Reader, Role, Volume, VolumeKind, container, misplaced, refused, together,
};
use crate::immutability::path::normalise;
use crate::immutability::yaml::{Node, Wrong, shown};

/// What annotations of ours begin with.
pub(super) const OURS: &str = "driftless.dev/";

/// Where containers stand, and what they are for.
const LISTS: [(&str, Role); 3] =
    [("initContainers", Role::Init), ("containers", Role::Main), ("ephemeralContainers", Role::Ephemeral)];

/// So many times may a mount be held against a volume: a thousand of each, four times over.
const MOST_PAIRS: usize = 4_000_000;

/// Volumes that Kubernetes mounts read-only whatever their mounts say.
const READ_ONLY: [&str; 5] = ["configMap", "secret", "downwardAPI", "projected", "image"];

/// Reads a template; `outer` are the annotations of what is around it, the nearest first, `claims` the volumes that its object
/// claims. In a kind that is not Kubernetes' own nobody knows them: what writes such pods may give them more.
pub(super) fn read(
    template: &Template<'_>,
    inside: Option<String>,
    outer: &[Option<&Node>],
    claims: &[std::rc::Rc<Node>],
    reader: &mut Reader<'_>,
) -> Pod {
    let spec = Some(template.spec);
    let own = template.node.at(&["metadata", "annotations"]);
    let windows = refused::is_windows(spec, reader);
    if !template.way.is_empty() {
        unread(template.node.get("metadata").map(AsRef::as_ref), &["labels"], reader);
    }
    let mut pod = Pod {
        inside,
        at: reader.at(&template.node.span),
        windows,
        host_users: reader.boolean(spec, "hostUsers").is_none_or(|(host, _)| host),
        host_namespaces: Vec::new(),
        shares_processes: reader.boolean(spec, "shareProcessNamespace").is_some_and(|(shares, _)| shares),
        sysctls: Vec::new(),
        volumes: Vec::new(),
        containers: Vec::new(),
        annotations: annotations(own, outer, reader),
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
    together::pod(template.spec, &pod, reader);
    // A claim takes the place of a volume of its name.
    for claim in claims {
        if let Some(name) = claim.at(&["metadata", "name"]).and_then(Node::text) {
            let at = reader.at(&claim.span);
            pod.volumes.push(Volume { name: shown(name), kind: VolumeKind::Lasting(false), at });
        }
    }
    let claimed: HashSet<String> = pod.volumes.iter().map(|volume| volume.name.clone()).collect();
    let mut names = Names::default();
    for node in reader.list(spec, "volumes") {
        names.take(node, "volume", true, reader);
        pod.volumes
            .extend(volume(node, template.own, reader).filter(|volume| !claimed.contains(&volume.name)));
    }
    containers(template, &mut pod, host_process, reader);
    let list = template.spec.get("containers");
    if list.is_none_or(|list| list.is_list() && list.items().is_empty()) {
        let help = if template.own { PATCH } else { CONTROLLER };
        let title = "this pod has no containers";
        reader.wrong("containers", Wrong::new(template.spec.span.clone(), title, help));
        reader.take_unclear();
    }
    misplaced::in_pod(template, windows, reader, &mut pod.misplaced);
    pod
}

fn containers(
    template: &Template<'_>,
    pod: &mut Pod,
    host_process: Option<(bool, super::At)>,
    reader: &mut Reader<'_>,
) {
    // What is wrong with the pod leaves all of its containers unclear.
    let context = template.spec.get("securityContext").map(AsRef::as_ref);
    let around = Around { own: template.own, windows: pod.windows, unclear: reader.take_unclear(), context };
    let mut names = Names::default();
    let mut doubled = HashSet::new();
    for (list, role) in LISTS {
        for (nth, node) in reader.list(Some(template.spec), list).iter().enumerate() {
            if !node.is_map() {
                let help = "write its name and its image: `- name: web`, and `image: …` below";
                reader.wrong(list, Wrong::new(node.span.clone(), "this is no container", help));
                continue;
            }
            let twice = names.take(node, "container", template.own, reader);
            let mut container = container::read(node, role, &format!("{list}[{nth}]"), around, reader);
            container.host_process = container.host_process.or(host_process);
            too_many(node, pod, &mut container, reader);
            if twice {
                doubled.insert(container.name.clone());
            }
            if template.own
                && undeclared(node, pod, &container, reader) | hidden(node, pod, &container, reader)
            {
                container.unclear = true;
            }
            misplaced::in_container(node, &container, pod.windows, reader, &mut pod.misplaced);
            pod.containers.push(container);
        }
    }
    for container in pod.containers.iter_mut().filter(|container| doubled.contains(&container.name)) {
        container.unclear = true;
    }
}

/// Leaves out mounts that are more than any object of Kubernetes holds, and would take minutes to look through.
fn too_many(node: &Node, pod: &Pod, container: &mut Container, reader: &mut Reader<'_>) {
    if container.mounts.len().saturating_mul(pod.volumes.len()) > MOST_PAIRS {
        let help = "Kubernetes takes no object of more than 1.5 MiB: give each container what it needs";
        let title = "it has more mounts and volumes than are looked through";
        reader.wrong("volumeMounts", Wrong::new(node.span.clone(), title, help));
        reader.take_unclear();
        container.mounts.clear();
        container.unclear = true;
    }
}

/// Tells of two mounts that lead to one place by different names, if one can be written to and the other not.
fn hidden(node: &Node, pod: &Pod, container: &Container, reader: &mut Reader<'_>) -> bool {
    let mut places: HashMap<&str, bool> = HashMap::with_capacity(container.mounts.len());
    let other = container.mounts.iter().find(|mount| {
        let writable = mount.is_writable(pod);
        places.insert(&mount.path, writable).is_some_and(|other| other != writable)
    });
    let Some(mount) = other.filter(|_| !container.unclear) else { return false };
    let nodes = node.get("volumeMounts").map(|mounts| mounts.items()).unwrap_or_default();
    let node = nodes.iter().find(|node| reader.at(&node.span) == mount.at).map_or(node, AsRef::as_ref);
    let object = reader.inside(&container.name);
    container::twice(node, &mount.path, reader);
    reader.take_unclear();
    reader.subject = object;
    true
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
    let object = reader.inside(&container.name);
    reader.wrong("volumeMounts", Wrong::new(span, title, help));
    reader.take_unclear();
    reader.subject = object;
    true
}

fn annotations(own: Option<&Node>, outer: &[Option<&Node>], reader: &Reader<'_>) -> Vec<Annotation> {
    let mut found: Vec<Annotation> = Vec::new();
    let is_other = |outer: &&Node| own.is_none_or(|own| !std::ptr::eq(own.meant(), outer.meant()));
    let outer = outer.iter().map(|outer| outer.filter(is_other));
    for (key, value) in std::iter::once(own).chain(outer).flatten().flat_map(Node::pairs) {
        let Some(name) = key.text().and_then(|key| key.strip_prefix(OURS)) else { continue };
        let value = shown(value.text().unwrap_or_default());
        // The template's own stands before its object's.
        if !found.iter().any(|known| known.key == name) {
            found.push(Annotation { key: shown(name), value, at: reader.at(&key.span) });
        }
    }
    found
}

/// Tells of waivers that stand where nobody reads them, in these maps of a `metadata`.
pub(super) fn unread(metadata: Option<&Node>, maps: &[&str], reader: &mut Reader<'_>) {
    for map in maps {
        let map = metadata.and_then(|metadata| metadata.get(map));
        for (key, _) in map.map(|map| map.pairs()).unwrap_or_default() {
            let Some(name) = key.text().filter(|key| key.starts_with(OURS)) else { continue };
            let title = format!("`{}` does nothing here", shown(name));
            let help = "write it under metadata.annotations of the pod, of its template, or of its object";
            reader.note("metadata", Wrong::new(key.span.clone(), title, help));
        }
    }
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

fn volume(node: &Node, own: bool, reader: &mut Reader<'_>) -> Option<Volume> {
    let at = reader.at(&node.span);
    let source = refused::source(node, own, reader);
    let (name, _) = reader.text(Some(node), "name")?;
    let name = shown(&name);
    let Some((source, value)) = source else {
        return Some(Volume { name, kind: VolumeKind::EmptyDir { limited: false, memory: false }, at });
    };
    let fields = reader.map(Some(node), source);
    let read_only = reader.boolean(fields, "readOnly").is_some_and(|(read_only, _)| read_only);
    let kind = match source {
        "emptyDir" => {
            together::medium(value, reader);
            VolumeKind::EmptyDir {
                limited: refused::is_limited(value, reader),
                memory: value.text_of("medium") == Some("Memory"),
            }
        }
        "hostPath" => {
            let path = reader.text(fields, "path");
            match &path {
                Some((path, _)) => refused::host_path(value, path, reader),
                None if reader.is_unclear() => {}
                None => {
                    let help = "Kubernetes refuses a hostPath that names no path of the node";
                    reader
                        .wrong("hostPath", Wrong::new(node.span.clone(), "this hostPath has no path", help));
                }
            }
            let path = path.map_or_else(|| "/".to_owned(), |(path, _)| shown(&normalise(&path)));
            let kind = value.text_of("type").unwrap_or_default();
            let single = ["File", "FileOrCreate", "CharDevice", "BlockDevice"].contains(&kind);
            VolumeKind::HostPath { path, socket: kind == "Socket", single }
        }
        _ if READ_ONLY.contains(&source) => VolumeKind::ReadOnly,
        _ => VolumeKind::Lasting(read_only),
    };
    Some(Volume { name, kind, at })
}
