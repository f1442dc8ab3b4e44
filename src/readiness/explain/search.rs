//! Whether clauses can all be true at once; where not, which of them cannot.
//!
//! A complete search: unit propagation, and jumping back over choices that have nothing to do with a contradiction.
//! All that it looks at is taken from an [`Effort`]; past that it says nothing.

use std::collections::BTreeSet;

use super::effort::{Effort, PLACE};

/// A variable, or its opposite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Literal {
    pub(super) variable: usize,
    pub(super) holds: bool,
}

/// Clauses: of each, at least one literal must hold.
#[derive(Debug, Default)]
pub(super) struct Problem {
    clauses: Vec<Vec<Literal>>,
    /// The clauses in which each variable stands.
    occurs: Vec<Vec<usize>>,
    /// The variables that are tried first.
    preferred: Vec<usize>,
}

/// What a search came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The variables that hold; all others need not.
    Way(BTreeSet<usize>),
    /// Clauses that cannot all be true.
    NoWay(BTreeSet<usize>),
}

impl Problem {
    /// Adds a clause; its number.
    pub(super) fn add(&mut self, clause: Vec<Literal>) -> usize {
        let number = self.clauses.len();
        for literal in &clause {
            if self.occurs.len() <= literal.variable {
                self.occurs.resize_with(literal.variable + 1, Vec::new);
            }
            if let Some(occurs) = self.occurs.get_mut(literal.variable) {
                occurs.push(number);
            }
        }
        self.clauses.push(clause);
        number
    }

    /// Lets a search try first that these variables hold, in their order.
    pub(super) fn prefer(&mut self, variables: Vec<usize>) {
        self.preferred = variables;
    }

    /// Looks for a way to make true all clauses but those left out; `None` where that takes too much.
    pub(super) fn search(&self, without: impl Fn(usize) -> bool, effort: &Effort) -> Option<Outcome> {
        // Whether a clause is left out is looked up in a set.
        effort.spend(self.clauses.len() * PLACE + self.occurs.len() * 8)?;
        let mut search = Search {
            problem: self,
            active: (0..self.clauses.len()).map(|clause| !without(clause)).collect(),
            values: vec![None; self.occurs.len()],
            reasons: vec![None; self.occurs.len()],
            trail: Vec::new(),
            propagated: 0,
            effort,
        };
        search.run()
    }
}

/// Why a variable has its value.
#[derive(Debug, Clone)]
enum Reason {
    /// It was tried.
    Choice,
    /// All other literals of a clause are false.
    Clause(usize),
    /// Its opposite was tried and contradicts these clauses under these choices.
    Tried(Blame),
}

/// What a contradiction follows from.
#[derive(Debug, Clone, Default)]
struct Blame {
    clauses: BTreeSet<usize>,
    choices: BTreeSet<usize>,
}

struct Search<'a> {
    problem: &'a Problem,
    active: Vec<bool>,
    values: Vec<Option<bool>>,
    reasons: Vec<Option<Reason>>,
    /// The variables in the order in which they got a value.
    trail: Vec<usize>,
    /// How many of these were followed up.
    propagated: usize,
    effort: &'a Effort,
}

