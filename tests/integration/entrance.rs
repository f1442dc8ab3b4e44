//! Every way in, on the lab's real servers: certificates, passwords, authorities, jump hosts, dropbear, and
//! the same through the system's `ssh`.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Outcome, Room, field, keys, wait};
use crate::lab::{audit, key};

/// One host of each Debian release.
const RELEASES: [(&str, &str); 3] =
    [("web-01", "127.77.0.1"), ("web-10", "127.77.0.10"), ("web-11", "127.77.0.11")];

/// A room with an inventory of some hosts; `defaults` are the lines of its `[defaults]`.
fn room(defaults: &str, hosts: &[(&str, &str)], more: &str) -> Room {
    let room = Room::new();
    let hosts: String =
        hosts.iter().map(|(name, address)| format!("[hosts.{name}]\naddress = \"{address}\"\n")).collect();
    room.write("hosts.toml", format!("[defaults]\n{defaults}\n{hosts}{more}"));
    room
}

fn known_hosts() -> String {
    format!("known_hosts = {:?}", key("known_hosts"))
}

/// Runs an audit that is given a line on its standard input.
fn with_line(room: &Room, arguments: &[&str], line: &str) -> Outcome {
    let mut command = room.command(&[&["audit", "-i", "hosts.toml", "-o", "json"], arguments].concat());
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    wait(child)
}

#[track_caller]
fn all_audited(run: &Outcome) {
    let report = run.json();
    assert_eq!(report["summary"]["audited"], report["summary"]["hosts"], "{}", errors(&report));
}

