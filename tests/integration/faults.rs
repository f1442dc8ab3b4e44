//! Hosts that fail, each in its own way: it is reported with phase and reason, and nobody else suffers.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use driftless::simulate::{Behaviour, Recording};
use serde_json::Value;

use crate::fleet::{Fleet, TRIXIE, answers, host_with, recorded};
use crate::harness::{field, keys};

const NGINX: [&str; 1] = ["nginx=1.26.3-3"];

/// Short enough for a test, long enough for a busy machine.
const IMPATIENT: [&str; 4] = ["--connect-timeout", "3", "--timeout", "6"];

/// Three hosts that agree and one that does something else; the report, and the exit status.
#[track_caller]
fn beside_three(odd: Behaviour) -> (Value, i32) {
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&NGINX)));
    let fleet = Fleet::new(good.chain([("odd".to_owned(), odd)]));
    judge(&fleet)
}

/// Three hosts that agree, and one whose address is that of a listener of our own.
#[track_caller]
fn beside_listener(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> (Value, i32) {
    let fleet = Fleet::new(
        (1..=3)
            .map(|nth| (format!("web-0{nth}"), answers(&NGINX)))
            .chain([("odd".to_owned(), answers(&NGINX))]),
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    redirect(&fleet, "odd", listener.local_addr().unwrap());
    std::thread::spawn(move || listener.incoming().flatten().for_each(serve));
    judge(&fleet)
}

/// Lets a host's name lead elsewhere.
fn redirect(fleet: &Fleet, host: &str, to: SocketAddr) {
    let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    let from = fleet.address(host).port();
    let moved = inventory.replace(&format!("port = {from}\n"), &format!("port = {}\n", to.port()));
    assert_ne!(inventory, moved);
    fleet.room.write("inventory.toml", moved);
}

#[track_caller]
fn judge(fleet: &Fleet) -> (Value, i32) {
    let run = fleet.audit(&[&IMPATIENT[..], &["-o", "json"]].concat());
    let report = run.json();
    for good in ["web-01", "web-02", "web-03"] {
        assert_eq!(field(&report, "hosts", good, "status"), "audited", "{}", run.stderr);
        assert_eq!(field(&report, "hosts", good, "verdict"), "in-sync");
    }
    (report, run.status)
}

/// The odd host could not be audited: phase, words of the message, and status 3.
#[track_caller]
fn unreachable((report, status): (Value, i32), phase: &str, words: &str) {
    let error = field(&report, "hosts", "odd", "error");
    assert_eq!(field(&report, "hosts", "odd", "status"), "unreachable");
    assert_eq!(field(&report, "hosts", "odd", "verdict"), "unknown");
    assert_eq!(error["phase"], phase, "{error}");
    assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    assert!(!error["hint"].as_str().unwrap().is_empty());
    assert_eq!(keys(&report), ["host-unreachable/web/odd/ssh"]);
    assert_eq!(status, 3);
}

/// The odd host told some things: its gaps, `probe: reason`.
#[track_caller]
fn partial((report, status): (Value, i32), gaps: &[&str]) -> Value {
    assert_eq!(field(&report, "hosts", "odd", "status"), "partial");
    assert_eq!(field(&report, "hosts", "odd", "verdict"), "unknown");
    let found = field(&report, "hosts", "odd", "gaps").as_array().unwrap();
    let found: Vec<String> = found
        .iter()
        .map(|gap| format!("{}: {}", gap["probe"].as_str().unwrap(), gap["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(found, gaps);
    assert_eq!(status, 3);
    report
}

#[test]
fn it_refuses_the_connection() {
    unreachable(beside_three(Behaviour::Down), "connect", "refused the connection");
}

#[test]
fn it_is_frozen_after_accepting() {
    unreachable(beside_three(Behaviour::Silent), "connect", "accepted the connection");
}

#[test]
fn it_closes_the_connection_during_the_key_exchange() {
    let serve = |mut stream: std::net::TcpStream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n");
        let _ = stream.read(&mut [0; 4096]);
    };
    unreachable(beside_listener(serve), "connect", "closed the connection during the SSH handshake");
}

#[test]
fn it_sends_one_byte_a_second() {
    let serve = |mut stream: std::net::TcpStream| {
        std::thread::spawn(move || {
            for byte in b"SSH-2.0-OpenSSH_9.2p1\r\n".iter().cycle() {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_secs(1));
            }
        });
    };
    unreachable(beside_listener(serve), "connect", "handshake was not done within 3s");
}

#[test]
fn it_excuses_itself_before_it_greets() {
    let says = |words: &'static [u8]| {
        beside_listener(move |mut stream: std::net::TcpStream| {
            let _ = stream.write_all(words);
        })
    };
    let penalty = says(b"Not allowed at this time\r\n");
    unreachable(penalty, "connect", "refuses connections from this address for a while");
    let busy = says(b"Exceeded MaxStartups\r\n");
    unreachable(busy, "connect", "closed the connection during the SSH handshake");
}

#[test]
fn it_is_no_ssh_server() {
    let serve = |mut stream: std::net::TcpStream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    };
    let (report, status) = beside_listener(serve);
    assert_eq!(field(&report, "hosts", "odd", "error")["phase"], "connect");
    assert_eq!(status, 3);
}

#[test]
fn it_sends_binary_noise_instead_of_ssh() {
    let serve = |mut stream: std::net::TcpStream| {
        let noise: Vec<u8> =
            (0..200_000_u32).map(|nth| (nth.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let _ = stream.write_all(&noise);
    };
    let (report, status) = beside_listener(serve);
    assert_eq!(field(&report, "hosts", "odd", "error")["phase"], "connect");
    assert_eq!(status, 3);
}

#[test]
fn it_offers_a_changed_key() {
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&NGINX)));
    let fleet = Fleet::new(good.chain([("odd".to_owned(), answers(&NGINX))]));
    let known = std::fs::read_to_string(fleet.room.path("known_hosts")).unwrap();
    let mut lines: Vec<String> = known.lines().map(str::to_owned).collect();
    let (place, _) = lines[3].split_once(' ').unwrap();
    let (_, other_key) = lines[0].split_once(' ').unwrap();
    lines[3] = format!("{place} {other_key}");
    fleet.room.write("known_hosts", lines.join("\n") + "\n");
    unreachable(judge(&fleet), "host-key", "host key has changed");
}

