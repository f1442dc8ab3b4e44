//! What to do: one verdict a host by named conditions, one a cluster, and the steps.
//!
//! Nothing is ever done by us, nothing is decided by a score, and no advice proposes a downgrade.

mod commands;
mod conditions;
mod declared;
mod entries;
mod outlook;
mod particular;
mod snowflake;
mod steps;
mod stuck;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use declared::fix;
pub use entries::{Action, Entry, entry};
pub use outlook::{
    Apart, Cause, Condition, Effect, Has, HostOutlook, Inhibitor, Outlook, Prospect, Share, UNSEEN,
    UpgradeOutlook,
};
pub use snowflake::{Snowflake, Term};

use self::conditions::Conditions;
use crate::drift::{Cluster, Comparison, Expected};
use crate::rules::Finding;
use crate::snapshot::HostStatus;

/// What a host, or a cluster, needs; the later one decides for a cluster.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It was audited, and nothing that counts was found.
    InSync,
    /// A container has taken over its service, which neither runs here nor comes back: it may go.
    Replaced,
    /// It was not audited, or not wholly, and nothing else was found.
    Unknown,
    /// A person must decide first: it is ahead, or there is no majority.
    Investigate,
    /// A few commands bring it back.
    Repair,
    /// Commands would leave the cause in place: rebuild it from an image.
    Replace,
}

impl Verdict {
    /// Whether something is to be done or decided.
    pub const fn is_drift(self) -> bool {
        matches!(self, Self::Investigate | Self::Repair | Self::Replace)
    }

    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InSync => "in-sync",
            Self::Replaced => "replaced",
            Self::Unknown => "unknown",
            Self::Investigate => "investigate",
            Self::Repair => "repair",
            Self::Replace => "replace",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is advised for one host.
#[derive(Debug)]
pub struct HostAdvice {
    /// What it needs.
    pub verdict: Verdict,
    /// The conditions that led to it.
    pub reasons: Vec<String>,
    /// How far it is from its cluster; orders hosts and decides nothing.
    pub snowflake: Snowflake,
}

/// One piece of advice for the hosts of a cluster that share a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The id of the rule that led to it.
    pub rule: &'static str,
    /// The cluster.
    pub cluster: String,
    /// The hosts, by their place in the fleet.
    pub hosts: Vec<usize>,
    /// What to do: repair, replace or investigate.
    pub action: Verdict,
    /// Why.
    pub reason: String,
    /// How, in order: commands, or what a person has to do.
    pub steps: Vec<String>,
}

/// All advice of a run.
#[derive(Debug, Default)]
pub struct Advised {
    /// For each host, by its place in the fleet.
    pub hosts: Vec<HostAdvice>,
    /// For each cluster, in the comparison's order.
    pub clusters: Vec<Verdict>,
    /// What to do, most drastic first.
    pub advice: Vec<Advice>,
}

