//! Judges one file of Kubernetes manifests: what voids immutability, where, and what to write instead.
//!
//!     cargo run --example check_manifest -- examples/manifests/1-nginx.yaml

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::path::Path;

use driftless::advice::entry;
use driftless::diagnostic::Source;
use driftless::immutability::{self, Images, Kubernetes};
use driftless::rules;
use jiff::Timestamp;
use jiff::tz::Offset;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name a file")?;
    let source = Source::read(Path::new(&path))?;
    // The clock is a value: with the same day the same file always gives the same findings.
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let mut findings = Vec::new();
    let read = immutability::read(&source, &Images::of(&[]), |object| {
        findings.extend(rules::judge(&object, &path.as_str().into(), Kubernetes::NEWEST, today));
    });
    for mistake in &read.mistakes {
        println!("{}", mistake.shown);
    }
    for finding in findings {
        println!("{:<8} {}: {}", finding.severity, finding.rule.id, (finding.rule.message)(&finding));
        println!("         {}", entry(finding.rule.id).map_or("", |entry| &entry.why));
    }
    Ok(())
}
