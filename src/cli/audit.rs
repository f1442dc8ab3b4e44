//! `driftless audit`: the whole pipe, from the inventory to the exit status.

use std::path::Path;
use std::sync::Arc;

use driftless::advice::advise;
use driftless::collect::Round;
use driftless::drift::Comparison;
use driftless::hostlist::fold;
use driftless::probe::Request;
use driftless::report::write::Heard;
use driftless::report::{Audit as Report, Run};
use driftless::rules;
use driftless::ssh::{Client, Keyring, Policy, Trust};
use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Audit, Reporting};
use super::ask::{self, warn};
use super::failure::Failure;
use super::plan::Plan;
use super::progress::Progress;
use super::report;

/// Runs an audit; gives the exit status.
pub(super) fn run(args: &Audit) -> Result<u8, Failure> {
    let plan = Plan::of(args)?;
    let runtime = runtime()?;
    let client = runtime.block_on(client(&plan, &args.output));
    let status = conduct("audit", &plan, client, &args.output, &runtime)?;
    // A host that will not let go of its connection must not keep us.
    runtime.shutdown_background();
    Ok(status)
}

pub(super) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("this machine lets no more threads run: {error}")))
}

/// Keys and known hosts, read once; a passphrase is asked for before anything else happens.
async fn client(plan: &Plan, output: &Reporting) -> Client {
    let routes = plan.routes();
    let trust = Trust::load(plan.policy, routes.iter().copied());
    for warning in trust.warnings() {
        warn(output.quiet, warning);
    }
    if plan.policy == Policy::Insecure {
        // Not silenced by -q: who asked for this must be reminded.
        ask::say(
            "warning: HOST KEYS ARE NOT CHECKED (--host-key insecure): anyone between this machine and a host can pretend to be it",
        );
    }
    let keyring =
        Keyring::load(routes, plan.home.as_deref(), plan.agent_socket.clone(), &mut |path: &Path| {
            ask::passphrase(path)
        })
        .await;
    Client::new(keyring, trust, plan.limits)
}

/// Collects, compares, reports; gives the exit status.
pub(super) fn conduct(
    command: &'static str,
    plan: &Plan,
    client: Client,
    output: &Reporting,
    runtime: &Runtime,
) -> Result<u8, Failure> {
    let started = Timestamp::now();
    let nonce: [u8; 16] = random()?;
    let client = Arc::new(client);
    let round = Round {
        client: Arc::clone(&client),
        limits: plan.limits,
        forks: plan.forks,
        request: Arc::new(Request::new(nonce)),
    };
    let mut progress = Progress::new(
        &plan.inventory,
        plan.hosts.len(),
        !output.no_progress && !output.quiet,
        output.verbose > 0,
    );
    let round = round.run(&plan.inventory, &plan.hosts, interruption(), |event| progress.tell(event));
    let fleet = runtime.block_on(round);
    progress.finish();
    // From here on there is nothing to keep: whoever interrupts wants to be rid of us.
    runtime.spawn(async {
        interruption().await;
        end_at_once();
    });
    let finished = Timestamp::now();
    tell_of_keys(&client, plan, output);

    let comparison = Comparison::of(&plan.inventory, &plan.playbook, &plan.bound, &fleet);
    let today = Offset::UTC.to_datetime(started).date();
    let findings = rules::findings(&comparison, today, &plan.accepted);
    let advised = advise(&comparison, &findings);
    let id = nonce.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let audit = Report {
        command,
        run: Run { id, started, finished },
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

#[allow(clippy::exit, reason = "a report that nobody reads blocks the thread that could return")]
fn end_at_once() {
    // The shell's status for a program that SIGINT ended.
    std::process::exit(130);
}

/// A first run against an empty known_hosts is one message with the cure.
fn tell_of_keys(client: &Client, plan: &Plan, output: &Reporting) {
    let learnt = client.trust().learnt();
    if learnt > 0 {
        warn(
            output.quiet,
            &format!("{learnt} new host keys are trusted from now on (--host-key accept-new)"),
        );
    }
    if client.trust().unknown() == plan.hosts.len() {
        let names = plan.hosts.iter().filter_map(|host| plan.inventory.host(*host));
        let names: Vec<&str> = names.map(|host| host.name.as_str()).collect();
        let why = format!("no host key is known: {}; nothing was audited", fold(&names));
        warn(
            output.quiet,
            &format!(
                "{why}\n  = help: collect the keys with ssh-keyscan and check them, or run once with --host-key accept-new"
            ),
        );
    }
}

/// Bytes that no host can foresee.
fn random() -> Result<[u8; 16], Failure> {
    use ring::rand::SecureRandom as _;
    let mut bytes = [0; 16];
    match ring::rand::SystemRandom::new().fill(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => Err(Failure::new("the system gives no random numbers")),
    }
}
