//! `driftless audit`: the whole pipe, from the inventory to the exit status.

use std::collections::BTreeSet;

use driftless::advice::{Outlook, advise};
use driftless::drift::Comparison;
use driftless::history::{Outcome, Story};
use driftless::readiness::Readiness;
use driftless::report::write::Heard;
use driftless::report::{Audit as Report, Format, Run, Shape};
use driftless::rules::{self, Asked};
use driftless::ssh::Transport;
use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::runtime::Runtime;

use super::args::{Audit, Reporting};
use super::ask::warn;
use super::collect::{Remembered, was_interrupted};
use super::failure::Failure;
use super::memory::Memory;
use super::notify::Hook;
use super::plan::Plan;
use super::report;
use super::round::{Gathered, gather, id_of, random, runtime, transport};

/// What a run is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Job {
    /// Whether hosts are compared with each other and with the playbook.
    pub(super) drift: bool,
    /// Whether the playbook's upgrades would succeed.
    pub(super) readiness: bool,
}

impl Job {
    /// `driftless ready`
    pub(super) const READY: Self = Self { drift: false, readiness: true };
}

/// Runs an audit; gives the exit status.
pub(super) fn run(args: &Audit) -> Result<u8, Failure> {
    let mut plan = Plan::of(args)?;
    let telling = &args.output.telling;
    let job = Job { drift: true, readiness: args.ready };
    if args.offline {
        let memory = Memory::to_read(&args.storing)?;
        Memory::remind(&mut plan, Some(&memory), None, &args.storing)?;
        let gathered = offline(&plan, &memory)?;
        if plan.hook.as_ref().is_some_and(Hook::waits_for_news) {
            warn(
                telling.quiet,
                "--offline: nobody is asked, so that nothing is new: no notice is posted (--notify-on any posts one)",
            );
            plan.hook = None;
        }
        // Nobody is asked: nothing can have changed.
        let look = Look::default();
        return Ok(judge("audit", &plan, job, gathered, &look, &args.output)?.status);
    }
    let needed = args.resume || args.only_changes || args.storing.keep.is_some();
    let memory = Memory::to_keep(&args.storing, needed, telling)?;
    let resumed = match &memory {
        Some(memory) if args.resume => Some(memory.unfinished("audit")?.id),
        _ => None,
    };
    Memory::remind(&mut plan, memory.as_ref(), resumed.as_deref(), &args.storing)?;
    if let Some(memory) = &memory {
        plan.to_look_into = memory.to_replace(&plan.inventory, &plan.hosts)?;
    }
    let runtime = runtime()?;
    let transport = || transport(&plan, &args.connection, telling, &runtime);
    let Some(memory) = memory else {
        let status = conduct("audit", &plan, job, transport()?, &args.output, &runtime)?.status;
        runtime.shutdown_background();
        return Ok(status);
    };
    let round = Remembered { plan: &plan, command: "audit", resume: args.resume, telling };
    let (gathered, mut memory, whole) = round.gather(memory, transport, &runtime)?;
    let (id, finished, stopped) = (gathered.id.clone(), gathered.finished, was_interrupted(&gathered));
    let look = Look { before: Some(&memory), only_changes: args.only_changes };
    let judged = judge("audit", &plan, job, gathered, &look, &args.output)?;
    // A run that was stopped stays open: --resume finishes it.
    let mut close = || -> Result<(), Failure> {
        // One that is not kept whole stays open, too.
        if !stopped && whole {
            let (name, text) = judged.outcome.piece();
            let part = driftless::store::Part { name, status: 0, bytes: text.as_bytes() };
            memory.store.finish(&id, finished, &[part])?;
        }
        match args.storing.keep {
            Some(age) => memory.forget(age, Timestamp::now()).map(drop),
            None => Ok(()),
        }
    };
    if stopped {
        warn(telling.quiet, &format!("run {id} was stopped: driftless audit --resume asks the rest"));
    }
    // The report was delivered: what becomes of its record is told, and changes nothing about it.
    if let Err(failure) = close() {
        warn(telling.quiet, &format!("what was found is not kept: {failure}"));
    }
    // Not before: whoever interrupts while a report is written is heard by it. A host that will not let go of its
    // connection must not keep us.
    runtime.shutdown_background();
    Ok(judged.status)
}

