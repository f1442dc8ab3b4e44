//! Random archives, and what the real apt-get does with them: forecast and truth must agree.
//!
//! Each case has an archive of small packages with random relations and a package database of its own. Both lie over
//! the machine's own in a mount namespace: the probe is asked there, and then apt-get and dpkg really do it. The
//! packages hold no file, so that nothing but that database changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use driftless::drift::{Bound, Comparison};
use driftless::inventory::{Inventory, Overrides};
use driftless::playbook::Playbook;
use driftless::probe::Request;
use driftless::readiness::{HostUpgrade, Kind, Readiness, State};
use driftless::rules::known_ids;
use driftless::snapshot::{Fleet, Observation, Reader};

use crate::archive::{Archive, Dice, deb};

/// How many archives there are; each is made from its number.
const CASES: u64 = 200;

/// What of the probe is asked for: the rest does not matter here, and takes its time.
const SECTIONS: [&str; 7] = ["os-release", "hostname", "kernel", "boot", "dpkg", "apt-marks", "upgrade"];

/// Puts the case's files over the machine's, and asks the probe; then really does each of the asks that follow, each
/// on a copy of the database.
const SCRIPT: &str = r#"
set -e
cd "$1"
shift
for one in etc/apt lib/apt cache/apt; do
	case $one in etc/*) over=/$one ;; *) over=/var/$one ;; esac
	mount --bind "$one" "$over"
done
mount --bind log /var/log
mount --bind dpkg /var/lib/dpkg
[ -e answer ] || sh -s <request >answer 2>answer.err
umount /var/lib/dpkg
nth=$1
shift
for ask do
	nth=$((nth + 1))
	cp -a dpkg done.$nth
	mount --bind done.$nth /var/lib/dpkg
	status=0
	DEBIAN_FRONTEND=noninteractive apt-get -y -o APT::Sandbox::User=root -o DPkg::Options::=--force-unsafe-io \
		install -- $ask >done.$nth.log 2>&1 </dev/null || status=$?
	{
		echo "$status"
		dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'
	} >done.$nth.told
	umount /var/lib/dpkg
done
"#;

/// One case: an archive, and the targets with their versions.
struct Case {
    seed: u64,
    archive: Archive,
    targets: Vec<(String, String)>,
    folder: tempfile::TempDir,
}

/// What was foretold of each target, and what came of it.
#[derive(Default)]
struct Tally {
    ready: usize,
    blocked: usize,
    explained: usize,
    quoted: usize,
    kinds: BTreeMap<String, usize>,
}

impl Case {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let archive = Archive::random(&mut dice);
        let mut targets: Vec<(String, String)> = Vec::new();
        for _ in 0..=usize::from(dice.one_in(3)) {
            let version = dice.pick(&archive.versions);
            let (name, version) = (version.name.clone(), version.version.clone());
            let version = if dice.one_in(25) { "9-1".to_owned() } else { version };
            if !targets.iter().any(|(other, _)| *other == name) {
                targets.push((name, version));
            }
        }
        Self { seed, archive, targets, folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    fn set_up(&self) {
        let folder = self.folder.path();
        for name in [
            "etc/apt/apt.conf.d",
            "etc/apt/preferences.d",
            "lib/apt/lists/partial",
            "cache/apt/archives/partial",
            "dpkg/updates",
            "log/apt",
        ] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        let mut index = String::new();
        for version in self.archive.versions.iter().filter(|version| version.offered) {
            let (control, file) = (version.control(), format!("{}_{}.deb", version.name, version.version));
            let bytes = deb(&control);
            let hash = ring::digest::digest(&ring::digest::SHA256, &bytes);
            let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let size = bytes.len();
            writeln!(index, "{control}Filename: ./{file}\nSize: {size}\nSHA256: {hash}\n").unwrap();
            self.write(&format!("archive/{file}"), bytes);
        }
        let path = folder.join("archive").to_str().unwrap().to_owned();
        self.write("etc/apt/sources.list", format!("deb [trusted=yes] file:{path} ./\n"));
        self.write(&format!("lib/apt/lists/{}_._Packages", path.replace('/', "_")), index);
        self.write("etc/apt/preferences", self.archive.preferences());
        self.write("dpkg/status", self.archive.status());
        for name in ["dpkg/available", "dpkg/info/format", "lib/apt/extended_states"] {
            self.write(name, if name.ends_with("format") { "1\n" } else { "" });
        }
        for version in self.archive.installed() {
            self.write(&format!("dpkg/info/{}.list", version.name), "");
        }
        open_to_all(folder);
    }

    fn playbook(&self) -> Playbook {
        let text: String = self
            .targets
            .iter()
            .map(|(name, version)| {
                format!("[[upgrade]]\npackage = {name:?}\nto = {version:?}\nhosts = \"h\"\n")
            })
            .collect();
        Playbook::from_text("playbook", &text, &known_ids()).unwrap()
    }

    /// What really happens, of all targets together and of each alone.
    fn asks(&self) -> Vec<String> {
        let each: Vec<String> =
            self.targets.iter().map(|(name, version)| format!("{name}={version}")).collect();
        if each.len() == 1 { each } else { std::iter::once(each.join(" ")).chain(each.clone()).collect() }
    }

    /// Whether the ask of a number went as an upgrade should: at the versions asked for, with nothing removed and
    /// nothing on hold changed.
    fn went_well(&self, number: usize, targets: &[(String, String)]) -> bool {
        let told = self.read(&format!("done.{number}.told"));
        let mut lines = told.lines();
        let status = lines.next().unwrap();
        let after: BTreeMap<&str, (&str, &str)> = lines
            .filter_map(|line| line.split_once(' '))
            .filter_map(|(name, rest)| Some((name, rest.split_once(' ')?)))
            .collect();
        let there = |name: &str, version: &str| {
            after.get(name).is_some_and(|(at, state)| *at == version && state.get(1..2) == Some("i"))
        };
        let stays = |name: &str| after.get(name).is_some_and(|(_, state)| state.get(1..2) == Some("i"));
        status == "0"
            && targets.iter().all(|(name, version)| there(name, version))
            && self
                .archive
                .installed()
                .all(|one| stays(&one.name) && (!one.held || there(&one.name, &one.version)))
    }

    /// Asks the probe, once, and does the asks, which are numbered from the one after a number.
    fn perform(&self, after: usize, asks: &[String]) {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", SCRIPT, "sh"]).arg(self.folder.path());
        command.arg(after.to_string()).args(asks);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").stdin(Stdio::null());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", self.seed);
    }

    fn run(&self, tally: &mut Tally) {
        self.set_up();
        let inventory = Inventory::from_text("inventory", "[hosts.h]\n", &Overrides::default()).unwrap();
        let playbook = self.playbook();
        let bound = Bound::of(&inventory, &playbook).unwrap();
        let host = inventory.ids().next().unwrap();
        let mut wanted = bound.wanted(&playbook, host);
        bound.want_upgrades(&playbook, host, &mut wanted);
        let request = Request::new([7; 16], wanted);
        let text = String::from_utf8(request.stdin().to_vec()).unwrap();
        let asked =
            |line: &&str| line.strip_prefix("section ").is_none_or(|section| SECTIONS.contains(&section));
        let text: Vec<&str> = text.lines().filter(asked).collect();
        self.write("request", text.join("\n") + "\n");
        let asks = self.asks();
        self.perform(0, &asks[..1]);
        let whole = self.went_well(1, &self.targets);
        if !whole && asks.len() > 1 {
            self.perform(1, &asks[1..]);
        }

        let mut reader = Reader::default();
        let answer = self.read("answer");
        let snapshot = reader.read(answer.as_bytes(), b"", &request).unwrap();
        let seen = Observation { host, elapsed: Duration::ZERO, snapshot: Some(snapshot), fault: None };
        let fleet = Fleet { hosts: vec![seen], strings: reader.into_strings() };
        let now = "2026-11-23T12:00:00Z".parse().unwrap();
        let comparison = Comparison::of(&inventory, &playbook, &bound, &fleet, now);
        let readiness = Readiness::of(&comparison);

        let alone: Vec<bool> = match self.targets.len() {
            _ if whole => vec![true; self.targets.len()],
            1 => vec![false],
            _ => {
                (0..self.targets.len()).map(|nth| self.went_well(nth + 2, &self.targets[nth..=nth])).collect()
            }
        };
        // What could go alone, and not together with what could go alone as well, is blocked by it.
        let apart = !whole && alone.iter().all(|well| *well);
        for (nth, (name, _)) in self.targets.iter().enumerate() {
            let upgrade = readiness.upgrades.iter().find(|upgrade| upgrade.package == *name).unwrap();
            let foretold = &upgrade.hosts[0];
            // What was not asked for alone is judged by all of them together.
            let by_itself = answer.lines().any(|line| {
                line.strip_prefix("ask\t")
                    .and_then(|rest| rest.split_once('\t'))
                    .is_some_and(|(_, asked)| asked == name)
            });
            let well = whole || (alone[nth] && !apart && by_itself);
            let expected = if well { State::Ready } else { State::Blocked };
            assert_eq!(foretold.state(|_| true), expected, "{}", self.story(name, foretold, &answer));
            self.judge_explanation(name, foretold, &answer, tally);
        }
    }

    /// Where causes are told of a refusal, there must be no way.
    fn judge_explanation(&self, name: &str, foretold: &HostUpgrade, answer: &str, tally: &mut Tally) {
        if foretold.state(|_| true) == State::Ready {
            tally.ready += 1;
            return;
        }
        tally.blocked += 1;
        for obstacle in &foretold.obstacles {
            *tally.kinds.entry(format!("{:?}", obstacle.kind)).or_default() += 1;
        }
        let refused = answer.lines().filter(|line| line.starts_with("ask\t"));
        let mut refused = refused.filter(|line| line.split('\t').skip(2).any(|one| one == name));
        if refused.any(|line| line.starts_with("ask\t0\t")) || foretold.chosen.is_none() {
            return;
        }
        let quoted = foretold.obstacles.iter().any(|obstacle| {
            obstacle.needs.is_none() && matches!(obstacle.kind, Kind::DependencyMissing | Kind::Conflict)
        });
        if quoted {
            tally.quoted += 1;
            return;
        }
        tally.explained += 1;
        let broken = foretold.obstacles.iter().any(|obstacle| obstacle.kind == Kind::BrokenState);
        let alone: Vec<&(String, String)> = self.targets.iter().filter(|(other, _)| other == name).collect();
        let agrees = if broken {
            !self.archive.is_sound()
        } else {
            !self.archive.possible(&alone) || !self.archive.possible(&self.targets.iter().collect::<Vec<_>>())
        };
        assert!(agrees, "there is a way: {}", self.story(name, foretold, answer));
    }

    /// All that a failure is understood from.
    fn story(&self, name: &str, foretold: &HostUpgrade, answer: &str) -> String {
        let mut story = format!("seed {}, {name} of {:?}: {foretold:#?}\n", self.seed, self.targets);
        let upgrade = answer.split("begin upgrade").nth(1).unwrap_or(answer);
        writeln!(story, "{}\n{}\n{upgrade}", self.archive.status(), self.archive.preferences()).unwrap();
        for version in self.archive.versions.iter().filter(|version| version.offered) {
            writeln!(story, "{}", version.control()).unwrap();
        }
        for number in 1..=self.asks().len() {
            let (log, told) =
                (self.read(&format!("done.{number}.log")), self.read(&format!("done.{number}.told")));
            writeln!(story, "--- {}\n{log}{told}", self.asks()[number - 1]).unwrap();
        }
        story
    }
}

/// apt asks as nobody: what it reads must be open to all.
fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "needs root, unshare and apt: scripts/test"]
fn forecasts_come_true_in_random_archives() {
    let (next, failed) = (AtomicUsize::new(0), std::sync::Mutex::new(BTreeSet::new()));
    let workers = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 8);
    // One case can be looked at alone.
    let only: Option<u64> = std::env::var("DRIFTLESS_SEED").ok().and_then(|seed| seed.parse().ok());
    let tallies: Vec<Tally> = std::thread::scope(|scope| {
        let work = || {
            let mut tally = Tally::default();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed) as u64;
                if seed >= CASES {
                    return tally;
                }
                if only.is_some_and(|only| only != seed) {
                    continue;
                }
                let case = Case::of(seed);
                let run = std::panic::AssertUnwindSafe(|| case.run(&mut tally));
                if std::panic::catch_unwind(run).is_err() {
                    failed.lock().unwrap().insert(seed);
                }
            }
        };
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let sum = |of: fn(&Tally) -> usize| tallies.iter().map(of).sum::<usize>();
    let (ready, blocked) = (sum(|one| one.ready), sum(|one| one.blocked));
    let (explained, quoted) = (sum(|one| one.explained), sum(|one| one.quoted));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (kind, count) in tallies.iter().flat_map(|one| &one.kinds) {
        *kinds.entry(kind).or_default() += count;
    }
    let told = format!(
        "{ready} ready, {blocked} blocked; of refusals {explained} explained, {quoted} quoted; {kinds:?}"
    );
    assert!(failed.lock().unwrap().is_empty(), "seeds {:?}", failed.lock().unwrap());
    if only.is_none() {
        assert!(ready > 40 && blocked > 40, "{told}");
        assert!(explained > quoted * 5, "{told}");
        assert!(kinds.len() > 5, "{told}");
    }
}
