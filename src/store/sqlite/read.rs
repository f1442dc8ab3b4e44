//! Reading: each list is complete and each row is what was written, or it is an error.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::objects::Reader;
use super::rows::{Children, ENTRY, EntryRow, HostRow, Meta, Parts, RunRow};
use super::shape::{self, Shape};
use super::trouble::Trouble;
use crate::store::{Entry, Error, Kept, Kind, Run};

/// Shapes by their object, each read once.
pub(super) struct Shapes<'c> {
    reader: Reader<'c>,
    known: HashMap<i64, Shape>,
}

impl<'c> Shapes<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self, Trouble> {
        Ok(Self { reader: Reader::new(connection)?, known: HashMap::new() })
    }

    pub(super) fn kept(&mut self, parts: &Parts) -> Result<Vec<Kept>, Trouble> {
        if let Some(shape) = self.known.get(&parts.shape) {
            return shape::kept(shape, parts);
        }
        let shape = shape::decode(&self.reader.needed(parts.shape)?)?;
        let kept = shape::kept(&shape, parts);
        self.known.insert(parts.shape, shape);
        kept
    }
}

pub(super) fn runs(connection: &Connection) -> Result<Vec<Run>, Trouble> {
    let meta = Meta::load(connection)?;
    RunRow::all(connection, &meta)?.into_iter().map(run).collect()
}

fn run(row: RunRow) -> Result<Run, Trouble> {
    Ok(Run {
        id: row.name,
        started: moment(row.started)?,
        finished: row.finished.map(moment).transpose()?,
        command: row.command,
        version: row.version,
        asked: row.asked.cast_unsigned(),
        seen: row.hosts.count.cast_unsigned(),
    })
}

/// The run with this id, which must be there.
pub(super) fn named(connection: &Connection, meta: &Meta, id: &str) -> Result<RunRow, Trouble> {
    RunRow::named(connection, meta, id)?.ok_or_else(|| {
        let message = format!("no run `{}` is stored in it", id.escape_debug());
        Trouble::Refused(
            Error::new(Kind::UnknownRun, message)
                .hinted("it may have been pruned; `driftless history` lists the runs"),
        )
    })
}

pub(super) fn run_parts(connection: &Connection, id: &str) -> Result<Vec<Kept>, Trouble> {
    let run = named(connection, &Meta::load(connection)?, id)?;
    Shapes::new(connection)?.kept(&run.parts)
}

pub(super) fn hosts(connection: &Connection, id: &str) -> Result<Vec<Entry>, Trouble> {
    let meta = Meta::load(connection)?;
    let run = named(connection, &meta, id)?;
    let hosts = HostRow::all(connection, &meta)?;
    let names: HashMap<i64, Arc<str>> = hosts.into_iter().map(|host| (host.id, host.name.into())).collect();
    let mut shapes = Shapes::new(connection)?;
    let one = |row: EntryRow| {
        let name = names.get(&row.host).ok_or_else(|| Trouble::damaged("the name of a host is gone"))?;
        entry(Arc::clone(name), run.started, row, &mut shapes)
    };
    let mut entries: Vec<Entry> =
        EntryRow::of_run(connection, &run)?.into_iter().map(one).collect::<Result<_, _>>()?;
    entries.sort_by(|one, other| one.host.cmp(&other.host));
    Ok(entries)
}

pub(super) fn of_host(connection: &Connection, name: &str) -> Result<Vec<(String, Entry)>, Trouble> {
    let meta = Meta::load(connection)?;
    let runs = RunRow::all(connection, &meta)?;
    let Some(host) = HostRow::all(connection, &meta)?.into_iter().find(|host| host.name == name) else {
        return Ok(Vec::new());
    };
    let name: Arc<str> = host.name.as_str().into();
    let (mut shapes, mut seen) = (Shapes::new(connection)?, Children::default());
    let mut statement = connection.prepare(&format!("{ENTRY} WHERE run = ? AND host = ?"))?;
    let mut entries = Vec::new();
    for run in runs {
        let found = statement.query_and_then(params![run.id, host.id], EntryRow::read)?.next().transpose()?;
        if let Some(row) = found {
            seen.add(row.checksum());
            entries.push((run.name, entry(Arc::clone(&name), run.started, row, &mut shapes)?));
        }
    }
    seen.complete(host.runs, &format!("the runs of host {}", name.escape_debug()))?;
    Ok(entries)
}

fn entry(host: Arc<str>, started: i64, row: EntryRow, shapes: &mut Shapes<'_>) -> Result<Entry, Trouble> {
    Ok(Entry {
        host,
        at: moment(started.saturating_add(row.late))?,
        took: Duration::from_millis(row.took.cast_unsigned()),
        parts: shapes.kept(&row.parts)?,
        fault: row.fault,
    })
}

fn moment(milliseconds: i64) -> Result<Timestamp, Trouble> {
    Timestamp::from_millisecond(milliseconds).map_err(|_| Trouble::damaged("a time is none"))
}

/// One host in one run.
pub(super) fn one(connection: &Connection, run: i64, host: i64) -> Result<Option<EntryRow>, Trouble> {
    let mut statement = connection.prepare(&format!("{ENTRY} WHERE run = ? AND host = ?"))?;
    statement.query_and_then(params![run, host], EntryRow::read)?.next().transpose()
}

/// The highest number that a column has, or 0.
pub(super) fn highest(connection: &Connection, table: &str) -> Result<i64, Trouble> {
    let sql = format!("SELECT max(id) FROM {table}");
    Ok(connection
        .query_row(&sql, [], |row| row.get::<_, Option<i64>>(0))
        .optional()?
        .flatten()
        .unwrap_or_default())
}
