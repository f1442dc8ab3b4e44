//! What a cluster expects of one package, release by release.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::column::{Cell, Value};
use crate::playbook::Baseline;
use crate::version::{System, Upstream, compare_upstream, same_upstream};

/// What is expected of the hosts of one release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected<'a> {
    /// The hosts differ, and no value has the majority: none is called right.
    Undecided,
    /// The hosts agree, but they are too few to call what they have right.
    Agreed,
    /// The host that is the baseline was not audited.
    NoBaseline,
    /// The package is not expected.
    Absent,
    /// This version is.
    Version {
        /// The full version.
        version: &'a str,
        /// The system that it is a version of.
        system: System,
        /// Whether it is compared in the system's own order; otherwise by its upstream version, because
        /// it comes from another release.
        exact: bool,
    },
}

/// The contract's majority: more than half of the answers, and at least three of them.
pub(super) fn wins(count: usize, answers: usize) -> bool {
    answers >= 3 && count * 2 > answers
}

/// Versions that are no drift across releases: the same upstream version.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class<'a> {
    Absent,
    Mapped(Upstream),
    /// A version that cannot be mapped stands for itself.
    Raw(&'a str),
}

/// So many hosts of one release that gave the same answer: the slot of the release, the answer, how many.
pub(super) type Group<'a> = (usize, Cell<'a>, usize);

/// The answers for one package, of every member that gave one.
pub(super) struct Answers<'a> {
    pub(super) groups: Vec<Group<'a>>,
    pub(super) slots: usize,
    /// The slot of the cluster's own release.
    pub(super) main: Option<usize>,
}

