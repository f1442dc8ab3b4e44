//! Advice in concrete steps, one piece for all hosts of a cluster that share a cause.
//!
//! What the commands are called on a host's own package system is `commands`'s affair.

use std::collections::BTreeMap;

use super::commands::{self, Command, installs};
use super::{Advice, Conditions, Verdict, entry, particular};
use crate::drift::{Cluster, Comparison};
use crate::hostlist::fold;
use crate::rules::{Cause as Why, Evidence, Finding, no_majority};
use crate::snapshot::Manager;
use crate::version::{System, Upstream};

/// Beginnings of the names of packages whose hosts hold data or a vote.
const STATEFUL: [&str; 14] = [
    "postgresql-1",
    "postgresql-9",
    "mariadb-server",
    "mysql-server",
    "mongodb",
    "redis-server",
    "etcd-server",
    "consul",
    "rabbitmq-server",
    "zookeeperd",
    "ceph-osd",
    "ceph-mon",
    "elasticsearch",
    "nats-server",
];

/// What hosts must share to be given one piece of advice.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cause {
    action: std::cmp::Reverse<Verdict>,
    cluster: String,
    rule: &'static str,
    reason: String,
    commands: Vec<Command>,
    stateful: Vec<String>,
}

/// Advice on its way to being folded.
#[derive(Debug, Default)]
pub(super) struct Collected(BTreeMap<Cause, Vec<usize>>);

impl Collected {
    /// Adds what is advised for one host, cluster by cluster.
    pub(super) fn add(
        &mut self,
        comparison: &Comparison<'_>,
        position: usize,
        verdict: Verdict,
        of: &Conditions<'_>,
    ) {
        let mut clusters: BTreeMap<&str, [Vec<&Finding>; 3]> = BTreeMap::new();
        for (nth, list) in [&of.lasting, &of.repairable, &of.open].into_iter().enumerate() {
            for finding in list {
                let own = clusters.entry(finding.cluster.as_deref().unwrap_or_default()).or_default();
                own.get_mut(nth).into_iter().for_each(|list| list.push(finding));
            }
        }
        for (cluster, [lasting, repairable, open]) in clusters {
            let of_cluster =
                |action, findings: &[&Finding], commands| cause(action, cluster, findings, commands);
            let mut causes = Vec::new();
            if verdict == Verdict::Replace && !lasting.is_empty() {
                let mut cause = of_cluster(Verdict::Replace, &lasting, pins(comparison, cluster));
                // Below a container the host's own packages are no affair of its replacement.
                let stands =
                    |one: &&Cluster<'_>| one.name == cluster && one.standing(position).next().is_some();
                if !comparison.clusters.iter().any(|one| stands(&one)) {
                    cause.stateful = stateful(comparison, position);
                }
                causes.push(cause);
            } else if verdict == Verdict::Repair && !repairable.is_empty() {
                causes.push(of_cluster(
                    Verdict::Repair,
                    &repairable,
                    repair(comparison, position, &repairable),
                ));
            }
            if verdict != Verdict::Replace && !open.is_empty() {
                causes.push(of_cluster(
                    Verdict::Investigate,
                    &open,
                    investigate(comparison, position, &open),
                ));
            }
            if verdict == Verdict::Investigate && !lasting.is_empty() {
                causes.push(of_cluster(
                    Verdict::Investigate,
                    &lasting,
                    vec![wait(system(comparison, position))],
                ));
            }
            for cause in causes {
                self.0.entry(cause).or_default().push(position);
            }
        }
    }

    /// The advice, most drastic first, with the names of the hosts in the steps.
    pub(super) fn finish(self, comparison: &Comparison<'_>) -> Vec<Advice> {
        let advice = self.0.into_iter().map(|(cause, hosts)| {
            let names: Vec<&str> = hosts.iter().map(|position| comparison.name(*position)).collect();
            let steps = steps(&cause, &names);
            Advice {
                rule: cause.rule,
                action: cause.action.0,
                reason: cause.reason,
                cluster: cause.cluster,
                hosts,
                steps,
            }
        });
        advice.collect()
    }
}

fn cause(action: Verdict, cluster: &str, findings: &[&Finding], commands: Vec<Command>) -> Cause {
    let reasons: Vec<String> = findings.iter().map(|finding| reason(finding)).collect();
    let mut reason = reasons.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
    if reasons.len() > 3 {
        reason.push_str(&format!("; and {} more", reasons.len() - 3));
    }
    Cause {
        action: std::cmp::Reverse(action),
        cluster: cluster.to_owned(),
        rule: findings.first().map_or("", |finding| finding.rule.id),
        reason,
        commands,
        stateful: Vec::new(),
    }
}

