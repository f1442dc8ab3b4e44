//! The store of a single file, by SQLite.
//!
//! It commits through a rollback journal, not a write-ahead log: SQLite takes a log whose end is damaged for a shorter
//! one, and loses transactions without a word. With a rollback journal all that was committed is in the one file, and
//! damage to it shows; it also works where a log does not, in a folder that cannot be written and over a network. The
//! price is that readers and whoever commits wait for each other, for milliseconds.

mod check;
mod holder;
mod objects;
mod open;
mod pack;
mod prune;
mod read;
mod rows;
mod schema;
mod shape;
#[cfg(test)]
mod tests;
mod trouble;
mod write;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::objects::Memory;
use self::open::Claim;
use self::trouble::Trouble;
use super::{Entry, Error, Kept, NewRun, Part, PartId, Pruned, Run, Seen, Store};

/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store in a file.
#[derive(Debug)]
pub struct Sqlite {
    // The connection is closed before the claim on its file ends.
    connection: Connection,
    path: PathBuf,
    patience: Duration,
    memory: Memory,
    _claim: Claim,
}

impl Sqlite {
    /// Opens a store to write to it. If nothing is there, or an empty file, a store is made, and its folders; a store
    /// of an older version is brought up to date.
    ///
    /// # Errors
    /// [`Kind::Foreign`](super::Kind), [`Newer`](super::Kind), [`ReadOnly`](super::Kind), [`Locked`](super::Kind),
    /// [`Damaged`](super::Kind), [`Full`](super::Kind) and [`Unusable`](super::Kind); what is there is left as it is.
    pub fn open(path: &Path) -> Result<Self, Error> {
        open::open(path, PATIENCE, schema::MIGRATIONS)
    }

    /// Opens a store to read it: nothing is made, nothing is brought up to date.
    ///
    /// # Errors
    /// Those of [`open`](Self::open), [`Kind::Absent`](super::Kind) and [`Older`](super::Kind).
    pub fn read(path: &Path) -> Result<Self, Error> {
        open::read(path, PATIENCE, schema::MIGRATIONS)
    }

    /// Reads in a transaction: all that is read is of one moment.
    fn reading<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Trouble>) -> Result<T, Error> {
        let within = || {
            let transaction = self.connection.unchecked_transaction()?;
            work(&transaction)
        };
        within().map_err(|trouble| self.told(trouble))
    }

    /// Writes in a transaction, which is durable when this returns.
    fn writing<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &mut Memory) -> Result<T, Trouble>,
    ) -> Result<T, Error> {
        let within = || {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            self.memory.refresh(&transaction)?;
            let done = work(&transaction, &mut self.memory)?;
            transaction.commit()?;
            Ok(done)
        };
        let done = within();
        done.map_err(|trouble| {
            // It may remember what was rolled back.
            self.memory = Memory::default();
            self.told(trouble)
        })
    }

    fn told(&self, trouble: Trouble) -> Error {
        trouble.told(&self.path, self.patience)
    }
}

impl Store for Sqlite {
    fn begin(&mut self, run: &NewRun<'_>) -> Result<(), Error> {
        self.writing(|transaction, memory| write::begin(transaction, memory, run))
    }

    fn record(&mut self, run: &str, seen: &[Seen<'_>]) -> Result<(), Error> {
        self.writing(|transaction, memory| write::record(transaction, memory, run, seen))
    }

    fn finish(&mut self, run: &str, at: Timestamp, parts: &[Part<'_>]) -> Result<(), Error> {
        self.writing(|transaction, memory| write::finish(transaction, memory, run, at, parts))
    }

    fn runs(&self) -> Result<Vec<Run>, Error> {
        self.reading(read::runs)
    }

    fn run_parts(&self, run: &str) -> Result<Vec<Kept>, Error> {
        self.reading(|connection| read::run_parts(connection, run))
    }

    fn hosts(&self, run: &str) -> Result<Vec<Entry>, Error> {
        self.reading(|connection| read::hosts(connection, run))
    }

    fn of_host(&self, host: &str) -> Result<Vec<(String, Entry)>, Error> {
        self.reading(|connection| read::of_host(connection, host))
    }

    fn bytes(&self, part: PartId) -> Result<Vec<u8>, Error> {
        let mut bytes = self.all_bytes(&[part])?;
        Ok(bytes.pop().unwrap_or_default())
    }

    fn all_bytes(&self, parts: &[PartId]) -> Result<Vec<Vec<u8>>, Error> {
        self.reading(|connection| {
            let mut reader = objects::Reader::new(connection)?;
            parts.iter().map(|part| reader.asked(part.0)).collect()
        })
    }

    fn prune(&mut self, before: Timestamp) -> Result<Pruned, Error> {
        prune::prune(self, before)
    }
}
