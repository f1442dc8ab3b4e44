//! `service-state`: a service that the playbook names does not run or does not start by itself; another one has
//! failed here, and not on most hosts of the cluster.

use std::collections::BTreeMap;

use super::{About, Check, Finding, Rule};
use crate::drift::{Cluster, Comparison, Consensus, Value};
use crate::severity::Severity;
use crate::snapshot::{Enabled, Service, ServiceState, Services};

pub(super) static RULE: Rule = Rule {
    id: "service-state",
    severity: Severity::High,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// What is expected of a service that the playbook names.
const EXPECTED: &str = "running, enabled";

/// Beginnings of units that somebody ran once, or that follow a user.
const PASSING: [&str; 4] = ["run-", "user@", "user-runtime-dir@", "systemd-coredump@"];

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for (member, position) in cluster.members.iter().copied().enumerate() {
            let Some(services) = services(comparison, position) else { continue };
            let unseen = |service: &Service| service.state == ServiceState::Unseen;
            let missed =
                |service: &Service| unseen(service) && runs_on_most(comparison, cluster, &service.unit);
            let unwell = services.named.iter();
            let unwell = unwell.filter(|service| missed(service) || !unseen(service) && is_unwell(service));
            let unwell = unwell.filter(|service| !lacks_package(cluster, member, service.subject()));
            // A container that stands in for it runs, or would not be told of.
            let stands_in = |name: &str| cluster.standing(position).any(|one| one.replaces.service == name);
            let unwell = unwell.filter(|service| !stands_in(service.subject()));
            findings.extend(unwell.map(|service| Finding {
                expected: Some(EXPECTED.to_owned()),
                observed: Some(observed(service)),
                ..about(comparison, cluster, position, service.subject())
            }));
        }
        failed(comparison, cluster, findings);
    }
}

fn services<'a>(comparison: &Comparison<'a>, position: usize) -> Option<&'a Services> {
    comparison.observation(position)?.snapshot.as_ref()?.running.services.as_ref()
}

fn about(comparison: &Comparison<'_>, cluster: &Cluster<'_>, position: usize, subject: &str) -> Finding {
    Finding {
        cluster: Some(cluster.name.clone()),
        host: Some((position, comparison.name(position).to_owned())),
        ..Finding::new(&RULE, subject)
    }
}

/// Whether most hosts of the cluster run a service, managed or not: where nothing else tells of it, its absence
/// is drift.
fn runs_on_most(comparison: &Comparison<'_>, cluster: &Cluster<'_>, unit: &str) -> bool {
    let members = cluster.members.iter().copied();
    let answers = members.filter_map(|position| {
        let named = &services(comparison, position)?.named;
        let service = named.iter().find(|service| service.unit == unit)?;
        Some((position, service.state.is_well()))
    });
    Consensus::of(answers).majority() == Some(&true)
}

fn is_unwell(service: &Service) -> bool {
    !service.state.is_well() || !service.enabled.is_well()
}

/// Whether a package of the service's name, which the playbook names too, is missing: that is told by itself.
fn lacks_package(cluster: &Cluster<'_>, member: usize, name: &str) -> bool {
    let own = cluster.columns.iter().filter(|column| column.is_named() && column.name == name);
    own.into_iter().any(|column| column.value(member) == Some(Value::Absent))
}

/// `failed, enabled`; of a service that is not there nothing else is to be said.
fn observed(service: &Service) -> String {
    match (service.state, service.enabled) {
        (ServiceState::NotFound, _) => service.state.as_str().to_owned(),
        (state, Enabled::Unknown) => state.as_str().to_owned(),
        (state, enabled) => format!("{}, {}", state.as_str(), enabled.as_str()),
    }
}

/// Services that no entry names, and that failed on some hosts only.
fn failed(comparison: &Comparison<'_>, cluster: &Cluster<'_>, findings: &mut Vec<Finding>) {
    let members = cluster.members.iter().copied();
    let asked: Vec<(usize, &Services)> =
        members.filter_map(|position| Some((position, services(comparison, position)?))).collect();
    let mut hosts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (position, services) in &asked {
        let named = |unit: &&String| services.named.iter().any(|service| service.unit == **unit);
        let passing = |unit: &&String| PASSING.iter().any(|start| unit.starts_with(start));
        for unit in services.failed.iter().filter(|unit| !named(unit) && !passing(unit)) {
            hosts.entry(unit).or_default().push(*position);
        }
    }
    for (unit, positions) in hosts {
        let answers = asked.iter().map(|(position, _)| (*position, positions.contains(position)));
        if Consensus::of(answers).majority() == Some(&true) {
            continue;
        }
        let subject = unit.strip_suffix(".service").unwrap_or(unit);
        findings.extend(positions.into_iter().map(|position| Finding {
            severity: Severity::Low,
            observed: Some(ServiceState::Failed.as_str().to_owned()),
            ..about(comparison, cluster, position, subject)
        }));
    }
}

