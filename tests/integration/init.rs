//! `driftless init`: the playbook that it writes is read again, and an audit with it tells the same drift.

use std::collections::BTreeSet;
use std::sync::Arc;

use driftless::simulate::Behaviour;
use serde_json::Value;

use crate::fleet::{Fleet, answers, recorded};
use crate::harness::{Outcome, keys, wait};

const BOOKWORM: &str = "VERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";

/// `driftless init -i inventory.toml …`
#[track_caller]
fn init(fleet: &Fleet, arguments: &[&str]) -> Outcome {
    let arguments = [&["init", "-i", "inventory.toml"], arguments].concat();
    wait(fleet.room.command(&arguments).spawn().unwrap())
}

/// The playbook, which lies in `play.toml` as well.
#[track_caller]
fn drafted(fleet: &Fleet, arguments: &[&str]) -> String {
    let run = init(fleet, arguments);
    assert_eq!(run.status, 0, "{}", run.stderr);
    fleet.room.write("play.toml", &run.stdout);
    run.stdout
}

/// Audits with the playbook; its mistakes and patterns without hosts fail the test.
#[track_caller]
fn audit(fleet: &Fleet, arguments: &[&str]) -> Value {
    let run = fleet.audit(&[&["-o", "json"], arguments].concat());
    assert!(run.status != 1, "{}", run.stderr);
    assert!(!run.stderr.contains("matches no host"), "{}", run.stderr);
    run.json()
}

/// Drafts a playbook and audits with it: it finds what an audit without one finds, but for packages that
/// most hosts do not have, and requirements that are not met by hosts that differ anyway.
#[track_caller]
fn tells_the_same(fleet: &Fleet) -> String {
    let text = drafted(fleet, &[]);
    let (without, with) = (audit(fleet, &[]), audit(fleet, &["-p", "play.toml"]));
    let told = |report: &Value| -> BTreeSet<String> {
        let all = keys(report).into_iter().map(str::to_owned);
        all.filter(|key| !key.starts_with("package-extra/") && !key.starts_with("policy-unmet/")).collect()
    };
    assert_eq!(told(&with), told(&without), "{text}");
    for key in keys(&with).into_iter().filter(|key| key.starts_with("policy-unmet/")) {
        let place = key.trim_start_matches("policy-unmet/");
        let drifts = |rule: &str| told(&with).contains(&format!("{rule}/{place}"));
        assert!(drifts("package-version") || drifts("ahead"), "{key} in {text}");
    }
    text
}

fn named(prefix: &str, hosts: &[&[&str]]) -> Vec<(String, Behaviour)> {
    let each = hosts.iter().enumerate();
    each.map(|(nth, packages)| (format!("{prefix}-{:02}", nth + 1), answers(packages))).collect()
}

