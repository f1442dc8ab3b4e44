//! `release`: another distribution release than the cluster's.
//!
//! It stands for everything that follows from it: packages that no entry names are compared within
//! one release only.

use super::finding::Evidence;
use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Comparison};
use crate::severity::Severity;

pub(super) static RULE: Rule = Rule {
    id: "release",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in comparison.clusters.iter().filter(|cluster| cluster.releases.distinct.len() > 1) {
        for (member, position) in cluster.members.iter().copied().enumerate() {
            let Some(place) = cluster.releases.of_member(member) else { continue };
            if cluster.releases.majority() == Some(place) {
                continue;
            }
            let expected = cluster.releases.expected().map(crate::snapshot::Os::label);
            let evidence =
                if expected.is_none() { Evidence::Spread(spread(cluster)) } else { Evidence::None };
            findings.push(Finding {
                cluster: Some(cluster.name.clone()),
                host: Some((position, comparison.name(position).to_owned())),
                observed: cluster.releases.os(member).map(crate::snapshot::Os::label),
                expected,
                evidence,
                ..Finding::new(&RULE, "os-release")
            });
        }
    }
}

fn spread(cluster: &Cluster<'_>) -> Vec<(String, usize)> {
    let releases = &cluster.releases;
    let mut spread: Vec<_> =
        releases.distinct.iter().enumerate().map(|(place, os)| (os.label(), releases.count(place))).collect();
    spread.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    spread
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    match &finding.expected {
        Some(expected) => format!("{observed} in a {expected} cluster"),
        None => format!("{observed}; {}", super::package_version::no_majority(&finding.evidence)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    #[test]
    fn another_release_than_most_is_told_once() {
        assert_eq!(
            found("", &beside_three("bookworm nginx=1-1", "trixie nginx=2-1")),
            ["release/web/web-04/os-release medium: trixie in a bookworm cluster"]
        );
    }

    #[test]
    fn without_a_majority_every_host_is_told() {
        let two = [("a", "trixie"), ("b", "bookworm")];
        let told = found("", &two);
        assert_eq!(told.len(), 2);
        assert!(told[0].ends_with("no majority: 1× bookworm, 1× trixie"), "{told:?}");
        assert!(found("", &[("a", "trixie"), ("b", "trixie")]).is_empty());
    }
}
