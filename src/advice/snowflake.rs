//! The snowflake score: how far a host is from its cluster. It orders hosts and decides nothing.

use std::collections::BTreeSet;

use crate::drift::{Comparison, Judgement};
use crate::rules::Finding;

/// The weights, published in the documentation and in every report. They add up to 1.
const WEIGHTS: [(&str, f64); 5] =
    [("release", 0.30), ("packages", 0.30), ("broken", 0.15), ("policy", 0.15), ("held", 0.10)];

/// What a snowflake may also be, and this version does not measure.
const NOT_MEASURED: [&str; 4] = ["services", "files", "sysctls", "containers"];

/// A host's score, with every term of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snowflake {
    /// 0 is like its cluster, 1 is like nothing in it; the mean of the measured terms by weight.
    pub score: f64,
    /// The terms.
    pub terms: Vec<Term>,
    /// What was not measured.
    pub not_measured: Vec<&'static str>,
}

/// One term.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it measures.
    pub name: &'static str,
    /// How much it counts.
    pub weight: f64,
    /// 0 to 1.
    pub value: f64,
}

/// The score of the host at a position; `findings` are its own that count.
pub(super) fn score(comparison: &Comparison<'_>, position: usize, findings: &[&Finding]) -> Snowflake {
    let observation = comparison.observation(position);
    let os_known = observation.is_some_and(|observation| observation.os().is_some());
    let packages_known = observation.is_some_and(|observation| observation.packages().is_some());
    let found = |rule: &str| findings.iter().any(|finding| finding.rule.id == rule);
    let (mut terms, mut not_measured) = (Vec::new(), Vec::new());
    for (name, weight) in WEIGHTS {
        let known = if name == "release" { os_known } else { packages_known };
        let value = match name {
            "release" => yes(found("release")),
            "packages" => differing(comparison, position),
            "broken" => yes(found("package-broken")),
            "policy" => yes(found("policy-unmet")),
            _ => yes(found("package-held")),
        };
        if known {
            terms.push(Term { name, weight, value });
        } else {
            not_measured.push(name);
        }
    }
    not_measured.extend(NOT_MEASURED);
    let weight: f64 = terms.iter().map(|term| term.weight).sum();
    let sum: f64 = terms.iter().map(|term| term.weight * term.value).sum();
    let score = if weight > 0.0 { round(sum / weight) } else { 0.0 };
    Snowflake { score, terms, not_measured }
}

fn yes(found: bool) -> f64 {
    if found { 1.0 } else { 0.0 }
}

/// Three digits are more than such a number can bear.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The share of the compared packages in which the host is not as expected.
fn differing(comparison: &Comparison<'_>, position: usize) -> f64 {
    let (mut compared, mut apart) = (BTreeSet::new(), BTreeSet::new());
    for cluster in &comparison.clusters {
        let Ok(member) = cluster.members.binary_search(&position) else { continue };
        for column in &cluster.columns {
            match column.judge(member) {
                Judgement::NotCovered | Judgement::Unknown => continue,
                Judgement::Same => {}
                _ => {
                    apart.insert((column.name, column.arch));
                }
            }
            compared.insert((column.name, column.arch));
        }
    }
    let count = |set: &BTreeSet<_>| f64::from(u32::try_from(set.len()).unwrap_or(u32::MAX));
    if compared.is_empty() { 0.0 } else { round(count(&apart) / count(&compared)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weights_add_up_to_one() {
        let sum: f64 = WEIGHTS.iter().map(|(_, weight)| weight).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}
