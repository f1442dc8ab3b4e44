//! One package across one cluster: what each host has, and how it compares.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::expect::{Answers, Expected};
use super::{Bound, Cluster, Releases};
use crate::inventory::Inventory;
use crate::playbook::{Baseline, PackageEntry, Playbook, builtin_ignores};
use crate::snapshot::{ArchClass, Fleet, Observation, Packages, Symbol};
use crate::version::{Distance, System, compare_upstream, distance, same_upstream};

/// What a host has of one package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value<'a> {
    /// It was not collected.
    Unknown,
    /// It is not on the host.
    Absent,
    /// It is, in this full version.
    Installed(&'a str),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unknown => "unknown",
            Self::Absent => "not installed",
            Self::Installed(version) => version,
        })
    }
}

/// A value and the system that orders it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell<'a> {
    pub(super) value: Value<'a>,
    pub(super) system: System,
}

/// One package of one architecture class, across the members of a cluster.
#[derive(Debug)]
pub struct Column<'a> {
    /// The name that reports use.
    pub name: &'a str,
    /// The architecture that most of the hosts that have it have it in.
    pub arch: &'a str,
    /// Whether it is a foreign architecture's twin, which the subject of a finding then names.
    pub foreign: bool,
    /// The playbook's entry that names it.
    pub entry: Option<&'a PackageEntry>,
    /// For each member what it has; `None` where the entry does not speak of the member.
    cells: Vec<Option<Cell<'a>>>,
    /// What is expected, by the slot of the member's release.
    expected: Vec<Expected<'a>>,
}

/// What a column says of one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The entry does not speak of it.
    NotCovered,
    /// It was not collected, or there is nothing to compare with.
    Unknown,
    /// It is as expected, or all hosts agree.
    Same,
    /// Hosts differ and none is right.
    Undecided,
    /// It should be there and is not.
    Missing,
    /// It should not be there and is.
    Extra,
    /// It is another version.
    Different {
        /// Whether it is newer than what is expected.
        ahead: bool,
        /// By how much, where both can be mapped.
        distance: Option<Distance>,
    },
}

