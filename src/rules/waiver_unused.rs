//! `waiver-unused`: a waiver that hides nothing.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule, WaiverUse};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "waiver-unused",
    severity: Severity::Info,
    about: About::Playbook,
    check: Check::Waiver(check),
    message,
};

fn check(usage: &WaiverUse<'_>) -> Option<Finding> {
    let WaiverUse { waiver, matched, today } = usage;
    (*matched == 0 && waiver.until >= *today).then(|| Finding {
        evidence: Evidence::Waiver(waiver.justification.clone(), waiver.until),
        ..Finding::new(&RULE, super::waiver_expired::name(usage))
    })
}

fn message(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Waiver(justification, _) => {
            format!("there is nothing left for it to hide ({justification}): remove it")
        }
        _ => String::new(),
    }
}
