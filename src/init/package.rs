//! One package of one cluster as it stands today: what most hosts have, and who differs.

use std::collections::BTreeMap;

use crate::drift::{Cluster, Column, Judgement, Value};
use crate::version::{Requirement, System, Upstream};

/// A package that is worth an entry.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) standing: Standing,
    /// Of how many hosts it is known whether they have it.
    pub(super) answers: usize,
    /// How many hosts have it, in whatever version.
    pub(super) installed: usize,
    /// What hosts have that are not like most, and which: positions in the fleet.
    pub(super) others: BTreeMap<String, Vec<usize>>,
    /// A finding that an audit would make of it: the rule, and the host.
    pub(super) example: Option<(&'static str, usize)>,
}

/// What the hosts of a cluster have.
#[derive(Debug)]
pub(super) enum Standing {
    /// Most have the same upstream version, or all of a few have.
    Most {
        /// The full version that most of these have.
        version: String,
        /// How many hosts have exactly that one.
        hosts: usize,
        /// What the version belongs to, or why that cannot be required.
        series: Result<Requirement, &'static str>,
    },
    /// No version is the majority's.
    Undecided {
        /// How many hosts have each value, most first.
        spread: Vec<(String, usize)>,
        /// The most common version, for an example.
        version: String,
        /// A host that has it.
        host: usize,
    },
}

/// What one host has installed.
#[derive(Clone, Copy)]
struct Seen<'a> {
    position: usize,
    version: &'a str,
}

impl Package {
    /// How a package stands, by its columns, one for each architecture; `None` where most hosts do not have
    /// it.
    pub(super) fn of(name: &str, columns: &[&Column<'_>], cluster: &Cluster<'_>) -> Option<Self> {
        let main = columns.iter().find(|column| !installed(column, cluster).is_empty())?;
        let seen = installed(main, cluster);
        let standing = match most(main, cluster) {
            Some((version, hosts)) => Standing::Most {
                version: version.to_owned(),
                hosts,
                series: series(version, main, columns, cluster),
            },
            None => undecided(main, cluster, &seen)?,
        };
        let common =
            if let Standing::Most { version, .. } = &standing { Some(version.as_str()) } else { None };
        let places = || 0..cluster.members.len();
        let known = |member: &usize| !matches!(main.value(*member), None | Some(Value::Unknown));
        Some(Self {
            name: name.to_owned(),
            answers: places().filter(known).count(),
            installed: seen.len(),
            others: common.map(|version| others(version, main, columns, cluster)).unwrap_or_default(),
            example: example(main, cluster),
            standing,
        })
    }
}

/// What hosts have installed.
fn installed<'a>(column: &Column<'a>, cluster: &Cluster<'_>) -> Vec<Seen<'a>> {
    let members = cluster.members.iter().copied().enumerate();
    let seen = members.filter_map(|(member, position)| {
        column.installed(member).map(|(_, version)| Seen { position, version })
    });
    seen.collect()
}

/// Of the hosts that are as expected, what they have installed.
fn alike<'a>(column: &Column<'a>, cluster: &Cluster<'_>) -> Vec<(System, &'a str)> {
    let same = (0..cluster.members.len()).filter(|member| column.judge(*member) == Judgement::Same);
    same.filter_map(|member| column.installed(member)).collect()
}

/// The version that most of the hosts that are as expected have, and how many have it.
fn most<'a>(column: &Column<'a>, cluster: &Cluster<'_>) -> Option<(&'a str, usize)> {
    most_common(alike(column, cluster).into_iter().map(|(_, version)| version))
}

/// Of equally common ones the last in order, so that runs agree.
fn most_common<'a>(versions: impl Iterator<Item = &'a str>) -> Option<(&'a str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    versions.for_each(|version| *counts.entry(version).or_default() += 1);
    counts.into_iter().max_by_key(|(_, count)| *count)
}

