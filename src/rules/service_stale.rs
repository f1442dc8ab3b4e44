//! `service-stale`: a service still runs what an upgrade has replaced. What is installed is not what answers.
//!
//! A service that the playbook names is told by whatever is known of its processes. Of all others only what the
//! kernel itself says counts, and one finding tells of all of them: they have one cause, and it is no service.

use std::collections::BTreeMap;

use super::finding::Evidence;
use super::{About, Check, Finding, Rule, reboot_pending};
use crate::drift::Comparison;
use crate::severity::Severity;
use crate::snapshot::{Daemon, Manager, Running, Service, Snapshot, Stale};

pub(super) static RULE: Rule = Rule {
    id: "service-stale",
    severity: Severity::Medium,
    about: About::Drift,
    check: Check::Comparison(check),
    message,
};

/// The subject of the finding about services that no entry names.
const OTHERS: &str = "other-services";

/// How many of them a message names.
const NAMED: usize = 5;

/// Beginnings of units that cannot be restarted without ending somebody's session, or without a boot.
const LEFT_ALONE: [&str; 8] =
    ["dbus", "getty@", "serial-getty@", "user@", "systemd-logind", "gdm", "sddm", "lightdm"];

/// Where a system's own programs are.
const SYSTEM: [&str; 5] = ["/usr/", "/bin/", "/sbin/", "/lib", "/opt/"];

fn check(comparison: &Comparison<'_>, findings: &mut Vec<Finding>) {
    for cluster in &comparison.clusters {
        for position in cluster.members.iter().copied() {
            let Some(snapshot) = comparison.observation(position).and_then(|host| host.snapshot.as_ref())
            else {
                continue;
            };
            let about = |subject: &str, stale: BTreeMap<String, Daemon>| Finding {
                cluster: Some(cluster.name.clone()),
                host: Some((position, comparison.name(position).to_owned())),
                observed: stale.values().next().and_then(|daemon| daemon.stale.as_ref()).map(observed),
                evidence: Evidence::Stale(stale),
                ..Finding::new(&RULE, subject)
            };
            let running = &snapshot.running;
            for service in running.services.iter().flat_map(|services| &services.named) {
                let stale = own(service, running);
                let named =
                    |daemon: &Daemon| BTreeMap::from([(service.subject().to_owned(), daemon.clone())]);
                findings.extend(stale.map(|daemon| about(service.subject(), named(daemon))));
            }
            let others = others(snapshot);
            if !others.is_empty() {
                findings.push(Finding { severity: Severity::Low, ..about(OTHERS, others) });
            }
        }
    }
}

/// What a service that an entry names still runs: its main process, or another of its own.
fn own<'a>(service: &'a Service, running: &'a Running) -> Option<&'a Daemon> {
    let main = service.main.as_ref().filter(|main| main.stale.is_some());
    main.or_else(|| certain(running).find(|daemon| daemon.unit.as_deref() == Some(service.unit.as_str())))
}

fn certain(running: &Running) -> impl Iterator<Item = &Daemon> {
    let stale = running.stale.iter().flatten();
    stale.filter(|daemon| daemon.stale.as_ref().is_some_and(Stale::is_certain))
}

/// Other services, by name. A boot that a library asks for is told already, and ends them all.
fn others(snapshot: &Snapshot) -> BTreeMap<String, Daemon> {
    let running = &snapshot.running;
    let asked = snapshot.boot_asked_for();
    if asked.is_some_and(|reboot| !reboot_pending::is_about_kernels(reboot)) {
        return BTreeMap::new();
    }
    let services = running.services.as_ref();
    let named = |daemon: &Daemon| {
        let mut named = services.iter().flat_map(|services| &services.named);
        named.any(|service| {
            daemon.unit.as_deref() == Some(service.unit.as_str())
                || service.main.as_ref().is_some_and(|main| main.process == daemon.process)
        })
    };
    let manager = services.map(|services| services.manager);
    let others = certain(running).filter(|daemon| !named(daemon));
    others.filter_map(|daemon| Some((service_of(daemon, manager)?, daemon.clone()))).collect()
}

/// The service that a daemon is of: its unit, or where there are none, a system's own program. `None` for what
/// is none, and for what is left alone.
fn service_of(daemon: &Daemon, manager: Option<Manager>) -> Option<String> {
    if let Some(unit) = &daemon.unit {
        let alone = LEFT_ALONE.iter().any(|start| unit.starts_with(start));
        return (!alone).then(|| unit.strip_suffix(".service").unwrap_or(unit).to_owned());
    }
    let path = daemon.executable.as_deref().unwrap_or_default();
    let system = SYSTEM.iter().any(|start| path.starts_with(start));
    (system && manager != Some(Manager::Systemd)).then(|| daemon.program().to_owned())
}

fn observed(stale: &Stale) -> String {
    let told = match stale {
        Stale::Deleted => "executable gone",
        Stale::Library(_) => "library gone",
        Stale::Replaced(_) => "executable replaced",
        Stale::Changed(_) => "executable changed",
    };
    told.to_owned()
}

