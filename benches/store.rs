//! How large a store gets, and how long it takes to read it: `cargo bench --bench store`.
//!
//!     cargo bench --bench store -- year [HOSTS] [DAYS]     what daily audits take on disk
//!     cargo bench --bench store -- scale [HOSTS] [RUNS]    opening and reading a large store, by a process of its own
//!
//! The fleet is generated: clusters of forty hosts, a list of 780 packages for each host. A cluster gets about three
//! updates a week; most of its hosts have one the same day, the others within two weeks; now and then a host has a
//! change of its own. Of two volatile parts one has a line with the time, the other a list of processes of which one is
//! another each day. Twenty parts hardly change, and a fifth of them is each host's own. One host in 200 does not answer.
//! Figures are printed and none is tested: nothing fails because it is slow.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and one that meets the unexpected must fail"
)]

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use driftless::store::{NewRun, Part, Seen, Sqlite, Store};
use jiff::{SignedDuration, Timestamp};

const PACKAGES: usize = 780;
const CLUSTER: usize = 40;
const STILL: usize = 20;
/// How many hosts are stored at once, as many answer while the ones before are written.
const SLICE: usize = 50;

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

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// True so many times in a thousand.
    fn permille(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// A word of so many syllables.
    fn word(&mut self, syllables: usize) -> String {
        let mut letter = |letters: &str| letters.as_bytes()[self.below(letters.len())] as char;
        (0..syllables).flat_map(|_| [letter("bcdfghklmnprstvxz"), letter("aeiouy")]).collect()
    }

    /// Lines of words and numbers, as configuration and answers have them.
    fn text(&mut self, length: usize) -> Vec<u8> {
        let mut text = String::new();
        while text.len() < length {
            text += &format!("{}.{} = {}\n", self.word(2), self.word(3), self.below(100_000));
        }
        text.into_bytes()
    }
}

struct Host {
    name: String,
    versions: Vec<u8>,
    /// Updates that it gets on a later day.
    late: Vec<(usize, usize, u8)>,
    dpkg: Vec<u8>,
    clock: Vec<u8>,
    processes: Vec<String>,
    still: Vec<Vec<u8>>,
}

struct Fleet {
    chance: Chance,
    packages: Vec<(String, String)>,
    hosts: Vec<Host>,
    findings: Vec<Vec<u8>>,
}

impl Fleet {
    fn new(count: usize) -> Self {
        let mut chance = Chance(1);
        let package = |chance: &mut Chance| {
            let prefix = ["lib", "", "python3-", "lib"][chance.below(4)];
            let name = format!("{prefix}{}{}", chance.word(3), chance.below(10));
            (
                name,
                format!(
                    "{}.{}.{}-{}",
                    chance.below(9),
                    chance.below(40),
                    chance.below(20),
                    chance.below(9) + 1
                ),
            )
        };
        let packages = (0..PACKAGES).map(|_| package(&mut chance)).collect();
        let mut hosts: Vec<Host> = Vec::with_capacity(count);
        for nth in 0..count {
            let first = nth.is_multiple_of(CLUSTER);
            let mut versions: Vec<u8> = match hosts.last() {
                Some(last) if !first => last.versions.clone(),
                // A cluster has nine of ten packages of all that there are, and versions of its own.
                _ => (0..PACKAGES)
                    .map(|_| if chance.permille(100) { 255 } else { u8::try_from(chance.below(3)).unwrap() })
                    .collect(),
            };
            if chance.permille(300) {
                versions[chance.below(PACKAGES)] = 9;
            }
            let still = (0..STILL).map(|part| match hosts.last() {
                Some(last) if !first && part % 5 > 0 => last.still[part].clone(),
                _ => chance.text(200 + part * 150),
            });
            let still = still.collect();
            let processes = (0..60).map(|_| process(&mut chance)).collect();
            let name = format!("{}-{nth:05}.example.net", chance.word(2));
            hosts.push(Host {
                name,
                versions,
                late: Vec::new(),
                dpkg: Vec::new(),
                clock: chance.text(2000),
                processes,
                still,
            });
        }
        let findings = (0..count).map(|_| chance.text(150)).collect();
        let mut fleet = Self { chance, packages, hosts, findings };
        (0..count).for_each(|nth| fleet.list(nth));
        fleet
    }

    fn list(&mut self, nth: usize) {
        let host = &mut self.hosts[nth];
        host.dpkg.clear();
        for ((name, version), update) in self.packages.iter().zip(&host.versions) {
            if *update < 255 {
                host.dpkg.extend(format!("{name}\tamd64\t{version}+deb13u{update}\tii \n").into_bytes());
            }
        }
    }

