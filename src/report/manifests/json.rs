//! `driftless/report/v1` of manifests: what is about hosts is absent. Frozen, as the rest of it is.

use std::collections::BTreeMap;
use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Judged, Manifests, live};
use crate::advice::fix;
use crate::report::each::Each;
use crate::report::json::{make, v1};
use crate::rules::Finding;
use crate::severity::Severity;

/// The whole report on manifests.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ManifestReport")]
pub(crate) struct Report<'m> {
    /// Always `driftless/report/v1`.
    schema: &'static str,
    /// Always `immutable`.
    command: &'static str,
    /// The run.
    run: v1::Run,
    /// The run in numbers.
    summary: Summary,
    /// Every finding, worst first; those that do not count say why in `waived`.
    findings: Each<'m, v1::Finding>,
    /// Every container, in the order of files and places.
    objects: Each<'m, ObjectReport>,
    /// What hosts run; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<live::Report>,
}

/// The run in numbers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ManifestSummary")]
struct Summary {
    /// Files that were read, wholly or in part.
    files: usize,
    /// Containers that were judged.
    containers: usize,
    /// Containers that cannot be changed while they run.
    immutable: usize,
    /// Containers that can be, or that would not run.
    mutable: usize,
    /// Containers of which it could not be told.
    unknown: usize,
    /// Findings that count, by severity.
    findings: BTreeMap<Severity, usize>,
}

/// One container of one object.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Object")]
struct ObjectReport {
    /// The file.
    file: String,
    /// The line of the container, one-based.
    line: usize,
    /// The column of the container, one-based.
    column: usize,
    /// The object's kind.
    kind: String,
    /// Its namespace; null if it says none.
    namespace: Option<String>,
    /// Its name.
    name: String,
    /// The container.
    container: String,
    /// Whether it cannot be changed while it runs; null if that could not be told.
    immutable: Option<bool>,
    /// What voids it, or keeps it from being told, in words that may change; empty if it is immutable.
    voided_by: Vec<String>,
    /// How hosts run it; absent where none was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    live: Option<live::SideReport>,
}

/// The report as pretty JSON.
pub(super) fn write(manifests: &Manifests<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Report::of(manifests))?;
    out.write_all(b"\n")
}

impl<'m> Report<'m> {
    fn of(manifests: &'m Manifests<'_>) -> Self {
        let verdicts = manifests.verdicts();
        Self {
            schema: "driftless/report/v1",
            command: "immutable",
            run: make::run(&manifests.run),
            summary: Summary {
                files: manifests.files,
                containers: manifests.containers.len(),
                immutable: verdicts.immutable,
                mutable: verdicts.not,
                unknown: verdicts.unknown,
                findings: manifests.counted(),
            },
            findings: Each::of(manifests.findings, |_, one| finding(one)),
            objects: Each::of(manifests.containers, |nth, one| object(manifests, nth, one)),
            live: manifests.live.map(live::Report::of),
        }
    }
}

/// A finding, with what puts it right among its evidence.
fn finding(finding: &Finding) -> v1::Finding {
    let mut told = make::finding(finding);
    if let Some(fix) = fix(finding) {
        told.evidence.insert("fix".to_owned(), fix.into());
    }
    told
}

fn object(manifests: &Manifests<'_>, nth: usize, judged: &Judged) -> ObjectReport {
    ObjectReport {
        file: judged.file.to_string(),
        line: judged.at.line,
        column: judged.at.column,
        kind: judged.kind.clone(),
        namespace: judged.namespace.clone(),
        name: judged.name.clone(),
        container: judged.container.clone(),
        immutable: judged.verdict.immutable,
        voided_by: judged.verdict.voided_by.clone(),
        live: manifests.live.and_then(|live| live.sides.get(nth)).map(live::SideReport::of),
    }
}
