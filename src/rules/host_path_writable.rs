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

/// How a mount is seen that is not even meant to be read-only.
const WRITABLE: &str = "writable";

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each_of(&RULE, findings, |container, draft| {
        let pod = draft.pod();
        let writable = container
            .mounts
            .iter()
            .filter(|mount| mount.is_writable(pod) || mount.is_read_only_in_vain(pod).is_some());
        // The node's /proc and /sys are told of by their own rule.
        let plain = writable.filter(|mount| proc_or_sys(pod, mount).is_none());
        let found = plain.filter_map(|mount| {
            let path = mount.host_path(pod)?;
            let (wanted, there) = match mount.is_read_only_in_vain(pod) {
                Some(why) => ("no such mount", why),
                None => ("readOnly: true", WRITABLE),
            };
            let finding = draft.finding(&mount.path).expecting(wanted, there).at_field(mount.at);
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
    let in_vain = finding.observed.as_deref().filter(|there| *there != WRITABLE);
    let why = in_vain.unwrap_or("what it writes there outlives it, and is the node's");
    format!("it can write to the node's {}, mounted at {at}: {why}", finding.note())
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
    fn a_socket_and_what_is_mounted_below_are_not_read_only_by_word() {
        let told = |mount: &str, path: &str| {
            let mounts = format!("volumeMounts: [{{name: h, mountPath: /host, readOnly: true{mount}}}]");
            let volumes = format!("volumes: [{{name: h, hostPath: {{path: {path}}}}}]");
            of_container("host-path-writable", &manifest(&mounts, &volumes))
        };
        assert!(told("", "/var/run/docker.sock")[0].contains("talking to a socket"));
        assert!(told("", "/home")[0].contains("recursiveReadOnly"));
        assert_eq!(told("", "/sys").len(), 1);
        assert!(told("", "/proc")[0].contains("mounted below"));
        assert!(told(", recursiveReadOnly: Enabled", "/")[0].contains("the sockets in it"));
        assert!(told(", recursiveReadOnly: Enabled", "/home").is_empty() && told("", "/srv/data").is_empty());
    }

    #[test]
    fn a_source_that_is_null_is_not_there() {
        let told = |volume: &str| {
            let volumes = format!("volumes: [{{name: h, {volume}}}]");
            of_container(
                "host-path-writable",
                &manifest("volumeMounts: [{name: h, mountPath: /a}]", &volumes),
            )
        };
        assert_eq!(told("emptyDir: null, hostPath: {path: /etc}").len(), 1);
        assert!(told("hostPath: null, emptyDir: {}").is_empty());
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
