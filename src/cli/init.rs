//! `driftless init`: asks the fleet once, as an audit would, and writes what it saw as a first playbook.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use driftless::hostlist::fold;
use driftless::init::{Draft, draft};
use driftless::report::Format;
use driftless::report::write::{self, Output};
use driftless::snapshot::{Fleet, HostStatus};
use jiff::tz::Offset;

use super::args::Init;
use super::ask::{say, warn};
use super::failure::Failure;
use super::plan::Plan;
use super::round::{gather, runtime, transport};
use super::settings::Typed;

/// Writes the playbook; nothing where no host was reached.
pub(super) fn run(args: &Init, typed: &Typed) -> Result<u8, Failure> {
    if args.out.is_none() && typed.has("force") {
        return Err(Failure::new("--force is for the file of --out, and none is named"));
    }
    // Before any host is asked: whoever waits for a thousand hosts wants the file.
    if let Some(path) = &args.out {
        check(path, args.force)?;
    }
    let plan = Plan::to_ask(&args.selecting, &args.connection, &[], &args.telling)?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.telling, &runtime)?;
    let gathered = gather(&plan, transport, &args.telling, &runtime)?;
    runtime.shutdown_background();
    let fleet = &gathered.fleet;
    let silent = silent(&plan, fleet);
    if fleet.hosts.iter().all(|host| host.status() == HostStatus::Unreachable) {
        return Err(Failure::new(format!("no host was reached, and nothing was written{silent}")));
    }
    if !silent.is_empty() {
        warn(args.telling.quiet, &format!("not every host was reached{silent}"));
    }
    let today = Offset::UTC.to_datetime(gathered.started).date();
    deliver(&draft(&plan.inventory, fleet, today), args)?;
    Ok(0)
}

fn check(path: &Path, force: bool) -> Result<(), Failure> {
    if path.symlink_metadata().is_ok() && !force {
        return Err(failed(path, &io::ErrorKind::AlreadyExists.into()));
    }
    let output = Output { format: Format::Table, path: Some(path.to_owned()) };
    output.check().map_err(|(path, error)| failed(&path, &error))
}

fn deliver(draft: &Draft, args: &Init) -> Result<(), Failure> {
    let Some(path) = &args.out else {
        // A reader that has seen enough is success.
        return write::to_stdout(&draft.text).map(drop).map_err(|error| Failure::stdout(&error));
    };
    let written =
        if args.force { write::to_file(path, &draft.text) } else { write::to_new_file(path, &draft.text) };
    written.map_err(|error| failed(path, &error))?;
    if !args.telling.quiet {
        let Draft { clusters, packages, .. } = draft;
        let path = path.display();
        say(&format!(
            "{path}: clusters: {clusters}, packages: {packages}; audit the same hosts with it: -p {path}"
        ));
    }
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    if path.is_dir() {
        return Failure::new(format!("{shown} is a folder")).hint("name the file that shall be written");
    }
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::new(format!("{shown} is there already")).hint("--force replaces it");
    }
    Failure::new(format!("{shown}: the playbook could not be written: {error}"))
        .hint("does the folder exist, and may this user write there?")
}

/// The hosts that were not reached, those with the same trouble in one line; empty if there is none.
fn silent(plan: &Plan, fleet: &Fleet) -> String {
    let mut by_trouble: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for host in fleet.hosts.iter().filter(|host| host.status() == HostStatus::Unreachable) {
        let Some(fault) = &host.fault else { continue };
        let name = plan.inventory.host(host.host).map_or("", |host| host.name.as_str());
        let trouble = format!("{}: {}\n  = help: {}", fault.phase, fault.message, fault.hint);
        by_trouble.entry(trouble).or_default().push(name);
    }
    by_trouble.iter().map(|(trouble, names)| format!("\n  {} {trouble}", fold(names))).collect()
}
