//! How a cluster would look after an upgrade: who is ready, who is not and why, and what that leads to.
//!
//! It rests on the readiness and on which findings count; nothing here talks to a host.

mod causes;
mod conditions;
mod effects;
mod peers;
mod remedy;
mod spread;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use causes::Cause;
pub use conditions::{Condition, Prospect};
pub use effects::{Apart, Effect};
pub use spread::{Has, Share};

use self::peers::{Help, Peers};
use crate::drift::Comparison;
use crate::readiness::{HostUpgrade, Obstacle, Readiness, Solver, State, Upgrade, installed};
use crate::rules::{Evidence, Finding, rule_of};
use crate::snapshot::{Observation, PackageChange};

/// What no simulation can see: it is said once.
pub const UNSEEN: &str = "a simulation does not see what scripts of packages do (they stop and start services, and may \
fail), whether a download succeeds, or what changes on a host until the upgrade begins";

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
    /// What follows.
    pub prospect: Prospect,
    /// Why.
    pub why: Vec<String>,
    /// What stands in the way, hosts with one cause together; those that commands would not help first.
    pub causes: Vec<Cause>,
    /// Who has what of the package.
    pub now: Vec<Share>,
    /// Who would have what.
    pub after: Vec<Share>,
    /// Both, and what they come to, in words.
    pub forecast: String,
    /// The last part of that alone.
    pub end: String,
    /// What would change on the hosts that are ready.
    pub effects: Vec<Effect>,
    /// Where they would end up different from one another beside that.
    pub apart: Vec<Apart>,
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
    /// What is installed.
    pub now: Has,
    /// What would be: the target's version where it would succeed, what is installed where it would not.
    pub after: Has,
    /// What stands in the way, and counts.
    pub inhibitors: Vec<Inhibitor>,
    /// What is worth a warning, and counts.
    pub warnings: Vec<Inhibitor>,
    /// What the transaction would change.
    pub changes: Vec<PackageChange>,
}

/// An obstacle in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibitor {
    /// The obstacle.
    pub obstacle: Obstacle,
    /// What it is in words.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// What it comes to; `None` where it is only worth a warning.
    pub condition: Option<Condition>,
    help: Help,
}

impl Outlook {
    /// The outlook of what was judged, where findings that do not count are waived.
    pub fn of(comparison: &Comparison<'_>, readiness: &Readiness, findings: &[Finding]) -> Self {
        let told: BTreeMap<String, &Finding> = findings
            .iter()
            .filter(|finding| finding.counts() && matches!(finding.evidence, Evidence::Obstacle(..)))
            .map(|finding| (finding.key(), finding))
            .collect();
        let upgraded: BTreeSet<&str> =
            readiness.upgrades.iter().map(|upgrade| upgrade.package.as_str()).collect();
        let upgrades =
            readiness.upgrades.iter().map(|upgrade| of_upgrade(comparison, upgrade, &upgraded, &told));
        Self { upgrades: upgrades.collect() }
    }

    /// Whether commands on its host would leave an obstacle in place; `None` where it is none that is known here.
    pub(super) fn lasts(&self, finding: &Finding) -> Option<bool> {
        let Evidence::Obstacle(obstacle, package) = &finding.evidence else { return None };
        let (position, _) = finding.host.as_ref()?;
        let upgrade = self.upgrades.iter().filter(|upgrade| upgrade.package == *package);
        let host = upgrade.flat_map(|upgrade| &upgrade.hosts).find(|host| host.position == *position)?;
        let inhibitor = host.inhibitors.iter().find(|inhibitor| inhibitor.obstacle == **obstacle)?;
        Some(inhibitor.condition?.lasts())
    }
}

fn of_upgrade(
    comparison: &Comparison<'_>,
    upgrade: &Upgrade,
    upgraded: &BTreeSet<&str>,
    told: &BTreeMap<String, &Finding>,
) -> UpgradeOutlook {
    let judge = Judge {
        comparison,
        upgrade,
        cluster: comparison.clusters.get(upgrade.cluster).map_or("", |cluster| cluster.name.as_str()),
        peers: Peers::of(comparison, upgrade),
        told,
    };
    let hosts: Vec<HostOutlook> = upgrade.hosts.iter().map(|host| judge.host(host)).collect();
    let causes = causes::causes(&hosts, &format!("{} {}", upgrade.package, upgrade.target));
    let (prospect, why) = follows(comparison, &hosts, &causes);
    let now = spread::spread(hosts.iter().map(|host| (host.position, &host.now)));
    let after = spread::spread(hosts.iter().map(|host| (host.position, &host.after)));
    let end = spread::end(comparison, &hosts);
    UpgradeOutlook {
        cluster: upgrade.cluster,
        package: upgrade.package.clone(),
        target: upgrade.target.clone(),
        prospect,
        why,
        causes,
        forecast: spread::forecast(&now, &after, &end),
        end,
        now,
        after,
        effects: effects::effects(comparison, &hosts),
        apart: effects::apart(comparison, &hosts, upgraded),
        hosts,
    }
}

