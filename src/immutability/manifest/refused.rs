//! What can be read and is refused by Kubernetes all the same (its `pkg/apis/core/validation`): told at its place,
//! and whoever has it is left unclear, since no such pod runs.

use std::collections::HashSet;

use super::{At, Reader};
use crate::immutability::yaml::{Node, Wrong, shown};

/// Volumes that Kubernetes knows.
const SOURCES: [&str; 30] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// What a quantity may end with, beside an exponent.
const UNITS: [&str; 16] =
    ["n", "u", "m", "", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// `procMount`, one of its two words.
pub(super) fn proc_mount(context: Option<&Node>, reader: &mut Reader<'_>) -> Option<(String, At)> {
    let (mount, at) = reader.text(context, "procMount")?;
    if matches!(mount.as_str(), "Default" | "Unmasked") {
        return Some((mount, at));
    }
    let help = "write Default or Unmasked, in these capitals: Kubernetes refuses anything else";
    reader.refuse(context, "procMount", format!("procMount `{}` is none", shown(&mount)), help);
    None
}

/// The names in a list of capabilities, as they are written.
pub(super) fn capabilities<'n>(
    map: Option<&'n Node>,
    list: &'static str,
    reader: &mut Reader<'_>,
) -> Vec<(&'n str, At)> {
    let mut found = Vec::new();
    for item in reader.list(map, list) {
        let is_name = |text: &&str| {
            let mut letters = text.chars();
            !item.is_typed()
                && !item.is_null()
                && letters.next().is_some_and(|first| first.is_ascii_alphabetic())
                && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        if let Some(name) = item.text().filter(is_name) {
            found.push((name, reader.at(&item.span)));
        } else {
            let help = "write names: `drop: [ALL]`, `add: [NET_BIND_SERVICE]`";
            let wrong = Wrong::new(item.span.clone(), "this is no capability", help);
            reader.wrong(&format!("capabilities.{list}"), wrong);
        }
    }
    found
}

/// What stands beside `allowPrivilegeEscalation: false` and gives it. The verdict on such a container is no other for
/// it, and so it is told and leaves nothing unclear.
pub(super) fn escalation(
    context: Option<&Node>,
    privileged: bool,
    added: &[(&str, At)],
    reader: &mut Reader<'_>,
) {
    let beside = match privileged {
        true => "privileged: true",
        false if added.iter().any(|(name, _)| *name == "CAP_SYS_ADMIN") => "the capability CAP_SYS_ADMIN",
        false => return,
    };
    if let Some((key, _)) = context.and_then(|context| context.entry("allowPrivilegeEscalation")) {
        let title = format!("Kubernetes refuses allowPrivilegeEscalation: false beside {beside}");
        let help = "take away what gives it the privilege, or say that it may escalate";
        reader.note("allowPrivilegeEscalation", Wrong::new(key.span.clone(), title, help));
    }
}

/// A mount's `subPath` or `subPathExpr`, which must stay inside the volume.
pub(super) fn sub_path(mount: &Node, reader: &mut Reader<'_>) {
    for field in ["subPath", "subPathExpr"] {
        let Some((path, _)) = reader.text(Some(mount), field) else { continue };
        if path.starts_with('/') || has_steps_back(&path) {
            let help =
                "it is a path inside the volume: Kubernetes refuses one that begins with / or has .. in it";
            let title = format!("{field} `{}` leads out of its volume", shown(&path));
            reader.refuse(Some(mount), field, title, help);
        }
    }
}

/// A mount's `mountPath`.
pub(super) fn mount_path(mount: &Node, path: &str, windows: bool, reader: &mut Reader<'_>) {
    let help = match () {
        () if path.is_empty() => "Kubernetes refuses a mount that says not where",
        () if path.contains(':') && !windows => {
            "runtimes take what follows a colon for something else: rename the folder"
        }
        () if path.trim_matches('/').is_empty() => {
            "a volume there takes the place of the whole root: mount it below"
        }
        () => return,
    };
    reader.refuse(Some(mount), "mountPath", format!("mountPath `{}` is none", shown(path)), help);
}

/// A path of the node.
pub(super) fn host_path(volume: &Node, path: &str, reader: &mut Reader<'_>) {
    if has_steps_back(path) {
        let help = "Kubernetes refuses .. in a hostPath: write where it leads";
        reader.refuse(Some(volume), "path", format!("hostPath `{}` has .. in it", shown(path)), help);
    }
}

/// What a volume has as its source; Kubernetes takes one, and none is an emptyDir.
pub(super) fn source<'n>(
    volume: &'n Node,
    own: bool,
    reader: &mut Reader<'_>,
) -> Option<(&'n str, &'n Node)> {
    let is_source = |key: &Node| !matches!(key.text(), Some("name" | "readOnly"));
    // What is null is not there.
    let mut sources = volume.pairs().iter().filter(|(key, value)| is_source(key) && !value.is_null());
    let first = sources.next();
    if let Some((key, _)) = sources.next() {
        let help = "a volume is one thing: make two of it, each with its own name";
        reader.wrong("volumes", Wrong::new(key.span.clone(), "this volume has two sources", help));
    }
    let (key, value) = first?;
    let name = key.text()?;
    if own && !SOURCES.contains(&name) {
        let title = format!("Kubernetes knows no volume of the kind `{}`", shown(name));
        let help = "is it misspelt? capitals count: emptyDir, hostPath, configMap";
        reader.wrong("volumes", Wrong::new(key.span.clone(), title, help));
    }
    Some((name, value))
}

