//! `unsafe-sysctl`: a pod sets a kernel parameter that is not its own alone.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::Kubernetes;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "unsafe-sysctl",
    severity: Severity::Medium,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    for (name, at) in &declared.pod.sysctls {
        if declared.kubernetes.is_safe(name) {
            continue;
        }
        let since = match Kubernetes::safe_since(name) {
            Some(since) => {
                format!("{name} is safe only since Kubernetes {since}, and not in {}", declared.kubernetes)
            }
            None => format!("{name} is safe in no version of Kubernetes"),
        };
        let note = format!("{since}: a node refuses the pod, unless it was told to let pods change it");
        findings.push(declared.of_pod(&RULE, name, *at).expecting("a safe sysctl", name).noting(note));
    }
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{findings, manifest};
    use super::*;

    #[test]
    fn what_is_safe_depends_on_the_version() {
        let text = manifest(
            "image: a",
            "securityContext: {sysctls: [{name: net.ipv4.tcp_rmem}, {name: vm.swappiness}, {name: net.ipv4.tcp_syncookies}]}",
        );
        let told = |version: &str| -> Vec<String> {
            let all = findings("", &text, version.parse().unwrap());
            all.iter().filter(|finding| finding.rule.id == RULE.id).map(ToString::to_string).collect()
        };
        assert_eq!(told("1.32").len(), 1);
        assert!(told("1.32")[0].starts_with("unsafe-sysctl///Pod/-/web vm.swappiness [medium] vm.swappiness is safe in no version of Kubernetes"));
        assert!(told("1.31").iter().any(|line| {
            line.contains("net.ipv4.tcp_rmem is safe only since Kubernetes 1.32, and not in 1.31")
        }));
    }
}
