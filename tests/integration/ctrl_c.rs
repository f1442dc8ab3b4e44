//! Ctrl-C in the middle of a run.

use std::io::{BufRead as _, BufReader};
use std::process::Command;

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, answers};

#[test]
fn it_reports_what_was_collected() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        interrupted_by(signal);
    }
}

#[track_caller]
fn interrupted_by(signal: &str) {
    let fleet = Fleet::new([
        ("slow".to_owned(), Behaviour::Hangs),
        ("web-01".to_owned(), answers(&["nginx=1"])),
        ("web-02".to_owned(), answers(&["nginx=1"])),
    ]);
    let mut child = fleet.command(&["-v", "-o", "json"]).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        assert!(told.next().unwrap().unwrap().ends_with("ok"));
    }
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["summary"]["audited"], 2);
    let slow = crate::harness::field(&report, "hosts", "slow", "error");
    assert!(slow["message"].as_str().unwrap().contains("interrupted"), "{slow}");
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn it_ends_the_program_once_there_is_nothing_to_keep() {
    let fleet = Fleet::of_equals(2);
    let made = Command::new("mkfifo").arg(fleet.room.path("fifo")).status().unwrap();
    assert!(made.success());
    // Nobody reads the pipe: writing the report blocks.
    let mut child = fleet.command(&["-v", "-o", "json=fifo"]).spawn().unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    for _ in 0..2 {
        assert!(told.next().unwrap().unwrap().ends_with("ok"));
    }
    // A first signal may still find the round at its end.
    while child.try_wait().unwrap().is_none() {
        let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
