//! What can go wrong inside, and how it is told: SQLite's words become an error with its kind and a hint.

use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;

use super::holder;
use crate::store::{Error, Kind};

/// What went wrong, before it is known which file it is about.
#[derive(Debug)]
pub(super) enum Trouble {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// What was read is not what was stored.
    Damaged(String),
    /// We say so.
    Refused(Error),
}

impl Trouble {
    pub(super) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged(what.into())
    }

    pub(super) fn refused(kind: Kind, message: impl Into<String>, hint: &str) -> Self {
        Self::Refused(Error::new(kind, message).hinted(hint))
    }

    /// The error as the user reads it.
    pub(super) fn told(self, path: &Path, patience: Duration) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Damaged(what) => damaged(&what),
            Self::Sqlite(error) => sqlite(&error, path, patience),
        }
        .of(path)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

fn damaged(what: &str) -> Error {
    Error::new(Kind::Damaged, format!("the store is damaged: {what}")).hinted(
        "it is left as it is; restore it from a backup, or move it away and a new one is begun; \
         check the disk that it is on",
    )
}

fn sqlite(error: &rusqlite::Error, path: &Path, patience: Duration) -> Error {
    let rusqlite::Error::SqliteFailure(failure, _) = error else {
        // What is left is a row whose fields are of other types than those that were stored.
        return damaged(&error.to_string());
    };
    let words = error.to_string();
    if failure.extended_code == rusqlite::ffi::SQLITE_READONLY_ROLLBACK {
        let message = "a write to it was interrupted, which must be undone before it can be read";
        return Error::new(Kind::ReadOnly, message)
            .hinted("read it once as a user who may write the file and its folder");
    }
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed => {
            let by = holder::of(path).map_or_else(|| "another process".to_owned(), |who| who.to_string());
            Error::new(Kind::Locked, format!("{by} has locked it for {} s", patience.as_secs_f64()))
                .hinted("nothing was written; wait for that process to end, or end it if it hangs, and try again")
        }
        ErrorCode::DiskFull => Error::new(Kind::Full, "there is no space left to write it")
            .hinted("all that was stored before is kept; make space (forgetting old runs with `driftless history prune` gives some \
              back, and needs a little itself)"),
        ErrorCode::ReadOnly => Error::new(Kind::ReadOnly, format!("it cannot be written: {words}"))
            .hinted("may this user write the file and its folder? another place can be given with --store"),
        ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            Error::new(Kind::Unusable, format!("it cannot be opened: {words}"))
                .hinted("may this user read and write the file and its folder? another place can be given with --store")
        }
        ErrorCode::SystemIoFailure => Error::new(Kind::Unusable, format!("it cannot be read or written: {words}"))
            .hinted("is the disk healthy? a network file system must support locks; another place can be given with --store"),
        ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted => {
            Error::new(Kind::Unusable, format!("it could not be read: {words}"))
        }
        _ => damaged(&words),
    }
}
