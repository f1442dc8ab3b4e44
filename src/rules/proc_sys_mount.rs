//! `proc-sys-mount`: the kernel's own files, /proc and /sys, are mounted where the runtime does not guard them.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::proc_or_sys;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "proc-sys-mount",
    severity: Severity::High,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    declared.each_of(&RULE, findings, |container, draft| {
        let pod = draft.pod();
        let found = container.mounts.iter().filter_map(|mount| {
            let told = proc_or_sys(pod, mount)?;
            let void = if container.has_read_only_root() { "the read-only root is void: " } else { "" };
            let finding = draft.finding(&mount.path).expecting("not mounted, or readOnly: true", "mounted");
            Some(finding.at_field(mount.at).about(vec![mount.path.clone()]).noting(format!("{void}{told}")))
        });
        found.collect::<Vec<_>>()
    });
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{manifest, of_container};

    #[test]
    fn the_nodes_proc_and_sys_are_found_where_they_are_writable() {
        let told = |path: &str, mount: &str| {
            let mount = format!("volumeMounts: [{{name: h, {mount}}}]");
            of_container(
                "proc-sys-mount",
                &manifest(&mount, &format!("volumes: [{{name: h, hostPath: {{path: {path}}}}}]")),
            )
        };
        assert!(
            told("/proc/sys", "mountPath: /host")[0]
                .contains("the node's /proc/sys is mounted writable, at /host")
        );
        assert!(told("/sys/fs/cgroup/", "mountPath: /sys/fs/cgroup")[0].contains("/sys/fs/cgroup"));
        assert!(told("/proc", "mountPath: /host/proc, readOnly: true").is_empty());
        assert!(told("/proc", "mountPath: /proc, readOnly: true")[0].contains("takes the place"));
        assert!(told("/process", "mountPath: /process").is_empty());
        assert!(told("/srv", "mountPath: /proc/x")[0].contains("takes the place"));
    }
}
