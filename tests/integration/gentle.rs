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

/// Whether a process of this machine was started with a word.
fn runs(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| line.split(|byte| *byte == 0).any(|argument| argument == word.as_bytes()))
}

#[test]
fn a_proxy_command_and_its_children_end_with_the_deadline() {
    let fleet = Fleet::of_equals(1);
    let word = format!("{}.25", 70_000 + std::process::id());
    fleet.room.write("config", format!("Host *\n  ProxyCommand sh -c 'sleep {word} & sleep {word}; true'\n"));
    let report = fleet.audit(&["-F", "config", "--timeout", "1", "-o", "json"]).json();
    assert_eq!(report["summary"]["unreachable"], 1);
    for _ in 0..50 {
        if !runs(&word) {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the proxy's children are left");
}

#[test]
fn a_proxy_command_that_ends_is_named() {
    let fleet = Fleet::of_equals(1);
    fleet.room.write("config", "Host *\n  ProxyCommand exit 3\n");
    let report = fleet.audit(&["-F", "config", "-o", "json"]).json();
    let error = field(&report, "hosts", "web-01", "error");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("its ProxyCommand ended before the host greeted (exit 3"),
        "{error}"
    );
}