fn message(finding: &Finding) -> String {
    let observed = finding.observed.as_deref().unwrap_or_default();
    match &finding.expected {
        Some(expected) => format!("{observed} where {expected} is expected"),
        None => format!("{observed} here, not on most hosts of the cluster"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NAMED: &str = "[[service]]\nname = \"nginx\"\n";
    const RUNS: &str =
        "clock\t9000\nprivileged\ndaemon\t7\t1000\tnginx.service\tnginx\tseen\t/usr/sbin/nginx\n";

    fn host(state: &str, enabled: &str) -> String {
        let main = if state == "active" { 7 } else { 0 };
        format!(
            "nginx=1-1\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=loaded\n\
             ActiveState={state}\nSubState=running\nUnitFileState={enabled}\nMainPID={main}\n@processes\n{RUNS}"
        )
    }

    #[test]
    fn without_a_manager_a_process_that_most_hosts_have_is_missed() {
        let host = |processes: &str| format!("nginx=1-1\n@services\nmanager none\n@processes\n{processes}");
        let (runs, dead) = (host(RUNS), host("clock\t9000\nprivileged\n"));
        let told = |same: &str, odd: &str| {
            let all = found(NAMED, &beside_three(same, odd));
            all.into_iter().filter(|line| line.starts_with("service-state/")).collect::<Vec<_>>()
        };
        assert_eq!(
            told(&runs, &dead),
            [
                "service-state/web/web-04/nginx high: no process of that name where running, enabled is expected"
            ]
        );
        assert!(told(&dead, &dead).is_empty(), "its process may have another name");
    }

    #[test]
    fn a_named_service_runs_and_is_enabled_or_is_told() {
        let well = host("active", "enabled");
        assert!(found(NAMED, &beside_three(&well, &well)).is_empty());
        for (state, enabled, observed) in [
            ("failed", "enabled", "failed, enabled"),
            ("inactive", "enabled", "not running, enabled"),
            ("active", "disabled", "running, disabled"),
            ("inactive", "masked", "not running, masked"),
        ] {
            let told = found(NAMED, &beside_three(&well, &host(state, enabled)));
            let expected =
                format!("service-state/web/web-04/nginx high: {observed} where running, enabled is expected");
            assert_eq!(told, [expected]);
        }
    }

    #[test]
    fn a_service_without_its_package_is_told_as_the_missing_package() {
        let gone = "bash=5-1\n@services\nmanager systemd\nId=nginx.service\nNames=nginx.service\nLoadState=not-found\n\
                    ActiveState=inactive\nSubState=dead\nUnitFileState=\nMainPID=0\n@processes\nclock\t9000\n";
        let well = host("active", "enabled");
        let told = found(NAMED, &beside_three(&well, gone));
        assert_eq!(
            told[0],
            "service-state/web/web-04/nginx high: not found where running, enabled is expected"
        );
        let told = found(&format!("{NAMED}[[package]]\nname = \"nginx\"\n"), &beside_three(&well, gone));
        assert!(told.len() == 1 && told[0].starts_with("package-missing/web/web-04/nginx"), "{told:?}");
    }

    #[test]
    fn another_service_that_failed_is_told_unless_it_failed_on_most_hosts() {
        let well = "nginx=1-1\n@services\nmanager systemd\n";
        let failed = "nginx=1-1\n@services\nmanager systemd\nmdmonitor.service loaded failed failed MD\nrun-r1.service loaded failed failed x\n";
        assert_eq!(
            found("", &beside_three(well, failed)),
            ["service-state/web/web-04/mdmonitor low: failed here, not on most hosts of the cluster"]
        );
        assert!(found("", &beside_three(failed, well)).is_empty());
    }

    #[test]
    fn a_named_service_that_failed_is_told_once() {
        let well = host("active", "enabled");
        let failed = host("failed", "enabled")
            .replace("manager systemd\n", "manager systemd\nnginx.service loaded failed failed N\n");
        assert_eq!(found(NAMED, &beside_three(&well, &failed)).len(), 1);
    }
}
