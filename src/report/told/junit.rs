//! `JUnit`'s XML, as Jenkins, GitLab and their kind read it: a suite for each cluster, a case for each host, a failure
//! for each finding that fails the run, an error for whatever could not be audited.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::Told;
use crate::report::json::v1::{Finding, Host, Report};
use crate::report::xml::escape;
use crate::snapshot::printable;

/// What stands in no cluster, or is a matter of no host.
const BESIDE: &str = "driftless";

/// What is said in one case.
#[derive(Default)]
struct Said<'r> {
    host: Option<&'r Host>,
    failures: Vec<&'r Finding>,
    errors: Vec<&'r Finding>,
    others: Vec<&'r Finding>,
}

type Suites<'r> = BTreeMap<&'r str, BTreeMap<&'r str, Said<'r>>>;

/// Writes the document, ending with a line break.
pub(super) fn write(told: &Told<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let suites = suites(told);
    let all = || suites.values().flat_map(BTreeMap::values);
    let report = told.report;
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let command = escape(&report.command);
    writeln!(
        out,
        "<testsuites name=\"driftless {command}\" {} time=\"{:.3}\">",
        counts(all()),
        took(report)
    )?;
    for (cluster, cases) in &suites {
        let name = escape(&printable(cluster));
        writeln!(out, "  <testsuite name=\"{name}\" {}>", counts(cases.values()))?;
        for (case, said) in cases {
            out.write_all(one(&name, case, said).as_bytes())?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

fn suites<'r>(told: &Told<'r>) -> Suites<'r> {
    let mut suites: Suites<'r> = BTreeMap::new();
    for host in &told.report.hosts {
        let alone = host.clusters.is_empty().then_some(BESIDE);
        for cluster in host.clusters.iter().map(String::as_str).chain(alone) {
            suites.entry(cluster).or_default().entry(&host.name).or_default().host = Some(host);
        }
    }
    // What is a matter of a host and no cluster stands in the first suite that has the host.
    let mut home: BTreeMap<&str, &str> = BTreeMap::new();
    for host in &told.report.hosts {
        home.insert(&host.name, host.clusters.first().map_or(BESIDE, String::as_str));
    }
    for finding in &told.report.findings {
        let host = finding.host.as_deref();
        let own = finding.cluster.as_deref().or_else(|| home.get(host?).copied()).unwrap_or(BESIDE);
        let case = host.unwrap_or(&finding.subject);
        let said = suites.entry(own).or_default().entry(case).or_default();
        match () {
            () if finding.leaves_open() => said.errors.push(finding),
            () if finding.fails(told.fail_on) => said.failures.push(finding),
            () => said.others.push(finding),
        }
    }
    suites
}

fn took(report: &Report) -> f64 {
    let read = |text: &str| text.parse::<jiff::Timestamp>().ok();
    let both = read(&report.run.started).zip(read(&report.run.finished));
    both.map_or(0.0, |(started, finished)| finished.duration_since(started).as_secs_f64())
}

fn counts<'s, 'r: 's>(cases: impl Iterator<Item = &'s Said<'r>>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for said in cases {
        tests += 1;
        failures += usize::from(!said.failures.is_empty());
        errors += usize::from(!said.errors.is_empty());
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}

fn one(suite: &str, case: &str, said: &Said<'_>) -> String {
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = writeln!(text, "    <testcase classname=\"{suite}\" name=\"{}\">", escape(&printable(case)));
    for (element, findings) in [("failure", &said.failures), ("error", &said.errors)] {
        for finding in findings {
            let _ = writeln!(
                text,
                "      <{element} type=\"{}\" message=\"{}\">{}</{element}>",
                escape(&finding.rule),
                escape(&printable(&finding.message)),
                escape(&line(finding))
            );
        }
    }
    let mut beside =
        said.host.and_then(|host| host.verdict).map_or(String::new(), |verdict| format!("{verdict}\n"));
    for finding in &said.others {
        let waived = finding
            .waived
            .as_ref()
            .map_or(String::new(), |waived| format!(" (waived: {})", printable(&waived.justification)));
        let _ = writeln!(beside, "{}{waived}", line(finding));
    }
    if !beside.is_empty() {
        let _ = writeln!(text, "      <system-out>{}</system-out>", escape(beside.trim_end()));
    }
    text.push_str("    </testcase>\n");
    text
}

fn line(finding: &Finding) -> String {
    let severity = finding.severity;
    printable(&format!("{} [{severity}] {}: {}", finding.rule, finding.subject, finding.message)).into_owned()
}
