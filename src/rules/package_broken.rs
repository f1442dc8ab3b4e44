//! `package-broken`: a package that is neither properly installed nor gone.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::State;

pub(super) static RULE: Rule = Rule {
    id: "package-broken",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    let strings = &comparison.fleet.strings;
    for cluster in &comparison.clusters {
        for (position, packages) in comparison.packages_in(cluster) {
            for package in packages.list.iter().filter(|package| package.state != State::Installed) {
                findings.push(Finding {
                    cluster: Some(cluster.name.clone()),
                    host: Some((position, comparison.name(position).to_owned())),
                    expected: Some(State::Installed.as_str().to_owned()),
                    observed: Some(package.state.as_str().to_owned()),
                    evidence: Evidence::State(package.state.as_str()),
                    ..Finding::new(&RULE, packages.subject(package, strings))
                });
            }
        }
    }
}

fn message(finding: &Finding) -> String {
    let state = finding.observed.as_deref().unwrap_or_default();
    format!("{state}, its last change did not finish")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn dpkgs_letters_tell() {
        let told =
            found("", &beside_three("a=1-1", "a=1-1 b=1-1/iF c=1-1/iU d=1-1/iH e=1-1/it f=1-1/iW g=1-1/rc"));
        let broken: Vec<&str> = told
            .iter()
            .filter(|line| line.contains("broken"))
            .filter_map(|line| line.split(' ').nth(2))
            .collect();
        assert_eq!(
            broken,
            ["half-configured,", "unpacked,", "half-installed,", "triggers-pending,", "triggers-awaited,"]
        );
    }
}