/// What each host failed for.
fn errors(report: &Value) -> String {
    let hosts = report["hosts"].as_array().unwrap();
    hosts.iter().map(|host| format!("{}: {}\n", host["name"], host["error"])).collect()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_user_certificate_opens_servers_of_three_releases() {
    for certificate in ["certified-ed25519", "certified-rsa"] {
        for transport in ["native", "openssh"] {
            let defaults =
                format!("user = \"certified\"\nidentity = {:?}\n{}", key(certificate), known_hosts());
            let room = room(&defaults, &RELEASES, "");
            all_audited(&room.run(&["audit", "-i", "hosts.toml", "-o", "json", "--transport", transport]));
        }
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_expired_certificate_is_named_for_the_hosts_that_need_it() {
    let defaults = format!("user = \"certified\"\n{}", known_hosts());
    let more = format!(
        "[hosts.old]\naddress = \"127.77.0.2\"\nidentity = {:?}\n[hosts.good]\naddress = \"127.77.0.3\"\nidentity = {:?}\n",
        key("certified-expired"),
        key("certified-ed25519")
    );
    let report = room(&defaults, &[], &more).run(&["audit", "-i", "hosts.toml", "-o", "json"]).json();
    assert_eq!(field(&report, "hosts", "good", "status"), "audited");
    let error = field(&report, "hosts", "old", "error");
    assert_eq!(error["phase"], "authenticate");
    assert!(
        error["message"].as_str().unwrap().contains("certified-expired-cert.pub: expired on 2"),
        "{error}"
    );
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_authority_vouches_for_hosts_that_known_hosts_does_not_name() {
    let identity = format!("user = \"root\"\nidentity = {:?}\n", key("id_ed25519"));
    let authority = format!("{identity}known_hosts = {:?}", key("known_authority"));
    all_audited(&room(&authority, &RELEASES, "").run(&["audit", "-i", "hosts.toml", "-o", "json"]));
    // Its own certificate is for another name.
    let aliased = Room::new();
    aliased.write("config", format!("Host web-01\nHostName 127.77.0.1\nUser root\nIdentityFile {}\nHostKeyAlias someone-else\nUserKnownHostsFile {}\n", key("id_ed25519"), key("known_authority")));
    let report = aliased.run(&["audit", "-F", "config", "web-01", "-o", "json"]).json();
    let error = field(&report, "hosts", "web-01", "error");
    assert!(error["message"].as_str().unwrap().contains("it is for web-01, 127.77.0.1, not for"), "{error}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_password_opens_by_itself_and_by_questions() {
    let room = room(&format!("user = \"worded\"\n{}", known_hosts()), &RELEASES, "");
    for off in ["PasswordAuthentication no\n", "KbdInteractiveAuthentication no\n"] {
        room.write("config", off);
        let run = with_line(&room, &["-F", "config", "--password-fd", "0"], "open sesame\n");
        all_audited(&run);
    }
    let wrong = with_line(&room, &["-F", "none", "--password-fd", "0"], "shut sesame\n").json();
    let error = field(&wrong, "hosts", "web-01", "error");
    assert!(error["message"].as_str().unwrap().contains("refused the password for worded"), "{error}");
    let without = room.run(&["audit", "-i", "hosts.toml", "-o", "json"]).json();
    let error = field(&without, "hosts", "web-01", "error");
    assert!(format!("{error}").contains("-k gives one"), "{error}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_askpass_program_is_asked_once_and_no_secret_is_told() {
    let room = room(&format!("user = \"worded\"\n{}", known_hosts()), &RELEASES, "");
    room.write("ask", "#!/bin/sh\necho asked >>asked\necho 'open sesame'\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(room.path("ask"), mode).unwrap();
    let mut command = room.command(&["audit", "-i", "hosts.toml", "-o", "json", "-k", "-vvv"]);
    command.env("SSH_ASKPASS", room.path("ask")).env("SSH_ASKPASS_REQUIRE", "force");
    let run = wait(command.spawn().unwrap());
    all_audited(&run);
    assert_eq!(std::fs::read_to_string(room.path("asked")).unwrap(), "asked\n");
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(told.contains("web-01"));
    assert!(!told.contains("sesame"), "{told}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn no_key_and_no_passphrase_is_told_at_any_verbosity() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n{}", key("id_locked"), known_hosts());
    let room = room(&defaults, &RELEASES, "");
    room.write("ask", "#!/bin/sh\necho opensesame\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(room.path("ask"), mode).unwrap();
    let mut command = room.command(&["audit", "-i", "hosts.toml", "-o", "json", "-vvv"]);
    command.env("SSH_ASKPASS", room.path("ask")).env("SSH_ASKPASS_REQUIRE", "force");
    command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    let run = wait(command.spawn().unwrap());
    all_audited(&run);
    let told = format!("{}{}", run.stdout, run.stderr);
    assert!(!told.contains("opensesame"), "{told}");
    let file = std::fs::read_to_string(key("id_locked")).unwrap();
    for line in file.lines().filter(|line| line.len() > 40) {
        assert!(!told.contains(&line[..40]), "a line of the key is told");
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn jump_hosts_carry_and_every_fault_of_theirs_is_one_cause() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n{}", key("id_ed25519"), known_hosts());
    let jumps = [("bastion", "127.77.0.41"), ("inner", "127.77.0.42"), ("sealed", "127.77.0.43")];
    let behind = |name: &str, last: u8, jump: &str| {
        format!("[hosts.{name}]\naddress = \"127.77.0.{last}\"\njump = \"{jump}\"\n")
    };
    let more = [
        behind("by-name", 1, "bastion"),
        behind("by-two", 2, "bastion,inner"),
        behind("by-address", 3, "root@127.77.0.41:22"),
        behind("sealed-1", 4, "sealed"),
        behind("sealed-2", 5, "sealed"),
        behind("dead-1", 4, "127.77.0.99"),
        behind("dead-2", 5, "127.77.0.99"),
        behind("beyond", 99, "bastion"),
        behind("round", 5, "round"),
    ];
    let room = room(&defaults, &jumps, &more.concat());
    let limit = "by-*:sealed-*:dead-*:beyond:round";
    let run = room.run(&["audit", "-i", "hosts.toml", "-l", limit, "-o", "json", "-o", "table=table"]);
    let report = run.json();
    for host in ["by-name", "by-two", "by-address"] {
        assert_eq!(field(&report, "hosts", host, "status"), "audited", "{}", errors(&report));
    }
    for (host, words) in [
        ("sealed-1", "its jump host sealed forwards no connections"),
        ("dead-2", "its jump host 127.77.0.99: the host refused the connection"),
        ("beyond", "its jump host bastion could not connect to it"),
        ("round", "its jump hosts lead back to themselves: round -> round"),
    ] {
        let error = field(&report, "hosts", host, "error");
        assert_eq!(error["message"], words);
    }
    let table = std::fs::read_to_string(room.path("table")).unwrap();
    assert!(table.contains("sealed-[1-2]") && table.contains("dead-[1-2]"), "one cause, one row:\n{table}");
    let through =
        room.run(&["audit", "-i", "hosts.toml", "-l", "by-*", "-o", "json", "--transport", "openssh"]);
    all_audited(&through);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_jump_hosts_key_is_checked_too() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n", key("id_ed25519"));
    let room = room(
        &defaults,
        &[],
        "[hosts.behind]\naddress = \"127.77.0.1\"\njump = \"127.77.0.41\"\nknown_hosts = \"only-it\"\n",
    );
    let known = std::fs::read_to_string(key("known_hosts")).unwrap();
    let only: String =
        known.lines().filter(|line| line.starts_with("web-01,")).map(|line| format!("{line}\n")).collect();
    room.write("only-it", only);
    let report = room.run(&["audit", "-i", "hosts.toml", "-o", "json"]).json();
    let error = field(&report, "hosts", "behind", "error");
    assert_eq!(error["phase"], "host-key");
    assert!(
        error["message"].as_str().unwrap().starts_with("its jump host 127.77.0.41: its host key is not"),
        "{error}"
    );
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn sshs_own_configuration_leads_to_hosts_that_are_only_named() {
    let room = Room::new();
    std::fs::create_dir(room.path(".ssh")).unwrap();
    let config = format!(
        "Host web-*\n  User root\n  IdentityFile {}\n  UserKnownHostsFile {}\n  ProxyJump bastion\nHost web-01\n  HostName 127.77.0.1\nHost web-10\n  HostName 127.77.0.10\nHost bastion\n  HostName 127.77.0.41\n  User root\n  IdentityFile {}\n  UserKnownHostsFile {}\nHost piped\n  HostName 127.77.0.2\n  User root\n  IdentityFile {}\n  UserKnownHostsFile {}\n  ProxyCommand ssh -F ~/.ssh/config -W %h:%p bastion\nHost odd\n  PKCS11Provider /usr/lib/opensc.so\n",
        key("id_ed25519"),
        key("known_hosts"),
        key("id_ed25519"),
        key("known_hosts"),
        key("id_ed25519"),
        key("known_hosts"),
    );
    std::fs::write(room.path(".ssh/config"), config.replace('~', &room.path("").display().to_string()))
        .unwrap();
    let report = room.run(&["audit", "web-01", "web-10", "piped", "odd", "-o", "json"]).json();
    for host in ["web-01", "web-10", "piped"] {
        assert_eq!(field(&report, "hosts", host, "status"), "audited", "{}", errors(&report));
    }
    let error = field(&report, "hosts", "odd", "error");
    assert!(error["message"].as_str().unwrap().contains("which is not honoured here"), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--transport openssh"));
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn settings_of_ssh_that_an_audit_has_no_use_for_do_not_stop_it() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n{}", key("id_ed25519"), known_hosts());
    let room = room(&defaults, &RELEASES, "");
    room.write("config", "Host *\n  SessionType none\n  StdinNull yes\n  ForkAfterAuthentication yes\n  RequestTTY force\n  LogLevel QUIET\n");
    for transport in ["native", "openssh"] {
        all_audited(&room.run(&[
            "audit",
            "-i",
            "hosts.toml",
            "-F",
            "config",
            "-o",
            "json",
            "--transport",
            transport,
        ]));
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn keys_are_offered_with_the_signatures_that_are_allowed() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n{}", key("id_rsa"), known_hosts());
    let room = room(&defaults, &RELEASES, "");
    room.write("config", "PubkeyAcceptedAlgorithms rsa-sha2-256\n");
    all_audited(&room.run(&["audit", "-i", "hosts.toml", "-F", "config", "-o", "json"]));
    room.write("config", "PubkeyAcceptedAlgorithms ssh-ed25519\n");
    let report = room.run(&["audit", "-i", "hosts.toml", "-F", "config", "-o", "json"]).json();
    let error = field(&report, "hosts", "web-01", "error");
    assert!(error["message"].as_str().unwrap().starts_with("there is no key to offer"), "{error}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn dropbear_is_a_server_like_any_other() {
    let defaults = format!("user = \"root\"\nidentity = {:?}\n{}", key("id_rsa"), known_hosts());
    let room = room(&defaults, &[("odd-04", "127.77.0.34")], "");
    for transport in ["native", "openssh"] {
        all_audited(&room.run(&["audit", "-i", "hosts.toml", "-o", "json", "--transport", transport]));
    }
}

/// What two runs over the same hosts must agree on.
fn essence(report: &Value) -> Value {
    let hosts: Vec<Value> = report["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|host| {
            serde_json::json!([
                host["name"],
                host["status"],
                host["os"],
                host["verdict"],
                host["gaps"],
                host["error"]["phase"]
            ])
        })
        .collect();
    serde_json::json!([hosts, report["clusters"], keys(report), report["summary"]])
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn both_transports_give_the_same_report() {
    let run =
        |transport: &str| audit(&["-p", "playbooks/nginx.toml", "-o", "json", "--transport", transport]);
    let (native, openssh) = (run("native"), run("openssh"));
    assert_eq!(native.status, openssh.status);
    let (native, openssh) = (essence(&native.json()), essence(&openssh.json()));
    assert!(native == openssh, "native: {native:#}\nopenssh: {openssh:#}");
}
