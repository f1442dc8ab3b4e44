//! Chooses what a first playbook names: for each cluster the packages that say what it is for.
//!
//! Where hosts differ today, the package is named. Of those on which they agree, it is named if most hosts
//! have it on purpose, and neither the base system nor every cluster has it.

use std::collections::{BTreeMap, BTreeSet};

use super::base::is_base;
use super::cluster::{About, about, label, other_release};
use super::hosts;
use super::package::{Package, Standing};
use crate::drift::{Cluster, Column, Comparison, Judgement};
use crate::inventory::HostId;

/// How many packages are named for one cluster.
const MOST: usize = 25;

/// What a first playbook tells.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) clusters: Vec<ClusterToday>,
    /// For the examples: a finding of a package, with its host's pattern.
    pub(super) drift: Option<Example>,
    /// And the hosts of a cluster that run another release.
    pub(super) release: Option<Example>,
    /// Names of hosts by position in the fleet.
    pub(super) names: Vec<String>,
}

/// A finding that today's hosts give.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) rule: &'static str,
    pub(super) hosts: String,
    /// `None` is whatever the rule speaks of.
    pub(super) subject: Option<String>,
}

/// One cluster.
#[derive(Debug)]
pub(super) struct ClusterToday {
    pub(super) name: String,
    /// Its hosts as a pattern; `None` where none means them.
    pub(super) hosts: Option<String>,
    pub(super) about: About,
    /// The packages that are named, those in which hosts differ first, then by name.
    pub(super) packages: Vec<Package>,
    /// How many are not: the base system and what every cluster has, the same on all hosts.
    pub(super) plain: usize,
    /// How many there was no room for, and in how many of them hosts differ.
    pub(super) beyond: (usize, usize),
    /// Packages that someone installed on purpose on a few hosts only.
    pub(super) extra: Vec<String>,
}

/// The packages of a cluster that could be named.
struct Candidates<'c, 'a> {
    cluster: &'c Cluster<'a>,
    /// By name, and whether hosts differ in it without a playbook.
    packages: Vec<(Package, bool)>,
    /// On how many hosts each is on purpose; empty where that is not known.
    on_purpose: BTreeMap<&'c str, usize>,
    extra: Vec<String>,
}

impl Survey {
    /// From a comparison without a playbook, and one that names every package.
    pub(super) fn of(plain: &Comparison<'_>, named: &Comparison<'_>) -> Self {
        let pairs = plain.clusters.iter().zip(&named.clusters);
        let candidates: Vec<Candidates<'_, '_>> =
            pairs.map(|(plain_cluster, cluster)| candidates(plain, plain_cluster, cluster)).collect();
        let everywhere = everywhere(&candidates);
        let mut clusters: Vec<ClusterToday> =
            candidates.into_iter().map(|candidates| choose(named, candidates, &everywhere)).collect();
        let mut taken = BTreeSet::new();
        for cluster in &mut clusters {
            cluster.name = label(&cluster.name, &mut taken);
        }
        Self {
            drift: drift(named, &clusters),
            release: named.clusters.iter().find_map(|cluster| release(named, cluster)),
            names: (0..named.fleet.hosts.len()).map(|at| named.name(at).to_owned()).collect(),
            clusters,
        }
    }
}

fn candidates<'c, 'a>(
    comparison: &'c Comparison<'a>,
    plain: &Cluster<'_>,
    cluster: &'c Cluster<'a>,
) -> Candidates<'c, 'a> {
    let judged = |column: &&Column<'_>, wanted: fn(Judgement) -> bool| {
        (0..plain.members.len()).any(|member| wanted(column.judge(member)))
    };
    let differs = |judgement| {
        matches!(judgement, Judgement::Missing | Judgement::Undecided | Judgement::Different { .. })
    };
    let names = |wanted: fn(Judgement) -> bool| -> BTreeSet<&str> {
        plain.columns.iter().filter(|column| judged(column, wanted)).map(|column| column.name).collect()
    };
    let (drifted, extra) = (names(differs), names(|judgement| judgement == Judgement::Extra));
    let asked: BTreeSet<&str> = plain.columns.iter().map(|column| column.name).collect();
    let mut by_name: BTreeMap<&str, Vec<&Column<'_>>> = BTreeMap::new();
    for column in cluster.columns.iter().filter(|column| asked.contains(column.name)) {
        by_name.entry(column.name).or_default().push(column);
    }
    let packages = by_name
        .iter()
        .filter_map(|(name, columns)| Some((Package::of(name, columns, cluster)?, drifted.contains(name))));
    let packages: Vec<(Package, bool)> = packages.collect();
    let named: BTreeSet<&str> = packages.iter().map(|(package, _)| package.name.as_str()).collect();
    let extra = extra.difference(&named).map(|name| (*name).to_owned()).collect();
    Candidates { cluster, packages, on_purpose: on_purpose(comparison, cluster), extra }
}

