//! `driftless report A.json B.json`: reports of several machines as one.

use std::io;
use std::path::Path;

use driftless::diagnostic::Source;
use driftless::report::merged::Merged;
use driftless::report::write::{Heard, Output};
use driftless::report::{Format, Look, Shape, Told};

use super::Again;
use crate::cli::ask::warn;
use crate::cli::failure::Failure;
use crate::cli::report::{To, Undelivered, send};

/// Whether an argument is meant as a file: an id of a run has neither a dot nor a slash.
pub(super) fn is_file(text: &str) -> bool {
    text.contains(['.', '/']) || Path::new(text).is_file()
}

/// Merges, and reports; gives the exit status of an audit that found all of it.
pub(super) fn report(files: &[String], args: &Again) -> Result<u8, Failure> {
    if args.accept.is_some() {
        return Err(Failure::new("--accept is for a stored run: a merged report has its own waivers")
            .hint("give --accept to the audits"));
    }
    if args.output.output.iter().any(|output| output.format == Format::CycloneDx) {
        return Err(Failure::new(
            "a JSON report does not have every package of a host: cyclonedx cannot be made of it",
        )
        .hint("give -o cyclonedx=FOLDER to the audits, or name a stored run"));
    }
    let mut reports = Vec::new();
    for name in files {
        if !is_file(name) {
            return Err(Failure::new(format!(
                "`{name}` is no file: one run is rendered, or reports are merged"
            ))
            .hint("name one RUN, or JSON reports alone"));
        }
        let source = Source::read(Path::new(name))?;
        let report = serde_json::from_str(source.as_str()).map_err(|error| {
            Failure::new(format!("{name}:{}:{}: it is no JSON report: {error}", error.line(), error.column()))
                .hint("what `driftless audit -o json=FILE` wrote is merged")
        })?;
        reports.push((name.clone(), report));
    }
    let merged = Merged::of(&reports).map_err(|error| {
        Failure::new(error.to_string())
            .hint("reports of different hosts are merged: --shard splits an inventory")
    })?;
    for torn in &merged.torn {
        warn(
            args.output.telling.quiet,
            &format!("{torn}: hosts were compared within their own report alone"),
        );
    }
    let to = To {
        outputs: &args.output.output,
        quiet: args.output.telling.quiet,
        silent: false,
        colour: args.output.color,
    };
    // A newer version may write what this one does not know: such a report can be merged, if not told in every form.
    let needed = |output: &Output| matches!(output.format, Format::Text(shape) if shape != Shape::Json);
    let report = args.output.output.iter().any(needed).then(|| merged.report(&reports)).transpose();
    let report = report.map_err(|error| Failure::new(error.to_string()))?;
    let fail_on = args.output.fail_on.0;
    let told = report.as_ref().map(|report| Told { report, trend: &[], fail_on });
    let render = |format, look: &Look, out: &mut dyn io::Write| match format {
        Format::Table => out.write_all(merged.table(look).as_bytes()),
        // It keeps what a newer version knows and this one does not.
        Format::Text(Shape::Json) => out.write_all(merged.json().as_bytes()),
        Format::Text(shape) => told.map_or(Ok(()), |told| told.write(shape, out)),
        // Refused before.
        Format::CycloneDx => Ok(()),
    };
    Ok(match send(&to, Undelivered::default(), Format::Table, render) {
        Ok(Heard::ReaderLeft) => 0,
        Ok(Heard::Whole) => merged.status(args.output.fail_on.0),
        Err(undelivered) => undelivered.told(),
    })
}
