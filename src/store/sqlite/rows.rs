//! The rows of all tables but the objects': read and verified, written with their checksums.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::check::Check;
use super::trouble::Trouble;

/// The number of children and the sum of their checksums, in whatever order they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Children {
    pub(super) count: i64,
    pub(super) sum: i64,
}

impl Children {
    pub(super) fn add(&mut self, checksum: i64) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(checksum);
    }

    pub(super) fn take(&mut self, checksum: i64) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(checksum);
    }

    /// These are all of them, and each as it was written last.
    pub(super) fn complete(self, expected: Self, whose: &str) -> Result<(), Trouble> {
        if self == expected {
            return Ok(());
        }
        let Self { count, .. } = self;
        Err(Trouble::damaged(if count == expected.count {
            format!("{whose} are not those that were stored last")
        } else {
            format!("{whose} are {count} where {} were stored", expected.count)
        }))
    }
}

impl FromIterator<i64> for Children {
    fn from_iter<I: IntoIterator<Item = i64>>(checksums: I) -> Self {
        let mut children = Self::default();
        for checksum in checksums {
            children.add(checksum);
        }
        children
    }
}

fn verified<T>(row: T, expected: i64, checksum: i64, what: &str) -> Result<T, Trouble> {
    if expected == checksum {
        return Ok(row);
    }
    Err(Trouble::damaged(format!("a row of {what} is not what was written")))
}

/// What the store knows of itself: one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) runs: Children,
    pub(super) hosts: Children,
    /// The id of the next object. Kept here, so that no id is given twice.
    pub(super) next: i64,
}

impl Default for Meta {
    fn default() -> Self {
        Self { runs: Children::default(), hosts: Children::default(), next: 1 }
    }
}

impl Meta {
    fn checksum(&self) -> i64 {
        let Self { runs, hosts, next } = self;
        [runs.count, runs.sum, hosts.count, hosts.sum, *next]
            .into_iter()
            .fold(Check::of("meta"), Check::number)
            .done()
    }

    pub(super) fn load(connection: &Connection) -> Result<Self, Trouble> {
        let sql = "SELECT runs, run_sum, hosts, host_sum, next, sum FROM meta WHERE id = 1";
        let read = |row: &Row<'_>| {
            let meta = Self {
                runs: Children { count: row.get(0)?, sum: row.get(1)? },
                hosts: Children { count: row.get(2)?, sum: row.get(3)? },
                next: row.get(4)?,
            };
            Ok((meta, row.get(5)?))
        };
        let found = connection.query_row(sql, [], read).optional()?;
        let (meta, sum) = found.ok_or_else(|| Trouble::damaged("its first row is gone"))?;
        let checksum = meta.checksum();
        verified(meta, sum, checksum, "the whole store")
    }

    pub(super) fn save(&self, connection: &Connection) -> Result<(), Trouble> {
        let Self { runs, hosts, next } = self;
        connection.prepare("INSERT OR REPLACE INTO meta VALUES (1, ?, ?, ?, ?, ?, ?)")?.execute(params![
            runs.count,
            runs.sum,
            hosts.count,
            hosts.sum,
            next,
            self.checksum()
        ])?;
        Ok(())
    }
}

/// A list of parts: the object that has their names and statuses, and the ids of their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) shape: i64,
    pub(super) ids: Vec<u8>,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RunRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) started: i64,
    pub(super) finished: Option<i64>,
    pub(super) command: String,
    pub(super) version: String,
    pub(super) asked: i64,
    pub(super) hosts: Children,
    pub(super) parts: Parts,
}

const RUN: &str = "SELECT id, name, started, finished, command, version, asked, hosts, host_sum, shape, parts, sum FROM run";

impl RunRow {
    pub(super) fn checksum(&self) -> i64 {
        Check::of("run")
            .number(self.id)
            .text(&self.name)
            .number(self.started)
            .number(i64::from(self.finished.is_some()))
            .number(self.finished.unwrap_or_default())
            .text(&self.command)
            .text(&self.version)
            .number(self.asked)
            .number(self.hosts.count)
            .number(self.hosts.sum)
            .number(self.parts.shape)
            .bytes(&self.parts.ids)
            .done()
    }

    fn read(row: &Row<'_>) -> Result<Self, Trouble> {
        let run = Self {
            id: row.get(0)?,
            name: row.get(1)?,
            started: row.get(2)?,
            finished: row.get(3)?,
            command: row.get(4)?,
            version: row.get(5)?,
            asked: row.get(6)?,
            hosts: Children { count: row.get(7)?, sum: row.get(8)? },
            parts: Parts { shape: row.get(9)?, ids: row.get(10)? },
        };
        let checksum = run.checksum();
        verified(run, row.get(11)?, checksum, "a run")
    }

    /// All runs in the order in which they were begun; none is missing.
    pub(super) fn all(connection: &Connection, meta: &Meta) -> Result<Vec<Self>, Trouble> {
        let mut statement = connection.prepare(&format!("{RUN} ORDER BY id"))?;
        let runs: Vec<Self> = statement.query_and_then([], Self::read)?.collect::<Result<_, _>>()?;
        let seen: Children = runs.iter().map(Self::checksum).collect();
        seen.complete(meta.runs, "its runs")?;
        Ok(runs)
    }

    /// The last runs with this command that began before another one, the latest first.
    pub(super) fn before(connection: &Connection, run: &Self, most: i64) -> Result<Vec<Self>, Trouble> {
        let sql = format!("{RUN} WHERE id < ?1 AND command = ?2 ORDER BY id DESC LIMIT ?3");
        let mut statement = connection.prepare(&sql)?;
        statement.query_and_then(params![run.id, run.command, most], Self::read)?.collect()
    }

