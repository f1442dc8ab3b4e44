//! `policy-unmet`: the installed version does not meet the playbook's requirement.

use super::finding::Evidence;
use super::package_version::for_each_cell;
use super::{About, Check, Finding, Rule};
use crate::drift::{Comparison, Judgement};
use crate::severity::Severity;
use crate::snapshot::{Gap, Reason};
use crate::version::Upstream;

pub(super) static RULE: Rule = Rule {
    id: "policy-unmet",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for_each_cell(comparison, |at, _| {
        let Some(requirement) = at.entry().and_then(|entry| entry.version.as_ref()) else { return };
        let Some((system, version)) = at.installed() else { return };
        match Upstream::parse(system, version) {
            Some(upstream) if requirement.met_by(&upstream) => {}
            Some(_) => findings.push(Finding {
                expected: Some(requirement.to_string()),
                distance: None,
                evidence: Evidence::Requirement(requirement.to_string()),
                ..at.finding(&RULE, Judgement::Same)
            }),
            // Neither met nor unmet: it could not be told.
            None => {
                let detail = format!(
                    "{version} cannot be mapped to a semantic version, so {requirement} is neither met nor unmet"
                );
                let gap = Gap {
                    probe: format!("policy:{}", at.column.subject()),
                    reason: Reason::Unparsable,
                    detail,
                };
                let finding = at.finding(&super::gap::RULE, Judgement::Same);
                findings.push(super::gap::of(finding, gap));
            }
        }
    });
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    let expected = finding.expected.as_deref().unwrap_or_default();
    format!("{observed} does not meet the playbook's {expected}")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const AT_LEAST_2: &str = "[[package]]\nname = \"nginx\"\nversion = \">=2\"\n";

    #[test]
    fn a_version_below_the_requirement_is_told_beside_its_drift() {
        assert_eq!(
            found(AT_LEAST_2, &beside_three("nginx=2.1-1", "nginx=1.9-1")),
            [
                "policy-unmet/web/web-04/nginx high: 1.9-1 does not meet the playbook's >=2",
                "package-version/web/web-04/nginx medium: 1.9-1 where 2.1-1 is expected"
            ]
        );
    }

    #[test]
    fn what_cannot_be_mapped_is_neither_met_nor_unmet() {
        let told = found(AT_LEAST_2, &beside_three("nginx=2.1-1", "nginx=git.2024-1"));
        assert!(told.iter().any(|line| line.starts_with("gap/web/web-04/policy:nginx ")), "{told:?}");
        assert!(!told.iter().any(|line| line.starts_with("policy-unmet")));
    }
}
