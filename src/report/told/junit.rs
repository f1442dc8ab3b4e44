//! `JUnit`'s XML, as Jenkins, GitLab and their kind read it: a suite for each cluster, a case for each host, a failure
//! for each finding that fails the run, an error for whatever could not be audited.

use std::collections::BTreeMap;
use std::io;

use super::Told;
use crate::advice::Verdict;
use crate::report::json::v1::{Finding, Host, Report};
use crate::report::junit::{Case, Problem, Weight, counts};
use crate::report::xml::escape;
use crate::snapshot::printable;

/// What stands in no cluster, or is a matter of no host.
const BESIDE: &str = "driftless";

/// Cases by suite and name, each with its host, if it is one's.
type Suites<'r> = BTreeMap<&'r str, BTreeMap<&'r str, (Case, Option<&'r Host>)>>;

/// Writes the document, ending with a line break.
pub(super) fn write(told: &Told<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = suites(told);
    let report = told.report;
    let all = counts(suites.values().flat_map(BTreeMap::values).map(|(case, _)| case));
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let command = escape(&printable(&report.command));
    writeln!(out, "<testsuites name=\"driftless {command}\" {all} time=\"{:.3}\">", took(report))?;
    for (cluster, cases) in &suites {
        let suite = escape(&printable(cluster));
        let own = counts(cases.values().map(|(case, _)| case));
        writeln!(out, "  <testsuite name=\"{suite}\" {own}>")?;
        for (name, (case, host)) in cases {
            let attributes = format!("classname=\"{suite}\" name=\"{}\"", escape(&printable(name)));
            let verdict = host.and_then(|host| host.verdict).map(Verdict::as_str);
            out.write_all(case.element(&attributes, verdict).as_bytes())?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites<'r>(told: &Told<'r>) -> Suites<'r> {
    let mut suites: Suites<'r> = BTreeMap::new();
    // What is a matter of a host and no cluster stands in the first suite that has the host.
    let mut home: BTreeMap<&str, &str> = BTreeMap::new();
    for host in &told.report.hosts {
        let alone = host.clusters.is_empty().then_some(BESIDE);
        for cluster in host.clusters.iter().map(String::as_str).chain(alone) {
            suites.entry(cluster).or_default().entry(&host.name).or_default().1 = Some(host);
        }
        home.insert(&host.name, host.clusters.first().map_or(BESIDE, String::as_str));
    }
    for finding in &told.report.findings {
        let host = finding.host.as_deref();
        let suite = finding.cluster.as_deref().or_else(|| home.get(host?).copied()).unwrap_or(BESIDE);
        let (case, _) = suites.entry(suite).or_default().entry(host.unwrap_or(&finding.subject)).or_default();
        let weight = match () {
            () if finding.leaves_open() => Weight::Error,
            () if finding.fails(told.fail_on) => Weight::Failure,
            () => Weight::Beside,
        };
        case.add(weight, problem(finding));
    }
    suites
}

fn took(report: &Report) -> f64 {
    report.run.times().map_or(0.0, |(started, finished)| finished.duration_since(started).as_secs_f64())
}

fn problem(finding: &Finding) -> Problem {
    let severity = finding.severity;
    let told = format!("{} [{severity}] {}: {}", finding.rule, finding.subject, finding.message);
    Problem {
        rule: finding.rule.clone().into_owned(),
        message: printable(&finding.message).into_owned(),
        told: printable(&told).into_owned(),
        waived: finding.waived.as_ref().map(|waived| printable(&waived.justification).into_owned()),
    }
}