#[test]
fn it_refuses_authentication() {
    unreachable(beside_three(Behaviour::RefusesKey), "authenticate", "refused the key");
}

#[test]
fn it_sends_a_gibibyte() {
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&NGINX)));
    let fleet = Fleet::new(good.chain([("odd".to_owned(), Behaviour::Floods(1 << 30))]));
    let run = fleet.audit(&["-o", "json"]);
    assert!(run.peak > 0 && run.peak < 200 << 20, "it held {} MiB", run.peak >> 20);
    unreachable((run.json(), run.status), "run", "more than a host may send");
}

#[test]
fn it_sends_binary_noise_and_terminal_escapes() {
    let noise = b"\x1b[2J\x1b]0;owned\x07\xff\xfe\x00\n@@@ begin dpkg\n".repeat(50);
    let result = beside_three(Behaviour::Says(noise));
    assert!(!result.0.to_string().contains('\u{1b}'));
    unreachable(result, "parse", "no answer that the probe could have given");
}

#[test]
fn escapes_of_a_host_reach_no_terminal() {
    let dpkg =
        "nginx\tamd64\t1.0\u{1b}[31m\tii \nevil\u{1b}]0;x\u{7}\tamd64\t1\tii \nbash\tamd64\t5.2\tii \n";
    let odd =
        Behaviour::Answers(Arc::new(recorded("ID=debian\nVERSION_ID=13\nPRETTY_NAME=\"\u{1b}[2J\"\n", dpkg)));
    let fleet = Fleet::new([("odd".to_owned(), odd), ("web-01".to_owned(), answers(&NGINX))]);
    for format in ["table", "json", "hosts"] {
        let run = fleet.audit(&["-o", format]);
        let control = |text: &str| text.chars().any(|c| c.is_control() && c != '\n');
        assert!(!control(&run.stdout) && !control(&run.stderr), "{run:?}");
    }
}

