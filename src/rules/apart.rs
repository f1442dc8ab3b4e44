//! Hosts that differ in one fact: what rules about all facts but packages share.

use super::finding::Evidence;
use super::{Finding, Rule};
use crate::drift::{Cluster, Comparison, Consensus};

/// One finding for each host that has another value than most; for every host where there is no majority.
pub(super) fn apart<V: Ord>(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    (rule, subject): (&'static Rule, &str),
    consensus: &Consensus<V>,
    label: impl Fn(&V) -> String,
) -> Vec<Finding> {
    if consensus.is_unanimous() {
        return Vec::new();
    }
    let spread = consensus.spread();
    let counts = || spread.iter().map(|(value, hosts)| (label(value), hosts.len())).collect();
    let majority = consensus.majority();
    let odd = spread.iter().filter(|(value, _)| majority != Some(*value));
    let each = odd.flat_map(|(value, hosts)| hosts.iter().map(move |position| (*value, *position)));
    each.map(|(value, position)| Finding {
        cluster: Some(cluster.name.clone()),
        host: Some((position, comparison.name(position).to_owned())),
        expected: majority.map(&label),
        observed: Some(label(value)),
        evidence: if majority.is_some() { Evidence::None } else { Evidence::Spread(counts()) },
        ..Finding::new(rule, subject)
    })
    .collect()
}

/// `60; no majority: 2× 60, 1× 75`, or `75 where 60 is expected`.
pub(super) fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or("not there");
    match &finding.expected {
        Some(expected) => format!("{observed} where {expected} is expected"),
        None => format!("{observed}; {}", super::no_majority(&finding.evidence)),
    }
}
