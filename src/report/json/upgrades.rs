//! The upgrades of the report for programs.

use schemars::JsonSchema;
use serde::Serialize;

use crate::advice::{HostOutlook, Inhibitor, UpgradeOutlook};
use crate::readiness::State;
use crate::report::Audit;
use crate::rules::rule_of;

/// One package of one cluster, and whether it can be upgraded.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Upgrade {
    /// The cluster.
    pub cluster: String,
    /// The package.
    pub package: String,
    /// What it shall come to, as it is written.
    pub target: String,
    /// Hosts on which no obstacle is known.
    pub ready: Vec<String>,
    /// Hosts of which it could not be told.
    pub unknown: Vec<Unknown>,
    /// Hosts on which something stands in the way.
    pub blocked: Vec<Blocked>,
}

/// A host of which it could not be told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Unknown {
    /// Its name.
    pub host: String,
    /// Why.
    pub reason: String,
}

/// A host on which something stands in the way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Blocked {
    /// Its name.
    pub host: String,
    /// What does.
    pub inhibitors: Vec<Obstacle>,
}

/// What stands in the way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Obstacle {
    /// The rule's id.
    pub rule: &'static str,
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

/// The upgrades of a run.
pub(super) fn upgrades(audit: &Audit<'_>) -> Option<Vec<Upgrade>> {
    let outlook = audit.outlook?;
    Some(outlook.upgrades.iter().map(|upgrade| of(audit, upgrade)).collect())
}

fn of(audit: &Audit<'_>, upgrade: &UpgradeOutlook) -> Upgrade {
    let comparison = audit.comparison;
    let name = |host: &HostOutlook| comparison.name(host.position).to_owned();
    let those = |state| upgrade.hosts.iter().filter(move |host| host.state == state);
    Upgrade {
        cluster: comparison
            .clusters
            .get(upgrade.cluster)
            .map(|cluster| cluster.name.clone())
            .unwrap_or_default(),
        package: upgrade.package.clone(),
        target: upgrade.target.clone(),
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
    }
}

fn obstacle(inhibitor: &Inhibitor) -> Obstacle {
    let obstacle = &inhibitor.obstacle;
    Obstacle {
        rule: rule_of(obstacle.kind).map_or("", |rule| rule.id),
        subject: obstacle.subject.clone(),
        needs: obstacle.needs.clone(),
        observed: obstacle.observed.clone(),
        candidate: obstacle.candidate.clone(),
        message: inhibitor.message.clone(),
        remedy: inhibitor.remedy.clone(),
    }
}
