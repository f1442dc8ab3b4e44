//! How long it takes to compare a large fleet, and how much memory: `cargo bench --bench compare`.
//!
//!     cargo bench --bench compare -- [HOSTS] [PACKAGES]
//!
//! The fleet is generated, with the drift of real ones: two releases, waves of updates that some hosts have not had,
//! packages that only some hosts have, holds, and hosts of which a line could not be read. Its answers are read by the
//! same reader that reads real ones. Figures are printed and none is tested: nothing fails because it is slow.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that meets the unexpected must fail"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use driftless::drift::{Bound, Comparison};
use driftless::inventory::{Inventory, Overrides};
use driftless::playbook::Playbook;
use driftless::probe::{Request, Section, Wanted};
use driftless::rules::{self, Accepted, Asked};
use driftless::snapshot::{Fleet, Observation, Reader};
use jiff::Timestamp;
use jiff::civil::date;

/// Numbers that look like chance and are the same in every run: splitmix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True so many times in a thousand.
    fn permille(&mut self, times: u64) -> bool {
        self.next() % 1000 < times
    }
}

/// The package database of one host, as dpkg-query prints it.
fn database(host: usize, packages: usize, chance: &mut Chance) -> (String, String, &'static str) {
    // One host in twelve is still on the older release.
    let release = if host.is_multiple_of(12) { "bookworm" } else { "trixie" };
    let deb = if release == "trixie" { 13 } else { 12 };
    // Updates come in waves; a host has had a number of them.
    let waves = if chance.permille(900) { 8 } else { chance.next() % 8 };
    let (mut listed, mut marks) = (String::with_capacity(packages * 48), String::new());
    for nth in 0..packages {
        let updated = u64::from(nth.is_multiple_of(13)) * waves.min(nth as u64 % 9);
        let hold = if nth == 40 && chance.permille(5) { 'h' } else { 'i' };
        // Not every host has everything.
        if nth > packages - 20 && chance.permille(30) {
            continue;
        }
        // Four of five came as dependencies.
        if nth % 5 > 0 {
            let _ = write!(marks, "Package: package-{nth}\nArchitecture: amd64\nAuto-Installed: 1\n\n");
        }
        let _ = writeln!(
            listed,
            "package-{nth}\tamd64\t{}.{}.2-1+deb{deb}u{updated}\t{hold}i ",
            nth % 7,
            nth % 40
        );
    }
    for extra in (0..40).filter(|_| chance.permille(8)) {
        let _ = writeln!(listed, "extra-{extra}\tall\t1.0-{extra}\tii ");
    }
    if chance.permille(1) {
        listed.push_str("a line that makes no sense\n");
    }
    listed.push_str("dpkg\tamd64\t1.22.21\tii \n");
    (listed, marks, release)
}

fn answer(nonce: &str, (listed, marks, release): (&str, &str, &str)) -> String {
    let os = format!(
        "ID=debian\nVERSION_ID={}\nVERSION_CODENAME={release}\n",
        if release == "trixie" { 13 } else { 12 }
    );
    let mut text = format!("\n@{nonce} driftless 2\n");
    for section in Section::ALL {
        let (payload, status) = match section {
            Section::OsRelease => (os.as_str(), 0),
            Section::Hostname => ("host\n", 0),
            Section::Kernel => ("Linux 6.12.48 x86_64\n", 0),
            Section::Boot => ("btime 1790000000\n", 0),
            Section::Dpkg => (listed, 0),
            Section::AptMarks => (marks, 0),
            _ => ("", 127),
        };
        let name = section.name();
        let _ = write!(text, "\n@{nonce} begin {name}\n{payload}\n@{nonce} end {name} {status}\n");
    }
    let _ = write!(text, "\n@{nonce} done\n");
    text
}

/// Peak and present memory of this process, in MiB, proc_pid_status(5).
fn memory(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what:<44} {:>7.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    done
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    // `cargo test` runs benchmarks too, and only asks whether they run.
    let usual = if words.iter().any(|word| word == "--bench") { 10_000 } else { 100 };
    let (hosts, packages) =
        (numbers.first().copied().unwrap_or(usual), numbers.get(1).copied().unwrap_or(780));
    println!("{hosts} hosts of {packages} packages");
    let request = Request::new([7; 16], Wanted::default());
    // Twenty clusters; the tests of scale that follow put all hosts into one.
    let mut grouped = String::new();
    for group in 0..20 {
        let names: Vec<String> =
            (0..hosts).filter(|host| host % 20 == group).map(|host| format!("\"h{host:05}\"")).collect();
        let _ = writeln!(grouped, "[groups.g{group:02}]\nhosts = [{}]", names.join(", "));
    }
    let inventory = Inventory::from_text("bench", &grouped, &Overrides::default()).unwrap();
    let mut chance = Chance(1);
    let (mut fleet, mut reader, mut reading) = (Fleet::default(), Reader::default(), Duration::ZERO);
    for (nth, host) in inventory.ids().enumerate() {
        let (listed, marks, release) = database(nth, packages, &mut chance);
        let text = answer(request.nonce(), (&listed, &marks, release));
        let started = Instant::now();
        let snapshot = reader.read(text.as_bytes(), b"", &request).ok();
        reading += started.elapsed();
        fleet.hosts.push(Observation { host, elapsed: Duration::ZERO, snapshot, fault: None });
    }
    fleet.strings = reader.into_strings();
    println!("{:<44} {:>7.0} ms", "reading all answers", reading.as_secs_f64() * 1000.0);
    println!("{:<44} {:>7} MiB", "the fleet in memory", memory("VmRSS:"));
    let now = Timestamp::UNIX_EPOCH;
    for (name, text) in [
        ("no playbook", ""),
        ("every package, twenty clusters", "[everything-else]\ncompare = true\n"),
        (
            "every package, one cluster",
            "[[cluster]]\nname = \"one\"\nhosts = \"all\"\n[everything-else]\ncompare = true\n",
        ),
    ] {
        let playbook = Playbook::from_text("bench", text, &rules::known_ids()).unwrap();
        let bound = Bound::of(&inventory, &playbook).unwrap();
        let comparison = timed(&format!("comparing, {name}"), || {
            Comparison::of(&inventory, &playbook, &bound, &fleet, now)
        });
        let columns: usize = comparison.clusters.iter().map(|cluster| cluster.columns.len()).sum();
        let findings = timed("  its findings", || {
            rules::findings(
                &comparison,
                Asked { drift: true, readiness: None },
                date(2026, 11, 25),
                &Accepted::default(),
            )
        });
        println!("  {columns} columns, {} findings, peak {} MiB", findings.len(), memory("VmHWM:"));
    }
}
