//! What the rules' tests share: small fleets from a line of words a host, and findings as lines of text.

use std::time::Duration;

use jiff::civil::date;

use super::{Accepted, Finding, findings, known_ids};
use crate::drift::{Bound, Comparison};
use crate::inventory::{Inventory, Overrides};
use crate::playbook::Playbook;
use crate::snapshot::{Fault, Fleet, Observation, Phase, Reader};

/// One host: its name, and what it has.
pub(crate) type Spec<'a> = (&'a str, &'a str);

/// Hosts of the group `web` under a playbook; on 2026-11-23, `look` sees how they compare and what was found.
///
/// The words of a host are its release (`trixie`, `bookworm`, `forky` without a number), packages (`nginx=1.2-1`, `libc6:i386=2.41-1`,
/// with dpkg's letters `nginx=1.2-1/hi`, with `*` behind it if it came as a dependency), `no-dpkg`, or `down`.
#[track_caller]
pub(crate) fn compared<T>(
    playbook: &str,
    hosts: &[Spec<'_>],
    look: impl FnOnce(&Comparison<'_>, &[Finding]) -> T,
) -> T {
    let names: Vec<&str> = hosts.iter().map(|(name, _)| *name).collect();
    let inventory = format!("[groups.web]\nhosts = {names:?}\n");
    let inventory = Inventory::from_text("inventory", &inventory, &Overrides::default()).unwrap();
    let playbook =
        Playbook::from_text("playbook", playbook, &known_ids()).unwrap_or_else(|wrong| panic!("{wrong}"));
    let (mut fleet, mut reader) = (Fleet::default(), Reader::default());
    for (id, (name, words)) in inventory.ids().zip(hosts) {
        let answer = answer(name, words);
        let snapshot = reader.read(answer.as_bytes(), b"", "ab").ok();
        let fault = snapshot.is_none().then(|| Fault::new(Phase::Connect, "it is down").hint("start it"));
        fleet.hosts.push(Observation { host: id, elapsed: Duration::ZERO, snapshot, fault });
    }
    fleet.strings = reader.into_strings();
    let bound = Bound::of(&inventory, &playbook).unwrap();
    let comparison = Comparison::of(&inventory, &playbook, &bound, &fleet);
    let findings = findings(&comparison, date(2026, 11, 23), &Accepted::default());
    look(&comparison, &findings)
}

/// The findings, `key severity: message` each; those that do not count in brackets.
#[track_caller]
pub(crate) fn found(playbook: &str, hosts: &[Spec<'_>]) -> Vec<String> {
    compared(playbook, hosts, |_, findings| {
        let told = findings.iter().map(|finding| {
            let line = format!("{} {}: {}", finding.key(), finding.severity, finding.message());
            if finding.counts() { line } else { format!("({line})") }
        });
        told.collect()
    })
}

/// Three hosts that have the same, and one that has something else.
pub(crate) fn beside_three<'a>(same: &'a str, odd: &'a str) -> [Spec<'a>; 4] {
    [("web-01", same), ("web-02", same), ("web-03", same), ("web-04", odd)]
}

/// What the probe would have sent.
fn answer(name: &str, words: &str) -> String {
    let mut release = "trixie";
    let (mut listed, mut marks, mut status) = (String::new(), String::new(), 0);
    for word in words.split_whitespace() {
        match word {
            "down" => return String::new(),
            "no-dpkg" => status = 127,
            "trixie" | "bookworm" | "bullseye" | "forky" => release = word,
            package => {
                let (package, automatic) =
                    package.strip_suffix('*').map_or((package, false), |rest| (rest, true));
                let (name, version) = package.split_once('=').unwrap();
                let (version, letters) = version.split_once('/').unwrap_or((version, "ii"));
                let (name, arch) = name.split_once(':').unwrap_or((name, "amd64"));
                listed.push_str(&format!("{name}\t{arch}\t{version}\t{letters} \n"));
                if automatic {
                    marks.push_str(&format!("Package: {name}\nArchitecture: {arch}\nAuto-Installed: 1\n\n"));
                }
            }
        }
    }
    // The host's own architecture is that of dpkg itself.
    if status == 0 {
        listed.push_str("dpkg\tamd64\t1.22.21\tii \n");
        marks.push_str("Package: dpkg\nArchitecture: amd64\nAuto-Installed: 1\n\n");
    }
    // Testing has no number yet.
    let number = ["bullseye", "bookworm", "trixie"].iter().position(|known| *known == release);
    let number = number.map_or(String::new(), |place| format!("VERSION_ID=\"{}\"\n", place + 11));
    let os = format!("ID=debian\n{number}VERSION_CODENAME={release}\n");
    let sections = [
        ("os-release", os.as_str(), 0),
        ("hostname", name, 0),
        ("kernel", "Linux 6.12.48 x86_64", 0),
        ("boot", "btime 1790000000", 0),
        ("dpkg", listed.as_str(), status),
        ("apt-marks", marks.as_str(), 0),
    ];
    let elsewhere = ["rpm", "rpm-locks", "apk", "apk-world", "pacman", "pacman-ignored"];
    let frames = sections
        .into_iter()
        .chain(elsewhere.map(|section| (section, "", 127)))
        .map(|(name, payload, status)| format!("\n@ab begin {name}\n{payload}\n@ab end {name} {status}\n"));
    format!("\n@ab driftless 1\n{}\n@ab done\n", frames.collect::<String>())
}
