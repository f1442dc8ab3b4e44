//! `privileged`: a container may do nearly all that root on its host may, whatever its root file system is.

use super::container::each;
use super::{About, Check, Declared, Evidence, Finding, Rule};
use crate::drift::Comparison;
use crate::immutability::PRIVILEGED;
use crate::severity::Severity;

/// What was seen of a container whose read-only root is no protection.
const VOID: &str = "privileged, with a read-only root";

pub(super) static RULE: Rule = Rule {
    id: "privileged",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Container { live: check, declared },
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    each(comparison, &RULE, findings, |container| {
        let observed = if container.read_only_root == Some(true) { VOID } else { "privileged" };
        (container.privileged == Some(true)).then(|| ("not privileged", observed.to_owned()))
    });
}

fn declared(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| {
        let (_, at) = container.privileged.filter(|(privileged, _)| *privileged)?;
        let observed = if container.has_read_only_root() { VOID } else { "privileged" };
        Some(draft.finding("").expecting("not privileged", observed).at_field(at))
    });
}

fn message(finding: &Finding) -> String {
    let declared = matches!(finding.evidence, Evidence::Declared(_));
    match finding.observed.as_deref() {
        Some(VOID) if declared => return format!("the read-only root is void: {PRIVILEGED}"),
        _ if declared => "privileged: it can write to the node's /proc/sys and devices",
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
    use super::super::declared::fixture::{container, of_container};
    use super::super::fixture::found;

    #[test]
    fn a_privileged_container_is_found_also_with_a_read_only_root() {
        let hosts = [podman("web", "ab", true, true), podman("web", "ab", true, false)];
        let told = found("", &[("a", &hosts[0]), ("b", &hosts[1])]);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("privileged/web/a/web high: privileged, which voids its read-only root"));
    }

    #[test]
    fn a_manifest_that_says_so_is_found() {
        let told = of_container("privileged", &container("securityContext: {privileged: true}"));
        assert_eq!(
            told,
            ["privileged///Pod/-/web c high: privileged: it can write to the node's /proc/sys and devices"]
        );
        let void = container("securityContext: {readOnlyRootFilesystem: true, privileged: true}");
        assert!(of_container("privileged", &void)[0].ends_with(
            "high: the read-only root is void: privileged makes /proc/sys writable, and vm.* is the node's"
        ));
        assert!(of_container("privileged", &container("securityContext: {privileged: false}")).is_empty());
    }
}
