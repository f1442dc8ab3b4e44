//! Held against trying everything, over small universes made at random.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::causes::causes;
use super::effort::Effort;
use super::relation::{Atom, Group, groups};
use super::universe::{Cause, Universe, has};
use super::*;
use crate::snapshot::Relation;

/// Numbers from a seed, one after the other.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// More than any small universe takes.
const ENOUGH: usize = 2_000_000_000;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn relation(dice: &mut Dice, own: &str, names: &[&str]) -> String {
    let others: Vec<&str> = names.iter().copied().filter(|name| *name != own).collect();
    let name = dice.pick(&others);
    let sign = dice.pick(&["", "", "<<", "<=", "=", ">=", ">>"]);
    if sign.is_empty() { name.to_owned() } else { format!("{name} ({sign} {})", 1 + dice.below(3)) }
}

/// A universe in which everything that is installed is as it should be, and what is asked for.
fn universe(seed: u64) -> (Vec<Record>, String) {
    let mut dice = Dice(seed | 1);
    for _ in 0..20 {
        dice.below(2);
    }
    let names = ["a", "b", "c", "d", "e", "v", "gone"];
    let (mut here, mut offered) = (Vec::new(), Vec::new());
    for name in NAMES {
        let mut at: Option<usize> = None;
        for version in 1..=3 {
            if dice.one_in(2) {
                continue;
            }
            let mut record = Record {
                package: name.to_owned(),
                arch: "amd64".to_owned(),
                version: version.to_string(),
                priority: Some([500, 500, 500, 990, 100, -1, 1001][dice.below(7)]),
                ..Record::default()
            };
            let mut add = |kind, text: String| record.relations.push((kind, text));
            for _ in 0..dice.below(3) {
                let mut text = relation(&mut dice, name, &names);
                if dice.one_in(3) {
                    text = format!("{text} | {}", relation(&mut dice, name, &names));
                }
                add(if dice.one_in(4) { Relation::PreDepends } else { Relation::Depends }, text);
            }
            if dice.one_in(4) {
                let kind = if dice.one_in(2) { Relation::Conflicts } else { Relation::Breaks };
                add(kind, relation(&mut dice, name, &names));
            }
            if dice.one_in(3) {
                add(
                    Relation::Provides,
                    if dice.one_in(2) { "v".to_owned() } else { format!("v (= {version})") },
                );
            }
            if at.is_none() && dice.one_in(2) {
                at = Some(version);
                let mut installed = Record { installed: true, priority: None, ..record.clone() };
                if dice.one_in(5) {
                    installed.flags.push("held".to_owned());
                }
                if dice.one_in(6) {
                    installed.flags.push("essential".to_owned());
                }
                here.push(installed);
            }
            if at != Some(version) || dice.one_in(2) {
                offered.push(record);
            }
        }
    }
    loop {
        let all: Vec<&Record> = here.iter().collect();
        let Some(wrong) = here.iter().position(|one| !fine(one, &all, &BTreeSet::new())) else { break };
        here.remove(wrong);
    }
    let wanted: Vec<&Record> = offered.iter().filter(|one| one.package == "a").collect();
    let wanted =
        if wanted.is_empty() { String::new() } else { wanted[dice.below(wanted.len())].version.clone() };
    (here.into_iter().chain(offered).collect(), wanted)
}