/// Whether an emptyDir has an end: `sizeLimit: 0` is none.
pub(super) fn is_limited(volume: &Node, reader: &mut Reader<'_>) -> bool {
    let Some((limit, _)) = reader.word(Some(volume), "sizeLimit") else { return false };
    match quantity(&limit) {
        Some(Sign::Positive) => true,
        Some(Sign::Zero) => false,
        Some(Sign::Negative) | None => {
            let help = "write a number with a unit: 64Mi, 1Gi, 500M";
            reader.refuse(
                Some(volume),
                "sizeLimit",
                format!("sizeLimit `{}` is no size", shown(&limit)),
                help,
            );
            false
        }
    }
}

/// `os.name`: whether the pod is Windows'.
pub(super) fn is_windows(spec: Option<&Node>, reader: &mut Reader<'_>) -> bool {
    let os = reader.map(spec, "os");
    let Some((name, _)) = reader.text(os, "name") else { return false };
    if name != "windows" && name != "linux" {
        let help = "write linux or windows, in small letters: Kubernetes refuses anything else";
        reader.refuse(os, "name", format!("os.name `{}` is none", shown(&name)), help);
    }
    name == "windows"
}

/// Names that stand before, among volumes or containers.
#[derive(Debug, Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Tells of one that has none, or that of another; gives whether it is another's.
    pub(super) fn take(&mut self, node: &Node, what: &str, needed: bool, reader: &mut Reader<'_>) -> bool {
        match node.entry("name").map(|(_, name)| name) {
            None if needed => {
                let title = format!("this {what} has no name");
                reader.wrong("name", Wrong::new(node.span.clone(), title, "Kubernetes refuses it: name it"));
                false
            }
            None => false,
            Some(name) => {
                let Some(text) = name.text() else { return false };
                if self.0.insert(text.to_owned()) {
                    return false;
                }
                let title = format!("two of them have the name `{}`", shown(text));
                let help =
                    "Kubernetes refuses a name that stands twice in one pod, in all lists of containers too";
                reader.wrong("name", Wrong::new(name.span.clone(), title, help));
                true
            }
        }
    }
}

fn has_steps_back(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// How much a quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Negative,
    Zero,
    Positive,
}

