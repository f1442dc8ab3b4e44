//! `driftless ready`: whether the playbook's upgrades would succeed, host by host.

use driftless::inventory::{HostId, Inventory};
use driftless::playbook::Playbook;
use driftless::version::Target;

use super::args::Ready;
use super::audit::{self, Job};
use super::failure::Failure;
use super::memory::Memory;
use super::plan::{Plan, bind};
use super::round::{runtime, transport};

/// Asks, judges and reports; gives the exit status.
pub(super) fn run(args: &Ready) -> Result<u8, Failure> {
    let mut plan = Plan::to_upgrade(args)?;
    Memory::remind(&mut plan, None, None, &args.file.storing())?;
    let runtime = runtime()?;
    let transport = transport(&plan, &args.connection, &args.output.telling, &runtime)?;
    let judged = audit::conduct("ready", &plan, Job::READY, transport, &args.output, &runtime)?;
    runtime.shutdown_background();
    Ok(judged.status)
}

/// Takes the targets of the command line into a playbook, and checks that there is anything to be asked.
pub(super) fn retarget(
    playbook: &mut Playbook,
    targets: &[(String, Target)],
    inventory: &Inventory,
    hosts: &[HostId],
) -> Result<(), Failure> {
    for (nth, (package, to)) in targets.iter().enumerate() {
        if let Some((_, other)) =
            targets.iter().take(nth).find(|(name, other)| name == package && other != to)
        {
            return Err(Failure::new(format!("--target: {package} is to come to {other}, and to {to}"))
                .hint(
                    "name each package once; hosts that shall come to different versions are for a playbook",
                ));
        }
    }
    playbook.retarget(targets);
    let bound = bind(inventory, playbook)?;
    if hosts.iter().all(|host| bound.upgrades(playbook, *host).next().is_none()) {
        return Err(Failure::new("there is no upgrade to ask about").hint(
            "name one: driftless ready --target nginx=1.26, or give a playbook that has an [[upgrade]] of these hosts",
        ));
    }
    Ok(())
}
