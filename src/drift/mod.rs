//! Compares the hosts of each cluster with each other: who has what, and what is expected.
//!
//! It makes tables and judges their cells; whether a judgement is a finding, and how bad, is the
//! rules' part. Pure: the same fleet and playbook always give the same comparison.

mod bind;
mod cells;
mod cluster;
mod column;
mod columns;
mod consensus;
mod difference;
mod expect;
mod past;
mod release;
mod rollout;
mod stand_in;

use std::collections::BTreeSet;

use jiff::Timestamp;

pub use bind::Bound;
pub use column::{Column, Judgement, Value};
pub use consensus::Consensus;
pub use difference::difference;
pub use expect::Expected;
pub use past::{Past, Pasts};
pub use release::Releases;
pub use stand_in::StandIn;

use crate::inventory::{Host, HostId, Inventory};
use crate::playbook::Playbook;
use crate::snapshot::{Fleet, Observation, Packages};

/// A whole fleet, compared.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The inventory that the hosts are of.
    pub inventory: &'a Inventory,
    /// What was declared.
    pub playbook: &'a Playbook,
    /// What was seen.
    pub fleet: &'a Fleet,
    /// The playbook's patterns, resolved.
    pub bound: &'a Bound,
    /// When the fleet was asked: what is old is so by this clock.
    pub now: Timestamp,
    /// The clusters, in the order in which reports show them.
    pub clusters: Vec<Cluster<'a>>,
}

/// The clusters that a host belongs to, by name: what is known before any host is asked.
pub fn clusters_of(inventory: &Inventory, playbook: &Playbook, bound: &Bound, host: HostId) -> Vec<String> {
    cluster::names(inventory, playbook, bound, host)
}

/// Hosts that are compared with each other.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// Its name.
    pub name: String,
    /// Positions of its hosts in [`Fleet::hosts`].
    pub members: Vec<usize>,
    /// Which releases they run.
    pub releases: Releases<'a>,
    /// The packages that were compared, those that the playbook names first, then by name.
    pub columns: Vec<Column<'a>>,
    /// Containers, on whatever hosts of the fleet, that say that they replace its service.
    pub stand_ins: Vec<StandIn<'a>>,
    /// Positions of hosts that were replaced, each with a container that has taken over: they are no members.
    pub replaced: Vec<(usize, StandIn<'a>)>,
}

impl<'a> Comparison<'a> {
    /// Compares what was seen with what was declared.
    pub fn of(
        inventory: &'a Inventory,
        playbook: &'a Playbook,
        bound: &'a Bound,
        fleet: &'a Fleet,
        now: Timestamp,
    ) -> Self {
        let mut clusters =
            stand_in::settle(cluster::group(inventory, playbook, bound, fleet), playbook, bound, fleet);
        for cluster in &mut clusters {
            cluster.columns = columns::columns(cluster, inventory, playbook, bound, fleet);
            rollout::mark(cluster, playbook, bound, fleet, now);
        }
        Self { inventory, playbook, fleet, bound, now, clusters }
    }

    /// The hosts of a cluster whose packages were collected: their positions, and the packages.
    pub fn packages_in<'c>(
        &'c self,
        cluster: &'c Cluster<'a>,
    ) -> impl Iterator<Item = (usize, &'a Packages)> {
        let members = cluster.members.iter().copied();
        members.filter_map(|position| Some((position, self.fleet.hosts.get(position)?.packages()?)))
    }

    /// What the hosts of a cluster say of one fact; those that cannot tell are left out, and those below a container
    /// that stands in for the service: what they are themselves is another matter.
    pub fn consensus<V: Ord>(
        &self,
        cluster: &Cluster<'_>,
        fact: impl Fn(&'a Observation) -> Option<V>,
    ) -> Consensus<V> {
        let members = cluster.members.iter().copied().filter(|at| cluster.standing(*at).next().is_none());
        Consensus::of(members.filter_map(|position| Some((position, fact(self.observation(position)?)?))))
    }

    /// What was seen of the host at a position of [`Fleet::hosts`].
    pub fn observation(&self, position: usize) -> Option<&'a Observation> {
        self.fleet.hosts.get(position)
    }

    /// The host at a position of [`Fleet::hosts`].
    pub fn host(&self, position: usize) -> Option<&'a Host> {
        self.inventory.host(self.observation(position)?.host)
    }

    /// The name of the host at a position of [`Fleet::hosts`].
    pub fn name(&self, position: usize) -> &'a str {
        self.host(position).map_or("", |host| host.name.as_str())
    }

    /// What a host's own package system calls the package that findings about a cluster name by a subject.
    pub fn name_on(&self, cluster: &str, position: usize, subject: &str) -> String {
        let own = || {
            let cluster = self.clusters.iter().find(|known| known.name == cluster)?;
            let column = cluster.columns.iter().find(|column| column.subject() == subject)?;
            let os = self.observation(position)?.os()?;
            Some(if column.foreign { subject.to_owned() } else { column.name_under(os).to_owned() })
        };
        own().unwrap_or_else(|| subject.to_owned())
    }

    /// The names of the clusters that a host is in.
    pub fn clusters_of(&self, position: usize) -> impl Iterator<Item = &str> {
        self.clusters
            .iter()
            .filter(move |cluster| cluster.members.binary_search(&position).is_ok())
            .map(|cluster| cluster.name.as_str())
    }
}

/// Whether an entry that may name hosts covers one.
fn covers(hosts: Option<&BTreeSet<HostId>>, host: HostId) -> bool {
    hosts.is_none_or(|hosts| hosts.contains(&host))
}
