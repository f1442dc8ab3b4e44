//! A round leaves no task and no socket behind, whatever the hosts do.

use std::sync::Arc;
use std::time::Duration;

use driftless::collect::{Pace, Requests, Round};
use driftless::inventory::{Inventory, Overrides};
use driftless::simulate::{Behaviour, Host, Simulation};
use driftless::ssh::{Client, Keyring, Limits, Transport, Trust};
use tokio::runtime::Runtime;

use crate::fleet::{answers, host_with};

/// Sockets of this process that are connected to one of the ports.
fn connections(ports: &[u16]) -> usize {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let rows = table.lines().skip(1).filter_map(|row| {
        let mut words = row.split_whitespace().skip(2);
        let remote = u16::from_str_radix(words.next()?.split_once(':')?.1, 16).ok()?;
        Some((remote, words.next()?.to_owned()))
    });
    // 01 is an established connection; 08 one that the other side has closed and this one has not.
    rows.filter(|(remote, state)| ports.contains(remote) && (state == "01" || state == "08")).count()
}

#[test]
fn no_task_and_no_socket_outlives_a_round() {
    let faults = [
        Behaviour::Silent,
        Behaviour::Hangs,
        Behaviour::RefusesKey,
        Behaviour::Floods(1 << 30),
        Behaviour::BreaksOff(Arc::new(host_with(&["nginx=1"]))),
        answers(&["nginx=1"]),
    ];
    let hosts = faults.into_iter().cycle().take(36).enumerate();
    let hosts = hosts.map(|(nth, behaviour)| Host { name: format!("h{nth}"), groups: Vec::new(), behaviour });
    let theirs = Runtime::new().unwrap();
    let simulation = theirs.block_on(Simulation::start(hosts.collect())).unwrap();
    let inventory = Inventory::from_text("test", &simulation.inventory(), &Overrides::default()).unwrap();
    let limits =
        Limits { connect: Some(Duration::from_secs(1)), host: Duration::from_secs(2), ..Limits::default() };
    let ours = Runtime::new().unwrap();
    let keyring = Keyring::of("test", simulation.key().clone());
    let client = Client::new(keyring, Trust::of(&simulation.known_hosts()), limits.clone());
    let transport = Arc::new(Transport::Native(Box::new(client)));
    let requests = Requests::new([3; 16], []);
    let round = Round { transport, limits, pace: Pace::default(), requests };
    let ids: Vec<_> = inventory.ids().collect();
    let fleet = ours.block_on(round.run(&inventory, &ids, std::future::pending(), |_| {}, |_| {}));
    assert_eq!(fleet.hosts.iter().filter(|host| host.fault.is_none()).count(), 6);

    let ports: Vec<u16> =
        (0..36).filter_map(|nth| Some(simulation.address(&format!("h{nth}"))?.port())).collect();
    // A task that was told to end may need a moment to do so.
    for _ in 0..100 {
        if ours.metrics().num_alive_tasks() == 0 && connections(&ports) == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{} tasks and {} sockets are left", ours.metrics().num_alive_tasks(), connections(&ports));
}
