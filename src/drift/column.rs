//! One package across one cluster: what each host has, and how it compares.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Releases;
use super::cells::{Cells, Kind};
use super::expect::Expected;
use crate::playbook::PackageEntry;
use crate::snapshot::Os;
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
    /// What the members have.
    cells: Cells<'a>,
    /// What is expected; the first speaks for the cluster as a whole. There is at least one.
    terms: Vec<Terms<'a>>,
    /// How each state of the cells compares.
    judgements: Vec<Judgement>,
    /// Members that have the old or the new version of what is being rolled out.
    under_way: BTreeSet<usize>,
}

/// What one entry of the playbook, or nobody, expects of a package.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    pub(super) entry: Option<&'a PackageEntry>,
    /// By the slot of the member's release.
    pub(super) expected: Vec<Expected<'a>>,
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
    /// It is the old or the new version of what is being rolled out: both are expected.
    UnderWay,
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
    /// A column, judged.
    pub(super) fn new(
        name: &'a str,
        (arch, foreign): (&'a str, bool),
        cells: Cells<'a>,
        terms: Vec<Terms<'a>>,
    ) -> Self {
        let judge = |kind: &Kind<'a>| {
            kind.cell.map_or(Judgement::NotCovered, |cell| {
                let expected = terms.get(kind.terms).map_or(Expected::Undecided, |terms| terms.of(kind.slot));
                judge(cell, expected)
            })
        };
        let judgements = cells.kinds().iter().map(judge).collect();
        Self { name, arch, foreign, cells, terms, judgements, under_way: BTreeSet::new() }
    }

    /// Takes what members have for what a roll-out leads from or to.
    pub(super) fn let_be(&mut self, members: impl IntoIterator<Item = usize>) {
        self.under_way.extend(members);
    }

    /// What a member has; `None` where the entry does not speak of it.
    pub fn value(&self, member: usize) -> Option<Value<'a>> {
        self.cell(member).map(|cell| cell.value)
    }

    fn cell(&self, member: usize) -> Option<Cell<'a>> {
        self.cells.of(member)?.cell
    }

    /// What a column says of one member.
    pub fn judge(&self, member: usize) -> Judgement {
        let place = self.judgements.get(self.cells.place(member));
        match place.copied().unwrap_or(Judgement::NotCovered) {
            Judgement::Undecided | Judgement::Different { .. } if self.under_way.contains(&member) => {
                Judgement::UnderWay
            }
            judgement => judgement,
        }
    }

    /// Whether any member is known not to be as expected.
    pub fn is_apart(&self) -> bool {
        let settled = |judgement: &Judgement| {
            matches!(judgement, Judgement::Same | Judgement::Unknown | Judgement::NotCovered)
        };
        !self.judgements.iter().all(settled)
    }

    /// How many distinct versions the members have.
    pub fn versions(&self) -> usize {
        let installed = self.cells.kinds().iter().filter_map(|kind| match kind.cell?.value {
            Value::Installed(version) => Some(version),
            Value::Unknown | Value::Absent => None,
        });
        installed.collect::<BTreeSet<_>>().len()
    }

    /// The playbook's entry that speaks of a member.
    pub fn entry(&self, member: usize) -> Option<&'a PackageEntry> {
        self.terms_for(member)?.entry
    }

    /// The entries that speak of any member, the one of the most members first; none for a package that
    /// the playbook does not name.
    pub fn entries(&self) -> impl Iterator<Item = &'a PackageEntry> {
        self.terms.iter().filter_map(|terms| terms.entry)
    }

    /// Whether the playbook names the package.
    pub fn is_named(&self) -> bool {
        self.entries().next().is_some()
    }

    /// What is expected of a member.
    pub fn expected_of(&self, member: usize) -> Expected<'a> {
        let kind = self.cells.of(member);
        let expected = kind.and_then(|kind| Some(self.terms.get(kind.terms)?.of(kind.slot)));
        expected.unwrap_or(Expected::Undecided)
    }

    /// What the cluster as a whole expects in a release's slot.
    pub fn expected(&self, slot: usize) -> Expected<'a> {
        self.terms.first().map_or(Expected::Undecided, |terms| terms.of(slot))
    }

    fn terms_for(&self, member: usize) -> Option<&Terms<'a>> {
        self.terms.get(self.cells.of(member)?.terms)
    }

    /// What a member has installed, and the system that orders it.
    pub fn installed(&self, member: usize) -> Option<(System, &'a str)> {
        let cell = self.cell(member)?;
        if let Value::Installed(version) = cell.value { Some((cell.system, version)) } else { None }
    }

    /// How many hosts have each value, most first; "unknown" has no vote and comes last.
    pub fn spread(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<Value<'a>, usize> = BTreeMap::new();
        for kind in self.cells.kinds() {
            if let Some(cell) = kind.cell {
                *counts.entry(cell.value).or_default() += kind.count;
            }
        }
        let mut spread: Vec<(Value<'a>, usize)> = counts.into_iter().rev().collect();
        spread.sort_by_key(|(value, count)| (*value == Value::Unknown, std::cmp::Reverse(*count)));
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
        let same = self.terms.iter().flat_map(|terms| &terms.expected).all(|other| *other == first);
        if same { first } else { Expected::Undecided }
    }

    /// The subject of findings about it: dpkg's way of naming a foreign twin.
    pub fn subject(&self) -> String {
        if self.foreign { format!("{}:{}", self.name, self.arch) } else { self.name.to_owned() }
    }

    /// What the package is called under a system, where an entry names it by system.
    pub fn name_under(&self, os: &Os) -> &'a str {
        let like: Vec<&str> = os.like.iter().map(String::as_str).collect();
        self.entries().find_map(|entry| entry.names.on(&os.id, &like)).unwrap_or(self.name)
    }
}

fn judge(cell: Cell<'_>, expected: Expected<'_>) -> Judgement {
    match (cell.value, expected) {
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

impl<'a> Terms<'a> {
    fn of(&self, slot: usize) -> Expected<'a> {
        self.expected.get(slot).copied().unwrap_or(Expected::Undecided)
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
