//! The report on manifests: one verdict a container, findings with their places, and what was not audited.

mod json;
mod junit;
mod live;
mod sarif;
mod section;
mod table;

use std::collections::BTreeMap;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

pub(super) use json::Report as JsonReport;

use super::{Look, Run, narrow};
use crate::immutability::{At, Object, Verdict};
use crate::live::Live;
use crate::rules::Finding;
use crate::severity::Severity;

/// Everything that a report on manifests may tell.
#[derive(Debug)]
pub struct Manifests<'a> {
    /// When, and by what.
    pub run: Run,
    /// How many files were read, wholly or in part.
    pub files: usize,
    /// Every container, in the order of files and places.
    pub containers: &'a [Judged],
    /// What was found, in order.
    pub findings: &'a [Finding],
    /// From which severity on a finding fails the run.
    pub fail_on: Option<Severity>,
    /// What hosts run of it, if they were asked.
    pub live: Option<&'a Live>,
}

/// The verdict on one container.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The file, as it was named.
    pub file: Arc<str>,
    /// The container's own line.
    pub at: At,
    /// The object's kind.
    pub kind: String,
    /// Its namespace, if it says one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// `Kind/namespace/name`, as findings call it.
    pub object: String,
    /// The container's name.
    pub container: String,
    /// What is said of it.
    pub verdict: Verdict,
}

impl Judged {
    /// Every container of an object, with its verdict.
    pub fn of(object: &Object, file: &Arc<str>) -> Vec<Self> {
        let each = object.pods.iter().flat_map(|pod| pod.containers.iter().map(move |one| (pod, one)));
        each.map(|(pod, container)| Self {
            file: Arc::clone(file),
            at: container.at,
            kind: object.kind.clone(),
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            object: object.to_string(),
            container: container.name.clone(),
            verdict: Verdict::of(pod, container),
        })
        .collect()
    }
}

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestFormat {
    /// For people.
    Table,
    /// For programs: `driftless/report/v1`.
    Json,
    /// For code hosts: SARIF 2.1.0.
    Sarif,
    /// For build servers: `JUnit`'s XML.
    Junit,
}

impl FromStr for ManifestFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "table" => Ok(Self::Table),
            "json" => Ok(Self::Json),
            "sarif" => Ok(Self::Sarif),
            "junit" => Ok(Self::Junit),
            _ => Err(format!(
                "`{text}` is no format of a report on manifests: {}",
                crate::diagnostic::suggest(text, &["table", "json", "sarif", "junit"])
            )),
        }
    }
}

impl super::write::Form for ManifestFormat {}

/// How many containers have each verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Verdicts {
    pub(super) immutable: usize,
    pub(super) not: usize,
    pub(super) unknown: usize,
}

impl Manifests<'_> {
    /// Writes the report in a format, as text that ends with a line break; it is made while it is written.
    ///
    /// # Errors
    /// Whatever keeps it from being written.
    pub fn write(&self, format: ManifestFormat, look: &Look, out: &mut dyn io::Write) -> io::Result<()> {
        match format {
            ManifestFormat::Table => {
                out.write_all(narrow::fitted(look, |look| table::render(self, look)).as_bytes())
            }
            ManifestFormat::Json => json::write(self, out),
            ManifestFormat::Sarif => sarif::write(self, out),
            ManifestFormat::Junit => junit::write(self, out),
        }
    }

    fn verdicts(&self) -> Verdicts {
        self.containers.iter().fold(Verdicts::default(), |mut counts, one| {
            match one.verdict.immutable {
                Some(true) => counts.immutable += 1,
                Some(false) => counts.not += 1,
                None => counts.unknown += 1,
            }
            counts
        })
    }

    /// Findings that count, by severity.
    fn counted(&self) -> BTreeMap<Severity, usize> {
        let mut counts: BTreeMap<Severity, usize> = Severity::ALL.map(|severity| (severity, 0)).into();
        for finding in self.findings.iter().filter(|finding| finding.counts()) {
            *counts.entry(finding.severity).or_default() += 1;
        }
        counts
    }
}