fn reason(finding: &Finding) -> String {
    // What the host itself has is not the reason where nobody is right: all share one.
    if let (None, Evidence::Spread(_)) = (&finding.expected, &finding.evidence) {
        return format!("{}: {}", finding.subject, no_majority(&finding.evidence));
    }
    match finding.rule.id {
        "release" => format!("release {}", finding.message()),
        "package-broken" => {
            format!("{} is {}", finding.subject, finding.observed.as_deref().unwrap_or_default())
        }
        "package-held" => format!("{} is on hold here only", finding.subject),
        _ => format!("{}: {}", finding.subject, finding.message()),
    }
}

/// Whether a package only waits for triggers to be run.
pub(super) fn waits_for_triggers(finding: &Finding) -> bool {
    finding.rule.id == "package-broken"
        && finding.observed.as_deref().is_some_and(|state| state.starts_with("triggers"))
}

/// The package system of a host.
fn system(comparison: &Comparison<'_>, position: usize) -> System {
    let packages = comparison.observation(position).and_then(crate::snapshot::Observation::packages);
    packages.map_or(System::Debian, |packages| packages.system)
}

/// What manages the services of a host.
fn manager(comparison: &Comparison<'_>, position: usize) -> Option<Manager> {
    let snapshot = comparison.observation(position)?.snapshot.as_ref()?;
    snapshot.running.services.as_ref().map(|services| services.manager)
}

fn wait(system: System) -> Command {
    let finish = match system {
        System::Debian => ", or finish its last change: dpkg --configure -a",
        System::Rpm | System::Apk | System::Pacman => "",
    };
    Command::Say(format!("decide on what is ahead first; then replace this host{finish}"))
}

/// The commands that bring a host back.
fn repair(comparison: &Comparison<'_>, position: usize, findings: &[&Finding]) -> Vec<Command> {
    let (system, manager) = (system(comparison, position), manager(comparison, position));
    let mut commands: Vec<Command> = Vec::new();
    for finding in findings {
        let cluster = finding.cluster.as_deref().unwrap_or_default();
        let package = comparison.name_on(cluster, position, &finding.subject);
        commands.push(match finding.rule.id {
            "package-held" => Command::Unhold(system, finding.subject.clone()),
            "policy-unmet" => continue,
            "package-broken" => Command::Configure,
            "security-pending" => {
                commands.extend(is_held(finding).then(|| Command::Unhold(system, package.clone())));
                commands.extend(is_pinned(finding).then(|| {
                    let pin = "take the pin out of /etc/apt/preferences.d: with it the next upgrade goes back, or fails";
                    Command::First(format!("{package} is pinned away here: {pin}"))
                }));
                commands.push(Command::Install { system, package, version: finding.expected.clone() });
                continue;
            }
            "service-state" => {
                commands.extend(particular::service(finding, manager));
                continue;
            }
            "file-content" => {
                commands.extend(particular::file(finding));
                continue;
            }
            rule if !rule.starts_with("package-") => {
                commands.extend(
                    entry(rule).into_iter().flat_map(|entry| Command::of_entry(entry, finding, manager)),
                );
                continue;
            }
            _ => {
                // A version of another release cannot be had here, and a requirement is no version.
                let elsewhere = matches!(finding.evidence, Evidence::OtherRelease(_));
                let exact = finding
                    .expected
                    .clone()
                    .filter(|version| !elsewhere && !version.contains([' ', '<', '>', '=', '^', '*', ',']));
                Command::Install { system, package, version: exact }
            }
        });
    }
    commands.sort();
    commands.dedup();
    newest_alone(&mut commands);
    commands
}

/// Whether a version waits behind a hold.
fn is_held(finding: &Finding) -> bool {
    matches!(&finding.evidence, Evidence::Offer(offered) if offered.causes.contains(&Why::Held))
}

/// Whether a pin keeps a version away.
fn is_pinned(finding: &Finding) -> bool {
    let pin = |cause: &Why| matches!(cause, Why::Pin(_) | Why::NotCandidate);
    matches!(&finding.evidence, Evidence::Offer(offered) if offered.causes.iter().any(pin))
}

/// A package is installed in one version: a security update may be newer than what the cluster has.
fn newest_alone(commands: &mut Vec<Command>) {
    let wanted = |command: &Command| match command {
        Command::Install { system, package, version: Some(version) } => {
            Some((*system, package.clone(), version.clone()))
        }
        _ => None,
    };
    let all: Vec<_> = commands.iter().filter_map(wanted).collect();
    commands.retain(|command| {
        wanted(command).is_none_or(|(system, package, version)| {
            let same = all.iter().filter(|(of, name, _)| (of, name) == (&system, &package));
            !same.into_iter().any(|(_, _, other)| system.compare(other, &version).is_gt())
        })
    });
}

