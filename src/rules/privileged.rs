//! `privileged`: a container may do nearly all that root on its host may, whatever its root file system is.

use super::container::each;
use super::{About, Check, Declared, Evidence, Finding, Rule};
use crate::drift::Comparison;
use crate::immutability::proc_sys;
use crate::severity::Severity;
use crate::snapshot::Container;

/// What was seen of a container whose read-only root is no protection.
const VOID: &str = "privileged, with a read-only root";

/// What a container of Windows can do that is a process of its node.
const HOST_PROCESS: &str = "hostProcess: it is a process of its Windows node, with all that the node may do";

pub(super) static RULE: Rule = Rule {
    id: "privileged",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Container { live: check, declared },
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    each(comparison, &RULE, findings, live);
}

/// What is expected of a container that runs, and what was seen, if that is another thing.
pub(super) fn live(container: &Container) -> Option<(&'static str, String)> {
    let observed = if container.read_only_root == Some(true) { VOID } else { "privileged" };
    (container.privileged == Some(true)).then(|| ("not privileged", observed.to_owned()))
}

fn declared(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    let pod = declared.pod;
    declared.each(&RULE, findings, |container, draft| {
        let privileged = container.privileged.filter(|(privileged, _)| *privileged && !pod.windows);
        let host_process = container.host_process.filter(|(host_process, _)| *host_process);
        let (observed, note, (_, at)) = match (privileged, host_process) {
            (Some(set), _) if container.has_read_only_root() => {
                (VOID, format!("the read-only root is void: {}", proc_sys(pod, "privileged")), set)
            }
            (Some(set), _) => {
                ("privileged", format!("{}, and so are its devices", proc_sys(pod, "privileged")), set)
            }
            (None, Some(set)) => ("hostProcess", HOST_PROCESS.to_owned(), set),
            (None, None) => return None,
        };
        Some(draft.finding("").expecting("not privileged", observed).at_field(at).noting(note))
    });
}

fn message(finding: &Finding) -> String {
    if matches!(finding.evidence, Evidence::Declared(_)) {
        return finding.note().to_owned();
    }
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
            [
                "privileged///Pod/-/web c high: privileged makes /proc/sys writable, and vm.* is the node's, and so are its devices"
            ]
        );
        let void = container("securityContext: {readOnlyRootFilesystem: true, privileged: true}");
        assert!(of_container("privileged", &void)[0].ends_with(
            "high: the read-only root is void: privileged makes /proc/sys writable, and vm.* is the node's"
        ));
        assert!(of_container("privileged", &container("securityContext: {privileged: false}")).is_empty());
    }

    #[test]
    fn users_of_its_own_and_windows_are_told_as_they_are() {
        let pod = |lines: &str, spec: &str| {
            of_container("privileged", &super::super::declared::fixture::manifest(lines, spec))
        };
        let apart = pod("securityContext: {privileged: true}", "hostUsers: false");
        assert!(apart[0].contains("hostUsers: false keeps what is the node's from it"), "{apart:?}");
        let process = pod("securityContext: {windowsOptions: {hostProcess: true}}", "os: {name: windows}");
        assert!(process[0].contains("a process of its Windows node"), "{process:?}");
        let inherited = "os: {name: windows}\nsecurityContext: {windowsOptions: {hostProcess: true}}";
        assert_eq!(pod("image: a", inherited).len(), 1);
        let own = "securityContext: {windowsOptions: {hostProcess: false}}";
        assert!(pod(own, inherited).is_empty());
    }
}
