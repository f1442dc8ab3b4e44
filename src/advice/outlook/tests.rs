//! Small clusters whose solvers say this and that.

use std::collections::BTreeSet;

use crate::advice::outlook::Outlook;
use crate::advice::{Prospect, UpgradeOutlook, Verdict, advise};
use crate::readiness::Readiness;
use crate::rules::fixture::{Spec, compared};
use crate::rules::{Accepted, Asked, findings};

const NGINX: &str = "[[upgrade]]\npackage = \"nginx\"\nto = \"1.26\"\n";
const BACKPORTS: &str = "http://mirror.example.net/debian trixie-backports/main amd64 Packages";

/// A host with nginx 1.22-1 and what its solver says.
fn host(words: &str, sources: &str, answer: &str) -> String {
    format!(
        "{words} nginx=1.22-1\n@sources\n= /etc/apt/sources.list\n{sources}\n@upgrade\nsystem\tapt 3.0.3\nlists\t4\t1795400000\n{answer}done\n"
    )
}

const MAIN: &str = "deb http://mirror.example.net/debian trixie main";
const BOTH: &str = "deb http://mirror.example.net/debian trixie main\ndeb http://mirror.example.net/debian trixie-backports main";

/// It would be upgraded, and libssl4 come with it.
fn ready() -> String {
    host(
        "",
        BOTH,
        &format!(
            "space\t/usr\t/\t900000\ntarget\tnginx\t1.22-1\t1.26-1\t1.26-1\noffer\tnginx\t1.26-1\t{BACKPORTS}\nask\t0\tnginx\n\
             inst\tnginx\tamd64\t1.26-1\t1.22-1\ninst\tlibssl4\tamd64\t4.0-1\t-\n\
             file\tnginx\tamd64\t1.26-1\t1000\t2000\tyes\t{BACKPORTS}\nfile\tlibssl4\tamd64\t4.0-1\t9\t5000\tyes\t{BACKPORTS}\n"
        ),
    )
}

/// No source of it has the version.
fn without_source() -> String {
    host("", MAIN, "target\tnginx\t1.22-1\t1.22-1\t-\noffer\tnginx\t1.22-1\t-\n")
}

/// The package is on hold.
fn held() -> String {
    ready().replace("nginx=1.22-1", "nginx=1.22-1/hi")
}

/// Another package is half-configured.
fn broken() -> String {
    ready().replacen("nginx=1.22-1", "bad=1-1/iF nginx=1.22-1", 1)
}

/// The outlook of an upgrade to nginx 1.26, and what `audit --ready` makes of each host.
#[track_caller]
fn looked<T>(
    playbook: &str,
    hosts: &[(&str, String)],
    look: impl FnOnce(&UpgradeOutlook, &[String], &[Verdict]) -> T,
) -> T {
    let hosts: Vec<Spec<'_>> = hosts.iter().map(|(name, words)| (*name, words.as_str())).collect();
    compared(playbook, &hosts, |comparison, _| {
        let readiness = Readiness::of(comparison);
        let asked = Asked { drift: true, readiness: Some(&readiness) };
        let today = jiff::civil::date(2026, 11, 23);
        let findings = findings(comparison, asked, today, &Accepted::default());
        let outlook = Outlook::of(comparison, &readiness, &findings);
        let advised = advise(comparison, &findings, Some(&outlook), &BTreeSet::new());
        let upgrade = outlook.upgrades.first().expect("there is an upgrade");
        let causes: Vec<String> = upgrade.causes.iter().map(|cause| cause.message(comparison)).collect();
        let verdicts: Vec<Verdict> = advised.hosts.iter().map(|host| host.verdict).collect();
        look(upgrade, &causes, &verdicts)
    })
}

#[test]
fn where_nothing_is_wrong_the_cluster_stays_together() {
    let hosts = [("web-01", ready()), ("web-02", ready()), ("web-03", ready())];
    looked(NGINX, &hosts, |upgrade, causes, verdicts| {
        assert_eq!(upgrade.prospect, Prospect::NoKnownObstacle);
        assert!(causes.is_empty() && verdicts.iter().all(|verdict| *verdict == Verdict::InSync));
        assert_eq!(upgrade.forecast, "now 3× 1.22-1 → after 3× 1.26-1: the cluster would stay together");
        assert_eq!(upgrade.effects.len(), 1, "hosts that agree are told together");
        assert_eq!((upgrade.effects[0].hosts.len(), upgrade.effects[0].changes.len()), (3, 2));
        let room = &upgrade.effects[0].rooms[0];
        assert_eq!((room.mount.as_str(), room.needs, room.free), ("/", 7000, 900_000));
        assert!(upgrade.apart.is_empty());
    });
}