fn of<'r>(record: &'r Record, kinds: &[Relation]) -> Vec<Group> {
    let lists = record.relations.iter().filter(|(kind, _)| kinds.contains(kind));
    lists.flat_map(|(_, list): &'r (Relation, String)| groups(list)).collect()
}

fn meets(record: &Record, atom: &Atom) -> bool {
    let provided = of(record, &[Relation::Provides]);
    let given = |group: &Group| {
        let given = &group.atoms[0];
        given.name == atom.name
            && atom.admits_provided(given.bound.as_ref().map(|(_, version)| version.as_str()))
    };
    (record.package == atom.name && atom.admits(&record.version)) || provided.iter().any(given)
}

/// What is let pass, as a word and what it is about.
type Lifted = BTreeSet<(String, String)>;

fn lifts(lifted: &Lifted, what: &str, about: &str) -> bool {
    lifted.contains(&(what.to_owned(), about.to_owned()))
}

/// Whether a version can be where all of these are.
fn fine(one: &Record, all: &[&Record], lifted: &Lifted) -> bool {
    let needs = of(one, &[Relation::Depends, Relation::PreDepends]);
    let met = |group: &Group| {
        lifts(lifted, "missing", &group.text)
            || group.atoms.iter().any(|atom| all.iter().any(|other| meets(other, atom)))
    };
    let apart = of(one, &[Relation::Conflicts, Relation::Breaks]);
    let beside = |group: &Group| {
        all.iter().all(|other| {
            other.package == one.package
                || !meets(other, &group.atoms[0])
                || lifts(lifted, "apart", &format!("{} {} {}", one.package, group.text, other.package))
        })
    };
    needs.iter().all(met) && apart.iter().all(beside)
}

/// The version that apt would take, read from apt_preferences(5) anew.
fn candidate<'r>(records: &'r [Record], name: &str) -> Option<&'r str> {
    let named = || records.iter().filter(|one| one.package == name);
    let here = named().find(|one| one.installed).map(|one| one.version.as_str());
    let priority = |version: &str| {
        let offered = named().filter(|one| !one.installed && one.version == version);
        let offered = offered.filter_map(|one| one.priority).max();
        offered.unwrap_or(if here == Some(version) { 100 } else { 0 })
    };
    let could = |version: &&str| {
        priority(version) > 0 && (here.is_none_or(|here| *version >= here) || priority(version) >= 1000)
    };
    named().map(|one| one.version.as_str()).filter(could).max_by_key(|version| (priority(version), *version))
}

/// Whether any set of versions will do.
fn possible(records: &[Record], wanted: &str, lifted: &Lifted) -> bool {
    let mut versions: Vec<&Record> = records.iter().filter(|one| one.installed).collect();
    for one in records {
        if !versions.iter().any(|other| (&other.package, &other.version) == (&one.package, &one.version)) {
            versions.push(one);
        }
    }
    let here = |name: &str| records.iter().find(|one| one.package == name && one.installed);
    let candidates: Vec<Option<&str>> = NAMES.iter().map(|name| candidate(records, name)).collect();
    let allowed = |one: &Record| {
        let candidate = candidates[NAMES.iter().position(|name| *name == one.package).unwrap()];
        let asked = one.package == "a" && one.version == wanted;
        let label = format!("{} {}", one.package, one.version);
        let older = here(&one.package).is_some_and(|here| one.version < here.version);
        let taken = one.installed || asked || candidate == Some(&one.version);
        if taken { !older || lifts(lifted, "older", &label) } else { lifts(lifted, "passed", &label) }
    };
    versions.retain(|one| allowed(one));
    (0_u32..1 << versions.len()).any(|bits| {
        let chosen = versions.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
        let all: Vec<&Record> = chosen.map(|(_, one)| *one).collect();
        let of = |name: &str| all.iter().filter(|one| one.package == name).count();
        all.iter().any(|one| one.package == "a" && one.version == wanted)
            && NAMES.iter().all(|name| of(name) < 2 || lifts(lifted, "single", name))
            && NAMES.iter().filter_map(|name| here(name)).all(|here| {
                let stays = all.iter().any(|one| one.package == here.package && one.version == here.version);
                let holds = stays || !has(here, "held") || lifts(lifted, "held", &here.package);
                let there = of(&here.package) > 0
                    || !has(here, "essential")
                    || lifts(lifted, "essential", &here.package);
                holds && there
            })
            && all.iter().all(|one| fine(one, &all, lifted))
    })
}

