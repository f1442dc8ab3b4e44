//! Files, conffiles and kernel parameters, from simulated hosts to the report.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, host_with};
use crate::harness::{Room, field, keys};

/// Three hosts of which a section says the same, and one of which it says something else.
fn fleet(section: &str, same: &str, odd: &str) -> Fleet {
    let host = |text: &str| {
        let recording = host_with(&["nginx=1-1"]).with(section, text.as_bytes());
        Behaviour::Answers(Arc::new(recording))
    };
    let names = ["web-01", "web-02", "web-03"].into_iter().map(|name| (name.to_owned(), host(same)));
    Fleet::new(names.chain([("web-04".to_owned(), host(odd))]))
}

const FILE: &str = "[[file]]\npath = \"/etc/app.conf\"\nshow = true\n";

fn app_conf(hash: u8, content: &str) -> String {
    let lines: String = content.lines().map(|line| format!("\t{line}\n")).collect();
    format!("1\tfile\t644\troot:root\t{}\t-\t{hash:064}\t/etc/app.conf\n{lines}1\tdone\n", content.len())
}

#[test]
fn what_may_be_shown_stands_in_the_table_escaped() {
    let fleet = fleet("files", &app_conf(1, "a\nport 80\n"), &app_conf(2, "a\n  port \u{1b}[31m81\n"));
    fleet.room.write("play.toml", FILE);
    let run = fleet.audit(&["-p", "play.toml"]);
    assert_eq!(run.status, 2, "{}", run.stderr);
    for words in [
        "content differs (17 bytes; expected 10)",
        "-port 80",
        "+  port \\u{1b}[31m81",
        "put /etc/app.conf back",
    ] {
        assert!(run.stdout.contains(words), "no `{words}`:\n{}", run.stdout);
    }
    assert!(!run.stdout.contains('\u{1b}'));
}

#[test]
fn a_file_that_needs_privilege_leaves_its_host_partial() {
    let fleet = fleet("files", &app_conf(1, ""), "1\tunreadable\t/etc/app.conf\n1\tdone\n");
    fleet.room.write("play.toml", FILE);
    let run = fleet.audit(&["-p", "play.toml", "-o", "json"]);
    let report = run.json();
    assert_eq!((run.status, keys(&report)), (3, vec!["gap/web/web-04/file:/etc/app.conf"]));
    assert_eq!(field(&report, "hosts", "web-04", "verdict"), "unknown");
    assert_eq!(field(&report, "hosts", "web-04", "gaps")[0]["reason"], "needs-privilege");
}

#[test]
fn the_key_is_made_when_a_file_is_first_asked_for_and_stands_in_no_output() {
    let fleet = fleet("files", &app_conf(1, ""), &app_conf(2, ""));
    let path = fleet.room.path(".local/state/driftless/file-key");
    fleet.room.write("play.toml", "[[package]]\nname = \"nginx\"\n");
    assert_eq!(fleet.audit(&["-p", "play.toml"]).status, 0);
    assert!(!path.exists(), "nobody asked for a file");
    fleet.room.write("play.toml", FILE);
    let run = fleet.audit(&["-p", "play.toml", "-o", "json", "-v", "-v"]);
    let key = std::fs::read(&path).unwrap();
    assert_eq!((key.len(), path.metadata().unwrap().permissions().mode() & 0o777), (32, 0o600));
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!run.stdout.contains(&hex) && !run.stderr.contains(&hex));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let run = fleet.audit(&["-p", "play.toml"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(
        run.stderr.contains("file-key: others may read") && run.stderr.contains("chmod 600"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_pattern_that_hosts_cannot_follow_is_refused_with_its_place() {
    let room = Room::new();
    room.write("play.toml", "[[file]]\npath = \"/etc/motd\"\nnormalise = ['^host ', '(?i)name']\n");
    let run = room.run(&["audit", "web-01", "-p", "play.toml"]);
    assert_eq!(run.status, 1);
    for words in ["play.toml:3:25", "a regular expression that hosts cannot follow", "[Aa]"] {
        assert!(run.stderr.contains(words), "no `{words}`:\n{}", run.stderr);
    }
}

#[test]
fn a_parameter_that_runs_otherwise_is_told_by_its_file_and_put_right_by_commands() {
    let host = |running: &str| {
        format!(
            "file\t/etc/sysctl.d/60-app.conf\nline\t/etc/sysctl.d/60-app.conf\tvm.swappiness = 60\nvalue\tvm/swappiness\t{running}\n"
        )
    };
    let fleet = fleet("sysctl", &host("60"), &host("75"));
    let run = fleet.audit(&["-o", "json"]);
    let report = run.json();
    assert_eq!((run.status, keys(&report)), (2, vec!["sysctl-runtime/web/web-04/vm.swappiness"]));
    assert_eq!(report["findings"][0]["evidence"]["configured_by"], "/etc/sysctl.d/60-app.conf");
    let steps = report["advice"][0]["steps"].as_array().unwrap();
    assert_eq!(steps[0], "sysctl -w vm.swappiness=60");
    assert_eq!(steps[1], "ansible 'web-04' -b -m ansible.posix.sysctl -a 'name=vm.swappiness value=60'");
}
