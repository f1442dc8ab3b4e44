//! Opening a file, which may be anything: what is not ours is told apart before SQLite touches it.
//!
//! SQLite would repair another application's database on opening it, if a write to that was interrupted. So the header
//! is read by itself first.

use std::collections::HashMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::objects::Memory;
use super::schema::{APPLICATION, foreign, migrate, newer, verify, version};
use super::trouble::Trouble;
use super::{Error, Sqlite};
use crate::store::Kind;

/// What the journal may keep of the disk, in bytes.
const JOURNAL: i64 = 1 << 20;

/// What a file is, before it is opened as a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Empty,
    Store,
}

pub(super) fn open(path: &Path, patience: Duration, migrations: &[&str]) -> Result<Sqlite, Error> {
    let within = || {
        let (claim, found) = claim(path, migrations.len())?;
        let (claim, _) = if found == Found::Nothing {
            make(path)?;
            self::claim(path, migrations.len())?
        } else {
            (claim, found)
        };
        let mut connection = connect(path, patience)?;
        if connection.is_readonly(MAIN_DB)? {
            return Err(Trouble::refused(
                Kind::ReadOnly,
                "this user may read it, and may not write it",
                "what is stored can be looked at; to store a run, name another file with --store",
            ));
        }
        if found != Found::Store {
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        }
        // The journal is overwritten and not deleted: that a file is gone is durable only once its folder is written,
        // too, and to make it anew for every transaction takes longer.
        connection.pragma_update_and_check(None, "journal_mode", "PERSIST", |row| row.get::<_, String>(0))?;
        connection
            .pragma_update_and_check(None, "journal_size_limit", JOURNAL, |row| row.get::<_, i64>(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        migrate(&mut connection, migrations)?;
        verify(&connection, migrations)?;
        Ok((connection, claim))
    };
    finish(path, patience, within())
}

pub(super) fn read(path: &Path, patience: Duration, migrations: &[&str]) -> Result<Sqlite, Error> {
    let within = || {
        let (claim, found) = claim(path, migrations.len())?;
        let absent = |message| {
            Err(Trouble::refused(Kind::Absent, message, "`driftless audit` and `driftless collect` make one"))
        };
        match found {
            Found::Nothing => return absent("there is no store"),
            // It may also have been cut to nothing; so it is not taken for a store in which there is nothing.
            Found::Empty => return absent("the file is empty: no run was ever stored in it, or it was cut"),
            Found::Store => {}
        }
        let connection = connect(path, patience)?;
        connection.pragma_update(None, "query_only", true)?;
        // In one transaction: another process may be making the tables.
        let done = version(&*connection.unchecked_transaction()?, migrations.len())?;
        if done < migrations.len() {
            return Err(Trouble::refused(
                Kind::Older,
                format!("was written by an older driftless: its format is version {done}"),
                "the next command that stores something brings it up to date",
            ));
        }
        verify(&connection, migrations)?;
        Ok((connection, claim))
    };
    finish(path, patience, within())
}

fn finish(
    path: &Path,
    patience: Duration,
    opened: Result<(Connection, Claim), Trouble>,
) -> Result<Sqlite, Error> {
    let (connection, claim) = opened.map_err(|trouble| trouble.told(path, patience))?;
    Ok(Sqlite { connection, path: path.to_owned(), patience, memory: Memory::default(), _claim: claim })
}

fn connect(path: &Path, patience: Duration) -> Result<Connection, Trouble> {
    // No URI: a path may have question marks in it. SQLite opens for reading what it may not write.
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    connection.busy_timeout(patience)?;
    // A damaged file is as hostile as one that somebody made.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

/// Makes an empty file, and its folders, for this user alone.
fn make(path: &Path) -> Result<(), Trouble> {
    let refuse = |error: &std::io::Error| {
        let kind = if error.kind() == ErrorKind::StorageFull { Kind::Full } else { Kind::Unusable };
        Trouble::refused(
            kind,
            format!("it cannot be made: {error}"),
            "another place can be given with --store",
        )
    };
    let folder = folder(path);
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| refuse(&error))?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        // Another process was faster.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refuse(&error)),
        // The name of the file must outlive a power loss as its content does.
        Ok(_) => File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| refuse(&error)),
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// How often each file, by device and inode, is open as a store in this process.
static OPEN: Mutex<Option<HashMap<(u64, u64), usize>>> = Mutex::new(None);

/// A file that is open as a store. As long as there is one, this process must not open and close the file otherwise:
/// closing it drops the locks that SQLite has on it, fcntl_locking(2).
#[derive(Debug)]
pub(super) struct Claim(Option<(u64, u64)>);

impl Drop for Claim {
    fn drop(&mut self) {
        let Some(file) = self.0 else { return };
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.as_mut() {
            match open.get_mut(&file) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(open.remove(&file)),
            }
        }
    }
}

/// What is there, and a claim on it.
fn claim(path: &Path, newest: usize) -> Result<(Claim, Found), Trouble> {
    let unusable = |error: &std::io::Error| {
        Trouble::refused(
            Kind::Unusable,
            format!("it cannot be read: {error}"),
            "may this user read the file and its folder?",
        )
    };
    let metadata = match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Claim(None), Found::Nothing)),
        Err(error) => return Err(unusable(&error)),
        Ok(metadata) => metadata,
    };
    if metadata.is_dir() {
        return Err(Trouble::refused(
            Kind::Foreign,
            "is a folder",
            "name a file with --store, such as one in this folder",
        ));
    }
    if !metadata.is_file() {
        return Err(Trouble::refused(Kind::Foreign, "is no ordinary file", "name a file with --store"));
    }
    let file = (metadata.dev(), metadata.ino());
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let count = open.get_or_insert_default().entry(file).or_default();
    let mut found = if metadata.len() == 0 { Found::Empty } else { Found::Store };
    if *count == 0 {
        let mut header = Vec::new();
        let read = File::open(path).and_then(|file| file.take(100).read_to_end(&mut header));
        match read.map_err(|error| unusable(&error)).and_then(|_| judge(&header, newest)) {
            Ok(judged) => found = judged,
            Err(trouble) => {
                open.get_or_insert_default().remove(&file);
                return Err(trouble);
            }
        }
    }
    *open.get_or_insert_default().entry(file).or_default() += 1;
    Ok((Claim(Some(file)), found))
}

