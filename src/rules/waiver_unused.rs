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
            format!("the waiver hides nothing ({justification}): remove it")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn a_waiver_without_a_finding_is_told() {
        let waiver = "[[waiver]]\nrule = \"package-version\"\nhosts = \"web-04\"\nsubject = \"ng*\"\njustification = \"canary\"\nuntil = 2026-12-31\n";
        let told = found(waiver, &beside_three("nginx=1-1", "nginx=1-1"));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("waiver-unused///package-version web-04 ng* info: "), "{told:?}");
    }
}