/// A cause, as what is let pass.
fn lifted(universe: &Universe<'_>, cause: &Cause) -> (String, String) {
    let label = |at: &usize| {
        let record = universe.versions[*at].record;
        (record.package.clone(), format!("{} {}", record.package, record.version))
    };
    let (what, about) = match cause {
        Cause::Missing(group) => ("missing", group.clone()),
        Cause::Passed(at) => ("passed", label(at).1),
        Cause::Older(at) => ("older", label(at).1),
        Cause::Held(at) => ("held", label(at).0),
        Cause::Essential(package) => ("essential", package.clone()),
        Cause::Single(package) => ("single", package.clone()),
        Cause::Apart(by, text, other) => {
            ("apart", format!("{by} {} {other}", text.split_once(": ").unwrap().1))
        }
    };
    (what.to_owned(), about)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn causes_are_told_where_there_is_no_way_and_each_is_needed(seed in any::<u64>()) {
        let (records, wanted) = universe(seed);
        prop_assume!(!wanted.is_empty());
        let effort = Effort::new(ENOUGH);
        let universe = Universe::of(&records, &[("a", &wanted)], std::iter::empty(), "amd64", &effort).unwrap();
        let causes = causes(&universe).map(|found| found.causes).unwrap_or_default();
        let causes: Vec<(String, String)> =
            causes.iter().map(|cause| lifted(&universe, &universe.causes[*cause])).collect();
        let all: Lifted = causes.iter().cloned().collect();
        prop_assert_eq!(causes.is_empty(), possible(&records, &wanted, &Lifted::new()), "{:?} {:#?}", causes, records);
        prop_assert!(possible(&records, &wanted, &all), "{:?} is not all of it: {:#?}", causes, records);
        for one in &causes {
            let mut others = all.clone();
            others.remove(one);
            prop_assert!(!possible(&records, &wanted, &others), "{:?} is not needed: {:#?}", one, records);
        }
        let again = Effort::new(ENOUGH);
        let obstacles = explain(&records, &[("a", &wanted)], std::iter::empty(), "amd64", &again);
        prop_assert_eq!(obstacles.is_empty(), causes.is_empty(), "{:?}", obstacles);
        prop_assert!(obstacles.len() <= causes.len(), "{:?}", obstacles);
    }
}

#[test]
fn a_large_answer_is_explained() {
    let mut records = Vec::new();
    let mut dice = Dice(7);
    for nth in 0..150 {
        for version in 1..=4 {
            let depends = |to: usize| format!("p{to} (>= {})", if to == nth + 1 { version } else { 1 });
            let mut needs: Vec<String> = (0..8).map(|_| depends(dice.below(150))).collect();
            needs.push(depends(nth + 1));
            records.push(Record {
                installed: version == 1,
                package: format!("p{nth}"),
                arch: "amd64".to_owned(),
                version: version.to_string(),
                priority: (version != 1).then_some(500),
                relations: vec![(Relation::Depends, needs.join(", "))],
                ..Record::default()
            });
        }
    }
    records.push(Record { installed: true, version: "1".to_owned(), ..records[0].clone() });
    records.last_mut().unwrap().package = "p150".to_owned();
    records.last_mut().unwrap().relations.clear();
    let effort = Effort::new(super::effort::OWN);
    let obstacles = explain(&records, &[("p0", "4")], std::iter::empty(), "amd64", &effort);
    assert_eq!(obstacles.len(), 1, "{obstacles:?}");
    assert_eq!(obstacles[0].needs.as_deref(), Some("p150 (>= 4)"));
    assert_eq!((obstacles[0].observed.as_deref(), obstacles[0].by.as_deref()), (Some("1"), Some("p149")));
}

#[test]
fn random_universes_are_of_every_kind() {
    let mut kinds = std::collections::BTreeMap::new();
    for seed in 1..2000_u64 {
        let (records, wanted) = universe(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        if wanted.is_empty() {
            continue;
        }
        let effort = Effort::new(ENOUGH);
        let universe =
            Universe::of(&records, &[("a", &wanted)], std::iter::empty(), "amd64", &effort).unwrap();
        let Some(causes) = causes(&universe) else {
            *kinds.entry("a way".to_owned()).or_insert(0) += 1;
            continue;
        };
        for cause in causes.causes {
            *kinds.entry(lifted(&universe, &universe.causes[cause]).0).or_insert(0) += 1;
        }
    }
    for kind in ["a way", "missing", "passed", "older", "held", "essential", "apart", "single"] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 5), "{kind}: {kinds:?}");
    }
}

