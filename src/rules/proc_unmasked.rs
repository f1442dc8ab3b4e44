//! `proc-unmasked`: a container sees the whole of /proc, writable where the runtime makes it read-only.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::proc_sys;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "proc-unmasked",
    severity: Severity::High,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    declared.each(&RULE, findings, |container, draft| {
        let (_, at) = container.proc_mount.as_ref().filter(|_| container.has_proc_unmasked())?;
        let void = if container.has_read_only_root() { "the read-only root is void: " } else { "" };
        let note = format!("{void}{}", proc_sys(declared.pod, "procMount: Unmasked"));
        Some(draft.finding("").expecting("Default", "Unmasked").at_field(*at).noting(note))
    });
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, of_container};

    #[test]
    fn an_unmasked_proc_is_found_also_under_a_read_only_root() {
        let told =
            |context: &str| of_container("proc-unmasked", &container(&format!("securityContext: {context}")));
        assert_eq!(
            told("{procMount: Unmasked, readOnlyRootFilesystem: true}"),
            [
                "proc-unmasked///Pod/-/web c high: the read-only root is void: procMount: Unmasked makes /proc/sys writable, and vm.* is the node's"
            ]
        );
        assert_eq!(told("{procMount: Unmasked}").len(), 1);
        assert!(told("{procMount: Default}").is_empty());
    }
}
