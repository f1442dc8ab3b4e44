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
        for position in cluster.members.iter().copied() {
            let Some(packages) = comparison.observation(position).and_then(|host| host.packages()) else {
                continue;
            };
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