/// Whether a file that begins so is a store, by [the header of a database](https://sqlite.org/fileformat2.html).
fn judge(header: &[u8], newest: usize) -> Result<Found, Trouble> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    if header.is_empty() {
        return Ok(Found::Empty);
    }
    if !header.starts_with(MAGIC) {
        return Err(Trouble::refused(
            Kind::Foreign,
            "is no store of driftless",
            "nothing in it was changed; name another file with --store",
        ));
    }
    let number = |place: usize| header.get(place..)?.first_chunk().map(|bytes| i32::from_be_bytes(*bytes));
    let (Some(version), Some(application)) = (number(60), number(68)) else {
        return Err(Trouble::damaged("it ends within its header"));
    };
    // One page of nobody's: another process is making it a store at this moment, or was stopped there. Whether it has
    // tables is told under its lock.
    if application == 0 && version == 0 && number(28) == Some(1) {
        return Ok(Found::Empty);
    }
    if application != APPLICATION {
        return Err(foreign());
    }
    match usize::try_from(version) {
        Ok(version) if version > newest => Err(newer(version, newest)),
        _ => Ok(()),
    }?;
    // We write no log; with these two changed SQLite would look for one.
    if header.get(18..20) != Some(&[1, 1]) {
        return Err(Trouble::damaged("its header says that there is a write-ahead log"));
    }
    Ok(Found::Store)
}
