//! The same for what the whole host is in, rather than a package: one state after the other, each of them undone.

use crate::truth_hosts::{Clone, verdict};

/// A state of the host; in each, `s-plain` shall come from 1-1 to 2-1.
struct State {
    made: &'static str,
    undone: &'static str,
    foretold: &'static str,
    /// Whether the real upgrade succeeds; `None` where nobody can know.
    succeeds: Option<bool>,
}

const STATES: &[State] = &[
    State { made: ":", undone: ":", foretold: "ready", succeeds: Some(true) },
    State {
        made: "hold_lock /var/lib/dpkg/lock-frontend",
        undone: "let_go",
        foretold: "locked /var/lib/dpkg/lock-frontend",
        succeeds: Some(false),
    },
    State {
        made: "hold_lock /var/cache/apt/archives/lock",
        undone: "let_go",
        foretold: "locked /var/cache/apt/archives/lock",
        succeeds: Some(false),
    },
    State {
        // Whoever fetches lists stops no installation.
        made: "hold_lock /var/lib/apt/lists/lock",
        undone: "let_go",
        foretold: "ready",
        succeeds: Some(true),
    },
    State {
        made: "dpkg -i /srv/local/s-half_1-1.deb",
        undone: "dpkg --purge --force-all s-half",
        foretold: "broken-state s-half",
        succeeds: Some(false),
    },
    State {
        // A library that somebody removed by force, and that no source has.
        made: "dpkg --remove --force-depends s-lib",
        undone: "dpkg -i /srv/local/s-lib_1-1.deb",
        foretold: "broken-state s-user",
        succeeds: Some(false),
    },
    State {
        made: "touch -d '30 days ago' /var/lib/apt/lists",
        undone: "touch /var/lib/apt/lists",
        foretold: "ready",
        succeeds: Some(true),
    },
    State {
        made: "mv /etc/apt/sources.list.d/truth.list /root; refresh",
        undone: "mv /root/truth.list /etc/apt/sources.list.d; refresh",
        foretold: "target-unavailable s-plain",
        succeeds: Some(false),
    },
    State {
        made: "echo nonsense >/etc/apt/sources.list.d/wrong.list",
        undone: "rm /etc/apt/sources.list.d/wrong.list",
        foretold: "unknown: failed: Malformed line 1 in source list /etc/apt/sources.list.d/wrong.list (type)",
        succeeds: Some(false),
    },
    State {
        made: "rm /var/lib/apt/lists/*Packages*",
        undone: "refresh",
        foretold: "target-unavailable s-plain",
        succeeds: Some(false),
    },
    State {
        made: "echo 'APT::Install::Pre-Invoke:: \"exit 1\";' >/etc/apt/apt.conf.d/99hook",
        undone: "rm /etc/apt/apt.conf.d/99hook",
        // A hook of the host's own is nothing that may be run to see what becomes of it.
        foretold: "ready",
        succeeds: None,
    },
    State {
        made: "printf 'APT::Solver \"3.0\";\\nAPT::Get::Assume-Yes \"true\";\\n' >/etc/apt/apt.conf.d/99solver",
        undone: "rm /etc/apt/apt.conf.d/99solver",
        foretold: "ready",
        succeeds: Some(true),
    },
];

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_a_host_is_in_decides_as_it_was_foretold() {
    let clone = Clone::of("web-01", "truth-states", "127.77.5.14", &[]);
    clone.make(
        "two s-plain; one s-user 1-1 'Depends: s-lib'; deb s-lib 1-1 /srv/local
         printf '#!/bin/sh\\nexit 1\\n' >/tmp/postinst; mkdir -p /tmp/deb/DEBIAN; cp /tmp/postinst /tmp/deb/DEBIAN; chmod 755 /tmp/deb/DEBIAN/postinst
         deb s-half 1-1 /srv/local; dpkg -i /srv/local/s-lib_1-1.deb; publish; install s-user",
    );
    let mut wrong = Vec::new();
    for state in STATES {
        clone.make("install s-plain=1-1");
        clone.run(state.made);
        let run = clone.ready("root", &["--target=s-plain=2-1"]);
        let foretold = verdict(&run.json(), "s-plain");
        let done = clone.upgrade("s-plain", "2-1");
        clone.run(state.undone);
        let status = match foretold[0].split([' ', ':']).next() {
            Some("ready") => 0,
            Some("unknown") => 3,
            _ => 2,
        };
        let succeeded = done.status == 0 && done.version == "2-1";
        let came_true = state.succeeds.is_none_or(|expected| expected == succeeded);
        if foretold != [state.foretold] || run.status != status || !came_true {
            wrong.push(format!(
                "{}: {foretold:?}, {}; really {}: {}",
                state.made, run.status, done.status, done.said
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_stops_nothing_is_a_warning_and_what_the_playbook_requires_an_obstacle() {
    let clone = Clone::of("db-01", "truth-warned", "127.77.5.15", &[]);
    clone.make("two s-plain; one s-lib 1-1; publish; install s-plain=1-1 s-lib; touch -d '30 days ago' /var/lib/apt/lists");
    let report = clone.ready("root", &["--target=s-plain=2"]).json();
    assert_eq!(verdict(&report, "s-plain"), ["ready"]);
    assert!(crate::harness::keys(&report).iter().any(|key| key.starts_with("metadata-stale/")), "{report:#}");
    let required = |what: &str| {
        let playbook = format!("[[upgrade]]\npackage = \"s-plain\"\nto = \"2\"\nrequires = [{what}]\n");
        verdict(&clone.ready_under(&playbook, "root", &[]).json(), "s-plain")
    };
    assert_eq!(required("{ name = \"s-lib\", version = \">=1\" }"), ["ready"]);
    assert_eq!(required("{ name = \"s-lib\", version = \">=2\" }"), ["dependency-too-old s-lib"]);
    assert_eq!(required("{ name = \"s-nothing\", version = \">=2\" }"), ["dependency-missing s-nothing"]);
    // What nobody knows, and what is asked for at two versions, is not ready.
    let report = clone.ready("root", &["--target=s-plain=2", "--target=s-nothing=1"]).json();
    assert_eq!(verdict(&report, "s-plain"), ["ready"]);
    let told = verdict(&report, "s-nothing");
    assert!(told[0].starts_with("unknown: ") && told[0].contains("s-nothing"), "{told:?}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_dpkg_is_told_about_edited_files_decides_whether_it_asks() {
    let clone = Clone::of("web-11", "truth-edited", "127.77.5.16", &[]);
    clone.make("for v in 1 2; do put /etc/s-edited.conf $v; one s-edited $v-1; done; publish");
    let edit = "install -o DPkg::Options::=--force-confold s-edited=1-1; echo mine >/etc/s-edited.conf";
    let config = "/etc/dpkg/dpkg.cfg.d/edited";
    for (told, left) in [
        (format!("echo force-confold >{config}"), "mine"),
        (format!("echo force-confdef >{config}"), "mine"),
        (format!("echo force-confnew >{config}"), "2"),
        (
            format!(
                "rm {config}; echo 'Dpkg::Options {{\"--force-confold\";}};' >/etc/apt/apt.conf.d/edited"
            ),
            "mine",
        ),
    ] {
        clone.make(&format!("{edit}; {told}"));
        assert_eq!(
            verdict(&clone.ready("root", &["--target=s-edited=2"]).json(), "s-edited"),
            ["ready"],
            "{told}"
        );
        let done = clone.upgrade("s-edited", "2-1");
        assert_eq!((done.status, done.version.as_str()), (0, "2-1"), "{told}: {}", done.said);
        assert_eq!(clone.make("cat /etc/s-edited.conf").trim(), left, "{told}");
    }
    clone.make(&format!("{edit}; rm /etc/apt/apt.conf.d/edited"));
    let told = verdict(&clone.ready("root", &["--target=s-edited=2"]).json(), "s-edited");
    assert_eq!(told, ["conffile-prompt /etc/s-edited.conf"]);
    assert_ne!(clone.upgrade("s-edited", "2-1").status, 0);
}
