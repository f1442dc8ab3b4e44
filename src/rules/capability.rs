//! `capability`: a container has a capability that runtimes do not give by themselves.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::{MOUNTING, power};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "capability",
    severity: Severity::Medium,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

/// What containerd and CRI-O give every container, and what the baseline of the Pod Security Standards therefore lets
/// be added.
const USUAL: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    declared.each_of(&RULE, findings, |container, draft| {
        let mut seen = std::collections::BTreeSet::new();
        let beyond = container.added.iter().filter(|(name, _)| !USUAL.contains(&name.as_str()));
        let found = beyond.filter(|(name, _)| seen.insert(name.as_str())).map(|(name, at)| {
            let void = if container.has_read_only_root() { "the read-only root is void: " } else { "" };
            let does = power(draft.pod(), container, name);
            let note = does.map_or(String::new(), |does| format!("{void}the capability {name} {does}"));
            let finding = draft.finding(name).expecting("not added", name).at_field(*at).noting(note);
            let mounts = MOUNTING.contains(&name.as_str());
            Finding { severity: if mounts { Severity::High } else { RULE.severity }, ..finding }
        });
        found.collect::<Vec<_>>()
    });
}

fn message(finding: &Finding) -> String {
    let name = finding.observed.as_deref().unwrap_or_default();
    match finding.note() {
        "" => format!("the capability {name} is more than a container needs to run"),
        does => does.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, of_container};

    #[test]
    fn what_mounts_is_high_and_what_everybody_has_is_nothing() {
        let told = |add: &str| {
            of_container(
                "capability",
                &container(&format!(
                    "securityContext: {{readOnlyRootFilesystem: true, capabilities: {{drop: [ALL], add: {add}}}}}"
                )),
            )
        };
        assert!(told("[NET_BIND_SERVICE, CHOWN]").is_empty());
        let found = told("[cap_sys_admin, NET_ADMIN, NET_ADMIN]");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("capability///Pod/-/web c SYS_ADMIN high: the read-only root is void"));
        assert!(found[1].starts_with("capability///Pod/-/web c NET_ADMIN medium"));
        assert!(told("[ALL]")[0].contains("ALL high"));
        assert!(told("[SYS_PTRACE]")[0].ends_with("more than a container needs to run"));
        let module = &told("[SYS_MODULE]")[0];
        assert!(
            module.contains("medium: the read-only root is void") && module.contains("load modules"),
            "{module}"
        );
    }
}
