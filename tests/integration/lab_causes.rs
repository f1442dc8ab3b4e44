//! What is named as the cause is the cause: it is mended on a real host, and the host is asked again.

use serde_json::Value;

use crate::truth_hosts::{Clone, ready, verdict};

/// A package that shall come to 2-1, what stops it, and what mends that.
struct Cause {
    package: &'static str,
    /// Makes the packages, and breaks the host once they are installed: see truth_hosts.sh.
    made: &'static str,
    broken: &'static str,
    foretold: &'static str,
    /// Mends it: a script, with what the report says to do in place of `REMEDY`.
    mended: &'static str,
}

const CAUSES: &[Cause] = &[
    Cause {
        package: "c-source",
        made: "one c-source 1-1; deb c-source 2-1 /srv/vendor/pool; archive /srv/vendor stable Vendor",
        broken: ":",
        foretold: "target-unavailable c-source",
        mended: "echo 'deb [trusted=yes] file:///srv/vendor stable main' >/etc/apt/sources.list.d/vendor.list; refresh",
    },
    Cause {
        package: "c-held",
        made: "two c-held",
        broken: "apt-mark hold c-held",
        foretold: "held c-held",
        mended: "REMEDY",
    },
    Cause {
        package: "c-lib",
        made: "two c-lib 'Depends: c-missing (>= 3)'; deb c-missing 3-1 /srv/local",
        broken: ":",
        foretold: "dependency-missing c-missing",
        mended: "dpkg -i /srv/local/c-missing_3-1.deb",
    },
    Cause {
        package: "c-old",
        made: "two c-old 'Depends: c-oldlib (>= 2)'; one c-oldlib 1-1; deb c-oldlib 2-1 /srv/backports/pool
               archive /srv/backports stable Backports",
        broken: "install c-oldlib",
        foretold: "dependency-too-old c-oldlib",
        mended: "echo 'deb [trusted=yes] file:///srv/backports stable main' >/etc/apt/sources.list.d/backports.list; refresh",
    },
    Cause {
        package: "c-conflict",
        made: "two c-conflict 'Conflicts: c-local'; deb c-local 1-1 /srv/local",
        broken: "dpkg -i /srv/local/c-local_1-1.deb; apt-mark hold c-local",
        foretold: "held c-local",
        mended: "dpkg --purge c-local",
    },
];

/// The remedy of the first thing that stops a package.
#[track_caller]
fn remedy(report: &Value, package: &str) -> String {
    let upgrades = report["upgrades"].as_array().unwrap();
    let upgrade = upgrades.iter().find(|upgrade| upgrade["package"] == package).unwrap();
    let remedy = upgrade["blocked"][0]["inhibitors"][0]["remedy"].as_str().unwrap();
    // Its command comes last.
    remedy.rsplit(": ").next().unwrap().to_owned()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_host_is_ready_once_the_cause_is_mended() {
    let clone = Clone::of("db-01", "causes", "127.77.5.20", &[]);
    let made: Vec<&str> = CAUSES.iter().map(|cause| cause.made).collect();
    let broken: Vec<&str> = CAUSES.iter().map(|cause| cause.broken).collect();
    let installed: Vec<String> = CAUSES.iter().map(|cause| format!("{}=1-1", cause.package)).collect();
    clone.make(&format!(
        "{}\npublish\ninstall {}\n{}",
        made.join("\n"),
        installed.join(" "),
        broken.join("\n")
    ));
    let targets: Vec<String> = CAUSES.iter().map(|cause| format!("--target={}=2-1", cause.package)).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let before = clone.ready("root", &targets).json();
    for cause in CAUSES {
        assert_eq!(verdict(&before, cause.package), [cause.foretold]);
        clone.make(&cause.mended.replace("REMEDY", &remedy(&before, cause.package)));
    }
    let after = clone.ready("root", &targets);
    assert_eq!(after.status, 0, "{}", after.stdout);
    for cause in CAUSES {
        assert_eq!(verdict(&after.json(), cause.package), ["ready"], "{}", cause.package);
        let done = clone.upgrade(cause.package, "2-1");
        assert_eq!((done.status, done.version.as_str()), (0, "2-1"), "{}: {}", cause.package, done.said);
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn what_is_half_configured_is_put_in_order_as_the_remedy_says() {
    let clone = Clone::of("web-11", "causes-half", "127.77.5.21", &[]);
    clone.make(
        "two c-plain; put /etc/c-half.conf x; printf '#!/bin/sh\\ntest -e /srv/mended\\n' >/tmp/deb/DEBIAN/postinst
         chmod 755 /tmp/deb/DEBIAN/postinst; one c-half 1-1; publish; install c-plain=1-1; install c-half; true",
    );
    let before = clone.ready("root", &["--target=c-plain=2"]).json();
    assert_eq!(verdict(&before, "c-plain"), ["broken-state c-half"]);
    clone.make(&format!("touch /srv/mended; {}", remedy(&before, "c-plain")));
    assert_eq!(verdict(&clone.ready("root", &["--target=c-plain=2"]).json(), "c-plain"), ["ready"]);
    assert_eq!(clone.upgrade("c-plain", "2-1").status, 0);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_host_that_is_given_the_source_of_the_others_is_ready_as_they_are() {
    let one = Clone::of("web-01", "causes-one", "127.77.5.22", &[]);
    let other = Clone::of("web-01", "causes-other", "127.77.5.23", &[]);
    let made = "two c-app 'Depends: c-lib (>= 3)'; deb c-lib 3-1 /srv/vendor/pool; archive /srv/vendor stable Vendor; publish; install c-app=1-1";
    let source = "echo 'deb [trusted=yes] file:///srv/vendor stable main' >/etc/apt/sources.list.d/vendor.list; refresh";
    one.make(&format!("{made}; {source}"));
    other.make(made);
    let ask = || ready(&[&one, &other], "name = \"both\"\n", "root", &["--target=c-app=2"]);
    let run = ask();
    let before = &run.json()["upgrades"][0];
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(before["ready"], serde_json::json!(["causes-one"]), "{before:#}");
    assert_eq!(before["blocked"][0]["host"], "causes-other", "{before:#}");
    assert_eq!(before["blocked"][0]["inhibitors"][0]["subject"], "c-lib", "{before:#}");
    let cause = before["causes"][0]["message"].as_str().unwrap();
    assert!(cause.starts_with("fails on causes-other because c-lib (>= 3) has no candidate; "), "{cause}");
    assert!(cause.ends_with("/srv/vendor stable, which it does not have"), "{cause}");
    assert_eq!(before["verdict"], "fix-first");
    other.make(source);
    let run = ask();
    assert_eq!(run.status, 0, "{}", run.stdout);
    assert_eq!(run.json()["upgrades"][0]["ready"], serde_json::json!(["causes-one", "causes-other"]));
}
