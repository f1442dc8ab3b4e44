//! What is written, where, how it looks, and what the exit status says.

use std::io::Read as _;

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, answers};
use crate::harness::{field, keys};

/// Five hosts with one nginx, and one with another.
fn drifted() -> Fleet {
    let hosts = (1..=5).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3", "curl=8.14.1-2"])));
    Fleet::new(hosts.chain([("web-06".to_owned(), answers(&["nginx=1.26.3-1", "curl=8.14.1-2"]))]))
}

#[test]
fn several_reports_come_from_one_run() {
    let fleet = drifted();
    let run = fleet.audit(&["-o", "json=report.json", "-o", "hosts=drifted", "-o", "table"]);
    assert_eq!(run.status, 2);
    assert!(run.stdout.contains("web-[01-05]"), "{}", run.stdout);
    let json = std::fs::read_to_string(fleet.room.path("report.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(keys(&report), ["package-version/web/web-06/nginx"]);
    assert_eq!(std::fs::read_to_string(fleet.room.path("drifted")).unwrap(), "web-06\n");
    let folder = [".local", "drifted", "inventory.toml", "key", "known_hosts", "report.json"];
    assert_eq!(fleet.room.listing(), folder, "beside the store nothing else is left");
}

#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let run = drifted().audit(&["-o", "json=no/such/folder/report.json"]);
    assert_eq!(run.status, 1);
    assert!(run.stderr.contains("no/such/folder/report.json"), "{}", run.stderr);
}

#[test]
fn the_exit_status_follows_fail_on() {
    let fleet = drifted();
    for (threshold, status) in
        [("info", 2), ("low", 2), ("medium", 2), ("high", 0), ("critical", 0), ("never", 0)]
    {
        assert_eq!(fleet.audit(&["--fail-on", threshold]).status, status, "{threshold}");
    }
    assert_eq!(Fleet::of_equals(4).audit(&[]).status, 0);
}

#[test]
fn findings_weigh_more_than_hosts_that_are_missing() {
    let hosts = (1..=4).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3"])));
    let others =
        [("web-05".to_owned(), answers(&["nginx=1.26.3-1"])), ("web-06".to_owned(), Behaviour::Down)];
    let fleet = Fleet::new(hosts.chain(others));
    assert_eq!(fleet.audit(&[]).status, 2);
    assert_eq!(fleet.audit(&["--fail-on", "high"]).status, 3);
    assert_eq!(fleet.audit(&["--fail-on", "never"]).status, 3);
}

#[test]
fn what_an_earlier_report_knows_does_not_fail() {
    let fleet = drifted();
    fleet.audit(&["-o", "json=known.json"]);
    let run = fleet.audit(&["--accept", "known.json", "-o", "json"]);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let finding = &run.json()["findings"][0];
    assert_eq!(finding["key"], "package-version/web/web-06/nginx");
    assert!(finding["waived"]["justification"].as_str().unwrap().contains("known.json"), "{finding}");
    let other = (1..=5).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3"])));
    let other = Fleet::new(other.chain([("web-07".to_owned(), answers(&["nginx=1.26.3-1"]))]));
    std::fs::copy(fleet.room.path("known.json"), other.room.path("known.json")).unwrap();
    assert_eq!(other.audit(&["--accept", "known.json"]).status, 2, "another host is another finding");
}

#[test]
fn the_table_fits_80_and_160_columns() {
    let fleet = drifted();
    for columns in ["80", "160"] {
        let child = fleet.command(&[]).env("COLUMNS", columns).spawn().unwrap();
        let run = crate::harness::wait(child);
        let widest = run.stdout.lines().filter(|line| !line.contains("- ")).map(str::len).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "{widest} columns:\n{}", run.stdout);
        assert!(!run.stdout.contains('\u{1b}'), "no colour on a pipe");
    }
}

#[test]
fn colour_can_be_had_on_a_pipe() {
    let fleet = drifted();
    assert!(fleet.audit(&["--color", "always"]).stdout.contains("\u{1b}["));
    assert!(!fleet.audit(&["--color", "never"]).stdout.contains('\u{1b}'));
}

/// What a program prints on a terminal of its own: util-linux's script(1) makes one.
fn on_a_terminal(fleet: &Fleet, variables: &[(&str, &str)]) -> String {
    let program = env!("CARGO_BIN_EXE_driftless");
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &format!("{program} audit -i inventory.toml"), "/dev/null"]);
    command.current_dir(fleet.room.path(".")).env_clear().env("PATH", "/usr/bin:/bin").env("TERM", "xterm");
    command
        .env("HOME", fleet.room.path("."))
        .envs(variables.iter().copied())
        .stdin(std::process::Stdio::null());
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn a_terminal_gets_colour_unless_no_color_is_set() {
    let fleet = drifted();
    assert!(on_a_terminal(&fleet, &[]).contains("\u{1b}[1mdriftless audit"));
    let plain = on_a_terminal(&fleet, &[("NO_COLOR", "1")]);
    assert!(plain.contains("driftless audit") && !plain.contains("\u{1b}[1m"), "{plain:?}");
}