/// The series that today's majority is of. A requirement speaks of every architecture, and demands the
/// hosts' own.
fn series(
    version: &str,
    main: &Column<'_>,
    columns: &[&Column<'_>],
    cluster: &Cluster<'_>,
) -> Result<Requirement, &'static str> {
    if main.foreign {
        return Err("it is here for a foreign architecture only");
    }
    let has: Vec<(System, &str)> = columns.iter().flat_map(|column| alike(column, cluster)).collect();
    let system = has.first().map_or(System::Debian, |(system, _)| *system);
    let series = Requirement::of_series(system, version).ok_or("it cannot be mapped to semver")?;
    let met = |(system, version): &(System, &str)| {
        Upstream::parse(*system, version).is_some_and(|upstream| series.met_by(&upstream))
    };
    if has.iter().all(met) { Ok(series) } else { Err("the architectures differ") }
}

fn undecided(column: &Column<'_>, cluster: &Cluster<'_>, seen: &[Seen<'_>]) -> Option<Standing> {
    let none_is_right = |member: usize| column.judge(member) == Judgement::Undecided;
    if !(0..cluster.members.len()).any(none_is_right) {
        return None;
    }
    let (version, _) = most_common(seen.iter().map(|one| one.version))?;
    let host = seen.iter().find(|one| one.version == version)?.position;
    let spread = column.spread().into_iter().filter(|(value, _)| value != "unknown").collect();
    Some(Standing::Undecided { spread, version: version.to_owned(), host })
}

/// What hosts have that are not like most.
fn others(
    version: &str,
    main: &Column<'_>,
    columns: &[&Column<'_>],
    cluster: &Cluster<'_>,
) -> BTreeMap<String, Vec<usize>> {
    let mut others: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for column in columns {
        let is_main = std::ptr::eq(*column, main);
        let arch = if is_main { String::new() } else { format!("{} ", column.arch) };
        for (member, position) in cluster.members.iter().copied().enumerate() {
            let has = column.installed(member).map(|(_, version)| version);
            let Some(words) = differs(column, cluster, member, has) else {
                // As expected, and yet another revision: that of another release.
                if let Some(has) = has.filter(|has| is_main && *has != version) {
                    others.entry(format!("{has}{}", release(cluster, member))).or_default().push(position);
                }
                continue;
            };
            others.entry(format!("{arch}{words}")).or_default().push(position);
        }
    }
    others
}

/// How a host differs from what is expected of it; `None` if it does not.
fn differs(column: &Column<'_>, cluster: &Cluster<'_>, member: usize, has: Option<&str>) -> Option<String> {
    let has = has.map_or_else(|| "not installed".to_owned(), str::to_owned);
    let release = release(cluster, member);
    match column.judge(member) {
        Judgement::NotCovered | Judgement::Unknown | Judgement::Same | Judgement::UnderWay => None,
        Judgement::Different { ahead: true, .. } => Some(format!("ahead with {has}{release}")),
        _ => Some(format!("{has}{release}")),
    }
}

/// The host's release, where it is not the cluster's.
fn release(cluster: &Cluster<'_>, member: usize) -> String {
    let Some(os) = cluster.releases.os(member) else { return String::new() };
    match cluster.releases.expected() {
        Some(own) if own.same_release(os) => String::new(),
        None if cluster.releases.distinct.len() == 1 => String::new(),
        _ => format!(" ({})", os.label()),
    }
}

/// The rule that an audit would name, and the host: a host of the cluster's own release if there is one.
fn example(column: &Column<'_>, cluster: &Cluster<'_>) -> Option<(&'static str, usize)> {
    let members = cluster.members.iter().copied().enumerate();
    let found = members.filter_map(|(member, position)| Some((member, rule(column, member)?, position)));
    let best =
        found.min_by_key(|(member, rule, _)| (*rule == "ahead", !release(cluster, *member).is_empty()));
    best.map(|(_, rule, position)| (rule, position))
}

fn rule(column: &Column<'_>, member: usize) -> Option<&'static str> {
    match (column.judge(member), column.value(member)) {
        (Judgement::Missing, _) | (Judgement::Undecided, Some(Value::Absent)) => Some("package-missing"),
        (Judgement::Different { ahead: true, .. }, _) => Some("ahead"),
        (Judgement::Different { .. } | Judgement::Undecided, _) => Some("package-version"),
        _ => None,
    }
}
