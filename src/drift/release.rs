//! Which distribution releases the hosts of a cluster run, and which of them is the cluster's.

use crate::snapshot::Os;

use super::expect::wins;

/// The releases of one cluster. Members are named by their place in the cluster.
#[derive(Debug, Default)]
pub struct Releases<'a> {
    /// The distinct releases, in order of their first appearance.
    pub distinct: Vec<&'a Os>,
    /// For each member the place of its release in [`Releases::distinct`]; `None` if it is not known.
    members: Vec<Option<usize>>,
    /// The place of the release that more than half of the members run.
    majority: Option<usize>,
}

impl<'a> Releases<'a> {
    pub(super) fn from_members(systems: impl Iterator<Item = Option<&'a Os>>) -> Self {
        let mut releases = Self::default();
        for os in systems {
            let place = os.map(|os| releases.place(os));
            releases.members.push(place);
        }
        let known = releases.members.iter().flatten().count();
        releases.majority = (0..releases.distinct.len()).find(|place| wins(releases.count(*place), known));
        releases
    }

    fn place(&mut self, os: &'a Os) -> usize {
        let found = self.distinct.iter().position(|known| known.same_release(os));
        found.unwrap_or_else(|| {
            self.distinct.push(os);
            self.distinct.len() - 1
        })
    }

    /// How many members run the release at that place.
    pub fn count(&self, place: usize) -> usize {
        self.members.iter().filter(|member| **member == Some(place)).count()
    }

    /// The place of a member's release.
    pub fn of_member(&self, member: usize) -> Option<usize> {
        self.members.get(member).copied().flatten()
    }

    /// A dense number for a member's release; members of unknown release share the last one.
    pub(super) fn slot(&self, member: usize) -> usize {
        self.of_member(member).unwrap_or(self.distinct.len())
    }

    /// How many numbers [`Releases::slot`] gives.
    pub(super) fn slots(&self) -> usize {
        self.distinct.len() + 1
    }

    /// The place of the cluster's release, if a majority has one.
    pub fn majority(&self) -> Option<usize> {
        self.majority
    }

    /// The release of a member.
    pub fn os(&self, member: usize) -> Option<&'a Os> {
        self.distinct.get(self.of_member(member)?).copied()
    }

    /// The cluster's release, if a majority has one.
    pub fn expected(&self) -> Option<&'a Os> {
        self.distinct.get(self.majority?).copied()
    }
}