    fn day(&mut self, day: usize) {
        let mut updates = Vec::new();
        for cluster in 0..self.hosts.len().div_ceil(CLUSTER) {
            // Three a week, on two or three days.
            if self.chance.permille(285) {
                updates.push((cluster, self.chance.below(PACKAGES)));
                if self.chance.permille(500) {
                    updates.push((cluster, self.chance.below(PACKAGES)));
                }
            }
        }
        for nth in 0..self.hosts.len() {
            let (host, chance) = (&mut self.hosts[nth], &mut self.chance);
            let mut changed = false;
            for (_, package) in updates.iter().filter(|(cluster, _)| nth / CLUSTER == *cluster) {
                let version = host.versions[*package].wrapping_add(1);
                let late = if chance.permille(900) { 0 } else { 1 + chance.below(14) };
                host.late.push((day + late, *package, version));
            }
            if chance.permille(15) {
                host.late.push((day, chance.below(PACKAGES), 77));
            }
            host.late.retain(|(when, package, version)| {
                if *when <= day {
                    host.versions[*package] = *version;
                    changed = true;
                }
                *when > day
            });
            let clock = format!("clock = {:020}\n", chance.next());
            host.clock
                .splice(0..if host.clock.starts_with(b"clock") { clock.len() } else { 0 }, clock.bytes());
            let restarted = chance.below(host.processes.len());
            host.processes[restarted] = process(chance);
            for part in 0..STILL {
                if chance.permille(2) {
                    host.still[part].extend(chance.text(30));
                }
            }
            if chance.permille(50) {
                self.findings[nth] = chance.text(150);
            }
            if changed {
                self.list(nth);
            }
        }
    }

    /// Stores one run of all hosts.
    fn store(&mut self, store: &mut dyn Store, day: usize) {
        let started =
            Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * (20_000 + i64::try_from(day).unwrap()));
        let id = format!("{:012x}", self.chance.next() >> 16);
        let inventory: Vec<u8> =
            self.hosts.iter().flat_map(|host| format!("{}\n", host.name).into_bytes()).collect();
        let parts = [Part { name: "inventory", status: 0, bytes: &inventory }];
        let asked = self.hosts.len() as u64;
        store
            .begin(&NewRun { id: &id, started, command: "audit", version: "0.1.0", asked, parts: &parts })
            .unwrap();
        let names: Vec<String> = (0..STILL).map(|part| format!("section-{part:02}")).collect();
        for hosts in self.hosts.chunks(SLICE) {
            let processes: Vec<Vec<u8>> =
                hosts.iter().map(|host| host.processes.concat().into_bytes()).collect();
            let parts: Vec<Vec<Part<'_>>> = hosts
                .iter()
                .zip(&processes)
                .map(|(host, processes)| {
                    let part = |name, bytes| Part { name, status: 0, bytes };
                    let mut parts = vec![
                        part("wanted", &b""[..]),
                        Part { name: "probe", status: 1, bytes: b"2\n\n" },
                        part("os-release", b"ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n"),
                        part("dpkg", &host.dpkg[..]),
                        part("apt-marks", b""),
                        part("candidates", &host.clock),
                        part("processes", processes),
                    ];
                    parts.extend(names.iter().zip(&host.still).map(|(name, bytes)| part(name, bytes)));
                    parts
                })
                .collect();
            let seen: Vec<Seen<'_>> = hosts
                .iter()
                .zip(&parts)
                .map(|(host, parts)| {
                    let late = SignedDuration::from_millis(i64::try_from(self.chance.below(30_000)).unwrap());
                    let took = Duration::from_millis(80 + self.chance.next() % 900);
                    let fault = self.chance.permille(5).then_some(&b"connect: timed out"[..]);
                    let parts = if fault.is_some() { &[] } else { &parts[..] };
                    Seen { host: &host.name, at: started + late, took, fault, parts }
                })
                .collect();
            store.record(&id, &seen).unwrap();
        }
        let outcome = self.outcome();
        let parts = [Part { name: "outcome", status: 0, bytes: outcome.as_bytes() }];
        store.finish(&id, started + SignedDuration::from_secs(31), &parts).unwrap();
    }
}

impl Fleet {
    /// What a run found, as the program keeps it: how each host stood, and a finding about one in twenty.
    fn outcome(&self) -> String {
        let each = self.hosts.iter().enumerate().map(|(nth, host)| {
            let (name, words) = (&host.name, String::from_utf8_lossy(&self.findings[nth]));
            let found = words.bytes().map(usize::from).sum::<usize>() % 20 == 0;
            let verdict = if found { "repair" } else { "in-sync" };
            let cluster = format!("cluster-{:03}", nth / CLUSTER);
            let mut lines = format!(
                "{{\"h\":[\"{name}\",{{\"status\":\"audited\",\"verdict\":\"{verdict}\",\"clusters\":[\"{cluster}\"]}}]}}\n"
            );
            if found {
                lines.push_str(&format!(
                    "{{\"f\":[\"package-version/{cluster}/{name}/nginx\",{{\"severity\":\"medium\",\"host\":\"{name}\",\"observed\":\"1.0-1\"}}]}}\n"
                ));
            }
            lines
        });
        each.collect()
    }
}

fn process(chance: &mut Chance) -> String {
    format!(
        "{:>7} {:>7} {}{}d /usr/sbin/{}d\n",
        chance.below(4_000_000),
        1 + chance.below(900),
        chance.word(2),
        chance.below(10),
        chance.word(3)
    )
}

