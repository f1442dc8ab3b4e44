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
            findings.push(Finding {
                severity: RULE.severity,
                severity_is_entrys: false,
                ..at.finding(&RULE, judgement)
            });
        }
    });
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    let expected = finding.expected.as_deref().unwrap_or_default();
    format!("{observed} is ahead of the cluster's {expected}")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn newer_than_the_majority_is_ahead_and_no_drift() {
        let told = found("", &beside_three("nginx=1-1", "nginx=1-2"));
        assert_eq!(told, ["ahead/web/web-04/nginx info: 1-2 is ahead of the cluster's 1-1"]);
    }

    #[test]
    fn an_epoch_outweighs_everything() {
        assert!(found("", &beside_three("nginx=9-1", "nginx=1:1-1"))[0].starts_with("ahead/"));
    }
}