fn on_purpose<'c>(comparison: &'c Comparison<'_>, cluster: &'c Cluster<'_>) -> BTreeMap<&'c str, usize> {
    let mut counts = BTreeMap::new();
    for (_, packages) in comparison.packages_in(cluster).filter(|(_, packages)| packages.purpose_known) {
        for package in packages.list.iter().filter(|package| package.on_purpose) {
            *counts.entry(comparison.fleet.strings.text(package.name)).or_default() += 1;
        }
    }
    counts
}

/// Names of the packages that every cluster agrees on, where there is more than one.
fn everywhere(all: &[Candidates<'_, '_>]) -> BTreeSet<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let known = all.iter().filter(|one| !one.packages.is_empty());
    let clusters = known.clone().count();
    for (package, _) in known.flat_map(|one| &one.packages) {
        if matches!(package.standing, Standing::Most { .. }) {
            *counts.entry(&package.name).or_default() += 1;
        }
    }
    let common = counts.into_iter().filter(|(_, count)| clusters > 1 && *count == clusters);
    common.map(|(name, _)| name.to_owned()).collect()
}

fn choose(
    named: &Comparison<'_>,
    candidates: Candidates<'_, '_>,
    everywhere: &BTreeSet<String>,
) -> ClusterToday {
    let Candidates { cluster, packages, on_purpose, extra } = candidates;
    let ids: BTreeSet<HostId> =
        cluster.members.iter().filter_map(|at| Some(named.observation(*at)?.host)).collect();
    let all = packages.len();
    let (drifted, agreed): (Vec<_>, Vec<_>) = packages.into_iter().partition(|(_, differs)| *differs);
    let purpose = |package: &Package| {
        let hosts = on_purpose.get(package.name.as_str()).copied().unwrap_or_default();
        on_purpose.is_empty() || hosts * 2 > package.installed
    };
    let worth = agreed.into_iter().filter(|(package, _)| purpose(package) && !is_base(&package.name));
    let (common, own): (Vec<_>, Vec<_>) = worth.partition(|(package, _)| everywhere.contains(&package.name));
    // Clusters that are all alike are for what they have in common.
    let agreed = if own.is_empty() { common } else { own };
    let differing = drifted.len();
    let mut chosen: Vec<Package> = drifted.into_iter().chain(agreed).map(|(package, _)| package).collect();
    let plain = all - chosen.len();
    let beyond = (chosen.len().saturating_sub(MOST), differing.saturating_sub(MOST));
    chosen.truncate(MOST);
    ClusterToday {
        name: cluster.name.clone(),
        hosts: hosts::pattern(named.inventory, &ids),
        about: about(named, cluster),
        packages: chosen,
        plain,
        beyond,
        extra,
    }
}

fn pattern_of(comparison: &Comparison<'_>, positions: &[usize]) -> Option<String> {
    let ids = positions.iter().filter_map(|at| Some(comparison.observation(*at)?.host)).collect();
    hosts::names(comparison.inventory, &ids)
}

/// The first package that drifts; on a host of another release, or merely ahead, only if there is no other.
fn drift(comparison: &Comparison<'_>, clusters: &[ClusterToday]) -> Option<Example> {
    let packages = clusters.iter().flat_map(|cluster| &cluster.packages);
    let mut found: Vec<(&str, &'static str, usize)> =
        packages.filter_map(|one| one.example.map(|(rule, host)| (one.name.as_str(), rule, host))).collect();
    let elsewhere: BTreeSet<usize> =
        comparison.clusters.iter().flat_map(other_release).flat_map(|(_, positions)| positions).collect();
    found.sort_by_key(|(_, rule, host)| (*rule == "ahead", elsewhere.contains(host)));
    let (package, rule, host) = *found.first()?;
    Some(Example { rule, hosts: pattern_of(comparison, &[host])?, subject: Some(package.to_owned()) })
}

fn release(comparison: &Comparison<'_>, cluster: &Cluster<'_>) -> Option<Example> {
    let others: Vec<usize> = other_release(cluster).into_values().flatten().collect();
    let hosts = pattern_of(comparison, &others).filter(|_| !others.is_empty())?;
    Some(Example { rule: "release", hosts, subject: None })
}
