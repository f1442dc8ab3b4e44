//! Which service of a cluster is replaced, and after which host's model.

use super::plan::Refusal;
use crate::advice::{Advised, Verdict};
use crate::drift::{Cluster, Comparison};
use crate::snapshot::Serving;

/// Daemons of the host itself, that go with it: nobody replaces a server for their sake.
const HOST_OWN: [&str; 27] = [
    "sshd",
    "ssh",
    "dropbear",
    "systemd",
    "systemd-resolve",
    "systemd-network",
    "systemd-timesyn",
    "chronyd",
    "ntpd",
    "ntpsec",
    "rpcbind",
    "rpc.statd",
    "dhclient",
    "dhcpcd",
    "avahi-daemon",
    "cupsd",
    "node_exporter",
    "prometheus-node",
    "zabbix_agentd",
    "zabbix_agent2",
    "snmpd",
    "exim4",
    // They listen for containers.
    "rootlessport",
    "docker-proxy",
    "conmon",
    "slirp4netns",
    "pasta",
];

/// The host that a replacement is made after.
pub(super) struct Model<'a> {
    pub(super) position: usize,
    pub(super) member: usize,
    pub(super) service: &'a Serving,
    pub(super) all: &'a [Serving],
    /// Whether it is as its cluster shall be.
    pub(super) in_sync: bool,
}

/// The daemons of a host that serve others, without those that are the host's own.
pub fn servers(all: &[Serving]) -> impl Iterator<Item = &Serving> {
    all.iter().filter(|service| !HOST_OWN.contains(&service.name.as_str()))
}

/// The daemons of one member that serve others; `None` where they could not be seen.
pub(super) fn serving<'a>(comparison: &Comparison<'a>, position: usize) -> Option<&'a [Serving]> {
    comparison.observation(position)?.snapshot.as_ref()?.serving.as_deref()
}

fn is_meant(service: &Serving, name: &str) -> bool {
    let base = service.executable.rsplit('/').next();
    service.called() == name
        || service.name == name
        || service.package.as_deref() == Some(name)
        || base == Some(name)
}

/// Which of the services of a cluster is meant, by the name that people call it.
pub(super) fn choose(
    comparison: &Comparison<'_>,
    cluster: &Cluster<'_>,
    service: Option<&str>,
) -> Result<String, Refusal> {
    let told = cluster.members.iter().filter_map(|position| serving(comparison, *position));
    let mut services: Vec<&Serving> = told.flatten().collect();
    if cluster.members.iter().all(|position| serving(comparison, *position).is_none()) {
        let reasons = cluster.members.iter().find_map(|position| {
            let observation = comparison.observation(*position)?;
            let gap = observation.snapshot.as_ref()?.gaps.iter().find(|gap| gap.probe == "evidence")?;
            Some(format!("{}: {}", comparison.name(*position), gap.detail))
        });
        let title = format!("no host of {} tells where its services write", cluster.name);
        let help = match reasons {
            Some(reason) => format!("{reason}. Log in as root, or use --sudo"),
            None => "was none of them reached? `driftless audit` tells why".to_owned(),
        };
        return Err(Refusal::new(title, help));
    }
    services.retain(|service| !HOST_OWN.contains(&service.name.as_str()) || service_is(service, comparison));
    let mut names: Vec<String> = Vec::new();
    for found in &services {
        if service.is_none_or(|name| is_meant(found, name))
            && !names.iter().any(|name| name == found.called())
        {
            names.push(found.called().to_owned());
        }
    }
    names.sort_unstable();
    // What the playbook speaks of is what the cluster is for.
    let spoken: Vec<String> = names
        .iter()
        .filter(|name| {
            services.iter().any(|found| found.called() == name.as_str() && service_is(found, comparison))
        })
        .cloned()
        .collect();
    let names = if spoken.len() == 1 { spoken } else { names };
    match (names.as_slice(), service) {
        ([only], _) => twice(comparison, cluster, only).map_or_else(|| Ok(only.clone()), Err),
        ([], Some(name)) => {
            let mut all: Vec<&str> = services.iter().map(|found| found.called()).collect();
            all.sort_unstable();
            all.dedup();
            let help = match all.as_slice() {
                [] => "nothing listens there but what belongs to the host itself".to_owned(),
                all => format!("these listen there: {}", all.join(", ")),
            };
            Err(Refusal::new(format!("no service `{name}` listens on a host of {}", cluster.name), help))
        }
        ([], None) => Err(Refusal::new(
            format!("no service listens on a host of {}", cluster.name),
            "is it stopped? A replacement is made after what runs",
        )),
        (several, _) => Err(Refusal::new(
            format!("several services listen on hosts of {}: {}", cluster.name, several.join(", ")),
            format!(
                "say which is to be replaced: --service {}",
                several.first().map_or("NAME", String::as_str)
            ),
        )),
    }
}

/// Whether the playbook names a service, or its package.
fn service_is(service: &Serving, comparison: &Comparison<'_>) -> bool {
    let playbook = comparison.playbook;
    let package = service.package.as_deref();
    playbook.services.iter().any(|entry| is_meant(service, &entry.name))
        || playbook
            .packages
            .iter()
            .any(|entry| entry.names.all().any(|name| Some(name) == package || name == service.name))
}

/// A service that runs more than once on a host, each with what it listens on.
fn twice(comparison: &Comparison<'_>, cluster: &Cluster<'_>, called: &str) -> Option<Refusal> {
    cluster.members.iter().find_map(|position| {
        let all = serving(comparison, *position)?;
        let same: Vec<&Serving> = all.iter().filter(|service| service.called() == called).collect();
        if same.len() < 2 {
            return None;
        }
        let ports = same.iter().map(|service| {
            let ports: Vec<String> = service.listens.iter().map(|one| one.port.to_string()).collect();
            format!("process {} on {}", service.process, ports.join(" and "))
        });
        let ports: Vec<String> = ports.collect();
        let host = comparison.name(*position);
        Some(Refusal::new(
            format!("{called} runs {} times on {host}: {}", same.len(), ports.join(", ")),
            "one of them is replaced at a time: stop the others on a host, and limit this to it with -l",
        ))
    })
}

/// The host whose service the replacement is made after: one that is in sync, before all others.
pub(super) fn model<'a>(
    comparison: &Comparison<'a>,
    advised: &Advised,
    cluster: &Cluster<'_>,
    called: &str,
) -> Result<Model<'a>, Refusal> {
    let mut best: Option<(u8, Model<'a>)> = None;
    for (member, position) in cluster.members.iter().enumerate() {
        let Some(all) = serving(comparison, *position) else { continue };
        let Some(service) = all.iter().find(|service| service.called() == called) else { continue };
        let verdict = advised.hosts.get(*position).map(|advice| advice.verdict);
        let rank = match verdict {
            Some(Verdict::InSync) => 0,
            Some(Verdict::Unknown) => 1,
            Some(Verdict::Repair) => 2,
            Some(Verdict::Investigate) | None => 3,
            Some(Verdict::Replace | Verdict::Replaced) => 4,
        };
        if best.as_ref().is_none_or(|(known, _)| rank < *known) {
            let model = Model { position: *position, member, service, all, in_sync: rank == 0 };
            best = Some((rank, model));
        }
    }
    best.map(|(_, model)| model).ok_or_else(|| {
        Refusal::new(
            format!("no host of {} runs {called}", cluster.name),
            "start it where it is as it shall be",
        )
    })
}
