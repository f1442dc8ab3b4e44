//! Whether what is foretold comes true: hosts are broken in many ways, asked, and really upgraded.
//!
//! Ready means that the real upgrade succeeds, without anybody at the keyboard, at the version that was foretold.
//! Blocked means that it fails, or does what the inhibitor says.

use std::collections::BTreeMap;

use crate::truth_hosts::{Clone, verdict};

/// What is foretold, and what has to come of it.
enum Truth {
    /// It is ready, and succeeds.
    Ready,
    /// It is stopped by this, and really fails.
    Fails(&'static str),
    /// It is stopped by this, and after the real upgrade this command succeeds: it did what was said.
    Does(&'static str, &'static str),
}

use Truth::{Does, Fails, Ready};

/// A package that is installed at 1-1 and shall come to a version, 2-1 if it does not say.
struct Way {
    package: &'static str,
    version: &'static str,
    /// Makes the packages: see truth_hosts.sh.
    made: &'static str,
    /// What is done to the host once everything is installed.
    done: &'static str,
    truth: Truth,
}

const fn way(package: &'static str, made: &'static str, truth: Truth) -> Way {
    Way { package, version: "2-1", made, done: "", truth }
}

/// Ways that have nothing to do with one another, so that one host can be all of them.
fn ways() -> impl Iterator<Item = Way> {
    fine().into_iter().chain(refused()).chain(stopped())
}

/// Ways in which an upgrade succeeds.
fn fine() -> Vec<Way> {
    vec![
        way("w-plain", "two w-plain", Ready),
        way("w-new", "two w-new 'Depends: w-newlib (>= 1)'; one w-newlib 1-1", Ready),
        way("w-alternative", "two w-alternative 'Depends: w-nowhere | w-altlib'; one w-altlib 1-1", Ready),
        Way {
            done: "install w-instead",
            ..way("w-satisfied", "two w-satisfied 'Depends: w-nowhere | w-instead'; one w-instead 1-1", Ready)
        },
        way(
            "w-virtual",
            "two w-virtual 'Depends: w-transport'; one w-postfix 1-1 'Provides: w-transport'",
            Ready,
        ),
        way(
            "w-provides",
            "two w-provides 'Depends: w-api (>= 2)'; one w-server 1-1 'Provides: w-api (= 2.1)'",
            Ready,
        ),
        Way { done: "install w-there=2-1", ..way("w-there", "two w-there", Ready) },
        Way {
            done: "printf 'Package: w-pin\\nPin: version 1-1\\nPin-Priority: 1001\\n' >/etc/apt/preferences.d/pin",
            ..way("w-pin", "two w-pin", Ready)
        },
    ]
}

/// Ways in which apt finds none.
fn refused() -> Vec<Way> {
    vec![
        way("w-lost", "two w-lost 'Depends: w-missing (>= 3)'", Fails("dependency-missing w-missing")),
        way(
            "w-deep",
            "two w-deep 'Depends: w-middle'; one w-middle 1-1 'Depends: w-bottom'",
            Fails("dependency-missing w-bottom"),
        ),
        Way {
            done: "install w-oldlib",
            ..way(
                "w-old",
                "two w-old 'Depends: w-oldlib (>= 2)'; one w-oldlib 1-1",
                Fails("dependency-too-old w-oldlib"),
            )
        },
        way(
            "w-stale",
            "two w-stale 'Depends: w-interface (>= 3)'; one w-service 1-1 'Provides: w-interface (= 2)'",
            Fails("dependency-too-old w-interface"),
        ),
        way("w-novirtual", "two w-novirtual 'Depends: w-nobody'", Fails("dependency-missing w-nobody")),
        way(
            "w-arch",
            "two w-arch 'Depends: w-archlib'; one w-archlib 1-1 'Architecture: i386'",
            Fails("dependency-missing w-archlib"),
        ),
        Way {
            done: "install w-pinlib=1-1; printf 'Package: w-pinlib\\nPin: version 1-1\\nPin-Priority: 1001\\n' >/etc/apt/preferences.d/pinlib",
            ..way(
                "w-pinned",
                "two w-pinned 'Depends: w-pinlib (>= 2)'; two w-pinlib",
                Fails("dependency-too-old w-pinlib"),
            )
        },
        Way {
            done: "install w-heldlib=1-1; apt-mark hold w-heldlib",
            ..way(
                "w-needs-held",
                "two w-needs-held 'Depends: w-heldlib (>= 2)'; two w-heldlib",
                Fails("held w-heldlib"),
            )
        },
    ]
}

/// Ways that end in a failure or in a loss though every dependency could be had.
fn stopped() -> Vec<Way> {
    vec![
        Way { done: "apt-mark hold w-held", ..way("w-held", "two w-held", Fails("held w-held")) },
        Way {
            // What somebody installed by hand, and holds.
            done: "dpkg -i /srv/local/w-local_1-1.deb; apt-mark hold w-local",
            ..way(
                "w-conflict",
                "two w-conflict 'Conflicts: w-local'; deb w-local 1-1 /srv/local",
                Fails("held w-local"),
            )
        },
        way(
            "w-clash",
            "two w-clash 'Depends: w-clashlib'; one w-clashlib 1-1 'Conflicts: w-clash'",
            Fails("conflict w-clashlib"),
        ),
        Way {
            done: "install w-victim",
            ..way(
                "w-removes",
                "two w-removes 'Conflicts: w-victim'; one w-victim 1-1",
                Does("would-remove w-victim", "! dpkg -s w-victim"),
            )
        },
        Way {
            done: "install w-plugin",
            ..way(
                "w-breaks",
                "two w-breaks; one w-plugin 1-1 'Depends: w-breaks (<< 2)'",
                Does("would-remove w-plugin", "! dpkg -s w-plugin"),
            )
        },
        Way {
            done: "install w-vital",
            ..way(
                "w-essential",
                "two w-essential 'Conflicts: w-vital'; one w-vital 1-1 'Essential: yes'",
                Fails("would-remove w-vital"),
            )
        },
        Way {
            version: "1-1",
            done: "install w-down=2-1",
            ..way("w-down", "two w-down", Fails("would-downgrade w-down"))
        },
        Way {
            done: "echo mine >/etc/w-edited.conf",
            ..way(
                "w-edited",
                "put /etc/w-edited.conf one; one w-edited 1-1; put /etc/w-edited.conf two; one w-edited 2-1",
                Fails("conffile-prompt /etc/w-edited.conf"),
            )
        },
        Way {
            done: "rm /etc/w-deleted.conf",
            ..way(
                "w-deleted",
                "put /etc/w-deleted.conf one; one w-deleted 1-1; put /etc/w-deleted.conf two; one w-deleted 2-1",
                Fails("conffile-prompt /etc/w-deleted.conf"),
            )
        },
        way(
            "w-unsigned",
            "one w-unsigned 1-1; deb w-unsigned 2-1 /srv/unsigned/pool; archive /srv/unsigned stable Vendor
             echo 'deb file:///srv/unsigned stable main' >/etc/apt/sources.list.d/unsigned.list",
            Fails("unauthenticated w-unsigned"),
        ),
        way(
            "w-big",
            "one w-big 1-1; head -c 6000000 /dev/urandom >/srv/big; put /opt/w-big x; cp /srv/big /tmp/deb/opt/w-big
             deb w-big 2-1 /srv/fetched/pool; archive /srv/fetched stable Debian
             echo 'deb [trusted=yes] copy:///srv/fetched stable main' >/etc/apt/sources.list.d/fetched.list",
            Fails("disk-space /var/cache/apt/archives"),
        ),
        way("w-nosource", "one w-nosource 1-1", Fails("target-unavailable w-nosource")),
    ]
}

/// Breaks a clone in every way, asks once, and then upgrades each package for real.
#[track_caller]
fn all_ways_come_true(like: &str, name: &'static str, address: &'static str) {
    // A package of six megabytes does not fit.
    let clone = Clone::of(like, name, address, &["--tmpfs", "/var/cache/apt/archives:size=4m"]);
    let ways: Vec<Way> = ways().collect();
    let made: Vec<&str> = ways.iter().map(|way| way.made).collect();
    clone.make(&format!("dpkg --add-architecture i386\n{}\npublish", made.join("\n")));
    let installed: Vec<String> = ways.iter().map(|way| format!("{}=1-1", way.package)).collect();
    let done: Vec<&str> = ways.iter().map(|way| way.done).collect();
    clone.make(&format!("install {} || exit\n{}", installed.join(" "), done.join("\n")));
    let targets: Vec<String> =
        ways.iter().map(|way| format!("--target={}={}", way.package, way.version)).collect();
    let run = clone.ready("root", &targets.iter().map(String::as_str).collect::<Vec<_>>());
    let report = run.json();
    let mut wrong = BTreeMap::new();
    for way in &ways {
        let foretold = verdict(&report, way.package);
        let done = clone.upgrade(way.package, way.version);
        let succeeded = done.status == 0 && done.version == way.version;
        let (expected, came_true) = match way.truth {
            Ready => ("ready", succeeded),
            Fails(why) => (why, done.status != 0),
            Does(why, command) => (why, succeeded && clone.run(command).0 == 0),
        };
        if foretold != [expected] || !came_true {
            let really = format!("{} {}\n{}", done.status, done.version, done.said);
            wrong.insert(way.package, format!("{foretold:?}, not {expected:?}; really {really}"));
        }
        // What was left unfinished would stop whatever comes next.
        if done.status != 0 && done.version.is_empty() {
            clone.run(&format!("dpkg --purge --force-all {}", way.package));
        }
    }
    assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    assert_eq!(run.status, 2, "{}", run.stderr);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_comes_true_with_the_apt_of_trixie() {
    all_ways_come_true("web-01", "truth-trixie", "127.77.5.11");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_comes_true_with_the_apt_of_bookworm() {
    all_ways_come_true("db-01", "truth-bookworm", "127.77.5.12");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_foretold_comes_true_with_the_apt_of_bullseye() {
    all_ways_come_true("web-11", "truth-bullseye", "127.77.5.13");
}
