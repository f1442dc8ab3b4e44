//! `privileged`: a container may do nearly all that root on its host may, whatever its root file system is.

use super::container::each;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;

/// What was seen of a container whose read-only root is no protection.
const VOID: &str = "privileged, with a read-only root";

pub(super) static RULE: Rule = Rule {
    id: "privileged",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    each(comparison, &RULE, findings, |container| {
        let observed = if container.read_only_root == Some(true) { VOID } else { "privileged" };
        (container.privileged == Some(true)).then(|| ("not privileged", observed.to_owned()))
    });
}

fn message(finding: &Finding) -> String {
    match finding.observed.as_deref() {
        Some(VOID) => {
            "privileged, which voids its read-only root: it can write to /proc/sys, and vm.* is the host's"
        }
        _ => "privileged: it can write to the host's /proc/sys and devices",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::container::fixture::podman;
    use super::super::fixture::found;

    #[test]
    fn a_privileged_container_is_found_also_with_a_read_only_root() {
        let hosts = [podman("web", "ab", true, true), podman("web", "ab", true, false)];
        let told = found("", &[("a", &hosts[0]), ("b", &hosts[1])]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("privileged/web/a/web high: privileged, which voids its read-only root"));
    }
}
