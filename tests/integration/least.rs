//! The pinned probe on a real host: an audit key that is good for an audit and for nothing else.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use driftless::probe::{Frames, Request, Wanted};

use crate::harness::{Outcome, Room, field, project};
use crate::lab::{inside, key};

const PLAYBOOK: &str = "[[package]]\nname = \"nginx\"\n[[file]]\npath = \"/etc/nginx/nginx.conf\"\n[[file]]\npath = \"/etc/nginx/conf.d/*.conf\"\n";

/// Pins the probe for `audit` on pin-01, once, as the documents say: by a script that root runs there.
/// One test at a time has the host, since they change it and put it back.
fn pin() -> MutexGuard<'static, ()> {
    static HOST: Mutex<()> = Mutex::new(());
    static PINNED: OnceLock<()> = OnceLock::new();
    let host = HOST.lock().unwrap_or_else(PoisonError::into_inner);
    PINNED.get_or_init(|| {
        let room = Room::new();
        room.write("web.toml", PLAYBOOK);
        let public = key("id_pinned.pub");
        let run = room.run(&["probe", "--install", "-p", "web.toml", "--public-key", &public]);
        assert_eq!(run.status, 0, "{}", run.stderr);
        fed("pin-01", &run.stdout);
        // Once more changes nothing.
        fed("pin-01", &run.stdout);
        let keys = inside("pin-01", "cat /home/audit/.ssh/authorized_keys");
        assert_eq!(keys.lines().count(), 1, "{keys}");
        assert!(keys.starts_with("restrict,command=\"/usr/local/libexec/driftless/probe\" ssh-ed25519 "));
    });
    host
}