/// Advises on every host and cluster of a comparison; where it was asked, also by how upgrades would go. `returned`
/// has the keys of findings that came back after they were gone.
pub fn advise(
    comparison: &Comparison<'_>,
    findings: &[Finding],
    outlook: Option<&Outlook>,
    returned: &BTreeSet<String>,
) -> Advised {
    let mut by_host: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.counts()) {
        if let Some((position, _)) = &finding.host {
            by_host.entry(*position).or_default().push(finding);
        }
    }
    let came_back = |finding: &Finding| !returned.is_empty() && returned.contains(&finding.key());
    let mut advised = Advised::default();
    let mut advice = steps::Collected::default();
    for position in 0..comparison.fleet.hosts.len() {
        let own = by_host.remove(&position).unwrap_or_default();
        // No command mends for good what cannot be changed, or what came back after it was mended.
        let lasts = |finding: &Finding| {
            let mut own =
                comparison.clusters.iter().filter(|one| Some(&one.name) == finding.cluster.as_ref());
            came_back(finding)
                || own.any(|cluster| {
                    cluster.is_contained(position, &finding.subject, &comparison.fleet.strings)
                })
        };
        let conditions = Conditions::of(&own, is_replaceable(comparison, position), outlook, lasts);
        let verdict = match comparison.observation(position).map(crate::snapshot::Observation::status) {
            Some(HostStatus::Unreachable) | None => Verdict::Unknown,
            // Whoever waives a gap does not know more by it.
            Some(HostStatus::Partial) => conditions.verdict().max(Verdict::Unknown),
            Some(HostStatus::Audited) => conditions.verdict(),
        };
        advice.add(comparison, position, verdict, &conditions);
        let replaced = was_replaced(comparison, position);
        let verdict = match &replaced {
            // What could not be told of a host is not told by its being replaced.
            Some(_) if verdict != Verdict::Unknown => Verdict::Replaced,
            _ => verdict,
        };
        let snowflake = snowflake::score(comparison, position, &own);
        let mut reasons: Vec<String> = replaced.into_iter().chain(conditions.reasons()).collect();
        if reasons.is_empty() && verdict == Verdict::Unknown {
            reasons.extend(not_audited(comparison, position));
        }
        advised.hosts.push(HostAdvice { verdict, reasons, snowflake });
    }
    let worst = |members: &[usize]| {
        members.iter().filter_map(|position| advised.hosts.get(*position)).map(|host| host.verdict).max()
    };
    advised.clusters = comparison
        .clusters
        .iter()
        .map(|cluster| {
            let gone = if cluster.replaced.is_empty() { Verdict::Unknown } else { Verdict::Replaced };
            worst(&cluster.members).unwrap_or(gone)
        })
        .collect();
    advised.advice = advice.finish(comparison);
    advised
}

/// Who has taken over from a host that is a member of no cluster any more.
fn was_replaced(comparison: &Comparison<'_>, position: usize) -> Option<String> {
    let is_member = |cluster: &&Cluster<'_>| cluster.members.binary_search(&position).is_ok();
    if comparison.clusters.iter().any(|cluster| is_member(&cluster)) {
        return None;
    }
    let (cluster, by) = comparison.clusters.iter().find_map(|cluster| {
        let (_, by) = cluster.replaced.iter().find(|(gone, _)| *gone == position)?;
        Some((cluster, by))
    })?;
    Some(format!(
        "{} of {}: the container {} on {} has taken over; take this host out of the inventory once nothing else needs it",
        by.replaces.service,
        cluster.name,
        by.container.label(),
        comparison.name(by.position)
    ))
}

/// Why a host is not known, where no finding that counts says it.
fn not_audited(comparison: &Comparison<'_>, position: usize) -> Vec<String> {
    let Some(seen) = comparison.observation(position) else { return Vec::new() };
    let fault = seen.fault.iter().map(|fault| format!("{}: {}", fault.phase, fault.message));
    let gaps = seen.snapshot.iter().flat_map(|snapshot| &snapshot.gaps);
    fault.chain(gaps.map(|gap| format!("{}: {}", gap.probe, gap.reason))).collect()
}