impl<'a> Answers<'a> {
    /// What all of them have, if it is one and the same; `None` also where none answered.
    pub(super) fn unanimous(&self) -> Option<Cell<'a>> {
        let (_, first, _) = self.groups.first()?;
        self.groups.iter().all(|(_, cell, _)| cell.value == first.value).then_some(*first)
    }

    /// What is expected of a package that the playbook names, slot by slot.
    pub(super) fn by_baseline(
        &self,
        baseline: &'a Baseline,
        of_host: Option<(usize, Cell<'a>)>,
    ) -> Vec<Expected<'a>> {
        match baseline {
            Baseline::Majority => self.by_majority(),
            Baseline::Newest => self.by_newest(),
            Baseline::Pinned(version) => self.by_pin(version),
            // What another fleet had is told as if its hosts voted here.
            Baseline::Host(_) | Baseline::Run(_) => self.by_host(of_host),
        }
    }

    /// What is expected of a package that no entry names: each release has its own majority.
    pub(super) fn by_release(&self) -> Vec<Expected<'a>> {
        (0..self.slots).map(|slot| plurality(&self.of_slot(slot))).collect()
    }

    fn of_slot(&self, slot: usize) -> Vec<Group<'a>> {
        of_slot(&self.groups, slot)
    }

    fn all(&self, expected: Expected<'a>) -> Vec<Expected<'a>> {
        vec![expected; self.slots]
    }

    fn by_majority(&self) -> Vec<Expected<'a>> {
        let mut classes: BTreeMap<Class<'a>, Vec<Group<'a>>> = BTreeMap::new();
        for group in &self.groups {
            classes.entry(class(group.1)).or_default().push(*group);
        }
        let answers = total(&self.groups);
        let unanimous = classes.len() <= 1;
        let winner = classes.into_iter().find(|(_, groups)| unanimous || wins(total(groups), answers));
        match winner {
            None if answers == 0 => self.all(Expected::Agreed),
            None => self.all(Expected::Undecided),
            Some((Class::Absent, _)) if answers < 3 => self.all(Expected::Agreed),
            Some((Class::Absent, _)) => self.all(Expected::Absent),
            Some((_, groups)) => (0..self.slots).map(|slot| self.within(&groups, slot)).collect(),
        }
    }

    /// Of the hosts whose upstream version has the majority, what one release expects.
    fn within(&self, winners: &[Group<'a>], slot: usize) -> Expected<'a> {
        let own = of_slot(winners, slot);
        if own.is_empty() {
            return most_common(winners).map_or(Expected::Undecided, |cell| cell.expected(false));
        }
        let (distinct, answers) = (distinct(&own), total(&self.groups));
        match (distinct, most_common(&own)) {
            (1, Some(cell)) if answers >= 3 => cell.expected(true),
            (1, _) => Expected::Agreed,
            (_, Some(cell)) if wins(count(&own, cell.value), total(&own)) => cell.expected(true),
            _ => Expected::Undecided,
        }
    }

    fn by_newest(&self) -> Vec<Expected<'a>> {
        let there = self.groups.iter().filter(|(_, cell, _)| matches!(cell.value, Value::Installed(_)));
        let installed: Vec<(usize, Cell<'a>)> = there.map(|(slot, cell, _)| (*slot, *cell)).collect();
        let newest = installed
            .iter()
            .copied()
            .reduce(|best, next| if next.1.newer_than(&best.1, next.0 == best.0) { next } else { best });
        let Some((_, newest)) = newest else { return self.all(Expected::Agreed) };
        let same = |cell: &Cell<'a>| matches!((cell.pair(), newest.pair()), (Some(one), Some(other)) if same_upstream(one, other));
        (0..self.slots)
            .map(|slot| {
                let own =
                    installed.iter().filter(|(at, cell)| *at == slot && same(cell)).map(|(_, cell)| *cell);
                let best = own.reduce(|best, next| if next.newer_than(&best, true) { next } else { best });
                best.map_or_else(|| newest.expected(false), |cell| cell.expected(true))
            })
            .collect()
    }

    /// A pinned version is one of the cluster's own release; other releases are held to its upstream.
    fn by_pin(&self, version: &'a str) -> Vec<Expected<'a>> {
        let home = self.main.or_else(|| self.groups.first().map(|(slot, ..)| *slot));
        let at_home = self.groups.iter().find(|(slot, ..)| Some(*slot) == home).or(self.groups.first());
        let system = at_home.map_or(System::Debian, |(_, cell, _)| cell.system);
        (0..self.slots).map(|slot| Expected::Version { version, system, exact: Some(slot) == home }).collect()
    }

    fn by_host(&self, of_host: Option<(usize, Cell<'a>)>) -> Vec<Expected<'a>> {
        match of_host {
            None | Some((_, Cell { value: Value::Unknown, .. })) => self.all(Expected::NoBaseline),
            Some((_, Cell { value: Value::Absent, .. })) => self.all(Expected::Absent),
            Some((home, cell)) => (0..self.slots).map(|slot| cell.expected(slot == home)).collect(),
        }
    }
}

impl<'a> Cell<'a> {
    fn pair(&self) -> Option<(System, &'a str)> {
        match self.value {
            Value::Installed(version) => Some((self.system, version)),
            _ => None,
        }
    }

    fn expected(self, exact: bool) -> Expected<'a> {
        match self.value {
            Value::Installed(version) => Expected::Version { version, system: self.system, exact },
            Value::Absent => Expected::Absent,
            Value::Unknown => Expected::Undecided,
        }
    }

    /// Whether it is the newer of two: in the system's own order within one release, by the upstream
    /// version across releases.
    fn newer_than(&self, other: &Self, same_release: bool) -> bool {
        let (Some(mine), Some(its)) = (self.pair(), other.pair()) else { return false };
        let own_order = (mine.0 == its.0).then(|| mine.0.compare(mine.1, its.1));
        let order = if same_release { own_order } else { None };
        order.or_else(|| compare_upstream(mine, its)).or(own_order).is_some_and(Ordering::is_gt)
    }
}

fn class(cell: Cell<'_>) -> Class<'_> {
    match cell.value {
        Value::Installed(version) => match Upstream::parse(cell.system, version) {
            Some(upstream) => Class::Mapped(upstream),
            None => Class::Raw(cell.system.upstream(version)),
        },
        _ => Class::Absent,
    }
}

/// The majority of one release's exact values.
fn plurality<'a>(groups: &[Group<'a>]) -> Expected<'a> {
    let answers = total(groups);
    match (distinct(groups), most_common(groups)) {
        (1, Some(cell)) if answers >= 3 => cell.expected(true),
        (0 | 1, _) | (_, None) => Expected::Agreed,
        (_, Some(cell)) if wins(count(groups, cell.value), answers) => cell.expected(true),
        _ => Expected::Undecided,
    }
}

fn of_slot<'a>(groups: &[Group<'a>], slot: usize) -> Vec<Group<'a>> {
    groups.iter().filter(|(at, ..)| *at == slot).copied().collect()
}

