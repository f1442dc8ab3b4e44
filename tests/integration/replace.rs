//! `driftless replace` through the binary, on simulated hosts: what it writes, and what it refuses.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Outcome, Room, project};

fn demo(room: &Room, arguments: &[&str]) -> Outcome {
    room.run(&[&["demo", "replace", "--no-progress"], arguments].concat())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_demo_writes_a_folder_and_names_it() {
    let room = Room::new();
    let run = demo(&room, &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("driftless-demo: the replacement of nginx in web"), "{}", run.stdout);
    assert!(run.stdout.lines().all(|line| line.chars().count() <= 100), "{}", run.stdout);
    assert!(run.stderr.contains("web-05 contradicts web-01: it writes /srv/uploads too"), "{}", run.stderr);
    let written = names(&room.path("driftless-demo"));
    assert_eq!(
        written,
        ["Containerfile", "REPLACE.md", "files", "immutable.toml", "kubernetes.yaml", "web-nginx.container"]
    );
    let baked = std::fs::read_to_string(room.path("driftless-demo/files/etc/nginx/nginx.conf")).unwrap();
    assert!(baked.starts_with("user www-data;\n") && baked.ends_with("}\n"), "{baked}");
    let audit =
        room.run(&["immutable", "-p", "driftless-demo/immutable.toml", "driftless-demo/kubernetes.yaml"]);
    assert_eq!(audit.status, 0, "{}{}", audit.stdout, audit.stderr);
}

#[test]
fn a_second_demo_says_what_helps_and_has_that_option() {
    let room = Room::new();
    assert_eq!(demo(&room, &[]).status, 0);
    let run = demo(&room, &[]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("driftless-demo is not empty") && run.stderr.contains("--out FOLDER"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("--force"), "{}", run.stderr);
    assert_eq!(demo(&room, &["--out", "other"]).status, 0);
}

#[test]
fn a_folder_that_is_not_empty_is_left_as_it_is() {
    let room = Room::new();
    std::fs::create_dir(room.path("out")).unwrap();
    room.write("out/mine", "precious");
    let run = demo(&room, &["--out", "out"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("out is not empty"), "{}", run.stderr);
    assert_eq!(names(&room.path("out")), ["mine"]);
    assert_eq!(names(&room.path(".")), ["out"], "nothing half-written");
}

#[test]
fn what_cannot_be_written_is_told_before_any_host_is_asked() {
    let room = Room::new();
    room.write("file", "");
    for (out, told) in [
        ("file", "--out: file"),
        ("nowhere/out", "nowhere is not there\n  = help: make that folder first: mkdir -p nowhere"),
        ("/proc/out", "--out: /proc/out"),
    ] {
        let arguments = ["replace", "web-01", "--cluster", "web", "--to", "quadlet", "--out", out];
        let run = room.run(&arguments);
        assert_eq!(run.status, 1, "{out}");
        assert!(run.stderr.contains(told), "{}", run.stderr);
    }
    let run = room.run(&["demo", "--out", "x"]);
    assert!(run.status == 1 && run.stderr.contains("demo replace"), "{}", run.stderr);
}

#[test]
fn a_cluster_that_is_not_there_is_told_with_those_that_are() {
    let room = Room::new();
    room.write("inventory.toml", "[groups.web]\nhosts = [\"web-01\"]\n[groups.db]\nhosts = [\"db-01\"]\n");
    let run =
        room.run(&["replace", "-i", "inventory.toml", "--cluster", "wbe", "--to", "quadlet", "--out", "out"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("no cluster `wbe`") && run.stderr.contains("db, web"), "{}", run.stderr);
    assert!(!room.path("out").exists());
}

#[test]
#[ignore = "needs kubernetes-validate: scripts/test"]
fn kubernetes_own_schema_accepts_the_manifest() {
    let room = Room::new();
    assert_eq!(demo(&room, &[]).status, 0);
    let output = Command::new(project().join("target/kubernetes/bin/kubernetes-validate"))
        .args(["--strict", "--version", "1.37"])
        .arg(room.path("driftless-demo/kubernetes.yaml"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}
