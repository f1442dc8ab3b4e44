//! How much work explanations may be. What a host sends decides how hard a refusal is to explain, and it may lie.
//!
//! Every part of an explanation says what it is about to look at, in literals of clauses, and stops where there is
//! no more: then the solver's own words stand. Nothing of it is measured in time, so that two runs say the same.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// What all explanations of one host may take. A literal takes two nanoseconds or three.
const MOST: usize = 32_000_000;

/// What each host has of that whatever the others do. An answer of 601 records, as many as a probe sends, of which
/// each has nine dependencies took six million.
pub(super) const OWN: usize = 8_000_000;

/// What all hosts together may take beyond their own.
const SHARED: usize = 400_000_000;

/// What a place in a set counts for, beside the literals that were looked at to find it.
pub(super) const PLACE: usize = 24;

/// What is left for one host.
pub(in crate::readiness) struct Effort(Cell<usize>);

impl Effort {
    pub(super) const fn new(left: usize) -> Self {
        Self(Cell::new(left))
    }

    /// Takes from what is left before the work is done; `None` where that is not enough, and then nothing is left.
    pub(super) fn spend(&self, work: usize) -> Option<()> {
        let left = self.0.get().checked_sub(work);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ())
    }

    /// What is left.
    pub(super) const fn left(&self) -> usize {
        self.0.get()
    }
}

/// What is left for the hosts of a run.
pub(in crate::readiness) struct Efforts {
    shared: Cell<usize>,
    /// What each host took, by its place in the fleet.
    taken: RefCell<BTreeMap<usize, usize>>,
}

impl Efforts {
    /// Nothing was taken yet.
    pub(in crate::readiness) const fn new() -> Self {
        Self { shared: Cell::new(SHARED), taken: RefCell::new(BTreeMap::new()) }
    }

    /// Does a host's work within what is left for it.
    pub(in crate::readiness) fn within<T>(&self, position: usize, work: impl FnOnce(&Effort) -> T) -> T {
        let before = self.taken.borrow().get(&position).copied().unwrap_or(0);
        let own = OWN.saturating_sub(before);
        let most = own + (MOST - OWN.max(before)).min(self.shared.get());
        let effort = Effort::new(most);
        let done = work(&effort);
        let took = most - effort.left();
        self.shared.set(self.shared.get() - took.saturating_sub(own));
        self.taken.borrow_mut().insert(position, before + took);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a host gets that takes all that it can.
    fn all(efforts: &Efforts, position: usize) -> usize {
        efforts.within(position, |effort| {
            let had = effort.left();
            assert_eq!(effort.spend(had + 1), None);
            had
        })
    }

    #[test]
    fn a_host_has_one_amount_for_all_its_targets() {
        let efforts = Efforts::new();
        for _ in 0..4 {
            assert_eq!(efforts.within(0, |effort| effort.spend(MOST / 4)), Some(()));
        }
        assert_eq!(efforts.within(0, |effort| effort.spend(1)), None);
        assert_eq!(efforts.within(1, |effort| effort.spend(1)), Some(()));
    }

    #[test]
    fn a_thousand_liars_leave_each_host_its_own() {
        let efforts = Efforts::new();
        let taken: usize = (0..1000).map(|position| all(&efforts, position)).sum();
        assert_eq!(taken, 1000 * OWN + SHARED);
        assert_eq!(all(&efforts, 1000), OWN);
        assert_eq!(all(&efforts, 1000), 0);
    }
}
