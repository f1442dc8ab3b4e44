//! One round through the fleet: the transport made ready, every host asked, what came back.
//!
//! Every command that asks hosts shares it. It compares nothing and reports nothing.

use std::path::Path;
use std::sync::Arc;

use driftless::collect::{Heard, Round};
use driftless::hostlist::fold;
use driftless::inventory::SshRoute;
use driftless::snapshot::Fleet;
use driftless::ssh::{Client, Keyring, OpenSsh, Policy, Transport, Trust};
use driftless::ssh_config::HostKeyChecking;
use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use super::args::{self, Connection, Telling};
use super::ask::{self as asking, Asker, warn};
use super::failure::Failure;
use super::plan::Plan;
use super::progress::Progress;

/// What a round brought.
pub(super) struct Gathered {
    pub(super) fleet: Fleet,
    /// Unique to the round.
    pub(super) id: String,
    pub(super) started: Timestamp,
    /// When the last host was done.
    pub(super) finished: Timestamp,
    /// When each host was seen, where that was another time: `None` is never.
    pub(super) seen: Vec<Option<Timestamp>>,
}

/// How the hosts are reached: keys and known hosts are read, passphrases and passwords asked for.
pub(super) fn transport(
    plan: &Plan,
    connection: &Connection,
    telling: &Telling,
    runtime: &Runtime,
) -> Result<Transport, Failure> {
    let transport = match connection.transport {
        args::Transport::Native => {
            Transport::Native(Box::new(runtime.block_on(client(plan, connection, telling))?))
        }
        args::Transport::Openssh if connection.ask_pass || connection.password_fd.is_some() => {
            return Err(Failure::new("the system's `ssh` is given no password: it runs without a terminal")
                .hint("log in by key, or leave out --transport openssh"));
        }
        args::Transport::Openssh => Transport::OpenSsh(OpenSsh {
            limits: plan.limits.clone(),
            policy: plan.policy,
            config_file: plan.config_file.clone(),
        }),
    };
    remind_of_unchecked(plan);
    Ok(transport)
}

/// Asks every host of the plan.
pub(super) fn gather(
    plan: &Plan,
    transport: Transport,
    telling: &Telling,
    runtime: &Runtime,
) -> Result<Gathered, Failure> {
    let nonce = random()?;
    Ok(ask(plan, nonce, transport, telling, runtime, |_| {}))
}

/// What an id of a run looks like: of random bytes, so that no two runs have the same.
pub(super) fn id_of(nonce: [u8; 16]) -> String {
    nonce.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The moment, to the millisecond: as exact as it is kept.
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Asks every host of the plan, and lets `keep` hear what each answers.
pub(super) fn ask(
    plan: &Plan,
    nonce: [u8; 16],
    transport: Transport,
    telling: &Telling,
    runtime: &Runtime,
    keep: impl FnMut(Heard<'_>),
) -> Gathered {
    let started = now();
    let transport = Arc::new(transport);
    let round = Round {
        transport: Arc::clone(&transport),
        limits: plan.limits.clone(),
        pace: plan.pace.clone(),
        requests: plan.requests(nonce),
    };
    let mut progress = Progress::new(plan, telling);
    let round = round.run(&plan.inventory, &plan.hosts, interruption(), |event| progress.tell(event), keep);
    let fleet = runtime.block_on(round);
    progress.finish();
    // From here on there is nothing to keep: whoever interrupts wants to be rid of us.
    runtime.spawn(async {
        interruption().await;
        asking::end_at_once();
    });
    let finished = now();
    if let Some(trust) = transport.trust() {
        tell_of_keys(trust, plan, telling);
    }
    Gathered { fleet, id: id_of(nonce), started, finished, seen: Vec::new() }
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("this machine lets no more threads run: {error}")))
}

