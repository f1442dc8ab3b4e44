//! What was seen, kept: runs, the hosts of each run, and the bytes that each of them sent.
//!
//! A [`Store`] keeps bytes and knows nothing of what they mean: no snapshot, no answer of a host. It promises two
//! things. What a call said was stored is stored, whatever happens to the process or the machine afterwards. And what
//! it gives back is what was given to it, or an error: never something else, and never less.
//!
//! [`Sqlite`] is the store of a single file. Another back end passes the same tests, `src/store/suite.rs`.

mod error;
mod find;
mod sqlite;
#[cfg(test)]
mod suite;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

pub use error::{Error, Kind};
pub use find::{ID_DIGITS, find};
pub use sqlite::Sqlite;

/// The largest part that is kept, in bytes.
pub const LARGEST_PART: usize = 256 << 20;

/// A run that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Twelve hex digits, lower case, that no other run of the store has.
    pub id: &'a str,
    /// When it began; kept to the millisecond.
    pub started: Timestamp,
    /// What it was for: `audit`, `collect`.
    pub command: &'a str,
    /// The version of driftless.
    pub version: &'a str,
    /// How many hosts it is to ask.
    pub asked: u64,
    /// What holds for the run as a whole: its inventory, its playbook.
    pub parts: &'a [Part<'a>],
}

/// Bytes with a name.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// What they are, such as `dpkg` or `dpkg/stderr`.
    pub name: &'a str,
    /// How it went, as whoever stores it counts that.
    pub status: i32,
    /// At most [`LARGEST_PART`] of them.
    pub bytes: &'a [u8],
}

/// A host as a run saw it, to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Its name in the inventory.
    pub host: &'a str,
    /// When; kept to the millisecond.
    pub at: Timestamp,
    /// How long it took; kept to the millisecond.
    pub took: Duration,
    /// Why it could not be seen, or not wholly.
    pub fault: Option<&'a [u8]>,
    /// What it sent, in an order that is kept.
    pub parts: &'a [Part<'a>],
}

/// A run that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Twelve hex digits.
    pub id: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended; none if it was stopped, or still runs.
    pub finished: Option<Timestamp>,
    /// What it was for.
    pub command: String,
    /// The version of driftless that made it.
    pub version: String,
    /// How many hosts it was to ask.
    pub asked: u64,
    /// How many hosts are kept of it.
    pub seen: u64,
}

/// Which bytes, inside one store: the same number is the same bytes, and another number is other bytes. It is never
/// given to other bytes, not even after a [`Store::prune`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(i64);

/// A part that is kept; [`Store::bytes`] reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub name: Arc<str>,
    /// How it went.
    pub status: i32,
    /// Its bytes.
    pub part: PartId,
}

/// A host of a run, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the inventory.
    pub host: Arc<str>,
    /// When it was seen.
    pub at: Timestamp,
    /// How long that took.
    pub took: Duration,
    /// Why it could not be seen, or not wholly.
    pub fault: Option<Vec<u8>>,
    /// What it sent, in the order in which it was stored.
    pub parts: Vec<Kept>,
}

/// What a [`Store::prune`] took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Distinct bytes that nothing refers to any more.
    pub objects: u64,
    /// Bytes on disk that were given back.
    pub bytes: u64,
}

/// Where runs are kept. Several processes may use one store at once.
pub trait Store: Send {
    /// Begins a run.
    ///
    /// # Errors
    /// [`Kind::Exists`] when a run has this id.
    fn begin(&mut self, run: &NewRun<'_>) -> Result<(), Error>;

    /// Keeps hosts of a run; all of them are durable when it returns, and none of them when it fails. Of a host that
    /// a run sees twice the later one counts.
    ///
    /// # Errors
    /// [`Kind::UnknownRun`] when the run was not begun, or was pruned.
    fn record(&mut self, run: &str, seen: &[Seen<'_>]) -> Result<(), Error>;

    /// Ends a run. Its parts join those that it began with; one of the same name replaces the older one.
    ///
    /// # Errors
    /// [`Kind::UnknownRun`] when the run was not begun, or was pruned.
    fn finish(&mut self, run: &str, at: Timestamp, parts: &[Part<'_>]) -> Result<(), Error>;

    /// All runs in the order in which they were begun, whatever the clock said.
    fn runs(&self) -> Result<Vec<Run>, Error>;

    /// What holds for a run as a whole.
    ///
    /// # Errors
    /// [`Kind::UnknownRun`] when there is none.
    fn run_parts(&self, run: &str) -> Result<Vec<Kept>, Error>;

    /// The hosts of a run by name. No part is read.
    ///
    /// # Errors
    /// [`Kind::UnknownRun`] when there is none.
    fn hosts(&self, run: &str) -> Result<Vec<Entry>, Error>;

    /// One host in all runs that saw it, each with its run's id, in the order of [`runs`](Self::runs).
    fn of_host(&self, host: &str) -> Result<Vec<(String, Entry)>, Error>;

    /// The bytes of a part.
    ///
    /// # Errors
    /// [`Kind::Damaged`] when they are not those that were stored; [`Kind::UnknownPart`] when they are gone.
    fn bytes(&self, part: PartId) -> Result<Vec<u8>, Error>;

    /// The bytes of several parts, in their order; sooner than one by one.
    ///
    /// # Errors
    /// Those of [`bytes`](Self::bytes), if only one of them cannot be read.
    fn all_bytes(&self, parts: &[PartId]) -> Result<Vec<Vec<u8>>, Error>;

    /// Forgets the runs that began before a moment, and all that was kept for them alone; gives the disk space back.
    fn prune(&mut self, before: Timestamp) -> Result<Pruned, Error>;
}
