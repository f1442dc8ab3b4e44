//! `ahead`: newer than what the cluster has. Never a reason to go back.

use super::package_version::for_each_cell;
use super::{About, Check, Finding, Rule};
use crate::drift::{Comparison, Judgement};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "ahead",
    severity: Severity::Info,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, judgement| {
        if let Judgement::Different { ahead: true, .. } = judgement {
            findings.push(Finding { severity: RULE.severity, ..at.finding(&RULE, judgement) });
        }
    });
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    let expected = finding.expected.as_deref().unwrap_or_default();
    format!("{observed} is ahead of the cluster's {expected}")
}
