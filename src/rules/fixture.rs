//! What the rules' tests share: small fleets from a line of words a host, and findings as lines of text.

use std::time::Duration;

use jiff::civil::date;

use super::{About, Accepted, Asked, Finding, findings, known_ids};
use crate::drift::{Bound, Comparison};
use crate::inventory::{Inventory, Overrides};
use crate::playbook::Playbook;
use crate::probe::{FileKey, Request, Section};
use crate::readiness::{Readiness, Solver, State};
use crate::snapshot::{Fault, Fleet, Observation, Phase, Reader};

/// One host: its name, and what it has.
pub(crate) type Spec<'a> = (&'a str, &'a str);

/// Hosts of the group `web` under a playbook; on 2026-11-23, `look` sees how they compare and what was found.
///
/// The words of a host are its release (`trixie`, `bookworm`, `forky` without a number), packages (`nginx=1.2-1`, `libc6:i386=2.41-1`,
/// with dpkg's letters `nginx=1.2-1/hi`, with `*` behind it if it came as a dependency), `no-dpkg`, or `down`.
/// Further sections follow on lines of their own: `\n@NAME STATUS\nwhat the tool printed`, without a status 0; they come before the usual ones.
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
    let bound = Bound::of(&inventory, &playbook).unwrap();
    let (mut fleet, mut reader) = (Fleet::default(), Reader::default());
    for (id, (name, words)) in inventory.ids().zip(hosts) {
        let mut wanted = bound.wanted(&playbook, id);
        if words.contains("\n@upgrade") {
            bound.want_upgrades(&playbook, id, &mut wanted);
        }
        if words.contains("\n@evidence") {
            wanted.add("evidence", "any");
        }
        let request = Request::framed("ab", wanted.keyed(&FileKey::new([7; 32])));
        let snapshot = reader.read(answer(name, words).as_bytes(), b"", &request).ok();
        let fault = snapshot.is_none().then(|| Fault::new(Phase::Connect, "it is down").hint("start it"));
        fleet.hosts.push(Observation { host: id, elapsed: Duration::ZERO, snapshot, fault });
    }
    fleet.strings = reader.into_strings();
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let comparison = Comparison::of(&inventory, &playbook, &bound, &fleet, now);
    let asked = Asked { drift: true, readiness: None };
    let findings = findings(&comparison, asked, date(2026, 11, 23), &Accepted::default());
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

/// What is said of the playbook's upgrades: of each host `web-01 nginx ready`, `blocked` or `unknown: why`; then the
/// findings about upgrades, `key severity: message` each.
///
/// What a host's solver said is a section of its words: `\n@upgrade\nsystem\tapt 2.6.1\n…done`.
#[track_caller]
pub(crate) fn ready(playbook: &str, hosts: &[Spec<'_>]) -> Vec<String> {
    compared(playbook, hosts, |comparison, _| {
        let readiness = Readiness::of(comparison);
        let mut told = Vec::new();
        for upgrade in &readiness.upgrades {
            for host in &upgrade.hosts {
                let state = match (host.state(|_| true), &host.solver) {
                    (State::Unknown, Solver::Unknown(why)) => format!("unknown: {why}"),
                    (state, _) => format!("{state:?}").to_lowercase(),
                };
                told.push(format!("{} {} {state}", comparison.name(host.position), upgrade.package));
            }
        }
        let asked = Asked { drift: false, readiness: Some(&readiness) };
        let findings = findings(comparison, asked, date(2026, 11, 23), &Accepted::default());
        let upgrades = findings.iter().filter(|finding| finding.rule.about == About::Upgrade);
        told.extend(upgrades.map(|one| format!("{} {}: {}", one.key(), one.severity, one.message())));
        told
    })
}

/// Three hosts that have the same, and one that has something else.
pub(crate) fn beside_three<'a>(same: &'a str, odd: &'a str) -> [Spec<'a>; 4] {
    [("web-01", same), ("web-02", same), ("web-03", same), ("web-04", odd)]
}

/// What the probe would have sent.
fn answer(name: &str, words: &str) -> String {
    let (words, further) = words.split_once("\n@").unwrap_or((words, ""));
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
    let further = further.split("\n@").filter(|section| !section.is_empty()).map(|section| {
        let (head, payload) = section.split_once('\n').unwrap_or((section, ""));
        let (name, status) = head.split_once(' ').unwrap_or((head, "0"));
        (name, payload, status.parse().unwrap())
    });
    let given: Vec<(&str, &str, u8)> = further.chain(sections).collect();
    let frame = |section: Section| {
        let name = section.name();
        let (_, payload, status) = given.iter().find(|(given, ..)| *given == name).unwrap_or(&("", "", 127));
        format!("\n@ab begin {name}\n{payload}\n@ab end {name} {status}\n")
    };
    let frames: String = Section::ALL.into_iter().map(frame).collect();
    format!("\n@ab driftless 2\n{frames}\n@ab done\n")
}
