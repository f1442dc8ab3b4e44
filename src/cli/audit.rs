//! `driftless audit`: the whole pipe, from the inventory to the exit status.

use driftless::advice::{Outlook, advise};
use driftless::drift::Comparison;
use driftless::readiness::Readiness;
use driftless::report::write::Heard;
use driftless::report::{Audit as Report, Run};
use driftless::rules::{self, Asked};
use driftless::ssh::Transport;
use jiff::tz::Offset;
use tokio::runtime::Runtime;

use super::args::{Audit, Reporting};
use super::failure::Failure;
use super::plan::Plan;
use super::report;
use super::round::{gather, runtime, transport};

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
    let plan = Plan::of(args)?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.output.telling, &runtime)?;
    let job = Job { drift: true, readiness: args.ready };
    let status = conduct("audit", &plan, job, transport, &args.output, &runtime)?;
    // A host that will not let go of its connection must not keep us.
    runtime.shutdown_background();
    Ok(status)
}

/// Collects, compares, reports; gives the exit status.
pub(super) fn conduct(
    command: &'static str,
    plan: &Plan,
    job: Job,
    transport: Transport,
    output: &Reporting,
    runtime: &Runtime,
) -> Result<u8, Failure> {
    let gathered = gather(plan, transport, &output.telling, runtime)?;
    let comparison =
        Comparison::of(&plan.inventory, &plan.playbook, &plan.bound, &gathered.fleet, gathered.started);
    let today = Offset::UTC.to_datetime(gathered.started).date();
    let readiness = job.readiness.then(|| Readiness::of(&comparison));
    let asked = Asked { drift: job.drift, readiness: readiness.as_ref() };
    let findings = rules::findings(&comparison, asked, today, &plan.accepted);
    let outlook = readiness.as_ref().map(|readiness| Outlook::of(&comparison, readiness, &findings));
    let advised = advise(&comparison, &findings, outlook.as_ref());
    let audit = Report {
        command,
        run: Run { id: gathered.id, started: gathered.started, finished: gathered.finished },
        comparison: &comparison,
        findings: &findings,
        advised: &advised,
        drift: job.drift,
        outlook: outlook.as_ref(),
    };
    // A reader that has seen enough is success, as it is for every tool in a pipe.
    match report::deliver(&audit, output)? {
        Heard::ReaderLeft => Ok(0),
        Heard::Whole => Ok(report::status(&audit, output)),
    }
}
