//! `waiver-expired`: a waiver whose last day has passed. What it hid counts again.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule, WaiverUse};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "waiver-expired",
    severity: Severity::Medium,
    about: About::Playbook,
    check: Check::Waiver(check),
    message,
};

fn check(usage: &WaiverUse<'_>) -> Option<Finding> {
    let WaiverUse { waiver, today, .. } = usage;
    (waiver.until < *today).then(|| Finding {
        expected: None,
        observed: Some(waiver.until.to_string()),
        evidence: Evidence::Waiver(waiver.justification.clone(), waiver.until),
        ..Finding::new(&RULE, name(usage))
    })
}

/// A waiver by what it is about: its rule, and the place of its file where it stands.
pub(super) fn name(usage: &WaiverUse<'_>) -> String {
    format!("{} ({})", usage.waiver.rule, usage.waiver.place)
}

fn message(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Waiver(justification, until) => {
            format!(
                "it held until {until} ({justification}); what it hid counts again: renew it or remove it"
            )
        }
        _ => String::new(),
    }
}
