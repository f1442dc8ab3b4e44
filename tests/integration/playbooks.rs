//! What a playbook changes: through the program, on hosts that answer over SSH.

use std::sync::Arc;

use driftless::simulate::Behaviour;
use serde_json::Value;

use crate::fleet::{Fleet, answers, recorded};
use crate::harness::{Outcome, field, keys};

const BOOKWORM: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n";

fn on_bookworm(dpkg: &str) -> Behaviour {
    Behaviour::Answers(Arc::new(recorded(BOOKWORM, dpkg)))
}

#[track_caller]
fn audit(fleet: &Fleet, playbook: &str) -> Outcome {
    fleet.room.write("play.toml", playbook);
    let run = fleet.audit(&["-p", "play.toml", "-o", "json"]);
    assert!(run.status != 1, "{}", run.stderr);
    run
}

fn fleet(versions: &[&str]) -> Fleet {
    let hosts = versions.iter().enumerate().map(|(nth, version)| {
        let packages: Vec<String> =
            version.split_whitespace().map(|version| format!("nginx={version}")).collect();
        let packages: Vec<&str> = packages.iter().map(String::as_str).chain(["bash=5.2-1"]).collect();
        (format!("web-{:02}", nth + 1), answers(&packages))
    });
    Fleet::new(hosts)
}

fn finding<'a>(report: &'a Value, key: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["key"] == key).unwrap_or_else(|| panic!("no {key}: {report:#}"))
}

#[test]
fn the_majority_is_more_than_half_of_at_least_three() {
    let nginx = "[[package]]\nname = \"nginx\"\n";
    let report = audit(&fleet(&["1.2-1", "1.2-1", "1.1-1"]), nginx).json();
    assert_eq!(keys(&report), ["package-version/web/web-03/nginx"]);
    let drift = finding(&report, "package-version/web/web-03/nginx");
    assert_eq!((&drift["expected"], &drift["observed"]), (&"1.2-1".into(), &"1.1-1".into()));
    assert_eq!(drift["distance"], "minor");

    let half = audit(&fleet(&["1.2-1", "1.2-1", "1.1-1", "1.1-1"]), nginx).json();
    assert_eq!(half["clusters"][0]["packages"][0]["expected"], Value::Null);
    for host in ["web-01", "web-02", "web-03", "web-04"] {
        assert_eq!(field(&half, "hosts", host, "verdict"), "investigate");
    }
    let two = audit(&fleet(&["1.2-1", "1.1-1"]), nginx).json();
    assert_eq!(field(&two, "hosts", "web-02", "verdict"), "investigate");
}

#[test]
fn a_host_ahead_is_not_advised_to_go_back() {
    let run = audit(&fleet(&["1.2-1", "1.2-1", "1.2-1", "1.3-1"]), "[[package]]\nname = \"nginx\"\n");
    let report = run.json();
    assert_eq!(keys(&report), ["ahead/web/web-04/nginx"]);
    assert_eq!(field(&report, "hosts", "web-04", "verdict"), "investigate");
    assert!(!report["advice"].to_string().contains("nginx=1.2"), "{}", report["advice"]);
    assert_eq!(run.status, 0, "ahead is info");
}

#[test]
fn every_baseline_expects_something_else() {
    let fleet = fleet(&["1.2-1", "1.2-1", "1.3-1", "1.1-1"]);
    for (baseline, expected) in [
        ("majority", Value::Null),
        ("newest", "1.3-1".into()),
        ("host:web-04", "1.1-1".into()),
        ("pinned:1.2-1", "1.2-1".into()),
    ] {
        let playbook = format!("[[package]]\nname = \"nginx\"\nbaseline = \"{baseline}\"\n");
        let report = audit(&fleet, &playbook).json();
        assert_eq!(report["clusters"][0]["packages"][0]["expected"], expected, "{baseline}");
    }
}

