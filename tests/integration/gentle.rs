//! Asking gently: caps by label, the rate of new connections, and slots that slow hosts give back.

use std::time::{Duration, Instant};

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, answers};
use crate::harness::field;

#[test]
fn the_deadline_of_a_slow_host_frees_the_slot_of_its_rack() {
    let fleet = Fleet::new([
        ("slow".to_owned(), Behaviour::Hangs),
        ("next".to_owned(), answers(&["nginx=1"])),
        ("other".to_owned(), answers(&["nginx=1"])),
    ]);
    let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    let rack = "\n[groups.rack]\nhosts = [\"slow\", \"next\"]\nvars = { rack = \"r1\" }\n";
    fleet.room.write(
        "inventory.toml",
        inventory.replacen("[defaults]\n", "[defaults]\ncap = { rack = 1 }\n", 1) + rack,
    );
    let started = Instant::now();
    let report = fleet.audit(&["--timeout", "2", "-o", "json"]).json();
    assert!(started.elapsed() >= Duration::from_secs(2), "the second of the rack waits for the first");
    assert_eq!(field(&report, "hosts", "slow", "error")["phase"], "timeout");
    assert_eq!(field(&report, "hosts", "next", "status"), "audited");
    assert_eq!(field(&report, "hosts", "other", "status"), "audited");
}

#[test]
fn new_connections_come_no_faster_than_the_rate() {
    let fleet = Fleet::of_equals(5);
    let started = Instant::now();
    let report = fleet.audit(&["--rate", "5", "-o", "json"]).json();
    assert_eq!(report["summary"]["audited"], 5);
    assert!(started.elapsed() >= Duration::from_millis(800), "four pauses of 200 ms lie between five starts");
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let fleet = Fleet::of_equals(1);
    for arguments in
        [["--rate", "0"], ["--rate", "fast"], ["--cap", "rack"], ["--cap", "rack=0"], ["--per-jump", "0"]]
    {
        let run = fleet.audit(&arguments);
        assert_eq!(run.status, 1, "{arguments:?}");
        assert!(run.stderr.contains(arguments[0]), "{}", run.stderr);
    }
}
