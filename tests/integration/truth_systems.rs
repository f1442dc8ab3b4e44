//! Whether what is foretold of hosts of dnf, apk and pacman comes true: a clone of a host of the lab is broken in many
//! ways, asked, and really upgraded.
//!
//! Ready means that the real upgrade succeeds, with nobody at the keyboard, at the version that was foretold; blocked,
//! that it fails or does what the inhibitor says. And whoever was asked has nothing new afterwards.

use std::collections::BTreeMap;

use crate::harness::Outcome;
use crate::truth_hosts::{Clone, verdict};

/// What is foretold, and what has to come of it.
pub(crate) enum Truth {
    /// It is ready, and succeeds.
    Ready,
    /// It is stopped by this, and really fails.
    Fails(&'static str),
    /// It is stopped by this, and after the real upgrade this command succeeds: it did what was said.
    Does(&'static str, &'static str),
}

/// A package, the version that it shall come to, and what comes of it.
pub(crate) type Way = (&'static str, &'static str, Truth);

/// A clone of a host of the lab, and how one upgrades it.
pub(crate) struct Broken {
    clone: Clone,
    /// The command that really upgrades, with `NAME` and `VERSION` in it.
    pub(crate) really: &'static str,
    /// The command that prints the version of `NAME` that is installed.
    pub(crate) there: &'static str,
}

impl Broken {
    /// One more host like `like`, on which a script has succeeded.
    #[track_caller]
    pub(crate) fn of(like: &str, name: &'static str, address: &'static str, script: &str) -> Self {
        let host = Self { clone: Clone::of(like, name, address, &[]), really: "", there: "" };
        host.make(&format!("set -e\n. /lab/packages\n{script}"));
        host
    }

    /// Runs a script on it; its exit status, and all that it printed.
    pub(crate) fn run(&self, script: &str) -> (i32, String) {
        self.clone.run(script)
    }

    #[track_caller]
    pub(crate) fn make(&self, script: &str) -> String {
        self.clone.make(script)
    }

    /// What `driftless ready` says of it, asked as a user.
    fn ready(&self, user: &str, targets: &[(&str, &str)]) -> Outcome {
        let targets: Vec<String> =
            targets.iter().map(|(package, version)| format!("--target={package}={version}")).collect();
        self.clone.ready(user, &targets.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Everything that lies on it, with sizes and times; but for what any login leaves.
    fn everything(&self) -> String {
        let pruned = ["/proc", "/sys", "/dev", "/run", "/var/log/lastlog", "/var/log/wtmp", "/var/log/btmp"];
        let pruned: Vec<String> = pruned.iter().map(|path| format!("-path {path}")).collect();
        let find = format!("find / -xdev \\( {} \\) -prune -o -print0", pruned.join(" -o "));
        self.make(&format!("{find} | xargs -0 stat -c '%n %F %s %Y %Z %a %u' | sort"))
    }

    /// Asks of every way as root and as an ordinary user, who both see the same and leave nothing behind; then
    /// upgrades each package for real.
    #[track_caller]
    pub(crate) fn comes_true(&self, ways: &[Way]) {
        let targets: Vec<(&str, &str)> =
            ways.iter().map(|(package, version, _)| (*package, *version)).collect();
        let before = self.everything();
        self.make("sleep 1");
        let run = self.ready("audit", &targets);
        let by_root = self.ready("root", &targets).json();
        let after = self.everything();
        let odd: Vec<&str> = after.lines().filter(|line| !before.contains(line)).collect();
        assert!(before == after, "left behind: {odd:#?}");
        self.make("touch /tmp/left && rm /tmp/left");
        assert_ne!(self.everything(), after, "what is left behind is seen, even when it is gone again");
        let report = run.json();
        let mut wrong = BTreeMap::new();
        for (package, version, truth) in ways {
            let foretold = verdict(&report, package);
            assert_eq!(verdict(&by_root, package), foretold, "{package}: root sees something else");
            let (status, said) = self.run(&worded(self.really, package, version));
            let there = self.run(&worded(self.there, package, version)).1.trim() == *version;
            let (expected, came_true) = match truth {
                Truth::Ready => ("ready", status == 0 && there),
                Truth::Fails(why) => (*why, status != 0 || !there),
                Truth::Does(why, command) => (*why, self.run(command).0 == 0),
            };
            if foretold != [expected] || !came_true {
                wrong.insert(*package, format!("{foretold:?}, not {expected:?}; really {status}:\n{said}"));
            }
        }
        assert!(wrong.is_empty(), "{}: {wrong:#?}", self.clone.name);
        assert_eq!(run.status, 2, "{}", run.stderr);
    }

    /// What is said of one package, asked by the audit user.
    #[track_caller]
    pub(crate) fn says(&self, package: &str, version: &str) -> Vec<String> {
        verdict(&self.ready("audit", &[(package, version)]).json(), package)
    }
}

fn worded(command: &str, package: &str, version: &str) -> String {
    command.replace("NAME", package).replace("VERSION", version)
}