/// A record on offer, with its relations.
fn offered(package: &str, version: &str, relations: &[(Relation, String)]) -> Record {
    Record {
        package: package.to_owned(),
        arch: "amd64".to_owned(),
        version: version.to_owned(),
        priority: Some(500),
        relations: relations.to_vec(),
        ..Record::default()
    }
}

/// What is left of an amount of work after an answer was explained, and whether it was.
fn explained(records: &[Record], most: usize) -> (usize, bool) {
    let effort = Effort::new(most);
    let obstacles = explain(records, &[("web", "2")], std::iter::empty(), "amd64", &effort);
    (effort.left(), !obstacles.is_empty())
}

/// Pigeons that need a hole each, behind a chain of packages that need one another.
fn pigeons(pigeons: usize, holes: usize, chain: usize) -> Vec<Record> {
    let all: Vec<String> = (0..pigeons).map(|pigeon| format!("pig{pigeon}")).collect();
    let needs = |what: String| vec![(Relation::Depends, what)];
    let mut records = vec![offered("web", "2", &needs("c0".to_owned()))];
    records.extend((0..chain).map(|at| offered(&format!("c{at}"), "1", &needs(format!("c{}", at + 1)))));
    records.push(offered(&format!("c{chain}"), "1", &needs(all.join(", "))));
    for (pigeon, hole) in (0..pigeons).flat_map(|pigeon| (0..holes).map(move |hole| (pigeon, hole))) {
        let provides = (Relation::Provides, format!("pig{pigeon}, hole{hole}"));
        let alone = (Relation::Conflicts, format!("hole{hole}"));
        records.push(offered(&format!("p{pigeon}h{hole}"), "1", &[provides, alone]));
    }
    records
}

#[test]
fn an_answer_that_is_made_to_be_hard_is_given_up() {
    let (_, told) = explained(&pigeons(4, 3, 3), 16_000_000);
    assert!(told, "a small one is explained");
    assert_eq!(explained(&pigeons(12, 11, 100), 4_000_000), (0, false));
}

#[test]
fn an_answer_that_is_made_to_be_large_is_given_up() {
    let many: Vec<Record> = (0..1200).map(|nth| offered("web", &(nth + 1).to_string(), &[])).collect();
    let (left, told) = explained(&many, 16_000_000_000);
    assert!(left > 15_800_000_000 && !told, "{left}");

    let names: Vec<String> = (0..4000).map(|nth| format!("p (>= 0.{nth})")).collect();
    let shuns: Vec<(Relation, String)> =
        (0..50).map(|nth| (Relation::Conflicts, format!("{} | q{nth}", names.join(" | ")))).collect();
    let mut records = vec![offered("web", "2", &shuns)];
    let gives = [(Relation::Provides, "p (= 1)".to_owned())];
    records.extend((0..600).map(|nth| offered(&format!("q{nth}"), "1", &gives)));
    let (left, told) = explained(&records, 16_000_000_000);
    assert!(left > 15_000_000_000 && !told, "{left}");
}

#[test]
fn what_is_said_twice_is_one_clause() {
    let twice = |times: usize| {
        let needs = vec!["gone | away | gone | away"; times].join(", ");
        let shuns = vec!["v | v"; times].join(", ");
        let web =
            [(Relation::Depends, needs.clone()), (Relation::PreDepends, needs), (Relation::Breaks, shuns)];
        let records =
            [offered("web", "2", &web), offered("x", "1", &[(Relation::Provides, "v, v".to_owned())])];
        let effort = Effort::new(ENOUGH);
        let universe = Universe::of(&records, &[("web", "2")], std::iter::empty(), "amd64", &effort).unwrap();
        universe.clauses.len()
    };
    assert_eq!((twice(1), twice(30)), (3, 3));
}
