//! The snowflake score: how far a host is from its cluster. It orders hosts and decides nothing.

use std::collections::BTreeSet;

use crate::drift::{Comparison, Judgement};
use crate::rules::Finding;
use crate::snapshot::Observation;

/// The weights, published in the documentation and in every report. They add up to 1.
const WEIGHTS: [(&str, f64); 9] = [
    ("release", 0.25),
    ("packages", 0.25),
    ("broken", 0.10),
    ("policy", 0.10),
    ("services", 0.10),
    ("held", 0.05),
    ("files", 0.05),
    ("sysctls", 0.05),
    ("containers", 0.05),
];

/// The rules whose findings a term is made of.
const RULES: [(&str, &[&str]); 8] = [
    ("release", &["release"]),
    ("broken", &["package-broken"]),
    ("policy", &["policy-unmet", "sysctl-policy"]),
    ("services", &["service-state", "service-stale"]),
    ("held", &["package-held"]),
    ("files", &["file-content", "conffile-modified"]),
    ("sysctls", &["sysctl-runtime", "sysctl-cluster"]),
    ("containers", &["privileged", "root-writable", "container-changed", "image-drift"]),
];

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
    let found = |name: &str| {
        let rules = RULES.iter().filter(|(term, _)| *term == name).flat_map(|(_, rules)| *rules);
        let mut told = rules.flat_map(|rule| findings.iter().filter(move |finding| finding.rule.id == *rule));
        told.next().is_some()
    };
    let (mut terms, mut not_measured) = (Vec::new(), Vec::new());
    for (name, weight) in WEIGHTS {
        if observation.is_some_and(|seen| is_known(seen, name)) {
            let value = if name == "packages" { differing(comparison, position) } else { yes(found(name)) };
            terms.push(Term { name, weight, value });
        } else {
            not_measured.push(name);
        }
    }
    let weight: f64 = terms.iter().map(|term| term.weight).sum();
    let sum: f64 = terms.iter().map(|term| term.weight * term.value).sum();
    let score = if weight > 0.0 { round(sum / weight) } else { 0.0 };
    Snowflake { score, terms, not_measured }
}

/// Whether what a term is about was collected.
fn is_known(seen: &Observation, term: &str) -> bool {
    let Some(snapshot) = &seen.snapshot else { return false };
    match term {
        "release" => snapshot.os.is_some(),
        "services" => snapshot.running.services.is_some(),
        "files" => snapshot.configuration.files.is_some(),
        "sysctls" => snapshot.configuration.sysctls.is_some(),
        "containers" => snapshot.containers.is_some(),
        _ => snapshot.packages.is_some(),
    }
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
                Judgement::Same | Judgement::UnderWay => {}
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
        let known = |rule: &str| crate::rules::find(rule).is_some();
        assert!(RULES.iter().all(|(term, rules)| {
            WEIGHTS.iter().any(|(name, _)| name == term) && rules.iter().all(|rule| known(rule))
        }));
    }
}