#[test]
fn a_requirement_is_met_or_not() {
    let fleet = fleet(&["1:1.24.0-2+deb12u1", "1:1.24.0-2+deb12u1", "1:1.24.0-2+deb12u1"]);
    let met = audit(&fleet, "[[package]]\nname = \"nginx\"\nversion = \">=1.24, <1.27\"\n");
    assert_eq!((met.status, keys(&met.json()).len()), (0, 0));
    let unmet = audit(&fleet, "[[package]]\nname = \"nginx\"\nversion = \">=1.26\"\n");
    assert_eq!(unmet.status, 2);
    assert_eq!(finding(&unmet.json(), "policy-unmet/web/web-01/nginx")["severity"], "high");
}

#[test]
fn a_missing_package_is_not_also_an_unmet_policy() {
    let report = audit(
        &fleet(&["1.2-1", "1.2-1", "1.2-1", ""]),
        "[[package]]\nname = \"nginx\"\nversion = \">=1\"\nseverity = \"critical\"\n",
    )
    .json();
    assert_eq!(keys(&report), ["package-missing/web/web-04/nginx"]);
    assert_eq!(report["findings"][0]["severity"], "critical");
    assert_eq!(report["advice"][0]["steps"][0], "apt-get install nginx=1.2-1");
}

#[test]
fn states_of_dpkg_are_told_apart() {
    let good = "nginx\tamd64\t1.2-1\tii \n";
    let odd =
        "nginx\tamd64\t1.2-1\thi \nredis\tamd64\t7-1\tiF \nvim\tamd64\t9-1\tiU \nold\tamd64\t1-1\trc \n";
    let hosts = (1..=3).map(|nth| (format!("web-0{nth}"), on_bookworm(good)));
    let fleet = Fleet::new(hosts.chain([("web-04".to_owned(), on_bookworm(odd))]));
    let report = audit(&fleet, "[[package]]\nname = \"nginx\"\n").json();
    assert_eq!(
        keys(&report),
        ["package-broken/web/web-04/redis", "package-broken/web/web-04/vim", "package-held/web/web-04/nginx"]
    );
    assert_eq!(finding(&report, "package-broken/web/web-04/redis")["observed"], "half-configured");
    assert_eq!(field(&report, "hosts", "web-04", "verdict"), "replace");
}

#[test]
fn another_release_absorbs_what_follows_from_it() {
    let hosts = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1.26.3-3", "bash=5.2-9"])));
    let other = on_bookworm("nginx\tamd64\t1.22.1-9\tii \nbash\tamd64\t5.1-1\tii \n");
    let fleet = Fleet::new(hosts.chain([("web-04".to_owned(), other)]));
    // Not kept: the next one would look into the host that is to be replaced.
    let plain = fleet.audit(&["-o", "json", "--store", "none"]).json();
    assert_eq!(keys(&plain), ["release/web/web-04/os-release"]);
    assert_eq!(field(&plain, "hosts", "web-04", "verdict"), "replace");
    let named = audit(&fleet, "[[package]]\nname = \"nginx\"\n").json();
    assert_eq!(keys(&named), ["package-version/web/web-04/nginx", "release/web/web-04/os-release"]);
}

#[test]
fn equal_upstream_across_releases_is_no_drift() {
    let hosts = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["curl=8.14.1-2+deb13u1"])));
    let other = on_bookworm("curl\tamd64\t8.14.1-2~bpo12+1\tii \n");
    let fleet = Fleet::new(hosts.chain([("web-04".to_owned(), other)]));
    let report = audit(&fleet, "[[package]]\nname = \"curl\"\n").json();
    assert_eq!(keys(&report), ["release/web/web-04/os-release"]);
}

