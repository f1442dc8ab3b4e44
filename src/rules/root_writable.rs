//! `root-writable`: a container's root file system is not read-only, so that it need not stay what its image is.

use super::container::each;
use super::{About, Check, Declared, Evidence, Finding, Rule};
use crate::drift::Comparison;
use crate::immutability::Coverage;
use crate::severity::Severity;
use crate::snapshot::Container;

pub(super) static RULE: Rule = Rule {
    id: "root-writable",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Container { live: check, declared },
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    each(comparison, &RULE, findings, live);
}

/// What is expected of a container that runs, and what was seen, if that is another thing.
pub(super) fn live(container: &Container) -> Option<(&'static str, String)> {
    (container.read_only_root == Some(false)).then(|| ("read-only", "writable".to_owned()))
}

/// Unset is writable: nothing is inherited from the pod. Windows has no such thing.
fn declared(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    declared.each(&RULE, findings, |container, draft| {
        // What is set to something that nobody can read is told as that.
        let observed = match container.read_only_root {
            Some((true, _)) => return None,
            Some((false, _)) => "false",
            None if container.root_unclear => return None,
            None => "not set",
        };
        let paths = match &container.coverage {
            Coverage::Writable(Ok(paths)) => paths.clone(),
            _ => Vec::new(),
        };
        let finding = draft.finding("").expecting("true", observed).about(paths);
        Some(container.read_only_root.map_or(finding.clone(), |(_, at)| finding.at_field(at)))
    });
}

fn message(finding: &Finding) -> String {
    let Evidence::Declared(said) = &finding.evidence else {
        return "its root file system is writable".to_owned();
    };
    let is = finding.observed.as_deref().unwrap_or("not set");
    let mut told = format!("its root file system is writable: readOnlyRootFilesystem is {is}");
    if !said.paths.is_empty() {
        told.push_str(&format!("; once it is true, it needs volumes at {}", said.paths.join(", ")));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::container::fixture::podman;
    use super::super::declared::fixture::{container, found, of_container};
    use super::super::fixture::found as on_hosts;

    #[test]
    fn a_writable_root_is_found_and_a_read_only_one_is_not() {
        let hosts = [podman("web", "ab", false, false), podman("web", "ab", true, false)];
        assert_eq!(
            on_hosts("", &[("a", &hosts[0]), ("b", &hosts[1])]),
            ["root-writable/web/a/web medium: its root file system is writable"]
        );
    }

    #[test]
    fn it_is_waived_by_the_containers_name() {
        let host = podman("kube-proxy", "ab", false, false);
        let ignore =
            "[[ignore]]\nrule = \"root-writable\"\nsubject = \"kube-*\"\nreason = \"the platform's\"\n";
        assert!(on_hosts(ignore, &[("a", &host)])[0].starts_with('('));
    }

    #[test]
    fn unset_is_writable_in_a_manifest_whatever_the_pod_says() {
        let told = of_container("root-writable", &container("image: corp/app"));
        assert_eq!(
            told,
            [
                "root-writable///Pod/-/web c medium: its root file system is writable: readOnlyRootFilesystem is not set"
            ]
        );
        let nginx = container("image: nginx\nsecurityContext: {readOnlyRootFilesystem: no}");
        assert!(
            of_container("root-writable", &nginx)[0]
                .ends_with("is false; once it is true, it needs volumes at /var/cache/nginx, /run")
        );
        let set = container("securityContext: {readOnlyRootFilesystem: true}");
        assert!(of_container("root-writable", &set).is_empty());
        let windows = container("image: a").replace("spec:\n", "spec:\n  os: {name: windows}\n");
        assert!(of_container("root-writable", &windows).is_empty());
    }

    #[test]
    fn a_value_that_kubernetes_refuses_is_not_told_as_writable() {
        let told = found("", &container("securityContext: {readOnlyRootFilesystem: \"true\"}"));
        assert!(!told.iter().any(|line| line.starts_with("root-writable")), "{told:?}");
        let other = found("", &container("securityContext: {privileged: \"true\"}"));
        assert!(other.iter().any(|line| line.starts_with("root-writable")), "{other:?}");
    }
}
