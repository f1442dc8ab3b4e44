//! What a host's own solver says of the upgrades that were asked about, and what it says it by.
//!
//! It is kept as the host told it; whether it lets an upgrade succeed is the readiness' part.

mod read;

use jiff::Timestamp;

pub(super) use read::upgrades;

use super::gap::Reason;
use crate::version::System;

/// What one host answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrades {
    /// The package system whose solver was asked.
    pub system: System,
    /// The solver, `apt 2.6.1`.
    pub solver: String,
    /// How many lists of packages lie on the host; `None` where the system has none to be counted.
    pub lists: Option<usize>,
    /// When they last changed; `None` where that cannot be told.
    pub lists_changed: Option<Timestamp>,
    /// The package manager's locks that somebody holds.
    pub locks: Vec<Lock>,
    /// Whether dpkg is told by configuration what becomes of edited files, so that no question is asked.
    pub settles_conffiles: bool,
    /// What is free where an upgrade writes.
    pub space: Vec<Space>,
    /// The packages that were asked about, in the order of the request.
    pub targets: Vec<Offered>,
    /// What the solver was asked: first all targets together; then, where that did not do, each alone.
    pub solves: Vec<Solve>,
    /// What any of them would fetch.
    pub files: Vec<Fetched>,
    /// What any of them would change or remove, as it is now.
    pub had: Vec<Had>,
    /// Configuration files that were edited, of packages that would change: the package, and the path.
    pub edited: Vec<(String, String)>,
    /// What a refusal is explained from.
    pub records: Vec<Record>,
    /// Whether there are more of them than were told: then nothing follows from them.
    pub records_cut: bool,
    /// Why something could not be asked.
    pub cannot: Vec<(Reason, String)>,
}

/// A lock that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The file.
    pub path: String,
    /// The process, where it can be seen.
    pub pid: Option<u32>,
    /// What it runs.
    pub command: Option<String>,
}

/// What is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// The folder.
    pub path: String,
    /// Where what holds it is mounted.
    pub mount: String,
    /// In KiB.
    pub free: u64,
}

/// A package that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Its name.
    pub package: String,
    /// Whether a list, or the host, knows it at all.
    pub known: bool,
    /// The version that is installed.
    pub installed: Option<String>,
    /// The version that the package manager would take.
    pub candidate: Option<String>,
    /// The version that was asked for: the one that fits the target; `None` where none does.
    pub chosen: Option<String>,
    /// What sources have: versions, each with its source where that is known.
    pub offers: Vec<(String, Option<String>)>,
}

/// One question to the solver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solve {
    /// The packages that were asked for together.
    pub asked: Vec<String>,
    /// Its exit status.
    pub status: u8,
    /// What it would install or change.
    pub installs: Vec<PackageChange>,
    /// What it would remove.
    pub removals: Vec<PackageChange>,
    /// What it said of it, quoted.
    pub said: Vec<String>,
}

/// One change; of a removal, `to` is `None`, of a new package `from`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageChange {
    /// The package.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// What there is.
    pub from: Option<String>,
    /// What there would be.
    pub to: Option<String>,
}

/// What would be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The package.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// Its version.
    pub version: String,
    /// Bytes to fetch; `None` where that is not known.
    pub download: Option<u64>,
    /// KiB when installed.
    pub installed: Option<u64>,
    /// Whether its source is authenticated; `None` where that is not known.
    pub authenticated: Option<bool>,
    /// Its source.
    pub source: Option<String>,
}

/// What would be changed or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Had {
    /// The package.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// Its version.
    pub version: String,
    /// KiB.
    pub installed: Option<u64>,
    /// Whether the system cannot do without it.
    pub essential: bool,
}

/// A version of a package, with its relations to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Whether it is on the host; otherwise it is on offer.
    pub installed: bool,
    /// Its name.
    pub package: String,
    /// Its architecture.
    pub arch: String,
    /// Its version.
    pub version: String,
    /// `essential`, `held`, `multi-foreign` and the like.
    pub flags: Vec<String>,
    /// apt's priority of it.
    pub priority: Option<i32>,
    /// What it needs, provides and cannot be beside, as the system writes it.
    pub relations: Vec<(Relation, String)>,
}

/// A kind of relation between packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// It must be there.
    Depends,
    /// It must be there before.
    PreDepends,
    /// It cannot be there beside.
    Conflicts,
    /// It cannot be configured beside.
    Breaks,
    /// It can stand in for.
    Provides,
    /// It may take files from.
    Replaces,
}

impl Upgrades {
    /// An answer that says nothing yet but which solver gives it.
    pub(crate) fn begin(system: System, solver: String) -> Self {
        Self {
            system,
            solver,
            lists: None,
            lists_changed: None,
            locks: Vec::new(),
            settles_conffiles: false,
            space: Vec::new(),
            targets: Vec::new(),
            solves: Vec::new(),
            files: Vec::new(),
            had: Vec::new(),
            edited: Vec::new(),
            records: Vec::new(),
            records_cut: false,
            cannot: Vec::new(),
        }
    }

    /// What was said of a package.
    pub fn target(&self, package: &str) -> Option<&Offered> {
        self.targets.iter().find(|target| target.package == package)
    }

    /// The question that was asked of all targets together.
    pub fn whole(&self) -> Option<&Solve> {
        self.solves.first()
    }

    /// The question that was asked of one target alone.
    pub fn alone(&self, package: &str) -> Option<&Solve> {
        self.solves.iter().find(|solve| matches!(solve.asked.as_slice(), [only] if only == package))
    }
}

impl Solve {
    /// Whether the solver found a way.
    pub fn solved(&self) -> bool {
        self.status == 0
    }
}