/// Feeds a script to root's shell inside a host.
#[track_caller]
fn fed(host: &str, script: &str) {
    let mut shell = Command::new(project().join("tests/lab/lab"))
        .args(["shell", host, "sh"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = shell.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// An audit of pin-01 as a user of the pinned key.
fn audit(user: &str, playbook: &str, arguments: &[&str]) -> Outcome {
    as_user(user, playbook, "audit", arguments)
}

/// The same for another command.
fn as_user(user: &str, playbook: &str, command: &str, arguments: &[&str]) -> Outcome {
    let room = Room::new();
    let (identity, known) = (key("id_pinned"), key("known_hosts"));
    room.write(
        "hosts.toml",
        format!("[hosts.pin-01]\naddress = \"127.77.0.91\"\nuser = {user:?}\nidentity = {identity:?}\nknown_hosts = {known:?}\n"),
    );
    room.write("web.toml", playbook);
    room.run(&[&[command, "-i", "hosts.toml", "-p", "web.toml", "-o", "json"], arguments].concat())
}

/// `ssh audit@pin-01` with the pinned key.
fn ssh(program: &str, arguments: &[&str], stdin: &str) -> Output {
    let known = format!("UserKnownHostsFile={}", key("known_hosts"));
    let (program, arguments) = match arguments {
        [limit, client, rest @ ..] if program == "timeout" => (vec![program, limit, client], rest),
        _ => (vec![program], arguments),
    };
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .args(["-F", "/dev/null", "-i", &key("id_pinned"), "-o", &known, "-o", "BatchMode=yes"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever is refused does not read it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_audit_works_unchanged_against_a_pinned_probe() {
    let _host = pin();
    let run = audit("audit", "[[package]]\nname = \"nginx\"\nversion = \">=1.22\"\n", &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(field(&run.json(), "hosts", "pin-01", "status"), "audited");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_audit_key_can_do_nothing_else() {
    let _host = pin();
    let said = |output: &Output| {
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    let host = "audit@127.77.0.91";
    for command in ["id", "cat /etc/passwd", "/bin/sh -c id", "internal-sftp"] {
        let output = ssh("ssh", &[host, command], "id\ncat /etc/passwd\n");
        assert_eq!(output.status.code(), Some(64), "{command}");
        let said = said(&output);
        assert!(!said.contains("uid=") && !said.contains("root:"), "{command}: {said}");
    }
    let pty = ssh("ssh", &["-tt", host], "id\n");
    assert!(said(&pty).contains("PTY allocation request failed"), "{}", said(&pty));
    let forwarded = ssh("ssh", &["-W", "127.0.0.1:22", host], "");
    assert!(said(&forwarded).contains("administratively prohibited"), "{}", said(&forwarded));
    let back = ssh("ssh", &["-R", "127.0.0.1:0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes", host], "");
    assert_eq!(back.status.code(), Some(255), "{}", said(&back));
    // The client would wait for a greeting for ever: the probe takes what it says for a request.
    let sftp = ssh("timeout", &["5", "sftp", "-b", "-", host], "get /etc/passwd /dev/stdout\n");
    assert!(sftp.status.code() != Some(0) && !said(&sftp).contains("root:"), "{}", said(&sftp));
    // Whatever arrives is data: a script in the request's place is not run.
    let script = ssh(
        "ssh",
        &[host, "/bin/sh -s"],
        "touch /tmp/witness\nREQUEST='\nnonce 00\nsection hostname\n'\nid\n",
    );
    assert!(
        said(&script).contains("@00 end hostname 0") && !said(&script).contains("uid="),
        "{}",
        said(&script)
    );
    assert_eq!(inside("pin-01", "ls /tmp"), "");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn sudo_is_a_gap_until_the_host_has_the_rule() {
    let _host = pin();
    inside("pin-01", "rm -f /etc/sudoers.d/driftless");
    let packages = "[[package]]\nname = \"nginx\"\n";
    let refused = audit("audit", packages, &["--sudo"]);
    assert_eq!(refused.status, 3, "{}{}", refused.stdout, refused.stderr);
    let told = gaps(&refused).concat();
    assert!(told.contains("needs-privilege") && told.contains("driftless probe --sudoers"), "{told}");
    let rule = Room::new().run(&["probe", "--sudoers"]).stdout;
    fed(
        "pin-01",
        &format!(
            "cat >/tmp/rule <<'END'\n{rule}END\nvisudo -cf /tmp/rule >/dev/null && install -m 440 /tmp/rule /etc/sudoers.d/driftless && rm /tmp/rule\n"
        ),
    );
    let allowed = audit("audit", packages, &["--sudo"]);
    assert_eq!(allowed.status, 0, "{}{}", allowed.stdout, allowed.stderr);
    // As root the probe keeps to the list, too; and what it allows is read where the user alone may not.
    let shadow = audit("audit", "[[file]]\npath = \"/etc/shadow\"\n", &["--sudo"]);
    assert!(
        gaps(&shadow).iter().any(|gap| gap.starts_with("file:/etc/shadow: needs-privilege:")),
        "{shadow:?}"
    );
    inside("pin-01", "ln -sf /etc/shadow /etc/nginx/conf.d/evil.conf");
    let linked = audit("audit", PLAYBOOK, &["--sudo"]);
    inside("pin-01", "rm /etc/nginx/conf.d/evil.conf; chmod 600 /etc/nginx/nginx.conf");
    assert!(
        gaps(&linked).concat().contains("/etc/nginx/conf.d/evil.conf: not in the host's list"),
        "{:?}",
        gaps(&linked)
    );
    let nginx = "[[file]]\npath = \"/etc/nginx/nginx.conf\"\n";
    let (without, with) = (audit("audit", nginx, &[]), audit("audit", nginx, &["--sudo"]));
    inside("pin-01", "chmod 644 /etc/nginx/nginx.conf");
    assert_eq!((without.status, with.status), (3, 0), "{}{}", without.stdout, with.stdout);
    // The rule is for the probe's own sections alone.
    let asked = |command: &str| inside("pin-01", &format!("su audit -c 'sudo -n {command}' 2>&1; true"));
    assert!(asked("/usr/local/libexec/driftless/probe dpkg").contains("password is required"));
    assert!(asked("cat /etc/shadow").contains("password is required"));
    inside("pin-01", "rm /etc/sudoers.d/driftless");
}

/// The gaps of pin-01, `probe: reason: detail` each.
fn gaps(run: &Outcome) -> Vec<String> {
    let report = run.json();
    let gaps = field(&report, "hosts", "pin-01", "gaps").as_array().unwrap().clone();
    let told = |gap: &serde_json::Value| {
        [&gap["probe"], &gap["reason"], &gap["detail"]]
            .map(|part| part.as_str().unwrap().to_owned())
            .join(": ")
    };
    gaps.iter().map(told).collect()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn files_are_read_if_the_hosts_list_has_them_and_no_other() {
    let _host = pin();
    let run = audit("audit", PLAYBOOK, &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    inside(
        "pin-01",
        "ln -sf /etc/passwd /etc/nginx/conf.d/evil.conf; cp /etc/passwd /etc/nginx/conf.d/own.conf",
    );
    let refused = "not in the host's list of allowed files, /etc/driftless/allow";
    let linked = audit("audit", PLAYBOOK, &[]);
    inside("pin-01", "rm /etc/nginx/conf.d/*.conf");
    assert_eq!(linked.status, 3, "{}", linked.stdout);
    assert!(
        gaps(&linked).contains(&format!(
            "file:/etc/nginx/conf.d/*.conf: needs-privilege: /etc/nginx/conf.d/evil.conf: {refused}"
        )),
        "a link counts as what it leads to: {:?}",
        gaps(&linked)
    );
    for path in ["/etc/shadow", "/etc/passwd", "/etc/nginx/*", "/etc/nginx/conf.d/*"] {
        let playbook = format!("[[file]]\npath = \"{path}\"\nshow = true\n");
        let run = audit("audit", &playbook, &[]);
        assert_eq!(run.status, 3, "{path}: {}", run.stdout);
        assert!(
            gaps(&run).contains(&format!("file:{path}: needs-privilege: {path}: {refused}")),
            "{path}: {:?}",
            gaps(&run)
        );
    }
    // Whoever could choose the lines that do not count would learn from hashes which lines there are.
    let oracle = "[[file]]\npath = \"/etc/nginx/nginx.conf\"\nnormalise = ['^user']\n";
    let run = audit("audit", oracle, &[]);
    assert!(gaps(&run).iter().any(|gap| gap.contains(refused)), "{:?}", gaps(&run));
    // Content is shown only where the list says so, whatever is asked for.
    let mut wanted = Wanted::default();
    wanted.add("key", "00");
    wanted.add("show", "1 yes");
    wanted.add("file", "/etc/nginx/nginx.conf");
    let request = Request::new([7; 16], wanted);
    let answer =
        ssh("ssh", &["audit@127.77.0.91", "/bin/sh -s"], std::str::from_utf8(request.stdin()).unwrap());
    let told = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(told.contains("/etc/nginx/nginx.conf") && !told.contains("worker_processes"), "{told}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_older_pinned_probe_is_understood() {
    let run = audit("older", "[[package]]\nname = \"nginx\"\n", &[]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let report = run.json();
    assert_eq!(field(&report, "hosts", "pin-01", "status"), "audited");
    assert!(!field(&report["clusters"][0], "packages", "nginx", "spread").as_array().unwrap().is_empty());
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_an_older_pinned_probe_does_not_know_of_is_unknown_and_never_ready() {
    let run = as_user("older", "[[upgrade]]\npackage = \"nginx\"\nto = \"candidate\"\n", "ready", &[]);
    assert_eq!(run.status, 3, "{}{}", run.stdout, run.stderr);
    let report = run.json();
    let unknown = &report["upgrades"][0]["unknown"][0];
    assert_eq!(unknown["host"], "pin-01");
    assert!(unknown["reason"].as_str().unwrap().starts_with("probe-too-old"), "{unknown}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_probe_runs_where_nothing_can_be_written() {
    let request = Request::new([7; 16], Wanted::default());
    for image in ["trixie", "bullseye", "alpine", "rocky", "arch"] {
        let mut shell = Command::new("podman")
            .env("CONTAINERS_CONF", key("containers.conf"))
            .args([
                "run",
                "--rm",
                "--interactive",
                "--read-only",
                "--read-only-tmpfs=false",
                "--network=none",
            ])
            .args([
                "--label",
                "driftless.lab=1",
                &format!("localhost/driftless-lab/{image}"),
                "/bin/sh",
                "-s",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        shell.stdin.take().unwrap().write_all(request.stdin()).unwrap();
        let output = shell.wait_with_output().unwrap();
        assert!(Frames::read(&output.stdout, request.nonce()).done(), "{image}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("Read-only file system"), "{image}: {said}");
    }
}
