//! What most hosts of a cluster say of one fact, whatever the fact is.

use std::collections::BTreeMap;

use super::expect::wins;

/// The values of one fact, and the hosts that have each.
#[derive(Debug, Clone)]
pub struct Consensus<V> {
    values: BTreeMap<V, Vec<usize>>,
    answered: usize,
}

impl<V: Ord> Consensus<V> {
    /// Counts answers, each of the host at a position of the fleet. Hosts that could not tell are left out.
    pub fn of(answers: impl IntoIterator<Item = (usize, V)>) -> Self {
        let mut values: BTreeMap<V, Vec<usize>> = BTreeMap::new();
        let mut answered = 0;
        for (position, value) in answers {
            answered += 1;
            values.entry(value).or_default().push(position);
        }
        Self { values, answered }
    }

    /// The value of more than half of the hosts that answered, of at least three.
    pub fn majority(&self) -> Option<&V> {
        let most = self.values.iter().find(|(_, hosts)| wins(hosts.len(), self.answered));
        most.map(|(value, _)| value)
    }

    /// Whether no two hosts differ.
    pub fn is_unanimous(&self) -> bool {
        self.values.len() <= 1
    }

    /// Every value with its hosts, most hosts first.
    pub fn spread(&self) -> Vec<(&V, &[usize])> {
        let mut spread: Vec<_> = self.values.iter().map(|(value, hosts)| (value, hosts.as_slice())).collect();
        spread.sort_by_key(|(_, hosts)| std::cmp::Reverse(hosts.len()));
        spread
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_is_more_than_half_of_at_least_three() {
        let majority =
            |values: &[&'static str]| Consensus::of(values.iter().copied().enumerate()).majority().copied();
        assert_eq!(majority(&["a", "a", "b"]), Some("a"));
        assert_eq!(majority(&["a", "a"]), None, "two are no majority of anything");
        assert_eq!(majority(&["a", "a", "b", "b"]), None);
        assert_eq!(majority(&["a", "a", "b", "b", "a"]), Some("a"));
    }

    #[test]
    fn the_spread_begins_with_what_most_have() {
        let consensus = Consensus::of([(0, "b"), (1, "a"), (2, "b")]);
        assert_eq!(consensus.spread(), [(&"b", [0, 2].as_slice()), (&"a", [1].as_slice())]);
        assert!(!consensus.is_unanimous() && Consensus::of([(0, "b"), (3, "b")]).is_unanimous());
    }
}
