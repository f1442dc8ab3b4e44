//! `package-missing`: not installed where the cluster has it, or where the playbook requires it.

use super::package_version::{for_each_cell, no_majority};
use super::{About, Check, Finding, Rule};
use crate::drift::{Comparison, Judgement, Value};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "package-missing",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, judgement| {
        let required = !at.column.foreign && at.column.entry.is_some_and(|entry| entry.version.is_some());
        let missing = match judgement {
            Judgement::Missing => true,
            Judgement::Undecided => at.is_absent(),
            Judgement::NotCovered | Judgement::Unknown => false,
            _ => required && at.is_absent(),
        };
        if missing {
            let mut finding = at.finding(&RULE, judgement);
            if at.column.entry.is_none() {
                finding.severity = Severity::Info;
            }
            if finding.expected.is_none() && required {
                finding.expected =
                    at.column.entry.and_then(|entry| entry.version.as_ref()).map(ToString::to_string);
            }
            findings.push(finding);
        }
    });
}

impl super::package_version::At<'_, '_> {
    /// Whether the host is known not to have the package.
    pub(super) fn is_absent(&self) -> bool {
        self.value() == Some(Value::Absent)
    }
}

fn message(finding: &Finding) -> String {
    match &finding.expected {
        Some(expected) => format!("not installed where {expected} is expected"),
        None => format!("not installed; {}", no_majority(&finding.evidence)),
    }
}
