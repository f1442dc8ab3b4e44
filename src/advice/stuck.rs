//! Findings that no command puts right: those that a person must decide on, and those whose repair would leave the
//! cause in place.

use crate::rules::{Evidence, Finding};

/// Whether no command can be named that would put it right: nothing is called right, it would be a step
/// back, or the cluster's own version does not meet the playbook.
pub(super) fn is_open(finding: &Finding, all: &[&Finding], replaceable: bool) -> bool {
    let repaired_too = |other: &&&Finding| {
        other.subject == finding.subject
            && other.rule.id == "package-version"
            && !is_open(other, &[], replaceable)
    };
    match finding.rule.id {
        "ahead" => true,
        "release" => finding.expected.is_none() || !replaceable,
        // A version of another release cannot be had here; one that breaks the policy must not be.
        "package-version" => {
            finding.expected.is_none()
                || matches!(finding.evidence, Evidence::OtherRelease(_) | Evidence::Unfit(_))
        }
        "package-missing" => finding.expected.is_none() || matches!(finding.evidence, Evidence::Unfit(_)),
        "policy-unmet" => !all.iter().any(|other| repaired_too(&other)),
        // Nobody is right where there is no majority.
        _ => matches!(finding.evidence, Evidence::Spread(_)),
    }
}

/// Whether a package must change here whose configuration was edited: its upgrade stops at a question, or keeps
/// what nobody else has. That is so of the package and of each edit.
pub(super) fn is_stuck(finding: &Finding, all: &[&Finding]) -> bool {
    let changes = |of: &str| {
        let mut others = all.iter().filter(|other| other.subject == of);
        others.any(|other| other.rule.id == "package-version" && !is_open(other, &[], true))
    };
    let edited = |one: &Finding| match &one.evidence {
        Evidence::Package(package) if one.rule.id == "conffile-modified" => {
            (one.observed.as_deref() != Some("as shipped")).then(|| package.clone())
        }
        _ => None,
    };
    match edited(finding) {
        Some(package) => changes(&package),
        None => {
            finding.rule.id == "package-version"
                && all.iter().any(|other| edited(other).as_ref() == Some(&finding.subject))
        }
    }
}
