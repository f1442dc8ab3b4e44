//! Reports in one text each, all of them made of the same shapes: those of the JSON report. Whatever is said by one
//! format is said by all from the same place, and a report that was read from a file is told like one that was just made.

mod csv;
mod hosts;
mod json_lines;
mod junit;
mod markdown;
mod prometheus;
mod sarif;

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;

use super::Shape;
use super::json::v1::{self, Finding, Report};
use super::past::ClusterRow;
use crate::rules::{self, About};
use crate::severity::Severity;

pub use json_lines::{Answered, schema as lines_schema};

/// A run, as it is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'t> {
    /// The run.
    pub report: &'t Report,
    /// How clusters drifted until now, this run included; empty where no run is kept.
    pub trend: &'t [ClusterRow],
    /// From which severity on a finding fails the run.
    pub fail_on: Option<Severity>,
}

impl Told<'_> {
    /// Writes it in a shape, ending with a line break unless it is empty; it is made while it is written.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn write(&self, shape: Shape, out: &mut dyn io::Write) -> io::Result<()> {
        match shape {
            Shape::Json => super::json::write(self.report, out),
            Shape::JsonLines => json_lines::write(self.report, out),
            Shape::Csv => csv::write(self.report, out),
            Shape::Markdown => markdown::write(self.report, out),
            Shape::Html => super::html::write(self.report, self.trend, out),
            Shape::Junit => junit::write(self, out),
            Shape::Sarif => sarif::write(self.report, out),
            Shape::Prometheus => prometheus::write(self.report, out),
            Shape::Hosts => hosts::write(self.report, out),
        }
    }
}

impl v1::Run {
    /// When it began and when it ended; `None` where a report that was read says no times.
    fn times(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.started.parse().ok()?, self.finished.parse().ok()?))
    }
}

impl Finding {
    /// Whether it counts: it is neither waived nor accepted.
    pub fn counts(&self) -> bool {
        self.waived.is_none()
    }

    /// Whether it speaks of the audit, not of what was audited.
    pub fn is_about_the_audit(&self) -> bool {
        rules::find(&self.rule).is_some_and(|rule| rule.about == About::Audit)
    }

    /// Whether it counts and says that something that was asked for could not be audited.
    pub fn leaves_open(&self) -> bool {
        // What an audit looks at of itself is told as info, and leaves nothing open.
        self.counts() && self.is_about_the_audit() && self.severity != Severity::Info
    }

    /// Whether it counts and is about the hosts or the playbook, at or above a severity.
    pub fn fails(&self, threshold: Option<Severity>) -> bool {
        self.counts() && !self.is_about_the_audit() && threshold.is_some_and(|least| self.severity >= least)
    }

    /// Whether no run before saw it, or it came back.
    pub fn is_new(&self) -> bool {
        matches!(self.change, Some(v1::Change::New | v1::Change::Returned))
    }
}

/// Findings that say the same of several hosts.
struct Same<'r> {
    first: &'r Finding,
    hosts: Vec<&'r str>,
}

/// Findings, those of different hosts that say the same put together; in their order.
fn folded<'r>(findings: impl Iterator<Item = &'r Finding>) -> Vec<Same<'r>> {
    let mut known = BTreeMap::new();
    let mut all: Vec<Same<'r>> = Vec::new();
    for finding in findings {
        let what = (
            &finding.rule,
            finding.severity,
            &finding.cluster,
            &finding.subject,
            &finding.message,
            finding.change,
            finding.waived.as_ref().map(|waived| &waived.justification),
        );
        // Places in a list of words keep their order.
        let key = format!("{what:?}");
        let at = *known.entry(key).or_insert(all.len());
        match all.get_mut(at) {
            Some(same) => same.hosts.extend(finding.host.as_deref()),
            None => all.push(Same { first: finding, hosts: finding.host.as_deref().into_iter().collect() }),
        }
    }
    all
}
