//! Where versions come from, through the program: what counts as a difference, and what a fleet may vary in.

use std::sync::Arc;

use driftless::simulate::Behaviour;

use crate::fleet::{Fleet, host_with};
use crate::harness::{field, keys};

const WEBD: &str = "[[package]]\nname = \"webd\"\n";

/// A host of an installed version of webd, with the files of its sources and what apt says of webd.
fn host(installed: &str, sources: &str, candidate: &str, offers: &str) -> Behaviour {
    let candidates = format!(
        "= apt\n= lists 3\n= changed {}\nwebd:\n  Installed: {installed}\n  Candidate: {candidate}\n  Version table:\n{offers}     1-1 500\n        500 http://ftp.at.debian.org/debian trixie/main amd64 Packages\n",
        jiff::Timestamp::now().as_second()
    );
    let recording = host_with(&[&format!("webd={installed}")]);
    Behaviour::Answers(Arc::new(
        recording.with("sources", sources.as_bytes()).with("candidates", candidates.as_bytes()),
    ))
}

/// trixie and its security updates from mirrors of one's own choice.
fn from(main: &str, security: &str) -> String {
    format!("= /etc/apt/sources.list\ndeb {main} trixie main\ndeb {security} trixie-security main\n")
}

fn fleet(hosts: Vec<Behaviour>) -> Fleet {
    let named = hosts.into_iter().enumerate().map(|(nth, host)| (format!("web-{:02}", nth + 1), host));
    let fleet = Fleet::new(named);
    fleet.room.write("play.toml", WEBD);
    fleet
}

const FIX: &str = "     1-1+deb13u1 500\n        500 http://security.debian.org/debian-security trixie-security/main amd64 Packages\n";

#[test]
fn mirrors_and_phased_updates_are_the_usual_variety() {
    let phased = "     1-2 500 (phased 40%)\n        500 http://ftp.at.debian.org/debian trixie-updates/main amd64 Packages\n";
    let hosts = [
        ("http://ftp.at.debian.org/debian", "http://security.debian.org/debian-security", "1-1", ""),
        ("http://ftp.de.debian.org/debian/", "http://ftp.at.debian.org/debian-security", "1-1", ""),
        ("http://cache:3142/ftp.at.debian.org/debian", "https://mirror.corp/debian-security", "1-2", phased),
        ("mirror+file:/etc/apt/mirrors/debian.list", "http://security.debian.org", "1-1", phased),
    ];
    let hosts = hosts
        .map(|(main, security, candidate, offers)| host("1-1", &from(main, security), candidate, offers));
    let run = fleet(hosts.into()).audit(&["-p", "play.toml", "-o", "json"]);
    assert_eq!((run.status, keys(&run.json()).len()), (0, 0), "{}", run.stdout);
}

#[test]
fn a_waiting_security_update_fails_the_run_and_can_be_pasted() {
    let own = from("http://ftp.at.debian.org/debian", "http://security.debian.org/debian-security");
    let done = || host("1-1+deb13u1", &own, "1-1+deb13u1", FIX);
    let odd = own.clone() + "deb https://user:hunter2@vendor.example/apt stable main\n";
    let fleet = fleet(vec![done(), done(), done(), host("1-1", &odd, "1-1+deb13u1", FIX)]);
    let run = fleet.audit(&["-p", "play.toml", "-o", "json"]);
    let report = run.json();
    assert_eq!(run.status, 2);
    assert_eq!(
        keys(&report),
        [
            "security-pending/web/web-04/webd",
            "package-version/web/web-04/webd",
            "sources/web/web-04/vendor.example/apt stable"
        ]
    );
    assert_eq!(field(&report, "hosts", "web-04", "verdict"), "repair");
    let steps = &report["advice"][0]["steps"];
    assert_eq!(steps[0], "apt-get install webd=1-1+deb13u1");
    assert!(!run.stdout.contains("hunter2"));
    let unnamed = fleet.audit(&["-o", "json"]).json();
    assert!(!keys(&unnamed).iter().any(|key| key.starts_with("security-pending")), "nobody named webd");
}
