//! Whether clauses can all be true at once; where not, which of them cannot.
//!
//! A complete search: unit propagation, and jumping back over choices that have nothing to do with a contradiction.
//! It is bounded in steps; past them it says nothing.

use std::collections::BTreeSet;

/// A variable, or its opposite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// The steps ran out.
    TooLong,
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

    /// Looks for a way to make true all clauses but those left out. It takes steps off those that are given.
    pub(super) fn search(&self, without: impl Fn(usize) -> bool, steps: &mut usize) -> Outcome {
        let mut search = Search {
            problem: self,
            active: (0..self.clauses.len()).map(|clause| !without(clause)).collect(),
            values: vec![None; self.occurs.len()],
            reasons: vec![None; self.occurs.len()],
            trail: Vec::new(),
            propagated: 0,
        };
        search.run(steps)
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
}

impl Search<'_> {
    fn run(&mut self, steps: &mut usize) -> Outcome {
        // A clause without literals is in nobody's list.
        let single = |(number, clause): (usize, &Vec<Literal>)| (clause.len() < 2).then_some(number);
        let singles: Vec<usize> = self.problem.clauses.iter().enumerate().filter_map(single).collect();
        let mut contradiction = singles.into_iter().find(|clause| !self.consider(*clause));
        loop {
            if contradiction.is_none() {
                contradiction = self.propagate(steps);
            }
            if *steps == 0 {
                return Outcome::TooLong;
            }
            if let Some(clause) = contradiction.take() {
                let blame = self.blame(clause);
                if !self.jump_back(blame.clone()) {
                    return Outcome::NoWay(blame.clauses);
                }
            } else if let Some(literal) = self.open(steps) {
                self.set(literal, Reason::Choice);
            } else {
                let holds = self.values.iter().enumerate().filter(|(_, value)| **value == Some(true));
                return Outcome::Way(holds.map(|(variable, _)| variable).collect());
            }
        }
    }

    /// Follows up what was set; the clause that is contradicted, if one is.
    fn propagate(&mut self, steps: &mut usize) -> Option<usize> {
        let problem = self.problem;
        while let Some(variable) = self.trail.get(self.propagated) {
            let occurs = problem.occurs.get(*variable).map(Vec::as_slice).unwrap_or_default();
            self.propagated += 1;
            for clause in occurs {
                *steps = steps.saturating_sub(1);
                if !self.consider(*clause) {
                    return Some(*clause);
                }
            }
        }
        None
    }

    /// Sets the last literal of a clause that can make it true; whether none is left.
    fn consider(&mut self, number: usize) -> bool {
        let problem = self.problem;
        let Some(clause) = problem.clauses.get(number).filter(|_| self.is_active(number)) else {
            return true;
        };
        if clause.iter().any(|literal| self.value(*literal) == Some(true)) {
            return true;
        }
        let mut free = clause.iter().filter(|literal| self.value(**literal).is_none());
        match (free.next().copied(), free.next()) {
            (None, _) => false,
            (Some(literal), None) => {
                self.set(literal, Reason::Clause(number));
                true
            }
            _ => true,
        }
    }

    /// What to try next: what is preferred, then the first free literal of a clause that is not true yet.
    fn open(&self, steps: &mut usize) -> Option<Literal> {
        let preferred =
            self.problem.preferred.iter().map(|variable| Literal { variable: *variable, holds: true });
        if let Some(literal) = preferred.into_iter().find(|literal| self.free(*literal)) {
            return Some(literal);
        }
        let mut clauses =
            self.problem.clauses.iter().enumerate().filter(|(number, _)| self.is_active(*number));
        let (_, clause) = clauses.find(|(_, clause)| {
            *steps = steps.saturating_sub(1);
            !clause.iter().any(|literal| self.value(*literal) == Some(true))
        })?;
        clause.iter().find(|literal| self.value(**literal).is_none()).copied()
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
    fn blame(&self, contradicted: usize) -> Blame {
        let mut blame = Blame::default();
        let mut seen = BTreeSet::new();
        let mut waiting: Vec<usize> = Vec::new();
        let take = |number: usize, blame: &mut Blame, waiting: &mut Vec<usize>| {
            blame.clauses.insert(number);
            let clause = self.problem.clauses.get(number).map(Vec::as_slice).unwrap_or_default();
            waiting.extend(clause.iter().map(|literal| literal.variable));
        };
        take(contradicted, &mut blame, &mut waiting);
        while let Some(variable) = waiting.pop() {
            if !seen.insert(variable) {
                continue;
            }
            match self.reasons.get(variable).and_then(Option::as_ref) {
                Some(Reason::Choice) => {
                    blame.choices.insert(variable);
                }
                Some(Reason::Clause(number)) => take(*number, &mut blame, &mut waiting),
                Some(Reason::Tried(earlier)) => {
                    blame.clauses.extend(&earlier.clauses);
                    waiting.extend(&earlier.choices);
                }
                None => {}
            }
        }
        blame
    }

    /// Undoes the last choice to blame, with what followed it, and sets its opposite; whether there was one.
    fn jump_back(&mut self, mut blame: Blame) -> bool {
        let Some(at) = self.trail.iter().rposition(|variable| blame.choices.contains(variable)) else {
            return false;
        };
        let undone = self.trail.split_off(at);
        self.propagated = at;
        let Some(&choice) = undone.first() else { return false };
        let held = self.values.get(choice).copied().flatten().unwrap_or(false);
        for variable in undone {
            if let (Some(value), Some(why)) = (self.values.get_mut(variable), self.reasons.get_mut(variable))
            {
                *value = None;
                *why = None;
            }
        }
        blame.choices.remove(&choice);
        self.set(Literal { variable: choice, holds: !held }, Reason::Tried(blame));
        true
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
            match problem(&clauses).search(|_| false, &mut 100_000) {
                Outcome::Way(holds) => {
                    let fits = |number: &i32| holds.contains(&(number.unsigned_abs() as usize)) == (*number > 0);
                    // What need not hold may be left out: each clause is true by what was set.
                    prop_assert!(clauses.iter().all(|clause| clause.iter().any(fits)));
                }
                Outcome::NoWay(core) => {
                    let core: Vec<&Vec<i32>> = core.iter().map(|at| &clauses[*at]).collect();
                    prop_assert!(!possible(&core));
                }
                Outcome::TooLong => prop_assert!(false, "too long"),
            }
        }
    }

    #[test]
    fn it_ends() {
        // Six pigeons, five holes.
        let at = |pigeon: i32, hole: i32| pigeon * 5 + hole + 1;
        let mut clauses: Vec<Vec<i32>> =
            (0..6).map(|pigeon| (0..5).map(|hole| at(pigeon, hole)).collect()).collect();
        for hole in 0..5 {
            for one in 0..6 {
                clauses.extend((0..one).map(|other| vec![-at(one, hole), -at(other, hole)]));
            }
        }
        let problem = problem(&clauses);
        assert!(matches!(problem.search(|_| false, &mut 10_000_000), Outcome::NoWay(_)));
        assert_eq!(problem.search(|_| false, &mut 100), Outcome::TooLong);
        assert!(matches!(problem.search(|clause| clause == 0, &mut 10_000_000), Outcome::Way(_)));
    }
}
