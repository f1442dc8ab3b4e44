//! The lab's hosts on which what runs is not what is installed, and what systemd itself says of them.

use driftless::probe::Wanted;
use driftless::snapshot::{Enabled, ServiceState, Stale};
use serde_json::Value;

use crate::harness::{Outcome, Room, field, keys};
use crate::lab::{audit, inside};
use crate::lab_systems::seen_of;

const NGINX: &str = "[[service]]\nname = \"nginx\"\n";

/// An audit of hosts of the lab that are to run nginx.
#[track_caller]
fn audit_nginx(hosts: &str) -> Outcome {
    let room = Room::new();
    room.write("play.toml", NGINX);
    audit(&["-l", hosts, "-p", room.path("play.toml").to_str().unwrap(), "-o", "json"])
}

#[track_caller]
fn finding<'a>(report: &'a Value, key: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    findings.iter().find(|finding| finding["key"] == key).unwrap_or_else(|| panic!("no {key}: {report:#}"))
}

/// The process of nginx that all others come from.
fn master(host: &str) -> String {
    inside(host, "pgrep --oldest --exact nginx").trim().to_owned()
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_upgrade_without_a_restart_is_drift_though_the_package_is_the_same() {
    let run = audit_nginx("unit");
    let report = run.json();
    assert_eq!(run.status, 2, "{}", run.stderr);
    let expected = [
        "service-state/unit/unit-04/nginx",
        "service-stale/unit/unit-03/nginx",
        "reboot-pending/unit/unit-04/reboot",
    ];
    assert_eq!(keys(&report), expected);
    for (host, verdict) in [("unit-01", "in-sync"), ("unit-02", "in-sync"), ("unit-03", "repair")] {
        assert_eq!(field(&report, "hosts", host, "verdict"), verdict, "{host}");
    }
    let process = &finding(&report, expected[1])["evidence"]["processes"][0];
    assert_eq!(process["process"].to_string(), master("unit-03"));
    assert_eq!(process["how"], "executable-gone");
    let link = inside("unit-03", "readlink /proc/$(systemctl show --property=MainPID --value nginx)/exe");
    assert_eq!(link.trim(), "/usr/sbin/nginx (deleted)", "the kernel says so too");
    assert!(report["advice"].to_string().contains("systemctl restart nginx"), "{}", report["advice"]);
    assert_eq!(finding(&report, expected[0])["observed"], "failed, enabled");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn without_systemd_processes_tell_and_what_they_cannot_tell_is_a_gap() {
    let run = audit_nginx("stale-01");
    let report = run.json();
    assert_eq!(run.status, 2, "{}", run.stderr);
    assert_eq!(keys(&report), ["gap/stale/stale-01/service:nginx", "service-stale/stale/stale-01/nginx"]);
    let stale = finding(&report, "service-stale/stale/stale-01/nginx");
    assert_eq!(stale["evidence"]["processes"][0]["process"].to_string(), master("stale-01"));
    assert_eq!(field(&report, "hosts", "stale-01", "status"), "partial");
    assert!(!report["advice"].to_string().contains("systemctl"), "{}", report["advice"]);
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn an_ordinary_user_tells_it_by_times() {
    for (address, systemd) in [("127.77.0.73", true), ("127.77.0.75", false)] {
        let mut wanted = Wanted::default();
        wanted.add("service", "nginx");
        let (snapshot, _) = seen_of(address, "audit", wanted);
        let services = snapshot.running.services.unwrap();
        let main = services.named[0].main.as_ref().unwrap();
        assert!(matches!(main.stale, Some(Stale::Replaced(_))), "{main:?}");
        assert_eq!(snapshot.gaps.is_empty(), systemd, "{:?}", snapshot.gaps);
        assert_eq!(snapshot.beside.len(), 1, "what a user does not see is told once: {:?}", snapshot.beside);
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_service_that_nobody_named_is_worth_a_low_finding() {
    let run = audit(&["-l", "unit-03", "-o", "json"]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let report = run.json();
    assert_eq!(keys(&report), ["service-stale/unit/unit-03/other-services"]);
    assert_eq!(report["findings"][0]["severity"], "low");
    let failed = audit(&["-l", "unit", "-o", "json"]).json();
    assert_eq!(finding(&failed, "service-state/unit/unit-04/nginx")["severity"], "low");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn services_are_what_systemctl_says() {
    let names =
        ["nginx", "ssh", "sshd.service", "dbus", "systemd-logind", "gone", "getty@tty1", "apt-daily.timer"];
    for (host, address) in
        [("unit-01", "127.77.0.71"), ("unit-03", "127.77.0.73"), ("unit-04", "127.77.0.74")]
    {
        let mut wanted = Wanted::default();
        for name in names {
            wanted.add("service", name);
        }
        let (snapshot, _) = seen_of(address, "root", wanted);
        let services = snapshot.running.services.unwrap();
        assert_eq!(services.named.len(), names.len(), "{host}: {:?}", snapshot.gaps);
        for service in &services.named {
            let ask = |what: &str| inside(host, &format!("systemctl {what} {} || true", service.name));
            let active = match service.state {
                ServiceState::Running | ServiceState::Done => "active",
                ServiceState::Failed => "failed",
                ServiceState::Stopped | ServiceState::NotFound | ServiceState::OnDemand => "inactive",
                other => panic!("{other:?}"),
            };
            assert_eq!(ask("is-active").trim(), active, "{host}: {service:?}");
            let enabled = ask("is-enabled");
            match enabled.trim() {
                "enabled" | "alias" => assert_eq!(service.enabled, Enabled::Yes, "{host}: {service:?}"),
                "static" | "indirect" => assert_eq!(service.enabled, Enabled::Static, "{host}: {service:?}"),
                "disabled" | "not-found" => assert_eq!(service.enabled, Enabled::No, "{host}: {service:?}"),
                other => panic!("{other}: {service:?}"),
            }
            let main = inside(host, &format!("systemctl show --property=MainPID --value {}", service.name));
            let own = service.main.as_ref().map_or(0, |main| main.process);
            assert!(main.trim() == own.to_string() || main.trim().is_empty(), "{host}: {main} {service:?}");
        }
        let failed = inside(host, "systemctl list-units --state=failed --type=service --plain --no-legend");
        let failed: Vec<&str> = failed.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(services.failed, failed, "{host}");
    }
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn processes_start_when_ps_says() {
    let mut wanted = Wanted::default();
    wanted.add("service", "ssh");
    let (snapshot, _) = seen_of("127.77.0.71", "root", wanted);
    let services = snapshot.running.services.unwrap();
    let main = services.named[0].main.as_ref().unwrap();
    let seconds = inside("unit-01", &format!("echo $(($(date +%s) - $(ps -o etimes= -p {})))", main.process));
    let seconds: i64 = seconds.trim().parse().unwrap();
    assert!((main.started.as_second() - seconds).abs() <= 2, "{seconds} {main:?}");
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_host_that_systemd_runs_is_left_as_it_was() {
    inside("unit-01", "sleep 1; touch /run/marker; sleep 1");
    let room = Room::new();
    room.write("play.toml", NGINX);
    let play = room.path("play.toml");
    let run = audit(&["-l", "unit-01", "-p", play.to_str().unwrap()]);
    assert_eq!(run.status, 0, "{}{}", run.stdout, run.stderr);
    let find = "find / -xdev -newer /run/marker ! -path '/run*' ! -path '/var/log*' ! -path '/dev*' ! -path '/proc*' ! -path '/tmp*' ! -path '/var/tmp*'";
    assert_eq!(inside("unit-01", find), "");
}
