//! The upgrades of `driftless/report/v1`, under the same promise: fields may be added, none renamed or removed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::v1::{State as Presence, Word};
use crate::advice::{Cause, Has, HostOutlook, Inhibitor, Prospect, Share, UpgradeOutlook};
use crate::readiness::State;
use crate::report::Audit;
use crate::rules::rule_of;
use crate::snapshot::PackageChange;

/// One package of one cluster, and whether it can be upgraded.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Upgrade {
    /// The cluster.
    pub cluster: String,
    /// The package.
    pub package: String,
    /// What it shall come to, as it is written.
    pub target: String,
    /// What follows.
    pub verdict: Prospect,
    /// Why.
    pub why: Vec<String>,
    /// Hosts on which no obstacle is known.
    pub ready: Vec<String>,
    /// Hosts of which it could not be told.
    pub unknown: Vec<Unknown>,
    /// Hosts on which something stands in the way.
    pub blocked: Vec<Blocked>,
    /// What stands in the way, hosts with one cause together.
    pub causes: Vec<CauseReport>,
    /// What would help, for each cause: to be done on the hosts, or the hosts to be replaced.
    pub fixes: Vec<Fix>,
    /// What stops nothing, and is worth knowing.
    pub warnings: Vec<Warning>,
    /// Who has what now.
    pub spread_now: Vec<VersionSpread>,
    /// Who would have what: a host that is blocked what it has, one of which it could not be told is not known.
    pub spread_after: Vec<VersionSpread>,
    /// Both in words, and what they come to.
    pub forecast: String,
    /// What the transaction would change on hosts that are ready, those that agree together.
    pub changes: Vec<Changes>,
    /// Other packages of which these would not have the same afterwards.
    pub apart: Vec<Apart>,
}

/// A host of which it could not be told.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Unknown {
    /// Its name.
    pub host: String,
    /// Why.
    pub reason: String,
}

/// A host on which something stands in the way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Blocked {
    /// Its name.
    pub host: String,
    /// What does.
    pub inhibitors: Vec<Obstacle>,
}

/// What stands in the way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Obstacle {
    /// The rule's id.
    pub rule: Word,
    /// What it is about.
    pub subject: String,
    /// What the upgrade needs of it.
    pub needs: Option<String>,
    /// What is there; null is nothing.
    pub observed: Option<String>,
    /// What could be had; null is nothing.
    pub candidate: Option<String>,
    /// In words; may be reworded.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// Hosts on which the same stands in the way.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Cause")]
pub struct CauseReport {
    /// The hosts.
    pub hosts: Vec<String>,
    /// The rule's id.
    pub rule: Word,
    /// In words, with what other hosts have that these have not; may be reworded.
    pub message: String,
}

/// What helps against a cause.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// The hosts.
    pub hosts: Vec<String>,
    /// `repair`, or `replace` where commands would leave the cause in place.
    pub action: Word,
    /// What to do, in order; where hosts are to be replaced, what would help in place comes last.
    pub steps: Vec<String>,
}

/// What stops nothing, and is worth knowing.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The host.
    pub host: String,
    /// The rule's id.
    pub rule: Word,
    /// In words; may be reworded.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// The hosts that have one version.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct VersionSpread {
    /// The full version; null if there is none, or if it is not known.
    pub version: Option<String>,
    /// Whether it is there.
    pub state: Presence,
    /// The hosts.
    pub hosts: Vec<String>,
}

/// What would change on hosts that agree in that.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// The hosts.
    pub hosts: Vec<String>,
    /// Every package of the transaction.
    pub packages: Vec<Change>,
    /// What it takes, by mount.
    pub space: Vec<Space>,
}

/// One package that would change.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PackageChange")]
pub struct Change {
    /// Its name.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// What there is; null if nothing.
    pub from: Option<String>,
    /// What there would be; null if it would be removed.
    pub to: Option<String>,
}

/// What is needed on a mount.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Space {
    /// The mount.
    pub mount: String,
    /// KiB, the most that any of the hosts needs.
    pub needs: u64,
    /// KiB, the least that is free on any of them.
    pub free: u64,
}

/// A package of which hosts would not have the same.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Apart {
    /// Its name.
    pub package: String,
    /// Who would have what.
    pub spread: Vec<VersionSpread>,
}

/// The upgrades of a run.
pub(super) fn upgrades(audit: &Audit<'_>) -> Option<Vec<Upgrade>> {
    let outlook = audit.outlook?;
    Some(outlook.upgrades.iter().map(|upgrade| of(audit, upgrade)).collect())
}

