//! `misplaced-field`: a field stands where Kubernetes does not know it: it does nothing, and looks as if it did.

use super::Evidence;
use super::declared::Declared;
use super::declared::Said;
use super::{About, Check, Finding, Rule};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "misplaced-field",
    severity: Severity::Medium,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    for misplaced in &declared.pod.misplaced {
        let said = Said {
            object: declared.object.to_string(),
            container: misplaced.container.clone(),
            field: Some(misplaced.at),
            note: format!("{}: {}", misplaced.field, misplaced.told),
            ..Said::default()
        };
        findings.push(Finding {
            location: Some(declared.place(misplaced.at)),
            evidence: Evidence::Declared(Box::new(said)),
            ..Finding::new(&RULE, declared.subject(misplaced.container.as_deref(), &misplaced.field))
        });
    }
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{findings, manifest};
    use crate::immutability::Kubernetes;

    #[test]
    fn a_field_at_the_pod_is_told_at_its_own_line() {
        let text = manifest("privileged: false", "securityContext:\n  readOnlyRootFilesystem: true");
        let found = findings("", &text, Kubernetes::NEWEST);
        let told: Vec<_> = found.iter().filter(|finding| finding.rule.id == "misplaced-field").collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].key(), "misplaced-field///Pod/-/web spec.securityContext.readOnlyRootFilesystem");
        assert_eq!(told[0].location.as_ref().unwrap().at.line, 7);
        assert_eq!(told[1].key(), "misplaced-field///Pod/-/web c privileged");
        assert!(told[0].message().contains("no container inherits it"));
    }
}
