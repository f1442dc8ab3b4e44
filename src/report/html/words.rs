//! What makes the payload small: texts, sets of hosts and shapes of scores stand once, and are meant by a number.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::report::json::v1;

/// Stands for no text.
pub(super) const NONE: u32 = 0;

/// What is referred to by number.
#[derive(Default)]
pub(super) struct Words<'r> {
    texts: Vec<Option<Cow<'r, str>>>,
    known: HashMap<Cow<'r, str>, u32>,
    names: Vec<&'r str>,
    hosts: HashMap<&'r str, u32>,
    sets: Vec<Vec<u32>>,
    known_sets: HashMap<Vec<u32>, u32>,
}

/// The tables themselves: texts, of which the first is none; names of hosts; sets.
pub(super) type Tables<'r> = (Vec<Option<Cow<'r, str>>>, Vec<&'r str>, Vec<Vec<u32>>);

impl<'r> Words<'r> {
    pub(super) fn of(hosts: &'r [v1::Host]) -> Self {
        let mut words = Self { texts: vec![None], ..Self::default() };
        for host in hosts {
            words.host(&host.name);
        }
        words
    }

    pub(super) fn tables(self) -> Tables<'r> {
        (self.texts, self.names, self.sets)
    }

    /// The number of a text.
    pub(super) fn text(&mut self, text: impl Into<Cow<'r, str>>) -> u32 {
        let text = text.into();
        if let Some(known) = self.known.get(&text) {
            return *known;
        }
        let next = number(self.texts.len());
        self.texts.push(Some(text.clone()));
        self.known.insert(text, next);
        next
    }

    pub(super) fn maybe(&mut self, text: Option<&'r String>) -> u32 {
        text.map_or(NONE, |text| self.text(text))
    }

    pub(super) fn texts(&mut self, texts: impl IntoIterator<Item = &'r String>) -> Vec<u32> {
        texts.into_iter().map(|text| self.text(text)).collect()
    }

    /// The number of a host: its place among all, or behind them if the report tells nothing else of it.
    pub(super) fn host(&mut self, name: &'r str) -> u32 {
        let next = number(self.names.len());
        let names = &mut self.names;
        *self.hosts.entry(name).or_insert_with(|| {
            names.push(name);
            next
        })
    }

    pub(super) fn hosts(&mut self, names: &'r [String]) -> Vec<u32> {
        names.iter().map(|name| self.host(name)).collect()
    }

    /// The number of a set of hosts: how many to leave out and how many to take, in turns.
    pub(super) fn set(&mut self, names: &'r [String]) -> u32 {
        let members = self.hosts(names);
        let runs = runs(members);
        if let Some(known) = self.known_sets.get(&runs) {
            return *known;
        }
        let next = number(self.sets.len());
        self.sets.push(runs.clone());
        self.known_sets.insert(runs, next);
        next
    }
}

fn runs(mut members: Vec<u32>) -> Vec<u32> {
    members.sort_unstable();
    members.dedup();
    let (mut runs, mut end) = (Vec::new(), 0);
    for member in members {
        match runs.last_mut() {
            Some(taken) if member == end => *taken += 1,
            _ => runs.extend([member - end, 1]),
        }
        end = member + 1;
    }
    runs
}

/// Shapes of snowflake scores: the names and weights of their terms, and what was not measured.
#[derive(Default)]
pub(super) struct Shapes<'r> {
    all: Vec<Shape<'r>>,
    known: BTreeMap<String, u32>,
}

/// One of them.
#[derive(serde::Serialize)]
pub(super) struct Shape<'r> {
    terms: Vec<(&'r str, f64)>,
    not_measured: Vec<&'r str>,
}

impl<'r> Shapes<'r> {
    pub(super) fn of(&mut self, score: &'r v1::SnowflakeReport) -> u32 {
        let terms = score.terms.iter().map(|term| (&*term.name, term.weight)).collect();
        let not_measured = score.not_measured.iter().map(|name| &**name).collect();
        let shape = Shape { terms, not_measured };
        let written = serde_json::to_string(&shape).unwrap_or_default();
        let next = number(self.all.len());
        *self.known.entry(written).or_insert_with(|| {
            self.all.push(shape);
            next
        })
    }

    pub(super) fn all(self) -> Vec<Shape<'r>> {
        self.all
    }
}

/// As the payload has numbers. No report has so many of anything that one would not fit.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_told_by_leaving_out_and_taking() {
        assert_eq!(runs(vec![0, 1, 2, 5, 6, 9]), [0, 3, 2, 2, 2, 1]);
        assert_eq!(runs(vec![7, 3, 3]), [3, 1, 3, 1]);
        assert!(runs(Vec::new()).is_empty());
    }
}
