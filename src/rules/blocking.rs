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

    const BEGIN: &str = "system\tapt 3.0.4\nlists\t4\t1795400000\n";
    const TARGET: &str =
        "target\tnginx\t1.22.1-9\t1.26.3-3\t1.26.3-3\noffer\tnginx\t1.26.3-3\tmirror.example.net trixie\n";
    const WOULD: &str = "ask\t0\tnginx\ninst\tnginx\tamd64\t1.26.3-3\t1.22.1-9\n";
    const WOULD_NOT: &str = "ask\t100\tnginx\nsaid\tE: Unable to correct problems\n";

    /// How the one host stands, and the rules and subjects of what stands in its way.
    fn judged(packages: &str, answer: &[&str]) -> Vec<String> {
        let words = format!("{packages}\n@upgrade\n{}done\n", answer.concat());
        let told = ready(NGINX, &[("web-01", &words)]);
        told.iter().map(|line| line.split(" high: ").next().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_solver_that_would_is_ready_and_one_that_would_not_is_blocked() {
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, TARGET, WOULD]), ["web-01 nginx ready"]);
        let refused = ["web-01 nginx blocked", "dependency-missing/web/web-01/nginx"];
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, TARGET, WOULD_NOT]), refused);
    }

    #[test]
    fn what_could_not_be_asked_is_never_ready_and_a_refusal_stands() {
        let cannot = "cannot\tneeds-privilege\t/etc/apt/preferences.d/secret\n";
        let unknown = ["web-01 nginx unknown: needs-privilege: /etc/apt/preferences.d/secret"];
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, cannot, TARGET, WOULD]), unknown);
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, cannot]), unknown);
        let refused = ["web-01 nginx blocked", "dependency-missing/web/web-01/nginx"];
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, TARGET, WOULD_NOT, cannot]), refused);
        let none = "target\tnginx\t1.22.1-9\t1.22.1-9\t-\n";
        let unavailable = ["web-01 nginx blocked", "target-unavailable/web/web-01/nginx"];
        assert_eq!(judged("nginx=1.22.1-9", &[BEGIN, cannot, none]), unavailable);
    }

    #[test]
    fn what_is_half_configured_stops_even_what_has_nothing_left_to_do() {
        let there = "target\tnginx\t1.26.3-3\t1.26.3-3\t1.26.3-3\nask\t0\tnginx\n";
        assert_eq!(judged("nginx=1.26.3-3", &[BEGIN, there]), ["web-01 nginx ready"]);
        let broken = ["web-01 nginx blocked", "broken-state/web/web-01/nginx"];
        assert_eq!(judged("nginx=1.26.3-3/iF", &[BEGIN, there]), broken);
    }

    #[test]
    fn a_name_that_nobody_has_is_told_of() {
        let told = judged("apache2=2.4-1", &[BEGIN, "unknown\tnginx\n"]);
        assert_eq!(
            told,
            ["web-01 nginx unknown: neither a list of packages nor the host itself knows nginx"]
        );
    }
}
