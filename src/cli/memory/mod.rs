//! The store as commands use it: which file it is, what is kept of a run, what is read of those before.

mod keeper;
mod past;

use std::path::{Path, PathBuf};

use driftless::history::Context;
use driftless::playbook::{Baseline, PackageEntry};
use driftless::store::{self, Kind, NewRun, Part, Pruned, Run, Sqlite, Store};
use jiff::{SignedDuration, Timestamp};

use super::args::{Storing, Telling};
use super::ask::warn;
use super::failure::Failure;
use super::me::home;
use super::plan::{Asks, Plan};
pub(super) use keeper::Keeper;
pub(super) use past::Trend;

/// The word that keeps nothing.
const NOTHING: &str = "none";

/// A store that is open.
pub(super) struct Memory {
    pub(super) store: Box<dyn Store>,
    path: PathBuf,
}

impl Memory {
    /// Opens the store to keep a run in it; `None` where nothing is kept. One that nobody named may be out of order:
    /// the run is worth more than its being kept, unless it needs what is there.
    pub(super) fn to_keep(args: &Storing, needed: bool, telling: &Telling) -> Result<Option<Self>, Failure> {
        let Some(path) = path(args, needed)? else { return Ok(None) };
        match Sqlite::open(&path) {
            Ok(store) => Ok(Some(Self { store: Box::new(store), path })),
            // A full disk is no mistake of whoever named the file.
            Err(error)
                if needed
                    || args.store.is_some() && error.kind() != Kind::Full
                    || error.kind() == Kind::Newer =>
            {
                Err(error.into())
            }
            Err(error) => {
                let hint = error.hint().map_or(String::new(), |hint| format!("\n  = help: {hint}"));
                warn(telling.quiet, &format!("this run is not kept: {error}{hint}"));
                Ok(None)
            }
        }
    }

    /// Opens the store to read it.
    pub(super) fn to_read(args: &Storing) -> Result<Self, Failure> {
        let path = path(args, true)?.unwrap_or_default();
        let store = Sqlite::read(&path)?;
        Ok(Self { store: Box::new(store), path })
    }

    /// Puts the runs that a plan's baselines name into it; where none does, nothing is read.
    pub(super) fn remind(
        plan: &mut Plan,
        memory: Option<&Self>,
        of: Option<&str>,
        args: &Storing,
    ) -> Result<(), Failure> {
        let names = |entry: &PackageEntry| matches!(entry.baseline, Baseline::Run(_));
        if !plan.playbook.packages.iter().any(names) {
            return Ok(());
        }
        plan.bound.past = match memory {
            Some(memory) => memory.baselines(&plan.playbook, of)?,
            None => Self::to_read(args)?.baselines(&plan.playbook, of)?,
        };
        Ok(())
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a run of what a plan asks.
    pub(super) fn begin(
        &mut self,
        plan: &Plan,
        id: &str,
        started: Timestamp,
        command: &str,
    ) -> Result<(), Failure> {
        let readiness = plan.asks == Asks::PlaybookAndUpgrades;
        let pieces = Context::pieces(&plan.inventory, &plan.hosts, &plan.sources, readiness);
        let parts: Vec<Part<'_>> = pieces
            .iter()
            .map(|piece| Part { name: &piece.name, status: piece.status, bytes: &piece.bytes })
            .collect();
        let run = NewRun {
            id,
            started,
            command,
            version: env!("CARGO_PKG_VERSION"),
            asked: plan.hosts.len() as u64,
            parts: &parts,
        };
        Ok(self.store.begin(&run)?)
    }

    /// Every run, the oldest first.
    pub(super) fn runs(&self) -> Result<Vec<Run>, Failure> {
        Ok(self.store.runs()?)
    }

    /// Forgets the runs that are older than that.
    pub(super) fn forget(&mut self, age: SignedDuration, now: Timestamp) -> Result<Pruned, Failure> {
        let before = now.checked_sub(age).unwrap_or(Timestamp::MIN);
        Ok(self.store.prune(before)?)
    }

    /// The run that somebody means.
    pub(super) fn find(&self, text: &str) -> Result<Run, Failure> {
        Ok(store::find(&self.runs()?, text)?.clone())
    }
}

/// Where runs are kept; `None` is nowhere.
fn path(args: &Storing, needed: bool) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = &args.store {
        let text = path.to_string_lossy();
        if text.contains("://") {
            let scheme = text.split("://").next().unwrap_or_default();
            return Err(Failure::new(format!(
                "--store {scheme}://…: this version keeps runs in a file alone"
            ))
            .hint("name a file, or `none` to keep nothing"));
        }
        return match text == NOTHING {
            // SQLite has names of its own, `:memory:` one of them; a path is none.
            false => Ok(Some(std::path::absolute(path).unwrap_or_else(|_| path.clone()))),
            true if needed => Err(Failure::new("--store none keeps nothing, and this needs what was kept")
                .hint("name the store, or leave --store out")),
            true => Ok(None),
        };
    }
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|state| state.is_absolute());
    match state.or_else(|| Some(home()?.join(".local/state"))) {
        Some(state) => Ok(Some(state.join("driftless/store.sqlite"))),
        None if needed => {
            Err(Failure::new("there is no folder for the store")
                .hint("set HOME, or name a file with --store"))
        }
        None => Ok(None),
    }
}

/// An age: a number and `h`, `d` or `w`.
pub(super) fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no age: 90d, 12w or 36h");
    let (at, unit) = text.char_indices().next_back().ok_or_else(wrong)?;
    let hours = match unit {
        'h' => 1,
        'd' => 24,
        'w' => 7 * 24,
        _ => return Err(wrong()),
    };
    let number: i64 = text.get(..at).and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    // More than a century is a slip.
    match number.checked_mul(hours) {
        Some(hours @ 1..=876_000) => Ok(SignedDuration::from_hours(hours)),
        _ => Err(wrong()),
    }
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        let failure = Self::new(error.to_string());
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
