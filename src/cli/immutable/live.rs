//! `driftless immutable --live`: the hosts asked what runs there, in the round that every command shares.

use driftless::live::{Declared, Live};
use driftless::rules::{self, Finding};

use super::args::Immutable;
use crate::cli::args::Selecting;
use crate::cli::failure::Failure;
use crate::cli::plan::Plan;
use crate::cli::round::{gather, runtime, transport};
use crate::cli::settings::Typed;

/// What would be passed over is said before anything is read.
pub(super) fn check(args: &Immutable, typed: &Typed) -> Result<(), Failure> {
    // An inventory of the environment, or of a file, is there for the other commands, too.
    if args.live || !typed.has("inventory") {
        return Ok(());
    }
    Err(Failure::new("-i names hosts, and without --live none is asked").hint("add --live, or leave -i out"))
}

/// Asks the hosts, and puts what they say beside what is declared.
pub(super) fn ask(args: &Immutable, declared: Vec<Declared>) -> Result<(Live, Vec<Finding>), Failure> {
    let selecting = Selecting { hosts: Vec::new(), from: args.from.clone() };
    let plan = Plan::to_ask(&selecting, &args.connection, &[], &args.telling)?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.telling, &runtime)?;
    let gathered = gather(&plan, transport, &args.telling, &runtime)?;
    // A host that will not let go of its connection must not keep us.
    runtime.shutdown_background();
    let live = Live::of(declared, &gathered.fleet, &plan.inventory);
    let findings = rules::live(&live, &gathered.fleet, &plan.inventory);
    Ok((live, findings))
}