#[test]
fn a_source_that_some_lack_is_named_and_hosts_with_one_cause_are_folded() {
    let hosts = [
        ("web-01", ready()),
        ("web-02", without_source()),
        ("web-03", ready()),
        ("web-04", without_source()),
    ];
    looked(NGINX, &hosts, |upgrade, causes, verdicts| {
        assert_eq!(
            causes,
            [
                "fails on web-02 and web-04 because nginx 1.26 (the newest on offer is 1.22-1) has no candidate; the other 2 get it from debian trixie-backports, which those two do not have"
            ]
        );
        assert_eq!(upgrade.prospect, Prospect::FixFirst);
        assert_eq!(
            upgrade.causes[0].steps[0],
            "add the source debian trixie-backports, then: apt-get update"
        );
        assert_eq!(
            upgrade.forecast,
            "now 4× 1.22-1 → after 2× 1.26-1, 2× 1.22-1: the upgrade would leave the cluster drifted"
        );
        assert_eq!(verdicts[1], Verdict::Repair, "a source can be added");
    });
}

#[test]
fn what_nobody_can_have_is_a_reason_to_replace() {
    let hosts = [("web-01", without_source()), ("web-02", without_source())];
    looked(NGINX, &hosts, |upgrade, causes, verdicts| {
        assert_eq!(upgrade.prospect, Prospect::ReplaceInstead);
        assert_eq!(upgrade.why, causes, "the reasons are the causes");
        assert!(causes[0].ends_with("nobody of its release in the cluster can have it"), "{causes:?}");
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Replace), "{verdicts:?}");
    });
}

#[test]
fn a_host_without_lists_is_given_some() {
    let blank = without_source().replace("lists\t4\t", "lists\t0\t");
    looked(NGINX, &[("web-01", blank)], |upgrade, _, _| {
        assert_eq!(upgrade.prospect, Prospect::FixFirst);
        assert_eq!(upgrade.causes[0].steps, ["apt-get update"]);
    });
}

#[test]
fn a_hold_is_fixed_and_a_broken_database_replaced() {
    let hosts = [("web-01", ready()), ("web-02", held()), ("web-03", ready())];
    looked(NGINX, &hosts, |upgrade, causes, _| {
        assert_eq!(causes, ["fails on web-02 because nginx is on hold"]);
        assert_eq!(upgrade.prospect, Prospect::FixFirst);
        assert_eq!(upgrade.causes[0].steps[0], "find out why, then: apt-mark unhold nginx");
    });
    let hosts = [("web-01", ready()), ("web-02", broken()), ("web-03", held())];
    looked(NGINX, &hosts, |upgrade, causes, verdicts| {
        assert_eq!(upgrade.prospect, Prospect::ReplaceInstead);
        assert_eq!(causes.len(), 2);
        assert!(
            causes[0].starts_with("fails on web-02 because bad is half-installed or broken"),
            "{causes:?}"
        );
        assert!(
            upgrade.causes[0].steps[0].starts_with("build a new server from an image that has nginx 1.26,")
        );
        assert!(upgrade.causes[0].steps[1].starts_with("or, in place: dpkg --configure -a"));
        assert_eq!(verdicts[1], Verdict::Replace);
    });
}

#[test]
fn an_older_release_than_the_clusters_is_replaced_whatever_stops_it() {
    let old = held().replacen("nginx", "bookworm nginx", 1);
    let hosts = [("web-01", ready()), ("web-02", ready()), ("web-03", ready()), ("web-04", old)];
    looked(NGINX, &hosts, |upgrade, causes, _| {
        assert_eq!(upgrade.prospect, Prospect::ReplaceInstead);
        assert!(causes[0].ends_with("it runs an older release than its cluster"), "{causes:?}");
    });
}

#[test]
fn a_dependency_that_others_have_installed_is_named_with_its_version() {
    let has = host(
        "libssl3t64=3.3-1",
        MAIN,
        "target\tnginx\t1.22-1\t1.26-1\t1.26-1\nask\t0\tnginx\ninst\tnginx\tamd64\t1.26-1\t1.22-1\n",
    );
    let playbook = format!("{NGINX}requires = [{{ name = \"libssl3t64\", version = \">=3.3\" }}]\n");
    let lacks = has.replace("libssl3t64=3.3-1 ", "");
    let hosts = [("web-01", has.clone()), ("web-02", has), ("web-03", lacks)];
    looked(&playbook, &hosts, |upgrade, causes, _| {
        assert!(
            causes[0].ends_with("; 2 others have it installed already, as 3.3-1")
                || causes[0].ends_with("; the other 2 have it installed already, as 3.3-1"),
            "{causes:?}"
        );
        assert!(
            upgrade.causes[0].steps[0].ends_with("apt-get install libssl3t64=3.3-1"),
            "{:?}",
            upgrade.causes
        );
    });
}

