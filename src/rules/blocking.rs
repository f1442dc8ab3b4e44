//! What the rules about upgrades share: obstacles as findings, and the words of all of them.

use super::finding::Evidence;
use super::{ALL, Check, Finding, Rule};
use crate::drift::Comparison;
use crate::readiness::{Kind, Obstacle, Readiness};

/// How many of a solver's own lines a message quotes.
const QUOTED: usize = 3;

/// Every obstacle as a finding; one that stands in the way of several upgrades of a host once.
pub(super) fn findings(comparison: &Comparison<'_>, readiness: &Readiness) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for upgrade in &readiness.upgrades {
        let cluster = comparison.clusters.get(upgrade.cluster).map(|cluster| cluster.name.clone());
        for host in &upgrade.hosts {
            for obstacle in &host.obstacles {
                let Some(rule) = rule(obstacle.kind) else { continue };
                let finding = Finding {
                    cluster: cluster.clone(),
                    host: Some((host.position, comparison.name(host.position).to_owned())),
                    expected: obstacle.needs.clone(),
                    observed: obstacle.observed.clone(),
                    evidence: Evidence::Obstacle(Box::new(obstacle.clone()), upgrade.package.clone()),
                    ..Finding::new(rule, obstacle.subject.clone())
                };
                if seen.insert(finding.key()) {
                    findings.push(finding);
                }
            }
        }
    }
    findings
}

/// The rule of a kind of obstacle.
pub fn rule(kind: Kind) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| matches!(rule.check, Check::Obstacle(of) if of == kind))
}

/// The obstacle that a finding is about.
pub(super) fn obstacle(finding: &Finding) -> Option<&Obstacle> {
    match &finding.evidence {
        Evidence::Obstacle(obstacle, _) => Some(obstacle),
        _ => None,
    }
}

/// ` (needed by nginx)`, where that is not the target itself.
pub(super) fn needed_by(obstacle: &Obstacle) -> String {
    obstacle.by.as_ref().map_or(String::new(), |by| format!(" (needed by {by})"))
}

/// What else is known of it: `; the system cannot do without it`.
pub(super) fn also(obstacle: &Obstacle) -> String {
    obstacle.said.iter().take(QUOTED).map(|said| format!("; {said}")).collect()
}

/// Where nothing but the solver's own words is known.
pub(super) fn refused(obstacle: &Obstacle) -> String {
    let said = obstacle.said.iter().take(QUOTED).cloned().collect::<Vec<_>>().join("; ");
    if said.is_empty() {
        "the host's own solver refuses the upgrade, and does not say why".to_owned()
    } else {
        format!("the host's own solver refuses the upgrade: {said}")
    }
}
