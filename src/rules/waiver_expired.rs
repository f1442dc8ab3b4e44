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

/// A waiver by what it speaks of, which stays the same wherever in the playbook it stands.
pub(super) fn name(usage: &WaiverUse<'_>) -> String {
    let hosts = usage.waiver.hosts.as_ref().map_or("all".to_owned(), ToString::to_string);
    let subject = usage.waiver.subject.as_ref().map_or("*".to_owned(), ToString::to_string);
    format!("{} {hosts} {subject}", usage.waiver.rule)
}

fn message(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Waiver(justification, until) => {
            format!(
                "the waiver held until {until} ({justification}); what it hid counts again: renew it or remove it"
            )
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn the_last_day_counts_and_the_day_after_revives_what_was_hidden() {
        let waiver = |until: &str| {
            format!(
                "[[waiver]]\nrule = \"package-version\"\nhosts = \"web-04\"\nsubject = \"ng*\"\njustification = \"canary\"\nuntil = {until}\n"
            )
        };
        let waived = |until: &str| found(&waiver(until), &beside_three("nginx=1-2", "nginx=1-1"));
        let drift = "package-version/web/web-04/nginx medium: 1-1 where 1-2 is expected";
        assert_eq!(waived("2026-11-23"), [format!("({drift})")]);
        let renewed = format!("{}{}", waiver("2026-11-22"), waiver("2026-12-31"));
        assert_eq!(found(&renewed, &beside_three("nginx=1-2", "nginx=1-1")), [format!("({drift})")]);
        let expired = waived("2026-11-22");
        assert_eq!(expired[1], drift);
        assert!(
            expired[0].starts_with("waiver-expired///package-version web-04 ng* medium: "),
            "{expired:?}"
        );
    }
}
