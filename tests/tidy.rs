//! House rules that no lint can hold: who may import whom, what every file opens with, how long it gets,
//! that the documents name nothing that is gone, and what the dependencies are licensed under.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected must fail"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which modules of the library a module may import: the arrows of ARCHITECTURE.md.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("severity", &[]),
    ("diagnostic", &[]),
    ("hostlist", &[]),
    ("version", &[]),
    ("probe", &[]),
    ("store", &[]),
    ("ssh_config", &["diagnostic"]),
    ("inventory", &["diagnostic", "hostlist", "ssh_config"]),
    ("playbook", &["diagnostic", "inventory", "probe", "severity", "version"]),
    ("snapshot", &["inventory", "probe", "version"]),
    ("ssh", &["inventory", "snapshot", "ssh_config"]),
    ("simulate", &["diagnostic", "hostlist", "probe"]),
    ("collect", &["inventory", "probe", "snapshot", "ssh"]),
    ("drift", &["diagnostic", "inventory", "playbook", "probe", "snapshot", "version"]),
    ("immutability", &["diagnostic", "playbook"]),
    (
        "history",
        &[
            "advice",
            "diagnostic",
            "drift",
            "inventory",
            "probe",
            "rules",
            "severity",
            "snapshot",
            "store",
            "version",
        ],
    ),
    ("init", &["drift", "hostlist", "inventory", "playbook", "snapshot", "version"]),
    ("live", &["immutability", "inventory", "snapshot"]),
    ("readiness", &["drift", "playbook", "probe", "snapshot", "version"]),
    (
        "rules",
        &[
            "diagnostic",
            "drift",
            "immutability",
            "inventory",
            "live",
            "playbook",
            "probe",
            "readiness",
            "severity",
            "snapshot",
            "version",
        ],
    ),
    ("advice", &["drift", "hostlist", "readiness", "rules", "severity", "snapshot", "version"]),
    (
        "replacement",
        &[
            "advice",
            "diagnostic",
            "drift",
            "hostlist",
            "immutability",
            "playbook",
            "rules",
            "snapshot",
            "version",
        ],
    ),
    (
        "report",
        &[
            "advice",
            "diagnostic",
            "drift",
            "history",
            "hostlist",
            "immutability",
            "inventory",
            "live",
            "playbook",
            "readiness",
            "replacement",
            "rules",
            "severity",
            "snapshot",
            "version",
        ],
    ),
];

/// Crates that only some modules may know.
const CONFINED: &[(&str, &[&str])] = &[
    ("russh", &["ssh", "simulate"]),
    ("tokio", &["ssh", "simulate", "collect", "cli"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
    ("comfy_table", &["report"]),
    ("rusqlite", &["store"]),
    ("zstd", &["store"]),
    ("ureq", &["cli"]),
];

/// Words of a program that reads the clock, the disk or the network; what is right of `collect` has none.
const PURE: &[&str] = &[
    "drift",
    "history",
    "immutability",
    "init",
    "live",
    "readiness",
    "replacement",
    "rules",
    "advice",
    "version",
];
const IMPURE: &[&str] = &["std::fs", "std::net", "std::env", "SystemTime", "Timestamp::now", "Instant::now"];

/// Licences that let everybody use driftless as they like.
const PERMISSIVE: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "Unlicense",
    "0BSD",
    "CC0-1.0",
];

/// Crates that come in two versions, since others are behind.
const TWICE: &[&str] = &["getrandom", "hashbrown", "syn"];

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder of the project, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![project().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(project()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty());
    found
}

/// The module of the library that a file belongs to: `ssh` for `src/ssh/auth.rs`.
fn module(path: &Path) -> String {
    let second = path.components().nth(1).unwrap().as_os_str().to_string_lossy();
    second.trim_end_matches(".rs").to_owned()
}

/// The code of a file, without its tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Names that follow `prefix` in a text.
fn after<'t>(text: &'t str, prefix: &str) -> BTreeSet<&'t str> {
    let ends = |character: char| !character.is_alphanumeric() && character != '_';
    text.split(prefix).skip(1).filter_map(|rest| rest.split(ends).next()).collect()
}

