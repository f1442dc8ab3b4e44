//! What the members of a cluster have of one package, each distinct state once.
//!
//! Thousands of hosts have a handful of states between them: whatever is asked of a column is worked out for a
//! state, and a member is a number that says which of them is its own.

use std::collections::HashMap;

use super::column::Cell;
use crate::snapshot::Symbol;
use crate::version::System;

/// So many states are found by looking through them; beyond, by a table.
const FEW: usize = 16;

/// One state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind<'a> {
    /// What is there; `None` where no entry speaks of the member.
    pub(super) cell: Option<Cell<'a>>,
    /// The slot of the members' release.
    pub(super) slot: usize,
    /// Which of the column's terms hold.
    pub(super) terms: usize,
    /// How many members are of it.
    pub(super) count: usize,
}

/// The states of a column, and whose they are.
#[derive(Debug, Default)]
pub(super) struct Cells<'a> {
    kinds: Vec<Kind<'a>>,
    /// For each member the place of its state; empty where all are of one.
    of: Vec<u32>,
}

impl<'a> Cells<'a> {
    pub(super) fn kinds(&self) -> &[Kind<'a>] {
        &self.kinds
    }

    /// The place of a member's state.
    pub(super) fn place(&self, member: usize) -> usize {
        self.of.get(member).map_or(0, |place| *place as usize)
    }

    pub(super) fn of(&self, member: usize) -> Option<&Kind<'a>> {
        self.kinds.get(self.place(member))
    }
}

/// What tells two states apart, before any text is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Raw {
    pub(super) found: Found,
    pub(super) slot: usize,
    pub(super) terms: usize,
}

/// What is known of a package on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Found {
    /// No entry speaks of the host.
    NotCovered,
    /// It could not be told.
    Unknown,
    /// It is not there.
    Absent(System),
    /// This version.
    Version(System, Symbol),
}

/// Cells on their way, member by member.
#[derive(Debug, Default)]
pub(super) struct Builder {
    raw: Vec<(Raw, usize)>,
    table: HashMap<Raw, u32>,
    of: Vec<u32>,
}

impl Builder {
    /// One for so many members.
    pub(super) fn for_members(members: usize) -> Self {
        Self { of: Vec::with_capacity(members), ..Self::default() }
    }

    /// The next member.
    pub(super) fn push(&mut self, raw: Raw) {
        let place = self.place(raw);
        if let Some((_, count)) = self.raw.get_mut(place as usize) {
            *count += 1;
        }
        self.of.push(place);
    }

    fn place(&mut self, raw: Raw) -> u32 {
        let known = if self.raw.len() <= FEW {
            self.raw.iter().position(|(known, _)| *known == raw).and_then(|place| u32::try_from(place).ok())
        } else {
            self.table.get(&raw).copied()
        };
        known.unwrap_or_else(|| {
            let place = u32::try_from(self.raw.len()).unwrap_or(u32::MAX);
            self.raw.push((raw, 0));
            if self.raw.len() == FEW + 1 {
                self.table = (0..).zip(&self.raw).map(|(place, (raw, _))| (*raw, place)).collect();
            } else if self.raw.len() > FEW {
                self.table.insert(raw, place);
            }
            place
        })
    }

    /// The cells, with `cell` to look a state's text up.
    pub(super) fn finish<'a>(mut self, cell: impl Fn(Found) -> Option<Cell<'a>>) -> Cells<'a> {
        let kinds = self.raw.into_iter().map(|(raw, count)| {
            let Raw { found, slot, terms } = raw;
            Kind { cell: cell(found), slot, terms, count }
        });
        let kinds: Vec<Kind<'a>> = kinds.collect();
        if kinds.len() <= 1 {
            self.of = Vec::new();
        }
        Cells { kinds, of: self.of }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::Value;

    #[test]
    fn states_are_told_apart_whether_they_are_few_or_many() {
        for distinct in [1, 3, FEW, FEW + 1, 5 * FEW] {
            let mut builder = Builder::for_members(200);
            for member in 0..200 {
                builder.push(Raw { found: Found::Unknown, slot: member % distinct, terms: 0 });
            }
            let cells = builder.finish(|_| Some(Cell { value: Value::Unknown, system: System::Debian }));
            assert_eq!(cells.kinds().len(), distinct);
            assert_eq!(cells.kinds().iter().map(|kind| kind.count).sum::<usize>(), 200);
            assert!((0..200).all(|member| cells.of(member).unwrap().slot == member % distinct), "{distinct}");
        }
    }
}
