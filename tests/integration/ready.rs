//! `driftless ready`: what follows from hosts' answers, in every form, and what the exit status says.

use std::sync::Arc;

use driftless::simulate::{Behaviour, Recording};

use crate::fleet::{Fleet, host_with};
use crate::harness::{Outcome, keys, wait};

const PLAYBOOK: &str = "[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n";
const BACKPORTS: &str = "http://mirror.example.net/debian trixie-backports/main amd64 Packages";
const MAIN: &str = "= /etc/apt/sources.list\ndeb http://mirror.example.net/debian trixie main\n";

/// How a host answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    Ready,
    Held,
    WithoutSource,
    Rubbish,
    Old,
    Down,
}

fn answer(is: Is) -> Behaviour {
    if is == Is::Down {
        return Behaviour::Down;
    }
    let head = "system\tapt 3.0.3\nlists\t4\t1700000000\nspace\t/var/cache/apt/archives\t/\t900000\nspace\t/usr\t/\t900000\n";
    let solved = format!(
        "{head}target\tnginx\t1.22-1\t1.26-1\t1.26-1\noffer\tnginx\t1.26-1\t{BACKPORTS}\nask\t0\tnginx\n\
         inst\tlibssl4\tamd64\t4.0-1\t-\ninst\tnginx\tamd64\t1.26-1\t1.22-1\n\
         file\tnginx\tamd64\t1.26-1\t1000000\t2000\tyes\t{BACKPORTS}\n\
         file\tlibssl4\tamd64\t4.0-1\t90000\t5000\tyes\t{BACKPORTS}\nhad\tnginx\tamd64\t1.22-1\t1900\t-\ndone\n"
    );
    let both = format!("{MAIN}deb http://mirror.example.net/debian trixie-backports main\n");
    let (recording, sources, told) = match is {
        Is::Held => {
            let held = "nginx\tamd64\t1.22-1\thi \n";
            (crate::fleet::recorded(crate::fleet::TRIXIE, held), both, solved)
        }
        Is::WithoutSource => (
            host_with(&["nginx=1.22-1"]),
            MAIN.to_owned(),
            format!("{head}target\tnginx\t1.22-1\t1.22-1\t-\noffer\tnginx\t1.22-1\t{BACKPORTS}\ndone\n"),
        ),
        Is::Rubbish => (host_with(&["nginx=1.22-1"]), both, "Segmentation fault \u{1b}[31m\n".to_owned()),
        Is::Old => return Behaviour::Answers(Arc::new(host_with(&["nginx=1.22-1"]))),
        Is::Ready | Is::Down => (host_with(&["nginx=1.22-1"]), both, solved),
    };
    Behaviour::Answers(Arc::new(with(recording, &sources, &told)))
}

fn with(recording: Recording, sources: &str, told: &str) -> Recording {
    recording.with("sources", sources.as_bytes()).with("upgrade", told.as_bytes())
}

fn fleet(hosts: &[Is]) -> Fleet {
    let named = hosts.iter().enumerate();
    let fleet = Fleet::new(named.map(|(nth, is)| (format!("web-{:02}", nth + 1), answer(*is))));
    fleet.room.write("upgrade.toml", PLAYBOOK);
    fleet
}

#[track_caller]
fn ready(fleet: &Fleet, arguments: &[&str]) -> Outcome {
    fleet.room.run(&[&["ready", "-i", "inventory.toml", "-p", "upgrade.toml"], arguments].concat())
}