#[test]
fn today_becomes_a_playbook_that_finds_the_same_drift() {
    let same: &[&str] = &["nginx=1.26.3-3+deb13u1", "bash=5.2-1", "openssl=3.5.4-1", "odd=git20200101-1"];
    let fleet = Fleet::new(named(
        "web",
        &[
            same,
            same,
            same,
            same,
            &["nginx=1.22.1-9", "bash=5.2-1", "openssl=3.5.4-1", "odd=git20200101-1"],
            &["nginx=1.27.0-1", "bash=5.2-1", "openssl=3.5.5-1", "odd=git20200101-1"],
            &["bash=5.2-2", "openssl=3.5.4-1", "odd=git20200101-1", "htop=3-1"],
        ],
    ));
    let text = tells_the_same(&fleet);
    for line in [
        "[[cluster]]\nname = \"web\"\nhosts = \"web\"\n",
        "version = \">=1.26, <1.27\"              # 1.26.3-3+deb13u1 on 4 of 7 hosts\n",
        "# Others: web-05 1.22.1-9; web-06 ahead with 1.27.0-1; web-07 not installed.\n",
        "#version = \">=1.0\"",
        "[everything-else]\ncompare = false\n",
        "what most hosts do not have (htop).",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[test]
fn whatever_the_fleet_is_like_the_playbook_finds_the_same() {
    let one = |version: &'static str| [version, "redis=5:8.0.2-3"];
    let (old, new) = (one("nginx=1.22.1-9"), one("nginx=1.26.3-3"));
    let text = tells_the_same(&Fleet::new(named("lone", &[&new])));
    assert!(text.contains("# 1.26.3-3 on 1 of 1 host\n") && text.contains("\nhosts = \"web\"\n"), "{text}");

    let text = tells_the_same(&Fleet::new(named("web", &[&new, &new, &old, &old])));
    for line in ["(1.26.3-3 on 2, 1.22.1-9 on", "#baseline = \"newest\" ", "#baseline = \"host:web-01\" "] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    tells_the_same(&Fleet::new(named("web", &[&new, &old])));
    tells_the_same(&Fleet::new(named("web", &[&new, &["redis=5:8.0.2-3"]])));

    let half = named("web", &[&new, &new, &new, &old]).into_iter();
    let broken = Behaviour::Answers(Arc::new(crate::fleet::host_with(&[]).failing("dpkg", 2, "no\n")));
    let down = [("web-05".to_owned(), Behaviour::Down), ("web-06".to_owned(), broken)];
    let text = tells_the_same(&Fleet::new(half.chain(down)));
    assert!(text.contains("\n# web-05 not audited: connect: the host refused the connection.\n"), "{text}");
    assert!(text.contains("web-06 packages not known: failed"), "{text}");
}

#[test]
fn clusters_are_named_by_their_groups_or_by_their_hosts() {
    let hosts = |names: &[&'static str], groups: &'static [&'static str]| {
        names
            .iter()
            .map(|name| ((*name).to_owned(), groups, answers(&["nginx=1.26.3-3"])))
            .collect::<Vec<_>>()
    };
    let fleet = Fleet::in_groups(
        [
            hosts(&["a-1", "a-2"], &["web", "prod"]),
            hosts(&["b-1"], &["web"]),
            hosts(&["c-1", "c-2"], &["prod"]),
            hosts(&["n-1", "n-2"], &[]),
            hosts(&["o-1"], &["all-of-it.x_1"]),
            hosts(&["o-2"], &["1"]),
            hosts(&["o-3"], &["n-1"]),
            hosts(&["o-4", "o-5"], &["o-5"]),
        ]
        .concat(),
    );
    let text = drafted(&fleet, &[]);
    for hosts in ["prod:&web", "web:!prod", "prod:!web", "ungrouped", "all-of-it.x_1", "1", "o-3", "o-[4-5]"]
    {
        assert!(text.contains(&format!("\nhosts = \"{hosts}\"\n")), "{hosts} is not in\n{text}");
    }
    let report = audit(&fleet, &["-p", "play.toml"]);
    assert_eq!(keys(&report), Vec::<&str>::new(), "{text}");
    assert_eq!(report["clusters"].as_array().unwrap().len(), 8, "{text}");

    let some = drafted(&fleet, &["-l", "a-1,c-1"]);
    assert!(some.contains("\nhosts = \"a-1\"\n") && some.contains("\nhosts = \"c-1\"\n"), "{some}");
}

#[test]
fn hosts_of_another_release_are_told_and_do_not_flood_it() {
    let base =
        |version: &str| (0..40).map(|nth| format!("libx{nth}\tamd64\t{version}\tii \n")).collect::<String>();
    let old = recorded(BOOKWORM, &format!("{}nginx\tamd64\t1.22.1-9\tii \n", base("1-1")));
    let new = recorded(crate::fleet::TRIXIE, &format!("{}nginx\tamd64\t1.26.3-3\tii \n", base("2-1")));
    let odd = recorded(crate::fleet::TRIXIE, &format!("{}nginx\tamd64\t1.26.1-1\tii \n", base("2-1")));
    let host = |nth: usize, recording: &driftless::simulate::Recording| {
        (format!("web-{nth:02}"), Behaviour::Answers(Arc::new(recording.clone())))
    };
    let fleet = Fleet::new([host(1, &new), host(2, &new), host(3, &new), host(4, &old), host(5, &odd)]);
    let text = drafted(&fleet, &[]);
    assert!(text.contains("# 5 hosts, trixie.\n# web-04 on bookworm.\n"), "{text}");
    assert_eq!(text.matches("\n[[package]]\n").count(), 25, "{text}");
    assert!(text.contains("16 further packages, for want of room"), "{text}");
    assert!(text.contains("#rule = \"release\" "), "{text}");
    // Where hosts differ, the package has room.
    assert!(text.contains("# Others: web-04 1.22.1-9 (bookworm); web-05 1.26.1-1.\n"), "{text}");
    assert!(text.contains("#hosts = \"web-05\" "), "{text}");
    let told = audit(&fleet, &["-p", "play.toml"]);
    assert!(keys(&told).contains(&"release/web/web-04/os-release"), "{:?}", keys(&told));
}

#[test]
fn what_every_cluster_has_is_named_only_where_nothing_else_is() {
    let fleet = |web: &[&str], db: &[&str]| {
        Fleet::in_groups([
            ("web-1".to_owned(), &["web"][..], answers(web)),
            ("db-1".to_owned(), &["db"][..], answers(db)),
        ])
    };
    let text =
        drafted(&fleet(&["nginx=1-1", "agent=3-1", "systemd=257-1"], &["agent=3-1", "redis=8-1"]), &[]);
    assert!(
        text.contains("\"nginx\"") && text.contains("\"redis\"") && !text.contains("\"agent\""),
        "{text}"
    );
    assert!(
        text.contains("# Not named for web: 2 packages of the base system or of every cluster"),
        "{text}"
    );
    let alike = drafted(&fleet(&["nginx=1-1", "systemd=257-1"], &["nginx=1-1"]), &[]);
    assert_eq!(alike.matches("name = \"nginx\"").count(), 2, "{alike}");
    assert!(!alike.contains("\"systemd\""), "{alike}");
}

#[test]
fn what_is_switched_off_can_be_switched_on() {
    let fleet = Fleet::new(named("web", &[&["nginx=2-1"], &["nginx=2-1"], &["nginx=2-1"], &["nginx=1-1"]]));
    let text = drafted(&fleet, &[]);
    let on = |line: &str| match line.strip_prefix('#') {
        Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => format!("{rest}\n"),
        _ => format!("{line}\n"),
    };
    fleet.room.write("play.toml", text.lines().map(on).collect::<String>());
    let report = audit(&fleet, &["-p", "play.toml"]);
    let drift = &report["findings"].as_array().unwrap();
    let drift = drift.iter().find(|finding| finding["rule"] == "package-version").unwrap();
    assert!(drift["waived"].is_object(), "{drift:#}");
}

#[test]
fn it_writes_a_new_file_and_no_other() {
    let fleet = Fleet::of_equals(3);
    let first = init(&fleet, &["--out", "first.toml"]);
    assert_eq!((first.status, first.stdout.as_str()), (0, ""), "{}", first.stderr);
    assert!(first.stderr.contains("audit the same hosts with it: -p first.toml"), "{}", first.stderr);
    let text = std::fs::read_to_string(fleet.room.path("first.toml")).unwrap();
    assert_eq!(text, init(&fleet, &[]).stdout, "the same fleet gives the same text");

    fleet.room.write("first.toml", "mine");
    let again = init(&fleet, &["--out", "first.toml"]);
    assert_eq!(again.status, 1);
    assert_eq!(again.stderr, "error: first.toml is there already\n  = help: --force replaces it\n");
    assert_eq!(std::fs::read_to_string(fleet.room.path("first.toml")).unwrap(), "mine");
    assert_eq!(init(&fleet, &["--out", "first.toml", "--force", "-q"]).stderr, "");
    assert_eq!(std::fs::read_to_string(fleet.room.path("first.toml")).unwrap(), text);

    let nowhere = init(&fleet, &["--out", "no/such/folder.toml"]);
    assert!(nowhere.status == 1 && nowhere.stderr.contains("no/such/folder.toml"), "{}", nowhere.stderr);
}

#[test]
fn without_any_host_nothing_is_written() {
    let down = (1..=2).map(|nth| (format!("web-{nth}"), Behaviour::Down));
    let fleet = Fleet::new(down);
    let run = init(&fleet, &["--out", "play.toml"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("no host was reached, and nothing was written"), "{}", run.stderr);
    assert!(run.stderr.contains("web-[1-2] connect: the host refused the connection"), "{}", run.stderr);
    assert!(!fleet.room.path("play.toml").exists());

    fleet.room.write("mine.toml", "mine");
    let asked_nobody = init(&fleet, &["--out", "mine.toml"]).stderr;
    assert!(asked_nobody.starts_with("error: mine.toml is there already"), "{asked_nobody}");
}

#[test]
fn hosts_that_are_named_make_a_playbook_of_their_own() {
    let fleet = Fleet::of_equals(2);
    let run = init(&fleet, &["web-02"]);
    assert!(run.stdout.contains("\nhosts = \"web-02\"\n"), "{run:?}");
    let address = fleet.address("web-01").to_string();
    let adhoc =
        ["init", &address, "-u", "audit", "--identity", "key", "--host-key", "insecure", "-F", "none"];
    let run = fleet.room.run(&adhoc);
    assert!(run.status == 0 && run.stdout.contains("\nhosts = \"127.0.0.1"), "{run:?}");
}

#[test]
fn a_cluster_that_no_pattern_means_is_told_and_not_declared() {
    let fleet = Fleet::of_equals(2);
    let host = |name: &str| {
        let address = fleet.address(name);
        format!("{{ansible_host: {}, ansible_port: {}}}", address.ip(), address.port())
    };
    // By itself the name of the first is a pattern that means both.
    let hosts = format!("\"we*b\": {}\n    we-b: {}", host("web-01"), host("web-02"));
    let vars = "ansible_user: audit\n    ansible_ssh_private_key_file: key\n    ansible_ssh_common_args: -o UserKnownHostsFile=known_hosts";
    fleet.room.write("hosts.yml", format!("all:\n  hosts:\n    {hosts}\n  vars:\n    {vars}\n"));
    let limited = ["-i", "hosts.yml", "-F", "none", "-l", "all:!we-b"];
    let run = fleet.room.run(&[&["init"], &limited[..]].concat());
    let text = &run.stdout;
    assert!(text.contains("No pattern means these hosts and no others"), "{run:?}");
    assert!(!text.contains("\n[[cluster]]\n") && !text.contains("\n[[package]]\n"), "{text}");
    fleet.room.write("play.toml", text);
    let report = fleet.room.run(&[&["audit", "-p", "play.toml", "-o", "json"], &limited[..]].concat()).json();
    assert_eq!(report["summary"]["in_sync"], 1);
}
