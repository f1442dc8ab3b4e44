//! `driftless report A.json B.json`: reports of several machines as one.

use std::path::Path;

use driftless::diagnostic::Source;
use driftless::report::Format;
use driftless::report::merged::Merged;
use driftless::report::write::Heard;

use super::Again;
use crate::cli::ask::warn;
use crate::cli::failure::Failure;
use crate::cli::report::{To, send};

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
    let render = |format, look: &driftless::report::Look, out: &mut dyn std::io::Write| {
        out.write_all(merged.render(format, look).as_bytes())
    };
    match send(&to, Format::Table, render)? {
        Heard::ReaderLeft => Ok(0),
        Heard::Whole => Ok(merged.status(args.output.fail_on.0)),
    }
}
