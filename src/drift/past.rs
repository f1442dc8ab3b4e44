//! Fleets of earlier runs, which baselines of the playbook name: `baseline = "run:1f3a5c"`.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::inventory::Inventory;
use crate::snapshot::Fleet;

/// A fleet of before.
#[derive(Debug)]
pub struct Past {
    /// What was seen.
    pub fleet: Fleet,
    names: HashMap<String, usize>,
}

impl Past {
    /// A fleet, with the inventory that its hosts are of.
    pub fn new(fleet: Fleet, inventory: &Inventory) -> Self {
        let names = fleet.hosts.iter().enumerate();
        let names = names.filter_map(|(at, seen)| Some((inventory.host(seen.host)?.name.clone(), at)));
        Self { names: names.collect(), fleet }
    }

    /// Where a host stands in it.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
}

/// Fleets of before, by what baselines call their runs.
pub type Pasts = BTreeMap<String, Arc<Past>>;
