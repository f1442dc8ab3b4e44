//! The real servers of tests/lab. `scripts/test` starts the lab and runs these.

use std::process::{Command, Stdio};

use crate::harness::{Outcome, Room, field, keys, project, wait};

/// `driftless audit` on the lab's own inventory, from the project's folder as the README shows it.
#[track_caller]
pub(crate) fn audit(arguments: &[&str]) -> Outcome {
    let room = Room::new();
    let mut command = room
        .command(&[&["audit", "-i", "inventories/lab.toml", "--connect-timeout", "4"], arguments].concat());
    wait(command.current_dir(project()).spawn().unwrap())
}

/// A room with an inventory of the lab's web-01 alone, reached in another way.
fn web_01(settings: &str) -> Room {
    let room = Room::new();
    let known = key("known_hosts");
    room.write(
        "hosts.toml",
        format!(
            "[hosts.web-01]\naddress = \"127.77.0.1\"\nuser = \"root\"\nknown_hosts = {known:?}\n{settings}"
        ),
    );
    room
}

pub(crate) fn key(name: &str) -> String {
    project().join("target/lab").join(name).display().to_string()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_whole_lab_is_audited() {
    let run = audit(&["-p", "playbooks/nginx.toml", "-o", "json"]);
    let report = run.json();
    assert_eq!(run.status, 2, "{}", run.stderr);
    for (host, status, verdict) in [
        ("web-01", "audited", "in-sync"),
        ("web-07", "audited", "repair"),
        ("web-08", "audited", "repair"),
        ("web-09", "audited", "replace"),
        ("web-10", "audited", "replace"),
        ("web-11", "audited", "replace"),
        ("web-12", "unreachable", "unknown"),
        ("web-13", "unreachable", "unknown"),
        ("web-14", "unreachable", "unknown"),
        ("web-15", "audited", "in-sync"),
        ("db-02", "audited", "in-sync"),
        ("odd-01", "partial", "unknown"),
        ("odd-02", "partial", "unknown"),
        ("odd-03", "audited", "in-sync"),
        ("odd-05", "audited", "repair"),
        ("rpm-01", "audited", "in-sync"),
        ("rpm-02", "partial", "unknown"),
        ("alpine-01", "audited", "in-sync"),
        ("arch-01", "audited", "in-sync"),
    ] {
        assert_eq!(field(&report, "hosts", host, "status"), status, "{host}");
        assert_eq!(field(&report, "hosts", host, "verdict"), verdict, "{host}");
    }
    for (host, phase) in [("web-12", "connect"), ("web-13", "host-key"), ("web-14", "authenticate")] {
        assert_eq!(field(&report, "hosts", host, "error")["phase"], phase, "{host}");
    }
    for expected in [
        "package-missing/web/web-07/nginx",
        "package-held/web/web-08/nginx",
        "package-broken/web/web-09/site-assets",
        "release/web/web-10/os-release",
        "release/web/web-11/os-release",
        "package-version/web/web-10/nginx",
        "gap/odd/odd-01/dpkg",
        "gap/odd/odd-02/dpkg",
    ] {
        assert!(keys(&report).contains(&expected), "no {expected}: {:?}", keys(&report));
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn packages_are_what_dpkg_says() {
    let report = audit(&["-l", "web-01,web-02,web-03", "-p", "playbooks/nginx.toml", "-o", "json"]).json();
    let version = inside("web-01", "dpkg-query -W -f '${Version}' nginx");
    assert_eq!(field(&report["clusters"][0], "packages", "nginx", "expected"), version.as_str());
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_audit_changes_nothing_on_the_host() {
    let before = inside("web-02", "date +%s.%N");
    assert_eq!(audit(&["-l", "web-02"]).status, 0);
    // What sshd logs of a login is its own; these are its files, and the folders that hold them.
    let changed = inside(
        "web-02",
        &format!(
            "find / -xdev -newerct '@{}' -not -path '/run*' -not -path '/var/log*' -not -path '/dev*' -print",
            before.trim()
        ),
    );
    assert_eq!(changed, "");
    let control =
        inside("web-02", "touch /etc/marker; find /etc -newermt '-1 minute' -name marker; rm /etc/marker");
    assert_eq!(control, "/etc/marker\n", "a change would be seen");
}

/// What a command prints inside a host of the lab.
#[track_caller]
pub(crate) fn inside(host: &str, command: &str) -> String {
    let lab = project().join("tests/lab/lab");
    let arguments = ["shell", host, "sh", "-c", command];
    let output = Command::new(lab).args(arguments).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn every_kind_of_key_opens_a_real_sshd() {
    for kind in ["id_ed25519", "id_rsa", "id_ecdsa"] {
        let room = web_01(&format!("identity = {:?}\n", key(kind)));
        let run = room.run(&["audit", "-i", "hosts.toml"]);
        assert_eq!(run.status, 0, "{kind}: {}{}", run.stdout, run.stderr);
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_passphrase_is_asked_for_once_and_without_echo() {
    let room = Room::new();
    let known = key("known_hosts");
    room.write(
        "hosts.toml",
        format!(
            "[defaults]\nuser = \"root\"\nidentity = {:?}\nknown_hosts = {known:?}\n[hosts.web-01]\naddress = \"127.77.0.1\"\n[hosts.web-02]\naddress = \"127.77.0.2\"\n",
            key("id_locked")
        ),
    );
    let program = env!("CARGO_BIN_EXE_driftless");
    // The passphrase is typed once the question stands there.
    let typed = format!(
        "(sleep 2; echo opensesame) | script -qec '{program} audit -i hosts.toml --no-progress' /dev/null"
    );
    let output = Command::new("sh")
        .args(["-c", &typed])
        .current_dir(room.path("."))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", room.path("."))
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(shown.matches("Passphrase for").count(), 1, "{shown}");
    assert!(!shown.contains("opensesame"), "{shown}");
    assert!(shown.contains("2 hosts: 2 audited"), "{shown}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn without_a_terminal_a_locked_key_is_a_fault_with_a_cure() {
    let room = web_01(&format!("identity = {:?}\n", key("id_locked")));
    // setsid leaves the program no terminal to ask on.
    let mut command = Command::new("setsid");
    command.args(["-w", env!("CARGO_BIN_EXE_driftless"), "audit", "-i", "hosts.toml"]);
    command.current_dir(room.path(".")).env_clear().env("HOME", room.path(".")).env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = wait(command.spawn().unwrap());
    assert_eq!(run.status, 1, "{}", run.stdout);
    assert!(run.stdout.contains("passphrase"), "{}", run.stdout);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_agents_keys_are_used() {
    let room = web_01("");
    let socket = room.path("agent");
    let mut agent =
        Command::new("ssh-agent").args(["-D", "-a"]).arg(&socket).stdout(Stdio::null()).spawn().unwrap();
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for kind in ["id_rsa", "id_ed25519"] {
        let added = Command::new("ssh-add")
            .arg(key(kind))
            .env("SSH_AUTH_SOCK", &socket)
            .stderr(Stdio::null())
            .status();
        assert!(added.unwrap().success());
        let run =
            wait(room.command(&["audit", "-i", "hosts.toml"]).env("SSH_AUTH_SOCK", &socket).spawn().unwrap());
        assert_eq!(run.status, 0, "{kind}: {}", run.stdout);
        let removed =
            Command::new("ssh-add").arg("-D").env("SSH_AUTH_SOCK", &socket).stderr(Stdio::null()).status();
        assert!(removed.unwrap().success());
    }
    agent.kill().unwrap();
    agent.wait().unwrap();
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_unknown_key_is_one_message_with_the_cure_and_can_be_accepted() {
    let room = Room::new();
    room.write(
        "hosts.toml",
        format!(
            "[defaults]\nuser = \"root\"\nidentity = {:?}\nknown_hosts = \"known\"\n[hosts.web-01]\naddress = \"127.77.0.1\"\n[hosts.web-02]\naddress = \"127.77.0.2\"\n",
            key("id_ed25519")
        ),
    );
    let strict = room.run(&["audit", "-i", "hosts.toml"]);
    assert_eq!(strict.status, 1);
    assert_eq!(strict.stderr.matches("warning").count(), 1, "{}", strict.stderr);
    assert!(strict.stderr.contains("web-[01-02]") && strict.stderr.contains("--host-key accept-new"));
    let accepted = room.run(&["audit", "-i", "hosts.toml", "--host-key", "accept-new"]);
    assert_eq!(accepted.status, 0, "{}", accepted.stdout);
    assert_eq!(room.run(&["audit", "-i", "hosts.toml"]).status, 0, "the keys were remembered");
    // OpenSSH reads what was written.
    let found =
        Command::new("ssh-keygen").args(["-F", "127.77.0.1", "-f"]).arg(room.path("known")).output().unwrap();
    assert!(found.status.success());
    let insecure = room.run(&["audit", "-i", "hosts.toml", "--host-key", "insecure", "-q"]);
    assert!(insecure.stderr.contains("HOST KEYS ARE NOT CHECKED"), "{}", insecure.stderr);
}
