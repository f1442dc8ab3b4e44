//! JSON in lines (jsonlines.org): the parts of the JSON report, each an object of its own with its `type`. Whoever reads
//! them needs no memory for the whole; the last line is the summary, so that a report that was cut off is known as such.

use std::io;

use schemars::JsonSchema;
use serde::Serialize;

use crate::report::json::published;
use crate::report::json::upgrades::Upgrade;
use crate::report::json::v1::{
    Advice, Before, ClusterReport, Error, Finding, Host, Report, ResolvedFinding, Run, Summary, Word,
};
use crate::snapshot::HostStatus;

/// One line.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[schemars(title = "Line")]
enum Line<'r> {
    /// A host is done; before all others, as hosts answer, where the lines are read while the run lasts.
    Answered(Answered<'r>),
    /// What was run.
    Run(Heading<'r>),
    /// A host.
    Host(&'r Host),
    /// A cluster.
    Cluster(&'r ClusterReport),
    /// A finding.
    Finding(&'r Finding),
    /// Something to do.
    Advice(&'r Advice),
    /// An upgrade that was asked about.
    Upgrade(&'r Upgrade),
    /// A finding that is gone.
    Resolved(&'r ResolvedFinding),
    /// The last line.
    Summary(&'r Summary),
}

/// A host that is done.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Answered<'r> {
    /// Its name in the inventory.
    pub host: &'r str,
    /// Whether it answered everything; what the playbook makes of that stands in its own line.
    pub status: HostStatus,
    /// How long it took.
    pub seconds: f64,
    /// What went wrong on the way to it, if anything did.
    pub error: Option<Error>,
}

impl Answered<'_> {
    /// The line, without its break.
    pub fn line(self) -> String {
        // Maps with text keys and finite numbers always serialise.
        serde_json::to_string(&Line::Answered(self)).unwrap_or_default()
    }
}

/// What was run.
#[derive(Serialize, JsonSchema)]
struct Heading<'r> {
    /// Always `driftless/report/v1`.
    schema: &'r str,
    /// The command that was run.
    command: &'r str,
    #[serde(flatten)]
    run: &'r Run,
    /// The run that changes are told against; absent where none is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'r Before>,
    /// What no forecast of an upgrade can see; absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    unseen: Option<&'r Word>,
}

/// Writes the lines.
pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let heading = Heading {
        schema: &report.schema,
        command: &report.command,
        run: &report.run,
        before: report.before.as_ref(),
        unseen: report.unseen.as_ref(),
    };
    let lines = std::iter::once(Line::Run(heading))
        .chain(report.hosts.iter().map(Line::Host))
        .chain(report.clusters.iter().map(Line::Cluster))
        .chain(report.findings.iter().map(Line::Finding))
        .chain(report.advice.iter().flatten().map(Line::Advice))
        .chain(report.upgrades.iter().flatten().map(Line::Upgrade))
        .chain(report.resolved.iter().flatten().map(Line::Resolved))
        .chain([Line::Summary(&report.summary)]);
    for line in lines {
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The schema of a line, JSON Schema 2020-12.
pub fn schema() -> String {
    published::<Line<'_>>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_schema_is_the_one_of_the_types() {
        crate::report::json::hold("report-line.schema.json", &schema());
    }
}
