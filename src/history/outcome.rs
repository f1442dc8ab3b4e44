//! What a run found, in a few bytes a host: its findings' keys, and how each host stood.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::advice::{Advised, Verdict};
use crate::drift::Comparison;
use crate::rules::{self, Finding};
use crate::severity::Severity;
use crate::snapshot::HostStatus;

/// The name of the piece.
const NAME: &str = "outcome";

/// What a run found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What tells one question from another: hosts that were asked other things cannot be held against each other.
    pub question: String,
    /// Every host that was asked, by its name.
    pub hosts: BTreeMap<String, Stood>,
    /// The findings that counted, by their keys.
    pub findings: BTreeMap<String, Found>,
}

/// How a host stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    /// Whether it was audited.
    pub status: HostStatus,
    /// What it needed.
    pub verdict: Verdict,
    /// The clusters that it was in.
    pub clusters: Vec<String>,
}

/// A finding that counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How bad it was.
    pub severity: Severity,
    /// The host that it was about; nothing for one about a cluster.
    pub host: Option<String>,
    /// What was seen.
    pub observed: Option<String>,
}

/// A line of the text.
#[derive(Serialize, Deserialize)]
enum Line {
    #[serde(rename = "h")]
    Host(String, Stood),
    #[serde(rename = "f")]
    Finding(String, Found),
    #[serde(rename = "q")]
    Question(String),
}

impl Outcome {
    /// What was found just now; nothing is advised yet, and every verdict unknown.
    pub fn found(question: &str, comparison: &Comparison<'_>, findings: &[Finding]) -> Self {
        let hosts =
            rules::statuses(comparison, findings).into_iter().enumerate().map(|(position, status)| {
                let clusters = comparison.clusters_of(position).map(str::to_owned).collect();
                let stood = Stood { status, verdict: Verdict::Unknown, clusters };
                (comparison.name(position).to_owned(), stood)
            });
        let counting = findings.iter().filter(|finding| finding.counts());
        let findings = counting.map(|finding| {
            let host = finding.host_name().map(str::to_owned);
            let found = Found { severity: finding.severity, host, observed: finding.observed.clone() };
            (finding.key(), found)
        });
        Self { question: question.to_owned(), hosts: hosts.collect(), findings: findings.collect() }
    }

    /// The hosts of which the other one asked the same, with the same hosts beside them in all their clusters: by
    /// what is missing there alone something is known to be gone.
    pub(super) fn asked_alike<'o>(&'o self, other: &Self) -> BTreeSet<&'o str> {
        if self.question != other.question {
            return BTreeSet::new();
        }
        let (mine, its) = (self.members(), other.members());
        let same = |cluster: &String| mine.get(cluster.as_str()) == its.get(cluster.as_str());
        let alike = self.hosts.iter().filter(|(name, stood)| {
            let then = other.hosts.get(*name);
            then.is_some_and(|then| then.clusters == stood.clusters) && stood.clusters.iter().all(same)
        });
        alike.map(|(name, _)| name.as_str()).collect()
    }

    /// The hosts of each cluster, in order.
    fn members(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut members: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, stood) in &self.hosts {
            for cluster in &stood.clusters {
                members.entry(cluster).or_default().push(name);
            }
        }
        members
    }

    /// The same with what is advised.
    #[must_use]
    pub fn advised(mut self, comparison: &Comparison<'_>, advised: &Advised) -> Self {
        for (position, advice) in advised.hosts.iter().enumerate() {
            if let Some(stood) = self.hosts.get_mut(comparison.name(position)) {
                stood.verdict = advice.verdict;
            }
        }
        self
    }

    /// The piece that a run is ended with: a name, and a text.
    pub fn piece(&self) -> (&'static str, String) {
        let hosts = self.hosts.iter().map(|(name, stood)| Line::Host(name.clone(), stood.clone()));
        let findings = self.findings.iter().map(|(key, found)| Line::Finding(key.clone(), found.clone()));
        // Texts and words always serialise.
        let question = std::iter::once(Line::Question(self.question.clone()));
        let lines = question
            .chain(hosts)
            .chain(findings)
            .map(|line| serde_json::to_string(&line).unwrap_or_default() + "\n");
        (NAME, lines.collect())
    }

    /// Whether a piece of a run is one.
    pub fn is_piece(name: &str) -> bool {
        name == NAME
    }

    /// What such a text says. A line that this version does not know is passed by.
    pub fn read(text: &[u8]) -> Self {
        let mut outcome = Self::default();
        for line in text.split(|byte| *byte == b'\n') {
            match serde_json::from_slice(line) {
                Ok(Line::Host(name, stood)) => {
                    outcome.hosts.insert(name, stood);
                }
                Ok(Line::Question(question)) => outcome.question = question,
                Ok(Line::Finding(key, found)) => {
                    outcome.findings.insert(key, found);
                }
                Err(_) => {}
            }
        }
        outcome
    }

    /// How many hosts of each cluster were audited, and how many of these were not in sync.
    pub fn by_cluster(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut clusters: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for stood in self.hosts.values().filter(|stood| stood.status != HostStatus::Unreachable) {
            let apart = stood.verdict.is_drift();
            for cluster in &stood.clusters {
                let (hosts, adrift) = clusters.entry(cluster).or_default();
                *hosts += 1;
                *adrift += usize::from(apart);
            }
        }
        clusters
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// An outcome of hosts, `web-01` audited, `web-02?` partial, `web-03!` unreachable, and of keys.
    pub(in super::super) fn outcome(hosts: &str, keys: &[&str]) -> Outcome {
        let hosts = hosts.split_whitespace().map(|word| {
            let status = match word.chars().last() {
                Some('?') => HostStatus::Partial,
                Some('!') => HostStatus::Unreachable,
                _ => HostStatus::Audited,
            };
            let stood = Stood { status, verdict: Verdict::InSync, clusters: vec!["web".to_owned()] };
            (word.trim_end_matches(['?', '!']).to_owned(), stood)
        });
        let findings = keys.iter().map(|key| {
            let host = key.split('/').nth(2).filter(|host| !host.is_empty()).map(str::to_owned);
            ((*key).to_owned(), Found { severity: Severity::Medium, host, observed: None })
        });
        Outcome { question: String::new(), hosts: hosts.collect(), findings: findings.collect() }
    }

    #[test]
    fn an_outcome_comes_back_as_it_was() {
        let mut told =
            outcome("web-01 web-02? web-03!", &["gap/web/web-02/dpkg", "file-content/web//a\n\"b"]);
        told.hosts.get_mut("web-01").unwrap().verdict = Verdict::Replace;
        let (_, text) = told.piece();
        assert_eq!(Outcome::read(text.as_bytes()), told);
        assert_eq!(told.by_cluster(), BTreeMap::from([("web", (2, 1))]));
        let odd = format!("{text}{{\"z\":1}}\n\u{0}\n");
        assert_eq!(Outcome::read(odd.as_bytes()), told, "what a later version adds is passed by");
    }
}
