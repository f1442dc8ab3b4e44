//! `host-path-writable`: a container can write to the node's own files; each mount is looked at by itself.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::proc_or_sys;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "host-path-writable",
    severity: Severity::High,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each_of(&RULE, findings, |container, draft| {
        let pod = draft.pod();
        let writable = container.mounts.iter().filter(|mount| mount.is_writable(pod));
        // The node's /proc and /sys are told of by their own rule.
        let plain = writable.filter(|mount| proc_or_sys(pod, mount).is_none());
        let found = plain.filter_map(|mount| {
            let path = mount.host_path(pod)?;
            let finding =
                draft.finding(&mount.path).expecting("readOnly: true", "writable").at_field(mount.at);
            Some(finding.about(vec![mount.path.clone()]).noting(path))
        });
        found.collect::<Vec<_>>()
    });
}

fn message(finding: &Finding) -> String {
    let at = match &finding.evidence {
        super::Evidence::Declared(said) => said.paths.concat(),
        _ => String::new(),
    };
    format!(
        "it can write to the node's {}, mounted at {at}: what it writes there outlives it, and is the node's",
        finding.note()
    )
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{manifest, of_container};

    #[test]
    fn each_mount_is_looked_at_by_itself() {
        let mounts = "volumeMounts: [{name: h, mountPath: /a, readOnly: true}, {name: h, mountPath: /b/}, {name: e, mountPath: /c}]";
        let text =
            manifest(mounts, "volumes: [{name: h, hostPath: {path: /srv/data}}, {name: e, emptyDir: {}}]");
        let told = of_container("host-path-writable", &text);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(
            "host-path-writable///Pod/-/web c /b high: it can write to the node's /srv/data, mounted at /b"
        ));
    }

    #[test]
    fn the_nodes_proc_is_another_rules_matter() {
        let text = manifest(
            "volumeMounts: [{name: h, mountPath: /host}]",
            "volumes: [{name: h, hostPath: {path: /proc}}]",
        );
        assert!(of_container("host-path-writable", &text).is_empty());
        assert_eq!(of_container("proc-sys-mount", &text).len(), 1);
    }
}
