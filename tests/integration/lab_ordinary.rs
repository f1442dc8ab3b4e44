//! Healthy hosts that differ as real ones do: a report of nothing must be short, or nobody reads the next one.

use crate::harness::{Outcome, Room, project, wait};

const PLAYBOOK: &str = r#"
[[package]]
name = "nginx"
[[package]]
name = "webd"
[[package]]
name = "phased"
[everything-else]
compare = true
[[file]]
path = "/etc/nginx/conf.d/*.conf"
normalise = ['^\s*server_name ']
[[file]]
path = "/etc/nginx/nginx.conf"
[[sysctl]]
key = "vm.swappiness"
"#;

fn audit(playbook: &str, arguments: &[&str]) -> Outcome {
    let room = Room::new();
    room.write("playbook.toml", playbook);
    let playbook = room.path("playbook.toml").display().to_string();
    let usual = ["audit", "-i", "inventories/lab.toml", "-l", "ordinary", "-p", &playbook];
    wait(room.command(&[&usual[..], arguments].concat()).current_dir(project()).spawn().unwrap())
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn healthy_hosts_that_differ_as_all_do_fit_one_screen() {
    let run = audit(PLAYBOOK, &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.lines().count() <= 24, "{}", run.stdout);
    assert!(run.stdout.contains("3 in sync   findings: none"), "{}", run.stdout);
    let report = audit(PLAYBOOK, &["-o", "json"]).json();
    let told = report["findings"].as_array().unwrap().iter();
    let worse: Vec<_> = told.filter(|finding| finding["severity"] != "info").collect();
    assert!(worse.is_empty(), "{worse:#?}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn without_a_playbook_they_are_in_sync_too() {
    let run = audit("", &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.lines().count() <= 12, "{}", run.stdout);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_left_out_of_the_comparison_is_really_there() {
    let report = audit(
        "[everything-else]\ncompare = true\n[[package]]\nname = \"intel-microcode\"\n",
        &["-o", "json"],
    );
    let keys = report.json()["findings"].to_string();
    assert!(keys.contains("package-extra/ordinary/ord-01/intel-microcode"), "{keys}");
    let without = audit(&PLAYBOOK.replace("normalise = ['^\\s*server_name ']", ""), &[]);
    assert_eq!(without.status, 2, "host names differ: {}", without.stdout);
}
