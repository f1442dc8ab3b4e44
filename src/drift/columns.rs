//! Finds out which packages of a cluster are compared, and makes a column of each.

use std::collections::{BTreeMap, BTreeSet};

use super::cells::{Builder, Cells, Found, Raw};
use super::column::{Cell, Column, Terms, Value};
use super::expect::{Answers, Expected};
use super::{Bound, Cluster, Past, Releases};
use crate::inventory::Inventory;
use crate::playbook::{Baseline, PackageEntry, Playbook, builtin_ignores};
use crate::snapshot::{ArchClass, Fleet, Observation, Package, Packages, Symbol};
use crate::version::System;

/// Every column of a cluster.
pub(super) fn columns<'a>(
    cluster: &Cluster<'a>,
    inventory: &'a Inventory,
    playbook: &'a Playbook,
    bound: &'a Bound,
    fleet: &'a Fleet,
) -> Vec<Column<'a>> {
    let maker = Maker { cluster, fleet, all: fleet.strings.find("all") };
    let mut columns = maker.named(inventory, playbook, bound);
    let named: BTreeSet<&str> = columns.iter().map(|column| column.name).collect();
    let scope = match &playbook.everything_else {
        Some(rest) if rest.compare => Scope::All,
        None if playbook.packages.is_empty() => Scope::OnPurpose,
        _ => return columns,
    };
    let ignored = |name: &str| {
        let own = playbook.everything_else.iter().flat_map(|rest| &rest.ignore);
        own.chain(builtin_ignores().iter()).any(|glob| glob.matches(name))
    };
    let mut keys = maker.candidates(scope);
    keys.retain(|(name, _)| {
        let name = fleet.strings.text(*name);
        !named.contains(name) && !ignored(name)
    });
    let mut rest = maker.unnamed(&keys);
    rest.sort_by(|one, other| (one.name, one.arch).cmp(&(other.name, other.arch)));
    columns.append(&mut rest);
    columns
}

/// What an entry calls its package on one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Called<'a> {
    /// The entry does not speak of the host.
    NotCovered,
    /// It has no name for the host's system.
    Unknown,
    /// This.
    Name(&'a str),
}

impl<'a> Called<'a> {
    fn known(self) -> Option<&'a str> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }
}

/// Which packages that no entry names are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those that someone installed on purpose, on any host.
    OnPurpose,
    /// Every one in which hosts differ.
    All,
}

type Key = (Symbol, ArchClass);

struct Maker<'c, 'a> {
    cluster: &'c Cluster<'a>,
    fleet: &'a Fleet,
    all: Option<Symbol>,
}

/// How one package stands in one release of a cluster.
#[derive(Clone, Copy, Default)]
struct Tally {
    first: Option<Symbol>,
    seen: u32,
    same: u32,
}

