//! Which hosts are compared with each other.

use std::collections::BTreeMap;

use super::Bound;
use crate::inventory::{Host, HostId, Inventory};
use crate::playbook::Playbook;
use crate::snapshot::Fleet;

/// The cluster of hosts that are in no group, by Ansible's name for it.
const UNGROUPED: &str = "ungrouped";

/// Hosts that are to be compared with each other: their places in the fleet.
pub(super) struct Grouped {
    pub(super) name: String,
    pub(super) members: Vec<usize>,
}

/// The clusters that the playbook declares, in its order; then, for hosts that are in none of them, one
/// for each set of leaf groups, by name. A cluster without a host of this run is left out.
pub(super) fn group(
    inventory: &Inventory,
    playbook: &Playbook,
    bound: &Bound,
    fleet: &Fleet,
) -> Vec<Grouped> {
    let mut clusters = Vec::new();
    let mut declared = vec![false; fleet.hosts.len()];
    for (entry, hosts) in playbook.clusters.iter().zip(&bound.clusters) {
        let answered = fleet.hosts.iter().enumerate();
        let members: Vec<usize> =
            answered.filter(|(_, observation)| hosts.contains(&observation.host)).map(|(at, _)| at).collect();
        for member in &members {
            if let Some(declared) = declared.get_mut(*member) {
                *declared = true;
            }
        }
        clusters.push((entry.name.clone(), members));
    }
    let mut by_groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (position, _) in declared.iter().enumerate().filter(|(_, declared)| !**declared) {
        let host = fleet.hosts.get(position).and_then(|observation| inventory.host(observation.host));
        if let Some(host) = host {
            by_groups.entry(default_name(host)).or_default().push(position);
        }
    }
    // A declared cluster may have the name of a group that it does not hold all of.
    let taken = |name: &str| playbook.clusters.iter().any(|entry| entry.name == name);
    clusters.extend(
        by_groups
            .into_iter()
            .map(|(name, members)| (if taken(&name) { format!("{name} (others)") } else { name }, members)),
    );
    clusters
        .into_iter()
        .filter(|(_, members)| !members.is_empty())
        .map(|(name, members)| Grouped { name, members })
        .collect()
}

/// The clusters that a host belongs to, by their names.
pub(super) fn names(inventory: &Inventory, playbook: &Playbook, bound: &Bound, host: HostId) -> Vec<String> {
    let declared = playbook.clusters.iter().zip(&bound.clusters);
    let names: Vec<String> =
        declared.filter(|(_, hosts)| hosts.contains(&host)).map(|(entry, _)| entry.name.clone()).collect();
    if names.is_empty() { inventory.host(host).map(default_name).into_iter().collect() } else { names }
}

/// The host's leaf groups, joined as a pattern would intersect them.
fn default_name(host: &Host) -> String {
    if host.leaf_groups.is_empty() {
        return UNGROUPED.to_owned();
    }
    host.leaf_groups.iter().map(String::as_str).collect::<Vec<_>>().join("+")
}
