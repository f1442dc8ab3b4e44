//! `coverage-unknown`: the root is read-only, and nobody knows whether the image can do without writing to it.

use super::declared::Declared;
use super::{About, Check, Finding, Rule};
use crate::immutability::Coverage;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "coverage-unknown",
    severity: Severity::Info,
    about: About::Manifest,
    check: Check::Manifest(check),
    message,
};

fn check(declared: &Declared<'_>, findings: &mut Vec<Finding>) {
    declared.each(&RULE, findings, |container, draft| match &container.coverage {
        Coverage::Unknown(why) => Some(draft.finding("").noting(why.as_str())),
        _ => None,
    });
}

fn message(finding: &Finding) -> String {
    finding.note().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::declared::fixture::{container, found};

    #[test]
    fn an_image_that_is_not_known_is_never_passed() {
        let text = container("image: corp/app:1\nsecurityContext: {readOnlyRootFilesystem: true}");
        let of = |playbook: &str| {
            found(playbook, &text).into_iter().filter(|line| line.starts_with("coverage")).collect::<Vec<_>>()
        };
        assert_eq!(
            of(""),
            [
                "coverage-unknown///Pod/-/web c info: which paths corp/app writes is not known: name them in a playbook's [[image]]"
            ]
        );
        assert!(of("[[image]]\nmatch = \"corp/*\"\nwrites = []\n").is_empty());
    }
}
