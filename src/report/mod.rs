//! Reports: what a run found, in the form that was asked for.
//!
//! A report decides nothing; words, folding and order are made here and nowhere earlier. Printing and
//! writing files is [`mod@write`]'s part alone.

pub mod ascii;
pub mod cyclonedx;
mod each;
pub mod explain;
mod format;
mod html;
pub mod json;
mod junit;
mod listing;
mod manifests;
pub mod merged;
mod narrow;
pub mod notice;
pub mod past;
mod sarif;
mod style;
mod table;
mod told;
pub mod write;
mod xml;

use jiff::Timestamp;

use crate::advice::{Advised, Outlook, Verdict};
use crate::drift::Comparison;
use crate::history::Story;
use crate::replacement::{self, Need, Needs};
use crate::rules::{self, Finding};
use crate::severity::Severity;
use crate::snapshot::{HostStatus, Serving};

pub use format::{Format, Shape};
pub use listing::{Listing, ListingFormat};
pub use manifests::{Judged, ManifestFormat, Manifests};
pub use style::Look;
pub use told::{Answered, Told, lines_schema};

/// Everything that a report may tell.
#[derive(Debug)]
pub struct Audit<'a> {
    /// The command that was run: `audit`, `ready` or `demo`.
    pub command: &'static str,
    /// When, and by what.
    pub run: Run,
    /// What was compared.
    pub comparison: &'a Comparison<'a>,
    /// What was found, in order.
    pub findings: &'a [Finding],
    /// What is advised.
    pub advised: &'a Advised,
    /// Whether drift was asked about.
    pub drift: bool,
    /// Whether upgrades would succeed, if that was asked.
    pub outlook: Option<&'a Outlook>,
    /// What became of the findings since earlier runs, where these are known.
    pub story: Option<&'a Story>,
    /// When each host was seen, where that was another time than the run's: `None` is never.
    pub seen: &'a [Option<Timestamp>],
}

/// One run.
#[derive(Debug, Clone)]
pub struct Run {
    /// Unique to the run.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When the last host was done.
    pub finished: Timestamp,
}

impl Audit<'_> {
    /// The report for people, as text that ends with a line break.
    pub fn table(&self, look: &Look) -> String {
        narrow::fitted(look, |look| table::render(self, look))
    }

    /// Whether each host was audited.
    pub(crate) fn statuses(&self) -> Vec<HostStatus> {
        rules::statuses(self.comparison, self.findings)
    }

    /// Where the services of a host write, if it is to be replaced and was looked into: each path with its service.
    pub(crate) fn writes(&self, position: usize) -> Option<Vec<(String, Need)>> {
        let advice = self.advised.hosts.get(position).filter(|advice| advice.verdict == Verdict::Replace);
        let all = self.comparison.observation(position)?.snapshot.as_ref()?.serving.as_deref()?;
        advice.filter(|_| self.drift)?;
        let own = replacement::servers(all).flat_map(|service| {
            let others: Vec<&Serving> = all.iter().filter(|other| other.process != service.process).collect();
            let Needs { paths, logs, configuration, .. } = replacement::needs(service, &others);
            let called = service.called().to_owned();
            paths.into_iter().chain(logs).chain(configuration).map(move |need| (called.clone(), need))
        });
        Some(own.collect())
    }

    /// What a script reads first.
    pub fn summary(&self) -> Summary {
        let statuses = self.statuses();
        let hosts = &self.comparison.fleet.hosts;
        let with = |status| statuses.iter().filter(|host| **host == status).count();
        let verdicts = || self.advised.hosts.iter().map(|host| host.verdict);
        Summary {
            hosts: hosts.len(),
            audited: with(HostStatus::Audited),
            partial: with(HostStatus::Partial),
            unreachable: with(HostStatus::Unreachable),
            in_sync: verdicts().filter(|verdict| *verdict == Verdict::InSync).count(),
            drifted: verdicts().filter(|verdict| verdict.is_drift()).count(),
            replaced: verdicts().filter(|verdict| *verdict == Verdict::Replaced).count(),
            findings: Severity::ALL.map(|severity| {
                let those =
                    self.findings.iter().filter(|finding| finding.counts() && finding.severity == severity);
                (severity, those.count())
            }),
        }
    }
}

/// The run in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many hosts were asked.
    pub hosts: usize,
    /// How many answered everything.
    pub audited: usize,
    /// How many answered in part.
    pub partial: usize,
    /// How many did not answer.
    pub unreachable: usize,
    /// How many are in sync.
    pub in_sync: usize,
    /// How many need something done or decided.
    pub drifted: usize,
    /// How many were replaced: a container has taken over.
    pub replaced: usize,
    /// Findings that count, by severity, worst first.
    pub findings: [(Severity, usize); 5],
}