/// What the hosts of one upgrade are judged by.
struct Judge<'c, 'a> {
    comparison: &'c Comparison<'a>,
    upgrade: &'c Upgrade,
    cluster: &'c str,
    peers: Peers<'c, 'a>,
    told: &'c BTreeMap<String, &'c Finding>,
}

impl Judge<'_, '_> {
    fn host(&self, host: &HostUpgrade) -> HostOutlook {
        let state = host.state(|obstacle| self.finding(host, obstacle).is_some());
        let counting = host.obstacles.iter().filter_map(|obstacle| self.inhibitor(host, obstacle));
        let (inhibitors, warnings) = counting.partition(|inhibitor| inhibitor.obstacle.kind.blocks());
        let now: Has = installed(self.comparison, host.position, &self.upgrade.package).into();
        let after = match state {
            State::Ready => host.chosen.clone().map_or(Has::Unknown, Has::Version),
            State::Blocked => now.clone(),
            State::Unknown => Has::Unknown,
        };
        HostOutlook {
            position: host.position,
            state,
            why: if let Solver::Unknown(why) = &host.solver { Some(why.clone()) } else { None },
            now,
            after,
            inhibitors,
            warnings,
            changes: host.changes.clone(),
        }
    }

    /// The finding about an obstacle, if it counts. Where the host's solver refuses, no waiver makes it ready, and
    /// what it refuses for is still told.
    fn finding(&self, host: &HostUpgrade, obstacle: &Obstacle) -> Option<&Finding> {
        let rule = rule_of(obstacle.kind)?.id;
        let name = self.comparison.name(host.position);
        self.told.get(&format!("{rule}/{}/{name}/{}", self.cluster, obstacle.subject)).copied()
    }

    fn inhibitor(&self, host: &HostUpgrade, obstacle: &Obstacle) -> Option<Inhibitor> {
        let message = match self.finding(host, obstacle) {
            Some(finding) => finding.message(),
            None if host.solver == Solver::WouldNot && obstacle.kind.blocks() => {
                format!("{} (waived, and the host's own solver refuses all the same)", obstacle.subject)
            }
            None => return None,
        };
        let seen = self.comparison.observation(host.position);
        let help = self.peers.help(host.position, obstacle);
        let condition = Condition::of(obstacle, &help, self.is_older_release(host.position));
        let remedy = remedy::remedy(obstacle, &help, seen);
        Some(Inhibitor { obstacle: obstacle.clone(), message, remedy, condition, help })
    }

    /// Whether a host runs another release than its cluster, and an image of the cluster's would be a step forward.
    fn is_older_release(&self, position: usize) -> bool {
        let own = self.comparison.observation(position).and_then(Observation::os);
        let cluster = self.comparison.clusters.get(self.upgrade.cluster);
        let theirs = cluster.and_then(|cluster| {
            cluster.releases.majority()?;
            cluster.releases.expected()
        });
        own.zip(theirs).is_some_and(|(own, theirs)| theirs.newer_than(own) == Some(true))
    }
}

/// What follows from how the hosts stand, and why.
fn follows(comparison: &Comparison<'_>, hosts: &[HostOutlook], causes: &[Cause]) -> (Prospect, Vec<String>) {
    let count = |state| hosts.iter().filter(|host| host.state == state).count();
    let (blocked, unknown, all) = (count(State::Blocked), count(State::Unknown), hosts.len());
    let beside = (unknown > 0).then(|| format!("{unknown} of {all} hosts could not be told"));
    if blocked == 0 {
        return match beside {
            Some(unknown) => (Prospect::Unknown, vec![unknown]),
            None if all == 1 => (Prospect::NoKnownObstacle, vec!["no obstacle is known".to_owned()]),
            None => (Prospect::NoKnownObstacle, vec![format!("no obstacle is known on any of {all} hosts")]),
        };
    }
    let lasting: Vec<&Cause> = causes.iter().filter(|cause| cause.condition.lasts()).collect();
    if lasting.is_empty() {
        let blocked = format!("{blocked} of {all} hosts blocked, and commands help there");
        return (Prospect::FixFirst, std::iter::once(blocked).chain(beside).collect());
    }
    let why = lasting.iter().map(|cause| causes::message(comparison, cause));
    (Prospect::ReplaceInstead, why.chain(beside).collect())
}

impl Cause {
    /// `fails on web-07 and web-11 because …`
    pub fn message(&self, comparison: &Comparison<'_>) -> String {
        causes::message(comparison, self)
    }
}
