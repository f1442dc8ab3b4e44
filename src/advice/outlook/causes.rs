//! Why an upgrade would fail, across hosts: those that lack the same are one cause, and what the others have that
//! they have not is named.

use std::collections::BTreeMap;

use super::conditions::Condition;
use super::peers::Help;
use super::{HostOutlook, Inhibitor, remedy};
use crate::drift::Comparison;
use crate::hostlist::fold;
use crate::readiness::{Kind, Obstacle, State};

/// How many hosts a message names; more are counted.
const NAMED: usize = 20;

/// Hosts on which the same stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The hosts, by their place in the fleet.
    pub hosts: Vec<usize>,
    /// The kind of obstacle.
    pub kind: Kind,
    /// What stands in the way, and what other hosts have that these have not.
    pub reason: String,
    /// Whether commands on the hosts would help, and why not.
    pub condition: Condition,
    /// What to do, in order; where commands would not help, what would have to be done on the hosts all the same
    /// comes last.
    pub steps: Vec<String>,
}

/// What hosts must share to be one cause.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    condition: Condition,
    kind: Kind,
    what: String,
    help: Help,
    remedy: String,
}

/// The causes: those that commands would not help first, then by how many hosts they stop.
/// `target` is the package and what it shall come to.
pub(super) fn causes(hosts: &[HostOutlook], target: &str) -> Vec<Cause> {
    let all = hosts.len();
    let mut same: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for host in hosts.iter().filter(|host| host.state == State::Blocked) {
        for inhibitor in &host.inhibitors {
            let Some(condition) = inhibitor.condition else { continue };
            let key = Key {
                condition,
                kind: inhibitor.obstacle.kind,
                what: what(inhibitor),
                help: inhibitor.help.clone(),
                remedy: inhibitor.remedy.clone(),
            };
            same.entry(key).or_default().push(host.position);
        }
    }
    let mut causes: Vec<Cause> = together(same)
        .into_iter()
        .map(|(key, subjects, those)| {
            let several = subjects.len() > 1;
            let mut reason = listed(&subjects, key.kind, several);
            if let (Kind::DiskSpace, [only]) = (key.kind, those.as_slice()) {
                reason = in_full(hosts, *only, &key.what).unwrap_or(reason);
            }
            if let Some(difference) = difference(&key.help, those.len(), all, several) {
                reason = format!("{reason}; {difference}");
            }
            if key.condition.lasts() {
                reason = format!("{reason}: {}", key.condition.why());
            }
            let steps = if key.condition.lasts() {
                vec![remedy::anew(target), format!("or, in place: {}", key.remedy)]
            } else {
                vec![key.remedy]
            };
            Cause { hosts: those, kind: key.kind, reason, condition: key.condition, steps }
        })
        .collect();
    causes.sort_by_key(|cause| (!cause.condition.lasts(), std::cmp::Reverse(cause.hosts.len())));
    causes
}

/// What there is too little of, in numbers: they differ from host to host.
fn in_full(hosts: &[HostOutlook], position: usize, told: &str) -> Option<String> {
    let host = hosts.iter().find(|host| host.position == position)?;
    let inhibitor = host.inhibitors.iter().find(|inhibitor| what(inhibitor) == told)?;
    Some(format!("{told}: {}", inhibitor.message))
}

/// What the same hosts lack for the same reason is told together.
fn together(same: BTreeMap<Key, Vec<usize>>) -> Vec<(Key, Vec<String>, Vec<usize>)> {
    let mut causes: Vec<(Key, Vec<String>, Vec<usize>)> = Vec::new();
    for (key, hosts) in same {
        let alike = causes.iter_mut().find(|(other, _, those)| {
            is_phrase(key.kind)
                && (other.condition, other.kind, &other.help, those.as_slice())
                    == (key.condition, key.kind, &key.help, hosts.as_slice())
        });
        if let Some((_, subjects, _)) = alike {
            subjects.push(key.what);
        } else {
            let subjects = vec![key.what.clone()];
            causes.push((key, subjects, hosts));
        }
    }
    causes
}

/// `fails on web-[07,11] because libssl3t64 (>= 3.3.0) has no candidate; …`
pub(super) fn message(comparison: &Comparison<'_>, cause: &Cause) -> String {
    let names: Vec<&str> = cause.hosts.iter().map(|position| comparison.name(*position)).collect();
    let who = match names.as_slice() {
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        few if few.len() <= NAMED => fold(few),
        many => format!("{} hosts", many.len()),
    };
    format!("fails on {who} because {}", cause.reason)
}

