//! Which hosts there are, how they are grouped, and how each is reached.
//!
//! After this module every host is resolved: whatever the files left out has its default, and
//! nothing downstream asks again. It reads inventory files and never opens a connection.

mod adhoc;
mod ansible;
mod connect;
mod draft;
mod jump;
mod keep;
mod link;
mod load;
mod password;
pub mod pattern;
mod route;
mod says;
mod shard;
mod ssh_args;
mod toml;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

pub use adhoc::AdhocError;
pub use password::Password;
pub use route::{Refusal, Route, SshRoute, Via};
pub use shard::Shard;

use crate::ssh_config::{self, Directive};

/// The variable that is as good as a password. No program that is started for an inventory or for a host has it.
pub const SECRET: &str = "DRIFTLESS_WEBHOOK";

/// A host's place in [`Inventory::hosts`]; stable for one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub u32);

/// The resolved inventory: every host once. Hosts stand in the order in which TOML files name them, or in
/// Ansible's, group by group, where there is an inventory of Ansible's.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// Hosts in order; [`HostId`] is the position.
    pub hosts: Vec<Host>,
    /// Groups by name. `all` and `ungrouped` are implied, as in Ansible, and are not listed here.
    pub groups: BTreeMap<String, Group>,
    /// How many hosts with the same value of a variable may be asked at a time.
    pub caps: BTreeMap<String, usize>,
    /// What in the files may mean something else than it looks like.
    pub warnings: Vec<String>,
    /// The children of `all`, `ungrouped` first.
    tops: Vec<String>,
    group_order: Vec<String>,
    /// Hosts in the order of their first mention.
    mentioned: Vec<HostId>,
    ungrouped: Vec<HostId>,
    by_name: HashMap<String, HostId>,
}

/// What the command line says about every host, and where defaults come from.
///
/// As in Ansible, what an inventory says of one host wins over the command line, and the command line over
/// the inventory's `[defaults]`; what none of them says is ssh's own configuration's.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Login name.
    pub user: Option<String>,
    /// TCP port.
    pub port: Option<u16>,
    /// Private key file.
    pub identity: Option<PathBuf>,
    /// Jump hosts, as `ssh -J` takes them.
    pub jump: Option<String>,
    /// What holds where nobody says anything else, and who asks.
    pub ssh: Arc<ssh_config::Config>,
    /// How long an inventory script may take; by default 30 seconds.
    pub script_limit: Option<Duration>,
}

/// One group: its own hosts and its child groups.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// Hosts that the group names itself, in order.
    pub hosts: Vec<HostId>,
    /// Names of child groups, in order.
    pub children: Vec<String>,
    /// Variables of the group itself, as its files have them.
    pub vars: Map<String, Value>,
}

/// One host and everything needed to reach it.
#[derive(Debug, Clone)]
pub struct Host {
    /// The name that reports use.
    pub name: String,
    /// Every group the host is in, directly or through a child group; never `all`.
    pub groups: BTreeSet<String>,
    /// Its groups that have no child groups: the default cluster is the set of them.
    pub leaf_groups: BTreeSet<String>,
    /// How it is reached.
    pub route: Route,
    /// Why the host is under maintenance: it is reported and never fails the run.
    pub maintenance: Option<String>,
    /// Variables of the host: its groups', its own, and those that say in Ansible's words how it is reached.
    pub vars: Map<String, Value>,
    /// What its file says of jump hosts that are not in the inventory.
    of_hops: Arc<[Directive]>,
}

impl Host {
    /// The value of a variable as a label: the hosts that share it may be asked few at a time.
    pub fn label(&self, name: &str) -> Option<String> {
        self.vars.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    }
}

impl Inventory {
    /// The host of that id, if it is one of this inventory's.
    pub fn host(&self, id: HostId) -> Option<&Host> {
        self.hosts.get(id.0 as usize)
    }

    /// The host of that name.
    pub fn find(&self, name: &str) -> Option<HostId> {
        self.by_name.get(name).copied()
    }

    /// Every host, in order.
    pub fn ids(&self) -> impl Iterator<Item = HostId> + use<> {
        (0..u32::try_from(self.hosts.len()).unwrap_or(u32::MAX)).map(HostId)
    }

    /// Every group's name, the implied ones first, in the order in which the files name them.
    pub(crate) fn group_names(&self) -> impl Iterator<Item = &str> {
        self.group_order.iter().map(String::as_str)
    }

    /// The children of `all`, `ungrouped` first.
    pub fn tops(&self) -> &[String] {
        &self.tops
    }

    /// The hosts that are in no group.
    pub fn ungrouped(&self) -> &[HostId] {
        &self.ungrouped
    }

    /// Every host, in the order in which the files name them.
    pub(crate) fn mentioned(&self) -> impl Iterator<Item = HostId> {
        self.mentioned.iter().copied()
    }

    /// The hosts of a group and of its child groups, each once; `None` if there is no such group. Its own
    /// come first, then those of its children, then those of theirs, as in Ansible, where a subscript counts
    /// them in that order.
    pub(crate) fn members(&self, group: &str) -> Option<Vec<HostId>> {
        match group {
            "all" => return Some(self.ids().collect()),
            "ungrouped" => return Some(self.ungrouped.clone()),
            _ => {}
        }
        let (mut hosts, mut waiting) = (Vec::new(), VecDeque::from([self.groups.get_key_value(group)?.0]));
        let (mut seen, mut visited) = (BTreeSet::new(), BTreeSet::new());
        while let Some(name) = waiting.pop_front() {
            let Some(group) = self.groups.get(name).filter(|_| visited.insert(name)) else { continue };
            hosts.extend(group.hosts.iter().copied().filter(|host| seen.insert(*host)));
            waiting.extend(&group.children);
        }
        Some(hosts)
    }

    /// Adds a host that no group names.
    fn add_ungrouped(&mut self, host: Host) -> HostId {
        let id = self.add(host);
        self.ungrouped.push(id);
        id
    }

    /// Adds a host; its id is its place.
    fn add(&mut self, host: Host) -> HostId {
        let id = HostId(u32::try_from(self.hosts.len()).unwrap_or(u32::MAX));
        self.by_name.insert(host.name.clone(), id);
        self.hosts.push(host);
        self.mentioned.push(id);
        id
    }
}

/// A name that works in patterns, in file names and on command lines.
fn is_host_name(name: &str) -> bool {
    let plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | ':' | '[' | ']' | '%')
    };
    // `web-01:22` is no name, though an address may have colons.
    let bare = name.trim_start_matches('[').split(['%', ']']).next().unwrap_or_default();
    let colons = !name.contains(':') || bare.parse::<std::net::Ipv6Addr>().is_ok();
    !name.is_empty()
        && name.len() <= 255
        && !name.starts_with(['-', '.'])
        && name.chars().all(plain)
        && colons
}