#[test]
fn a_host_of_which_nothing_is_known_is_not_known_afterwards() {
    let hosts = [("web-01", ready()), ("web-02", ready()), ("web-03", "down".to_owned())];
    looked(NGINX, &hosts, |upgrade, _, _| {
        assert_eq!(upgrade.prospect, Prospect::Unknown);
        assert_eq!(
            upgrade.forecast,
            "now 2× 1.22-1, 1× not known → after 2× 1.26-1, 1× not known: the others would agree; how 1 of 3 would end is not known"
        );
    });
}

#[test]
fn a_waiver_makes_ready_only_where_the_solver_would() {
    let waiver = |rule: &str| {
        format!("{NGINX}[[waiver]]\nrule = \"{rule}\"\njustification = \"meant so\"\nuntil = 2026-12-31\n")
    };
    let hosts = [("web-01", ready()), ("web-02", held())];
    looked(&waiver("held"), &hosts, |upgrade, _, _| assert_eq!(upgrade.prospect, Prospect::NoKnownObstacle));
    let hosts = [("web-01", ready()), ("web-02", without_source())];
    looked(&waiver("target-unavailable"), &hosts, |upgrade, causes, _| {
        assert_eq!(upgrade.prospect, Prospect::FixFirst);
        assert_eq!(causes.len(), 1, "what is refused is still told: {causes:?}");
    });
}

#[test]
fn where_hosts_would_differ_beside_the_package_is_told() {
    let plain = ready().replace("inst\tlibssl4\tamd64\t4.0-1\t-\n", "");
    let hosts = [("web-01", ready()), ("web-02", ready()), ("web-03", plain)];
    looked(NGINX, &hosts, |upgrade, _, _| {
        assert_eq!(upgrade.effects.len(), 2);
        assert_eq!(upgrade.apart.len(), 1);
        assert_eq!(upgrade.apart[0].package, "libssl4");
        assert_eq!(upgrade.apart[0].shares.len(), 2);
    });
}

#[test]
fn of_a_host_that_is_unknown_no_cause_is_told() {
    let told = broken().replace("done\n", "cannot\tfailed\tno list\ndone\n");
    looked(NGINX, &[("web-01", ready()), ("web-02", told)], |upgrade, causes, _| {
        assert_eq!(upgrade.prospect, Prospect::Unknown);
        assert!(causes.is_empty(), "{causes:?}");
    });
}

#[test]
fn what_the_playbook_wants_and_nobody_has_is_upgraded_first() {
    let playbook = format!("{NGINX}requires = [{{ name = \"lib\", version = \">=2\" }}]\n");
    let lacking = || ready().replacen("nginx=1.22-1", "lib=1-1 nginx=1.22-1", 1);
    let hosts = [("web-01", lacking()), ("web-02", lacking())];
    looked(&playbook, &hosts, |upgrade, causes, _| {
        assert_eq!(upgrade.prospect, Prospect::FixFirst);
        assert_eq!(
            causes,
            ["fails on web-01 and web-02 because lib (>=2) for the playbook, not 1-1 is wanted"]
        );
        let step = "upgrade it first, or name it in an [[upgrade]] beside this one: lib (>=2)";
        assert_eq!(upgrade.causes[0].steps, [step]);
    });
}

#[test]
fn what_is_on_offer_and_passed_by_is_no_reason_to_build_a_new_server() {
    let refused = host(
        "lib=1-1",
        BOTH,
        "target\tnginx\t1.22-1\t1.22-1\t1.26-1\noffer\tnginx\t1.26-1\t-\nask\t100\tnginx\nsaid\tE: no way\n\
         record\tinstalled\tnginx\tamd64\t1.22-1\t-\t-\nrecord\toffered\tnginx\tamd64\t1.26-1\t-\t500\n\
         rel\tdepends\tlib (>= 2)\nrecord\tinstalled\tlib\tamd64\t1-1\t-\t-\n\
         record\toffered\tlib\tamd64\t1-1\t-\t990\nrecord\toffered\tlib\tamd64\t2-1\t-\t500\n",
    );
    let hosts = [("web-01", refused)];
    looked(NGINX, &hosts, |upgrade, causes, _| {
        assert_eq!(upgrade.prospect, Prospect::FixFirst, "{causes:?}");
        assert!(
            causes[0].ends_with("2-1 is on offer there, and the package manager prefers another"),
            "{causes:?}"
        );
        assert_eq!(upgrade.causes[0].steps, ["find out why it is passed by, then: apt-get install lib=2-1"]);
    });
}
