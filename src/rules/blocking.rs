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

#[cfg(test)]
mod tests {
    use super::super::fixture::ready;

    const NGINX: &str = "[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n";

    #[track_caller]
    fn told(answer: &str) -> Vec<String> {
        let words = format!("nginx=1.22-1\n@upgrade\nsystem\tapt 2.6.1\n{answer}done\n");
        ready(NGINX, &[("web-01", &words)])
    }

    #[test]
    fn the_solvers_own_words_stand_where_nothing_else_is_known() {
        let answer = "target\tnginx\t1.22-1\t1.26-1\t1.26-1\nask\t100\tnginx\nsaid\tE: no way\n";
        assert_eq!(
            told(answer),
            [
                "web-01 nginx blocked",
                "dependency-missing/web/web-01/nginx high: the host's own solver refuses the upgrade: E: no way",
            ]
        );
    }
}
