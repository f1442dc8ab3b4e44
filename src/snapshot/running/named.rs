//! The services that the playbook names: what their manager and their processes say of each, or a gap.

use super::super::gap::{Gap, Reason, quote};
use super::services::{Listed, unit_of};
use super::{Daemon, Enabled, Manager, Service, ServiceState, Services};

/// How many characters of a process's name the kernel keeps.
const KERNEL_KEEPS: usize = 15;

/// Brings services and processes together.
pub(super) fn assemble(
    listed: Listed,
    names: &[&str],
    daemons: Option<&[Daemon]>,
    gaps: &mut Vec<Gap>,
) -> Services {
    let mut named = Vec::new();
    for name in names {
        let mut gap = |reason, detail: &str| {
            let detail = detail.to_owned();
            gaps.push(Gap { probe: format!("service:{}", quote(name.as_bytes())), reason, detail });
        };
        named.extend(service(&listed, name, daemons, &mut gap));
    }
    let Listed { manager, mut failed, .. } = listed;
    failed.sort();
    failed.dedup();
    Services { manager, failed, named }
}

/// One service; `None` where nothing can be said of it.
fn service(
    listed: &Listed,
    name: &str,
    daemons: Option<&[Daemon]>,
    gap: &mut impl FnMut(Reason, &str),
) -> Option<Service> {
    let own = || oldest(name, daemons?);
    let (unit, state, enabled, main) = match (listed.manager, listed.of(name)) {
        (Manager::None, _) => {
            let Some(main) = own() else {
                gap(
                    Reason::NotInstalled,
                    "no service manager that is known here, and no process of that name",
                );
                // Where processes could not be looked at, it may be there.
                daemons?;
                let (state, enabled) = (ServiceState::Unseen, Enabled::Unknown);
                return Some(Service {
                    name: name.to_owned(),
                    unit: unit_of(name),
                    state,
                    enabled,
                    main: None,
                });
            };
            gap(Reason::NotInstalled, "no service manager that is known here: whether it starts by itself");
            (unit_of(name), ServiceState::Running, Enabled::Unknown, Some(main))
        }
        (_, None) => {
            gap(Reason::Failed, "the service manager did not tell of it");
            return None;
        }
        (manager, Some(told)) => {
            let by_id = |process: u32| daemons?.iter().find(|daemon| daemon.process == process);
            let main = if manager == Manager::Systemd { told.main.and_then(by_id) } else { own() };
            if told.main.is_some() && main.is_none() && daemons.is_some() {
                gap(Reason::NeedsPrivilege, "its main process cannot be seen");
            }
            // Links do not say whether it runs; a process of its name does.
            let Some(state) = told.state.or(main.map(|_| ServiceState::Running)) else {
                gap(Reason::NotInstalled, "nothing here tells whether it runs, and no process has its name");
                return None;
            };
            (told.unit, state, told.enabled, main)
        }
    };
    if main.is_some_and(|main| !main.told) {
        gap(Reason::NeedsPrivilege, "which file its main process executes: it takes root");
    }
    Some(Service { name: name.to_owned(), unit, state, enabled, main: main.cloned() })
}

