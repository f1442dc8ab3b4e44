//! `driftless immutable`: Kubernetes manifests, from the paths to the exit status. Hosts are asked with `--live` alone.

mod args;
mod crew;
mod files;
mod fix;
mod live;
mod place;

pub(super) use args::Immutable;

use std::io;

use driftless::immutability::{Images, Kubernetes};
use driftless::playbook::Playbook;
use driftless::report::write::Heard;
use driftless::report::{Look, ManifestFormat, Manifests, Run};
use driftless::rules::{self, Finding};
use jiff::Timestamp;
use jiff::tz::Offset;

use super::ask::{say, warn};
use super::failure::Failure;
use super::plan::check_outputs;
use super::report::{To, Undelivered, accepted, send};
use super::settings::Typed;
use crew::{Audited, Task};

/// So many mistakes are shown with their lines; the report has all of them.
const SHOWN: usize = 20;

/// Reads, judges and reports; gives the exit status.
pub(super) fn run(args: &Immutable, typed: &Typed) -> Result<u8, Failure> {
    if args.fix.is_none() && typed.has("in_place") {
        return Err(Failure::new("--in-place is for --fix: there is nothing to be put in its place"));
    }
    let started = Timestamp::now();
    let playbook = Playbook::load(&args.playbook, &rules::known_ids())?;
    let accepted = args.accept.as_deref().map(accepted).transpose()?.unwrap_or_default();
    check_outputs(&args.output)?;
    if args.kubernetes_version > Kubernetes::NEWEST {
        let newest = Kubernetes::NEWEST;
        warn(
            args.telling.quiet,
            &format!("--kubernetes-version: what is newer than {newest} is judged as {newest}"),
        );
    }
    let today = Offset::UTC.to_datetime(started).date();
    let task = Task {
        images: Images::of(&playbook.images),
        kubernetes: args.kubernetes_version,
        today,
        live: args.live,
    };
    live::check(args, typed)?;
    let files = files::find(&args.paths);
    if let Some(form) = args.fix {
        return fix::run(args, form, &files, &task, &playbook, &accepted);
    }
    let audited = crew::audit(&files, &task);
    check(args, &audited)?;
    tell(args, &audited);
    let mut containers = Vec::with_capacity(audited.iter().map(|file| file.containers.len()).sum());
    let mut findings = Vec::with_capacity(audited.iter().map(|file| file.findings.len()).sum());
    let (mut declared, mut read) = (Vec::new(), 0);
    for file in audited {
        read += usize::from(file.read);
        containers.extend(file.containers);
        findings.extend(file.findings);
        declared.extend(file.declared);
    }
    let live = args.live.then(|| live::ask(args, declared)).transpose()?;
    if let Some((_, found)) = &live {
        findings.extend(found.iter().cloned());
    }
    let live = live.as_ref().map(|(live, _)| live);
    let findings = rules::settle(findings, &playbook, today, &accepted);
    let run = Run { id: id()?, started, finished: Timestamp::now() };
    let fail_on = args.fail_on.0;
    let report = Manifests { run, files: read, containers: &containers, findings: &findings, fail_on, live };
    let to = To { outputs: &args.output, quiet: args.telling.quiet, silent: false, colour: args.color };
    // A reader that has seen enough is success, as it is for every tool in a pipe.
    let render = |format, look: &Look, out: &mut dyn io::Write| report.write(format, look, out);
    Ok(match send(&to, Undelivered::default(), ManifestFormat::Table, render) {
        Ok(Heard::ReaderLeft) => 0,
        Ok(Heard::Whole) => status(&report),
        Err(undelivered) => undelivered.told(),
    })
}

/// Nothing that could be audited is no success: a pipe whose first half failed must not pass.
fn check(args: &Immutable, audited: &[Audited]) -> Result<(), Failure> {
    if audited.iter().any(|file| file.objects > 0) {
        return Ok(());
    }
    let mistakes: Vec<&str> = audited.iter().flat_map(|file| &file.mistakes).map(String::as_str).collect();
    for mistake in mistakes.iter().take(SHOWN) {
        say(mistake);
    }
    let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let paths = paths.join(" ");
    if mistakes.is_empty() {
        return Err(Failure::new(format!("there is no Kubernetes object in {paths}")).hint(
            "manifests are files named *.yaml, *.yml or *.json in a folder, or what helm template and kustomize build print",
        ));
    }
    Err(Failure::new(format!("nothing of {paths} could be read")).hint("put right what is told above"))
}

/// Mistakes with their lines; the report has their places alone.
fn tell(args: &Immutable, audited: &[Audited]) {
    let mut mistakes = audited.iter().flat_map(|file| &file.mistakes);
    if !args.telling.quiet {
        mistakes.by_ref().take(SHOWN).for_each(|mistake| say(mistake));
        match mistakes.count() {
            0 => {}
            more => say(&format!("{more} more mistakes stand in the report")),
        }
    }
}

/// 0 nothing at or above the threshold; 1 no host was reached; 2 findings; 3 something could not be read or asked.
fn status(report: &Manifests<'_>) -> u8 {
    let fails =
        report.fail_on.is_some_and(|threshold| report.findings.iter().any(|one| one.fails(threshold)));
    match () {
        () if report.live.is_some_and(|live| live.reached == 0) => 1,
        () if fails => 2,
        () if report.findings.iter().any(Finding::leaves_open) => 3,
        () => 0,
    }
}

/// A name for the run that no other has.
fn id() -> Result<String, Failure> {
    let bytes: [u8; 6] = super::round::random()?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
