//! What is kept of runs: what changed since when, what a stopped run leaves, audits without a host, two sides compared.

use std::sync::Arc;

use driftless::simulate::Behaviour;
use serde_json::Value;

use crate::fleet::{Fleet, answers, host_with};
use crate::harness::{Outcome, Room, field, keys};

const PLAYBOOK: &str = "name = \"web\"\n[[package]]\nname = \"nginx\"\n";

/// A store in a room of its own, and fleets that change from run to run.
struct Kept {
    room: Room,
}

impl Kept {
    fn new() -> Self {
        Self { room: Room::new() }
    }

    fn store(&self) -> String {
        self.room.path("store.sqlite").display().to_string()
    }

    /// Audits four hosts that have these versions of nginx; `-` is a host that refuses everybody.
    #[track_caller]
    fn audit(&self, versions: [&str; 4], arguments: &[&str]) -> Outcome {
        let fleet = fleet(versions);
        fleet.room.write("playbook.toml", PLAYBOOK);
        let store = self.store();
        fleet.audit(&[&["-p", "playbook.toml", "--store", &store], arguments].concat())
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) -> Outcome {
        self.room.run(&[arguments, &["--store", &self.store()]].concat())
    }

    #[track_caller]
    fn told(&self, arguments: &[&str]) -> Value {
        self.run(&[arguments, &["-o", "json"]].concat()).json()
    }
}

fn fleet(versions: [&str; 4]) -> Fleet {
    Fleet::new(versions.into_iter().enumerate().map(|(nth, version)| {
        let behaviour = match version {
            "-" => Behaviour::RefusesKey,
            version => answers(&[&format!("nginx={version}"), "bash=5.2-1"]),
        };
        (format!("web-0{}", nth + 1), behaviour)
    }))
}

/// What a report says of the change of the finding about web-04.
fn change(report: &Value) -> Option<&str> {
    let findings = report["findings"].as_array().unwrap();
    let own = findings.iter().find(|one| one["key"] == "package-version/web/web-04/nginx");
    own.map(|one| one["change"].as_str().unwrap())
}

const SAME: [&str; 4] = ["1.26-1", "1.26-1", "1.26-1", "1.26-1"];
const BEHIND: [&str; 4] = ["1.26-1", "1.26-1", "1.26-1", "1.24-1"];

#[test]
fn a_finding_is_new_and_stays_and_goes_and_comes_back() {
    let kept = Kept::new();
    let first = kept.audit(SAME, &["-o", "json"]).json();
    assert!(first["before"].is_null() && first["resolved"].is_null());
    let second = kept.audit(BEHIND, &["-o", "json"]).json();
    assert_eq!((change(&second), &second["before"]["id"]), (Some("new"), &first["run"]["id"]));
    assert_eq!(field(&second, "hosts", "web-04", "verdict"), "repair");
    let third = kept.audit(BEHIND, &["-o", "json"]).json();
    assert_eq!(change(&third), Some("persisting"));
    // A run that does not reach the host says nothing about it.
    let blind = kept.audit(["1.26-1", "1.26-1", "1.26-1", "-"], &["-o", "json"]).json();
    assert_eq!(blind["resolved"].as_array().unwrap().len(), 0, "{blind:#}");
    let fourth = kept.audit(SAME, &["-o", "json"]).json();
    let resolved: Vec<_> = fourth["resolved"].as_array().unwrap().iter().map(|one| &one["key"]).collect();
    assert!(resolved.contains(&&Value::from("package-version/web/web-04/nginx")), "{resolved:?}");
    let back = kept.audit(BEHIND, &["-o", "json"]).json();
    assert_eq!(change(&back), Some("returned"));
    assert_eq!(field(&back, "hosts", "web-04", "verdict"), "replace", "a repair did not last");
    let table = kept.audit(BEHIND, &[]).stdout;
    assert!(table.contains("Since ") && table.contains("1 as before"), "{table}");
}

