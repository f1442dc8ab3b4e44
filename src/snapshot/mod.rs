//! What was seen on each host, as plain data.
//!
//! A fact that could not be collected is absent *and* has a gap that says why: "not collected" can
//! never be read as "in sync". Nothing here talks to a host, compares two of them, or knows a rule.

mod apk;
mod configuration;
mod containers;
mod dpkg;
mod evidence;
mod fault;
mod gap;
mod listing;
mod origins;
mod os_release;
mod pacman;
mod parse;
mod rpm;
mod running;
mod systems;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use string_interner::backend::StringBackend;
use string_interner::symbol::SymbolU32;
use string_interner::{DefaultHashBuilder, StringInterner, Symbol as _};

pub use configuration::{
    Conffile, Configuration, Fate, File, Files, Is, Parameter, Setting, Sysctls, dotted,
};
pub use containers::{
    Change, Changes, Container, Containers, Kind, LABELS, Mount, Pod, Replaced, Replaces, Runtime,
};
#[cfg(test)]
pub(crate) use evidence::tests::{bookworm, lines_of};
pub use evidence::{
    Brought, Config, Directive, Listening, NamedBy, Part, Place, PlaceKind, Scope, Serving, Trace, User,
    Writing,
};
pub use fault::{Fault, Phase};
pub use gap::{Gap, Reason, printable, quote, visible};
pub use origins::{Candidate, Candidates, Offer, Origin, Source, Sources, source_named};
pub use os_release::Os;
pub use parse::{Reader, Unread};
pub use running::{
    Daemon, Enabled, InstalledKernel, Kernels, Manager, Reboot, Running, Service, ServiceState, Services,
    Stale,
};
pub use upgrade::{Fetched, Had, Lock, Offered, PackageChange, Record, Relation, Solve, Space, Upgrades};

use crate::inventory::HostId;
use crate::version::System;

/// An interned text: names, architectures and versions repeat on every host of a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(SymbolU32);

impl Symbol {
    /// A dense number, from 0, for tables indexed by symbol.
    pub fn index(self) -> usize {
        self.0.to_usize()
    }
}

/// The texts behind the symbols of one fleet.
#[derive(Debug, Default)]
pub struct Strings(StringInterner<StringBackend<SymbolU32>, DefaultHashBuilder>);

impl Strings {
    /// The symbol of a text; the same text always has the same one.
    pub fn intern(&mut self, text: &str) -> Symbol {
        Symbol(self.0.get_or_intern(text))
    }

    /// The symbol of a text, if any host has it.
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.0.get(text).map(Symbol)
    }

    /// The text of a symbol of this fleet (empty for one of another fleet).
    pub fn text(&self, symbol: Symbol) -> &str {
        self.0.resolve(symbol.0).unwrap_or_default()
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was interned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Everything that one run saw, host by host.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The texts behind the symbols.
    pub strings: Strings,
    /// One observation for each host that was asked, in inventory order.
    pub hosts: Vec<Observation>,
}

/// What one host answered, or why it did not.
#[derive(Debug)]
pub struct Observation {
    /// The host.
    pub host: HostId,
    /// How long it took, from the first packet to the last.
    pub elapsed: Duration,
    /// What was collected; `None` if nothing was.
    pub snapshot: Option<Snapshot>,
    /// What went wrong on the way; a host may have both.
    pub fault: Option<Fault>,
}

/// Whether a host was audited.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum HostStatus {
    /// Everything that was asked for was collected.
    Audited,
    /// Something was not: the host has gaps.
    Partial,
    /// Nothing was collected.
    Unreachable,
}

impl HostStatus {
    /// The word that reports use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audited => "audited",
            Self::Partial => "partial",
            Self::Unreachable => "unreachable",
        }
    }
}

impl Observation {
    /// Whether the host was audited, in part, or not at all.
    pub fn status(&self) -> HostStatus {
        match &self.snapshot {
            None => HostStatus::Unreachable,
            Some(snapshot) if snapshot.gaps.is_empty() && self.fault.is_none() => HostStatus::Audited,
            Some(_) => HostStatus::Partial,
        }
    }

    /// The packages, if they were collected.
    pub fn packages(&self) -> Option<&Packages> {
        self.snapshot.as_ref()?.packages.as_ref()
    }

    /// The containers that run, if there is what runs them and it could be asked.
    pub fn containers(&self) -> Option<&Containers> {
        self.snapshot.as_ref()?.containers.as_ref()
    }

    /// Where packages come from, if that was collected.
    pub fn sources(&self) -> Option<&Sources> {
        self.snapshot.as_ref()?.sources.as_deref()
    }

    /// What is on offer, if that was asked for and collected.
    pub fn candidates(&self) -> Option<&Candidates> {
        self.snapshot.as_ref()?.candidates.as_ref()
    }

    /// What the host's own solver says of upgrades, if it was asked and could tell.
    pub fn upgrades(&self) -> Option<&Upgrades> {
        self.snapshot.as_ref()?.upgrades.as_ref()
    }

    /// The operating system, if it is known.
    pub fn os(&self) -> Option<&Os> {
        self.snapshot.as_ref()?.os.as_ref()
    }
}