/// `1.5Gi`, `64M`, `1e6`: `None` if it is no quantity.
fn quantity(text: &str) -> Option<Sign> {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = bare.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(bare.len());
    let (number, unit) = bare.split_at_checked(end)?;
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || number.len() - digits > 1 {
        return None;
    }
    let exponent = unit.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
    let is_exponent =
        exponent.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_exponent && !UNITS.contains(&unit) {
        return None;
    }
    Some(match () {
        () if number.bytes().all(|byte| matches!(byte, b'0' | b'.')) => Sign::Zero,
        () if text.starts_with('-') => Sign::Negative,
        () => Sign::Positive,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::immutability::Role;
    use crate::immutability::Verdict;
    use crate::immutability::fixture::{manifest, objects};

    #[test]
    fn quantities_are_read_as_kubernetes_does() {
        for (text, sign) in [
            ("64Mi", Some(Sign::Positive)),
            ("1.5G", Some(Sign::Positive)),
            ("1e6", Some(Sign::Positive)),
            ("+.5Ei", Some(Sign::Positive)),
            ("1000", Some(Sign::Positive)),
            ("0", Some(Sign::Zero)),
            ("0Gi", Some(Sign::Zero)),
            ("-1Mi", Some(Sign::Negative)),
            ("", None),
            ("Mi", None),
            ("64MB", None),
            ("64 Mi", None),
            ("1.2.3", None),
            ("1e", None),
            ("ten", None),
        ] {
            assert_eq!(quantity(text), sign, "{text}");
        }
    }

    /// What is told, and where; and the verdict on the first container.
    fn told(lines: &str, spec: &str) -> (Vec<String>, Option<bool>) {
        let (found, read) = objects(&manifest(lines, spec));
        let told = read.mistakes.iter().map(|one| format!("{} {}", one.at.line, one.title)).collect();
        let pod = &found[0].pods[0];
        let main = pod.containers.iter().find(|one| one.role == Role::Main).unwrap();
        (told, Verdict::of(pod, main).immutable)
    }

    /// An image that is known to write nothing, with a read-only root.
    const GOOD: &str = "image: memcached\nsecurityContext:\n  readOnlyRootFilesystem: true\n";

    #[test]
    fn what_kubernetes_refuses_is_unknown_and_told_at_its_place() {
        assert_eq!(told(GOOD, ""), (Vec::new(), Some(true)));
        let volumes = "volumes: [{name: v, emptyDir: {}}, {name: w, emptyDir: {}}]";
        for (lines, spec, line, title) in [
            ("  procMount: unmasked", "", 11, "procMount `unmasked` is none"),
            ("  procMount: default", "", 11, "procMount `default` is none"),
            ("  capabilities: {add: [{name: a}]}", "", 11, "no capability"),
            ("  capabilities: {drop: [true]}", "", 11, "no capability"),
            ("  capabilities: {add: [~]}", "", 11, "no capability"),
            ("volumeMounts: [{name: v}]", volumes, 12, "this mount has no mountPath"),
            ("volumeMounts: [{mountPath: /v}]", volumes, 12, "this mount has no name"),
            ("volumeMounts: [{name: v, mountPath: 1}]", volumes, 12, "`mountPath` is no text"),
            ("volumeMounts: [v]", volumes, 12, "this is no mount"),
            (
                "volumeMounts: [{name: v, mountPath: /v}, {name: w, mountPath: /v}]",
                volumes,
                12,
                "two mounts are at `/v`",
            ),
            (
                "volumeMounts: [{name: v, mountPath: /run, readOnly: true}, {name: w, mountPath: /var/run}]",
                volumes,
                12,
                "two mounts are at `/run`",
            ),
            ("volumeMounts: [{name: v, mountPath: \"/a:b\"}]", volumes, 12, "mountPath `/a:b`"),
            ("volumeMounts: [{name: v, mountPath: /}]", volumes, 12, "mountPath `/`"),
            ("volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]", volumes, 12, "leads out"),
            ("volumeMounts: [{name: v, mountPath: /v, subPath: /x}]", volumes, 12, "leads out"),
            ("volumeMounts: [{name: v, mountPath: /v, subPathExpr: a/..}]", volumes, 12, "leads out"),
            ("", "os: {name: Windows}", 6, "os.name `Windows` is none"),
            ("", "volumes: [{name: v, emptyDir: {}, hostPath: {path: /a}}]", 6, "two sources"),
            ("", "volumes: [{name: v, emptyDir: {}}, {name: v, secret: {}}]", 6, "have the name `v`"),
            ("", "volumes: [{emptyDir: {}}]", 6, "this volume has no name"),
            ("", "volumes: [{name: v, emptydir: {}}]", 6, "no volume of the kind `emptydir`"),
            ("", "volumes: [{name: v, emptyDir: true}]", 6, "`emptyDir` is no mapping"),
            ("", "volumes: [{name: v, emptyDir: {sizeLimit: 64MB}}]", 6, "sizeLimit `64MB` is no size"),
            ("", "volumes: [{name: v, emptyDir: {sizeLimit: -1}}]", 6, "sizeLimit `-1` is no size"),
            ("", "volumes: [{name: v, hostPath: {path: /a/../b}}]", 6, "has .. in it"),
            ("", "initContainers: [{name: c, image: memcached}]", 8, "have the name `c`"),
            ("", "initContainers: [{image: memcached}]", 6, "this container has no name"),
            ("", "initContainers: [{name: i}]", 6, "this container has no image"),
        ] {
            let (mistakes, immutable) = told(&format!("{GOOD}{lines}"), spec);
            assert_eq!(mistakes.len(), 1, "{mistakes:?} of {lines} {spec}");
            assert!(
                mistakes[0].starts_with(&format!("{line} ")) && mistakes[0].contains(title),
                "{mistakes:?}"
            );
            // An init container that is wrong says nothing of the others.
            let other = spec.contains("{image") || spec.contains("name: i");
            assert_eq!(immutable, other.then_some(true), "{lines} {spec}");
        }
    }

    #[test]
    fn what_voids_the_root_stays_not_immutable_where_kubernetes_refuses_it() {
        for beside in ["privileged: true", "capabilities: {add: [CAP_SYS_ADMIN]}"] {
            let (mistakes, immutable) =
                told(&format!("{GOOD}  allowPrivilegeEscalation: false\n  {beside}"), "");
            assert!(mistakes.len() == 1 && mistakes[0].starts_with("11 Kubernetes refuses"), "{mistakes:?}");
            assert_eq!(immutable, Some(false));
        }
        assert!(
            told(&format!("{GOOD}  allowPrivilegeEscalation: true\n  privileged: true"), "").0.is_empty()
        );
    }

    #[test]
    fn more_mounts_than_anybody_has_are_not_looked_through() {
        let list = |of: &dyn Fn(usize) -> String| (0..3_000).map(of).collect::<Vec<_>>().join(", ");
        let mounts = list(&|nth| format!("{{name: v{nth}, mountPath: /m{nth}}}"));
        let volumes = list(&|nth| format!("{{name: v{nth}}}"));
        let (mistakes, immutable) =
            told(&format!("{GOOD}volumeMounts: [{mounts}]"), &format!("volumes: [{volumes}]"));
        assert_eq!((mistakes.len(), immutable), (1, None), "{mistakes:?}");
        assert!(mistakes[0].contains("more mounts and volumes"), "{mistakes:?}");
    }

    #[test]
    fn what_kubernetes_takes_is_not_told() {
        for (lines, spec) in [
            ("  procMount: Default", ""),
            ("  capabilities: {drop: [ALL], add: [NET_BIND_SERVICE, cap_chown]}", ""),
            (
                "volumeMounts: [{name: v, mountPath: /v, subPath: a/..b}, {name: v, mountPath: /w}]",
                "volumes: [{name: v}]",
            ),
            (
                "volumeMounts: [{name: v, mountPath: /run}, {name: w, mountPath: /var/run}]",
                "volumes: [{name: v, emptyDir: {sizeLimit: 1000}}, {name: w, emptyDir: {sizeLimit: 1G}}]",
            ),
            ("", "os: {name: linux}"),
            (
                "",
                "volumes: [{name: a, persistentVolumeClaim: {claimName: a}}, {name: b, hostPath: {path: /a..b}}]",
            ),
        ] {
            assert_eq!(told(&format!("{GOOD}{lines}"), spec), (Vec::new(), Some(true)), "{lines} {spec}");
        }
        let windows = "volumeMounts: [{name: v, mountPath: \"C:\\\\data\"}]";
        let (mistakes, _) = told(windows, "os: {name: windows}\nvolumes: [{name: v}]");
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  volumeClaimTemplates: [{metadata: {name: data}}]\n  template: {spec: {volumes: [{name: data, emptyDir: {}}], containers: [{name: c, image: memcached, volumeMounts: [{name: data, mountPath: /data}]}]}}\n";
        let (found, read) = objects(set);
        assert!(
            read.mistakes.is_empty(),
            "a claim takes the place of the volume of its name: {:?}",
            read.mistakes
        );
        assert_eq!(found[0].pods[0].volumes.len(), 1);
    }
}