/// Keys and known hosts, read once; a passphrase or password is asked for before anything else happens.
async fn client(plan: &Plan, connection: &Connection, telling: &Telling) -> Result<Client, Failure> {
    let routes = plan.routes();
    let trust = Trust::load(plan.policy, routes.iter().copied());
    for warning in trust.warnings() {
        warn(telling.quiet, warning);
    }
    let asker = Asker::from_environment();
    let password = password(connection, &asker)?;
    let mut ask = |path: &Path, attempt| asker.passphrase(path, attempt);
    let keyring = Keyring::load(routes, plan.home.as_deref(), plan.agent_socket.clone(), &mut ask).await;
    Ok(Client::new(keyring.with_password(password), trust, plan.limits.clone()))
}

fn password(connection: &Connection, asker: &Asker) -> Result<Option<Zeroizing<String>>, Failure> {
    if let Some(number @ (1 | 2)) = connection.password_fd {
        return Err(Failure::new(format!("file descriptor {number} is for output, not for a password"))
            .hint("take another one: driftless … --password-fd 3 3<file"));
    }
    match (connection.password_fd, connection.ask_pass) {
        (Some(number), _) => asking::from_descriptor(number).map(Some).map_err(|error| {
            Failure::new(format!("no password can be read from file descriptor {number}: {error}"))
                .hint("start driftless with it open: driftless … --password-fd 3 3<file")
        }),
        (None, true) => asker.password().map(Some).ok_or_else(|| {
            Failure::new("no password was given: there is no terminal to ask on, or the answer was empty")
                .hint("--password-fd reads it from a file descriptor, SSH_ASKPASS names a program that asks")
        }),
        (None, false) => Ok(None),
    }
}

/// Not silenced by -q: who asked for this must be reminded.
fn remind_of_unchecked(plan: &Plan) {
    let danger = "anyone between this machine and a host can pretend to be it";
    if plan.policy == Some(Policy::Insecure) {
        asking::say(&format!("warning: HOST KEYS ARE NOT CHECKED (--host-key insecure): {danger}"));
        return;
    }
    let unchecked = |route: &&SshRoute| {
        plan.policy.is_none() && route.settings.strict_host_key_checking == Some(HostKeyChecking::No)
    };
    let hosts = plan.routes().iter().filter(|route| unchecked(route)).count();
    if hosts > 0 {
        asking::say(&format!(
            "warning: HOST KEYS ARE NOT CHECKED (StrictHostKeyChecking no, hosts: {hosts}): {danger}; --host-key strict checks them"
        ));
    }
}

/// Ctrl-C, a closed terminal, or what cron and systemd send to end a program.
async fn interruption() {
    let listen = |kind| async move {
        match signal(kind) {
            Ok(mut signals) => signals.recv().await,
            // Without a handler there is nothing to wait for, and the signal ends the program as ever.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = listen(SignalKind::interrupt()) => {}
        _ = listen(SignalKind::terminate()) => {}
        _ = listen(SignalKind::hangup()) => {}
    }
}

/// A first run against an empty known_hosts is one message with the cure.
fn tell_of_keys(trust: &Trust, plan: &Plan, telling: &Telling) {
    let learnt = match trust.learnt() {
        0 => String::new(),
        1 => "one new host key is trusted from now on".to_owned(),
        many => format!("{many} new host keys are trusted from now on"),
    };
    match trust.unsaved() {
        _ if learnt.is_empty() => {}
        None => warn(telling.quiet, &format!("{learnt} (--host-key accept-new)")),
        Some(why) => {
            warn(telling.quiet, &format!("new host keys were trusted, and could not be remembered: {why}"));
        }
    }
    if trust.unknown() == plan.hosts.len() {
        let names = plan.hosts.iter().filter_map(|host| plan.inventory.host(*host));
        let names: Vec<&str> = names.map(|host| host.name.as_str()).collect();
        let why = format!("no host key is known: {}; nothing was audited", fold(&names));
        warn(
            telling.quiet,
            &format!(
                "{why}\n  = help: collect the keys with ssh-keyscan and check them, or run once with --host-key accept-new"
            ),
        );
    }
}

/// Bytes that no host can foresee.
pub(super) fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], Failure> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; LENGTH];
    match ring::rand::SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Failure::new("the system gives no random numbers")),
    }
}
