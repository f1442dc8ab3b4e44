//! What manifests declare, beside what runs on hosts: not running, running differently, changed since it started, or
//! as it is declared.
//!
//! Silence is never an answer. A container that nobody saw is "not running" only where every host told of all that
//! runs there; whatever a runtime does not tell of a container leaves it unknown, and not as declared.

mod declared;
mod differ;
mod image;
mod matching;
#[cfg(test)]
mod tests;

pub use declared::Declared;
pub use differ::{Difference, Field};
pub use matching::By;

use crate::inventory::Inventory;
use crate::snapshot::{Container, Fault, Fleet, Gap, Observation, Runtime};
use matching::Index;

/// How a container that a manifest declares is seen, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It runs, and otherwise than it is declared.
    Differs,
    /// It runs, and it is not what its image is any more.
    Changed,
    /// No host runs it.
    NotRunning,
    /// It was not seen, and not every host told all; or not all that is declared of it was told.
    Unknown,
    /// It runs as it is declared, as far as its runtime tells.
    AsDeclared,
    /// No host runs it, and it may have ended: a job, or an init container.
    Ended,
}

impl State {
    /// The word of reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::Changed => "changed",
            Self::NotRunning => "not-running",
            Self::Unknown => "unknown",
            Self::AsDeclared => "as-declared",
            Self::Ended => "may-have-ended",
        }
    }
}

/// What manifests declare beside what runs.
#[derive(Debug, Default)]
pub struct Live {
    /// How many hosts were asked.
    pub asked: usize,
    /// How many of them answered at all.
    pub reached: usize,
    /// One for each container that is declared, in their order.
    pub sides: Vec<Side>,
    /// What runs and is declared nowhere, by host.
    pub undeclared: Vec<Undeclared>,
    /// Hosts that did not tell of all that runs there, and why.
    pub silent: Vec<Silent>,
}

/// One container that is declared.
#[derive(Debug)]
pub struct Side {
    /// What a manifest says of it.
    pub declared: Declared,
    /// The worst of what was seen.
    pub state: State,
    /// Wherever it runs.
    pub running: Vec<Running>,
}

/// One container that runs, and that a manifest declares.
#[derive(Debug)]
pub struct Running {
    /// The host, by its place in the fleet.
    pub position: usize,
    /// The host's name.
    pub host: String,
    /// What reports call the container there.
    pub label: String,
    /// By what it was told to be that of the manifest.
    pub by: By,
    /// How it is.
    pub state: State,
    /// In what it differs from what is declared.
    pub differences: Vec<Difference>,
    /// What its runtime does not tell of it.
    pub untold: Vec<&'static str>,
    /// What was seen.
    pub container: Container,
}

/// A container that runs and that no manifest declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undeclared {
    /// The host's name.
    pub host: String,
    /// What reports call it there.
    pub label: String,
    /// Its image.
    pub image: String,
    /// Who runs it.
    pub runtime: Runtime,
}

/// A host that did not tell of all that runs there.
#[derive(Debug)]
pub struct Silent {
    /// The host, by its place in the fleet.
    pub position: usize,
    /// Its name.
    pub host: String,
    /// What went wrong on the way to it.
    pub fault: Option<Fault>,
    /// Whether nothing came from it.
    pub unreachable: bool,
    /// What it could not tell of its containers.
    pub gaps: Vec<Gap>,
}

impl Live {
    /// Puts both sides beside each other.
    pub fn of(declared: Vec<Declared>, fleet: &Fleet, inventory: &Inventory) -> Self {
        let index = Index::of(&declared);
        let mut live = Self { asked: fleet.hosts.len(), ..Self::default() };
        let mut running: Vec<Vec<Running>> = declared.iter().map(|_| Vec::new()).collect();
        for (position, seen) in fleet.hosts.iter().enumerate() {
            let host = inventory.host(seen.host).map_or_else(String::new, |host| host.name.clone());
            live.reached += usize::from(seen.snapshot.is_some());
            live.silent.extend(silent(position, &host, seen));
            let Some(containers) = seen.containers() else { continue };
            let node = seen.snapshot.as_ref().and_then(|snapshot| snapshot.hostname.as_deref());
            for container in containers.list.iter().filter(|one| !matching::is_sandbox(one)) {
                let label = containers.subject(container);
                let (by, matched) = index.find(&declared, container, &[node.unwrap_or_default(), &host]);
                for nth in &matched {
                    let (Some(own), Some(runs)) = (declared.get(*nth), running.get_mut(*nth)) else {
                        continue;
                    };
                    runs.push(Running::of(own, position, &host, label.clone(), by, container));
                }
                if matched.is_empty() {
                    let (image, runtime) = (container.image.clone(), container.runtime);
                    live.undeclared.push(Undeclared { host: host.clone(), label, image, runtime });
                }
            }
        }
        let told = live.silent.is_empty();
        let sides = declared.into_iter().zip(running);
        live.sides = sides
            .map(|(declared, running)| {
                let absent = match () {
                    () if !declared.lasts => State::Ended,
                    () if told => State::NotRunning,
                    () => State::Unknown,
                };
                let state = running.iter().map(|one| one.state).min().unwrap_or(absent);
                Side { declared, state, running }
            })
            .collect();
        live
    }
}

/// Why a host did not tell of all that runs there, if it did not.
fn silent(position: usize, host: &str, seen: &Observation) -> Option<Silent> {
    let snapshot = seen.snapshot.as_ref();
    let runtimes = [Runtime::Docker, Runtime::Podman, Runtime::Cri].map(Runtime::as_str);
    let gaps = snapshot.into_iter().flat_map(|snapshot| snapshot.gaps.iter().chain(&snapshot.beside));
    let gaps: Vec<Gap> = gaps.filter(|gap| runtimes.contains(&gap.probe.as_str())).cloned().collect();
    let unreachable = snapshot.is_none();
    (unreachable || seen.fault.is_some() || !gaps.is_empty()).then(|| Silent {
        position,
        host: host.to_owned(),
        fault: seen.fault.clone(),
        unreachable,
        gaps,
    })
}

impl Running {
    fn of(
        declared: &Declared,
        position: usize,
        host: &str,
        label: String,
        by: By,
        container: &Container,
    ) -> Self {
        let (differences, untold) = differ::compare(declared, container);
        let state = match () {
            () if !differences.is_empty() => State::Differs,
            () if container.changed.as_ref().is_some_and(|changes| changes.count > 0) => State::Changed,
            () if !untold.is_empty() => State::Unknown,
            () => State::AsDeclared,
        };
        Self {
            position,
            host: host.to_owned(),
            label,
            by,
            state,
            differences,
            untold,
            container: container.clone(),
        }
    }

    /// Whether it changed since it was started; `None` is "its runtime does not tell".
    pub fn changed(&self) -> Option<bool> {
        match &self.container.changed {
            Some(changes) => Some(changes.count > 0),
            // A read-only root has nothing that could.
            None if self.container.read_only_root == Some(true) => Some(false),
            None => None,
        }
    }
}