/// The facts of one host. A fact that is `None` has its gap in [`Snapshot::gaps`].
#[derive(Debug, Default)]
pub struct Snapshot {
    /// What os-release says.
    pub os: Option<Os>,
    /// The name that the host has for itself.
    pub hostname: Option<String>,
    /// The running kernel.
    pub kernel: Option<Kernel>,
    /// When the host was booted.
    pub boot: Option<Timestamp>,
    /// The package database.
    pub packages: Option<Packages>,
    /// The containers that run; `None` where there are none that could be asked about.
    pub containers: Option<Containers>,
    /// Where packages come from. Hosts that say the same share it.
    pub sources: Option<Arc<Sources>>,
    /// What is on offer of the packages that the playbook names, if it names any.
    pub candidates: Option<Candidates>,
    /// What the host's own solver says of the upgrades that were asked about, if any were.
    pub upgrades: Option<Upgrades>,
    /// Its daemons that listen, and where they write, if that was asked for and could be seen.
    pub serving: Option<Vec<Serving>>,
    /// How it is configured.
    pub configuration: Configuration,
    /// What runs, beside what is installed.
    pub running: Running,
    /// What could not be collected, and why.
    pub gaps: Vec<Gap>,
    /// What could not be collected of what nobody asked for by name: the audit looks at it where it can. It
    /// is told, and leaves no host unaudited.
    pub beside: Vec<Gap>,
}

impl Snapshot {
    /// Takes what is wanted now and was not asked for then: none of it is known, whatever its absence looks like.
    pub fn was_not_asked(&mut self, wanted: &[String]) {
        if wanted.is_empty() {
            return;
        }
        if wanted.iter().any(|line| line.starts_with("sysctl ")) {
            self.configuration.sysctls = None;
        }
        let named: Vec<String> = wanted.iter().take(5).map(|line| quote(line.as_bytes())).collect();
        let more = wanted.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let detail = format!("when this was seen it was not asked for: {}{more}", named.join(", "));
        self.gaps.push(Gap { probe: "store".to_owned(), reason: Reason::NotAsked, detail });
    }

    /// What asks for a boot that has not come yet: where the file outlives one, an older one has been heard.
    pub fn boot_asked_for(&self) -> Option<&Reboot> {
        let reboot = self.running.reboot.as_ref()?;
        let heard = reboot.since.zip(self.boot).is_some_and(|(since, boot)| since < boot);
        (!heard).then_some(reboot)
    }
}

/// The running kernel, as uname(2) has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// `Linux`
    pub system: String,
    /// `6.1.0-18-amd64`
    pub release: String,
    /// `x86_64`
    pub machine: String,
}

/// A host's package database.
#[derive(Debug, Clone)]
pub struct Packages {
    /// The packaging system, which fixes the order of versions.
    pub system: System,
    /// The host's own architecture; `None` where the database does not tell.
    pub native: Option<Symbol>,
    /// Every package that is on the host in any state, sorted by name symbol and architecture; of several
    /// versions of one the newest comes first.
    pub list: Vec<Package>,
    /// Whether it is known what was installed on purpose; if not, [`Package::on_purpose`] says nothing.
    pub purpose_known: bool,
    /// Whether every line of the database could be read; if not, what is not in the list may be there.
    pub complete: bool,
}

/// One package of one architecture on one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: Symbol,
    /// Its architecture; `all` if it is for every one, whatever the system calls that.
    pub arch: Symbol,
    /// Its full version.
    pub version: Symbol,
    /// Its modularity label, `module:stream:version:context`, on rpm systems that have modules.
    pub module: Option<Symbol>,
    /// What dpkg's three letters say.
    pub state: State,
    /// Whether an administrator on the host wants it kept at its version.
    pub held: bool,
    /// Whether someone asked for it, rather than a dependency.
    pub on_purpose: bool,
}

/// The state of a package that is on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Installed and configured.
    Installed,
    /// Unpacked, not configured yet.
    Unpacked,
    /// Configuring it failed.
    HalfConfigured,
    /// Installing or removing it failed.
    HalfInstalled,
    /// Waits for another package's trigger.
    TriggersAwaited,
    /// Its own trigger is pending.
    TriggersPending,
    /// Installed, but marked as broken: it must be reinstalled.
    ReinstallRequired,
}

impl State {
    /// dpkg's own words, dpkg-query(1).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Unpacked => "unpacked",
            Self::HalfConfigured => "half-configured",
            Self::HalfInstalled => "half-installed",
            Self::TriggersAwaited => "triggers-awaited",
            Self::TriggersPending => "triggers-pending",
            Self::ReinstallRequired => "reinstall-required",
        }
    }
}

/// The architecture of a package as comparisons see it: packages built for the host's own
/// architecture and those for all are alike, since one may become the other between releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArchClass {
    /// The host's own, or `all`.
    Native,
    /// A foreign one: a multi-arch twin.
    Foreign(Symbol),
}

impl Packages {
    /// How comparisons see an architecture.
    pub fn class(&self, arch: Symbol, all: Option<Symbol>) -> ArchClass {
        if Some(arch) == self.native || Some(arch) == all || self.native.is_none() {
            ArchClass::Native
        } else {
            ArchClass::Foreign(arch)
        }
    }

    /// What reports call a package: its name, and its architecture where it is a foreign one.
    pub fn subject(&self, package: &Package, strings: &Strings) -> String {
        let name = strings.text(package.name);
        match self.class(package.arch, strings.find("all")) {
            ArchClass::Native => name.to_owned(),
            ArchClass::Foreign(arch) => format!("{name}:{}", strings.text(arch)),
        }
    }

    /// Every package, of those in several versions the newest alone.
    pub fn newest(&self) -> impl Iterator<Item = &Package> {
        let mut before = None;
        self.list.iter().filter(move |package| {
            let key = Some((package.name, package.arch));
            std::mem::replace(&mut before, key) != key
        })
    }

    /// Every package of that name, of whatever architecture.
    pub fn named(&self, name: Symbol) -> &[Package] {
        let from = self.list.partition_point(|package| package.name < name);
        let rest = self.list.get(from..).unwrap_or_default();
        let length = rest.partition_point(|package| package.name == name);
        rest.get(..length).unwrap_or_default()
    }
}
