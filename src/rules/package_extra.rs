//! `package-extra`: installed where the cluster does not have it.

use super::package_version::{for_each_cell, no_majority};
use super::{About, Check, Finding, Rule};
use crate::drift::{Comparison, Judgement};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "package-extra",
    severity: Severity::Info,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, judgement| {
        let only_presence_differs = judgement == Judgement::Undecided && at.versions == 1 && !at.is_absent();
        if judgement == Judgement::Extra || only_presence_differs {
            findings.push(Finding { severity: RULE.severity, ..at.finding(&RULE, judgement) });
        }
    });
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    match no_majority(&finding.evidence).as_str() {
        "" => format!("{observed} is installed where the cluster does not have it"),
        spread => format!("{observed} is installed; {spread}"),
    }
}
