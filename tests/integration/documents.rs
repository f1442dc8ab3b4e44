//! The documents: every command in them is run, as it is written, and every test that they name is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use driftless::diagnostic::Source;
use driftless::simulate::{Recording, Recordings, read_fleet};

use crate::fleet::Fleet;
use crate::harness::{Room, project};

/// The fleet of the documents: servers that were recorded, and one that has drifted.
const FLEET: &str = "[[host]]
names = \"web-[01:05]\"
groups = [\"web\", \"prod\"]
recording = \"serves-nginx\"

[[host]]
names = \"web-06\"
groups = [\"web\", \"prod\"]
recording = \"serves-nginx-elsewhere\"

[[host]]
names = \"web-07\"
groups = [\"web\"]
recording = \"bookworm\"
";

const PLAYBOOK: &str = "name = \"web\"\n\n[[cluster]]\nname = \"web\"\nhosts = \"web\"\n\n[[package]]\nname = \"nginx\"\n\n\
    [[file]]\npath = \"/etc/nginx/nginx.conf\"\nbake = true\n\n[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n";

/// Programs of others that commands are piped to or from; none of them is what is tested.
const OTHERS: [(&str, &str); 8] = [
    ("helm", "cat deploy/pod.yaml"),
    ("kustomize", "cat deploy/pod.yaml"),
    ("pass", "echo secret"),
    ("askpass", "echo secret"),
    ("ssh", "cat >/dev/null"),
    ("mail", "cat >/dev/null"),
    ("ansible-playbook", "exit 0"),
    ("sudo", "exec \"$@\""),
];

/// Commands that cannot do here what they do in earnest, with what they say instead.
const OTHERWISE: [(&str, &str); 1] = [
    // Nothing was interrupted.
    ("--resume", "there is nothing to resume"),
];

/// The documents, by their names.
fn documents() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![project().join("README.md"), project().join("docs")];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "md") {
            let name = path.strip_prefix(project()).unwrap().display().to_string();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// The commands of a document, as a reader would type them.
fn commands(text: &str) -> Vec<String> {
    let subcommands = [
        "audit",
        "collect",
        "ready",
        "immutable",
        "replace",
        "history",
        "compare",
        "report",
        "hosts",
        "demo",
        "init",
        "probe",
        "explain",
        "completions",
        "man",
    ];
    let typed = |line: &str| {
        let mut words = line.split(' ').skip_while(|word| *word != "driftless").skip(1);
        // The first line of a report has more than one blank after its command.
        let known = words.next().is_some_and(|word| subcommands.contains(&word));
        let begins =
            ["driftless ", "DRIFTLESS_", "sudo driftless "].iter().any(|start| line.starts_with(start));
        known && (begins || line.contains("| driftless ")) && words.next() != Some("")
    };
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(code) = line.strip_prefix("    ").map(str::trim) else { continue };
        if !typed(code) {
            continue;
        }
        let mut command = code.to_owned();
        while let Some(begun) = command.strip_suffix('\\') {
            command = format!("{begun}{}", lines.next().unwrap_or_default().trim());
        }
        found.push(command.split("  #").next().unwrap().trim().to_owned());
    }
    found
}

fn fleet() -> Fleet {
    let folder = project().join("examples/fleet/recordings");
    let recordings: Recordings = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| {
            let sections = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            let recording = sections.fold(Recording::default(), |recording, section| {
                let name = section.file_name().unwrap().to_str().unwrap().to_owned();
                recording.with(&name, &fs::read(section).unwrap())
            });
            (path.file_name().unwrap().to_str().unwrap().to_owned(), recording)
        })
        .collect();
    Fleet::of(read_fleet(&Source::text("fleet.toml", FLEET), &recordings).unwrap())
}

/// A reader's folder: an inventory, a playbook and manifests under every name that the documents give them.
fn desk(fleet: &Fleet) -> Room {
    let room = Room::new();
    let copy = |name: &str| fs::copy(fleet.room.path(name), room.path(name)).unwrap();
    copy("known_hosts");
    copy("key");
    let inventory = fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    for folder in [
        "inventory",
        "inventories",
        "playbooks",
        "deploy",
        "bin",
        "ansible",
        "var",
        ".ssh",
        ".local/share/bash-completion/completions",
        ".local/share/man/man1",
    ] {
        fs::create_dir_all(room.path(folder)).unwrap();
    }
    let absolute = inventory
        .replace("\"key\"", &format!("\"{}\"", room.path("key").display()))
        .replace("\"known_hosts\"", &format!("\"{}\"", room.path("known_hosts").display()));
    for name in [
        "hosts.toml",
        "inventory.toml",
        "inventory/hosts.toml",
        "inventories/example.toml",
        "ansible/inventory",
    ] {
        room.write(name, &absolute);
    }
    room.write("more.toml", "[groups.edge]\nhosts = [\"edge-1\"]\n[hosts.edge-1]\nconnection = \"local\"\n");
    for name in ["playbook.toml", "web.toml", "playbooks/nginx-upgrade.toml"] {
        room.write(name, PLAYBOOK);
    }
    room.write("driftless.toml", "inventory = [\"hosts.toml\"]\n");
    room.write_private("hook", format!("http://{}/\n", listener()));
    room.write(
        "audit.pub",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl audit\n",
    );
    for (name, from) in [("deploy/pod.yaml", "1-nginx"), ("web.yaml", "1-nginx")] {
        fs::copy(project().join(format!("examples/manifests/{from}.yaml")), room.path(name)).unwrap();
    }
    symlink(project().join("examples"), room.path("examples")).unwrap();
    symlink(env!("CARGO_BIN_EXE_driftless"), room.path("bin/driftless")).unwrap();
    for (name, does) in OTHERS {
        let path = room.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{does}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    room
}

/// Somebody who takes notices.
fn listener() -> std::net::SocketAddr {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

fn run(room: &Room, command: &str) -> (Option<i32>, String) {
    let here = room.path(".").canonicalize().unwrap();
    let command = command.replace("/var/lib/driftless", &here.join("var").display().to_string());
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("set -o pipefail; {command}")]).current_dir(&here).env_clear();
    bash.env("PATH", format!("{}:/usr/bin:/bin", here.join("bin").display())).env("HOME", &here);
    bash.env("SSH_ASKPASS", here.join("bin/askpass"))
        .env("SSH_ASKPASS_REQUIRE", "force")
        .env("LANG", "C.UTF-8");
    let output = bash.stdin(std::process::Stdio::null()).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// What is wrong with the commands of one document.
fn wrong(fleet: &Fleet, name: &str, text: &str) -> Vec<String> {
    let room = desk(fleet);
    let mut wrong = Vec::new();
    // Other machines have done their part.
    if text.contains("a.json b.json") {
        for (part, file) in [("1/3", "a.json"), ("2/3", "b.json"), ("3/3", "c.json")] {
            run(&room, &format!("driftless audit -q --store none --shard {part} -o json={file}"));
        }
    }
    for command in commands(text) {
        if command.contains(" init ") {
            let _ = fs::remove_file(room.path("playbook.toml"));
        }
        let (status, told) = run(&room, &command);
        let otherwise = OTHERWISE.iter().find(|(word, _)| command.contains(word));
        match (status, otherwise) {
            (Some(0 | 2 | 3), _) => {}
            (Some(1), Some((_, says))) if told.contains(says) => {}
            _ => wrong.push(format!("{name}: {command}\n  {status:?} {told}")),
        }
    }
    wrong
}

#[test]
fn every_command_in_the_documents_runs() {
    let fleet = fleet();
    let documents: Vec<(String, String)> =
        documents().into_iter().filter(|(name, _)| !name.starts_with("docs/reference/")).collect();
    let (waiting, found) = (Mutex::new(documents.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((name, text)) = next else { break };
                    let wrong = wrong(&fleet, name, text);
                    found.lock().unwrap().extend(wrong);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    assert!(found.is_empty(), "{}", found.join("\n"));
    let count = documents.iter().map(|(_, text)| commands(text).len()).sum::<usize>();
    assert!(count > 80, "only {count} commands were found: are they still?");
    for (name, text) in &documents {
        assert!(!name.contains("how-to") || !commands(text).is_empty(), "{name} shows no command");
    }
}

#[test]
fn commands_are_told_from_what_they_print() {
    let text = "    driftless audit -q \\\n        -o json=a   # why\n    driftless demo   21 hosts: 3 audited\n\
        driftless audit\n    helm template X | driftless immutable -\n    driftless 0.1.0\n";
    assert_eq!(commands(text), ["driftless audit -q -o json=a", "helm template X | driftless immutable -"]);
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut waiting: Vec<PathBuf> = ["src", "tests"].iter().map(|folder| project().join(folder)).collect();
    let mut names = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            names.extend(of_file(&path));
        }
    }
    names
}

fn of_file(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let named = lines.iter().enumerate().filter_map(|(nth, line)| {
        let name = line.strip_prefix("fn ").or_else(|| line.strip_prefix("async fn "))?.split('(').next()?;
        let is_test = lines[..nth].iter().rev().take(3).any(|above| above.contains("test]"));
        is_test.then(|| name.to_owned())
    });
    named.collect()
}

#[test]
fn every_line_of_the_threat_model_is_held_by_a_test() {
    let text = fs::read_to_string(project().join("docs/security.md")).unwrap();
    let tests = tests();
    let mut lines = 0;
    for line in text.lines().filter(|line| line.starts_with('|') && !line.starts_with("|--")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
        let last = cells.last().unwrap().trim();
        if last == "held by" {
            continue;
        }
        lines += 1;
        let named: Vec<&str> = last.split(", ").map(|name| name.trim_matches('`')).collect();
        for name in named {
            assert!(tests.contains(name), "no test is called `{name}`: {line}");
        }
    }
    assert!(lines >= 40, "only {lines} lines");
}