impl<'a> Maker<'_, 'a> {
    fn observation(&self, position: usize) -> Option<&'a Observation> {
        self.fleet.hosts.get(position)
    }

    fn packages(&self, position: usize) -> Option<&'a Packages> {
        self.observation(position)?.packages()
    }

    /// One column for each package and architecture that entries name. Entries that name the same package
    /// share it; of those that speak of one host the last wins.
    fn named(&self, inventory: &'a Inventory, playbook: &'a Playbook, bound: &'a Bound) -> Vec<Column<'a>> {
        let mut columns = Vec::new();
        for (at, first) in playbook.packages.iter().enumerate() {
            let same = |entry: &PackageEntry| entry.names == first.names;
            if playbook.packages.iter().take(at).any(same) {
                continue;
            }
            let winner = |position: &usize| {
                let host = self.observation(*position)?;
                let entries = playbook.packages.iter().enumerate().rev();
                let mut covering = entries.filter(|(at, entry)| same(entry) && bound.package(*at, host.host));
                Some((covering.next()?.1, host))
            };
            let winners: Vec<Option<(&'a PackageEntry, &'a Observation)>> =
                self.cluster.members.iter().map(winner).collect();
            if winners.iter().all(Option::is_none) {
                continue;
            }
            let names: Vec<Called<'a>> = winners
                .iter()
                .map(|winner| match winner {
                    None => Called::NotCovered,
                    Some((entry, host)) => name_of(entry, host).map_or(Called::Unknown, Called::Name),
                })
                .collect();
            let entries: Vec<Option<&'a PackageEntry>> =
                winners.iter().map(|winner| winner.map(|(entry, _)| entry)).collect();
            let (distinct, places) = distinct(&entries);
            for class in self.classes(&names) {
                let cells = self.cells_of(&names, class, &places);
                let name = names.iter().find_map(|name| name.known()).unwrap_or_else(|| first.names.first());
                let terms = distinct.iter().map(|entry| Terms {
                    entry: Some(entry),
                    expected: match &entry.baseline {
                        Baseline::Run(run) if class == ArchClass::Native => {
                            self.expected_by_run(inventory, entry, bound.past.get(run).map(AsRef::as_ref))
                        }
                        _ => self.expected_by(inventory, entry, class, &cells),
                    },
                });
                let terms = terms.collect();
                columns.push(self.column(name, class, cells, terms));
            }
        }
        columns
    }

    /// What an entry expects. Its baseline speaks of the hosts' own architecture; a foreign twin is only
    /// compared with the others.
    fn expected_by(
        &self,
        inventory: &Inventory,
        entry: &'a PackageEntry,
        class: ArchClass,
        cells: &Cells<'a>,
    ) -> Vec<Expected<'a>> {
        let baseline = if class == ArchClass::Native { &entry.baseline } else { &Baseline::Majority };
        let of_host = match baseline {
            Baseline::Host(name) => self.baseline_host(inventory, name, entry, class),
            _ => None,
        };
        self.answers(cells).by_baseline(baseline, of_host)
    }

    /// What the hosts of the cluster had in an earlier run, as its majority had it, each release its own.
    fn expected_by_run(
        &self,
        inventory: &Inventory,
        entry: &'a PackageEntry,
        past: Option<&'a Past>,
    ) -> Vec<Expected<'a>> {
        let releases = &self.cluster.releases;
        let Some(past) = past else { return vec![Expected::NoBaseline; releases.slots()] };
        let now = self
            .cluster
            .members
            .iter()
            .filter_map(|position| inventory.host(self.observation(*position)?.host));
        let members: Vec<usize> = now.filter_map(|host| past.position(&host.name)).collect();
        let seen = || members.iter().filter_map(|position| past.fleet.hosts.get(*position));
        let cluster = Cluster {
            name: String::new(),
            releases: Releases::from_members(seen().map(Observation::os)),
            members: members.clone(),
            columns: Vec::new(),
            stand_ins: Vec::new(),
            replaced: Vec::new(),
        };
        let then = Maker { cluster: &cluster, fleet: &past.fleet, all: past.fleet.strings.find("all") };
        let names: Vec<Called<'a>> =
            seen().map(|host| name_of(entry, host).map_or(Called::Unknown, Called::Name)).collect();
        let cells = then.cells_of(&names, ArchClass::Native, &vec![0; names.len()]);
        let answers = then.answers(&cells);
        if answers.groups.is_empty() {
            return vec![Expected::NoBaseline; releases.slots()];
        }
        let expected = answers.by_baseline(&Baseline::Majority, None);
        // So few that all agree are no majority among themselves, and all that there is to go by.
        let all = answers.unanimous().map(|cell| match cell.value {
            Value::Installed(version) => Expected::Version { version, system: cell.system, exact: true },
            Value::Absent | Value::Unknown => Expected::Absent,
        });
        let of = |slot: usize| {
            let os = releases.distinct.get(slot);
            let then =
                os.and_then(|os| cluster.releases.distinct.iter().position(|known| known.same_release(os)));
            match expected.get(then.unwrap_or(cluster.releases.distinct.len())).copied() {
                Some(Expected::Agreed) => all,
                expected => expected,
            }
        };
        (0..releases.slots()).map(|slot| of(slot).unwrap_or(Expected::NoBaseline)).collect()
    }

    /// The architecture classes in which a named package occurs: the hosts' own always, so that a
    /// package that is nowhere is still compared.
    fn classes(&self, names: &[Called<'a>]) -> BTreeSet<ArchClass> {
        let mut classes = BTreeSet::from([ArchClass::Native]);
        for (member, name) in self.cluster.members.iter().zip(names) {
            let symbol = name.known().and_then(|name| self.fleet.strings.find(name));
            if let (Some(packages), Some(symbol)) = (self.packages(*member), symbol) {
                classes.extend(
                    packages.named(symbol).iter().map(|package| packages.class(package.arch, self.all)),
                );
            }
        }
        classes
    }

    /// What members have under the names that entries call it by.
    fn cells_of(&self, names: &[Called<'a>], class: ArchClass, places: &[usize]) -> Cells<'a> {
        let mut builder = Builder::for_members(names.len());
        for (member, (name, terms)) in names.iter().zip(places).enumerate() {
            let position = self.cluster.members.get(member).copied();
            let found = match (name, position) {
                (Called::NotCovered, _) | (_, None) => Found::NotCovered,
                (_, Some(position)) => self.found(position, name.known(), class),
            };
            let symbol = name.known().and_then(|name| self.fleet.strings.find(name));
            let (found, slot) = self.or_stand_in(member, symbol, class, found);
            builder.push(Raw { found, slot, terms: *terms });
        }
        builder.finish(|found| self.cell(found))
    }

    /// What a member has of a package, or the container that stands in for the service there; and its release's slot.
    fn or_stand_in(
        &self,
        member: usize,
        name: Option<Symbol>,
        class: ArchClass,
        found: Found,
    ) -> (Found, usize) {
        let position = self.cluster.members.get(member);
        let stands = match (position, name, class) {
            // An entry that does not speak of the host does not speak of what runs on it.
            (Some(position), Some(name), ArchClass::Native) if found != Found::NotCovered => {
                self.cluster.stands_for(*position, name)
            }
            _ => None,
        };
        stands.map_or((found, self.cluster.releases.slot(member)), |package| {
            let found =
                package.version.map_or(Found::Unknown, |version| Found::Version(package.system, version));
            (found, self.cluster.slot_of(package))
        })
    }

    /// What the host at a position has of a package; a name of `None` is one that cannot be told.
    fn found(&self, position: usize, name: Option<&str>, class: ArchClass) -> Found {
        let (Some(packages), Some(name)) = (self.packages(position), name) else { return Found::Unknown };
        let named = self.fleet.strings.find(name).map(|name| packages.named(name)).unwrap_or_default();
        self.of_class(packages, named, class)
    }

    /// Of several versions of one package the newest speaks for the host, and comes first.
    fn of_class(&self, packages: &Packages, named: &[Package], class: ArchClass) -> Found {
        match named.iter().find(|package| packages.class(package.arch, self.all) == class) {
            Some(package) => Found::Version(packages.system, package.version),
            // Where a line could not be read it may have been that one.
            None if packages.complete => Found::Absent(packages.system),
            None => Found::Unknown,
        }
    }

    fn cell(&self, found: Found) -> Option<Cell<'a>> {
        let (value, system) = match found {
            Found::NotCovered => return None,
            Found::Unknown => (Value::Unknown, System::Debian),
            Found::Absent(system) => (Value::Absent, system),
            Found::Version(system, version) => match self.fleet.strings.text(version) {
                // Half-installed, with no version yet: neither a version nor a vote.
                "" => (Value::Unknown, system),
                version => (Value::Installed(version), system),
            },
        };
        Some(Cell { value, system })
    }

    fn answers(&self, cells: &Cells<'a>) -> Answers<'a> {
        let known = cells.kinds().iter().filter_map(|kind| {
            let cell = kind.cell.filter(|cell| cell.value != Value::Unknown)?;
            Some((kind.slot, cell, kind.count))
        });
        Answers {
            groups: known.collect(),
            slots: self.cluster.releases.slots(),
            main: self.cluster.releases.majority(),
        }
    }

    /// The slot of the baseline host's release in this cluster, and what it has. It may be a host of
    /// another cluster; it must have been audited in this run.
    fn baseline_host(
        &self,
        inventory: &Inventory,
        name: &str,
        entry: &'a PackageEntry,
        class: ArchClass,
    ) -> Option<(usize, Cell<'a>)> {
        let id = inventory.find(name)?;
        let position = self.fleet.hosts.iter().position(|observation| observation.host == id)?;
        let observation = self.observation(position)?;
        let os = observation.os();
        let releases = &self.cluster.releases;
        let slot = os.and_then(|os| releases.distinct.iter().position(|known| known.same_release(os)));
        let cell = self.cell(self.found(position, name_of(entry, observation), class))?;
        Some((slot.unwrap_or(usize::MAX), cell))
    }

    /// The packages that are worth a column, though no entry names them.
    fn candidates(&self, scope: Scope) -> Vec<Key> {
        let known =
            |position: &usize| self.packages(*position).is_some_and(|packages| packages.purpose_known);
        let anyone_knows = self.cluster.members.iter().any(known);
        let mut wanted: BTreeSet<Key> = BTreeSet::new();
        let releases = &self.cluster.releases;
        for slot in 0..releases.slots() {
            let members =
                self.cluster.members.iter().enumerate().filter(|(member, _)| releases.slot(*member) == slot);
            let hosts: Vec<&'a Packages> =
                members.filter_map(|(_, position)| self.packages(*position)).collect();
            match scope {
                Scope::OnPurpose => self.add_on_purpose(&hosts, anyone_knows, &mut wanted),
                Scope::All => self.add_differing(&hosts, &mut wanted),
            }
        }
        wanted.into_iter().collect()
    }

    fn add_on_purpose(&self, hosts: &[&'a Packages], anyone_knows: bool, wanted: &mut BTreeSet<Key>) {
        let mut native = vec![false; self.fleet.strings.len()];
        for packages in hosts.iter().filter(|packages| packages.purpose_known || !anyone_knows) {
            for package in packages.list.iter().filter(|package| package.on_purpose) {
                let class = packages.class(package.arch, self.all);
                // Most packages are on every host: each is put into the set once.
                let told = native.get_mut(package.name.index()).filter(|_| class == ArchClass::Native);
                if !told.is_some_and(|told| std::mem::replace(told, true)) {
                    wanted.insert((package.name, class));
                }
            }
        }
    }

    /// One pass over the hosts of a release, in tables indexed by symbol: a package is worth a column
    /// unless every host has it in one and the same version.
    fn add_differing(&self, hosts: &[&'a Packages], wanted: &mut BTreeSet<Key>) {
        let mut native = vec![Tally::default(); self.fleet.strings.len()];
        let mut foreign: BTreeMap<Key, Tally> = BTreeMap::new();
        for packages in hosts {
            for package in packages.newest() {
                let class = packages.class(package.arch, self.all);
                let tally = match class {
                    ArchClass::Native => native.get_mut(package.name.index()),
                    ArchClass::Foreign(_) => Some(foreign.entry((package.name, class)).or_default()),
                };
                if let Some(tally) = tally {
                    let first = *tally.first.get_or_insert(package.version);
                    tally.seen += 1;
                    tally.same += u32::from(first == package.version);
                }
            }
        }
        let differs = |tally: &Tally| {
            tally.seen > 0 && (tally.seen as usize != hosts.len() || tally.same != tally.seen)
        };
        for packages in hosts {
            for package in &packages.list {
                if native.get(package.name.index()).is_some_and(differs) {
                    wanted.insert((package.name, ArchClass::Native));
                }
            }
        }
        wanted.extend(foreign.iter().filter(|(_, tally)| differs(tally)).map(|(key, _)| *key));
    }

    /// One column for each of the keys, which are in order. Packages are in the same order on every host, so
    /// that each host is gone through once.
    fn unnamed(&self, keys: &[Key]) -> Vec<Column<'a>> {
        let members = &self.cluster.members;
        let mut builders: Vec<Builder> = keys.iter().map(|_| Builder::for_members(members.len())).collect();
        for (member, position) in members.iter().enumerate() {
            let packages = self.packages(*position);
            let mut rest = packages.map(|packages| packages.list.as_slice()).unwrap_or_default();
            for ((name, class), builder) in keys.iter().zip(&mut builders) {
                let found = packages.map_or(Found::Unknown, |packages| {
                    let smaller = rest.iter().take_while(|package| package.name < *name).count();
                    rest = rest.get(smaller..).unwrap_or_default();
                    let own = rest.iter().take_while(|package| package.name == *name).count();
                    self.of_class(packages, rest.get(..own).unwrap_or_default(), *class)
                });
                let (found, slot) = self.or_stand_in(member, Some(*name), *class, found);
                builder.push(Raw { found, slot, terms: 0 });
            }
        }
        let columns = keys.iter().zip(builders).map(|((name, class), builder)| {
            let cells = builder.finish(|found| self.cell(found));
            let terms = vec![Terms { entry: None, expected: self.answers(&cells).by_release() }];
            self.column(self.fleet.strings.text(*name), *class, cells, terms)
        });
        columns.collect()
    }

    fn column(&self, name: &'a str, class: ArchClass, cells: Cells<'a>, terms: Vec<Terms<'a>>) -> Column<'a> {
        let (arch, foreign) = match class {
            ArchClass::Foreign(arch) => (self.fleet.strings.text(arch), true),
            ArchClass::Native => (self.native_arch(name), false),
        };
        Column::new(name, (arch, foreign), cells, terms)
    }

    /// The architecture in which the first host that has the package has it.
    fn native_arch(&self, name: &str) -> &'a str {
        let Some(symbol) = self.fleet.strings.find(name) else { return "" };
        let hosts = self.cluster.members.iter().filter_map(|position| self.packages(*position));
        let mut found = hosts.flat_map(|packages| {
            let own = packages.named(symbol).iter();
            own.filter(|package| packages.class(package.arch, self.all) == ArchClass::Native)
        });
        found.next().map_or("", |package| self.fleet.strings.text(package.arch))
    }
}

/// The entries that speak of any member, the one of the most members first, and for each member which of
/// them holds.
fn distinct<'a>(entries: &[Option<&'a PackageEntry>]) -> (Vec<&'a PackageEntry>, Vec<usize>) {
    let mut distinct: Vec<(&'a PackageEntry, usize)> = Vec::new();
    for entry in entries.iter().flatten() {
        match distinct.iter_mut().find(|(known, _)| std::ptr::eq(*known, *entry)) {
            Some((_, count)) => *count += 1,
            None => distinct.push((entry, 1)),
        }
    }
    distinct.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let place = |entry: Option<&'a PackageEntry>| {
        let found =
            entry.and_then(|entry| distinct.iter().position(|(known, _)| std::ptr::eq(*known, entry)));
        found.unwrap_or_default()
    };
    let places = entries.iter().copied().map(place).collect();
    (distinct.into_iter().map(|(entry, _)| entry).collect(), places)
}

/// What an entry calls its package on a host; `None` where it has no name for the host's system, or
/// the system is not known.
fn name_of<'a>(entry: &'a PackageEntry, host: &Observation) -> Option<&'a str> {
    let os = host.os();
    let like: Vec<&str> = os.iter().flat_map(|os| os.like.iter().map(String::as_str)).collect();
    entry.names.on(os.map_or("", |os| os.id.as_str()), &like)
}
