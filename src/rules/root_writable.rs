//! `root-writable`: a container's root file system is not read-only, so that it need not stay what its image is.

use super::container::each;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "root-writable",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    each(comparison, &RULE, findings, |container| {
        (container.read_only_root == Some(false)).then(|| ("read-only", "writable".to_owned()))
    });
}

fn message(_: &Finding) -> String {
    "its root file system is writable".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::container::fixture::podman;
    use super::super::fixture::found;

    #[test]
    fn a_writable_root_is_found_and_a_read_only_one_is_not() {
        let hosts = [podman("web", "ab", false, false), podman("web", "ab", true, false)];
        assert_eq!(
            found("", &[("a", &hosts[0]), ("b", &hosts[1])]),
            ["root-writable/web/a/web medium: its root file system is writable"]
        );
    }

    #[test]
    fn it_is_waived_by_the_containers_name() {
        let host = podman("kube-proxy", "ab", false, false);
        let ignore =
            "[[ignore]]\nrule = \"root-writable\"\nsubject = \"kube-*\"\nreason = \"the platform's\"\n";
        assert!(found(ignore, &[("a", &host)])[0].starts_with('('));
    }
}