fn of(audit: &Audit<'_>, upgrade: &UpgradeOutlook) -> Upgrade {
    let name = |host: &HostOutlook| audit.comparison.name(host.position).to_owned();
    let those = |state| upgrade.hosts.iter().filter(move |host| host.state == state);
    let spread = |shares: &[Share]| shares.iter().map(|share| version(audit, share)).collect();
    let cluster = audit.comparison.clusters.get(upgrade.cluster);
    Upgrade {
        cluster: cluster.map(|cluster| cluster.name.clone()).unwrap_or_default(),
        package: upgrade.package.clone(),
        target: upgrade.target.clone(),
        verdict: upgrade.prospect,
        why: upgrade.why.clone(),
        ready: those(State::Ready).map(name).collect(),
        unknown: those(State::Unknown)
            .map(|host| Unknown { host: name(host), reason: host.why.clone().unwrap_or_default() })
            .collect(),
        blocked: those(State::Blocked)
            .map(|host| Blocked {
                host: name(host),
                inhibitors: host.inhibitors.iter().map(obstacle).collect(),
            })
            .collect(),
        causes: upgrade.causes.iter().map(|one| cause(audit, one)).collect(),
        fixes: upgrade.causes.iter().map(|one| fix(audit, one)).collect(),
        warnings: upgrade
            .hosts
            .iter()
            .flat_map(|host| host.warnings.iter().map(|warning| warn(name(host), warning)))
            .collect(),
        spread_now: spread(&upgrade.now),
        spread_after: spread(&upgrade.after),
        forecast: upgrade.forecast.clone(),
        changes: upgrade
            .effects
            .iter()
            .map(|effect| Changes {
                hosts: names(audit, &effect.hosts),
                packages: effect.changes.iter().map(change).collect(),
                space: effect
                    .rooms
                    .iter()
                    .map(|room| Space { mount: room.mount.clone(), needs: room.needs, free: room.free })
                    .collect(),
            })
            .collect(),
        apart: upgrade
            .apart
            .iter()
            .map(|apart| Apart { package: apart.package.clone(), spread: spread(&apart.shares) })
            .collect(),
    }
}

fn names(audit: &Audit<'_>, hosts: &[usize]) -> Vec<String> {
    hosts.iter().map(|position| audit.comparison.name(*position).to_owned()).collect()
}

fn obstacle(inhibitor: &Inhibitor) -> Obstacle {
    let obstacle = &inhibitor.obstacle;
    Obstacle {
        rule: rule_of(obstacle.kind).map_or("", |rule| rule.id).into(),
        subject: obstacle.subject.clone(),
        needs: obstacle.needs.clone(),
        observed: obstacle.observed.clone(),
        candidate: obstacle.candidate.clone(),
        message: inhibitor.message.clone(),
        remedy: inhibitor.remedy.clone(),
    }
}

fn warn(host: String, inhibitor: &Inhibitor) -> Warning {
    Warning {
        host,
        rule: rule_of(inhibitor.obstacle.kind).map_or("", |rule| rule.id).into(),
        message: inhibitor.message.clone(),
        remedy: inhibitor.remedy.clone(),
    }
}

fn cause(audit: &Audit<'_>, cause: &Cause) -> CauseReport {
    CauseReport {
        hosts: names(audit, &cause.hosts),
        rule: rule_of(cause.kind).map_or("", |rule| rule.id).into(),
        message: cause.message(audit.comparison),
    }
}

fn fix(audit: &Audit<'_>, cause: &Cause) -> Fix {
    Fix {
        hosts: names(audit, &cause.hosts),
        action: if cause.condition.lasts() { "replace" } else { "repair" }.into(),
        steps: cause.steps.clone(),
    }
}

fn version(audit: &Audit<'_>, share: &Share) -> VersionSpread {
    let (version, state) = match &share.has {
        Has::Version(version) => (Some(version.clone()), Presence::Installed),
        Has::Nothing => (None, Presence::Absent),
        Has::Unknown => (None, Presence::Unknown),
    };
    VersionSpread { version, state, hosts: names(audit, &share.hosts) }
}

fn change(change: &PackageChange) -> Change {
    Change {
        package: change.package.clone(),
        arch: change.arch.clone(),
        from: change.from.clone(),
        to: change.to.clone(),
    }
}
