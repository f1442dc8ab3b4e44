//! The versions of packages that a host could have, and how they stand to each other, as clauses.
//!
//! apt keeps what is installed, changes it to its candidate, or removes it; of all other versions it takes those that
//! were asked for. What could be otherwise on another host (a source, a pin, a hold, a conflict) is a [`Cause`] of
//! clauses that can be left out.

use std::collections::{BTreeMap, BTreeSet};

use super::relation::{Atom, Group, groups};
use super::search::{Literal, Problem};
use crate::snapshot::{Record, Relation};
use crate::version::System;

/// What keeps a transaction from being possible, and could be taken away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    /// A version is on offer, and apt prefers another, or is told not to take it.
    Passed(usize),
    /// A package is on hold.
    Held(usize),
    /// A version is older than the one that is installed.
    Older(usize),
    /// The system cannot do without a package.
    Essential(String),
    /// Nothing gives what is needed: the group, as it is written.
    Missing(String),
    /// Two packages cannot be together: who says so, what it says, and the other.
    Apart(String, String, String),
    /// Only one version of a package can be there.
    Single(String),
}

impl Cause {
    /// What is named rather than something else: whatever the host's owner could change by one command comes first.
    pub(super) const fn weight(&self) -> u32 {
        match self {
            Self::Passed(_) | Self::Held(_) | Self::Older(_) => 1,
            Self::Essential(_) | Self::Missing(_) => 2,
            Self::Apart(..) => 3,
            Self::Single(_) => 4,
        }
    }
}

/// What a clause says.
#[derive(Debug)]
pub(super) enum Meaning {
    /// A version needs one of others.
    Needs { by: usize, group: Group, fitting: Vec<usize> },
    /// A version cannot be beside another.
    Apart { by: usize, other: usize, text: String },
    /// Anything else.
    Plain,
}

