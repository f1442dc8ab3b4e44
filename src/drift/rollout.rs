//! Upgrades that are being rolled out: on their days old and new are both expected.
//!
//! New is what the target accepts; old is what most of the others of the release have, where most of them agree.
//! Anything else is judged as ever.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::Offset;

use super::column::Column;
use super::{Bound, Cluster};
use crate::playbook::{Playbook, UpgradeEntry};
use crate::snapshot::Fleet;
use crate::version::System;

/// Marks the members of a cluster that have the old or the new version of what is being rolled out at a time.
pub(super) fn mark(
    cluster: &mut Cluster<'_>,
    playbook: &Playbook,
    bound: &Bound,
    fleet: &Fleet,
    now: Timestamp,
) {
    let today = Offset::UTC.to_datetime(now).date();
    for (at, entry) in playbook.upgrades.iter().enumerate().filter(|(_, entry)| entry.under_way(today)) {
        let Cluster { members, releases, columns, .. } = &mut *cluster;
        let covered = |member: usize| {
            let host = members.get(member).and_then(|position| fleet.hosts.get(*position));
            host.is_some_and(|host| bound.upgrade(at, host.host))
        };
        for column in columns {
            let named = |member: usize| match releases.os(member) {
                Some(os) => column.name_under(os) == entry.package,
                None => column.name == entry.package,
            };
            let mut slots: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for member in (0..members.len()).filter(|member| named(*member)) {
                slots.entry(releases.slot(member)).or_default().push(member);
            }
            let expected = slots.values().flat_map(|slot| expected(column, entry, slot));
            let under_way: Vec<usize> = expected.filter(|member| covered(*member)).collect();
            column.let_be(under_way);
        }
    }
}

/// The members of one release that have the old version or the new one.
fn expected(column: &Column<'_>, entry: &UpgradeEntry, slot: &[usize]) -> Vec<usize> {
    let installed: Vec<(usize, System, &str)> = slot
        .iter()
        .filter_map(|member| column.installed(*member).map(|(system, version)| (*member, system, version)))
        .collect();
    let newest = installed
        .iter()
        .map(|(_, system, version)| (*system, *version))
        .reduce(|one, other| if one.0.compare(one.1, other.1).is_lt() { other } else { one });
    // What a package manager would take is no version: of what the hosts have it is the newest.
    let is_new = |system: System, version: &str| match newest {
        Some((_, newest)) if entry.to.is_candidate() => version == newest,
        _ => entry.to.accepts(system, version),
    };
    let before = || installed.iter().filter(|(_, system, version)| !is_new(*system, version));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, _, version) in before() {
        *counts.entry(version).or_default() += 1;
    }
    let old = counts.into_iter().find(|(_, count)| count * 2 > before().count()).map(|(version, _)| version);
    let expected =
        installed.iter().filter(|(_, system, version)| is_new(*system, version) || Some(*version) == old);
    expected.map(|(member, ..)| *member).collect()
}

#[cfg(test)]
mod tests {
    use crate::rules::fixture::found;

    /// On 2026-11-23: a roll-out from and until days.
    fn playbook(days: &str) -> String {
        format!("[[package]]\nname = \"nginx\"\n[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n{days}")
    }

    const UNDER_WAY: &str = "from = 2026-11-20\nuntil = 2026-11-23\n";

    fn hosts(versions: &[&str]) -> Vec<(String, String)> {
        let named = versions.iter().enumerate();
        named.map(|(nth, version)| (format!("web-{nth:02}"), format!("nginx={version}"))).collect()
    }

    #[track_caller]
    fn told(playbook: &str, versions: &[&str]) -> Vec<String> {
        let hosts = hosts(versions);
        let hosts: Vec<(&str, &str)> =
            hosts.iter().map(|(name, words)| (name.as_str(), words.as_str())).collect();
        let told = found(playbook, &hosts);
        told.into_iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn old_and_new_are_both_expected_on_its_days() {
        for versions in [
            ["1.22-1", "1.22-1", "1.22-1", "1.22-1", "1.26-1"],
            ["1.22-1", "1.22-1", "1.26-1", "1.26-1", "1.26-1"],
            ["1.22-1", "1.26-1", "1.26-1", "1.26-1", "1.26-1"],
        ] {
            assert!(told(&playbook(UNDER_WAY), &versions).is_empty(), "{versions:?}");
            for days in ["", "from = 2026-11-24\n", "until = 2026-11-22\n"] {
                assert!(!told(&playbook(days), &versions).is_empty(), "{days} {versions:?}");
            }
        }
        assert!(told(&playbook(UNDER_WAY), &["1.22-1", "1.22-1", "1.26-1", "1.26-1"]).is_empty());
    }

    #[test]
    fn anything_else_is_drift_as_ever() {
        let versions = ["1.22-1", "1.22-1", "1.26-1", "1.26-1", "1.26-1", "1.20-1"];
        assert_eq!(told(&playbook(UNDER_WAY), &versions), ["package-version/web/web-05/nginx"]);
    }

    #[test]
    fn a_roll_out_speaks_of_its_hosts_alone() {
        let narrow = playbook(&format!("{UNDER_WAY}hosts = \"web-00\"\n"));
        let versions = ["1.26-1", "1.26-1", "1.22-1", "1.22-1", "1.22-1", "1.22-1"];
        assert_eq!(told(&narrow, &versions), ["ahead/web/web-01/nginx"]);
    }

    #[test]
    fn a_policy_holds_all_the_same() {
        let strict = playbook(UNDER_WAY).replace("[[upgrade]]", "version = \">=1.26\"\n[[upgrade]]");
        let told = told(&strict, &["1.22-1", "1.26-1", "1.26-1", "1.26-1"]);
        assert_eq!(told, ["policy-unmet/web/web-00/nginx"]);
    }

    #[test]
    fn what_a_package_manager_would_take_is_the_newest_that_is_there() {
        let candidate = playbook(UNDER_WAY).replace("\"1.26\"", "\"candidate\"");
        let told = told(&candidate, &["1.22-1", "1.22-1", "1.26-1", "1.26-1", "1.26-1", "1.24-1"]);
        assert_eq!(told, ["package-version/web/web-05/nginx"]);
    }
}
