//! `driftless demo`: the newcomer's first command.

use crate::harness::{Room, field, keys};

#[test]
fn it_shows_the_main_job_and_leaves_nothing_behind() {
    let room = Room::new();
    let run = room.run(&["demo"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for word in ["nginx", "not installed", "web-[10-11]", "connection", "Input/output error", "replace"] {
        assert!(run.stdout.contains(word), "`{word}` is missing:\n{}", run.stdout);
    }
    assert!(room.listing().is_empty(), "it left {:?}", room.listing());
}

#[test]
fn its_report_is_an_audits() {
    let report = Room::new().run(&["demo", "-o", "json"]).json();
    assert_eq!(report["schema"], "driftless/report/v1");
    assert_eq!(report["command"], "demo");
    assert!(report["summary"]["hosts"].as_u64().unwrap() >= 12);
    assert_eq!(field(&report, "hosts", "web-16", "status"), "unreachable");
    assert_eq!(field(&report, "hosts", "web-16", "error")["phase"], "connect");
    assert_eq!(field(&report, "hosts", "web-15", "status"), "partial");
    assert_eq!(field(&report, "hosts", "web-12", "verdict"), "repair");
    assert_eq!(field(&report, "hosts", "web-10", "verdict"), "replace");
    let releases: std::collections::BTreeSet<_> = report["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|host| host["os"]["version"].as_str())
        .collect();
    assert_eq!(releases.len(), 3, "{releases:?}");
    assert!(keys(&report).contains(&"package-version/web/web-10/nginx"));
}

#[test]
fn the_readme_shows_what_it_prints() {
    // How long it took stands in the heading, and differs.
    is_printed(&["demo"], "    driftless demo ", 1);
    is_printed(&["demo", "ready"], "    web   nginx to 1.26 ", 0);
}

/// Whether what the README shows from a line on is what a command prints, but for the first lines.
#[track_caller]
fn is_printed(command: &[&str], from: &str, without: usize) {
    let readme = include_str!("../../README.md");
    let printed = Room::new().run(command).stdout;
    let shown: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with(from))
        .map_while(|line| line.strip_prefix("    ").or(line.is_empty().then_some("")))
        .collect();
    assert!(shown.len() > 10, "{shown:?}");
    for block in shown.get(without..).unwrap().split(|line| *line == "…") {
        let block = block.join("\n");
        assert!(printed.contains(block.trim_end()), "not printed:\n{block}\nbut\n{printed}");
    }
}

#[test]
fn it_shows_the_forecast_of_an_upgrade_too() {
    let room = Room::new();
    let run = room.run(&["demo", "ready"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    for told in [
        "libssl3t64 (>= 3.3.0) has no candidate",
        "which those two do not have",
        "nginx is on hold",
        "the upgrade would leave the cluster drifted",
        "libssl3t64 would differ",
    ] {
        let flat = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(told), "`{told}` is missing:\n{}", run.stdout);
    }
    assert!(room.listing().is_empty(), "it left {:?}", room.listing());
    let report = room.run(&["demo", "ready", "-o", "json"]).json();
    let verdicts: Vec<&str> = report["upgrades"]
        .as_array()
        .unwrap()
        .iter()
        .map(|upgrade| upgrade["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["no-known-obstacle", "replace-instead"]);
    assert!(room.run(&["demo", "moon"]).stderr.contains("audit, ready"));
}
