//! `driftless collect`: a round whose answers go into the store; and the same for an audit, which then compares them.

use driftless::inventory::HostId;
use driftless::snapshot::{Fault, HostStatus, Observation};
use driftless::ssh::Transport;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::args::{Collect, Telling};
use super::ask::{say, warn};
use super::failure::Failure;
use super::memory::{Keeper, Memory};
use super::plan::{Asks, Plan};
use super::round::{Gathered, ask, id_of, now, random, runtime, transport};

/// Asks, and keeps; gives the exit status.
pub(super) fn run(args: &Collect) -> Result<u8, Failure> {
    let plan = Plan::to_ask(&args.selecting, &args.connection, &args.playbook, &args.telling)?;
    let asks = if args.ready { Asks::PlaybookAndUpgrades } else { Asks::Playbook };
    let plan = Plan { asks, ..plan };
    let memory = Memory::to_keep(&args.storing, true, &args.telling)?;
    let memory = memory.ok_or_else(|| Failure::new("there is no store to collect into"))?;
    let runtime = runtime()?;
    let round = Remembered { plan: &plan, command: "collect", resume: args.resume, telling: &args.telling };
    let (gathered, mut memory) =
        round.gather(memory, || transport(&plan, &args.connection, &args.telling, &runtime), &runtime)?;
    runtime.shutdown_background();
    if !was_interrupted(&gathered) {
        memory.store.finish(&gathered.id, gathered.finished, &[])?;
    }
    if let Some(age) = args.storing.keep {
        memory.forget(age, Timestamp::now())?;
    }
    let statuses: Vec<HostStatus> = gathered.fleet.hosts.iter().map(Observation::status).collect();
    let count = |status| statuses.iter().filter(|known| **known == status).count();
    let (audited, partial, lost) =
        (count(HostStatus::Audited), count(HostStatus::Partial), count(HostStatus::Unreachable));
    if !args.telling.quiet {
        say(&format!(
            "run {}: {audited} collected, {partial} partial, {lost} unreachable, in {}",
            gathered.id,
            memory.path().display()
        ));
    }
    Ok(match (audited + partial, partial + lost) {
        (0, _) => 1,
        (_, 0) => 0,
        _ => 3,
    })
}

/// A round whose answers are kept as they come.
pub(super) struct Remembered<'a> {
    pub(super) plan: &'a Plan,
    pub(super) command: &'static str,
    /// Whether the last one that was stopped is finished, in place of a new one.
    pub(super) resume: bool,
    pub(super) telling: &'a Telling,
}

impl Remembered<'_> {
    /// Asks every host that the store does not have of this run yet.
    pub(super) fn gather(
        &self,
        mut memory: Memory,
        transport: impl FnOnce() -> Result<Transport, Failure>,
        runtime: &Runtime,
    ) -> Result<(Gathered, Memory), Failure> {
        let nonce: [u8; 16] = random()?;
        if !self.resume {
            let id = id_of(nonce);
            let transport = transport()?;
            let started = now();
            memory.begin(self.plan, &id, started, self.command)?;
            let (gathered, memory, _) = self.ask(self.plan, nonce, memory, &id, transport, runtime)?;
            return Ok((Gathered { started, ..gathered }, memory));
        }
        let run = memory.unfinished(self.command)?;
        let missing = self.missing(&memory, &run.id, nonce)?;
        if !self.telling.quiet {
            let done = self.plan.hosts.len() - missing.len();
            say(&format!("run {} is finished: {done} hosts are kept, {} are asked", run.id, missing.len()));
        }
        let mut finished = now();
        if !missing.is_empty() {
            let rest = self.plan.of_hosts(missing);
            let transport = transport()?;
            let (gathered, back, whole) = self.ask(&rest, nonce, memory, &run.id, transport, runtime)?;
            (finished, memory) = (gathered.finished, back);
            if !whole {
                return Err(Failure::new("what was kept before cannot be put together with what was not")
                    .hint("mend the store, and resume again"));
            }
        }
        let recalled = memory.fleet(&run.id, &self.plan.inventory, &self.plan.hosts)?;
        let mut fleet = recalled.fleet;
        for host in fleet.hosts.iter_mut().zip(&recalled.seen).filter(|(_, seen)| seen.is_none()) {
            host.0.fault = Some(Fault::interrupted());
        }
        let gathered = Gathered { fleet, id: run.id, started: run.started, finished, seen: Vec::new() };
        Ok((gathered, memory))
    }

    /// The hosts whose answer a run does not have, or not to what is asked now.
    fn missing(&self, memory: &Memory, run: &str, nonce: [u8; 16]) -> Result<Vec<HostId>, Failure> {
        let done = memory.done(run)?;
        let requests = self.plan.requests(nonce);
        let has = |host: &HostId| {
            let name = self.plan.inventory.host(*host).map(|host| host.name.as_str());
            let kept = name.and_then(|name| done.get(name));
            kept.is_some_and(|wanted| {
                requests.of(*host).wanted().without(&["evidence"]).to_string() == *wanted
            })
        };
        Ok(self.plan.hosts.iter().copied().filter(|host| !has(host)).collect())
    }

    /// Asks the hosts of a plan; whether all that they said is kept.
    fn ask(
        &self,
        plan: &Plan,
        nonce: [u8; 16],
        memory: Memory,
        id: &str,
        transport: Transport,
        runtime: &Runtime,
    ) -> Result<(Gathered, Memory, bool), Failure> {
        let keeper = Keeper::start(memory, id)?;
        let gathered = ask(plan, nonce, transport, self.telling, runtime, |heard| {
            keeper.keep(&heard, &plan.inventory);
        });
        let (memory, kept) = keeper.finish()?;
        if let Err(error) = &kept {
            let hint = error.hint().map_or(String::new(), |hint| format!("\n  = help: {hint}"));
            warn(self.telling.quiet, &format!("not all of this run is kept: {error}{hint}"));
        }
        Ok((gathered, memory, kept.is_ok()))
    }
}

/// Whether hosts were given up because somebody stopped the run.
pub(super) fn was_interrupted(gathered: &Gathered) -> bool {
    let stopped = Fault::interrupted();
    gathered.fleet.hosts.iter().any(|host| host.fault.as_ref() == Some(&stopped))
}