/// Peak memory of this process, in MiB, proc_pid_status(5).
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let done = work();
    println!("{what:<44} {:>7.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    done
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
fn megabytes(path: &Path) -> f64 {
    path.metadata().unwrap().len() as f64 / 1e6
}

fn fill(path: &Path, hosts: usize, days: usize) {
    let mut fleet = Fleet::new(hosts);
    let bytes: usize =
        fleet.hosts.iter().map(|host| host.dpkg.len() + host.clock.len() + host.still.concat().len()).sum();
    println!(
        "{hosts} hosts, {PACKAGES} packages, {days} days; a host sends {} kB, packages {} kB",
        bytes / hosts / 1000,
        fleet.hosts[0].dpkg.len() / 1000
    );
    let mut store = Sqlite::open(path).unwrap();
    let mut storing = Duration::ZERO;
    for (day, run) in (0..days).zip(1_u32..) {
        fleet.day(day);
        let started = Instant::now();
        fleet.store(&mut store, day);
        storing += started.elapsed();
        if [1, 2, 8, 30, 90, 180, 270, 365].contains(&run) || day + 1 == days {
            println!(
                "after {:>3} days {:>38.1} MB, {:.0} ms a run",
                run,
                megabytes(path),
                (storing / run).as_secs_f64() * 1000.0
            );
        }
    }
}

fn read(path: &Path) {
    let store = timed("opening, and the list of runs", || {
        let store = Sqlite::read(path).unwrap();
        store.runs().unwrap();
        store
    });
    let runs = store.runs().unwrap();
    let (last, before) = (&runs[runs.len() - 1], &runs[runs.len() - 2]);
    let changed = timed("the last two runs, compared by their parts", || {
        let (new, old) = (store.hosts(&last.id).unwrap(), store.hosts(&before.id).unwrap());
        let mut changed = 0;
        for (new, old) in new.iter().zip(&old) {
            assert_eq!(new.host, old.host);
            let differ = |name: &str| {
                let part = |entry: &driftless::store::Entry| {
                    entry.parts.iter().find(|kept| &*kept.name == name).map(|kept| kept.part)
                };
                part(new) != part(old)
            };
            changed += usize::from(differ("dpkg"));
        }
        (new, changed)
    });
    let host = changed.0[changed.0.len() / 2].host.to_string();
    let history = timed("the history of a host, and its packages", || {
        let history = store.of_host(&host).unwrap();
        let packages: Vec<_> =
            history.iter().filter_map(|(_, entry)| entry.parts.first()).map(|kept| kept.part).collect();
        let packages = store.all_bytes(&packages).unwrap();
        (history.len(), packages.len())
    });
    println!("  {} runs, {} hosts changed their packages, {history:?} of {host}", runs.len(), changed.1);
    timed("every part of the last run, read", || {
        for entry in &changed.0 {
            let parts: Vec<_> = entry.parts.iter().map(|kept| kept.part).collect();
            store.all_bytes(&parts).unwrap();
        }
    });
    println!("{:<44} {:>7} MiB", "peak memory of the process that reads", peak());
}

/// The program itself on such a store.
fn commands(path: &Path) {
    let host = Sqlite::read(path).unwrap();
    let last = host.runs().unwrap().last().unwrap().id.clone();
    let host = host.hosts(&last).unwrap()[7].host.to_string();
    let store = path.display().to_string();
    for arguments in [&["history"][..], &["history", &host], &["compare", "latest~1", "latest"]] {
        let command = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_driftless"));
            command.args(arguments).args(["--store", &store, "-o", "json"]);
            command.output().unwrap()
        };
        let output = timed(&format!("driftless {}", arguments.join(" ")), command);
        assert!(matches!(output.status.code(), Some(0 | 2 | 3)), "{output:?}");
        println!("  {} bytes of JSON", output.stdout.len());
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let number = |nth: usize, usual| numbers.get(nth).copied().unwrap_or(usual);
    if let Some(path) = words.iter().position(|word| word == "read").and_then(|nth| words.get(nth + 1)) {
        return read(Path::new(path));
    }
    let has = |what: &str| words.iter().any(|word| word == what);
    let folder = tempfile::tempdir().unwrap();
    // `cargo test` runs benchmarks too, and only asks whether they run.
    let real = has("--bench");
    for (what, hosts, days) in [("year", 1000, 365), ("scale", 10_000, 30)] {
        if has(what) || !(has("year") || has("scale")) {
            let path = folder.path().join(what);
            let (hosts, days) = if real { (number(0, hosts), number(1, days)) } else { (50, 3) };
            fill(&path, hosts, days);
            let status =
                Command::new(std::env::current_exe().unwrap()).arg("read").arg(&path).status().unwrap();
            assert!(status.success());
            commands(&path);
            let mut store = Sqlite::open(&path).unwrap();
            let half = store.runs().unwrap()[days / 2].started;
            let pruned = timed("forgetting half of the runs", || store.prune(half).unwrap());
            println!("  {pruned:?}, {:.1} MB left\n", megabytes(&path));
        }
    }
}
