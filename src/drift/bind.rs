//! Brings playbook and inventory together: every host pattern resolved once.

use std::collections::BTreeSet;

use super::{Pasts, covers};
use crate::diagnostic::{Diagnostic, nearest};
use crate::inventory::pattern::Pattern;
use crate::inventory::{HostId, Inventory};
use crate::playbook::{Baseline, FileEntry, Place, Playbook, ServiceEntry, SysctlEntry, UpgradeEntry};
use crate::probe::Wanted;

/// Hosts of one entry; `None` is every host.
type Hosts = Option<BTreeSet<HostId>>;

/// The patterns of a playbook as sets of hosts, in the order of its entries.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    /// Of [`Playbook::clusters`].
    pub clusters: Vec<BTreeSet<HostId>>,
    packages: Vec<Hosts>,
    services: Vec<Hosts>,
    files: Vec<Hosts>,
    sysctls: Vec<Hosts>,
    ignores: Vec<Hosts>,
    waivers: Vec<Hosts>,
    upgrades: Vec<Hosts>,
    /// The fleets of earlier runs that baselines name; whoever reads stored runs puts them here.
    pub past: Pasts,
    /// Patterns, or parts of them, that match no host, and where they stand: worth a warning each.
    pub unmatched: Vec<(Place, String)>,
}

impl Bound {
    /// Resolves every pattern, before any host is asked.
    ///
    /// # Errors
    /// When the playbook speaks of a host that the inventory does not have, or would have a host bring one package
    /// to two versions at once.
    pub fn of(inventory: &Inventory, playbook: &Playbook) -> Result<Self, Diagnostic> {
        let mut unmatched = Vec::new();
        let mut select = |pattern: &Pattern, place: &Place| {
            let selection = pattern.select(inventory);
            let terms = selection.unmatched.into_iter().chain(selection.beyond);
            unmatched.extend(terms.map(|term| (place.clone(), term)));
            selection.hosts
        };
        let clusters = playbook.clusters.iter().map(|entry| select(&entry.hosts, &entry.place)).collect();
        let mut optional =
            |pattern: &Option<Pattern>, place: &Place| pattern.as_ref().map(|pattern| select(pattern, place));
        let bound = Self {
            clusters,
            packages: playbook.packages.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            services: playbook.services.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            files: playbook.files.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            sysctls: playbook.sysctls.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            ignores: playbook.ignores.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            waivers: playbook.waivers.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            upgrades: playbook.upgrades.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
            past: Pasts::new(),
            unmatched: Vec::new(),
        };
        for entry in &playbook.packages {
            if let Baseline::Host(name) = &entry.baseline {
                if inventory.find(name).is_none() {
                    let names = inventory.hosts.iter().map(|host| host.name.as_str());
                    let help = match nearest(name, names) {
                        Some(near) => {
                            format!("did you mean `{near}`? A baseline host is one of the inventory")
                        }
                        None => "name a host of the inventory, or give it there".to_owned(),
                    };
                    let title = format!("the baseline host `{name}` is not in the inventory");
                    return Err(entry.baseline_place.mistake(title, "").help(help));
                }
            }
        }
        match bound.contradiction(inventory, playbook) {
            Some(mistake) => Err(mistake),
            None => Ok(Self { unmatched, ..bound }),
        }
    }

    /// Whether [`Playbook::packages`]`[entry]` speaks of a host.
    pub fn package(&self, entry: usize, host: HostId) -> bool {
        covered(&self.packages, entry, host)
    }