/// Whether causes of a kind are told as `SUBJECT, SUBJECT have no candidate`.
const fn is_phrase(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::TargetUnavailable
            | Kind::DependencyMissing
            | Kind::DependencyTooOld
            | Kind::Held
            | Kind::BrokenState
    )
}

/// What stands in the way, without what differs from host to host.
fn what(inhibitor: &Inhibitor) -> String {
    let obstacle = &inhibitor.obstacle;
    match (obstacle.kind, &obstacle.needs) {
        (Kind::TargetUnavailable, Some(needs)) => {
            let newest = obstacle.candidate.as_ref();
            newest
                .map_or_else(|| needs.clone(), |newest| format!("{needs} (the newest on offer is {newest})"))
        }
        (Kind::DependencyMissing | Kind::DependencyTooOld, Some(needs)) => {
            let by = obstacle.by.as_ref().map_or(String::new(), |by| format!(" for {by}"));
            let there = present(obstacle).map_or(String::new(), |there| format!(", not {there}"));
            format!("{needs}{by}{there}")
        }
        (Kind::Held | Kind::BrokenState, _) => obstacle.subject.clone(),
        (Kind::Locked, _) => format!("somebody has the lock {}", obstacle.subject),
        (Kind::DiskSpace, _) => format!("there is too little room on {}", obstacle.subject),
        _ => format!("{}: {}", obstacle.subject, inhibitor.message),
    }
}

/// What there is of something that is too old.
fn present(obstacle: &Obstacle) -> Option<&str> {
    if obstacle.kind == Kind::DependencyTooOld {
        obstacle.candidate.as_deref().or(obstacle.observed.as_deref())
    } else {
        None
    }
}

fn listed(subjects: &[String], kind: Kind, several: bool) -> String {
    let all = subjects.join(" and ");
    let verb = |one: &str, many: &str| format!("{all} {}", if several { many } else { one });
    match kind {
        Kind::TargetUnavailable | Kind::DependencyMissing if !all.contains(": ") => {
            verb("has no candidate", "have no candidate")
        }
        Kind::DependencyTooOld if !all.contains(": ") => verb("is wanted", "are wanted"),
        Kind::Held => verb("is on hold", "are on hold"),
        Kind::BrokenState => verb("is half-installed or broken", "are half-installed or broken"),
        _ => all,
    }
}

/// `the other 40 get it from debian trixie-backports, which those two do not have`
fn difference(help: &Help, stopped: usize, all: usize, several: bool) -> Option<String> {
    let it = if several { "them" } else { "it" };
    let others = all.saturating_sub(stopped);
    let those = match stopped {
        1 => "it does not".to_owned(),
        2 => "those two do not".to_owned(),
        many => format!("those {many} do not"),
    };
    let who = |peers: &usize| match (*peers == others, *peers) {
        (_, 1) if others == 1 => "the other one".to_owned(),
        (true, peers) => format!("the other {peers}"),
        (false, 1) => "one other host".to_owned(),
        (false, peers) => format!("{peers} others"),
    };
    let verb = |peers: &usize, many: &'static str, one: &'static str| if *peers == 1 { one } else { many };
    match help {
        Help::None | Help::Wanted => None,
        Help::Passed { version } => {
            Some(format!("{version} is on offer there, and the package manager prefers another"))
        }
        Help::NoLists => Some("no list of packages lies there".to_owned()),
        Help::Source { name, peers, here } => {
            let where_from = format!("{} {} {it} from {name}", who(peers), verb(peers, "get", "gets"));
            Some(match here {
                Some(false) => format!("{where_from}, which {those} have"),
                Some(true) if stopped == 1 => {
                    format!("{where_from}, which it has too: its lists may be older, or it is pinned")
                }
                Some(true) => {
                    format!("{where_from}, which those have too: their lists may be older, or it is pinned")
                }
                None => where_from,
            })
        }
        Help::Installed { version, peers } => {
            Some(format!("{} {} it installed already, as {version}", who(peers), verb(peers, "have", "has")))
        }
        Help::Unexplained { peers } => {
            Some(format!("{} of its release {} not stopped by that", who(peers), verb(peers, "are", "is")))
        }
    }
}
