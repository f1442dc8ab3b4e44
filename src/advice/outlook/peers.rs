//! How hosts whose solvers would do an upgrade come to what others lack: from a source, or since they have it.
//!
//! Only hosts of the same release are asked: another release has other sources by nature. What cannot be told is not
//! said.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::spread::is_same_release;
use crate::drift::Comparison;
use crate::readiness::{Kind, Obstacle, Solver, Upgrade};
use crate::snapshot::{Observation, Os, Sources, source_named};

/// How other hosts of the same release come to something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Help {
    /// No host of the release is known that does.
    None,
    /// The host has no lists of packages: that comes first.
    NoLists,
    /// So many get it from a source.
    Source {
        /// The source.
        name: String,
        /// How many of them do.
        peers: usize,
        /// Whether the host is configured with it; `None` where that is not known.
        here: Option<bool>,
    },
    /// So many have it installed already.
    Installed {
        /// The version that most of them have.
        version: String,
        /// How many of them have it.
        peers: usize,
    },
    /// A source of the host itself offers it, and its package manager passes it by.
    Passed {
        /// The version on offer.
        version: String,
    },
    /// The playbook wants it there besides: no solver was asked for it.
    Wanted,
    /// They can, and how is not known.
    Unexplained {
        /// How many they are.
        peers: usize,
    },
}

/// The hosts of an upgrade whose own solvers would do it.
pub(super) struct Peers<'c, 'a> {
    comparison: &'c Comparison<'a>,
    package: &'c str,
    /// Those whose solver would, with what stands in their way all the same.
    would: Vec<(usize, &'c [Obstacle])>,
    /// How most of a release come to something: many hosts lack the same.
    known: RefCell<BTreeMap<Lack, Most>>,
}

/// A release, and what is lacking there.
type Lack = (Option<(String, String)>, Kind, String);

/// How most of the hosts of a release come to something, if that is known of any, how many do, and how many there are.
#[derive(Clone)]
struct Most {
    way: Option<(Way, usize)>,
    peers: usize,
}

impl<'c, 'a> Peers<'c, 'a> {
    pub(super) fn of(comparison: &'c Comparison<'a>, upgrade: &'c Upgrade) -> Self {
        let would = upgrade.hosts.iter().filter(|host| host.solver == Solver::Would);
        Self {
            comparison,
            package: &upgrade.package,
            would: would.map(|host| (host.position, host.obstacles.as_slice())).collect(),
            known: RefCell::default(),
        }
    }

    /// How others of its release come to what an obstacle says that a host lacks.
    pub(super) fn help(&self, position: usize, obstacle: &Obstacle) -> Help {
        let lacks = matches!(
            obstacle.kind,
            Kind::TargetUnavailable | Kind::DependencyMissing | Kind::DependencyTooOld
        );
        let Some(host) = self.comparison.observation(position).filter(|_| lacks) else { return Help::None };
        if host.upgrades().is_some_and(|upgrades| upgrades.lists == Some(0)) {
            return Help::NoLists;
        }
        if let Some(version) = passed_by(host, obstacle) {
            return Help::Passed { version };
        }
        let release = host.os().map(|os| (os.id.clone(), os.label()));
        let lack = (release, obstacle.kind, obstacle.subject.clone());
        let mut known = self.known.borrow_mut();
        let most = known.entry(lack).or_insert_with(|| self.most(host.os(), obstacle)).clone();
        let sources = host.sources();
        match most.way {
            _ if most.peers == 0 && obstacle.is_wanted_by_playbook() => Help::Wanted,
            _ if most.peers == 0 => Help::None,
            Some((Way::Source(name), count)) => {
                let here = has(sources, &name);
                Help::Source { name, peers: count, here }
            }
            Some((Way::Installed(version), count)) => Help::Installed { version, peers: count },
            None => match only_theirs(self.of_release(host.os(), obstacle), sources) {
                Some(name) => Help::Source { name, peers: most.peers, here: Some(false) },
                None => Help::Unexplained { peers: most.peers },
            },
        }
    }

