//! The lab's hosts with sources of their own: what an audit says of them is what the real apt says.

use driftless::probe::{Request, Wanted};
use driftless::snapshot::{Candidate, Reader, Sources};

use crate::harness::{Outcome, Room, field, keys, project, wait};
use crate::lab::inside;
use crate::lab_systems::answer;

const WEBD: &str = "[[package]]\nname = \"webd\"\n";

/// An audit of the lab's `src` hosts under a playbook.
#[track_caller]
fn audit(playbook: &str, arguments: &[&str]) -> Outcome {
    let room = Room::new();
    room.write("playbook.toml", playbook);
    let playbook = room.path("playbook.toml").display().to_string();
    let fixed = ["audit", "-i", "inventories/lab.toml", "-l", "src", "-p", &playbook];
    let mut command = room.command(&[&fixed, arguments].concat());
    wait(command.current_dir(project()).spawn().unwrap())
}

/// The sources of a host, and what is on offer of webd there, as the auditor of the host sees them.
#[track_caller]
fn seen(address: &str, user: &str) -> (Sources, Candidate) {
    let mut wanted = Wanted::default();
    wanted.add("package", "webd");
    wanted.add("package", "no-such-package");
    let request = Request::new([3; 16], wanted);
    let output = answer(address, user, &request);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("hunter2"), "a password left the host");
    let snapshot = Reader::default().read(&output.stdout, &output.stderr, &request).unwrap();
    assert_eq!(snapshot.gaps, []);
    // An ordinary user is not told what others' processes use.
    let beside: Vec<&str> = snapshot.beside.iter().map(|gap| gap.probe.as_str()).collect();
    assert_eq!(beside, if user == "root" { vec![] } else { vec!["processes"] });
    let candidates = snapshot.candidates.unwrap();
    assert!(candidates.changed.is_some() && candidates.of("no-such-package").is_none());
    (snapshot.sources.unwrap().as_ref().clone(), candidates.of("webd").unwrap().clone())
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_on_offer_is_what_apt_says() {
    for (host, address, user) in [
        ("src-01", "127.77.0.61", "root"),
        ("src-02", "127.77.0.62", "root"),
        ("src-03", "127.77.0.63", "root"),
        ("src-04", "127.77.0.64", "audit"),
        ("src-05", "127.77.0.65", "root"),
    ] {
        let (_, webd) = seen(address, user);
        let policy = inside(host, "apt-cache policy webd | sed -n 's/^  Candidate: //p'");
        assert_eq!(webd.version.as_deref(), Some(policy.trim()), "{host}");
        let madison = inside(host, "apt-cache madison webd");
        let listed: Vec<&str> =
            madison.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim).collect();
        let offered: Vec<&str> = webd.offers.iter().map(|offer| offer.version.as_str()).collect();
        assert_eq!(offered, listed, "{host}");
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn sources_are_those_that_apt_has_and_mirrors_are_one() {
    let (plain, webd) = seen("127.77.0.61", "root");
    let (mirrored, _) = seen("127.77.0.62", "root");
    assert_eq!(plain, mirrored);
    let names: Vec<&String> = plain.list.keys().collect();
    assert_eq!(names, ["debian trixie", "debian-security trixie-security"]);
    // apt's own list of what it would fetch.
    let targets =
        inside("src-01", "apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages'");
    assert_eq!(targets.lines().count(), names.len(), "{targets}");
    let security: Vec<bool> = webd.offers.iter().map(|offer| offer.origins[0].security).collect();
    assert_eq!(security, [true, false]);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_waiting_update_a_pin_and_a_source_of_ones_own_are_found_and_mirrors_are_not() {
    let run = audit(WEBD, &["-o", "json"]);
    let report = run.json();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(
        keys(&report),
        [
            "security-pending/src/src-03/webd",
            "security-pending/src/src-05/webd",
            "package-version/src/src-03/webd",
            "package-version/src/src-05/webd",
            "candidate-skew/src/src-05/webd",
            "sources/src/src-04/vendor.example/apt stable",
            "gap/src/src-04/processes",
        ]
    );
    for (host, verdict) in
        [("src-01", "in-sync"), ("src-02", "in-sync"), ("src-03", "repair"), ("src-04", "investigate")]
    {
        assert_eq!(field(&report, "hosts", host, "verdict"), verdict, "{host}");
        assert_eq!(field(&report, "hosts", host, "status"), "audited", "{host}");
    }
    let pending = &report["findings"][0];
    assert_eq!(pending["observed"], "1.0-1");
    assert_eq!(pending["expected"], "1.0-1+deb13u1");
    assert_eq!(pending["evidence"]["source"], "debian-security trixie-security");
    let steps = report["advice"].to_string();
    assert!(
        steps.contains("apt-get install webd=1.0-1+deb13u1")
            && steps.contains("-m apt -a 'name=webd=1.0-1+deb13u1'")
    );
    let everything = audit(WEBD, &[]).stdout + &run.stdout;
    assert!(!everything.contains("hunter2") && !everything.contains("lab@"), "{everything}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn the_same_holds_for_whoever_installs_what_was_advised() {
    let policy = "[[package]]\nname = \"openssh-server\"\n";
    let report = audit(policy, &["-o", "json"]).json();
    let told = keys(&report);
    assert!(
        !told.iter().any(|key| key.starts_with("security-pending") || key.starts_with("candidate-skew")),
        "{told:?}"
    );
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn asking_for_candidates_leaves_no_trace() {
    // Root could write caches, and there are none that do for now.
    inside("src-03", "rm -f /var/cache/apt/*.bin; touch /run/marker; sleep 1");
    audit(WEBD, &[]);
    let find = "find / -xdev -newer /run/marker ! -path '/run*' ! -path '/var/log*' ! -path '/dev*' ! -path '/proc*'";
    assert_eq!(inside("src-03", find), "");
    inside("src-03", "touch /run/marker; sleep 1; apt-cache policy webd");
    assert_ne!(inside("src-03", find), "", "apt writes where it may, and that would be seen");
}