    /// The entries of [`Playbook::services`] that speak of a host.
    pub fn services<'p>(
        &self,
        playbook: &'p Playbook,
        host: HostId,
    ) -> impl Iterator<Item = &'p ServiceEntry> {
        covering(&playbook.services, &self.services, host)
    }

    /// The entries of [`Playbook::files`] that speak of a host.
    pub fn files<'p>(&self, playbook: &'p Playbook, host: HostId) -> impl Iterator<Item = &'p FileEntry> {
        covering(&playbook.files, &self.files, host)
    }

    /// The entries of [`Playbook::sysctls`] that speak of a host.
    pub fn sysctls<'p>(&self, playbook: &'p Playbook, host: HostId) -> impl Iterator<Item = &'p SysctlEntry> {
        covering(&playbook.sysctls, &self.sysctls, host)
    }

    /// What the playbook wants of a host beyond what every host is asked.
    pub fn wanted(&self, playbook: &Playbook, host: HostId) -> Wanted {
        let mut wanted = Wanted::default();
        for (_, entry) in playbook.packages.iter().enumerate().filter(|(at, _)| self.package(*at, host)) {
            // Which of its names a host uses is known once its os-release is: it is asked for all of them.
            entry.names.all().for_each(|name| wanted.add("package", name));
        }
        self.services(playbook, host).for_each(|entry| wanted.add("service", &entry.name));
        self.want_files(playbook, host, &mut wanted);
        self.sysctls(playbook, host).for_each(|entry| wanted.add("sysctl", &entry.key));
        wanted
    }

    /// The files, each behind what is said of it. Entries that name one path share it: it is shown if any of
    /// them lets it be, and lines of which any says that they may differ do not count.
    fn want_files(&self, playbook: &Playbook, host: HostId, wanted: &mut Wanted) {
        let entries: Vec<&FileEntry> = self.files(playbook, host).collect();
        let mut paths: Vec<&str> = Vec::new();
        for entry in &entries {
            if paths.contains(&entry.path.as_str()) {
                continue;
            }
            paths.push(&entry.path);
            let number = paths.len();
            let same = || entries.iter().filter(|other| other.path == entry.path);
            for pattern in same().flat_map(|entry| &entry.normalise) {
                wanted.add("normalise", &format!("{number} {}", pattern.posix()));
            }
            if same().any(|entry| entry.show) {
                wanted.add("show", &format!("{number} yes"));
            }
            wanted.add("file", &entry.path);
        }
    }

    /// Whether [`Playbook::ignores`]`[entry]` speaks of a host.
    pub fn ignore(&self, entry: usize, host: HostId) -> bool {
        covered(&self.ignores, entry, host)
    }

    /// Whether [`Playbook::waivers`]`[entry]` speaks of a host.
    pub fn waiver(&self, entry: usize, host: HostId) -> bool {
        covered(&self.waivers, entry, host)
    }

    /// The entries of [`Playbook::upgrades`] that speak of a host.
    pub fn upgrades<'p>(
        &self,
        playbook: &'p Playbook,
        host: HostId,
    ) -> impl Iterator<Item = &'p UpgradeEntry> + use<'p, '_> {
        covering(&playbook.upgrades, &self.upgrades, host)
    }

    /// Whether [`Playbook::upgrades`]`[entry]` speaks of a host.
    pub fn upgrade(&self, entry: usize, host: HostId) -> bool {
        covered(&self.upgrades, entry, host)
    }

    /// Asks for the upgrades of a host, each once.
    pub fn want_upgrades(&self, playbook: &Playbook, host: HostId, wanted: &mut Wanted) {
        for entry in self.upgrades(playbook, host) {
            wanted.add("upgrade", &format!("{} {}", entry.package, entry.to.request()));
        }
    }

    /// A package that the playbook would have a host bring to two versions at once.
    fn contradiction(&self, inventory: &Inventory, playbook: &Playbook) -> Option<Diagnostic> {
        inventory.hosts.iter().zip(inventory.ids()).find_map(|(host, id)| {
            let mut before: Vec<&UpgradeEntry> = Vec::new();
            for entry in self.upgrades(playbook, id) {
                let other =
                    before.iter().find(|other| other.package == entry.package && other.to != entry.to);
                if let Some(other) = other {
                    let title =
                        format!("{} is to come to two versions at once on {}", entry.package, host.name);
                    let label = format!("to {} here, and to {} by {}", entry.to, other.to, other.place);
                    let help = "narrow one of them down with `hosts`, or take it out";
                    return Some(entry.place.mistake(title, label).help(help));
                }
                before.push(entry);
            }
            None
        })
    }
}

fn covering<'p, 'b, Entry>(
    entries: &'p [Entry],
    hosts: &'b [Hosts],
    host: HostId,
) -> impl Iterator<Item = &'p Entry> + use<'p, 'b, Entry> {
    let speaking = move |(entry, hosts): (&'p Entry, &Hosts)| covers(hosts.as_ref(), host).then_some(entry);
    entries.iter().zip(hosts).filter_map(speaking)
}

fn covered(entries: &[Hosts], entry: usize, host: HostId) -> bool {
    entries.get(entry).is_some_and(|hosts| covers(hosts.as_ref(), host))
}
