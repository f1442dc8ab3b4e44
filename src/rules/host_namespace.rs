//! `host-namespace`: a pod shares a namespace with its node.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "host-namespace",
    severity: Severity::Medium,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    for (field, at) in &declared.pod.host_namespaces {
        findings.push(declared.of_pod(&RULE, field, *at).expecting("false", "true").noting(*field));
    }
}

fn message(finding: &Finding) -> String {
    match finding.note() {
        "hostPID" => "hostPID: it sees the node's processes, and can end those of its user",
        "hostIPC" => "hostIPC: it shares memory and semaphores with the node's processes",
        _ => "hostNetwork: its network is the node's, and so is every port that it opens",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{manifest, of_container};

    #[test]
    fn each_namespace_is_found_by_itself() {
        let told = of_container(
            "host-namespace",
            &manifest("image: a", "hostPID: true\nhostIPC: false\nhostNetwork: yes"),
        );
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            told[0].starts_with("host-namespace///Pod/-/web hostPID medium: hostPID: it sees"),
            "{told:?}"
        );
        assert!(told[1].contains("hostNetwork medium"));
    }
}