/// What the store holds of every host of the plan, as each was seen last.
fn offline(plan: &Plan, memory: &Memory) -> Result<Gathered, Failure> {
    let started = Timestamp::now();
    let mut recalled = memory.latest(&plan.inventory, &plan.hosts)?;
    let requests = plan.requests([0; 16]);
    for (at, host) in plan.hosts.iter().enumerate() {
        let unasked = Plan::unasked(&requests, *host, recalled.wanted.get(at));
        if let Some(snapshot) = recalled.fleet.hosts.get_mut(at).and_then(|seen| seen.snapshot.as_mut()) {
            snapshot.was_not_asked(&unasked);
        }
    }
    if recalled.seen.iter().all(Option::is_none) {
        return Err(Failure::new(format!("{}: no host of these is in the store", memory.path().display()))
            .hint("driftless collect asks them; `driftless history` lists the runs that are stored"));
    }
    let id = id_of(random()?);
    Ok(Gathered { fleet: recalled.fleet, id, started, finished: Timestamp::now(), seen: recalled.seen })
}

/// Collects, compares, reports, and keeps nothing.
pub(super) fn conduct(
    command: &'static str,
    plan: &Plan,
    job: Job,
    transport: Transport,
    output: &Reporting,
    runtime: &Runtime,
) -> Result<Judged, Failure> {
    let gathered = gather(plan, transport, &output.telling, runtime)?;
    judge(command, plan, job, gathered, &Look::default(), output)
}

/// What is looked back on, and what of it matters.
#[derive(Default)]
pub(super) struct Look<'m> {
    /// The runs before.
    pub(super) before: Option<&'m Memory>,
    /// Whether nothing is shown where nothing changed.
    pub(super) only_changes: bool,
}

/// What a run came to.
pub(super) struct Judged {
    pub(super) status: u8,
    /// Whether every report that was asked for was delivered; what was not was told.
    pub(super) delivered: bool,
    pub(super) outcome: Outcome,
}

/// Compares what was gathered, and reports it.
pub(super) fn judge(
    command: &'static str,
    plan: &Plan,
    job: Job,
    gathered: Gathered,
    look: &Look<'_>,
    output: &Reporting,
) -> Result<Judged, Failure> {
    let comparison =
        Comparison::of(&plan.inventory, &plan.playbook, &plan.bound, &gathered.fleet, gathered.started);
    let today = Offset::UTC.to_datetime(gathered.started).date();
    let readiness = job.readiness.then(|| Readiness::of(&comparison));
    let asked = Asked { drift: job.drift, readiness: readiness.as_ref() };
    let findings = rules::findings(&comparison, asked, today, &plan.accepted);
    let outlook = readiness.as_ref().map(|readiness| Outlook::of(&comparison, readiness, &findings));
    let found = Outcome::found(&plan.question(), &comparison, &findings);
    let story = look.before.map(|memory| Story::of(&found, memory.before(&gathered.id)?)).transpose()?;
    let returned = story.as_ref().map_or_else(BTreeSet::new, |story| story.relapsed.clone());
    let advised = advise(&comparison, &findings, outlook.as_ref(), &returned);
    let audit = Report {
        command,
        run: Run { id: gathered.id, started: gathered.started, finished: gathered.finished },
        comparison: &comparison,
        findings: &findings,
        advised: &advised,
        drift: job.drift,
        outlook: outlook.as_ref(),
        story: story.as_ref(),
        seen: &gathered.seen,
    };
    let quiet = look.only_changes && story.as_ref().is_some_and(Story::is_quiet);
    let outcome = found.advised(&comparison, &advised);
    // Only a page draws it, and it takes reading what every run found.
    let drawn = job.drift && output.output.iter().any(|one| one.format == Format::Text(Shape::Html));
    let trend = match look.before.filter(|_| drawn) {
        Some(memory) => memory.trend(&audit.run.id, audit.run.started, &outcome)?,
        None => Vec::new(),
    };
    let telling = report::Telling { audit: &audit, trend: &trend, silent: quiet, hook: plan.hook.as_ref() };
    let (status, delivered) = match report::deliver(&telling, output) {
        // A reader that has seen enough is success, as it is for every tool in a pipe.
        Ok(Heard::ReaderLeft) => (0, true),
        Ok(Heard::Whole) => (report::status(&audit, output), true),
        Err(undelivered) => (undelivered.told(), false),
    };
    Ok(Judged { status, delivered, outcome })
}
