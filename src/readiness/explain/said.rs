//! Clauses as they are said, each once, with what they mean; too many of them are given up.

use std::collections::{BTreeMap, BTreeSet};

use super::effort::{Effort, PLACE};
use super::search::{Literal, Problem};
use super::universe::{Cause, Meaning};

/// How large all clauses together may be, in literals and what comes with them: some tens of megabytes.
const MOST: usize = 500_000;

/// What a clause counts for beside its literals, and how much text counts as one of them.
const A_CLAUSE: usize = 8;
const TEXT: usize = 8;

/// What was said so far.
pub(super) struct Said<'e> {
    pub(super) problem: Problem,
    pub(super) clauses: Vec<(Meaning, Option<usize>)>,
    pub(super) causes: Vec<Cause>,
    numbers: BTreeMap<Cause, usize>,
    seen: BTreeSet<(Vec<Literal>, Option<usize>)>,
    left: usize,
    effort: &'e Effort,
}

impl<'e> Said<'e> {
    pub(super) fn new(effort: &'e Effort) -> Self {
        Self {
            problem: Problem::default(),
            clauses: Vec::new(),
            causes: Vec::new(),
            numbers: BTreeMap::new(),
            seen: BTreeSet::new(),
            left: MOST,
            effort,
        }
    }

    /// Adds a clause with the cause that it can be left out with, unless that was said already; `None` where that
    /// is too much.
    pub(super) fn add(&mut self, clause: Vec<Literal>, meaning: Meaning, cause: Option<Cause>) -> Option<()> {
        let text = match &meaning {
            Meaning::Needs { group, .. } => group.text.len(),
            Meaning::Apart { text, .. } => text.len(),
            Meaning::Plain => 0,
        };
        let size = A_CLAUSE + clause.len() + text / TEXT;
        self.effort.spend(8 * PLACE + 4 * size)?;
        let number = cause.map(|cause| {
            let next = self.causes.len();
            *self.numbers.entry(cause).or_insert_with_key(|cause| {
                self.causes.push(cause.clone());
                next
            })
        });
        let mut key = clause.clone();
        key.sort_unstable();
        key.dedup();
        if self.seen.insert((key, number)) {
            self.left = self.left.checked_sub(size)?;
            self.problem.add(clause);
            self.clauses.push((meaning, number));
        }
        Some(())
    }
}