#[test]
fn a_motd_and_rc_noise_come_before_the_frames() {
    let noise = b"Welcome!\n@00 begin dpkg\nnginx\tamd64\t9\tii \n@00 end dpkg 0\n".to_vec();
    let (report, status) = beside_three(Behaviour::Chatters(Arc::new(host_with(&NGINX)), noise));
    assert_eq!(field(&report, "hosts", "odd", "status"), "audited");
    assert_eq!(report["findings"].as_array().unwrap().len(), 0);
    assert_eq!(status, 0);
}

#[test]
fn it_ends_in_the_middle_of_a_frame() {
    let recording = host_with(&NGINX);
    let (report, status) = beside_three(Behaviour::BreaksOff(Arc::new(recording)));
    assert_eq!(status, 3);
    assert_eq!(field(&report, "hosts", "odd", "status"), "partial");
    assert_eq!(field(&report, "hosts", "odd", "error")["phase"], "run");
    let gaps = field(&report, "hosts", "odd", "gaps").as_array().unwrap();
    assert!(gaps.iter().any(|gap| gap["reason"] == "truncated"), "{gaps:?}");
}

#[test]
fn its_shell_exits_non_zero() {
    let odd = Behaviour::Exits(Arc::new(host_with(&NGINX)), 3);
    let (report, status) = beside_three(odd);
    assert_eq!(
        field(&report, "hosts", "odd", "error")["message"],
        "the shell on the host ended with status 3"
    );
    assert_eq!(status, 3);
}

#[test]
fn it_has_no_dpkg() {
    let recording = Recording::failing(host_with(&NGINX), "dpkg", 127, "dpkg-query is not installed\n");
    partial(beside_three(Behaviour::Answers(Arc::new(recording))), &["dpkg: not-installed"]);
}

#[test]
fn it_has_an_empty_package_list() {
    let report = partial(beside_three(Behaviour::Answers(Arc::new(host_with(&[])))), &["dpkg: empty"]);
    assert_eq!(keys(&report), ["gap/web/odd/dpkg"]);
}

#[test]
fn it_never_answers() {
    unreachable(beside_three(Behaviour::Hangs), "timeout", "not done within 6s");
}

#[test]
fn no_host_that_answers_is_exit_status_1() {
    let fleet = Fleet::new([("a".to_owned(), Behaviour::Down), ("b".to_owned(), Behaviour::RefusesKey)]);
    let run = fleet.audit(&[]);
    assert_eq!(run.status, 1);
    assert!(run.stdout.contains("2 unreachable"));
}

#[test]
fn every_fault_at_once_delays_nobody() {
    let hosts = (0..40).map(|nth| {
        let behaviour = match nth % 8 {
            0 => Behaviour::Silent,
            1 => Behaviour::Down,
            2 => Behaviour::Hangs,
            3 => Behaviour::RefusesKey,
            4 => Behaviour::Floods(1 << 30),
            _ => answers(&NGINX),
        };
        (format!("web-{nth:02}"), behaviour)
    });
    let fleet = Fleet::new(hosts);
    let run = fleet.audit(&[&IMPATIENT[..], &["-o", "json", "--forks", "64"]].concat());
    let report = run.json();
    assert_eq!(report["summary"]["audited"], 15);
    assert_eq!(report["summary"]["unreachable"], 25);
    assert_eq!(run.status, 3);
    assert!(run.peak < 400 << 20, "it held {} MiB", run.peak >> 20);
}

#[test]
fn it_floods_with_sections_and_packages() {
    // A host may well know the nonce: it is sent to it. So this one answers in frames of its own.
    let packages: String = (0..400_000).map(|nth| format!("p{nth}\tamd64\t1-{nth}\tii \n")).collect();
    let recording = recorded(TRIXIE, &packages);
    let marks = "Package: p1\nAuto-Installed: 1\n\n".repeat(200_000);
    let recording = recording.with("apt-marks", marks.as_bytes());
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&NGINX)));
    let fleet = Fleet::new(good.chain([("odd".to_owned(), Behaviour::Answers(Arc::new(recording)))]));
    let run = fleet.audit(&["-o", "json"]);
    let report = run.json();
    assert_eq!(field(&report, "hosts", "odd", "gaps")[0]["reason"], "unparsable");
    assert_eq!(field(&report, "hosts", "odd", "verdict"), "unknown");
    assert!(run.peak < 200 << 20, "it held {} MiB", run.peak >> 20);
    assert!(run.stdout.len() < 100_000, "a hostile host makes no long report");
}