fn array(text: &serde_json::Value) -> Vec<&str> {
    text.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn the_exit_status_says_whether_anybody_is_blocked_or_unknown() {
    use Is::{Down, Held, Ready, Rubbish, WithoutSource};
    for (hosts, status) in [
        (&[Ready, Ready][..], 0),
        (&[Ready, Held], 2),
        (&[Ready, WithoutSource, Down], 2),
        (&[Ready, Rubbish], 3),
        (&[Ready, Down], 3),
        (&[Down, Down], 1),
    ] {
        assert_eq!(ready(&fleet(hosts), &[]).status, status);
    }
    // What stands in the way is not made bearable by a threshold.
    assert_eq!(ready(&fleet(&[Ready, Held]), &["--fail-on", "never"]).status, 2);
}

#[test]
fn rubbish_is_unknown_and_never_ready() {
    let fleet = fleet(&[Is::Ready, Is::Rubbish, Is::Old]);
    let report = ready(&fleet, &["-o", "json"]).json();
    let upgrade = &report["upgrades"][0];
    assert_eq!(array(&upgrade["ready"]), ["web-01"]);
    let unknown = upgrade["unknown"].as_array().unwrap();
    assert!(unknown[0]["reason"].as_str().unwrap().starts_with("unparsable: "), "{unknown:?}");
    assert_eq!(unknown[1]["host"], "web-03");
    assert!(!unknown[1]["reason"].as_str().unwrap().is_empty(), "{unknown:?}");
    assert_eq!(upgrade["verdict"], "unknown");
}

#[test]
fn the_report_for_programs_is_whole_and_claims_nothing_about_drift() {
    let fleet = fleet(&[Is::Ready, Is::Ready, Is::WithoutSource, Is::Held, Is::WithoutSource, Is::Down]);
    let report = ready(&fleet, &["-o", "json"]).json();
    let upgrade = &report["upgrades"][0];
    assert_eq!((&upgrade["cluster"], &upgrade["package"]), (&"web".into(), &"nginx".into()));
    assert_eq!(upgrade["target"], "1.26");
    assert_eq!(upgrade["verdict"], "fix-first");
    let causes = upgrade["causes"].as_array().unwrap().iter();
    let causes: Vec<&str> = causes.map(|cause| cause["message"].as_str().unwrap()).collect();
    assert_eq!(
        causes,
        [
            "fails on web-03 and web-05 because nginx 1.26 (the newest on offer is 1.22-1) has no candidate; 3 others get it from debian trixie-backports, which those two do not have",
            "fails on web-04 because nginx is on hold",
        ]
    );
    assert_eq!(upgrade["blocked"][0]["inhibitors"][0]["rule"], "target-unavailable");
    let spread = |when: &str| -> Vec<(String, usize)> {
        let shares = upgrade[when].as_array().unwrap().iter();
        shares.map(|share| (share["version"].to_string(), share["hosts"].as_array().unwrap().len())).collect()
    };
    assert_eq!(spread("spread_now"), [("\"1.22-1\"".to_owned(), 5), ("null".to_owned(), 1)]);
    let after = [("\"1.22-1\"".to_owned(), 3), ("\"1.26-1\"".to_owned(), 2), ("null".to_owned(), 1)];
    assert_eq!(spread("spread_after"), after);
    assert_eq!(upgrade["spread_after"][2]["state"], "unknown");
    assert!(upgrade["forecast"].as_str().unwrap().ends_with("would leave the cluster drifted"));
    assert_eq!(upgrade["changes"][0]["packages"].as_array().unwrap().len(), 2);
    assert!(report["unseen"].as_str().unwrap().contains("scripts"));
    for absent in ["in_sync", "drifted"] {
        assert!(report["summary"].get(absent).is_none(), "{absent}");
    }
    for absent in ["verdict", "reasons", "snowflake"] {
        assert!(report["hosts"][0].get(absent).is_none(), "{absent}");
    }
    assert!(report["clusters"][0].get("packages").is_none() && report.get("advice").is_none());
    let rules = keys(&report);
    assert!(rules.iter().all(|key| !key.starts_with("package-")), "{rules:?}");
}

#[test]
fn the_hosts_that_are_blocked_are_listed_once_in_order() {
    let fleet = fleet(&[Is::Held, Is::Ready, Is::WithoutSource, Is::Down]);
    let run = ready(&fleet, &["-o", "hosts", "--target", "curl=8"]);
    assert_eq!(run.stdout, "web-01\nweb-03\n");
}

#[test]
fn the_table_answers_three_questions_in_80_and_160_columns() {
    let fleet =
        fleet(&[Is::Ready, Is::Ready, Is::WithoutSource, Is::Held, Is::WithoutSource, Is::Down, Is::Rubbish]);
    for columns in ["80", "160"] {
        let arguments = ["ready", "-i", "inventory.toml", "-p", "upgrade.toml"];
        let run = wait(fleet.room.command(&arguments).env("COLUMNS", columns).spawn().unwrap());
        let told = &run.stdout;
        for needed in [
            "fix first",
            "web-[03,05]: nginx 1.26 (the newest on offer is 1.22-1) has no candidate",
            "apt-mark unhold nginx",
            "installs libssl4 4.0-1",
            "days old",
        ] {
            assert!(told.replace("\n            ", " ").contains(needed), "{needed}:\n{told}");
        }
        assert!(!told.contains("in sync") && !told.contains("drifted   "), "{told}");
        assert!(told.contains("2 ready, 3 blocked, 2 unknown   findings: 4 high, 1 medium"), "{told}");
        let widest = told.lines().filter(|line| !line.contains("- ")).map(|line| line.chars().count()).max();
        assert!(widest <= columns.parse().ok(), "{widest:?} columns:\n{told}");
        assert!(!told.contains('\u{1b}'), "what a host says cannot colour it");
    }
}

#[test]
fn a_thousand_hosts_make_no_longer_report_than_ten() {
    let hosts: Vec<Is> = (0..1000)
        .map(|nth| match nth % 50 {
            7 => Is::WithoutSource,
            11 => Is::Held,
            13 => Is::Rubbish,
            _ => Is::Ready,
        })
        .collect();
    let fleet = fleet(&hosts);
    // A thousand servers in this very process may take their time.
    let run = ready(&fleet, &["--connect-timeout", "50", "--timeout", "50"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert!(run.stdout.lines().count() < 60, "{}", run.stdout);
    assert!(run.stdout.contains("980 others") || run.stdout.contains("960 others"), "{}", run.stdout);
}

#[test]
fn a_target_of_the_command_line_needs_no_playbook() {
    let fleet = fleet(&[Is::Ready, Is::Ready]);
    let run = |arguments: &[&str]| fleet.room.run(&[&["ready", "-i", "inventory.toml"], arguments].concat());
    assert_eq!(run(&["--target", "nginx=1.26"]).status, 0);
    assert_eq!(run(&["--target", "nginx=1.26", "--target", "nginx=1.26"]).status, 0);
    // What no host's answer speaks of is not known.
    let moon = run(&["--target", "moon=1", "-o", "json"]);
    assert_eq!(moon.status, 3, "{}", moon.stdout);
}

#[test]
fn bad_input_is_told_before_any_host_is_asked() {
    let fleet = fleet(&[Is::Ready]);
    for (target, needed) in [
        ("nginx", "expected PACKAGE=VERSION"),
        ("nginx=", "expected a version"),
        ("=1", "no package name"),
        ("nginx=newest one", "expected a version"),
        ("ng inx=1", "no package name"),
    ] {
        let run = ready(&fleet, &["--target", target]);
        assert_eq!(run.status, 1, "{target}: {}", run.stderr);
        assert!(run.stderr.contains(needed), "{target}: {}", run.stderr);
    }
    let run = ready(&fleet, &["--target", "nginx=1.26", "--target", "nginx=1.28"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("nginx is to come to 1.26, and to 1.28"), "{}", run.stderr);
    fleet.room.write("none.toml", "[[package]]\nname = \"nginx\"\n");
    let none = fleet.room.run(&["ready", "-i", "inventory.toml", "-p", "none.toml"]);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains("there is no upgrade to ask about"), "{}", none.stderr);
    fleet.room.write("two.toml", format!("{PLAYBOOK}{}", PLAYBOOK.replace("1.26", "1.28")));
    let two = fleet.room.run(&["ready", "-i", "inventory.toml", "-p", "two.toml"]);
    assert_eq!(two.status, 1);
    assert!(two.stderr.contains("two.toml:4") && two.stderr.contains("two versions"), "{}", two.stderr);
}

#[test]
fn waived_and_accepted_obstacles_make_ready_where_the_solver_would() {
    let fleet = fleet(&[Is::Ready, Is::Held]);
    let waiver = "[[waiver]]\nrule = \"held\"\nhosts = \"web-02\"\njustification = \"let go first\"\nuntil = 2999-01-01\n";
    fleet.room.write("waived.toml", format!("{PLAYBOOK}{waiver}"));
    let run = fleet.room.run(&["ready", "-i", "inventory.toml", "-p", "waived.toml"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert!(run.stdout.contains("let go first"), "{}", run.stdout);
    ready(&fleet, &["-o", "json=known.json"]);
    assert_eq!(ready(&fleet, &["--accept", "known.json"]).status, 0);
    let refused = self::fleet(&[Is::Ready, Is::WithoutSource]);
    ready(&refused, &["-o", "json=known.json"]);
    assert_eq!(ready(&refused, &["--accept", "known.json"]).status, 2, "its own solver does not do it");
}

#[test]
fn a_host_under_maintenance_fails_no_run() {
    for is in [Is::WithoutSource, Is::Down, Is::Rubbish] {
        let fleet = fleet(&[Is::Ready, is]);
        let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
        let kept = inventory.replace("[hosts.\"web-02\"]", "[hosts.web-02]");
        let kept = kept.replace("[hosts.web-02]\n", "[hosts.web-02]\nmaintenance = \"disk swap\"\n");
        assert_ne!(kept, inventory);
        fleet.room.write("inventory.toml", kept);
        assert_eq!(ready(&fleet, &[]).status, 0);
    }
}

#[test]
fn quiet_and_verbose_are_those_of_an_audit() {
    let fleet = fleet(&[Is::Ready, Is::Ready]);
    let quiet = ready(&fleet, &["-q", "-o", "json=report.json"]);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let verbose = ready(&fleet, &["-v"]);
    assert_eq!(verbose.stderr.lines().filter(|line| line.ends_with("ok")).count(), 2);
}

#[test]
fn an_audit_counts_obstacles_as_findings_where_it_asks_for_them() {
    let fleet = fleet(&[Is::Ready, Is::Ready, Is::Ready, Is::WithoutSource, Is::Held]);
    let audit =
        |arguments: &[&str]| fleet.audit(&[&["-p", "upgrade.toml", "-o", "json"], arguments].concat());
    let nothing = fleet.audit(&["--ready"]);
    assert!(nothing.stderr.contains("no playbook has an [[upgrade]]"), "{}", nothing.stderr);
    let plain = audit(&[]).json();
    assert!(plain.get("upgrades").is_none() && plain.get("unseen").is_none());
    let run = audit(&["--ready", "--fail-on", "high"]);
    assert_eq!(run.status, 2);
    let report = run.json();
    assert_eq!(report["upgrades"][0]["verdict"], "fix-first");
    assert_eq!(report["hosts"][3]["verdict"], "repair", "{}", report["hosts"][3]);
    assert!(keys(&report).contains(&"target-unavailable/web/web-04/nginx"));
}