    /// The run with this name; none only if there certainly is none.
    pub(super) fn named(connection: &Connection, meta: &Meta, name: &str) -> Result<Option<Self>, Trouble> {
        let mut statement = connection.prepare(&format!("{RUN} WHERE name = ?"))?;
        if let Some(found) = statement.query_and_then([name], Self::read)?.next() {
            return found.map(Some);
        }
        Self::all(connection, meta).map(|runs| runs.into_iter().find(|run| run.name == name))
    }

    pub(super) fn save(&self, connection: &Connection) -> Result<(), Trouble> {
        let sql = "INSERT OR REPLACE INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        connection.prepare(sql)?.execute(params![
            self.id,
            self.name,
            self.started,
            self.finished,
            self.command,
            self.version,
            self.asked,
            self.hosts.count,
            self.hosts.sum,
            self.parts.shape,
            self.parts.ids,
            self.checksum()
        ])?;
        Ok(())
    }
}

/// A host in all runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostRow {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) runs: Children,
    /// The last run in which it sent something; it may be pruned by now.
    pub(super) last: i64,
}

pub(super) const HOST: &str = "SELECT id, name, runs, run_sum, last, sum FROM host";
/// A host that is new: if the store is damaged its id or name may be taken, and then nothing is replaced.
pub(super) const NEW_HOST: &str = "INSERT INTO host VALUES (?, ?, ?, ?, ?, ?)";
pub(super) const SAVE_HOST: &str = "INSERT INTO host VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, runs = excluded.runs, run_sum = excluded.run_sum,
    last = excluded.last, sum = excluded.sum";

impl HostRow {
    pub(super) fn checksum(&self) -> i64 {
        Check::of("host")
            .number(self.id)
            .text(&self.name)
            .number(self.runs.count)
            .number(self.runs.sum)
            .number(self.last)
            .done()
    }

    pub(super) fn read(row: &Row<'_>) -> Result<Self, Trouble> {
        let host = Self {
            id: row.get(0)?,
            name: row.get(1)?,
            runs: Children { count: row.get(2)?, sum: row.get(3)? },
            last: row.get(4)?,
        };
        let checksum = host.checksum();
        verified(host, row.get(5)?, checksum, "a host")
    }

    /// All hosts; none is missing.
    pub(super) fn all(connection: &Connection, meta: &Meta) -> Result<Vec<Self>, Trouble> {
        let mut statement = connection.prepare(HOST)?;
        let hosts: Vec<Self> = statement.query_and_then([], Self::read)?.collect::<Result<_, _>>()?;
        let seen: Children = hosts.iter().map(Self::checksum).collect();
        seen.complete(meta.hosts, "its hosts")?;
        // What is found by its name when hosts are stored is found through an index, which may be damaged.
        let names: HashSet<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        if names.len() != hosts.len() {
            return Err(Trouble::damaged("a host is there twice"));
        }
        Ok(hosts)
    }

    pub(super) fn save(&self, statement: &mut rusqlite::Statement<'_>) -> Result<(), Trouble> {
        let Self { id, name, runs, last, .. } = self;
        statement.execute(params![id, name, runs.count, runs.sum, last, self.checksum()])?;
        Ok(())
    }
}

/// A host in one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EntryRow {
    pub(super) run: i64,
    pub(super) host: i64,
    /// Milliseconds after the run's start.
    pub(super) late: i64,
    /// In milliseconds.
    pub(super) took: i64,
    pub(super) fault: Option<Vec<u8>>,
    pub(super) parts: Parts,
}

/// All fields of entries; a condition follows.
pub(super) const ENTRY: &str = "SELECT run, host, late, took, fault, shape, parts, sum FROM entry";
pub(super) const SAVE_ENTRY: &str = "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

impl EntryRow {
    pub(super) fn checksum(&self) -> i64 {
        Check::of("entry")
            .number(self.run)
            .number(self.host)
            .number(self.late)
            .number(self.took)
            .number(i64::from(self.fault.is_some()))
            .bytes(self.fault.as_deref().unwrap_or_default())
            .number(self.parts.shape)
            .bytes(&self.parts.ids)
            .done()
    }

    pub(super) fn read(row: &Row<'_>) -> Result<Self, Trouble> {
        let entry = Self {
            run: row.get(0)?,
            host: row.get(1)?,
            late: row.get(2)?,
            took: row.get(3)?,
            fault: row.get(4)?,
            parts: Parts { shape: row.get(5)?, ids: row.get(6)? },
        };
        let checksum = entry.checksum();
        verified(entry, row.get(7)?, checksum, "a host in a run")
    }

    /// All hosts of a run; none is missing.
    pub(super) fn of_run(connection: &Connection, run: &RunRow) -> Result<Vec<Self>, Trouble> {
        let mut statement = connection.prepare(&format!("{ENTRY} WHERE run = ?"))?;
        let entries: Vec<Self> = statement.query_and_then([run.id], Self::read)?.collect::<Result<_, _>>()?;
        let seen: Children = entries.iter().map(Self::checksum).collect();
        seen.complete(run.hosts, &format!("the hosts of run {}", run.name))?;
        Ok(entries)
    }

    pub(super) fn save(&self, statement: &mut rusqlite::Statement<'_>) -> Result<(), Trouble> {
        let Self { run, host, late, took, fault, parts } = self;
        statement.execute(params![run, host, late, took, fault, parts.shape, parts.ids, self.checksum()])?;
        Ok(())
    }
}
