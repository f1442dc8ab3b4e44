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
    let (nothing, unbound) = (Playbook::default(), Bound::default());
    let plain = Comparison::of(inventory, &nothing, &unbound, fleet);
    let named = naming_all(&plain);
    // Entries for every host and without a baseline host: there is nothing that could not be bound.
    let bound = Bound::of(inventory, &named).unwrap_or_default();
    let survey = Survey::of(&plain, &Comparison::of(inventory, &named, &bound, fleet));
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
