//! `driftless audit`: the whole pipe, from the inventory to the exit status.

use driftless::advice::advise;
use driftless::drift::Comparison;
use driftless::report::write::Heard;
use driftless::report::{Audit as Report, Run};
use driftless::rules;
use driftless::ssh::Transport;
use jiff::tz::Offset;
use tokio::runtime::Runtime;

use super::args::{Audit, Reporting};
use super::failure::Failure;
use super::plan::Plan;
use super::report;
use super::round::{gather, runtime, transport};

/// Runs an audit; gives the exit status.
pub(super) fn run(args: &Audit) -> Result<u8, Failure> {
    let plan = Plan::of(args)?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.output.telling, &runtime)?;
    let status = conduct("audit", &plan, transport, &args.output, &runtime)?;
    // A host that will not let go of its connection must not keep us.
    runtime.shutdown_background();
    Ok(status)
}

/// Collects, compares, reports; gives the exit status.
pub(super) fn conduct(
    command: &'static str,
    plan: &Plan,
    transport: Transport,
    output: &Reporting,
    runtime: &Runtime,
) -> Result<u8, Failure> {
    let gathered = gather(plan, transport, &output.telling, runtime)?;
    let comparison =
        Comparison::of(&plan.inventory, &plan.playbook, &plan.bound, &gathered.fleet, gathered.started);
    let today = Offset::UTC.to_datetime(gathered.started).date();
    let findings = rules::findings(&comparison, today, &plan.accepted);
    let advised = advise(&comparison, &findings);
    let audit = Report {
        command,
        run: Run { id: gathered.id, started: gathered.started, finished: gathered.finished },
        comparison: &comparison,
        findings: &findings,
        advised: &advised,
    };
    // A reader that has seen enough is success, as it is for every tool in a pipe.
    match report::deliver(&audit, output)? {
        Heard::ReaderLeft => Ok(0),
        Heard::Whole => Ok(report::status(&audit, output)),
    }
}