impl<'a> Column<'a> {
    /// What a member has; `None` where the entry does not speak of it.
    pub fn value(&self, member: usize) -> Option<Value<'a>> {
        self.cells.get(member).copied().flatten().map(|cell| cell.value)
    }

    /// What is expected of hosts in a release's slot.
    pub fn expected(&self, slot: usize) -> Expected<'a> {
        self.expected.get(slot).copied().unwrap_or(Expected::Undecided)
    }

    /// What a member has installed, and the system that orders it.
    pub fn installed(&self, member: usize) -> Option<(System, &'a str)> {
        let cell = self.cells.get(member).copied().flatten()?;
        if let Value::Installed(version) = cell.value { Some((cell.system, version)) } else { None }
    }

    /// How many hosts have each value, most first; versions before "not installed" before "unknown".
    pub fn spread(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<Value<'a>, usize> = BTreeMap::new();
        for cell in self.cells.iter().flatten() {
            *counts.entry(cell.value).or_default() += 1;
        }
        let mut spread: Vec<(Value<'a>, usize)> = counts.into_iter().rev().collect();
        spread.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        spread.into_iter().map(|(value, count)| (value.to_string(), count)).collect()
    }

    /// What is expected of the cluster's own release, or of the only one that there is.
    pub fn expected_overall(&self, releases: &Releases<'_>) -> Expected<'a> {
        let only = if releases.distinct.len() == 1 { Some(0) } else { None };
        if let Some(slot) = releases.majority().or(only) {
            return self.expected(slot);
        }
        // No release is the cluster's own: what all slots agree on, if they do.
        let first = self.expected(0);
        let same = self.expected.iter().all(|other| *other == first);
        if same { first } else { Expected::Undecided }
    }

    /// The subject of findings about it: dpkg's way of naming a foreign twin.
    pub fn subject(&self) -> String {
        if self.foreign { format!("{}:{}", self.name, self.arch) } else { self.name.to_owned() }
    }

    /// Whether any two hosts that answered differ, whatever is expected.
    pub fn differs(&self) -> bool {
        let mut known =
            self.cells.iter().flatten().map(|cell| cell.value).filter(|value| *value != Value::Unknown);
        let first = known.next();
        known.any(|value| Some(value) != first)
    }

    pub(super) fn judge(&self, member: usize, slot: usize) -> Judgement {
        let Some(cell) = self.cells.get(member).copied().flatten() else { return Judgement::NotCovered };
        match (cell.value, self.expected(slot)) {
            (Value::Unknown, _) | (_, Expected::NoBaseline) => Judgement::Unknown,
            (_, Expected::Agreed) | (Value::Absent, Expected::Absent) => Judgement::Same,
            (_, Expected::Undecided) => Judgement::Undecided,
            (Value::Absent, Expected::Version { .. }) => Judgement::Missing,
            (Value::Installed(_), Expected::Absent) => Judgement::Extra,
            (Value::Installed(has), Expected::Version { version, system, exact }) => {
                against((cell.system, has), (system, version), exact)
            }
        }
    }
}

fn against(has: (System, &str), expected: (System, &str), exact: bool) -> Judgement {
    let order = if exact && has.0 == expected.0 {
        Some(has.0.compare(has.1, expected.1))
    } else if same_upstream(has, expected) {
        Some(Ordering::Equal)
    } else {
        compare_upstream(has, expected)
    };
    match order {
        Some(Ordering::Equal) => Judgement::Same,
        order => Judgement::Different {
            ahead: order == Some(Ordering::Greater),
            distance: distance(expected, has),
        },
    }
}

/// Every column of a cluster.
pub(super) fn columns<'a>(
    cluster: &Cluster<'a>,
    inventory: &'a Inventory,
    playbook: &'a Playbook,
    bound: &Bound,
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
    let mut rest: Vec<Column<'a>> = keys.into_iter().map(|key| maker.unnamed(key)).collect();
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

    /// One column for each package and architecture that an entry names. Later entries win.
    fn named(&self, inventory: &'a Inventory, playbook: &'a Playbook, bound: &Bound) -> Vec<Column<'a>> {
        let mut columns = Vec::new();
        for (at, entry) in playbook.packages.iter().enumerate() {
            let name_on = |position: usize| {
                let Some(host) = self.observation(position) else { return Called::NotCovered };
                let mut later = playbook.packages.iter().enumerate().skip(at + 1);
                let overridden =
                    later.any(|(at, other)| other.names == entry.names && bound.package(at, host.host));
                if !bound.package(at, host.host) || overridden {
                    return Called::NotCovered;
                }
                name_of(entry, host).map_or(Called::Unknown, Called::Name)
            };
            let names: Vec<Called<'a>> = self.cluster.members.iter().map(|at| name_on(*at)).collect();
            if names.iter().all(|name| *name == Called::NotCovered) {
                continue;
            }
            for class in self.classes(&names) {
                let cells = self.cells_of(&names, class);
                let of_host = match &entry.baseline {
                    Baseline::Host(name) => self.baseline_host(inventory, name, entry, class),
                    _ => None,
                };
                let expected = self.answers(&cells).by_baseline(&entry.baseline, of_host);
                let name = names.iter().find_map(|name| name.known()).unwrap_or_else(|| entry.names.first());
                columns.push(self.column(name, class, Some(entry), cells, expected));
            }
        }
        columns
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

    fn cells_of(&self, names: &[Called<'a>], class: ArchClass) -> Vec<Option<Cell<'a>>> {
        let members = self.cluster.members.iter().zip(names);
        let cell = |(member, name): (&usize, &Called<'a>)| {
            (*name != Called::NotCovered).then(|| self.cell(*member, name.known(), class))
        };
        members.map(cell).collect()
    }

    /// What the host at a position has of a package; a name of `None` is one that cannot be told.
    fn cell(&self, position: usize, name: Option<&str>, class: ArchClass) -> Cell<'a> {
        let (Some(packages), Some(name)) = (self.packages(position), name) else {
            return Cell { value: Value::Unknown, system: System::Debian };
        };
        let value = match self.fleet.strings.find(name) {
            Some(name) => self.value(packages, (name, class)),
            None => Value::Absent,
        };
        Cell { value, system: packages.system }
    }

    fn value(&self, packages: &'a Packages, (name, class): Key) -> Value<'a> {
        let found =
            packages.named(name).iter().find(|package| packages.class(package.arch, self.all) == class);
        found.map_or(Value::Absent, |package| Value::Installed(self.fleet.strings.text(package.version)))
    }

    fn answers(&self, cells: &[Option<Cell<'a>>]) -> Answers<'a> {
        let slotted = cells
            .iter()
            .enumerate()
            .filter_map(|(member, cell)| Some((self.cluster.releases.slot(member), (*cell)?)));
        Answers {
            cells: slotted.filter(|(_, cell)| cell.value != Value::Unknown).collect(),
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
    ) -> Option<(usize, Value<'a>)> {
        let id = inventory.find(name)?;
        let position = self.fleet.hosts.iter().position(|observation| observation.host == id)?;
        let observation = self.observation(position)?;
        let os = observation.os();
        let releases = &self.cluster.releases;
        let slot = os.and_then(|os| releases.distinct.iter().position(|known| known.same_release(os)));
        let cell = self.cell(position, name_of(entry, observation), class);
        Some((slot.unwrap_or(usize::MAX), cell.value))
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
            for package in &packages.list {
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

    fn unnamed(&self, key: Key) -> Column<'a> {
        let cell = |position: &usize| {
            let packages = self.packages(*position);
            let value = packages.map_or(Value::Unknown, |packages| self.value(packages, key));
            Some(Cell { value, system: packages.map_or(System::Debian, |packages| packages.system) })
        };
        let cells: Vec<Option<Cell<'a>>> = self.cluster.members.iter().map(cell).collect();
        let expected = self.answers(&cells).by_release();
        self.column(self.fleet.strings.text(key.0), key.1, None, cells, expected)
    }

    fn column(
        &self,
        name: &'a str,
        class: ArchClass,
        entry: Option<&'a PackageEntry>,
        cells: Vec<Option<Cell<'a>>>,
        expected: Vec<Expected<'a>>,
    ) -> Column<'a> {
        let (arch, foreign) = match class {
            ArchClass::Foreign(arch) => (self.fleet.strings.text(arch), true),
            ArchClass::Native => (self.native_arch(name), false),
        };
        Column { name, arch, foreign, entry, cells, expected }
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

/// What an entry calls its package on a host; `None` where it has no name for the host's system, or
/// the system is not known.
fn name_of<'a>(entry: &'a PackageEntry, host: &Observation) -> Option<&'a str> {
    let os = host.os();
    let like: Vec<&str> = os.iter().flat_map(|os| os.like.iter().map(String::as_str)).collect();
    entry.names.on(os.map_or("", |os| os.id.as_str()), &like)
}