    /// Those of a release that do not lack the same.
    fn of_release<'s>(
        &'s self,
        os: Option<&'s Os>,
        lacking: &'s Obstacle,
    ) -> impl Iterator<Item = &'a Observation> + 's {
        let lacks = |own: &&[Obstacle]| {
            own.iter().any(|other| other.kind == lacking.kind && other.subject == lacking.subject)
        };
        let others = self.would.iter().filter(move |(_, own)| !lacks(own));
        let all = others.filter_map(|(peer, _)| self.comparison.observation(*peer));
        all.filter(move |peer| is_same_release(peer.os(), os))
    }

    /// How most of a release come to something.
    fn most(&self, os: Option<&Os>, obstacle: &Obstacle) -> Most {
        let mut ways: BTreeMap<Way, usize> = BTreeMap::new();
        let mut peers = 0;
        for peer in self.of_release(os, obstacle) {
            peers += 1;
            if let Some(way) = self.way(peer, obstacle) {
                *ways.entry(way).or_default() += 1;
            }
        }
        Most { way: ways.into_iter().max_by_key(|(_, count)| *count), peers }
    }

    /// How one of them comes to it.
    fn way(&self, peer: &Observation, obstacle: &Obstacle) -> Option<Way> {
        let upgrades = peer.upgrades()?;
        let named = |words: &str| Way::Source(source_named(upgrades.system, words, peer.os()));
        if obstacle.kind == Kind::TargetUnavailable {
            let target = upgrades.target(self.package)?;
            let chosen = target.chosen.as_ref()?;
            let mut offered = target.offers.iter().filter(|(version, _)| version == chosen);
            let source = offered.find_map(|(_, source)| source.as_deref());
            return source.map(named).or_else(|| target.installed.clone().map(Way::Installed));
        }
        let fetched = upgrades.files.iter().find(|file| file.package == obstacle.subject);
        if let Some(file) = fetched {
            return file.source.as_deref().map(named);
        }
        let strings = &self.comparison.fleet.strings;
        let there = peer.packages()?.named(strings.find(&obstacle.subject)?).first()?;
        Some(Way::Installed(strings.text(there.version).to_owned()))
    }
}

/// How one host comes to something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Source(String),
    Installed(String),
}

/// The version that a source of the host itself has, and that its package manager passes by: a pin, or another that
/// it prefers.
fn passed_by(host: &Observation, obstacle: &Obstacle) -> Option<String> {
    let why = obstacle.said.first()?;
    let records = &host.upgrades()?.records;
    let offered = records.iter().filter(|record| !record.installed && record.package == obstacle.subject);
    let mut told = offered.filter(|record| why.starts_with(&format!("{} is on offer", record.version)));
    told.next().map(|record| record.version.clone())
}

/// The one source that every one of them is configured with, and the host is not.
fn only_theirs<'o>(
    peers: impl Iterator<Item = &'o Observation>,
    sources: Option<&Sources>,
) -> Option<String> {
    let own = sources.filter(|sources| sources.complete)?;
    let mut theirs: Option<BTreeSet<&str>> = None;
    for peer in peers {
        let names: BTreeSet<&str> = peer.sources()?.list.keys().map(String::as_str).collect();
        theirs = Some(theirs.map_or_else(|| names.clone(), |all| &all & &names));
    }
    let theirs = theirs.unwrap_or_default();
    let mut lacking = theirs.into_iter().filter(|name| !own.list.contains_key(*name));
    let only = lacking.next()?;
    lacking.next().is_none().then(|| only.to_owned())
}

/// Whether a host is configured with a source.
fn has(sources: Option<&Sources>, name: &str) -> Option<bool> {
    let sources = sources?;
    match sources.list.contains_key(name) {
        true => Some(true),
        false => sources.complete.then_some(false),
    }
}
