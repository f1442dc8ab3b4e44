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
        // What the playbook requires is right where it is, whatever the others have.
        let required = at.entry().is_some_and(|entry| entry.version.is_some());
        let only_presence_differs =
            judgement == Judgement::Undecided && at.versions == 1 && !at.is_absent() && !required;
        if judgement == Judgement::Extra || only_presence_differs {
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
    match no_majority(&finding.evidence).as_str() {
        "" => format!("{observed} is installed where the cluster does not have it"),
        spread => format!("{observed} is installed; {spread}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn what_only_one_host_has_is_worth_knowing() {
        let told =
            found("[everything-else]\ncompare = true\n", &beside_three("bash=5-1", "bash=5-1 htop=3-1"));
        assert_eq!(
            told,
            ["package-extra/web/web-04/htop info: 3-1 is installed where the cluster does not have it"]
        );
    }

    #[test]
    fn an_entrys_severity_is_not_its() {
        let entry = "[[package]]\nname = \"htop\"\nseverity = \"high\"\n";
        assert!(found(entry, &beside_three("bash=5-1", "htop=3-1"))[0].contains(" info: "));
    }
}
