//! The tables, and how a store of an older version becomes one of today's.
//!
//! `application_id` says that a database is ours, `user_version` which migrations it has had. The tables must be
//! exactly those that the migrations make: a damaged or altered schema is refused as a whole.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::trouble::Trouble;
use crate::store::Kind;

/// `drft`: what [SQLite's header](https://sqlite.org/fileformat2.html) names as the application.
pub(super) const APPLICATION: i32 = i32::from_be_bytes(*b"drft");

/// What makes each version of the one before it; the first makes the tables of an empty file.
pub(super) const MIGRATIONS: &[&str] = &["
    CREATE TABLE meta (
        id INTEGER PRIMARY KEY,
        runs INTEGER NOT NULL, run_sum INTEGER NOT NULL,
        hosts INTEGER NOT NULL, host_sum INTEGER NOT NULL,
        next INTEGER NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE run (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        started INTEGER NOT NULL, finished INTEGER,
        command TEXT NOT NULL, version TEXT NOT NULL, asked INTEGER NOT NULL,
        hosts INTEGER NOT NULL, host_sum INTEGER NOT NULL,
        shape INTEGER NOT NULL, parts BLOB NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE host (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        runs INTEGER NOT NULL, run_sum INTEGER NOT NULL,
        last INTEGER NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE entry (
        run INTEGER NOT NULL, host INTEGER NOT NULL,
        late INTEGER NOT NULL, took INTEGER NOT NULL,
        fault BLOB,
        shape INTEGER NOT NULL, parts BLOB NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (run, host)
    ) WITHOUT ROWID;
    CREATE TABLE object (
        id INTEGER PRIMARY KEY,
        key INTEGER NOT NULL,
        base INTEGER,
        bytes BLOB NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE INDEX object_by_key ON object (key);
"];

/// Makes the tables, or brings them up to date. Nothing happens to a database that is not ours.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), Trouble> {
    // Two processes may get here at once: what is true is only known once the other one is locked out.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = version(&transaction, migrations.len())?;
    if done == migrations.len() {
        return Ok(());
    }
    for migration in migrations.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    if done == 0 {
        super::rows::Meta::default().save(&transaction)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", i64::try_from(migrations.len()).unwrap_or(i64::MAX))?;
    Ok(transaction.commit()?)
}

/// How many migrations a database has had, which must be ours; zero only if it has no tables at all.
pub(super) fn version(connection: &Connection, newest: usize) -> Result<usize, Trouble> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let objects: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application == 0 && version == 0 && objects == 0 {
        return Ok(0);
    }
    if application != i64::from(APPLICATION) {
        return Err(foreign());
    }
    match usize::try_from(version) {
        Ok(version) if version > newest => Err(newer(version, newest)),
        Ok(version) if version > 0 => Ok(version),
        _ => Err(Trouble::damaged("it has no version")),
    }
}

pub(super) fn foreign() -> Trouble {
    Trouble::refused(
        Kind::Foreign,
        "is the database of another application",
        "nothing in it was changed; name another file with --store",
    )
}

pub(super) fn newer(version: usize, newest: usize) -> Trouble {
    Trouble::refused(
        Kind::Newer,
        format!(
            "was written by a newer driftless: its format is version {version}, this driftless knows {newest}"
        ),
        "nothing in it was changed; update driftless, or name another file with --store",
    )
}

/// The tables are those that the migrations make.
pub(super) fn verify(connection: &Connection, migrations: &[&str]) -> Result<(), Trouble> {
    let mut model = Connection::open_in_memory()?;
    let transaction: Transaction<'_> = model.transaction()?;
    for migration in migrations {
        transaction.execute_batch(migration)?;
    }
    if tables(connection)? == tables(&transaction)? {
        Ok(())
    } else {
        Err(Trouble::damaged("its tables are not those of a store"))
    }
}

type Table = (String, String, String, Option<String>);

fn tables(connection: &Connection) -> Result<Vec<Table>, Trouble> {
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_that_is_missing_is_made_and_all_or_none() {
        let second = [MIGRATIONS[0], "ALTER TABLE run ADD COLUMN note TEXT"];
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        assert_eq!(version(&connection, 1).unwrap(), 1);
        verify(&connection, MIGRATIONS).unwrap();
        assert!(verify(&connection, &second).is_err());

        // One that fails in the middle leaves everything as it was.
        let broken = [MIGRATIONS[0], "ALTER TABLE run ADD COLUMN note TEXT; ALTER TABLE none ADD COLUMN x"];
        assert!(migrate(&mut connection, &broken).is_err());
        verify(&connection, MIGRATIONS).unwrap();

        migrate(&mut connection, &second).unwrap();
        assert_eq!(version(&connection, 2).unwrap(), 2);
        verify(&connection, &second).unwrap();
        // It is made once; and whoever knows one version only leaves it alone.
        migrate(&mut connection, &second).unwrap();
        assert!(migrate(&mut connection, MIGRATIONS).is_err());
        verify(&connection, &second).unwrap();
    }

    #[test]
    fn a_database_of_another_application_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(migrate(&mut connection, MIGRATIONS).is_err());
        connection.pragma_update(None, "application_id", 7).unwrap();
        assert!(migrate(&mut connection, MIGRATIONS).is_err());
        assert_eq!(tables(&connection).unwrap().len(), 1);
    }
}
