//! The commands that look back: `driftless history`, `compare` and `report`. No host is asked.

mod args;
mod compare;
mod life;
mod merge;

use std::collections::BTreeSet;

use driftless::advice::Verdict;
use driftless::history::Outcome;
use driftless::playbook::Playbook;
use driftless::report::past::{Form, RunRow, Runs};
use driftless::report::write::{self, Heard};
use driftless::rules;
use driftless::severity::Severity;
use driftless::store::Run;
use jiff::Timestamp;

use super::ask::say;
use super::audit::{Job, Look, judge};
use super::failure::Failure;
use super::memory::{Memory, Trend};
use super::plan::{Asks, Plan, bind};
use super::report::{accepted, look};
use super::round::Gathered;
pub(super) use args::{Again, Compare, History, StoreFile, table_or_json};
use args::{Forget, Showing};
pub(super) use compare::compare;

/// `driftless history`
pub(super) fn history(args: &History) -> Result<u8, Failure> {
    if let Some(Forget::Prune { keep, file, quiet }) = &args.prune {
        // One that is not there is not made here.
        drop(Memory::to_read(&file.storing())?);
        let telling = super::args::Telling { no_progress: true, quiet: *quiet, verbose: 0 };
        let memory = Memory::to_keep(&file.storing(), true, &telling)?;
        let mut memory = memory.ok_or_else(|| Failure::new("there is no store"))?;
        let pruned = memory.forget(*keep, Timestamp::now())?;
        if !quiet {
            say(&format!(
                "{} runs are forgotten; {} bytes of {} were given back",
                pruned.runs,
                pruned.bytes,
                memory.path().display()
            ));
        }
        return Ok(0);
    }
    let memory = Memory::to_read(&args.showing.file.storing())?;
    if let Some(host) = &args.host {
        let life = life::of(&memory, host)?;
        show(&args.showing, |form, look| life.render(form, look))
    } else {
        let runs = runs(&memory)?;
        show(&args.showing, |form, look| runs.render(form, look))
    }
}

/// Writes to standard output; a reader that has seen enough is success.
fn show(
    showing: &Showing,
    render: impl FnOnce(Form, &driftless::report::Look) -> String,
) -> Result<u8, Failure> {
    let text = render(showing.form, &look(showing.color));
    match write::to_stdout(&text) {
        Ok(Heard::Whole | Heard::ReaderLeft) => Ok(0),
        Err(error) => Err(Failure::stdout(&error)),
    }
}

/// Every run, and how clusters drifted.
fn runs(memory: &Memory) -> Result<Runs, Failure> {
    let (mut rows, mut trend) = (Vec::new(), Trend::default());
    for run in memory.runs()? {
        let outcome = memory.outcome(&run)?;
        if let Some(outcome) = &outcome {
            trend.push(run.started, outcome);
        }
        rows.push(row(run, outcome.as_ref()));
    }
    Ok(Runs { store: memory.path().display().to_string(), runs: rows, clusters: trend.clusters() })
}

fn row(run: Run, outcome: Option<&Outcome>) -> RunRow {
    let stood = outcome.map(|outcome| {
        let verdicts = || outcome.hosts.values().map(|stood| stood.verdict);
        (
            verdicts().filter(|verdict| *verdict == Verdict::InSync).count(),
            verdicts().filter(|verdict| verdict.is_drift()).count(),
        )
    });
    let count = |severity: Severity| {
        let found = outcome.into_iter().flat_map(|outcome| outcome.findings.values());
        (severity, found.filter(|found| found.severity == severity).count())
    };
    RunRow {
        id: run.id,
        started: run.started,
        finished: run.finished,
        command: run.command,
        hosts: (run.asked, run.seen),
        stood,
        findings: Severity::ALL.into_iter().map(count).filter(|(_, count)| *count > 0).collect(),
    }
}

/// `driftless report`: a stored run, compared again as it was the first time.
pub(super) fn report(args: &Again) -> Result<u8, Failure> {
    super::plan::check_outputs(&args.output.output)?;
    let text = match args.what.as_slice() {
        [] => "latest",
        [run] if !merge::is_file(run) => run,
        files => return merge::report(files, args),
    };
    let memory = Memory::to_read(&args.file.storing())?;
    let run = memory.find(text)?;
    let context = memory.context(&run)?;
    let playbook = Playbook::from_sources(&context.playbooks, &rules::known_ids())?;
    let recalled = memory.fleet(&run.id, &context.inventory, &context.hosts)?;
    let bound = bind(&context.inventory, &playbook)?;
    let accepted = args.accept.as_deref().map(accepted).transpose()?.unwrap_or_default();
    let readiness = context.readiness;
    let asks = if readiness { Asks::PlaybookAndUpgrades } else { Asks::Playbook };
    let mut plan = Plan {
        asks,
        accepted,
        sources: context.playbooks,
        ..Plan::of_nobody(context.inventory, playbook, bound)
    };
    Memory::remind(&mut plan, Some(&memory), Some(&run.id), &args.file.storing())?;
    let gathered = Gathered {
        fleet: recalled.fleet,
        id: run.id.clone(),
        started: run.started,
        finished: run.finished.unwrap_or(run.started),
        seen: Vec::new(),
    };
    let look = Look { before: Some(&memory), only_changes: false };
    Ok(judge("report", &plan, Job { drift: true, readiness }, gathered, &look, &args.output)?.status)
}

/// The names of all hosts that any run saw.
fn known_hosts(memory: &Memory) -> Result<BTreeSet<String>, Failure> {
    let mut hosts = BTreeSet::new();
    for run in memory.runs()? {
        hosts.extend(memory.store.hosts(&run.id)?.into_iter().map(|entry| entry.host.to_string()));
    }
    Ok(hosts)
}
