//! Audits the hosts of an inventory, and prints the report as JSON: the whole pipe in one page.
//!
//!     cargo run --example audit_inventory -- inventory.toml [playbook.toml]
//!
//! Keys and host keys are those that the inventory names, or those of the user who runs it.

#![allow(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use driftless::advice::advise;
use driftless::collect::{Pace, Requests, Round};
use driftless::drift::{Bound, Comparison};
use driftless::inventory::{Inventory, Overrides, Route};
use driftless::playbook::Playbook;
use driftless::report::json::v1::Report;
use driftless::report::{Audit, Run};
use driftless::rules::{self, Accepted, Asked};
use driftless::ssh::{Client, Keyring, Limits, Transport, Trust};
use jiff::Timestamp;
use jiff::tz::Offset;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args().skip(1).map(PathBuf::from);
    let inventory = Inventory::load(&[paths.next().ok_or("name an inventory")?], &Overrides::default())?;
    let playbook = Playbook::load(&paths.collect::<Vec<_>>(), &rules::known_ids())?;
    let bound = Bound::of(&inventory, &playbook)?;
    let hosts: Vec<_> = inventory.ids().collect();

    // What is needed to reach them. Host keys that are not known are refused.
    let routes = || {
        inventory.hosts.iter().filter_map(|host| match &host.route {
            Route::Ssh(route) => Some(route.as_ref()),
            Route::Local | Route::Refused(_) => None,
        })
    };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let agent = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let keyring = Keyring::load(routes(), home.as_deref(), agent, &mut |_, _| None).await;
    let client = Client::new(keyring, Trust::load(None, routes()), Limits::default());

    // One round: each host is asked once. The nonce frames the answers, and no host may foresee it.
    let mut nonce = [0; 16];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut nonce)
        .map_err(|_| "no random numbers")?;
    let wanted = hosts.iter().map(|host| (*host, bound.wanted(&playbook, *host)));
    let round = Round {
        transport: Arc::new(Transport::Native(Box::new(client))),
        limits: Limits::default(),
        pace: Pace::default(),
        requests: Requests::new(nonce, wanted),
    };
    let started = Timestamp::now();
    let never = std::future::pending();
    let fleet = round.run(&inventory, &hosts, never, |_| {}, |_| {}).await;

    // From here on everything is pure: the same answers give the same report.
    let comparison = Comparison::of(&inventory, &playbook, &bound, &fleet, started);
    let asked = Asked { drift: true, readiness: None };
    let today = Offset::UTC.to_datetime(started).date();
    let findings = rules::findings(&comparison, asked, today, &Accepted::default());
    let advised = advise(&comparison, &findings, None, &BTreeSet::new());
    let run = Run { id: "example".to_owned(), started, finished: Timestamp::now() };
    let audit = Audit {
        command: "audit",
        run,
        comparison: &comparison,
        findings: &findings,
        advised: &advised,
        drift: true,
        outlook: None,
        story: None,
        seen: &[],
    };
    println!("{}", serde_json::to_string_pretty(&Report::of(&audit))?);
    Ok(())
}