impl Search<'_> {
    fn run(&mut self) -> Option<Outcome> {
        // A clause without literals is in nobody's list.
        let single = |(number, clause): (usize, &Vec<Literal>)| (clause.len() < 2).then_some(number);
        let singles: Vec<usize> = self.problem.clauses.iter().enumerate().filter_map(single).collect();
        let mut contradiction = None;
        for clause in singles {
            if !self.consider(clause)? {
                contradiction = Some(clause);
                break;
            }
        }
        loop {
            if contradiction.is_none() {
                contradiction = self.propagate()?;
            }
            if let Some(clause) = contradiction.take() {
                let blame = self.blame(clause)?;
                if let Some(blame) = self.jump_back(blame)? {
                    return Some(Outcome::NoWay(blame.clauses));
                }
            } else if let Some(literal) = self.open()? {
                self.set(literal, Reason::Choice);
            } else {
                self.effort.spend(self.values.len() * PLACE)?;
                let holds = self.values.iter().enumerate().filter(|(_, value)| **value == Some(true));
                return Some(Outcome::Way(holds.map(|(variable, _)| variable).collect()));
            }
        }
    }

    /// Follows up what was set; the clause that is contradicted, if one is.
    #[allow(clippy::option_option, reason = "`?` takes the outer one, which ends the search")]
    fn propagate(&mut self) -> Option<Option<usize>> {
        let problem = self.problem;
        while let Some(variable) = self.trail.get(self.propagated) {
            let occurs = problem.occurs.get(*variable).map(Vec::as_slice).unwrap_or_default();
            self.propagated += 1;
            for clause in occurs {
                if !self.consider(*clause)? {
                    return Some(Some(*clause));
                }
            }
        }
        Some(None)
    }

    /// Sets the last literal of a clause that can make it true; whether none is left.
    fn consider(&mut self, number: usize) -> Option<bool> {
        let problem = self.problem;
        self.effort.spend(1)?;
        let Some(clause) = problem.clauses.get(number).filter(|_| self.is_active(number)) else {
            return Some(true);
        };
        self.effort.spend(clause.len())?;
        if clause.iter().any(|literal| self.value(*literal) == Some(true)) {
            return Some(true);
        }
        let mut free = clause.iter().filter(|literal| self.value(**literal).is_none());
        Some(match (free.next().copied(), free.next()) {
            (None, _) => false,
            (Some(literal), None) => {
                self.set(literal, Reason::Clause(number));
                true
            }
            _ => true,
        })
    }

    /// What to try next: what is preferred, then the first free literal of a clause that is not true yet.
    #[allow(clippy::option_option, reason = "`?` takes the outer one, which ends the search")]
    fn open(&self) -> Option<Option<Literal>> {
        for variable in &self.problem.preferred {
            self.effort.spend(1)?;
            let literal = Literal { variable: *variable, holds: true };
            if self.free(literal) {
                return Some(Some(literal));
            }
        }
        for (number, clause) in self.problem.clauses.iter().enumerate() {
            self.effort.spend(1)?;
            if !self.is_active(number) {
                continue;
            }
            self.effort.spend(clause.len())?;
            if !clause.iter().any(|literal| self.value(*literal) == Some(true)) {
                return Some(clause.iter().find(|literal| self.value(**literal).is_none()).copied());
            }
        }
        Some(None)
    }

    fn is_active(&self, clause: usize) -> bool {
        self.active.get(clause).copied().unwrap_or(false)
    }

    fn value(&self, literal: Literal) -> Option<bool> {
        self.values.get(literal.variable).copied().flatten().map(|value| value == literal.holds)
    }

    fn free(&self, literal: Literal) -> bool {
        literal.variable < self.values.len() && self.value(literal).is_none()
    }

    fn set(&mut self, literal: Literal, reason: Reason) {
        if let (Some(value), Some(why)) =
            (self.values.get_mut(literal.variable), self.reasons.get_mut(literal.variable))
        {
            *value = Some(literal.holds);
            *why = Some(reason);
            self.trail.push(literal.variable);
        }
    }

    /// What a contradicted clause follows from.
    fn blame(&self, contradicted: usize) -> Option<Blame> {
        let mut blame = Blame::default();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<usize> = Vec::new();
        let take = |number: usize, blame: &mut Blame, waiting: &mut Vec<usize>| {
            let clause = self.problem.clauses.get(number).map(Vec::as_slice).unwrap_or_default();
            // Each literal is looked for among those that were seen.
            self.effort.spend((1 + clause.len()) * PLACE)?;
            blame.clauses.insert(number);
            waiting.extend(clause.iter().map(|literal| literal.variable));
            Some(())
        };
        take(contradicted, &mut blame, &mut waiting)?;
        while let Some(variable) = waiting.pop() {
            if !seen.insert(variable) {
                continue;
            }
            match self.reasons.get(variable).and_then(Option::as_ref) {
                Some(Reason::Choice) => {
                    blame.choices.insert(variable);
                }
                Some(Reason::Clause(number)) => take(*number, &mut blame, &mut waiting)?,
                Some(Reason::Tried(earlier)) => {
                    self.effort.spend((earlier.clauses.len() + earlier.choices.len()) * PLACE)?;
                    blame.clauses.extend(&earlier.clauses);
                    waiting.extend(&earlier.choices);
                }
                None => {}
            }
        }
        Some(blame)
    }

    /// Undoes the last choice to blame, with what followed it, and sets its opposite; where there is no choice to
    /// blame, the blame comes back.
    #[allow(clippy::option_option, reason = "`?` takes the outer one, which ends the search")]
    fn jump_back(&mut self, mut blame: Blame) -> Option<Option<Blame>> {
        let mut at = self.trail.len();
        let choice = loop {
            let Some(before) = at.checked_sub(1) else { return Some(Some(blame)) };
            at = before;
            self.effort.spend(PLACE)?;
            match self.trail.get(at) {
                Some(variable) if blame.choices.contains(variable) => break *variable,
                _ => {}
            }
        };
        let held = self.values.get(choice).copied().flatten().unwrap_or(false);
        for variable in self.trail.split_off(at) {
            if let (Some(value), Some(why)) = (self.values.get_mut(variable), self.reasons.get_mut(variable))
            {
                *value = None;
                // What was blamed before goes with it, in the time that it took to put it there.
                *why = None;
            }
        }
        self.propagated = at;
        blame.choices.remove(&choice);
        self.set(Literal { variable: choice, holds: !held }, Reason::Tried(blame));
        Some(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `-2` is that the variable 2 does not hold; they begin at 1.
    fn problem(clauses: &[Vec<i32>]) -> Problem {
        let mut problem = Problem::default();
        for clause in clauses {
            let literal =
                |number: &i32| Literal { variable: number.unsigned_abs() as usize, holds: *number > 0 };
            problem.add(clause.iter().map(literal).collect());
        }
        problem
    }

    fn possible(clauses: &[&Vec<i32>]) -> bool {
        (0_u32..1 << 8).any(|bits| {
            let holds = |number: &i32| (bits >> number.unsigned_abs() & 1 == 1) == (*number > 0);
            clauses.iter().all(|clause| clause.iter().any(holds))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn it_says_what_trying_everything_says(
            clauses in prop::collection::vec(prop::collection::vec((1..7_i32, any::<bool>()), 0..4), 0..24)
        ) {
            let clauses: Vec<Vec<i32>> = clauses
                .into_iter()
                .map(|clause| clause.into_iter().map(|(at, holds)| if holds { at } else { -at }).collect())
                .collect();
            match problem(&clauses).search(|_| false, &Effort::new(1_000_000)) {
                Some(Outcome::Way(holds)) => {
                    let fits = |number: &i32| holds.contains(&(number.unsigned_abs() as usize)) == (*number > 0);
                    // What need not hold may be left out: each clause is true by what was set.
                    prop_assert!(clauses.iter().all(|clause| clause.iter().any(fits)));
                }
                Some(Outcome::NoWay(core)) => {
                    let core: Vec<&Vec<i32>> = core.iter().map(|at| &clauses[*at]).collect();
                    prop_assert!(!possible(&core));
                }
                None => prop_assert!(false, "too long"),
            }
        }
    }

    /// Pigeons, of which no two go into one hole.
    fn pigeons(pigeons: i32, holes: i32) -> Vec<Vec<i32>> {
        let at = |pigeon: i32, hole: i32| pigeon * holes + hole + 1;
        let mut clauses: Vec<Vec<i32>> =
            (0..pigeons).map(|pigeon| (0..holes).map(|hole| at(pigeon, hole)).collect()).collect();
        for hole in 0..holes {
            for one in 0..pigeons {
                clauses.extend((0..one).map(|other| vec![-at(one, hole), -at(other, hole)]));
            }
        }
        clauses
    }

    #[test]
    fn it_ends() {
        let problem = problem(&pigeons(6, 5));
        let search = |without: &dyn Fn(usize) -> bool, most| problem.search(without, &Effort::new(most));
        assert!(matches!(search(&|_| false, 10_000_000), Some(Outcome::NoWay(_))));
        assert_eq!(search(&|_| false, 10_000), None);
        assert!(matches!(search(&|clause| clause == 0, 10_000_000), Some(Outcome::Way(_))));
    }

    /// What a search takes.
    fn work(problem: &Problem, without: impl Fn(usize) -> bool) -> usize {
        let mut most = 1;
        while problem.search(&without, &Effort::new(most)).is_none() {
            most *= 2;
        }
        most
    }

    #[test]
    fn what_is_looked_at_counts() {
        // The setup: all clauses, though all are left out.
        let many: Vec<Vec<i32>> = (0..1000).map(|_| vec![1, 2]).collect();
        assert!(work(&problem(&many), |_| true) > 1000);
        // Blame: a long chain of reasons, walked at every contradiction.
        let chain = |length: i32| -> Vec<Vec<i32>> {
            let ends = pigeons(4, 3).into_iter().map(|clause| {
                let shifted = clause.into_iter().map(|number| number + number.signum() * (length + 1));
                shifted.chain([-(length + 1)]).collect()
            });
            (1..=length).map(|at| vec![-at, at + 1]).chain([vec![1]]).chain(ends).collect()
        };
        let (short, long) = (work(&problem(&chain(10)), |_| false), work(&problem(&chain(2000)), |_| false));
        assert!(long > 2000 * 4 * PLACE && short < long / 8, "{short} {long}");
        // What is preferred: walked at every choice.
        let mut preferring = problem(&(0..100).map(|at| vec![2 * at + 1, 2 * at + 2]).collect::<Vec<_>>());
        let without = work(&preferring, |_| false);
        preferring.prefer(vec![1; 10_000]);
        assert!(work(&preferring, |_| false) > without + 100 * 10_000);
    }
}