#[test]
fn a_waiver_hides_until_its_last_day_and_then_is_a_finding() {
    let fleet = fleet(&["1.2-1", "1.2-1", "1.2-1", "1.1-1"]);
    let with = |until: &str| {
        let waiver = "[[waiver]]\nrule = \"package-version\"\nhosts = \"web-04\"\nsubject = \"nginx\"\n\
            justification = \"canary\"\nuntil = ";
        audit(&fleet, &format!("[[package]]\nname = \"nginx\"\n{waiver}{until}\n"))
    };
    let hidden = with("2999-12-31");
    assert_eq!(hidden.status, 0);
    let waived = hidden.json();
    assert_eq!(waived["findings"][0]["waived"]["justification"], "canary");
    assert_eq!(waived["findings"][0]["waived"]["until"], "2999-12-31");
    assert_eq!(waived["summary"]["findings"]["medium"], 0);
    let expired = with("2020-01-01");
    assert_eq!(expired.status, 2);
    let rules: Vec<Value> = expired.json()["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].clone())
        .collect();
    assert_eq!(rules, ["waiver-expired", "package-version"]);
}

#[test]
fn a_waiver_without_cause_is_told() {
    let run = audit(
        &fleet(&["1.2-1", "1.2-1", "1.2-1"]),
        "[[waiver]]\nrule = \"package-version\"\njustification = \"x\"\nuntil = 2999-01-01\n",
    );
    assert_eq!(run.json()["findings"][0]["rule"], "waiver-unused");
    assert_eq!(run.status, 0);
}

#[test]
fn ignores_and_rules_that_are_off() {
    let fleet = fleet(&["1.2-1", "1.2-1", "1.2-1", "1.1-1"]);
    let nginx = "[[package]]\nname = \"nginx\"\n";
    let ignored =
        audit(&fleet, &format!("{nginx}[[ignore]]\nrule = \"package-version\"\nreason = \"own mirror\"\n"));
    assert_eq!(ignored.status, 0);
    assert_eq!(ignored.json()["findings"][0]["waived"]["until"], Value::Null);
    let off = audit(&fleet, &format!("{nginx}[rules]\npackage-version = \"off\"\n"));
    assert_eq!((off.status, keys(&off.json()).len()), (0, 0));
    let raised = audit(&fleet, &format!("{nginx}[rules]\npackage-version = \"critical\"\n"));
    assert_eq!(raised.json()["findings"][0]["severity"], "critical");
}

#[test]
fn everything_else_is_compared_when_asked_for() {
    let same = "nginx\tamd64\t1-1\tii \nlinux-image-6.1\tamd64\t6.1\tii \n";
    let more = format!("{same}htop\tamd64\t3-1\tii \nlinux-image-6.2\tamd64\t6.2\tii \n");
    let hosts = (1..=3).map(|nth| (format!("web-0{nth}"), on_bookworm(same)));
    let fleet = Fleet::new(hosts.chain([("web-04".to_owned(), on_bookworm(&more))]));
    let report = audit(&fleet, "[everything-else]\ncompare = true\n").json();
    assert_eq!(keys(&report), ["package-extra/web/web-04/htop"]);
    let quiet = audit(&fleet, "[everything-else]\ncompare = true\nignore = [\"ht*\"]\n").json();
    assert!(keys(&quiet).is_empty());
    let none = audit(&fleet, "[everything-else]\ncompare = false\n").json();
    assert!(keys(&none).is_empty());
}

#[test]
fn maintenance_is_reported_and_never_fails() {
    let fleet = fleet(&["1.2-1", "1.2-1", "1.2-1", "1.1-1"]);
    let inventory = std::fs::read_to_string(fleet.room.path("inventory.toml")).unwrap();
    let sworn =
        inventory.replace("[hosts.\"web-04\"]\n", "[hosts.\"web-04\"]\nmaintenance = \"disk swap\"\n");
    assert_ne!(inventory, sworn);
    fleet.room.write("inventory.toml", sworn);
    let run = audit(&fleet, "[[package]]\nname = \"nginx\"\n");
    assert_eq!(run.status, 0);
    let waived = run.json()["findings"][0]["waived"]["justification"].to_string();
    assert!(waived.contains("disk swap"), "{waived}");
}

#[test]
fn what_runs_is_held_against_what_is_installed() {
    let host = |state: &str, how: &str, kernel: &str, reboot: &str| {
        let services = format!(
            "manager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=loaded\nActiveState={state}\n\
             SubState=running\nUnitFileState=enabled\nMainPID=7\n"
        );
        let processes = format!(
            "clock\t1790009000\nprivileged\ndaemon\t7\t1790001000\tnginx.service\tnginx\t{how}\t/usr/sbin/nginx\n"
        );
        let kernels = format!("file\t1790000000\t/boot/vmlinuz-6.12.{kernel}+deb13-amd64\n");
        let recording = crate::fleet::host_with(&["nginx=1-1"])
            .with("services", services.as_bytes())
            .with("processes", processes.as_bytes())
            .with("kernels", kernels.as_bytes())
            .with("reboot", reboot.as_bytes());
        Behaviour::Answers(Arc::new(recording))
    };
    let well = (1..=3).map(|nth| (format!("web-0{nth}"), host("active", "seen", "48", "")));
    let asked = "pending\nfile\t1790000500:0\t/run/reboot-required\npackage\tlibc6\n";
    let odd = [
        ("web-04", host("active", "deleted", "48", "")),
        ("web-05", host("failed", "seen", "48", "")),
        ("web-06", host("active", "seen", "49", asked)),
    ];
    let odd = odd.map(|(name, behaviour)| (name.to_owned(), behaviour));
    let run = audit(&Fleet::new(well.chain(odd)), "[[service]]\nname = \"nginx\"\n");
    assert_eq!(run.status, 2);
    let report = run.json();
    let expected = [
        "service-state/web/web-05/nginx",
        "kernel-stale/web/web-06/kernel",
        "reboot-pending/web/web-06/reboot",
        "service-stale/web/web-04/nginx",
    ];
    assert_eq!(keys(&report), expected);
    let process = &finding(&report, expected[3])["evidence"]["processes"][0];
    assert_eq!((&process["process"], &process["how"]), (&7.into(), &"executable-gone".into()));
    let waits = finding(&report, expected[1]);
    assert_eq!((&waits["severity"], &waits["observed"]), (&"medium".into(), &"6.12.48+deb13-amd64".into()));
    assert_eq!(waits["evidence"]["since"], "2026-09-21T14:13:20Z");
    for host in ["web-01", "web-02", "web-03"] {
        assert_eq!(field(&report, "hosts", host, "verdict"), "in-sync");
    }
}

#[test]
fn a_waived_gap_stays_in_the_report_and_out_of_sync() {
    let good = (1..=3).map(|nth| (format!("web-0{nth}"), answers(&["nginx=1-1"])));
    let recording =
        crate::fleet::host_with(&["nginx=1-1"]).failing("dpkg", 127, "dpkg-query is not installed\n");
    let fleet = Fleet::new(good.chain([("odd".to_owned(), Behaviour::Answers(Arc::new(recording)))]));
    for exception in ["[rules]\ngap = \"off\"\n", "[[ignore]]\nrule = \"gap\"\nreason = \"x\"\n"] {
        let run = audit(&fleet, exception);
        assert_eq!(run.status, 0, "{exception}");
        let report = run.json();
        assert_eq!(field(&report, "hosts", "odd", "verdict"), "unknown", "{exception}");
        assert_eq!(field(&report, "hosts", "odd", "gaps")[0]["probe"], "dpkg", "{exception}");
        assert_eq!(report["summary"]["in_sync"], 3);
    }
}

#[test]
fn what_a_playbook_gets_wrong_about_the_inventory_is_told_before_any_host_is_asked() {
    let fleet = fleet(&["1-1", "1-1", "1-1"]);
    fleet.room.write("play.toml", "[[package]]\nname = \"nginx\"\nhosts = \"wbe\"\n");
    let run = fleet.audit(&["-p", "play.toml"]);
    assert!(run.stderr.contains("play.toml:1: `wbe` matches no host and no group"), "{}", run.stderr);
    fleet.room.write("play.toml", "[[package]]\nname = \"nginx\"\nbaseline = \"host:wbe-01\"\n");
    let run = fleet.audit(&["-v", "-p", "play.toml"]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("did you mean `web-01`?") && !run.stderr.contains(" ok"), "{}", run.stderr);
}
