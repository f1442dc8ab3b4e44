//! How a cluster would look after an upgrade: who is ready, who is not and why, and what that leads to.
//!
//! It rests on the readiness and on which findings count; nothing here talks to a host.

mod remedy;

use std::collections::BTreeMap;

use crate::drift::Comparison;
use crate::readiness::{HostUpgrade, Obstacle, Readiness, Solver, State, Upgrade};
use crate::rules::{Evidence, Finding, rule_of};

/// The outlook of every upgrade of a run.
#[derive(Debug, Default)]
pub struct Outlook {
    /// In the order of the clusters, and in each in that of the playbook.
    pub upgrades: Vec<UpgradeOutlook>,
}

/// One package of one cluster.
#[derive(Debug)]
pub struct UpgradeOutlook {
    /// The cluster, by its place in the comparison.
    pub cluster: usize,
    /// The package.
    pub package: String,
    /// What it shall come to, as it is written.
    pub target: String,
    /// Every host that it speaks of.
    pub hosts: Vec<HostOutlook>,
}

/// One upgrade on one host.
#[derive(Debug)]
pub struct HostOutlook {
    /// The host's place in the fleet.
    pub position: usize,
    /// Whether it would succeed.
    pub state: State,
    /// Why that could not be told, where it could not.
    pub why: Option<String>,
    /// The version that is installed.
    pub now: Option<String>,
    /// The version that would be: that of the target where it would succeed, or else what is installed.
    pub after: Option<String>,
    /// What stands in the way, and counts.
    pub inhibitors: Vec<Inhibitor>,
    /// What is worth a warning, and counts.
    pub warnings: Vec<Inhibitor>,
}

/// An obstacle in words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Inhibitor {
    /// The obstacle.
    pub obstacle: Obstacle,
    /// What it is in words.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

impl Outlook {
    /// The outlook of what was judged, where findings that do not count are waived.
    pub fn of(comparison: &Comparison<'_>, readiness: &Readiness, findings: &[Finding]) -> Self {
        let told: BTreeMap<String, &Finding> = findings
            .iter()
            .filter(|finding| matches!(finding.evidence, Evidence::Obstacle(..)))
            .map(|finding| (finding.key(), finding))
            .collect();
        let upgrades = readiness.upgrades.iter().map(|upgrade| of_upgrade(comparison, upgrade, &told));
        Self { upgrades: upgrades.collect() }
    }
}

fn of_upgrade(
    comparison: &Comparison<'_>,
    upgrade: &Upgrade,
    told: &BTreeMap<String, &Finding>,
) -> UpgradeOutlook {
    let cluster = comparison.clusters.get(upgrade.cluster).map_or("", |cluster| cluster.name.as_str());
    let finding = |host: &HostUpgrade, obstacle: &Obstacle| {
        let rule = rule_of(obstacle.kind)?.id;
        told.get(&format!("{rule}/{cluster}/{}/{}", comparison.name(host.position), obstacle.subject))
            .copied()
    };
    let hosts = upgrade.hosts.iter().map(|host| {
        let state = host.state(|obstacle| finding(host, obstacle).is_some_and(Finding::counts));
        let counting = host.obstacles.iter().filter_map(|obstacle| {
            let finding = finding(host, obstacle).filter(|finding| finding.counts())?;
            let message = finding.message();
            let remedy = remedy::remedy(obstacle, comparison.observation(host.position));
            Some(Inhibitor { obstacle: obstacle.clone(), message, remedy })
        });
        let (inhibitors, warnings) = counting.partition(|inhibitor| inhibitor.obstacle.kind.blocks());
        HostOutlook {
            position: host.position,
            state,
            why: if let Solver::Unknown(why) = &host.solver { Some(why.clone()) } else { None },
            now: host.now.clone(),
            after: if state == State::Ready { host.chosen.clone() } else { host.now.clone() },
            inhibitors,
            warnings,
        }
    });
    UpgradeOutlook {
        cluster: upgrade.cluster,
        package: upgrade.package.clone(),
        target: upgrade.target.clone(),
        hosts: hosts.collect(),
    }
}