#[test]
fn progress_is_for_terminals() {
    let run = drifted().audit(&[]);
    assert_eq!(run.stderr, "");
    let verbose = drifted().audit(&["-v"]);
    assert_eq!(verbose.stderr.lines().filter(|line| line.ends_with("ok")).count(), 6);
}

#[test]
fn a_reader_that_has_seen_enough_is_success() {
    let fleet = Fleet::of_equals(3);
    let mut child = fleet.command(&["-o", "json"]).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let _ = stdout.read(&mut [0; 1]);
    drop(stdout);
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_thousand_hosts_with_two_troubles_are_told_in_few_lines() {
    let hosts = (0..1000).map(|nth| {
        let nginx = if nth % 100 == 7 { "nginx=1.26.3-1" } else { "nginx=1.26.3-3" };
        let behaviour = if nth == 500 { Behaviour::Down } else { answers(&[nginx]) };
        (format!("web-{nth:04}"), behaviour)
    });
    let fleet = Fleet::new(hosts);
    // A thousand servers in this very process may take their time.
    let run = fleet.audit(&["--connect-timeout", "60"]);
    assert!(run.stdout.lines().count() < 40, "{}", run.stdout);
    assert!(run.stdout.contains("1000 hosts: 999 audited, 1 unreachable"), "{}{}", run.stdout, run.stderr);
    assert!(run.stdout.contains("web-[0000-0006,0008-0106"), "{}", run.stdout);
    assert!(run.peak < 300 << 20, "it held {} MiB", run.peak >> 20);
}

#[test]
fn hosts_of_the_command_line_keep_the_inventorys_settings() {
    let fleet = Fleet::of_equals(4);
    let report = fleet.audit(&["web-02", "web-03", "-o", "json"]).json();
    assert_eq!(report["summary"]["hosts"], 2);
    assert_eq!(field(&report, "hosts", "web-02", "status"), "audited");
    let limited = fleet.audit(&["-l", "web:!web-0[12]*", "-o", "json"]).json();
    assert_eq!(limited["summary"]["hosts"], 2);
}

#[test]
fn a_report_that_could_not_be_written_is_told_before_any_host_is_asked_and_costs_no_audit() {
    let fleet = drifted();
    for path in ["no/such/folder/report.json", "."] {
        let run = fleet.audit(&["-v", "-o", &format!("json={path}"), "-o", "hosts=drifted"]);
        assert_eq!(run.status, 1);
        let (warned, asked) = (run.stderr.find("warning: "), run.stderr.find("web-01"));
        assert!(warned.is_some() && warned < asked && run.stderr.contains("\nerror: "), "{}", run.stderr);
        assert!(!run.stderr.contains(".driftless-"), "{}", run.stderr);
        assert!(run.stdout.starts_with("driftless audit   6 hosts"), "{}", run.stdout);
        assert_eq!(std::fs::read_to_string(fleet.room.path("drifted")).unwrap(), "web-06\n");
    }
    let history = fleet.room.run(&["history", "-o", "json"]).json();
    assert_eq!(history["runs"].as_array().map(Vec::len), Some(2), "the runs are kept");
}

#[test]
fn a_report_keeps_the_mode_of_its_file_and_follows_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let fleet = Fleet::of_equals(3);
    let mode = |name: &str| fleet.room.path(name).metadata().unwrap().permissions().mode() & 0o777;
    fleet.room.write("there.json", "old");
    std::fs::set_permissions(fleet.room.path("there.json"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink("there.json", fleet.room.path("link.json")).unwrap();
    fleet.audit(&["-o", "json=link.json", "-o", "hosts=new"]);
    assert_eq!(mode("there.json"), 0o640);
    assert!(fleet.room.path("link.json").symlink_metadata().unwrap().is_symlink());
    assert!(std::fs::read_to_string(fleet.room.path("there.json")).unwrap().contains("driftless/report/v1"));
    assert_ne!(mode("new"), 0o600, "what the umask leaves");
}

#[test]
fn a_host_with_two_ports_is_refused_and_brackets_are_no_part_of_a_name() {
    let fleet = Fleet::of_equals(2);
    let run = fleet.audit(&["web-01:2222", "web-01:22"]);
    assert_eq!(run.status, 1);
    assert!(
        run.stderr.contains("`web-01:22`") && run.stderr.contains("another user or port"),
        "{}",
        run.stderr
    );
    let report = fleet.audit(&["::1", "[::1]", "--port", "1", "-o", "json"]).json();
    assert_eq!(report["summary"]["hosts"], 1);
}