/// One version of one package.
#[derive(Debug)]
pub(super) struct Version<'a> {
    pub(super) record: &'a Record,
    /// Its architecture; that of a package for all is the host's own.
    arch: &'a str,
    pub(super) installed: bool,
    /// apt's priority of what is on offer.
    pub(super) priority: Option<i32>,
    /// Whether apt would take it by itself.
    pub(super) candidate: bool,
    /// Whether it was asked for.
    pub(super) wanted: bool,
    provides: Vec<Atom>,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Universe<'a> {
    pub(super) versions: Vec<Version<'a>>,
    pub(super) problem: Problem,
    /// What each clause says, and the cause that it can be left out with.
    pub(super) clauses: Vec<(Meaning, Option<usize>)>,
    pub(super) causes: Vec<Cause>,
    /// Versions by the names that they have or provide.
    named: BTreeMap<&'a str, Vec<usize>>,
    provided: BTreeMap<String, Vec<usize>>,
    /// What is installed, and was not told more of.
    others: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Universe<'a> {
    /// The universe of an answer; `None` where a version that was asked for is not in it. `others` are installed
    /// packages, each with its version.
    pub(super) fn of(
        records: &'a [Record],
        wanted: &[(&str, &str)],
        others: impl Iterator<Item = (&'a str, &'a str)>,
        native: &'a str,
    ) -> Option<Self> {
        let mut universe = Self::default();
        for record in records {
            universe.take(record, native);
        }
        for (package, version) in wanted {
            let fits = |one: &&mut Version<'_>| {
                one.record.package == *package && one.record.version == *version && one.arch == native
            };
            universe.versions.iter_mut().find(fits)?.wanted = true;
        }
        universe.index();
        let here: BTreeSet<&str> =
            universe.here().map(|(_, version)| version.record.package.as_str()).collect();
        for (package, version) in others.filter(|(package, _)| !here.contains(package)) {
            universe.others.entry(package).or_default().push(version);
        }
        universe.choose();
        universe.say();
        Some(universe)
    }

    /// Takes in a record; one of a version that is there already adds its priority.
    fn take(&mut self, record: &'a Record, native: &'a str) {
        let arch = if record.arch == "all" { native } else { record.arch.as_str() };
        let same = |one: &&mut Version<'_>| {
            one.record.package == record.package && one.arch == arch && one.record.version == record.version
        };
        if let Some(known) = self.versions.iter_mut().find(same) {
            known.installed |= record.installed;
            if !record.installed {
                known.priority = known.priority.max(record.priority);
            }
            return;
        }
        let provides = lists(record, &[Relation::Provides]);
        self.versions.push(Version {
            record,
            arch,
            installed: record.installed,
            priority: if record.installed { None } else { record.priority.or(Some(500)) },
            candidate: false,
            wanted: false,
            provides: provides.flat_map(|(_, group)| group.atoms).collect(),
        });
    }

    fn index(&mut self) {
        // What is installed comes first, then the newest.
        self.versions.sort_by(|one, other| {
            let newest = || System::Debian.compare(&other.record.version, &one.record.version);
            other.installed.cmp(&one.installed).then_with(newest)
        });
        for (at, version) in self.versions.iter().enumerate() {
            self.named.entry(&version.record.package).or_default().push(at);
            for atom in &version.provides {
                self.provided.entry(atom.name.clone()).or_default().push(at);
            }
        }
    }

    /// The versions that are installed.
    pub(super) fn here(&self) -> impl Iterator<Item = (usize, &Version<'a>)> {
        self.versions.iter().enumerate().filter(|(_, version)| version.installed)
    }

    /// The versions of a package's name, what is installed first, then the newest.
    pub(super) fn named(&self, package: &str) -> impl Iterator<Item = (usize, &Version<'a>)> {
        let named = self.named.get(package).map(Vec::as_slice).unwrap_or_default();
        named.iter().filter_map(|at| Some((*at, self.versions.get(*at)?)))
    }

    /// The versions that provide a name.
    pub(super) fn providing(&self, name: &str) -> impl Iterator<Item = (usize, &Version<'a>)> {
        let provided = self.provided.get(name).map(Vec::as_slice).unwrap_or_default();
        provided.iter().filter_map(|at| Some((*at, self.versions.get(*at)?)))
    }

    /// Packages of one name and architecture, each with its versions.
    fn packages(&self) -> BTreeMap<(&'a str, &'a str), Vec<usize>> {
        let mut packages: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (at, version) in self.versions.iter().enumerate() {
            packages.entry((&version.record.package, version.arch)).or_default().push(at);
        }
        packages
    }

    /// Finds each package's candidate, as apt_preferences(5) says: the highest priority, then the newest, and none
    /// that is older than what is installed unless its priority is 1000 or more.
    fn choose(&mut self) {
        for versions in self.packages().into_values() {
            let mut order = versions;
            let text = |at: &usize| self.versions.get(*at).map_or("", |one| one.record.version.as_str());
            order.sort_by(|one, other| System::Debian.compare(text(other), text(one)));
            let installed =
                order.iter().position(|at| self.versions.get(*at).is_some_and(|one| one.installed));
            let mut best: Option<(i32, usize)> = None;
            for (place, at) in order.iter().enumerate() {
                let Some(one) = self.versions.get(*at) else { continue };
                let priority = one.priority.unwrap_or(100);
                let back = installed.is_some_and(|installed| installed < place) && priority < 1000;
                if priority > 0 && !back && best.is_none_or(|(most, _)| priority > most) {
                    best = Some((priority, *at));
                }
            }
            if let Some(one) = best.and_then(|(_, at)| self.versions.get_mut(at)) {
                one.candidate = true;
            }
        }
    }

    /// Says all of it in clauses.
    fn say(&mut self) {
        let flags = |at: &usize, flag: &str| self.versions.get(*at).is_some_and(|one| has(one.record, flag));
        let installed = |at: &usize| self.versions.get(*at).is_some_and(|one| one.installed);
        let mut said: Vec<(Vec<Literal>, Meaning, Option<Cause>)> = Vec::new();
        let mut prefer: Vec<usize> = Vec::new();
        let mut instead: Vec<usize> = Vec::new();
        for ((package, _), versions) in self.packages() {
            let here = versions.iter().copied().find(|at| installed(at));
            if let Some(here) = here {
                prefer.push(here);
                if flags(&here, "held") {
                    said.push((vec![yes(here)], Meaning::Plain, Some(Cause::Held(here))));
                }
                if flags(&here, "essential") {
                    let any = versions.iter().copied().map(yes).collect();
                    said.push((any, Meaning::Plain, Some(Cause::Essential(package.to_owned()))));
                }
            }
            for at in &versions {
                let Some(one) = self.versions.get(*at) else { continue };
                if one.wanted {
                    said.push((vec![yes(*at)], Meaning::Plain, None));
                } else if !one.installed && !one.candidate {
                    said.push((vec![no(*at)], Meaning::Plain, Some(Cause::Passed(*at))));
                    continue;
                }
                let now = here.and_then(|here| self.versions.get(here));
                let older = now.is_some_and(|now| {
                    System::Debian.compare(&one.record.version, &now.record.version).is_lt()
                });
                if older {
                    said.push((vec![no(*at)], Meaning::Plain, Some(Cause::Older(*at))));
                }
                if here.is_some_and(|here| here != *at) {
                    instead.push(*at);
                }
            }
        }
        self.say_single(&mut said);
        for (at, version) in self.versions.iter().enumerate() {
            self.say_needs(at, version, &mut said);
            self.say_apart(at, version, &mut said);
        }
        let mut numbers: BTreeMap<Cause, usize> = BTreeMap::new();
        for (clause, meaning, cause) in said {
            self.problem.add(clause);
            let number = cause.map(|cause| {
                let next = self.causes.len();
                *numbers.entry(cause).or_insert_with_key(|cause| {
                    self.causes.push(cause.clone());
                    next
                })
            });
            self.clauses.push((meaning, number));
        }
        prefer.extend(instead);
        self.problem.prefer(prefer);
    }

    /// Of one name there is one version, but for the same version of several architectures where it says so.
    fn say_single(&self, said: &mut Vec<(Vec<Literal>, Meaning, Option<Cause>)>) {
        for (name, versions) in &self.named {
            let each = versions.iter().filter_map(|at| Some((*at, self.versions.get(*at)?)));
            let each: Vec<(usize, &Version<'_>)> = each.collect();
            for (place, (at, one)) in each.iter().enumerate() {
                for (before, other) in each.iter().take(place) {
                    let together = one.arch != other.arch
                        && one.record.version == other.record.version
                        && has(one.record, "multi-same")
                        && has(other.record, "multi-same");
                    if together || (one.installed && other.installed) {
                        continue;
                    }
                    let cause = Cause::Single((*name).to_owned());
                    said.push((vec![no(*before), no(*at)], Meaning::Plain, Some(cause)));
                }
            }
        }
    }

    fn say_needs(
        &self,
        at: usize,
        version: &Version<'a>,
        said: &mut Vec<(Vec<Literal>, Meaning, Option<Cause>)>,
    ) {
        for (_, group) in lists(version.record, &[Relation::Depends, Relation::PreDepends]) {
            let fitting = self.fitting(version, &group);
            let here = fitting.iter().any(|fit| self.versions.get(*fit).is_some_and(|one| one.installed));
            // What an installed package needs is there, told of or not.
            if fitting.contains(&at) || self.met_by_others(&group) || (version.installed && !here) {
                continue;
            }
            let mut clause = vec![no(at)];
            clause.extend(fitting.iter().copied().map(yes));
            let cause = fitting.is_empty().then(|| Cause::Missing(group.text.clone()));
            said.push((clause, Meaning::Needs { by: at, group, fitting }, cause));
        }
    }

    fn say_apart(
        &self,
        at: usize,
        version: &Version<'a>,
        said: &mut Vec<(Vec<Literal>, Meaning, Option<Cause>)>,
    ) {
        for (relation, group) in lists(version.record, &[Relation::Conflicts, Relation::Breaks]) {
            let word = if relation == Relation::Breaks { "Breaks" } else { "Conflicts" };
            let text = format!("{word}: {}", group.text);
            for atom in &group.atoms {
                for other in self.meant(atom, |_| true) {
                    let Some(met) = self.versions.get(other) else { continue };
                    // A package does not stand in its own way, and what is together now can be.
                    if met.record.package == version.record.package || (met.installed && version.installed) {
                        continue;
                    }
                    let cause = Cause::Apart(
                        version.record.package.clone(),
                        text.clone(),
                        met.record.package.clone(),
                    );
                    let meaning = Meaning::Apart { by: at, other, text: text.clone() };
                    said.push((vec![no(at), no(other)], meaning, Some(cause)));
                }
            }
        }
    }

    /// The versions that give what a version needs, in the order of its alternatives.
    pub(super) fn fitting(&self, by: &Version<'a>, group: &Group) -> Vec<usize> {
        let mut fitting = Vec::new();
        for atom in &group.atoms {
            for at in self.meant(atom, |one| reaches(by, atom, one)) {
                if !fitting.contains(&at) {
                    fitting.push(at);
                }
            }
        }
        fitting
    }

    /// The versions that have a name, or provide it.
    fn meant(&self, atom: &Atom, reaches: impl Fn(&Version<'_>) -> bool) -> Vec<usize> {
        let own = self.named(&atom.name).filter(|(_, one)| atom.admits(&one.record.version));
        let given = self.providing(&atom.name).filter(|(_, one)| {
            let names = one.provides.iter().filter(|given| given.name == atom.name);
            names
                .into_iter()
                .any(|given| atom.admits_provided(given.bound.as_ref().map(|(_, version)| version.as_str())))
        });
        own.chain(given).filter(|(_, one)| reaches(one)).map(|(at, _)| at).collect()
    }

    /// Whether a package gives it that was not told more of.
    pub(super) fn met_by_others(&self, group: &Group) -> bool {
        group.atoms.iter().any(|atom| {
            let versions = self.others.get(atom.name.as_str()).map(Vec::as_slice).unwrap_or_default();
            versions.iter().any(|version| atom.admits(version))
        })
    }
}

impl Version<'_> {
    /// The version under which it gives a name: its own, or the one that it provides it at.
    pub(super) fn as_named(&self, name: &str) -> Option<&str> {
        if self.record.package == name {
            return Some(&self.record.version);
        }
        let given = self.provides.iter().find(|given| given.name == name)?;
        given.bound.as_ref().map(|(_, version)| version.as_str())
    }
}

/// The groups of some kinds of relation.
pub(super) fn lists<'r>(
    record: &'r Record,
    kinds: &'r [Relation],
) -> impl Iterator<Item = (Relation, Group)> + use<'r> {
    let lists = record.relations.iter().filter(|(kind, _)| kinds.contains(kind));
    lists.flat_map(|(kind, list)| groups(list).map(|group| (*kind, group)))
}

/// Whether a record has a flag.
pub(super) fn has(record: &Record, flag: &str) -> bool {
    record.flags.iter().any(|one| one == flag)
}

/// Whether a version is of an architecture that another one can make use of by an atom of what it needs.
pub(super) fn reaches(by: &Version<'_>, atom: &Atom, one: &Version<'_>) -> bool {
    match atom.arch.as_deref() {
        Some("any") => {
            one.arch == by.arch || has(one.record, "multi-allowed") || has(one.record, "multi-foreign")
        }
        Some(arch) => one.arch == arch,
        None => one.arch == by.arch || has(one.record, "multi-foreign"),
    }
}

const fn yes(variable: usize) -> Literal {
    Literal { variable, holds: true }
}

const fn no(variable: usize) -> Literal {
    Literal { variable, holds: false }
}
