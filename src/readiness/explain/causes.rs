//! The smallest set of causes without which a transaction would be possible.
//!
//! Each contradiction that the search finds names causes of which one must go; the smallest set that has one of each
//! is tried, until there is a way. So every cause of the set is needed.

use std::collections::BTreeSet;

use super::search::Outcome;
use super::universe::Universe;

/// How many contradictions are looked at, and how many steps all searches together may take.
const MOST_CORES: usize = 60;
const MOST_STEPS: usize = 20_000_000;

/// What a set of causes that is tried counts for.
const STEPS_A_SET: usize = 200;

/// Why there is no way.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// By their place in [`Universe::causes`].
    pub(super) causes: BTreeSet<usize>,
    /// The contradictions, as clauses.
    pub(super) cores: Vec<BTreeSet<usize>>,
    /// The versions that would be there if the causes were not.
    pub(super) way: BTreeSet<usize>,
}

/// The causes; `None` where there is a way, or where that is too hard to tell.
pub(super) fn causes(universe: &Universe<'_>) -> Option<Causes> {
    let mut steps = MOST_STEPS;
    let mut found = Causes::default();
    while found.cores.len() < MOST_CORES {
        let open = |clause: usize| cause_of(universe, clause).is_some_and(|one| found.causes.contains(&one));
        match universe.problem.search(open, &mut steps) {
            Outcome::Way(way) => {
                found.way = way;
                return (!found.causes.is_empty()).then_some(found);
            }
            Outcome::TooLong => return None,
            Outcome::NoWay(core) => {
                found.cores.push(smaller(universe, core, &mut steps)?);
                found.causes = hitting(universe, &found.cores, &mut steps)?;
            }
        }
    }
    None
}

fn cause_of(universe: &Universe<'_>, clause: usize) -> Option<usize> {
    universe.clauses.get(clause).and_then(|(_, cause)| *cause)
}

/// A contradiction without the causes that it does not need.
fn smaller(universe: &Universe<'_>, mut core: BTreeSet<usize>, steps: &mut usize) -> Option<BTreeSet<usize>> {
    let causes: BTreeSet<usize> = core.iter().filter_map(|clause| cause_of(universe, *clause)).collect();
    for cause in causes {
        let without = |clause: usize| !core.contains(&clause) || cause_of(universe, clause) == Some(cause);
        match universe.problem.search(without, steps) {
            Outcome::NoWay(less) => core = less,
            Outcome::Way(_) => {}
            Outcome::TooLong => return None,
        }
    }
    Some(core)
}

/// The smallest set of causes with one of each contradiction; of several as small, the one of least weight. `None`
/// where a contradiction has no cause that could go, or where there is too much to try.
fn hitting(universe: &Universe<'_>, cores: &[BTreeSet<usize>], steps: &mut usize) -> Option<BTreeSet<usize>> {
    let causes =
        |core: &BTreeSet<usize>| core.iter().filter_map(|clause| cause_of(universe, *clause)).collect();
    let cores: Vec<BTreeSet<usize>> = cores.iter().map(causes).collect();
    let weight = |cause: usize| universe.causes.get(cause).map_or(0, |cause| 1000 + cause.weight());
    let mut best: Option<(u32, BTreeSet<usize>)> = None;
    let mut waiting: Vec<(u32, BTreeSet<usize>)> = vec![(0, BTreeSet::new())];
    while let Some((total, chosen)) = waiting.pop() {
        *steps = steps.checked_sub(STEPS_A_SET)?;
        if best.as_ref().is_some_and(|(least, _)| total >= *least) {
            continue;
        }
        match cores.iter().find(|core| core.is_disjoint(&chosen)) {
            None => best = Some((total, chosen)),
            // The last to wait is the first to be tried: the first of equals is found first, and kept.
            Some(core) => waiting.extend(core.iter().rev().map(|cause| {
                let mut chosen = chosen.clone();
                chosen.insert(*cause);
                (total + weight(*cause), chosen)
            })),
        }
    }
    best.map(|(_, chosen)| chosen)
}