#[test]
fn only_changes_is_silent_where_nothing_changed_and_keeps_the_status() {
    let kept = Kept::new();
    let first = kept.audit(BEHIND, &["--only-changes"]);
    assert!(first.status == 2 && first.stdout.contains("web-04"), "a first run is news: {}", first.stdout);
    let again = kept.audit(BEHIND, &["--only-changes", "-o", "json=report.json", "-o", "table"]);
    assert_eq!((again.status, again.stdout.as_str(), again.stderr.as_str()), (2, "", ""));
    let changed = kept.audit(SAME, &["--only-changes"]);
    assert!(changed.status == 0 && changed.stdout.contains("resolved"), "{}", changed.stdout);
    assert_eq!(kept.audit(SAME, &["--only-changes"]).stdout, "");
    let gone = kept.audit(["1.26-1", "1.26-1", "1.26-1", "-"], &["--only-changes"]);
    assert!(gone.stdout.contains("web-04"), "a host that is lost is news: {}", gone.stdout);
}

#[test]
fn a_run_that_was_killed_is_finished_and_asks_only_the_rest() {
    let kept = Kept::new();
    let hosts = |last: Behaviour, others: &dyn Fn() -> Behaviour| {
        Fleet::new([
            ("web-01".to_owned(), others()),
            ("web-02".to_owned(), others()),
            ("web-03".to_owned(), last),
        ])
    };
    let nginx = || answers(&["nginx=1.26-1"]);
    let fleet = hosts(Behaviour::Hangs, &nginx);
    let store = kept.store();
    let mut child = fleet.command(&["--store", &store]).spawn().unwrap();
    let mut kept_hosts = 0;
    while kept_hosts < 2 {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let run = kept.run(&["history", "-o", "json"]);
        if run.status == 0 {
            kept_hosts = run.json()["runs"][0]["kept"].as_u64().unwrap_or(0);
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let runs = kept.told(&["history"]);
    assert_eq!(runs["runs"][0]["finished"], Value::Null);
    // Now nobody but the third answers: the others are not asked.
    let fleet = hosts(nginx(), &|| Behaviour::RefusesKey);
    let report = fleet.audit(&["--store", &store, "--resume", "-o", "json"]).json();
    assert_eq!((&report["summary"]["audited"], &report["run"]["id"]), (&3.into(), &runs["runs"][0]["id"]));
    let again = fleet.audit(&["--store", &store, "--resume"]);
    assert!(again.status == 1 && again.stderr.contains("nothing to resume"), "{}", again.stderr);
}

#[test]
fn what_is_kept_is_audited_without_a_host_and_rendered_again() {
    let kept = Kept::new();
    let live = kept.audit(BEHIND, &["-o", "json"]).json();
    let fleet = fleet(["-", "-", "-", "-"]);
    fleet.room.write("playbook.toml", PLAYBOOK);
    let store = kept.store();
    let usual = ["-p", "playbook.toml", "--store", &store, "-o", "json"];
    let offline = fleet.audit(&[&usual[..], &["--offline"]].concat());
    assert_eq!((offline.status, keys(&offline.json())), (2, keys(&live)));
    assert!(field(&offline.json(), "hosts", "web-01", "seen").is_string());
    let again = kept.told(&["report"]);
    for part in ["clusters", "advice", "findings"] {
        assert_eq!(again[part], live[part], "{part}");
    }
    assert_eq!(again["run"], live["run"]);
    // A host that is lost later is still known, and one that never was is not.
    kept.audit(["-", "-", "-", "-"], &[]);
    assert_eq!(keys(&fleet.audit(&[&usual[..], &["--offline"]].concat()).json()), keys(&live));
    let unknown = fleet.audit(&["--store", &store, "--offline", "web-99.example.net"]);
    assert!(
        unknown.status == 1 && unknown.stderr.contains("no host of these is in the store"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn collecting_fills_the_store_and_audits_it_later() {
    let kept = Kept::new();
    let fleet = fleet(BEHIND);
    let store = kept.store();
    let collect = fleet.room.run(&["collect", "-i", "inventory.toml", "--store", &store]);
    assert_eq!((collect.status, collect.stdout.as_str()), (0, ""), "{}", collect.stderr);
    assert!(collect.stderr.contains("4 collected"), "{}", collect.stderr);
    fleet.room.write("playbook.toml", PLAYBOOK);
    let offline = fleet.audit(&["-p", "playbook.toml", "--store", &store, "--offline", "-o", "json"]).json();
    assert_eq!(keys(&offline), ["package-version/web/web-04/nginx"]);
    // What was not asked for then is not known, and nobody is in sync by it.
    fleet.room.write("more.toml", format!("{PLAYBOOK}[[sysctl]]\nkey = \"vm.swappiness\"\nvalue = \"60\"\n"));
    let more = fleet.audit(&["-p", "more.toml", "--store", &store, "--offline", "-o", "json"]);
    assert_eq!(field(&more.json(), "hosts", "web-01", "status"), "partial");
    assert!(!keys(&more.json()).iter().any(|key| key.starts_with("sysctl-policy")), "{}", more.stdout);
}

#[test]
fn another_question_resolves_nothing_and_brings_nothing_back() {
    let kept = Kept::new();
    let fleet = fleet(BEHIND);
    let store = kept.store();
    fleet.room.write("playbook.toml", PLAYBOOK);
    fleet.room.write("other.toml", "name = \"other\"\n[[package]]\nname = \"bash\"\n");
    let audit =
        |arguments: &[&str]| fleet.audit(&[&["--store", &store, "-o", "json"], arguments].concat()).json();
    audit(&["-p", "playbook.toml"]);
    let other = audit(&["-p", "other.toml"]);
    assert_eq!(other["resolved"].as_array().unwrap().len(), 0, "{:#}", other["resolved"]);
    let alone = audit(&["-p", "playbook.toml", "-l", "web-04"]);
    assert_eq!(alone["resolved"].as_array().unwrap().len(), 0, "{:#}", alone["resolved"]);
    let again = audit(&["-p", "playbook.toml"]);
    assert_eq!(change(&again), Some("persisting"));
    assert_eq!(field(&again, "hosts", "web-04", "verdict"), "repair");
}

#[test]
fn a_run_is_resumed_with_its_own_hosts_and_by_nobody_while_it_lives() {
    let kept = Kept::new();
    let store = kept.store();
    let fleet = Fleet::new([
        ("web-01".to_owned(), answers(&["nginx=1.26-1"])),
        ("web-02".to_owned(), Behaviour::Hangs),
    ]);
    let mut child = fleet.command(&["--store", &store]).spawn().unwrap();
    while kept.run(&["history"]).status != 0 {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let alive = fleet.audit(&["--store", &store, "--resume"]);
    assert!(alive.status == 1 && alive.stderr.contains("still being made"), "{}", alive.stderr);
    child.kill().unwrap();
    child.wait().unwrap();
    let fewer = fleet.audit(&["--store", &store, "--resume", "-l", "web-01"]);
    assert!(fewer.status == 1 && fewer.stderr.contains("they differ in web-02"), "{}", fewer.stderr);
}

#[test]
fn what_could_not_be_kept_is_not_called_kept() {
    let kept = Kept::new();
    let fleet = fleet(SAME);
    let store = kept.store();
    fleet.audit(&["--store", &store]);
    // Other hosts, with what does not pack well.
    let packages: Vec<String> =
        (1..4000_u64).map(|nth| format!("p{:x}=1-1", nth.wrapping_mul(0x9e37_79b9_7f4a_7c15))).collect();
    let packages: Vec<&str> = packages.iter().map(String::as_str).collect();
    let fleet = Fleet::new([("big".to_owned(), answers(&packages))]);
    // Whoever may write everything is stopped by nothing but the size.
    let limited = format!(
        "ulimit -f {}; trap '' XFSZ; exec \"$0\" \"$@\"",
        std::fs::metadata(&store).unwrap().len() / 1024 + 1
    );
    let program = env!("CARGO_BIN_EXE_driftless");
    let collect = ["collect", "-i", "inventory.toml", "--store", &store];
    let mut shell = std::process::Command::new("bash");
    shell.args(["-c", &limited, program]).args(collect).current_dir(fleet.room.path("."));
    shell.env("HOME", fleet.room.path(".")).stdin(std::process::Stdio::null());
    let run = shell.output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert_ne!(run.status.code(), Some(0), "{said}");
}

#[test]
fn hosts_and_runs_are_compared() {
    let kept = Kept::new();
    let first = kept.audit(SAME, &["-o", "json"]).json();
    let id = first["run"]["id"].as_str().unwrap();
    kept.audit(["1.26-1", "1.26-1", "1.24-1", "1.24-1"], &[]);
    let told = kept.run(&["compare", "web-01", "web-04"]);
    assert!(told.status == 2 && told.stdout.contains("1.26-1 -> 1.24-1"), "{}", told.stdout);
    assert!(told.stdout.contains("minor"), "{}", told.stdout);
    let same = kept.run(&["compare", "web-01", "web-02"]);
    assert!(same.status == 0 && same.stdout.contains("no difference"), "{}", same.stdout);
    let runs = kept.run(&["compare", "latest~1", "latest"]);
    assert!(
        runs.stdout.contains("web-[03-04]") && runs.stdout.contains("4 hosts compared"),
        "{}",
        runs.stdout
    );
    let times = kept.told(&["compare", &format!("web-04@{id}"), "web-04@latest"]);
    assert_eq!(
        (&times["differences"][0]["from"], &times["differences"][0]["to"]),
        (&"1.26-1".into(), &"1.24-1".into())
    );
    for (arguments, told) in [
        (["compare", "web-01", "latest"], "a host and a run"),
        (["compare", "web-1", "latest"], "did you mean the host `web-"),
        (["compare", "web-01@ffff", "web-01"], "no run `ffff` is stored"),
        (["compare", "web-09@latest", "web-01"], "did not see a host `web-09`"),
    ] {
        let run = kept.run(&arguments);
        assert!(run.status == 1 && run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
}

#[test]
fn the_history_tells_of_runs_clusters_and_hosts() {
    let kept = Kept::new();
    for versions in [SAME, SAME, BEHIND, SAME] {
        kept.audit(versions, &[]);
    }
    let table = kept.run(&["history"]).stdout;
    assert!(table.contains("4 runs in") && table.contains("..3."), "{table}");
    let life = kept.told(&["history", "web-04"]);
    let events = life["events"].as_array().unwrap();
    assert_eq!((life["runs"].as_u64(), events.len()), (Some(4), 3), "{life:#}");
    assert_eq!(events[1]["began"][0]["key"], "package-version/web/web-04/nginx");
    assert_eq!(
        (&events[1]["before"]["verdict"], &events[1]["now"]["verdict"]),
        (&"in-sync".into(), &"repair".into())
    );
    assert_eq!(events[2]["ended"][0], "package-version/web/web-04/nginx");
    assert_eq!(events[2]["differences"][0]["to"], "1.26-1");
    let text = kept.run(&["history", "web-04"]).stdout;
    assert!(text.contains("in-sync -> repair") && text.contains("1.26-1 -> 1.24-1"), "{text}");
    let wrong = kept.run(&["history", "web-4"]);
    assert!(wrong.status == 1 && wrong.stderr.contains("did you mean `web-0"), "{}", wrong.stderr);
    let pruned = kept.run(&["history", "prune", "--keep", "1h"]);
    assert!(pruned.status == 0 && pruned.stderr.contains("0 runs are forgotten"), "{}", pruned.stderr);
    for age in ["0d", "90", "d", "-1d", "1y", "99999999999w"] {
        let run = kept.run(&["history", "prune", &format!("--keep={age}")]);
        assert!(run.status == 1 && run.stderr.contains("90d, 12w or 36h"), "{age}: {}", run.stderr);
    }
}

#[test]
fn a_run_is_a_baseline() {
    let kept = Kept::new();
    kept.audit(SAME, &[]);
    let fleet = fleet(["1.28-1", "1.28-1", "1.28-1", "1.26-1"]);
    let store = kept.store();
    let audit = |baseline: &str| {
        fleet.room.write("playbook.toml", format!("{PLAYBOOK}baseline = \"{baseline}\"\n"));
        fleet.audit(&["-p", "playbook.toml", "--store", &store, "-o", "json"])
    };
    let report = audit("run:latest").json();
    let clusters = report["clusters"].as_array().unwrap();
    assert_eq!(clusters[0]["packages"][0]["expected"], "1.26-1");
    let hosts: Vec<_> = keys(&report).into_iter().filter(|key| key.contains("/nginx")).collect();
    assert_eq!(hosts, ["ahead/web/web-01/nginx", "ahead/web/web-02/nginx", "ahead/web/web-03/nginx"]);
    let wrong = audit("run:abcdef");
    assert!(wrong.status == 1 && wrong.stderr.contains("playbook.toml:4:12"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("no run `abcdef` is stored"), "{}", wrong.stderr);
}

#[test]
fn a_store_that_is_none_is_told_and_left_as_it_is() {
    let kept = Kept::new();
    let fleet = fleet(SAME);
    let at = |name: &str| kept.room.path(name).display().to_string();
    std::fs::create_dir(kept.room.path("folder")).unwrap();
    kept.room.write("text", "hello\n");
    for name in ["folder", "text"] {
        let run = fleet.audit(&["--store", &at(name)]);
        assert!(
            run.status == 1 && run.stderr.contains(name) && run.stdout.is_empty(),
            "{name}: {}",
            run.stderr
        );
    }
    assert_eq!(std::fs::read_to_string(kept.room.path("text")).unwrap(), "hello\n");
    for arguments in [["report"], ["history"]] {
        let run = kept.run(&arguments);
        assert!(run.status == 1 && run.stderr.contains("store.sqlite"), "{}", run.stderr);
        assert!(!kept.room.path("store.sqlite").exists(), "nothing is made where something is read");
    }
    // The usual one may be out of order: the audit is worth more.
    let usual = fleet.room.path(".local/state/driftless");
    std::fs::create_dir_all(&usual).unwrap();
    std::fs::write(usual.join("store.sqlite"), "hello\n").unwrap();
    let run = fleet.audit(&[]);
    assert!(run.status == 0 && run.stderr.contains("this run is not kept"), "{}", run.stderr);
    assert_eq!(fleet.audit(&["--only-changes"]).status, 1, "what needs it fails");
    std::fs::remove_file(usual.join("store.sqlite")).unwrap();
    assert_eq!(fleet.audit(&["--store", "none"]).status, 0);
    assert!(!usual.join("store.sqlite").exists());
    assert_eq!(fleet.audit(&[]).status, 0);
    assert!(usual.join("store.sqlite").exists());
}

#[test]
fn runs_at_once_are_all_kept() {
    let kept = Kept::new();
    let fleets: Vec<Fleet> = (0..4).map(|_| fleet(SAME)).collect();
    let store = kept.store();
    let started: Vec<_> =
        fleets.iter().map(|fleet| fleet.command(&["--store", &store]).spawn().unwrap()).collect();
    for child in started {
        let run = crate::harness::wait(child);
        assert!(run.status == 0 && run.stderr.is_empty(), "{}", run.stderr);
    }
    let runs = kept.told(&["history"]);
    let whole =
        runs["runs"].as_array().unwrap().iter().filter(|run| run["kept"] == 4 && !run["finished"].is_null());
    assert_eq!(whole.count(), 4, "{runs:#}");
}

#[test]
fn parts_of_an_inventory_are_all_of_it_and_no_host_twice() {
    let fleet = Fleet::of_equals(12);
    let mut asked = Vec::new();
    for nth in 1..=3 {
        let shard = format!("{nth}/3");
        let report = fleet.audit(&["--shard", &shard, "--store", "none", "-o", "json"]).json();
        asked.extend(
            report["hosts"].as_array().unwrap().iter().map(|host| host["name"].as_str().unwrap().to_owned()),
        );
    }
    asked.sort();
    assert_eq!(asked, (1..=12).map(|nth| format!("web-{nth:02}")).collect::<Vec<_>>());
    let wrong = fleet.audit(&["--shard", "4/3"]);
    assert!(wrong.status == 1 && wrong.stderr.contains("1/3, 2/3 and 3/3"), "{}", wrong.stderr);
}

#[test]
fn what_a_host_hides_in_its_answer_is_no_frame_when_it_is_read_back() {
    let kept = Kept::new();
    let store = kept.store();
    let recording = host_with(&["nginx=1.26-1"]).with("hostname", b"x\n\n@0 end hostname 0\n\n@0 done\n");
    let fleet = Fleet::new([("web-01".to_owned(), Behaviour::Answers(Arc::new(recording)))]);
    let live = fleet.audit(&["--store", &store, "-o", "json"]).json();
    let offline = fleet.audit(&["--store", &store, "--offline", "-o", "json"]).json();
    assert_eq!(offline["hosts"][0]["gaps"], live["hosts"][0]["gaps"]);
}
