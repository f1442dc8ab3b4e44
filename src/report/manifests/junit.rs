//! `JUnit`'s XML, as Jenkins, GitLab and their kind read it: a suite for each file, a case for each container, a
//! failure for each finding that fails the run, an error for each part that could not be read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use super::{Judged, Manifests};
use crate::advice::fix;
use crate::report::xml::escape;
use crate::rules::{About, Evidence, Finding};

/// A case: the object, and its container or what else it is about.
type Case<'m> = (&'m str, &'m str);

/// What is said in one case.
#[derive(Default)]
struct Said<'a> {
    line: usize,
    failures: Vec<&'a Finding>,
    errors: Vec<&'a Finding>,
    others: Vec<&'a Finding>,
    verdict: Option<&'a Judged>,
}

/// Writes the document, ending with a line break.
pub(super) fn write(manifests: &Manifests<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, BTreeMap<Case<'_>, Said<'_>>> = BTreeMap::new();
    for judged in manifests.containers {
        let case = (judged.object.as_str(), judged.container.as_str());
        let said = suites.entry(&judged.file).or_default().entry(case).or_default();
        (said.verdict, said.line) = (Some(judged), judged.at.line);
    }
    for finding in manifests.findings {
        let file = finding.location.as_ref().map_or("driftless", |place| place.file.as_ref());
        let said = suites.entry(file).or_default().entry(case(finding)).or_default();
        let fails = manifests.fail_on.is_some_and(|threshold| finding.fails(threshold));
        match () {
            () if finding.rule.about == About::Audit => said.errors.push(finding),
            () if fails => said.failures.push(finding),
            () => said.others.push(finding),
        }
        if let (0, Some(place)) = (said.line, &finding.location) {
            said.line = place.at.line;
        }
    }
    let all = || suites.values().flat_map(BTreeMap::values);
    let took = manifests.run.finished.duration_since(manifests.run.started).as_secs_f64();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"driftless immutable\" {} time=\"{took:.3}\">", counts(all()))?;
    for (file, cases) in &suites {
        writeln!(out, "  <testsuite name=\"{}\" {}>", escape(file), counts(cases.values()))?;
        for (case, said) in cases {
            out.write_all(one(file, case, said).as_bytes())?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// Which case a finding belongs to.
fn case(finding: &Finding) -> Case<'_> {
    match &finding.evidence {
        Evidence::Declared(said) => (&said.object, said.container.as_deref().unwrap_or("pod")),
        _ => (finding.host_name().unwrap_or("driftless"), &finding.subject),
    }
}

fn counts<'s>(cases: impl Iterator<Item = &'s Said<'s>>) -> String {
    let (mut tests, mut failures, mut errors) = (0, 0, 0);
    for said in cases {
        tests += 1;
        failures += usize::from(!said.failures.is_empty());
        errors += usize::from(!said.errors.is_empty());
    }
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"")
}

/// One case.
fn one(file: &str, (object, name): &Case<'_>, said: &Said<'_>) -> String {
    let mut text = String::new();
    // Writing into a text does not fail.
    let _ = writeln!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{}\">",
        escape(object),
        escape(name),
        escape(file),
        said.line
    );
    for (element, findings) in [("failure", &said.failures), ("error", &said.errors)] {
        for finding in findings {
            let _ = writeln!(
                text,
                "      <{element} type=\"{}\" message=\"{}\">{}</{element}>",
                escape(finding.rule.id),
                escape(&finding.message()),
                escape(&told(finding))
            );
        }
    }
    let mut beside = said.verdict.map_or(String::new(), verdict);
    for finding in &said.others {
        let waived = finding
            .waived
            .as_ref()
            .map_or(String::new(), |waived| format!(" (waived: {})", waived.justification));
        let _ = writeln!(beside, "{}{waived}", told(finding));
    }
    if !beside.is_empty() {
        let _ = writeln!(text, "      <system-out>{}</system-out>", escape(beside.trim_end()));
    }
    text.push_str("    </testcase>\n");
    text
}

fn verdict(judged: &Judged) -> String {
    let word = match judged.verdict.immutable {
        Some(true) => "immutable",
        Some(false) => "not immutable",
        None => "unknown",
    };
    let why = judged.verdict.voided_by.join("; ");
    if why.is_empty() { format!("{word}\n") } else { format!("{word}: {why}\n") }
}

fn told(finding: &Finding) -> String {
    let place = finding
        .location
        .as_ref()
        .map_or(String::new(), |place| format!("{}:{}:{}: ", place.file, place.at.line, place.at.column));
    let fix = fix(finding).map_or(String::new(), |fix| format!("\n  fix: {fix}"));
    format!("{place}{} [{}] {}{fix}", finding.rule.id, finding.severity, finding.message())
}
