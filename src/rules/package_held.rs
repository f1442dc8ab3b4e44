//! `package-held`: kept at its version on some hosts of a cluster and not on others: held, locked, pinned or ignored.

use std::collections::BTreeMap;

use super::{About, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "package-held",
    severity: Severity::Low,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    let strings = &comparison.fleet.strings;
    for cluster in &comparison.clusters {
        let mut held: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut answered = 0;
        for (position, packages) in comparison.packages_in(cluster) {
            answered += 1;
            for package in packages.list.iter().filter(|package| package.held) {
                let positions = held.entry(packages.subject(package, strings)).or_default();
                // Several versions of one package are held together.
                if positions.last() != Some(&position) {
                    positions.push(position);
                }
            }
        }
        for (subject, positions) in held.into_iter().filter(|(_, positions)| positions.len() < answered) {
            for position in positions {
                findings.push(Finding {
                    cluster: Some(cluster.name.clone()),
                    host: Some((position, comparison.name(position).to_owned())),
                    observed: Some("hold".to_owned()),
                    ..Finding::new(&RULE, subject.clone())
                });
            }
        }
    }
}

fn message(_: &Finding) -> String {
    "on hold here, not on every host of the cluster; the next upgrade passes it by".to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn a_hold_on_some_hosts_is_told_and_one_on_all_is_not() {
        let told = found("", &beside_three("nginx=1-1", "nginx=1-1/hi"));
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("package-held/web/web-04/nginx low: on hold here"), "{told:?}");
        assert!(found("", &beside_three("nginx=1-1/hi", "nginx=1-1/hi")).is_empty());
    }
}
