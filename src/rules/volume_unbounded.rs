//! `volume-unbounded`: an emptyDir has no limit: what fills it fills the node.

use std::collections::BTreeSet;

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::VolumeKind;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "volume-unbounded",
    severity: Severity::Info,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let pod = declared.pod;
    let mounts = pod.containers.iter().flat_map(|container| &container.mounts);
    let written: BTreeSet<&str> =
        mounts.filter(|mount| mount.is_writable(pod)).map(|mount| mount.volume.as_str()).collect();
    for volume in &pod.volumes {
        let VolumeKind::EmptyDir { limited: false, memory } = volume.kind else { continue };
        if written.contains(volume.name.as_str()) {
            let what =
                if memory { "memory, which counts as its containers'" } else { "disk, and has pods evicted" };
            let note = format!(
                "the emptyDir {} has no sizeLimit: what fills it fills the node's {what}",
                volume.name
            );
            findings.push(
                declared.of_pod(&RULE, &volume.name, volume.at).expecting("sizeLimit", "none").noting(note),
            );
        }
    }
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{manifest, of_container};

    #[test]
    fn an_empty_dir_without_a_limit_is_told_once() {
        let text = manifest(
            "volumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /b}, {name: b, mountPath: /c}, {name: c, mountPath: /d}]",
            "volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {sizeLimit: 1Gi}}, {name: c, emptyDir: {medium: Memory}}, {name: unused, emptyDir: {}}]",
        );
        let told = of_container("volume-unbounded", &text);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("volume-unbounded///Pod/-/web a info: the emptyDir a has no sizeLimit"));
        assert!(told[1].contains("memory"));
    }
}