/// The oldest process of a service's name, or of that name with a d behind it.
fn oldest<'d>(name: &str, daemons: &'d [Daemon]) -> Option<&'d Daemon> {
    let name = name.strip_suffix(".service").unwrap_or(name);
    let cut = |name: &str| name.chars().take(KERNEL_KEEPS).collect::<String>();
    let daemon = format!("{name}d");
    let is_own = |daemon_name: &str| daemon_name == cut(name) || daemon_name == cut(&daemon);
    let own = daemons.iter().filter(|known| {
        is_own(&known.name) || known.executable.is_some() && [name, &daemon].contains(&known.program())
    });
    own.min_by_key(|daemon| (daemon.started, daemon.process))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::host;

    /// A block of `systemctl show`.
    fn block(names: &str, states: &str, enabled: &str, rest: &str) -> String {
        let id = names.split(' ').next().unwrap();
        let states: Vec<&str> = states.split(' ').collect();
        format!(
            "\nId={id}\nNames={names}\nLoadState={}\nActiveState={}\nSubState={}\nUnitFileState={enabled}\n{rest}\n",
            states[0], states[1], states[2]
        )
    }

    /// What is said of services on a host, `state, enabled`; a gap's reason where nothing is.
    fn told(services: &str, processes: &str, name: &str) -> Vec<String> {
        let sections = [("services", services, "0"), ("processes", processes, "0")];
        let snapshot = host(&sections, &[name]);
        let services = snapshot.running.services.unwrap().named;
        let said = services.iter().map(|one| format!("{}, {}", one.state.as_str(), one.enabled.as_str()));
        let gaps = snapshot.gaps.iter().map(|gap| format!("{} {}", gap.probe, gap.reason));
        said.chain(gaps).collect()
    }

    const NGINX: &str =
        "clock\t9000\nprivileged\ndaemon\t7\t1000\tnginx.service\tnginx\tseen\t/usr/sbin/nginx\n";

    #[test]
    fn each_state_of_systemd_has_its_word() {
        for (states, enabled, expected) in [
            ("loaded active running", "enabled", "running, enabled"),
            ("loaded active exited", "static", "done, static"),
            ("loaded active running", "disabled", "running, disabled"),
            ("loaded active running", "enabled-runtime", "running, enabled until the next boot"),
            ("loaded failed failed", "enabled", "failed, enabled"),
            ("loaded inactive dead", "enabled", "not running, enabled"),
            ("loaded activating auto-restart", "enabled", "failing again and again, enabled"),
            ("loaded activating start", "enabled", "starting, enabled"),
            ("masked inactive dead", "masked", "not running, masked"),
            ("not-found inactive dead", "", "not found, disabled"),
            ("bad-setting inactive dead", "enabled", "invalid, enabled"),
        ] {
            let services =
                format!("manager systemd\n{}", block("nginx.service", states, enabled, "MainPID=0"));
            assert_eq!(told(&services, NGINX, "nginx"), [expected], "{states} {enabled}");
        }
    }

    #[test]
    fn aliases_templates_and_other_units_are_found_by_the_playbooks_name() {
        for (names, name) in [
            ("ssh.service sshd.service", "sshd"),
            ("php8.2-fpm.service", "php8.2-fpm"),
            ("openvpn@office.service", "openvpn@office"),
            ("logrotate.timer", "logrotate.timer"),
            ("nginx.service", "nginx.service"),
        ] {
            let services =
                format!("manager systemd\n{}", block(names, "loaded active running", "enabled", "MainPID=0"));
            assert_eq!(told(&services, NGINX, name), ["running, enabled"], "{name}");
        }
    }

    #[test]
    fn a_service_that_a_socket_starts_is_as_it_should_be() {
        let ssh =
            block("ssh.service", "loaded inactive dead", "disabled", "MainPID=0\nTriggeredBy=ssh.socket");
        let socket = |state: &str| block("ssh.socket", &format!("loaded {state}"), "enabled", "");
        let with = |state: &str| told(&format!("manager systemd\n{ssh}{}", socket(state)), NGINX, "ssh");
        assert_eq!(with("active listening"), ["started on demand, static"]);
        assert_eq!(with("inactive dead"), ["not running, disabled"]);
    }

    #[test]
    fn a_main_process_that_cannot_be_seen_is_a_gap_and_not_well() {
        let running = block("nginx.service", "loaded active running", "enabled", "MainPID=7");
        let services = format!("manager systemd\n{running}");
        assert_eq!(told(&services, NGINX, "nginx"), ["running, enabled"]);
        let gap = ["running, enabled", "service:nginx needs-privilege"];
        assert_eq!(told(&services, "clock\t9000\n", "nginx"), gap);
        let unseen = "clock\t9000\ndaemon\t7\t1000\tnginx.service\tnginx\t-\t-\n";
        assert_eq!(told(&services, unseen, "nginx"), gap);
        assert_eq!(told("manager systemd\n", NGINX, "nginx"), ["service:nginx failed"]);
    }

    #[test]
    fn without_systemd_files_and_processes_tell_what_they_can() {
        let openrc = "manager openrc\nservice nginx started enabled\nservice crond stopped disabled\n";
        assert_eq!(told(openrc, NGINX, "nginx"), ["running, enabled"]);
        assert_eq!(told(openrc, NGINX, "crond"), ["not running, disabled"]);
        let links = "manager sysvinit\nservice nginx unknown enabled\nservice cron unknown enabled\n";
        assert_eq!(told(links, NGINX, "nginx"), ["running, enabled"]);
        assert_eq!(told(links, NGINX, "cron"), ["service:cron not-installed"]);
        assert_eq!(
            told("manager none\n", NGINX, "nginx"),
            ["running, unknown", "service:nginx not-installed"]
        );
        assert_eq!(
            told("manager none\n", NGINX, "cron"),
            ["no process of that name, unknown", "service:cron not-installed"]
        );
    }

    #[test]
    fn a_daemon_has_the_name_of_its_service_with_or_without_a_d() {
        let sshd = "clock\t9000\nprivileged\ndaemon\t7\t1000\t-\tsshd\tseen\t/usr/sbin/sshd\n";
        assert_eq!(told("manager none\n", sshd, "ssh")[0], "running, unknown");
        let long = "clock\t9000\nprivileged\ndaemon\t7\t1000\t-\tprometheus-node\tseen\t/opt/agent\n";
        assert_eq!(told("manager none\n", long, "prometheus-node-exporter")[0], "running, unknown");
    }

    #[test]
    fn services_that_failed_are_known_by_their_units() {
        let services =
            "manager systemd\nb.service loaded failed failed B\na.service loaded failed failed A\n";
        let snapshot = host(&[("services", services, "0")], &[]);
        assert_eq!(snapshot.running.services.unwrap().failed, ["a.service", "b.service"]);
    }
}
