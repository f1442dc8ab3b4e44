//! Brings playbook and inventory together: every host pattern resolved once.

use std::collections::BTreeSet;

use super::covers;
use crate::diagnostic::{Diagnostic, nearest};
use crate::inventory::pattern::Pattern;
use crate::inventory::{HostId, Inventory};
use crate::playbook::{Baseline, FileEntry, Place, Playbook, ServiceEntry, SysctlEntry};
use crate::probe::Wanted;

/// Hosts of one entry; `None` is every host.
type Hosts = Option<BTreeSet<HostId>>;

/// The patterns of a playbook as sets of hosts, in the order of its entries.
#[derive(Debug, Default)]
pub struct Bound {
    /// Of [`Playbook::clusters`].
    pub clusters: Vec<BTreeSet<HostId>>,
    packages: Vec<Hosts>,
    services: Vec<Hosts>,
    files: Vec<Hosts>,
    sysctls: Vec<Hosts>,
    ignores: Vec<Hosts>,
    waivers: Vec<Hosts>,
    unaudited: Vec<Hosts>,
    /// Patterns, or parts of them, that match no host, and where they stand: worth a warning each.
    pub unmatched: Vec<(Place, String)>,
}

impl Bound {
    /// Resolves every pattern, before any host is asked.
    ///
    /// # Errors
    /// When the playbook speaks of a host that the inventory does not have.
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
            unaudited: playbook.unaudited.iter().map(|entry| optional(&entry.hosts, &entry.place)).collect(),
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
        Ok(Self { unmatched, ..bound })
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

    /// Whether [`Playbook::unaudited`]`[entry]` speaks of a host.
    pub fn unaudited(&self, entry: usize, host: HostId) -> bool {
        covered(&self.unaudited, entry, host)
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