/// How many hosts answered.
fn total(groups: &[Group<'_>]) -> usize {
    groups.iter().map(|(.., count)| count).sum()
}

fn count(groups: &[Group<'_>], value: Value<'_>) -> usize {
    groups.iter().filter(|(_, cell, _)| cell.value == value).map(|(.., count)| count).sum()
}

fn distinct(groups: &[Group<'_>]) -> usize {
    groups.iter().map(|(_, cell, _)| cell.value).collect::<BTreeSet<_>>().len()
}

/// The most common value; of equally common ones the first in order, so that runs agree.
fn most_common<'a>(groups: &[Group<'a>]) -> Option<Cell<'a>> {
    let mut counts: BTreeMap<Value<'a>, (usize, Cell<'a>)> = BTreeMap::new();
    for (_, cell, count) in groups {
        counts.entry(cell.value).or_insert((0, *cell)).0 += count;
    }
    counts.into_values().rev().max_by_key(|(count, _)| *count).map(|(_, cell)| cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers<'a>(cells: &[(usize, &'a str)]) -> Answers<'a> {
        let groups = cells
            .iter()
            .map(|(slot, version)| {
                let value = if version.is_empty() { Value::Absent } else { Value::Installed(version) };
                (*slot, Cell { value, system: System::Debian }, 1)
            })
            .collect();
        Answers { groups, slots: 2, main: Some(0) }
    }

    fn version(version: &str, exact: bool) -> Expected<'_> {
        Expected::Version { version, system: System::Debian, exact }
    }

    #[test]
    fn two_answers_make_no_majority() {
        assert_eq!(answers(&[(0, "1.0-1"), (0, "1.0-1")]).by_majority()[0], Expected::Agreed);
        assert_eq!(answers(&[(0, "1.0-1"), (0, "2.0-1")]).by_majority()[0], Expected::Undecided);
        assert_eq!(answers(&[(0, ""), (0, "2.0-1")]).by_majority()[0], Expected::Undecided);
    }

    #[test]
    fn half_is_no_majority() {
        let four = answers(&[(0, "1.0-1"), (0, "1.0-1"), (0, "2.0-1"), (0, "2.0-1")]);
        assert_eq!(four.by_majority()[0], Expected::Undecided);
    }

    #[test]
    fn not_installed_counts_as_an_answer() {
        let mostly = answers(&[(0, ""), (0, ""), (0, "2.0-1")]);
        assert_eq!(mostly.by_majority()[0], Expected::Absent);
    }

    #[test]
    fn equal_upstream_versions_add_up_across_releases() {
        let mixed = answers(&[
            (0, "1.26.3-3+deb13u1"),
            (0, "1.26.3-3+deb13u1"),
            (1, "1.26.3-1~bpo12+1"),
            (1, "1.22.1-9"),
        ]);
        assert_eq!(
            mixed.by_majority(),
            [version("1.26.3-3+deb13u1", true), version("1.26.3-1~bpo12+1", true)]
        );
    }

    #[test]
    fn a_release_without_the_expected_upstream_is_held_to_the_others() {
        let mixed = answers(&[(0, "1.26.3-3"), (0, "1.26.3-3"), (0, "1.26.3-3"), (1, "1.22.1-9")]);
        assert_eq!(mixed.by_majority(), [version("1.26.3-3", true), version("1.26.3-3", false)]);
    }

    #[test]
    fn one_upstream_with_several_revisions_has_its_own_majority() {
        let most = answers(&[(0, "1.0-1"), (0, "1.0-2"), (0, "1.0-2")]);
        assert_eq!(most.by_majority()[0], version("1.0-2", true));
        let split = answers(&[(0, "1.0-1"), (0, "1.0-2"), (0, "1.0-3")]);
        assert_eq!(split.by_majority()[0], Expected::Undecided);
    }

    #[test]
    fn newest_is_by_upstream_across_releases_and_by_the_own_order_within() {
        let mixed = answers(&[(0, "1.22.1-9"), (0, "1.22.1-10"), (1, "1.26.3-1"), (1, "1.26.3-1~bpo12+1")]);
        assert_eq!(mixed.by_newest(), [version("1.26.3-1", false), version("1.26.3-1", true)]);
    }

    #[test]
    fn systems_are_compared_by_the_upstream_version_and_each_keeps_its_own() {
        let cell = |slot, system, version| (slot, Cell { value: Value::Installed(version), system }, 1);
        let mixed = Answers {
            groups: vec![
                cell(0, System::Debian, "1:9.9p2-1"),
                cell(0, System::Debian, "1:9.9p2-1"),
                cell(1, System::Apk, "9.9_p2-r0"),
            ],
            slots: 2,
            main: Some(0),
        };
        let apk = Expected::Version { version: "9.9_p2-r0", system: System::Apk, exact: true };
        assert_eq!(mixed.by_majority(), [version("1:9.9p2-1", true), apk]);
        let rc = |system| cell(0, system, "3.4.0rc1-1");
        // The same text is a pre-release to pacman alone.
        let same_text = Answers {
            groups: vec![rc(System::Pacman), rc(System::Debian), rc(System::Debian)],
            slots: 2,
            main: Some(0),
        };
        assert_eq!(same_text.by_majority()[0], version("3.4.0rc1-1", true));
        assert_eq!(mixed.by_newest()[1], apk);
    }

    #[test]
    fn a_release_of_its_own_is_compared_with_itself_alone() {
        let mixed = answers(&[(0, "5.1-2"), (0, "5.1-2"), (0, "5.2-1"), (1, "5.3-1")]);
        assert_eq!(mixed.by_release(), [version("5.1-2", true), Expected::Agreed]);
    }
}
