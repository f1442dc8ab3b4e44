//! `driftless collect`: a round whose answers go into the store; and the same for an audit, which then compares them.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use driftless::hostlist::fold;
use driftless::inventory::{HostId, Inventory};
use driftless::snapshot::{Fault, HostStatus, Observation};
use driftless::ssh::Transport;
use driftless::store::Run;
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
    let (gathered, mut memory, whole) =
        round.gather(memory, || transport(&plan, &args.connection, &args.telling, &runtime), &runtime)?;
    // One that is not kept whole stays open: --resume asks the rest.
    if !was_interrupted(&gathered) && whole {
        memory.store.finish(&gathered.id, gathered.finished, &[])?;
    }
    if was_interrupted(&gathered) {
        warn(
            args.telling.quiet,
            &format!("run {} was stopped: driftless collect --resume asks the rest", gathered.id),
        );
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
    runtime.shutdown_background();
    Ok(match (audited + partial, partial + lost) {
        (0, _) => 1,
        _ if !whole => 1,
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
    ) -> Result<(Gathered, Memory, bool), Failure> {
        let nonce: [u8; 16] = random()?;
        if !self.resume {
            let id = id_of(nonce);
            let transport = transport()?;
            let started = now();
            let _alive = Alive::of(&id)?;
            memory.begin(self.plan, &id, started, self.command)?;
            let (gathered, memory, whole) = self.ask(self.plan, nonce, memory, &id, transport, runtime)?;
            return Ok((Gathered { started, ..gathered }, memory, whole));
        }
        let run = memory.unfinished(self.command)?;
        let _alive = Alive::of(&run.id)?;
        self.same_hosts(&memory, &run)?;
        let missing = self.missing(&memory, &run.id, nonce)?;
        if !self.telling.quiet {
            let done = self.plan.hosts.len() - missing.len();
            say(&format!(
                "run {} is being finished: {done} hosts are kept, {} are asked",
                run.id,
                missing.len()
            ));
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
        Ok((gathered, memory, true))
    }

    /// A run is of the hosts that it began with: with others it would be another run.
    fn same_hosts(&self, memory: &Memory, run: &Run) -> Result<(), Failure> {
        let names = |inventory: &Inventory, hosts: &[HostId]| -> BTreeSet<String> {
            hosts.iter().filter_map(|host| Some(inventory.host(*host)?.name.clone())).collect()
        };
        let then = memory.context(run)?;
        let (then, now) =
            (names(&then.inventory, &then.hosts), names(&self.plan.inventory, &self.plan.hosts));
        if then == now {
            return Ok(());
        }
        let apart: Vec<&String> = then.symmetric_difference(&now).collect();
        let named: Vec<&str> = apart.iter().take(5).map(|name| name.as_str()).collect();
        Err(Failure::new(format!(
            "run {} was to ask {} hosts, and this is another choice of {}: they differ in {}",
            run.id,
            then.len(),
            now.len(),
            fold(&named)
        ))
        .hint("resume it with the inventory, the limit and the hosts that it was begun with; or begin a new one without --resume"))
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

/// A run that is being made: as long as this is there, nobody else takes it over. Whatever ends the process ends it.
struct Alive {
    _name: Option<UnixListener>,
}

impl Alive {
    fn of(run: &str) -> Result<Self, Failure> {
        let name = format!("driftless-run-{run}");
        match SocketAddr::from_abstract_name(name).and_then(|name| UnixListener::bind_addr(&name)) {
            Ok(listener) => Ok(Self { _name: Some(listener) }),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                Err(Failure::new(format!("run {run} is still being made by another process"))
                    .hint("wait for it; one that is stopped can be resumed"))
            }
            // Where there are no such names nobody is kept out.
            Err(_) => Ok(Self { _name: None }),
        }
    }
}

/// Whether hosts were given up because somebody stopped the run.
pub(super) fn was_interrupted(gathered: &Gathered) -> bool {
    let stopped = Fault::interrupted();
    gathered.fleet.hosts.iter().any(|host| host.fault.as_ref() == Some(&stopped))
}
