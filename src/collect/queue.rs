//! Whose turn it is: hosts in their order, as far as the caps of their labels and the rate of new
//! connections let them. Pure: it knows no clock and starts nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::inventory::{HostId, Inventory, Route, Via};

/// How many hosts behind one jump host are asked at the same time, if nobody says how many.
pub const BEHIND_ONE_JUMP: usize = 16;

/// How gently hosts are asked.
#[derive(Debug, Clone)]
pub struct Pace {
    /// How many hosts at the same time; at least one.
    pub forks: usize,
    /// How many hosts with the same value of a label (a variable of the host) at the same time.
    pub caps: BTreeMap<String, usize>,
    /// How many hosts behind one jump host at the same time.
    pub behind_one_jump: usize,
    /// How many new connections a second, at the most.
    pub rate: Option<f64>,
}

impl Default for Pace {
    fn default() -> Self {
        Self { forks: 64, caps: BTreeMap::new(), behind_one_jump: BEHIND_ONE_JUMP, rate: None }
    }
}

impl Pace {
    /// How long must lie between two starts.
    pub(super) fn between(&self) -> Duration {
        self.rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate.max(0.001)))
    }
}

/// A host, and the places in [`Queue::free`] that it takes while it is asked.
#[derive(Debug)]
struct Waiting {
    host: HostId,
    takes: Vec<usize>,
}

/// The hosts that were not asked yet.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    asked: BTreeMap<HostId, Vec<usize>>,
    /// Free places of each label and value.
    free: Vec<usize>,
}

impl Queue {
    pub(super) fn new(hosts: &[HostId], inventory: &Inventory, pace: &Pace) -> Self {
        let mut queue = Self { waiting: VecDeque::new(), asked: BTreeMap::new(), free: Vec::new() };
        let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
        for id in hosts {
            let Some(host) = inventory.host(*id) else { continue };
            let labels = pace
                .caps
                .iter()
                .filter_map(|(label, cap)| Some(((label.clone(), host.label(label)?), (*cap).max(1))));
            let jump = match &host.route {
                Route::Ssh(route) => match &route.via {
                    Via::Jump(hop) => {
                        Some((("jump host".to_owned(), hop.end()), pace.behind_one_jump.max(1)))
                    }
                    Via::Direct | Via::Command(_) => None,
                },
                Route::Local | Route::Refused(_) => None,
            };
            let takes = labels.chain(jump).map(|(key, cap)| {
                *places.entry(key).or_insert_with(|| {
                    queue.free.push(cap);
                    queue.free.len() - 1
                })
            });
            let takes = takes.collect();
            queue.waiting.push_back(Waiting { host: *id, takes });
        }
        queue
    }

    /// The first host that may be asked now.
    pub(super) fn next(&mut self) -> Option<HostId> {
        let free = &self.free;
        let may = |waiting: &Waiting| {
            waiting.takes.iter().all(|place| free.get(*place).is_some_and(|free| *free > 0))
        };
        let at = self.waiting.iter().position(may)?;
        let Waiting { host, takes } = self.waiting.remove(at)?;
        for place in &takes {
            if let Some(free) = self.free.get_mut(*place) {
                *free -= 1;
            }
        }
        self.asked.insert(host, takes);
        Some(host)
    }

    /// A host is done: others may take its places.
    pub(super) fn done(&mut self, host: HostId) {
        for place in self.asked.remove(&host).unwrap_or_default() {
            if let Some(free) = self.free.get_mut(place) {
                *free += 1;
            }
        }
    }

    /// Whether hosts are left that were not asked.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Overrides;

    fn queue(pace: &Pace) -> (Queue, Vec<HostId>) {
        let text = "[hosts.\"a[1:4]\"]\nvars = { rack = \"r1\" }\n[hosts.\"b[1:2]\"]\nvars = { rack = \"r2\" }\n[hosts.c]\n[hosts.\"d[1:3]\"]\njump = \"bastion\"\n";
        let overrides = Overrides::default();
        let mut inventory = Inventory::from_text("i.toml", text, &overrides).unwrap();
        let ids: Vec<HostId> = inventory.ids().collect();
        inventory.link_jumps(&ids, &overrides);
        (Queue::new(&ids, &inventory, pace), ids)
    }

    #[test]
    fn without_caps_hosts_come_in_their_order() {
        let (mut queue, ids) = queue(&Pace::default());
        assert_eq!(std::iter::from_fn(|| queue.next()).collect::<Vec<_>>(), ids);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_label_holds_back_its_own_hosts_and_nobody_else() {
        let pace = Pace { caps: BTreeMap::from([("rack".to_owned(), 2)]), ..Pace::default() };
        let (mut queue, ids) = queue(&pace);
        let first: Vec<HostId> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(first, [&ids[..2], &ids[4..]].concat());
        queue.done(ids[4]);
        assert_eq!(queue.next(), None, "another rack's place is no place of this one");
        queue.done(ids[0]);
        assert_eq!((queue.next(), queue.next()), (Some(ids[2]), None));
    }

    #[test]
    fn hosts_behind_one_jump_host_take_turns() {
        let (mut queue, ids) = queue(&Pace { behind_one_jump: 1, ..Pace::default() });
        let first: Vec<HostId> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(first, ids[..8]);
        queue.done(ids[7]);
        assert_eq!(queue.next(), Some(ids[8]));
    }

    #[test]
    fn a_rate_is_a_pause_between_starts() {
        assert_eq!(Pace { rate: Some(4.0), ..Pace::default() }.between(), Duration::from_millis(250));
        assert_eq!(Pace::default().between(), Duration::ZERO);
    }
}
