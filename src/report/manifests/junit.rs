//! `JUnit`'s XML, as Jenkins, GitLab and their kind read it: a suite for each file, a case for each container, a
//! failure for each finding that fails the run, an error for each part that could not be read.

use std::collections::BTreeMap;
use std::io;

use super::{Judged, Manifests};
use crate::advice::fix;
use crate::report::junit::{Case, Problem, Weight, counts};
use crate::report::xml::escape;
use crate::rules::{About, Evidence, Finding};

/// What a case is called: the object, and its container or what else it is about.
type Name<'m> = (&'m str, &'m str);

/// What is said in one case, and where.
#[derive(Default)]
struct Said<'a> {
    line: usize,
    case: Case,
    verdict: Option<&'a Judged>,
}

/// Writes the document, ending with a line break.
pub(super) fn write(manifests: &Manifests<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, BTreeMap<Name<'_>, Said<'_>>> = BTreeMap::new();
    for judged in manifests.containers {
        let name = (judged.object.as_str(), judged.container.as_str());
        let said = suites.entry(&judged.file).or_default().entry(name).or_default();
        (said.verdict, said.line) = (Some(judged), judged.at.line);
    }
    for finding in manifests.findings {
        let file = finding.location.as_ref().map_or("driftless", |place| place.file.as_ref());
        let said = suites.entry(file).or_default().entry(name(finding)).or_default();
        let weight = match () {
            () if finding.rule.about == About::Audit => Weight::Error,
            () if manifests.fail_on.is_some_and(|threshold| finding.fails(threshold)) => Weight::Failure,
            () => Weight::Beside,
        };
        said.case.add(weight, problem(finding));
        if let (0, Some(place)) = (said.line, &finding.location) {
            said.line = place.at.line;
        }
    }
    let all = counts(suites.values().flat_map(BTreeMap::values).map(|said| &said.case));
    let took = manifests.run.finished.duration_since(manifests.run.started).as_secs_f64();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"driftless immutable\" {all} time=\"{took:.3}\">")?;
    for (file, cases) in &suites {
        let file = escape(file);
        writeln!(out, "  <testsuite name=\"{file}\" {}>", counts(cases.values().map(|said| &said.case)))?;
        for ((object, container), said) in cases {
            let (object, container) = (escape(object), escape(container));
            let line = said.line;
            let attributes =
                format!("classname=\"{object}\" name=\"{container}\" file=\"{file}\" line=\"{line}\"");
            let verdict = said.verdict.map(verdict);
            out.write_all(said.case.element(&attributes, verdict.as_deref()).as_bytes())?;
        }
        writeln!(out, "  </testsuite>")?;
    }
    writeln!(out, "</testsuites>")
}

/// The case that a finding belongs to.
fn name(finding: &Finding) -> Name<'_> {
    match &finding.evidence {
        Evidence::Declared(said) => (&said.object, said.container.as_deref().unwrap_or("pod")),
        _ => (finding.host_name().unwrap_or("driftless"), &finding.subject),
    }
}

fn verdict(judged: &Judged) -> String {
    let word = match judged.verdict.immutable {
        Some(true) => "immutable",
        Some(false) => "not immutable",
        None => "unknown",
    };
    let why = judged.verdict.voided_by.join("; ");
    if why.is_empty() { word.to_owned() } else { format!("{word}: {why}") }
}

fn problem(finding: &Finding) -> Problem {
    let place = finding
        .location
        .as_ref()
        .map_or(String::new(), |place| format!("{}:{}:{}: ", place.file, place.at.line, place.at.column));
    let fix = fix(finding).map_or(String::new(), |fix| format!("\n  fix: {fix}"));
    Problem {
        rule: finding.rule.id.to_owned(),
        message: finding.message(),
        told: format!("{place}{} [{}] {}{fix}", finding.rule.id, finding.severity, finding.message()),
        waived: finding.waived.as_ref().map(|waived| waived.justification.clone()),
    }
}
