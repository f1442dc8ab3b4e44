//! `driftless replace`: asks a cluster where its service writes, and writes what replaces it.

mod args;
mod folder;

use std::path::Path;

use driftless::advice::advise;
use driftless::drift::Comparison;
use driftless::replacement::{self, Refusal, Replacement, Target};
use driftless::report::write;
use driftless::rules::{self, Asked};
use driftless::snapshot::HostStatus;
use driftless::ssh::Transport;
use jiff::tz::Offset;
use std::collections::BTreeSet;
use tokio::runtime::Runtime;

use super::args::Telling;
use super::ask::warn;
use super::failure::Failure;
use super::memory::Memory;
use super::plan::Plan;
use super::round::{gather, runtime, transport};
use args::For;
pub(super) use args::Replace;
pub(super) use folder::Folder;

/// What shall be written, and where.
pub(super) struct Job<'a> {
    pub(super) cluster: &'a str,
    pub(super) service: Option<&'a str>,
    pub(super) targets: Vec<Target>,
    pub(super) out: Folder,
}

/// Asks, derives, writes; gives the exit status.
pub(super) fn run(args: &Replace) -> Result<u8, Failure> {
    // Before any host is asked.
    let out = Folder::check(&args.out, args.force)?;
    let mut plan = Plan::to_replace(args)?;
    Memory::remind(&mut plan, None, None, &args.file.storing())?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.telling, &runtime)?;
    let job =
        Job { cluster: &args.cluster, service: args.service.as_deref(), targets: targets(&args.to), out };
    let status = conduct(&plan, &job, transport, &args.telling, &runtime)?;
    runtime.shutdown_background();
    Ok(status)
}

/// Collects, derives, writes; gives the exit status.
pub(super) fn conduct(
    plan: &Plan,
    job: &Job<'_>,
    transport: Transport,
    telling: &Telling,
    runtime: &Runtime,
) -> Result<u8, Failure> {
    let gathered = gather(plan, transport, telling, runtime)?;
    if gathered.fleet.hosts.iter().all(|host| host.status() == HostStatus::Unreachable) {
        let fault = gathered.fleet.hosts.iter().find_map(|host| host.fault.as_ref());
        let why = fault.map_or(String::new(), |fault| format!(": {}: {}", fault.phase, fault.message));
        let hint = fault.map_or("", |fault| fault.hint.as_str());
        return Err(Failure::new(format!("no host was reached, and nothing was written{why}")).hint(hint));
    }
    let comparison =
        Comparison::of(&plan.inventory, &plan.playbook, &plan.bound, &gathered.fleet, gathered.started);
    let today = Offset::UTC.to_datetime(gathered.started).date();
    let asked = Asked { drift: true, readiness: None };
    let findings = rules::findings(&comparison, asked, today, &plan.accepted);
    let advised = advise(&comparison, &findings, None, &BTreeSet::new());
    let made = replacement::plan(&comparison, &advised, job.cluster, job.service);
    let refused = |Refusal { title, help }| Failure::new(title).hint(help);
    let made = made.map_err(refused)?;
    job.out.fill(&replacement::files(&made, &job.targets).map_err(refused)?)?;
    tell(&made, &job.targets, &job.out.path, telling.quiet)
}

fn targets(to: &[For]) -> Vec<Target> {
    let mut targets: Vec<Target> = to
        .iter()
        .map(|to| match to {
            For::Kubernetes => Target::Kubernetes,
            For::Quadlet => Target::Quadlet,
            For::Bootc => Target::Bootc,
            For::Packer => Target::Packer,
        })
        .collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// Says what was written and what is open; gives the exit status.
fn tell(made: &Replacement, targets: &[Target], out: &Path, quiet: bool) -> Result<u8, Failure> {
    for warning in made.run.unproven.iter().chain(&made.warnings) {
        warn(quiet, warning);
    }
    if made.local {
        warn(
            quiet,
            &format!("{} listens on the loopback address alone: nobody would reach it", made.service),
        );
    }
    let with = made.baked.iter().filter(|baked| !baked.secrets.is_empty());
    let with: Vec<String> = with.map(|baked| stood_in(&baked.path, &baked.secrets)).collect();
    for warning in &with {
        warn(quiet, warning);
    }
    let lacks = made.open(targets);
    for warning in &lacks {
        warn(quiet, warning);
    }
    let out = out.display();
    let mut text = format!(
        "{out}: the replacement of {} in {}, made after {}\n",
        made.service, made.cluster, made.model
    );
    for need in &made.needs.paths {
        let reason = need.reasons.first().map_or("", String::as_str);
        text.push_str(&format!("  {:<12} {}\n               {reason}\n", need.class.as_str(), need.path));
    }
    text.push_str(&format!("read {out}/REPLACE.md first\n"));
    write::to_stdout(&text).map_err(|error| Failure::stdout(&error))?;
    let open = !made.warnings.is_empty()
        || made.run.unproven.is_some()
        || made.local
        || !with.is_empty()
        || !lacks.is_empty();
    Ok(if open { 3 } else { 0 })
}

/// What stands for secrets in a file.
fn stood_in(path: &str, secrets: &[(String, usize)]) -> String {
    let names: Vec<String> = secrets.iter().map(|(name, line)| format!("{name} (line {line})")).collect();
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(5);
    let shown = if more == 0 { shown } else { format!("{shown} and {more} more") };
    format!(
        "secrets of {path} were not copied: {shown}; the image is not built until you have settled them, see REPLACE.md"
    )
}