/// Whether an image of its cluster's release is a step forward for a host: its own release is known to be
/// older, and the cluster's has what the playbook expects.
fn is_replaceable(comparison: &Comparison<'_>, position: usize) -> bool {
    let Some(os) = comparison.observation(position).and_then(crate::snapshot::Observation::os) else {
        return false;
    };
    let mine = comparison.clusters.iter().filter(|cluster| cluster.members.binary_search(&position).is_ok());
    mine.filter_map(|cluster| Some((cluster, cluster.releases.majority()?, cluster.releases.expected()?)))
        .all(|(cluster, slot, release)| {
            let elsewhere = |column: &&crate::drift::Column<'_>| {
                column.is_named() && matches!(column.expected(slot), Expected::Version { exact: false, .. })
            };
            os.same_release(release)
                || release.newer_than(os) == Some(true)
                    && !cluster.columns.iter().any(|column| elsewhere(&column))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::fixture::{Spec, beside_three, compared};

    const NGINX: &str = "[[package]]\nname = \"nginx\"\n";

    #[track_caller]
    fn advised(playbook: &str, hosts: &[Spec<'_>]) -> Advised {
        compared(playbook, hosts, |comparison, findings| advise(comparison, findings, None, &BTreeSet::new()))
    }

    /// The verdict of a host that has something else than three others.
    #[track_caller]
    fn verdict(same: &str, odd: &str) -> Verdict {
        let advised = advised(NGINX, &beside_three(same, odd));
        assert!(advised.hosts[..3].iter().all(|host| host.verdict == Verdict::InSync));
        assert_eq!(advised.clusters, [advised.hosts[3].verdict], "a cluster's verdict is its worst host's");
        advised.hosts[3].verdict
    }

    #[test]
    fn each_condition_has_its_verdict() {
        assert_eq!(verdict("nginx=2-1", "nginx=2-1"), Verdict::InSync);
        assert_eq!(verdict("nginx=2-1", "nginx=1-1"), Verdict::Repair);
        assert_eq!(verdict("nginx=2-1", "bash=5-1"), Verdict::Repair);
        assert_eq!(verdict("nginx=2-1", "nginx=2-1/hi"), Verdict::Repair);
        assert_eq!(verdict("nginx=2-1", "nginx=2-1 bad=1-1/iF"), Verdict::Replace);
        assert_eq!(verdict("nginx=2-1", "bookworm nginx=1-1"), Verdict::Replace);
        assert_eq!(verdict("nginx=2-1", "nginx=3-1"), Verdict::Investigate);
        assert_eq!(verdict("nginx=2-1", "no-dpkg"), Verdict::Unknown);
        assert_eq!(verdict("nginx=2-1", "down"), Verdict::Unknown);
    }

    #[test]
    fn a_host_of_a_newer_release_is_not_replaced_by_an_older_image() {
        assert_eq!(verdict("bookworm nginx=1-1", "trixie nginx=2-1"), Verdict::Investigate);
        assert_eq!(verdict("bookworm nginx=1-1", "trixie nginx=1-1 bad=1-1/iF"), Verdict::Investigate);
    }

    #[test]
    fn a_release_of_unknown_age_is_not_replaced() {
        assert_eq!(verdict("trixie nginx=1-1", "forky nginx=1-1"), Verdict::Investigate);
    }

    #[test]
    fn whoever_waives_a_gap_does_not_know_more_by_it() {
        for waiver in ["[rules]\ngap = \"off\"\n", "[[ignore]]\nrule = \"gap\"\nreason = \"who cares\"\n"] {
            let advised = advised(&format!("{NGINX}{waiver}"), &beside_three("nginx=2-1", "no-dpkg"));
            assert_eq!(advised.hosts[3].verdict, Verdict::Unknown);
            assert_eq!(advised.hosts[3].reasons, ["dpkg: not-installed"]);
        }
    }

    #[test]
    fn a_version_of_another_release_is_in_no_command() {
        for baseline in ["newest", "host:web-04"] {
            let playbook = format!("{NGINX}baseline = \"{baseline}\"\n");
            let hosts = beside_three("trixie nginx=2-1", "bookworm nginx=3-1");
            let advised = advised(&playbook, &hosts);
            let steps: Vec<&String> = advised.advice.iter().flat_map(|advice| &advice.steps).collect();
            assert!(!steps.iter().any(|step| step.contains("nginx=3-1")), "{baseline}: {steps:?}");
            assert_ne!(advised.hosts[3].verdict, Verdict::Replace, "{baseline}: it is ahead");
        }
    }

    #[test]
    fn no_command_breaks_the_playbooks_own_policy() {
        let playbook = format!("{NGINX}version = \"<1.27\"\n");
        for odd in ["nginx=1.26-1", "bash=5-1"] {
            let advised = advised(&playbook, &beside_three("nginx=1.28-1", odd));
            assert_eq!(advised.hosts[3].verdict, Verdict::Investigate, "{odd}");
            let steps: Vec<&String> = advised.advice.iter().flat_map(|advice| &advice.steps).collect();
            assert!(!steps.iter().any(|step| step.contains("apt-get install")), "{steps:?}");
        }
    }

    #[test]
    fn presence_without_a_majority_is_for_a_person_to_decide_on_both_sides() {
        let advised = advised(NGINX, &[("a", "nginx=1-1"), ("b", "bash=5-1")]);
        assert!(advised.hosts.iter().all(|host| host.verdict == Verdict::Investigate));
    }

    #[test]
    fn triggers_that_wait_are_repaired() {
        let advised = advised(NGINX, &beside_three("nginx=2-1", "nginx=2-1 man-db=2-1/it"));
        assert_eq!(advised.hosts[3].verdict, Verdict::Repair);
        assert_eq!(advised.advice[0].steps[0], "dpkg --configure -a");
    }

    #[test]
    fn without_a_majority_a_person_decides() {
        let advised = advised(NGINX, &[("a", "nginx=1-1"), ("b", "nginx=2-1")]);
        assert!(advised.hosts.iter().all(|host| host.verdict == Verdict::Investigate));
        assert_eq!(advised.advice.len(), 1);
        assert_eq!(advised.advice[0].action, Verdict::Investigate);
    }

    #[test]
    fn a_repair_names_the_version_and_unholds_first() {
        let advised = advised(NGINX, &beside_three("nginx=2-1", "nginx=1-1/hi"));
        assert_eq!(
            advised.advice[0].steps,
            [
                "apt-mark unhold nginx",
                "apt-get install nginx=2-1",
                "ansible 'web-04' -b -m dpkg_selections -a 'name=nginx selection=install'",
                "ansible 'web-04' -b -m apt -a 'name=nginx=2-1'"
            ]
        );
    }

    /// Hosts under a service manager that run an nginx of before, and others' daemons beside it.
    fn stale(services: &str) -> String {
        format!(
            "nginx=1-1\n@services\n{services}\n@processes\nclock\t1790009000\nprivileged\n\
             daemon\t7\t1790001000\tnginx.service\tnginx\tdeleted\t/usr/sbin/nginx\n\
             daemon\t8\t1790001000\tcron.service\tcron\tdeleted\t/usr/sbin/cron\n"
        )
    }

    #[test]
    fn services_of_before_are_started_again_as_the_host_does_it() {
        let service = "[[service]]\nname = \"nginx\"\n";
        let systemd = advised(
            service,
            &[(
                "web-01",
                &stale(
                    "manager systemd\nId=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\
                     UnitFileState=enabled\nMainPID=7",
                ),
            )],
        );
        assert_eq!(
            systemd.advice[0].steps,
            [
                "systemctl restart cron",
                "systemctl restart nginx",
                "ansible 'web-01' -b -m service -a 'name=cron state=restarted'",
                "ansible 'web-01' -b -m service -a 'name=nginx state=restarted'",
            ]
        );
        let openrc = advised(service, &[("web-01", &stale("manager openrc\nservice nginx started enabled"))]);
        assert!(openrc.advice[0].steps.iter().all(|step| !step.contains("systemctl")), "{:?}", openrc.advice);
        assert!(!openrc.advice[0].steps.is_empty());
    }

    #[test]
    fn a_host_that_waits_for_its_boot_is_drained_first() {
        let host = "nginx=1-1\n@kernels\nfile\t1795132800\t/boot/vmlinuz-6.12.50\n@reboot\npending\npackage\tlibc6\n";
        let advised = advised("", &[("web-01", host)]);
        assert_eq!(advised.hosts[0].verdict, Verdict::Repair);
        assert!(advised.advice[0].steps[0].starts_with("drain the host"), "{:?}", advised.advice[0].steps);
        assert_eq!(advised.advice[0].steps[1], "ansible 'web-01' -b -m reboot");
        assert_eq!(advised.advice[0].steps.len(), 2, "one boot does for both");
    }

    #[test]
    fn a_security_update_is_installed_once_in_its_newest_version() {
        let offered = "\n@candidates\n= apt\n= lists 1\nnginx:\n  Candidate: 3-1\n  Version table:\n     3-1 500\n        500 http://ftp.at.debian.org/debian-security trixie-security/main amd64 Packages\n";
        let host = |installed: &str| format!("nginx={installed}{offered}");
        let advised = advised(NGINX, &beside_three(&host("2-1/hi"), &host("1-1/hi")));
        let odd = advised.advice.iter().find(|advice| advice.hosts.contains(&3)).unwrap();
        assert_eq!(odd.steps[..2], ["apt-mark unhold nginx", "apt-get install nginx=3-1"]);
        assert!(!odd.steps.iter().any(|step| step.contains("2-1")), "{:?}", odd.steps);
    }

    #[test]
    fn no_advice_goes_back() {
        for odd in ["nginx=3-1", "nginx=3-1/hi", "trixie nginx=3-1 bad=1-1/iF"] {
            let advised = advised(NGINX, &beside_three("nginx=2-1", odd));
            let steps: Vec<&String> = advised.advice.iter().flat_map(|advice| &advice.steps).collect();
            assert!(!steps.iter().any(|step| step.contains("apt-get install nginx=2")), "{steps:?}");
        }
    }

    #[test]
    fn a_host_with_data_is_told_of_its_data_first() {
        let advised = advised(NGINX, &beside_three("nginx=2-1", "bookworm nginx=1-1 postgresql-15=15-1"));
        assert!(advised.advice[0].steps[0].contains("postgresql-15"), "{:?}", advised.advice[0].steps);
    }

    #[test]
    fn the_score_names_its_terms_and_what_was_not_measured() {
        let advised = advised(NGINX, &beside_three("nginx=2-1", "bookworm nginx=1-1"));
        let (same, odd) = (&advised.hosts[0].snowflake, &advised.hosts[3].snowflake);
        assert!(same.score.abs() < 1e-9);
        let names: Vec<&str> = odd.terms.iter().map(|term| term.name).collect();
        assert_eq!(names, ["release", "packages", "broken", "policy", "held"]);
        let sum: f64 = odd.terms.iter().map(|term| term.weight * term.value).sum();
        let weight: f64 = odd.terms.iter().map(|term| term.weight).sum();
        assert!((odd.score - sum / weight).abs() < 1e-3 && odd.score >= 0.6, "{odd:?}");
        let down = self::advised(NGINX, &beside_three("nginx=2-1", "down"));
        assert!(down.hosts[3].snowflake.terms.is_empty());
        assert!(down.hosts[3].snowflake.not_measured.contains(&"release"));
    }

    #[test]
    fn a_package_that_must_change_and_whose_configuration_was_edited_is_a_reason_to_replace() {
        let host = |version: &str, fate: &str| {
            format!("nginx={version}\n@conffiles\n{fate}\tnginx\t{:064}\t/etc/nginx/nginx.conf\n", 1)
        };
        let most = host("1.2-1", "shipped");
        let verdict = |odd: &str| advised(NGINX, &beside_three(&most, odd)).hosts[3].verdict;
        assert_eq!(verdict(&host("1.1-1", "edited")), Verdict::Replace);
        assert_eq!(verdict(&host("1.1-1", "shipped")), Verdict::Repair);
        assert_eq!(verdict(&host("1.2-1", "edited")), Verdict::Investigate);
    }

    #[test]
    fn what_a_kernel_shall_run_with_is_told_in_commands() {
        let host = |value: &str| format!("trixie\n@sysctl\nvalue\tnet/ipv4/tcp_rmem\t{value}\n");
        let advised = advised(
            "[[sysctl]]\nkey = \"net.ipv4.tcp_rmem\"\nvalue = \"4096 1 2\"\n",
            &[("a", &host("1\t2\t3"))],
        );
        assert_eq!(advised.hosts[0].verdict, Verdict::Repair);
        assert_eq!(advised.advice[0].steps[0], "sysctl -w net.ipv4.tcp_rmem='4096 1 2'");
    }
}
