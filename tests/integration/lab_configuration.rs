//! The configuration of real hosts: what the audit tells is what the hosts' own tools tell.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Outcome, Room, Swappiness, keys, project, wait};
use crate::lab::inside;

const KEY: [u8; 32] = *b"a key that only this test knows.";

/// `driftless audit` of the hosts `conf-…` by a playbook, with a key that is known.
#[track_caller]
fn audit(playbook: &str, arguments: &[&str]) -> Outcome {
    let room = Room::new();
    room.write("play.toml", playbook);
    std::fs::create_dir_all(room.path("state/driftless")).unwrap();
    room.write_private("state/driftless/file-key", KEY);
    let inventory = project().join("inventories/lab.toml").display().to_string();
    let fixed = ["audit", "-i", &inventory, "-l", "conf", "-p", "play.toml"];
    let mut command: Command = room.command(&[&fixed, arguments].concat());
    wait(command.env("XDG_STATE_HOME", room.path("state")).spawn().unwrap())
}

#[track_caller]
fn finding<'a>(report: &'a Value, key: &str) -> &'a Value {
    let mut findings = report["findings"].as_array().unwrap().iter();
    findings.find(|finding| finding["key"] == key).unwrap_or_else(|| panic!("no {key}: {:?}", keys(report)))
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_file_that_was_changed_by_hand_is_told_and_shown_only_where_it_may_be() {
    let key = "file-content/conf/conf-03//etc/nginx/nginx.conf";
    let run = audit("[[file]]\npath = \"/etc/nginx/nginx.conf\"\n", &["-o", "json"]);
    let report = run.json();
    assert!(!run.stdout.contains("tuned by hand"), "content left the host");
    let hash = |host: &str| {
        let key: String = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
        let sum = inside(
            host,
            &format!("{{ printf %s {key}; cat /etc/nginx/nginx.conf; }} | sha256sum | cut -c1-8"),
        );
        let size = inside(host, "stat -c %s /etc/nginx/nginx.conf");
        format!("{} bytes, {}", size.trim(), sum.trim())
    };
    assert_eq!(finding(&report, key)["observed"], hash("conf-03"));
    assert_eq!(finding(&report, key)["expected"], hash("conf-01"));
    assert_eq!(run.status, 2);
    let shown = audit("[[file]]\npath = \"/etc/nginx/*.conf\"\nshow = true\n", &["-o", "json"]).json();
    let diff = finding(&shown, key)["evidence"]["diff"].to_string();
    assert!(diff.contains("+# tuned by hand"), "{diff}");
    let left_out = "[[file]]\npath = \"/etc/nginx/nginx.conf\"\nnormalise = ['^# tuned']\n";
    assert!(!keys(&audit(left_out, &["-o", "json"]).json()).contains(&key));
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn modes_are_told_beside_contents() {
    let report = audit("[[file]]\npath = \"/etc/nginx/mime.types\"\n", &["-o", "json"]).json();
    let message = &finding(&report, "file-content/conf/conf-03//etc/nginx/mime.types")["message"];
    assert_eq!(message, "mode 600 where 644 is expected");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn edited_conffiles_are_those_that_dpkg_finds() {
    let report = audit("[[package]]\nname = \"nginx-common\"\n", &["-o", "json"]).json();
    let verified = inside("conf-03", "dpkg --verify nginx-common || true");
    let edited: BTreeSet<String> = verified
        .lines()
        .filter_map(|line| Some(format!("conffile-modified/conf/conf-03/{}", line.split_once(" c ")?.1)))
        .collect();
    let told = keys(&report).into_iter().filter(|key| key.starts_with("conffile-modified/"));
    assert_eq!(told.map(str::to_owned).collect::<BTreeSet<_>>(), edited);
    assert!(edited.len() == 1, "{verified}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_parameter_that_runs_otherwise_is_told_with_its_file() {
    let _same_for_all = Swappiness::kept();
    let report = audit("[[sysctl]]\nkey = \"vm.swappiness\"\n", &["-o", "json"]).json();
    let told: Vec<&str> = keys(&report).into_iter().filter(|key| key.contains("sysctl")).collect();
    assert_eq!(told, ["sysctl-runtime/conf/conf-03/vm.swappiness"], "one cause, one finding");
    let finding = finding(&report, told[0]);
    assert_eq!(
        (&finding["expected"], &finding["evidence"]["configured_by"]),
        (&"199".into(), &"/etc/sysctl.d/60-tuned.conf".into())
    );
    assert_eq!(finding["observed"], inside("conf-03", "sysctl -n vm.swappiness").trim());
}
