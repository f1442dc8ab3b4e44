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
        let required = !at.column.foreign && at.entry().is_some_and(|entry| entry.version.is_some());
        let missing = match judgement {
            Judgement::Missing => true,
            Judgement::Undecided => at.is_absent(),
            Judgement::NotCovered | Judgement::Unknown => false,
            _ => required && at.is_absent(),
        };
        if missing {
            let mut finding = at.finding(&RULE, judgement);
            if at.entry().is_none() {
                finding.severity = Severity::Info;
            }
            if finding.expected.is_none() && required {
                finding.expected =
                    at.entry().and_then(|entry| entry.version.as_ref()).map(ToString::to_string);
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

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NGINX: &str = "[[package]]\nname = \"nginx\"\n";

    #[test]
    fn a_named_package_that_is_missing_weighs_more() {
        let hosts = beside_three("nginx=1-1 htop=3-1", "bash=5-1");
        let named = found(NGINX, &hosts);
        assert_eq!(named, ["package-missing/web/web-04/nginx medium: not installed where 1-1 is expected"]);
        let unnamed = found("", &hosts);
        assert!(unnamed.contains(
            &"package-missing/web/web-04/nginx info: not installed where 1-1 is expected".to_owned()
        ));
    }

    #[test]
    fn removed_with_its_configuration_left_is_not_installed() {
        let told = found(NGINX, &beside_three("nginx=1-1", "nginx=1-1/rc"));
        assert_eq!(told, ["package-missing/web/web-04/nginx medium: not installed where 1-1 is expected"]);
    }

    #[test]
    fn what_the_playbook_requires_may_be_missing_everywhere() {
        let required = "[[package]]\nname = \"nginx\"\nversion = \">=1\"\n";
        let told = found(required, &beside_three("bash=5-1", "bash=5-1"));
        assert_eq!(told.len(), 4);
        assert_eq!(told[0], "package-missing/web/web-01/nginx medium: not installed where >=1 is expected");
    }

    #[test]
    fn unknown_is_not_missing() {
        // A line that cannot be read may have been the package in question.
        for odd in ["no-dpkg", "bash=5-1 ngi\u{1b}nx=1-1"] {
            let told = found(NGINX, &beside_three("nginx=1-1", odd));
            assert!(told.iter().all(|line| line.starts_with("gap/")), "{told:?}");
        }
    }
}
