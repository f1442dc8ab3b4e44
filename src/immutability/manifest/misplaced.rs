//! Fields that do nothing where they stand: Kubernetes drops what it does not know at a place, and whoever wrote it
//! there believes that it holds.

use super::{Container, Misplaced, Pod, Reader};
use crate::immutability::yaml::{Node, shown};

/// Fields of a container's securityContext that a pod's does not have.
const CONTAINERS: [&str; 5] =
    ["readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "capabilities", "procMount"];

/// Fields of a pod's securityContext that a container's does not have.
const PODS: [&str; 5] =
    ["sysctls", "fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy"];

/// Fields of a pod's spec itself.
const SPECS: [&str; 4] = ["hostPID", "hostIPC", "hostNetwork", "hostUsers"];

/// Fields that both kinds of securityContext have, and that are misspelt as easily.
const BOTH: [&str; 7] = [
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "seLinuxOptions",
    "seccompProfile",
    "appArmorProfile",
    "windowsOptions",
];

const NO_SUCH_POD_FIELD: &str = "a pod's securityContext has no such field, and no container inherits it: it belongs in each container's securityContext";
const NEEDS_CONTEXT: &str =
    "it does nothing outside securityContext: it belongs in the container's securityContext";
const EACH_CONTAINER: &str = "it does nothing here: it belongs in each container's securityContext";
const IN_POD_CONTEXT: &str =
    "a container's securityContext has no such field: it belongs in the pod's, at spec.securityContext";
const IN_SPEC: &str = "it does nothing here: it belongs in the pod's spec itself";
const IN_TEMPLATE: &str = "it does nothing around the pod: it belongs in the pod's own spec";
const WINDOWS: &str = "Kubernetes refuses it in a Windows pod";
const ON_MOUNT: &str = "this kind of volume has no such field: it belongs in each container's volumeMounts";

/// What is looked at: where its findings go, and what is around.
struct Look<'r, 'l> {
    reader: &'r Reader<'l>,
    container: Option<&'r str>,
    found: &'r mut Vec<Misplaced>,
}

impl Look<'_, '_> {
    /// Those keys of a map that are among `names`.
    fn keys(&mut self, map: Option<&Node>, way: &str, names: &[&str], told: &str) {
        for (key, value) in map.map(Node::pairs).unwrap_or_default() {
            let Some(name) = key.text().filter(|name| names.contains(name)) else { continue };
            if !value.is_null() {
                self.add(format!("{way}{name}"), told.to_owned(), key);
            }
        }
    }

    /// Keys of a securityContext that differ from a known one in their capitals alone.
    fn misspelt(&mut self, context: Option<&Node>, way: &str) {
        let known = || CONTAINERS.iter().chain(&PODS).chain(&SPECS).chain(&BOTH);
        for (key, _) in context.map(Node::pairs).unwrap_or_default() {
            let Some(name) = key.text() else { continue };
            if let Some(right) = known().find(|right| right.eq_ignore_ascii_case(name) && **right != name) {
                let told = format!("Kubernetes knows no such field: it is written {right}");
                self.add(format!("{way}{}", shown(name)), told, key);
            }
        }
    }

    fn add(&mut self, field: String, told: String, key: &Node) {
        let at = self.reader.at(&key.span);
        self.found.push(Misplaced { container: self.container.map(str::to_owned), field, told, at });
    }
}

/// What stands wrong in a container.
pub(super) fn in_container(
    node: &Node,
    container: &Container,
    windows: bool,
    reader: &Reader<'_>,
    found: &mut Vec<Misplaced>,
) {
    let context = node.get("securityContext").map(AsRef::as_ref);
    let mut look = Look { reader, container: Some(&container.name), found };
    look.keys(Some(node), "", &CONTAINERS, NEEDS_CONTEXT);
    look.keys(Some(node), "", &SPECS, IN_SPEC);
    look.keys(context, "securityContext.", &PODS, IN_POD_CONTEXT);
    look.keys(context, "securityContext.", &SPECS, IN_SPEC);
    look.misspelt(context, "securityContext.");
    if windows {
        look.keys(context, "securityContext.", &CONTAINERS, WINDOWS);
    }
}

/// What stands wrong in a pod, beside its containers.
pub(super) fn in_pod(
    template: &Node,
    spec: &Node,
    windows: bool,
    reader: &Reader<'_>,
    found: &mut Vec<Misplaced>,
) {
    let context = spec.get("securityContext").map(AsRef::as_ref);
    let mut look = Look { reader, container: None, found };
    look.keys(Some(template), "", &["securityContext"], IN_TEMPLATE);
    look.keys(Some(template), "", &CONTAINERS, EACH_CONTAINER);
    look.keys(Some(template), "", &SPECS, IN_SPEC);
    look.keys(Some(spec), "spec.", &CONTAINERS, EACH_CONTAINER);
    look.keys(context, "spec.securityContext.", &CONTAINERS, NO_SUCH_POD_FIELD);
    look.keys(context, "spec.securityContext.", &SPECS, IN_SPEC);
    look.misspelt(context, "spec.securityContext.");
    for volume in spec.get("volumes").map(|volumes| volumes.items()).unwrap_or_default() {
        look.keys(Some(volume), "spec.volumes.", &["readOnly"], ON_MOUNT);
        for source in ["hostPath", "emptyDir"] {
            let way = format!("spec.volumes.{source}.");
            look.keys(volume.get(source).map(AsRef::as_ref), &way, &["readOnly"], ON_MOUNT);
        }
    }
    if windows {
        look.keys(context, "spec.securityContext.", &["sysctls"], WINDOWS);
        look.keys(Some(spec), "spec.", &["hostPID", "hostIPC"], WINDOWS);
    }
}

/// What stands around the pod of one of Kubernetes' own kinds, where nothing is known of it.
pub(super) fn around(object: &Node, kind: &str, reader: &Reader<'_>, pod: &mut Pod) {
    let ways: &[&[&str]] = match kind {
        "Pod" | "PodTemplate" => return,
        "CronJob" => &[&[], &["spec"], &["spec", "jobTemplate"], &["spec", "jobTemplate", "spec"]],
        kind if super::find::is_workload(kind) => &[&[], &["spec"]],
        _ => return,
    };
    let mut look = Look { reader, container: None, found: &mut pod.misplaced };
    for way in ways {
        let prefix: String = way.iter().map(|key| format!("{key}.")).collect();
        look.keys(object.at(way), &prefix, &["securityContext"], IN_TEMPLATE);
        look.keys(object.at(way), &prefix, &CONTAINERS, EACH_CONTAINER);
        look.keys(object.at(way), &prefix, &SPECS, IN_TEMPLATE);
    }
}
