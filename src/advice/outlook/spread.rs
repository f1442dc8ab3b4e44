//! Who has what of a package, now and after an upgrade.

use std::collections::BTreeMap;

use super::HostOutlook;
use crate::drift::{Comparison, Value};
use crate::snapshot::{Observation, Os};
use crate::version::{System, same_upstream};

/// What a host has of a package, or would have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Has {
    /// This full version.
    Version(String),
    /// Nothing.
    Nothing,
    /// It is not known.
    Unknown,
}

impl From<Value<'_>> for Has {
    fn from(value: Value<'_>) -> Self {
        match value {
            Value::Installed(version) => Self::Version(version.to_owned()),
            Value::Absent => Self::Nothing,
            Value::Unknown => Self::Unknown,
        }
    }
}

impl std::fmt::Display for Has {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Version(version) => version,
            Self::Nothing => "not installed",
            Self::Unknown => "not known",
        })
    }
}

/// The hosts that have the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// What they have.
    pub has: Has,
    /// By their place in the fleet.
    pub hosts: Vec<usize>,
}

/// Hosts by what they have, most first; those of which it is not known last.
pub(super) fn spread<'h>(hosts: impl Iterator<Item = (usize, &'h Has)>) -> Vec<Share> {
    let mut by_value: BTreeMap<&Has, Vec<usize>> = BTreeMap::new();
    for (position, has) in hosts {
        by_value.entry(has).or_default().push(position);
    }
    let mut shares: Vec<Share> =
        by_value.into_iter().map(|(has, hosts)| Share { has: has.clone(), hosts }).collect();
    shares.sort_by(|one, other| {
        let order = |share: &Share| (share.has == Has::Unknown, std::cmp::Reverse(share.hosts.len()));
        order(one).cmp(&order(other)).then_with(|| other.has.cmp(&one.has))
    });
    shares
}

/// `now 43× 1.22.1 → after 40× 1.26.3, 3× 1.22.1: the upgrade would leave the cluster drifted`; `end` is the last part.
pub(super) fn forecast(now: &[Share], after: &[Share], end: &str) -> String {
    let told = |shares: &[Share]| {
        let each = shares.iter().map(|share| format!("{}× {}", share.hosts.len(), share.has));
        each.collect::<Vec<_>>().join(", ")
    };
    format!("now {} → after {}: {end}", told(now), told(after))
}

/// What an upgrade comes to.
pub(super) fn end(comparison: &Comparison<'_>, hosts: &[HostOutlook]) -> String {
    let unknown = hosts.iter().filter(|host| host.after == Has::Unknown).count();
    let before = is_apart(comparison, hosts.iter().map(|host| (host.position, &host.now)));
    let after = is_apart(comparison, hosts.iter().map(|host| (host.position, &host.after)));
    match (before, after, unknown) {
        (_, _, unknown) if unknown == hosts.len() => "how it would end is not known of any host".to_owned(),
        (false, true, _) => "the upgrade would leave the cluster drifted".to_owned(),
        (true, true, _) => "the cluster has drifted, and the upgrade would leave it so".to_owned(),
        (_, false, 1..) if hosts.len() > 1 => {
            format!("the others would agree; how {unknown} of {} would end is not known", hosts.len())
        }
        (true, false, _) => "the upgrade would bring the cluster together".to_owned(),
        (false, false, _) if hosts.len() == 1 => "one host alone: there is nothing to drift from".to_owned(),
        (false, false, _) => "the cluster would stay together".to_owned(),
    }
}

/// Whether hosts of which it is known do not agree: inside a release by the whole version, across releases by the
/// upstream one.
pub(super) fn is_apart<'h>(
    comparison: &Comparison<'_>,
    hosts: impl Iterator<Item = (usize, &'h Has)>,
) -> bool {
    let mut distinct: Vec<(Option<&Os>, System, &Has)> = Vec::new();
    for (position, has) in hosts.filter(|(_, has)| **has != Has::Unknown) {
        let seen = comparison.observation(position);
        let os = seen.and_then(Observation::os);
        let system = seen.and_then(Observation::packages).map_or(System::Debian, |packages| packages.system);
        let known =
            |(other, _, same): &(Option<&Os>, System, &Has)| *same == has && is_same_release(*other, os);
        if !distinct.iter().any(known) {
            distinct.push((os, system, has));
        }
    }
    let alike =
        |one: &(Option<&Os>, System, &Has), other: &(Option<&Os>, System, &Has)| match (one.2, other.2) {
            (Has::Version(_), Has::Version(_)) if is_same_release(one.0, other.0) => false,
            (Has::Version(here), Has::Version(there)) => same_upstream((one.1, here), (other.1, there)),
            (one, other) => one == other,
        };
    let mut rest = distinct.as_slice();
    while let [first, others @ ..] = rest {
        if others.iter().any(|other| !alike(first, other)) {
            return true;
        }
        rest = others;
    }
    false
}

/// Whether two hosts run one release; of two that cannot tell, yes.
pub(super) fn is_same_release(one: Option<&Os>, other: Option<&Os>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.same_release(other),
        (None, None) => true,
        _ => false,
    }
}
