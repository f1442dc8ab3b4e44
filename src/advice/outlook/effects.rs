//! What else an upgrade would change, and where hosts would end up different from one another.

use std::collections::{BTreeMap, BTreeSet};

use super::HostOutlook;
use super::spread::{Has, Share, is_apart, spread};
use crate::drift::Comparison;
use crate::readiness::{Room, State, installed, rooms};
use crate::snapshot::PackageChange;

/// What would change on hosts that agree in that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The hosts, by their place in the fleet.
    pub hosts: Vec<usize>,
    /// Every change of the transaction, the package itself included.
    pub changes: Vec<PackageChange>,
    /// By mount: the most that any of them needs, and the least that is free on any of them.
    pub rooms: Vec<Room>,
}

/// A package, beside those that are upgraded, of which hosts that are alike today would not have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// Its name.
    pub package: String,
    /// Who would have what.
    pub shares: Vec<Share>,
}

/// What would change on the hosts that are ready, those that agree together, most hosts first.
pub(super) fn effects(comparison: &Comparison<'_>, hosts: &[HostOutlook]) -> Vec<Effect> {
    let mut same: BTreeMap<&[PackageChange], Vec<usize>> = BTreeMap::new();
    for host in hosts.iter().filter(|host| host.state == State::Ready && !host.changes.is_empty()) {
        same.entry(host.changes.as_slice()).or_default().push(host.position);
    }
    let mut effects: Vec<Effect> = same
        .into_iter()
        .map(|(changes, hosts)| Effect {
            rooms: worst(comparison, &hosts, changes),
            changes: changes.to_vec(),
            hosts,
        })
        .collect();
    effects.sort_by_key(|effect| std::cmp::Reverse(effect.hosts.len()));
    effects
}

fn worst(comparison: &Comparison<'_>, hosts: &[usize], changes: &[PackageChange]) -> Vec<Room> {
    let mut mounts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let seen = hosts.iter().filter_map(|position| comparison.observation(*position)?.upgrades());
    for room in seen.flat_map(|upgrades| rooms(upgrades, changes)) {
        let worst = mounts.entry(room.mount).or_insert((0, u64::MAX));
        *worst = (worst.0.max(room.needs), worst.1.min(room.free));
    }
    mounts.into_iter().map(|(mount, (needs, free))| Room { mount, needs, free }).collect()
}

/// Packages of which the ready hosts would not have the same; `upgraded` are those that are meant to change.
pub(super) fn apart(
    comparison: &Comparison<'_>,
    hosts: &[HostOutlook],
    upgraded: &BTreeSet<&str>,
) -> Vec<Apart> {
    let ready: Vec<&HostOutlook> = hosts.iter().filter(|host| host.state == State::Ready).collect();
    let changed: BTreeSet<&str> = ready
        .iter()
        .flat_map(|host| &host.changes)
        .map(|change| change.package.as_str())
        .filter(|package| !upgraded.contains(package))
        .collect();
    let packages = changed.into_iter().filter_map(|package| {
        let after: Vec<(usize, Has)> = ready
            .iter()
            .map(|host| {
                let change = host.changes.iter().find(|change| change.package == package);
                let has = match change {
                    Some(change) => change.to.clone().map_or(Has::Nothing, Has::Version),
                    None => installed(comparison, host.position, package).into(),
                };
                (host.position, has)
            })
            .collect();
        let each = || after.iter().map(|(position, has)| (*position, has));
        is_apart(comparison, each()).then(|| Apart { package: package.to_owned(), shares: spread(each()) })
    });
    packages.collect()
}