fn message(finding: &Finding) -> String {
    let Evidence::Stale(stale) = &finding.evidence else { return String::new() };
    if finding.subject == OTHERS {
        let mut named = stale.keys().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if stale.len() > NAMED {
            named.push_str(&format!(" and {} more", stale.len() - NAMED));
        }
        return format!("still run files that an upgrade replaced: {named}");
    }
    let Some(daemon) = stale.values().next() else { return String::new() };
    let file = daemon.executable.as_deref().unwrap_or(&daemon.name);
    match &daemon.stale {
        Some(Stale::Library(library)) => format!("still uses {library}, which was replaced after it started"),
        Some(Stale::Replaced(_)) => {
            format!("still runs the {file} of before: it was replaced after the start")
        }
        Some(Stale::Changed(_)) => {
            format!("older than the last change of {file}, which may be one of its mode or owner alone")
        }
        _ => format!("still runs the {file} of before: that file is gone from its place"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{beside_three, found};

    const NAMED: &str = "[[service]]\nname = \"nginx\"\n";
    const NGINX: &str = "Id=nginx.service\nNames=nginx.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\
                         UnitFileState=enabled\nMainPID=7";

    /// A systemd host on which nginx runs from an executable that is known in some way, beside other daemons.
    fn host(how: &str, library: &str, others: &str) -> String {
        format!(
            "nginx=1-1\n@services\nmanager systemd\n{NGINX}\n@processes\nclock\t1790009000\nprivileged\n\
             daemon\t7\t1790001000\tnginx.service\tnginx\t{how}\t/usr/sbin/nginx\n{library}\
             file\t1790002000:1790002000\t/usr/sbin/nginx\n{others}"
        )
    }

    #[test]
    fn a_named_service_that_is_older_than_its_files_is_told_in_each_way() {
        let well = host("seen", "", "");
        assert!(found(NAMED, &beside_three(&well, &well)).is_empty());
        for (how, library, words) in [
            ("deleted", "", "still runs the /usr/sbin/nginx of before: that file is gone from its place"),
            (
                "seen",
                "gone\t7\t/usr/lib/libssl.so.3\n",
                "still uses /usr/lib/libssl.so.3, which was replaced",
            ),
            ("titled", "", "still runs the /usr/sbin/nginx of before: it was replaced after the start"),
        ] {
            let told = found(NAMED, &beside_three(&well, &host(how, library, "")));
            let stale: Vec<&String> = told.iter().filter(|line| line.starts_with("service-stale")).collect();
            assert_eq!(stale.len(), 1, "{told:?}");
            let start = format!("service-stale/web/web-04/nginx medium: {words}");
            assert!(stale[0].starts_with(&start), "{told:?}");
        }
    }

    #[test]
    fn other_services_are_one_finding_by_what_the_kernel_says() {
        let stale = "daemon\t8\t1790001000\tcron.service\tcron\tdeleted\t/usr/sbin/cron\n\
                     daemon\t9\t1790001000\tssh.service\tsshd\tseen\t/usr/sbin/sshd\ngone\t9\t/usr/lib/libcrypto.so.3\n\
                     daemon\t10\t1790001000\tdbus.service\tdbus-daemon\tdeleted\t/usr/bin/dbus-daemon\n\
                     daemon\t11\t1790001000\t-\tpython3\tdeleted\t/home/me/python3\n";
        let well = host("seen", "", "");
        assert_eq!(
            found("", &beside_three(&well, &host("seen", "", stale))),
            [
                "service-stale/web/web-04/other-services low: still run files that an upgrade replaced: cron, ssh"
            ]
        );
        let told = found(NAMED, &beside_three(&well, &host("deleted", "", stale)));
        assert_eq!(told.len(), 2, "{told:?}");
        let times = "daemon\t8\t1790001000\tcron.service\tcron\ttitled\t/usr/sbin/cron\nfile\t1790002000:1790002000\t/usr/sbin/cron\n";
        let told = found("", &beside_three(&well, &host("seen", "", times)));
        assert!(told.iter().all(|line| line.starts_with("gap/")), "times alone tell of named ones: {told:?}");
    }

    #[test]
    fn a_boot_that_a_library_asks_for_is_told_instead() {
        let stale =
            "daemon\t8\t1790001000\tcron.service\tcron\tseen\t/usr/sbin/cron\ngone\t8\t/usr/lib/libc.so.6\n";
        let asked = format!(
            "{}@reboot\npending\nfile\t1795132800:0\t/run/reboot-required\npackage\tlibc6\n",
            host("seen", "", stale)
        );
        let told = found("", &beside_three(&host("seen", "", ""), &asked));
        assert!(told.len() == 1 && told[0].starts_with("reboot-pending"), "{told:?}");
    }

    #[test]
    fn without_systemd_a_process_of_its_name_is_the_service() {
        let bare = |how: &str| {
            format!(
                "nginx=1-1\n@services\nmanager none\n@processes\nclock\t1790009000\nprivileged\n\
                 daemon\t7\t1790001000\t-\tnginx\t{how}\t/usr/sbin/nginx\n"
            )
        };
        let told = found(NAMED, &beside_three(&bare("seen"), &bare("deleted")));
        let stale: Vec<&String> = told.iter().filter(|line| !line.starts_with("gap/")).collect();
        assert!(
            stale.len() == 1 && stale[0].starts_with("service-stale/web/web-04/nginx medium"),
            "{told:?}"
        );
        assert_eq!(told.len(), 5, "whether it starts by itself is a gap on each of them: {told:?}");
    }
}
