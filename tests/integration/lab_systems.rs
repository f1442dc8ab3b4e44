//! The lab's real hosts of other package systems: what the probe sees there is what the real tools list.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use driftless::probe::{COMMAND, Request, Wanted};
use driftless::snapshot::{Package, Reader, Snapshot, Strings};

use crate::harness::{field, keys};
use crate::lab::{audit, inside, key};

/// What the probe sees on a host of the lab, as a user.
#[track_caller]
fn seen(address: &str, user: &str) -> (Snapshot, Strings) {
    seen_of(address, user, Wanted::default())
}

/// The same, with what is wanted beyond what every host is asked.
#[track_caller]
pub(crate) fn seen_of(address: &str, user: &str, wanted: Wanted) -> (Snapshot, Strings) {
    let request = Request::new([7; 16], wanted);
    let output = answer(address, user, &request);
    let mut reader = Reader::default();
    let snapshot = reader.read(&output.stdout, &output.stderr, &request);
    let snapshot = snapshot.unwrap_or_else(|unread| panic!("{unread:?}: {output:?}"));
    (snapshot, reader.into_strings())
}

/// What a host of the lab answers to a request, through the system's own ssh.
#[track_caller]
pub(crate) fn answer(address: &str, user: &str, request: &Request) -> Output {
    let known_hosts = format!("UserKnownHostsFile={}", key("known_hosts"));
    let mut ssh = Command::new("ssh")
        .args([
            "-F",
            "/dev/null",
            "-i",
            &key("id_ed25519"),
            "-l",
            user,
            "-o",
            &known_hosts,
            "-o",
            "BatchMode=yes",
        ])
        .args([address, COMMAND])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    ssh.stdin.take().unwrap().write_all(request.stdin()).unwrap();
    ssh.wait_with_output().unwrap()
}

/// Packages as lines of text, in the order of the alphabet.
fn lines(
    (snapshot, strings): &(Snapshot, Strings),
    which: fn(&Package) -> bool,
    line: fn(&str, &str, &str) -> String,
) -> Vec<String> {
    let packages = snapshot.packages.as_ref().unwrap_or_else(|| panic!("{:?}", snapshot.gaps));
    let text = |package: &Package| {
        line(strings.text(package.name), strings.text(package.version), strings.text(package.arch))
    };
    let mut lines: Vec<String> = packages.list.iter().filter(|package| which(package)).map(text).collect();
    lines.sort();
    lines
}

/// What a tool lists on a host of the lab, in the order of the alphabet.
fn tool(host: &str, command: &str) -> Vec<String> {
    let mut lines: Vec<String> = inside(host, command).lines().map(str::to_owned).collect();
    lines.sort();
    assert!(lines.len() > 2, "{lines:?}");
    lines
}

/// Both users see what the tool lists, and nothing is missing.
#[track_caller]
fn sees(
    host: &str,
    address: &str,
    command: &str,
    line: fn(&str, &str, &str) -> String,
) -> (Snapshot, Strings) {
    let listed = tool(host, command);
    for user in ["root", "audit"] {
        let seen = seen(address, user);
        assert_eq!(lines(&seen, |_| true, line), listed, "{user}");
        assert_eq!(seen.0.gaps, [], "{user}");
    }
    seen(address, "audit")
}

/// As a user: root's question would write to the database, which another test looks at.
const RPM_QA: &str = "setpriv --reuid=audit --clear-groups rpm -qa --qf '%{NAME} %{EVR} %{ARCH}\\n'";

#[test]
#[ignore = "needs the lab: scripts/test"]
fn rpm_packages_are_what_rpm_says() {
    let line =
        |name: &str, version: &str, arch: &str| format!("{name} {version} {}", arch.replace("all", "noarch"));
    let seen = sees("rpm-01", "127.77.0.51", RPM_QA, line);
    let name = |name: &str, _: &str, _: &str| name.to_owned();
    assert_eq!(lines(&seen, |package| package.held, name), ["nginx"]);
    assert_eq!(lines(&seen, |package| package.module.is_some(), name), ["nginx"]);
    let kernel = seen.1.find("kernel-core").unwrap();
    let kernels = seen.0.packages.as_ref().unwrap().named(kernel);
    assert_eq!((kernels.len(), seen.1.text(kernels[0].version)), (3, "5.14.0-503.11.1.el9_5"));
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn apk_packages_are_what_apk_says() {
    let line = |name: &str, version: &str, _: &str| format!("{name}-{version}");
    let seen = sees("alpine-01", "127.77.0.53", "apk list --installed 2>/dev/null | cut -d' ' -f1", line);
    let name = |name: &str, _: &str, _: &str| name.to_owned();
    let world = tool("alpine-01", "sed 's/[=<>~@].*//' /etc/apk/world");
    assert_eq!(lines(&seen, |package| package.on_purpose, name), world);
    assert_eq!(lines(&seen, |package| package.held, name), ["curl"]);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn pacman_packages_are_what_pacman_says() {
    let line = |name: &str, version: &str, _: &str| format!("{name} {version}");
    let seen = sees("arch-01", "127.77.0.54", "pacman -Q 2>/dev/null", line);
    assert_eq!(lines(&seen, |package| package.on_purpose, line), tool("arch-01", "pacman -Qe 2>/dev/null"));
    assert_eq!(lines(&seen, |package| package.held, line), ["linux-lts 6.12.48-1"]);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn distroless_packages_are_what_their_files_say() {
    let line = |name: &str, version: &str, _: &str| format!("{name} {version}");
    let files = "cd /var/lib/dpkg/status.d; for package in *; do case $package in *.md5sums) continue ;; esac; \
        sed -n 's/^Package: //p; s/^Version: //p' $package | paste -d' ' - -; done";
    let seen = seen("127.77.0.35", "root");
    assert_eq!(lines(&seen, |_| true, line), tool("odd-05", files));
    assert_eq!(seen.0.gaps, []);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_damaged_rpm_database_is_a_gap_and_no_empty_list() {
    let run = audit(&["-l", "rpm", "-o", "json"]);
    let report = run.json();
    assert_eq!(run.status, 3, "{}", run.stderr);
    assert_eq!(keys(&report), ["gap/rpm/rpm-02/rpm"]);
    let gap = &field(&report, "hosts", "rpm-02", "gaps")[0];
    assert_eq!(gap["reason"], "failed");
    assert!(gap["detail"].as_str().unwrap().contains("file is not a database"), "{gap}");
    assert_eq!(field(&report, "hosts", "rpm-01", "status"), "audited");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn no_package_database_is_written_to() {
    for host in ["rpm-01", "alpine-01", "arch-01", "odd-05"] {
        inside(host, "sleep 1; touch /run/marker; sleep 1");
        assert_eq!(audit(&["-l", host]).status, 0, "{host}");
        let find = "find / -xdev -newer /run/marker ! -path '/run*' ! -path '/var/log*' ! -path '/dev*' ! -path '/proc*'";
        assert_eq!(inside(host, find), "", "{host}");
    }
    inside("rpm-01", "touch /run/marker; sleep 1; rpm -qa");
    let control = inside("rpm-01", "find /var/lib/rpm -newer /run/marker");
    assert_ne!(control, "", "rpm asked by root writes, and that would be seen");
}
