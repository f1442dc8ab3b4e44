//! `privilege-escalation`: a program of the container may give more rights than the container was started with.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "privilege-escalation",
    severity: Severity::Medium,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    if declared.pod.windows {
        return;
    }
    declared.each(&RULE, findings, |container, draft| {
        // A privileged container has everything already, and Kubernetes refuses the field there.
        match container.escalation {
            _ if container.is_privileged() => None,
            None if container.unclear => None,
            Some((false, _)) => None,
            Some((true, at)) => Some(draft.finding("").expecting("false", "true").at_field(at)),
            None => Some(draft.finding("").expecting("false", "not set")),
        }
    });
}

fn message(finding: &Finding) -> String {
    let is = finding.observed.as_deref().unwrap_or("not set");
    format!(
        "allowPrivilegeEscalation is {is}: a set-user-ID program gives more rights than the container has"
    )
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, of_container};

    #[test]
    fn unset_is_allowed() {
        let told = |context: &str| {
            of_container("privilege-escalation", &container(&format!("securityContext: {context}")))
        };
        assert!(
            told("{}")[0].starts_with(
                "privilege-escalation///Pod/-/web c medium: allowPrivilegeEscalation is not set"
            )
        );
        assert!(told("{allowPrivilegeEscalation: true}")[0].contains("is true"));
        assert!(told("{allowPrivilegeEscalation: false}").is_empty());
        assert!(told("{privileged: true}").is_empty(), "one cause, one finding");
    }
}