#[test]
fn modules_import_only_what_lies_to_their_left() {
    let table: BTreeMap<&str, BTreeSet<&str>> =
        MAY_IMPORT.iter().map(|(module, others)| (*module, others.iter().copied().collect())).collect();
    let mut seen = BTreeSet::new();
    for (path, text) in sources("src") {
        let module = module(&path);
        if ["lib", "main", "cli"].contains(&module.as_str()) {
            continue;
        }
        let allowed = table.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in the table"));
        for import in after(&code(&text), "crate::") {
            assert!(import == module || allowed.contains(import), "{} imports {import}", path.display());
        }
        seen.insert(module);
    }
    assert_eq!(seen.len(), table.len(), "the table names a module that is gone");
}

#[test]
fn crates_stay_in_the_modules_that_know_them() {
    for (path, text) in sources("src") {
        for (name, modules) in CONFINED {
            let used = code(&text).contains(&format!("{name}::"));
            assert!(!used || modules.contains(&module(&path).as_str()), "{} uses {name}", path.display());
        }
    }
}

#[test]
fn what_follows_the_snapshot_reads_no_clock_no_file_and_no_socket() {
    for (path, text) in sources("src").into_iter().filter(|(path, _)| PURE.contains(&module(path).as_str())) {
        for word in IMPURE {
            assert!(!code(&text).contains(word), "{} has {word}", path.display());
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
        assert!(text.lines().count() <= 500, "{} has outgrown 500 lines", path.display());
    }
}

#[test]
fn the_documents_name_nothing_that_is_gone() {
    for document in [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "README.md",
        "docs/versions.md",
        "docs/comparing.md",
        "docs/readiness.md",
        "docs/configuration.md",
        "docs/ssh.md",
        "docs/inventories.md",
        "docs/footprint.md",
        "docs/least-privilege.md",
        "docs/sources.md",
        "docs/immutability.md",
        "docs/history.md",
        "docs/html.md",
        "docs/settings.md",
        "docs/installing.md",
    ] {
        let text = std::fs::read_to_string(project().join(document))
            .unwrap_or_else(|_| panic!("{document} is missing"));
        let quoted = text.split('`').skip(1).step_by(2);
        let tops =
            ["src", "tests", "examples", "inventories", "playbooks", "scripts", "docs", "benches", ".ci"];
        for name in quoted.filter(|name| tops.iter().any(|top| name.starts_with(&format!("{top}/")))) {
            let plain = name.split_whitespace().next().unwrap();
            if !plain.contains(['<', '*']) {
                assert!(project().join(plain).exists(), "{document} names {plain}");
            }
        }
    }
}

fn metadata() -> serde_json::Value {
    let host = "x86_64-unknown-linux-gnu";
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", host])
        .current_dir(project())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether an SPDX expression lets us choose permissive terms: one side of OR, both of AND.
fn permissive(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(" WITH LLVM-exception", "");
    let both = |part: &str| {
        let part = part.trim().trim_start_matches('(').trim_end_matches(')');
        part.split(" OR ").any(|name| PERMISSIVE.contains(&name.trim()))
    };
    // AND binds tighter, and OR inside brackets stays with its brackets.
    if expression.contains('(') {
        expression.split(" AND ").all(both)
    } else {
        expression.split(" OR ").any(|part| part.split(" AND ").all(both))
    }
}

#[test]
fn every_dependency_is_permissive() {
    assert!(permissive("(MIT OR Apache-2.0) AND Unicode-3.0") && permissive("MIT/Apache-2.0"));
    assert!(
        !permissive("GPL-3.0") && !permissive("(MIT OR ISC) AND LGPL-2.1") && !permissive("MIT AND MPL-2.0")
    );
    for package in metadata()["packages"].as_array().unwrap() {
        let (name, licence) = (&package["name"], package["license"].as_str().unwrap_or("none"));
        assert!(permissive(licence), "{name} is under {licence}");
    }
}

#[test]
fn no_dependency_comes_in_two_versions_unnoticed() {
    let metadata = metadata();
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|package| package["name"].as_str())
        .filter(|name| !seen.insert(*name))
        .collect();
    let expected: BTreeSet<&str> = TWICE.iter().copied().collect();
    assert_eq!(twice, expected);
}
