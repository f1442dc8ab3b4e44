//! Forgetting: old runs, then the bytes that nothing refers to, then the space on disk.
//!
//! Each run goes in a transaction of its own, and the bytes in several, so that others wait for a short time only. What is in use is read, and
//! verified as complete, in the transaction that deletes the rest: nothing is deleted on a damaged store's word.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, Transaction};

use super::Sqlite;
use super::objects::{Used, sweep};
use super::read::named;
use super::rows::{EntryRow, HostRow, Meta, RunRow, SAVE_HOST};
use super::shape;
use super::trouble::Trouble;
use crate::store::{Error, Pruned};

/// How many objects are deleted in one transaction, some seconds of work: others wait for ten.
const OBJECTS: usize = 100_000;

/// How many pages are given back in one transaction; and how many where the disk is full, since the journal has them
/// first.
const PAGES: [u32; 2] = [1024, 8];

pub(super) fn prune(store: &mut Sqlite, before: Timestamp) -> Result<Pruned, Error> {
    let size = |store: &Sqlite| std::fs::metadata(&store.path).map_or(0, |metadata| metadata.len());
    let had = size(store);
    let old = store.reading(|connection| {
        let runs = RunRow::all(connection, &Meta::load(connection)?)?;
        Ok(runs
            .into_iter()
            .filter(|run| run.started < before.as_millisecond())
            .map(|run| run.name)
            .collect::<Vec<_>>())
    })?;
    if old.is_empty() {
        return Ok(Pruned::default());
    }
    let mut pruned = Pruned::default();
    for run in old {
        pruned.runs += u64::from(store.writing(|transaction, _| forget(transaction, &run))?);
    }
    loop {
        let swept = store.writing(|transaction, _| {
            let used = in_use(transaction)?;
            sweep(transaction, &used, OBJECTS)
        })?;
        pruned.objects += swept as u64;
        if swept < OBJECTS {
            break;
        }
    }
    // Ids that are gone must not be given out again.
    store.memory = super::Memory::default();
    for pages in PAGES {
        match shrink(&store.connection, pages) {
            Ok(()) => break,
            // What is free stays free for what is stored next.
            Err(error)
                if matches!(
                    error.sqlite_error_code(),
                    Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy)
                ) => {}
            Err(error) => return Err(store.told(error.into())),
        }
    }
    pruned.bytes = had.saturating_sub(size(store));
    Ok(pruned)
}

/// Deletes a run and its hosts' entries; false if another process was faster.
fn forget(transaction: &Transaction<'_>, name: &str) -> Result<bool, Trouble> {
    let mut meta = Meta::load(transaction)?;
    if RunRow::named(transaction, &meta, name)?.is_none() {
        return Ok(false);
    }
    let run = named(transaction, &meta, name)?;
    let mut hosts: HashMap<i64, HostRow> =
        HostRow::all(transaction, &meta)?.into_iter().map(|host| (host.id, host)).collect();
    let mut save = transaction.prepare(SAVE_HOST)?;
    for entry in EntryRow::of_run(transaction, &run)? {
        let host =
            hosts.get_mut(&entry.host).ok_or_else(|| Trouble::damaged("the name of a host is gone"))?;
        meta.hosts.take(host.checksum());
        host.runs.take(entry.checksum());
        if host.runs.count == 0 {
            transaction.execute("DELETE FROM host WHERE id = ?", [host.id])?;
        } else {
            meta.hosts.add(host.checksum());
            host.save(&mut save)?;
        }
    }
    transaction.execute("DELETE FROM entry WHERE run = ?", [run.id])?;
    transaction.execute("DELETE FROM run WHERE id = ?", [run.id])?;
    meta.runs.take(run.checksum());
    meta.save(transaction)?;
    Ok(true)
}

/// All objects that runs and hosts refer to.
fn in_use(connection: &Connection) -> Result<Used, Trouble> {
    let meta = Meta::load(connection)?;
    let mut used = Used::new(meta.next);
    for run in RunRow::all(connection, &meta)? {
        let entries = EntryRow::of_run(connection, &run)?;
        for parts in entries.iter().map(|entry| &entry.parts).chain([&run.parts]) {
            used.mark(parts.shape)?;
            for id in shape::decode_ids(&parts.ids)? {
                used.mark(id)?;
            }
        }
    }
    Ok(used)
}

/// Gives free pages back to the file system.
fn shrink(connection: &Connection, pages: u32) -> rusqlite::Result<()> {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let mut left = free()?;
    while left > 0 {
        // Every row that it gives is a page; it must be asked for all of them.
        let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        drop(rows);
        let now = free()?;
        if now >= left {
            break;
        }
        left = now;
    }
    Ok(())
}
