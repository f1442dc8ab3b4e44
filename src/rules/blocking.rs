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

/// `, needed by nginx`, where that is not the target itself.
pub(super) fn needed_by(obstacle: &Obstacle) -> String {
    obstacle.by.as_ref().map_or(String::new(), |by| format!(", needed by {by}"))
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

    /// What is said of a refused upgrade of nginx, told of these packages: `installed NAME VERSION FLAGS` or
    /// `offered NAME VERSION PRIORITY`, and their relations.
    #[track_caller]
    fn explained(packages: &[&str]) -> String {
        let line = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["installed", name, version, flags] => {
                    format!("record\tinstalled\t{name}\tamd64\t{version}\t{flags}\t-\n")
                }
                ["offered", name, version, priority] => {
                    format!("record\toffered\t{name}\tamd64\t{version}\t-\t{priority}\n")
                }
                _ => line.split_once(": ").map(|(kind, list)| format!("rel\t{kind}\t{list}\n")).unwrap(),
            }
        };
        let records: String = packages.iter().map(line).collect();
        let words = format!("nginx=1.22.1-9\n@upgrade\n{BEGIN}{TARGET}{WOULD_NOT}{records}done\n");
        let told = ready(NGINX, &[("web-01", &words)]);
        assert_eq!(told[0], "web-01 nginx blocked");
        told[1..].join("\n").replace("/web/web-01", "").replace(" high", "")
    }

    #[test]
    fn a_refusal_is_explained_by_what_is_missing() {
        let nginx =
            |depends: &'static str| ["installed nginx 1.22.1-9 -", "offered nginx 1.26.3-3 500", depends];
        let told = |depends, others: &[&'static str]| explained(&[&nginx(depends), others].concat());
        let ssl = "depends: libc6, libssl3t64 (>= 3.3.0)";
        let libc = "installed libc6 2.36-9 -";
        for (others, line) in [
            (
                &[libc] as &[&str],
                "dependency-missing/libssl3t64: libssl3t64 (>= 3.3.0): not installed, no source offers it",
            ),
            (
                &[libc, "installed libssl3t64 3.0.1-1 -"],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): 3.0.1-1 is installed, no source offers another",
            ),
            (
                &[libc, "installed libssl3t64 3.0.1-1 -", "offered libssl3t64 3.2.0-1 500"],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): 3.0.1-1 is installed, the newest on offer is 3.2.0-1",
            ),
            (
                &[libc, "offered libssl3t64 3.2.0-1 500"],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): not installed, the newest on offer is 3.2.0-1",
            ),
            (
                &[libc, "offered libssl3t64 3.2.0-1 500", "offered libssl3t64 3.4.0-1 -1"],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): not installed; 3.4.0-1 is on offer at priority -1, which is never",
            ),
            (
                &[
                    libc,
                    "installed libssl3t64 3.2.0-1 -",
                    "offered libssl3t64 3.2.0-1 990",
                    "offered libssl3t64 3.4.0-1 500",
                ],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): 3.2.0-1 is installed; 3.4.0-1 is on offer, and apt prefers 3.2.0-1",
            ),
            (
                &[libc, "installed libssl3t64 3.0.1-1 held", "offered libssl3t64 3.4.0-1 500"],
                "held/libssl3t64: on hold at 3.0.1-1, and would change to 3.4.0-1",
            ),
            (
                &[libc, "offered libssl3t64 3.4.0-1 500", "depends: libz (>= 2) | libzng"],
                "dependency-missing/libz: libz (>= 2) | libzng, needed by libssl3t64: not installed, no source offers it",
            ),
            (
                &[
                    libc,
                    "offered libssl3t64 3.4.0-1 500",
                    "depends: libz (>= 2) | zng",
                    "offered ng 5-1 500",
                    "provides: libz",
                ],
                "dependency-too-old/libz: libz (>= 2) | zng, needed by libssl3t64: not installed, the newest on offer is ng (which provides it without a version)",
            ),
            (
                &[libc, "installed ng 5-1 -", "provides: libssl3t64 (= 3.0), ssl"],
                "dependency-too-old/libssl3t64: libssl3t64 (>= 3.3.0): ng (which provides 3.0) is installed, no source offers another",
            ),
        ] {
            assert_eq!(told(ssl, others), line);
        }
        // Of alternatives, each version says whose it is; each thing that is missing is told.
        assert_eq!(
            told("depends: a (>= 2) | b (>= 2), c, d", &["installed b 1-1 -", "offered c 1-1 500"]),
            "dependency-missing/d: d: not installed, no source offers it\n\
             dependency-too-old/a: a (>= 2) | b (>= 2): b 1-1 is installed, no source offers another"
        );
    }

    #[test]
    fn a_refusal_is_explained_by_what_is_in_the_way() {
        let begin = ["installed nginx 1.22.1-9 -", "offered nginx 1.26.3-3 500"];
        for (others, line) in [
            (
                &["conflicts: base (<< 9)", "installed base 8-1 essential"] as &[&str],
                "would-remove/base: would be removed (8-1); the system cannot do without it",
            ),
            (
                &["depends: php, perl", "offered php 8-1 500", "offered perl 5-1 500", "breaks: php (<< 9)"],
                "conflict/php: perl breaks php (<< 9): 8-1 would be installed",
            ),
            (
                &["depends: php", "offered php 8-1 500", "conflicts: nginx"],
                "conflict/php: php conflicts with nginx: 8-1 would be installed",
            ),
            (
                &[
                    "depends: php (>= 9), perl",
                    "installed php 8-1 -",
                    "offered php 9-1 500",
                    "offered perl 5-1 500",
                    "depends: php (<< 9)",
                ],
                "conflict/php: php (>= 9) for nginx, and php (<< 9) for perl: they cannot be together, 8-1 is there",
            ),
            (
                &["breaks: php (<< 9)", "installed php 8-1 held"],
                "held/php: on hold at 8-1, and would be removed",
            ),
            (
                &["installed php 8-1 broken", "depends: libz (>= 2), libc6 | musl"],
                "broken-state/php: missing libz (>= 2), missing libc6 | musl: every upgrade on this host ends in an error",
            ),
        ] {
            assert_eq!(explained(&[&begin, others].concat()), line);
        }
        let older = ["installed nginx 1.27-1 -", "offered nginx 1.26.3-3 500"];
        assert_eq!(explained(&older), "would-downgrade/nginx: would go back from 1.27-1 to 1.26.3-3");
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
