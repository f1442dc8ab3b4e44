//! Whether the playbook's upgrades would succeed, host by host, judged from what each host's own solver said.
//!
//! "Ready" comes from the solver alone: everything else can only add obstacles. What could not be told is
//! unknown, and never ready. Words are made later, by the rules.

mod explain;
mod judge;
mod obstacle;
mod problems;
mod reasons;
mod space;

use std::collections::BTreeSet;

pub use obstacle::{Kind, Obstacle};
pub use space::{Room, megabytes, rooms};

use crate::drift::{Cluster, Comparison, Value};
use crate::playbook::UpgradeEntry;
use crate::snapshot::PackageChange;

/// Every upgrade of a playbook, cluster by cluster.
#[derive(Debug, Default)]
pub struct Readiness {
    /// In the order of the clusters, and in each in that of the playbook.
    pub upgrades: Vec<Upgrade>,
}

/// One package of one cluster.
#[derive(Debug)]
pub struct Upgrade {
    /// The cluster, by its place in [`Comparison::clusters`].
    pub cluster: usize,
    /// The package.
    pub package: String,
    /// What it shall come to, as it is written; where entries differ from host to host, each once.
    pub target: String,
    /// The hosts that it speaks of, in the order of the cluster's members.
    pub hosts: Vec<HostUpgrade>,
}

/// One upgrade on one host.
#[derive(Debug)]
pub struct HostUpgrade {
    /// The host's place in the fleet.
    pub position: usize,
    /// The version that is installed; `None` where none is, or where that is not known.
    pub now: Option<String>,
    /// The version that the target comes to here; `None` where there is none.
    pub chosen: Option<String>,
    /// What its solver said.
    pub solver: Solver,
    /// What stands in the way, and what is worth a warning.
    pub obstacles: Vec<Obstacle>,
    /// What the transaction would change on the host, the package itself included.
    pub changes: Vec<PackageChange>,
}

/// What a host's solver said of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Solver {
    /// It would do it.
    Would,
    /// It would not.
    WouldNot,
    /// It could not be asked, or what it said is not known: why.
    Unknown(String),
}

/// Whether an upgrade would succeed on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// No obstacle is known.
    Ready,
    /// It could not be told.
    Unknown,
    /// Something stands in the way.
    Blocked,
}

impl HostUpgrade {
    /// How it stands, where obstacles that `counts` rejects are waived. A waiver makes a host ready only where its
    /// solver would do the upgrade.
    pub fn state(&self, counts: impl Fn(&Obstacle) -> bool) -> State {
        match &self.solver {
            Solver::Unknown(_) => State::Unknown,
            Solver::WouldNot => State::Blocked,
            Solver::Would if self.obstacles.iter().any(|one| one.kind.blocks() && counts(one)) => {
                State::Blocked
            }
            Solver::Would => State::Ready,
        }
    }
}

impl Readiness {
    /// Judges every upgrade that the playbook has, on every host that it speaks of.
    pub fn of(comparison: &Comparison<'_>) -> Self {
        let clusters = comparison.clusters.iter().enumerate();
        let efforts = explain::Efforts::new();
        let all: Vec<(Upgrade, bool)> =
            clusters.flat_map(|(at, cluster)| of_cluster(comparison, at, cluster, &efforts)).collect();
        let ours = all.iter().filter(|(_, is_ours)| *is_ours);
        let told: BTreeSet<String> = ours.map(|(upgrade, _)| upgrade.package.clone()).collect();
        // What no cluster has is told of all the same: it may be a name that nobody knows.
        let kept = all.into_iter().filter(|(upgrade, is_ours)| *is_ours || !told.contains(&upgrade.package));
        Self { upgrades: kept.map(|(upgrade, _)| upgrade).collect() }
    }
}

/// The upgrades of a cluster: one for each package that entries name, in their order, with whether it is a matter of
/// the cluster.
fn of_cluster(
    comparison: &Comparison<'_>,
    at: usize,
    cluster: &Cluster<'_>,
    efforts: &explain::Efforts,
) -> Vec<(Upgrade, bool)> {
    let mut seen = BTreeSet::new();
    let packages = comparison.playbook.upgrades.iter().map(|entry| entry.package.as_str());
    let packages: Vec<&str> = packages.filter(|package| seen.insert(*package)).collect();
    packages.into_iter().filter_map(|package| of_package(comparison, at, cluster, package, efforts)).collect()
}

/// One package of a cluster, `None` where no entry speaks of its hosts. It is no matter of the cluster where only one
/// that speaks of every host does, and nobody in the cluster has the package.
fn of_package(
    comparison: &Comparison<'_>,
    at: usize,
    cluster: &Cluster<'_>,
    package: &str,
    efforts: &explain::Efforts,
) -> Option<(Upgrade, bool)> {
    let entry = |position: usize| -> Option<&UpgradeEntry> {
        let host = comparison.observation(position)?.host;
        comparison.bound.upgrades(comparison.playbook, host).find(|entry| entry.package == package)
    };
    // What runs in a container that cannot be changed is not upgraded: a new image replaces it.
    let contained = |position: usize| cluster.is_contained(position, package, &comparison.fleet.strings);
    let members = cluster.members.iter().filter(|position| !contained(**position));
    let covered: Vec<(usize, &UpgradeEntry)> =
        members.filter_map(|position| Some((*position, entry(*position)?))).collect();
    let meant = covered.iter().any(|(_, entry)| entry.hosts.is_some());
    let told = |position: usize| installed(comparison, position, package);
    let all_lack = covered.iter().all(|(position, _)| told(*position) == Value::Absent);
    if covered.is_empty() {
        return None;
    }
    let mut targets: Vec<String> = Vec::new();
    for (_, entry) in &covered {
        let target = entry.to.to_string();
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let hosts =
        covered.into_iter().map(|(position, entry)| judge::judge(comparison, position, entry, efforts));
    let upgrade = Upgrade {
        cluster: at,
        package: package.to_owned(),
        target: targets.join(", "),
        hosts: hosts.collect(),
    };
    Some((upgrade, meant || !all_lack))
}

/// What a host has of a package of its own architecture.
pub fn installed<'a>(comparison: &Comparison<'a>, position: usize, package: &str) -> Value<'a> {
    let Some(packages) = comparison.observation(position).and_then(|seen| seen.packages()) else {
        return Value::Unknown;
    };
    let strings = &comparison.fleet.strings;
    let named = strings.find(package).map(|name| packages.named(name)).unwrap_or_default();
    let all = strings.find("all");
    let native =
        |one: &&crate::snapshot::Package| packages.class(one.arch, all) == crate::snapshot::ArchClass::Native;
    match named.iter().find(native).map(|one| strings.text(one.version)) {
        Some(version) if !version.is_empty() => Value::Installed(version),
        None if packages.complete => Value::Absent,
        Some(_) | None => Value::Unknown,
    }
}