fn investigate(comparison: &Comparison<'_>, position: usize, findings: &[&Finding]) -> Vec<Command> {
    let manager = manager(comparison, position);
    let mut commands = Vec::new();
    for finding in findings {
        let subject = &finding.subject;
        if let Some(entry) = entry(finding.rule.id).filter(|entry| !entry.say.is_empty()) {
            commands.extend(Command::of_entry(entry, finding, manager));
            continue;
        }
        commands.push(Command::Say(match (finding.rule.id, &finding.expected) {
            ("release", None) => "decide which release the cluster shall run, then replace the others".to_owned(),
            ("release", Some(expected)) => {
                format!("this host is newer than the {expected} cluster: if it leads the way, replace the others; nothing goes back")
            }
            ("ahead", Some(expected)) => {
                format!("find out who brought {subject} beyond {expected}: bring the others up, or waive it as a canary with a date")
            }
            ("policy-unmet", Some(expected)) if findings.iter().any(|other| other.rule.id == "ahead" && other.subject == *subject) => {
                format!("{subject} is newer here than the playbook's {expected} allows: widen the requirement, or find out who brought it there")
            }
            ("package-version" | "package-missing", Some(expected)) if matches!(finding.evidence, Evidence::Unfit(_)) => {
                format!("the cluster's {subject} {expected} does not meet the playbook: nothing is installed before that is settled")
            }
            ("package-version", Some(expected)) => {
                format!("{subject} {expected} is of another release and cannot be had here: give the cluster one release, or each release its own [[cluster]]")
            }
            ("policy-unmet", Some(expected)) => {
                format!("the cluster itself does not meet {subject} {expected}: plan an upgrade, or correct the playbook")
            }
            _ => format!("say what is right: baseline = \"pinned:VERSION\" or \"host:NAME\" for {subject} in the playbook"),
        }));
    }
    commands.sort();
    commands.dedup();
    commands
}

/// What the image of a replacement must hold: the packages that the playbook names, as the cluster has
/// them.
fn pins(comparison: &Comparison<'_>, cluster: &str) -> Vec<Command> {
    let Some(cluster) = comparison.clusters.iter().find(|known| known.name == cluster) else {
        return Vec::new();
    };
    let slot = cluster.releases.majority();
    let named = cluster.columns.iter().filter(|column| column.is_named() && !column.foreign);
    let pin = |column: &crate::drift::Column<'_>| match column.expected(slot?) {
        crate::drift::Expected::Version { version, exact, system } => {
            let requirement = column.entries().find_map(|entry| entry.version.as_ref());
            let fits = Upstream::parse(system, version)
                .is_none_or(|upstream| requirement.is_none_or(|requirement| requirement.met_by(&upstream)));
            // A version that this release does not have, or must not have, cannot be put into an image.
            let version = (exact && fits).then(|| version.to_owned());
            let package = cluster.releases.expected().map_or(column.name, |os| column.name_under(os));
            Some(Command::Install { system, package: package.to_owned(), version })
        }
        _ => None,
    };
    let mut commands: Vec<Command> = named.filter_map(pin).collect();
    let release = cluster
        .releases
        .expected()
        .map_or_else(|| "the cluster's release".to_owned(), crate::snapshot::Os::label);
    commands.push(Command::Say(release));
    commands
}

fn stateful(comparison: &Comparison<'_>, position: usize) -> Vec<String> {
    let Some(packages) = comparison.observation(position).and_then(|host| host.packages()) else {
        return Vec::new();
    };
    let names = packages.list.iter().map(|package| comparison.fleet.strings.text(package.name));
    let mut found: Vec<String> = names
        .filter(|name| STATEFUL.iter().any(|start| name.starts_with(start)))
        .map(str::to_owned)
        .collect();
    found.sort();
    found
}

fn steps(cause: &Cause, names: &[&str]) -> Vec<String> {
    match cause.action.0 {
        Verdict::Replace => replace_steps(cause, &fold(names)),
        Verdict::Repair => commands::steps(&cause.commands, &names.join(",")),
        _ => cause
            .commands
            .iter()
            .filter_map(|command| if let Command::Say(text) = command { Some(text.clone()) } else { None })
            .collect(),
    }
}

fn replace_steps(cause: &Cause, hosts: &str) -> Vec<String> {
    let mut steps = Vec::new();
    if !cause.stateful.is_empty() {
        steps.push(format!(
            "first the data: {} may hold data or a quorum vote ({}); move it, and one host at a time",
            hosts,
            cause.stateful.join(", ")
        ));
    }
    let release = cause
        .commands
        .iter()
        .find_map(|command| if let Command::Say(release) = command { Some(release.as_str()) } else { None });
    let with = installs(&cause.commands);
    let with = if with.is_empty() { String::new() } else { format!(" with {with}") };
    steps.push(format!("build an image of {}{with}", release.unwrap_or("the cluster's release")));
    steps.push(format!("start a new server from it for each host, and let it join {}", cause.cluster));
    steps.push("drain and remove the old one, and audit the cluster again".to_owned());
    steps
}
