//! A first playbook, drafted from what a fleet looks like today.
//!
//! It compares the fleet as an audit without a playbook would, to see where hosts differ, and once more as
//! one that names every package, to see what the draft will expect. Then it chooses what is worth an
//! entry, and writes. Pure: the same fleet on the same day gives the same text. It judges nothing: what
//! most hosts have may be wrong.

mod base;
mod cluster;
mod hosts;
mod package;
mod page;
mod survey;
mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use self::survey::Survey;
use crate::drift::{Bound, Comparison};
use crate::inventory::Inventory;
use crate::playbook::{Baseline, Names, PackageEntry, Place, Playbook};
use crate::snapshot::Fleet;

/// A first playbook, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The file.
    pub text: String,
    /// How many clusters it declares.
    pub clusters: usize,
    /// How many packages it names, each once for each cluster.
    pub packages: usize,
}

/// Drafts a playbook for the hosts that were seen. `today` dates its examples.
pub fn draft(inventory: &Inventory, fleet: &Fleet, today: Date) -> Draft {
    // Nothing of what is drafted depends on the hour.
    let now = Timestamp::UNIX_EPOCH;
    let (nothing, unbound) = (Playbook::default(), Bound::default());
    let plain = Comparison::of(inventory, &nothing, &unbound, fleet, now);
    let named = naming_all(&plain);
    // Entries for every host and without a baseline host: there is nothing that could not be bound.
    let bound = Bound::of(inventory, &named).unwrap_or_default();
    let survey = Survey::of(&plain, &Comparison::of(inventory, &named, &bound, fleet, now));
    Draft {
        text: text::write(&survey, today),
        clusters: survey.clusters.iter().filter(|cluster| cluster.hosts.is_some()).count(),
        packages: survey.clusters.iter().map(|cluster| cluster.packages.len()).sum(),
    }
}

/// A playbook with an entry for every package that is compared without one.
fn naming_all(plain: &Comparison<'_>) -> Playbook {
    let columns = plain.clusters.iter().flat_map(|cluster| &cluster.columns);
    let names: BTreeSet<&str> = columns.map(|column| column.name).collect();
    let entry = |name: &str| PackageEntry {
        names: Names::Same(name.to_owned()),
        hosts: None,
        version: None,
        baseline: Baseline::Majority,
        severity: None,
        place: Place::nowhere(),
        baseline_place: Place::nowhere(),
    };
    Playbook { packages: names.into_iter().map(entry).collect(), ..Playbook::default() }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::rules::fixture::{Spec, beside_three, compared};

    #[track_caller]
    fn drafted(hosts: &[Spec<'_>]) -> String {
        compared("", hosts, |comparison, _| {
            draft(comparison.inventory, comparison.fleet, date(2026, 11, 23)).text
        })
    }

    /// The lines from the name of a package to the end of its entry.
    fn entry<'t>(text: &'t str, name: &str) -> &'t str {
        let (_, rest) = text.split_once(&format!("name = \"{name}\"\n")).unwrap_or_else(|| panic!("{text}"));
        rest.split("\n\n").next().unwrap()
    }

    #[test]
    fn dependencies_and_the_base_system_are_left_out_until_they_drift() {
        let same = "nginx=1.26.3-1 libpq5=17.6-1* systemd=257.9-1";
        let text = drafted(&beside_three(same, same));
        assert!(text.contains("\"nginx\"") && !text.contains("\"systemd\"") && !text.contains("\"libpq5\""));
        let text = drafted(&beside_three(same, "nginx=1.26.3-1 libpq5=17.6-1 systemd=257.8-1"));
        assert!(text.contains("\"systemd\"") && !text.contains("\"libpq5\""), "{text}");
    }

    #[test]
    fn a_foreign_twin_is_held_to_nothing_that_it_does_not_meet() {
        let text = drafted(&beside_three("wine:i386=10.0-1", "wine:i386=10.0-1"));
        assert!(entry(&text, "wine").contains("#version = "), "{text}");
        let twins = "libx=2.0.1-1 libx:i386=1.0.1-1";
        let text = drafted(&beside_three(twins, twins));
        assert!(
            entry(&text, "libx").contains("# 2.0.1-1 on 4 of 4 hosts; the architectures differ"),
            "{text}"
        );
        let twins = "libx=2.0.1-1 libx:i386=2.0.1-1";
        let text = drafted(&beside_three(twins, twins));
        assert!(entry(&text, "libx").contains("\nversion = \">=2.0, <2.1\""), "{text}");
    }

    #[test]
    fn an_equal_upstream_version_of_another_release_is_like_most() {
        let text = drafted(&beside_three("nginx=1.26.3-3", "bookworm nginx=1.26.3-3~deb12u1"));
        assert!(text.contains("# Others: web-04 1.26.3-3~deb12u1 (bookworm).\n"), "{text}");
        assert!(text.contains(" # 1.26.3-3 on 3 of 4 hosts\n"), "{text}");
    }

    #[test]
    fn the_same_fleet_gives_the_same_text() {
        let hosts = beside_three("nginx=1.26.3-3 redis=8.0-1", "nginx=1.22-1 redis=7-1");
        assert_eq!(drafted(&hosts), drafted(&hosts));
    }
}
