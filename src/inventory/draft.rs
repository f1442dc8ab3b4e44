//! An inventory in the making: what every format of file says, in one shape.
//!
//! Hosts and groups stand in the order in which they were first named, as Ansible keeps them. Nothing is
//! merged into hosts here and no default is filled in: that is [`super::link`]'s.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::says::Says;

/// Variables by name.
pub(super) type Vars = Map<String, Value>;

/// The place of the group `all`.
pub(super) const ALL: usize = 0;

/// The place of the group `ungrouped`.
pub(super) const UNGROUPED: usize = 1;

/// How many mentions of hosts all files may have together.
pub(super) const MOST_HOSTS: usize = 500_000;

/// All that was read so far.
pub(super) struct Draft {
    pub(super) groups: Vec<Group>,
    pub(super) hosts: Vec<Host>,
    /// How many hosts with the same value of a variable may be asked at a time.
    pub(super) caps: BTreeMap<String, usize>,
    /// Things that Ansible reads otherwise than they look.
    pub(super) warnings: Vec<String>,
    /// Whether hosts are ordered as Ansible does, rather than by their first mention.
    pub(super) ordered_by_groups: bool,
    /// How often hosts were named.
    pub(super) mentions: usize,
    group_places: HashMap<String, usize>,
    host_places: HashMap<String, usize>,
    /// Members that groups have, so that none is added twice.
    members: HashSet<(usize, usize)>,
}

/// A group, by itself.
#[derive(Default)]
pub(super) struct Group {
    pub(super) name: String,
    /// Places of its hosts.
    pub(super) hosts: Vec<usize>,
    /// Places of its children.
    pub(super) children: Vec<usize>,
    pub(super) vars: Vars,
    /// `ansible_group_priority`, by default 1.
    pub(super) priority: i64,
}

/// A host, by itself.
#[derive(Default)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) vars: Vars,
    /// What a TOML inventory says of this host.
    pub(super) own: Option<Says>,
    /// What the TOML inventory that describes it says of every host.
    pub(super) defaults: Option<Arc<Says>>,
    pub(super) maintenance: Option<String>,
}

/// Why a group cannot be another's child: it would be its own descendant.
pub(super) struct Cycle;

impl Draft {
    pub(super) fn new() -> Self {
        let mut draft = Self {
            groups: Vec::new(),
            hosts: Vec::new(),
            caps: BTreeMap::new(),
            warnings: Vec::new(),
            ordered_by_groups: false,
            mentions: 0,
            group_places: HashMap::new(),
            host_places: HashMap::new(),
            members: HashSet::new(),
        };
        draft.group("all");
        draft.group("ungrouped");
        draft
    }

    /// The place of a group, which is added if it is new.
    pub(super) fn group(&mut self, name: &str) -> usize {
        if let Some(place) = self.find_group(name) {
            return place;
        }
        let place = self.groups.len();
        self.groups.push(Group { name: name.to_owned(), priority: 1, ..Group::default() });
        self.group_places.insert(name.to_owned(), place);
        place
    }

    pub(super) fn find_group(&self, name: &str) -> Option<usize> {
        self.group_places.get(name).copied()
    }

    /// The place of a host, which is added if it is new.
    pub(super) fn host(&mut self, name: &str) -> usize {
        if let Some(place) = self.find_host(name) {
            return place;
        }
        let place = self.hosts.len();
        self.hosts.push(Host { name: name.to_owned(), ..Host::default() });
        self.host_places.insert(name.to_owned(), place);
        place
    }

    pub(super) fn find_host(&self, name: &str) -> Option<usize> {
        self.host_places.get(name).copied()
    }

    /// Puts a host into a group; gives its place.
    pub(super) fn add_host(&mut self, group: usize, name: &str) -> usize {
        let host = self.host(name);
        if self.members.insert((group, host)) {
            if let Some(group) = self.groups.get_mut(group) {
                group.hosts.push(host);
            }
        }
        host
    }

    /// Makes a group another's child.
    pub(super) fn add_child(&mut self, parent: usize, child: usize) -> Result<(), Cycle> {
        if self.reaches(child, parent) {
            return Err(Cycle);
        }
        if let Some(group) = self.groups.get_mut(parent).filter(|group| !group.children.contains(&child)) {
            group.children.push(child);
        }
        Ok(())
    }

    /// Whether `to` is `from` or one of its descendants.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let (mut waiting, mut seen) = (vec![from], HashSet::new());
        while let Some(group) = waiting.pop() {
            if group == to {
                return true;
            }
            if seen.insert(group) {
                waiting.extend(self.groups.get(group).into_iter().flat_map(|group| &group.children));
            }
        }
        false
    }

    /// Sets a variable of a group; its priority is none, but orders it.
    ///
    /// # Errors
    /// What is wrong with a priority that is no number.
    pub(super) fn set_group_var(&mut self, group: usize, name: String, value: Value) -> Result<(), String> {
        let Some(group) = self.groups.get_mut(group) else { return Ok(()) };
        if name == "ansible_group_priority" {
            group.priority = priority(&value).ok_or_else(|| format!("the priority {value} is no number"))?;
        } else {
            group.vars.insert(name, value);
        }
        Ok(())
    }

    pub(super) fn set_host_var(&mut self, host: usize, name: String, value: Value) {
        if let Some(host) = self.hosts.get_mut(host) {
            host.vars.insert(name, value);
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "Python's int() cuts a fraction off, too")]
fn priority(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(yes) => Some(i64::from(*yes)),
        _ => None,
    }
}
