//! Fields that do nothing where they stand: Kubernetes drops what it does not know at a place, and whoever wrote it
//! there believes that it holds.

use super::find::Template;
use super::{Container, Misplaced, Pod, Reader};
use crate::diagnostic::nearest;
use crate::immutability::yaml::{Node, shown};

/// Fields of a container's securityContext that a pod's does not have.
const CONTAINERS: [&str; 5] =
    ["readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation", "capabilities", "procMount"];

/// Fields of a pod's securityContext that a container's does not have.
const PODS: [&str; 6] = [
    "sysctls",
    "fsGroup",
    "fsGroupChangePolicy",
    "seLinuxChangePolicy",
    "supplementalGroups",
    "supplementalGroupsPolicy",
];

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

/// Fields around a pod, of a pod and of a container that say what can be changed.
const AROUND: [&str; 2] = ["metadata", "spec"];
const POD: [&str; 10] = [
    "containers",
    "ephemeralContainers",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "initContainers",
    "os",
    "securityContext",
    "volumes",
];
const CONTAINER: [&str; 7] =
    ["args", "command", "env", "image", "securityContext", "volumeDevices", "volumeMounts"];

const MOUNT: [&str; 7] =
    ["mountPath", "mountPropagation", "name", "readOnly", "recursiveReadOnly", "subPath", "subPathExpr"];

const NO_SUCH_FIELD: &str = "Kubernetes knows no such field";
const NO_SUCH_POD_FIELD: &str = "a pod's securityContext has no such field, and no container inherits it: it belongs in each container's securityContext";
const NEEDS_CONTEXT: &str =
    "it does nothing outside securityContext: it belongs in the container's securityContext";
const EACH_CONTAINER: &str = "it does nothing here: it belongs in each container's securityContext";
const IN_POD_CONTEXT: &str =
    "a container's securityContext has no such field: it belongs in the pod's, at spec.securityContext";
const IN_PODS_OWN: &str =
    "it does nothing here: it belongs in the pod's securityContext, at spec.securityContext";
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

    /// Keys of a securityContext that Kubernetes has nowhere.
    fn unknown(&mut self, context: Option<&Node>, way: &str) {
        let known = || CONTAINERS.iter().chain(&PODS).chain(&SPECS).chain(&BOTH).copied();
        for (key, value) in context.map(Node::pairs).unwrap_or_default() {
            let Some(name) =
                key.text().filter(|name| !value.is_null() && !known().any(|known| known == *name))
            else {
                continue;
            };
            let same = known().find(|known| known.eq_ignore_ascii_case(name));
            let told = match same.or_else(|| nearest(name, known())) {
                Some(right) => format!("{NO_SUCH_FIELD}: it is written {right}"),
                None => format!("{NO_SUCH_FIELD} in a securityContext"),
            };
            self.add(format!("{way}{}", shown(name)), told, key);
        }
    }

    /// Keys that differ from a known one in their capitals alone.
    fn capitals(&mut self, map: Option<&Node>, way: &str, known: &[&str]) {
        for (key, value) in map.map(Node::pairs).unwrap_or_default() {
            let Some(name) = key.text().filter(|_| !value.is_null()) else { continue };
            if let Some(right) =
                known.iter().find(|right| right.eq_ignore_ascii_case(name) && **right != name)
            {
                self.add(
                    format!("{way}{}", shown(name)),
                    format!("{NO_SUCH_FIELD}: it is written {right}"),
                    key,
                );
            }
        }
    }

    /// Keys that differ from a known one in their capitals, or in hardly more.
    fn misspelt(&mut self, map: &Node, way: &str, known: &[&'static str]) {
        for (key, value) in map.pairs() {
            let Some(name) = key.text().filter(|name| !value.is_null() && !known.contains(name)) else {
                continue;
            };
            let same = known.iter().copied().find(|right| right.eq_ignore_ascii_case(name));
            if let Some(right) = same.or_else(|| nearest(name, known.iter().copied())) {
                let told = format!("{NO_SUCH_FIELD}: it is written {right}");
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
    look.unknown(context, "securityContext.");
    look.keys(Some(node), "", &PODS, IN_PODS_OWN);
    look.capitals(Some(node), "", &CONTAINER);
    for mount in node.get("volumeMounts").map(|mounts| mounts.items()).unwrap_or_default() {
        look.misspelt(mount, "volumeMounts.", &MOUNT);
    }
    if windows {
        look.keys(context, "securityContext.", &CONTAINERS, WINDOWS);
    }
}

/// What stands wrong in a pod, beside its containers.
pub(super) fn in_pod(
    template: &Template<'_>,
    windows: bool,
    reader: &Reader<'_>,
    found: &mut Vec<Misplaced>,
) {
    let spec = template.spec;
    let context = spec.get("securityContext").map(AsRef::as_ref);
    let mut look = Look { reader, container: None, found };
    if template.is_pure() {
        let template = Some(template.node);
        look.keys(template, "", &["securityContext"], IN_TEMPLATE);
        look.keys(template, "", &CONTAINERS, EACH_CONTAINER);
        look.keys(template, "", &SPECS, IN_SPEC);
        look.keys(Some(spec), "spec.", &CONTAINERS, EACH_CONTAINER);
        look.capitals(template, "", &AROUND);
        look.capitals(Some(spec), "spec.", &POD);
    }
    look.keys(context, "spec.securityContext.", &CONTAINERS, NO_SUCH_POD_FIELD);
    look.keys(context, "spec.securityContext.", &SPECS, IN_SPEC);
    look.unknown(context, "spec.securityContext.");
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
