//! What there is to say of a cluster beside its packages: its releases, and the hosts that told nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::drift::{Cluster, Comparison};
use crate::snapshot::HostStatus;

/// A cluster's hosts, in numbers and by what is odd about them.
#[derive(Debug)]
pub(super) struct About {
    pub(super) hosts: usize,
    /// How many told what packages they have.
    pub(super) told: usize,
    /// The release that most run, or the only one.
    pub(super) release: Option<String>,
    /// What is odd, and the positions of the hosts of which it is true.
    pub(super) odd: Vec<(String, Vec<usize>)>,
    /// Whether any host told which packages were installed on purpose.
    pub(super) purpose_known: bool,
}

/// Looks at the hosts of a cluster.
pub(super) fn about(comparison: &Comparison<'_>, cluster: &Cluster<'_>) -> About {
    let mut told = comparison.packages_in(cluster);
    let purpose_known = told.any(|(_, packages)| packages.purpose_known);
    let releases = &cluster.releases;
    let only = releases.distinct.first().copied().filter(|_| releases.distinct.len() == 1);
    let mut odd: Vec<(String, Vec<usize>)> = other_release(cluster).into_iter().collect();
    odd.extend(silent(comparison, cluster));
    About {
        hosts: cluster.members.len(),
        told: comparison.packages_in(cluster).count(),
        release: releases.expected().or(only).map(crate::snapshot::Os::label),
        odd,
        purpose_known,
    }
}

/// A name that a playbook takes: of odd groups without the characters of patterns, each once.
pub(super) fn label(name: &str, taken: &mut BTreeSet<String>) -> String {
    let odd = |character: char| character.is_control() || matches!(character, '*' | '?' | '[' | ']');
    let plain = name.replace(odd, "-");
    let plain = if plain.trim().is_empty() { "cluster" } else { plain.as_str() };
    let mut label = plain.to_owned();
    for nth in 2..usize::MAX {
        if taken.insert(label.clone()) {
            break;
        }
        label = format!("{plain}-{nth}");
    }
    label
}

/// Hosts that run another release than the cluster; without a release of the cluster, all by theirs.
pub(super) fn other_release(cluster: &Cluster<'_>) -> BTreeMap<String, Vec<usize>> {
    let releases = &cluster.releases;
    let mut others: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    if releases.distinct.len() < 2 {
        return others;
    }
    for (member, position) in cluster.members.iter().copied().enumerate() {
        let own = releases.expected();
        let other = releases.os(member).filter(|os| own.is_none_or(|own| !own.same_release(os)));
        if let Some(os) = other {
            others.entry(format!("on {}", os.label())).or_default().push(position);
        }
    }
    others
}

/// Hosts that were not audited, or did not tell their packages, by the reason.
fn silent(comparison: &Comparison<'_>, cluster: &Cluster<'_>) -> BTreeMap<String, Vec<usize>> {
    let mut silent: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for position in cluster.members.iter().copied() {
        let Some(host) = comparison.observation(position).filter(|host| host.packages().is_none()) else {
            continue;
        };
        let gap =
            host.snapshot.iter().flat_map(|snapshot| &snapshot.gaps).find(|gap| gap.is_about_packages());
        let why = match (&host.fault, gap) {
            (Some(fault), _) => format!(": {}: {}", fault.phase, fault.message),
            (None, Some(gap)) => format!(": {}", gap.reason),
            (None, None) => String::new(),
        };
        let what =
            if host.status() == HostStatus::Unreachable { "not audited" } else { "packages not known" };
        silent.entry(format!("{what}{why}")).or_default().push(position);
    }
    silent
}
