//! Writing, each inside one transaction.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Transaction;

use super::objects::{Memory, Writer};
use super::read::{Shapes, highest, named, one};
use super::rows::{Children, EntryRow, HOST, HostRow, Meta, NEW_HOST, Parts, RunRow, SAVE_ENTRY, SAVE_HOST};
use super::shape;
use super::trouble::Trouble;
use crate::store::{Error, ID_DIGITS, Kept, Kind, NewRun, Part, Seen};

/// How many earlier runs are looked at for parts of the same name.
const EARLIER: i64 = 8;

/// The longest reason that is kept for a host that could not be seen.
const LONGEST_FAULT: usize = 1 << 20;

pub(super) fn begin(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    new: &NewRun<'_>,
) -> Result<(), Trouble> {
    let digits = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if new.id.len() != ID_DIGITS || !digits(new.id) {
        let message = format!("`{}` is no id of a run: {ID_DIGITS} hex digits are", new.id.escape_debug());
        return Err(Trouble::Refused(Error::new(Kind::Invalid, message)));
    }
    let mut meta = Meta::load(transaction)?;
    if RunRow::named(transaction, &meta, new.id)?.is_some() {
        return Err(Trouble::Refused(Error::new(
            Kind::Exists,
            format!("run {} is stored in it already", new.id),
        )));
    }
    let mut run = RunRow {
        id: highest(transaction, "run")? + 1,
        name: new.id.to_owned(),
        started: new.started.as_millisecond(),
        finished: None,
        command: new.command.to_owned(),
        version: new.version.to_owned(),
        asked: new.asked.cast_signed(),
        hosts: Children::default(),
        parts: Parts::default(),
    };
    run.parts = run_parts(transaction, memory, &mut meta, &run, Vec::new(), new.parts)?;
    meta.runs.add(run.checksum());
    run.save(transaction)?;
    meta.save(transaction)
}

pub(super) fn finish(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    id: &str,
    at: Timestamp,
    parts: &[Part<'_>],
) -> Result<(), Trouble> {
    let mut meta = Meta::load(transaction)?;
    let mut run = named(transaction, &meta, id)?;
    meta.runs.take(run.checksum());
    let mut kept = Shapes::new(transaction)?.kept(&run.parts)?;
    kept.retain(|old| parts.iter().all(|part| part.name != &*old.name));
    run.parts = run_parts(transaction, memory, &mut meta, &run, kept, parts)?;
    run.finished = Some(at.as_millisecond());
    meta.runs.add(run.checksum());
    run.save(transaction)?;
    meta.save(transaction)
}

/// Keeps parts of a run beside those that it has.
fn run_parts(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    meta: &mut Meta,
    run: &RunRow,
    mut kept: Vec<Kept>,
    parts: &[Part<'_>],
) -> Result<Parts, Trouble> {
    let mut shapes = Shapes::new(transaction)?;
    let mut last = HashMap::new();
    for earlier in RunRow::before(transaction, run, EARLIER)? {
        for part in shapes.kept(&earlier.parts)? {
            last.entry(part.name).or_insert(part.part.0);
        }
    }
    let mut writer = Writer::new(transaction, memory, meta.next)?;
    for part in parts {
        let id = writer.keep(part.name, part.bytes, last.get(part.name).copied())?;
        kept.push(Kept { name: Arc::from(part.name), status: part.status, part: crate::store::PartId(id) });
    }
    let shape = shape::encode(kept.iter().map(|part| (&*part.name, part.status)));
    let shape = writer.keep("", &shape, None)?;
    meta.next = writer.next;
    Ok(Parts { shape, ids: shape::encode_ids(&kept.iter().map(|part| part.part.0).collect::<Vec<_>>()) })
}

pub(super) fn record(
    transaction: &Transaction<'_>,
    memory: &mut Memory,
    id: &str,
    seen: &[Seen<'_>],
) -> Result<(), Trouble> {
    let mut meta = Meta::load(transaction)?;
    let mut run = named(transaction, &meta, id)?;
    meta.runs.take(run.checksum());
    let mut writer = Writer::new(transaction, memory, meta.next)?;
    let mut shapes = Shapes::new(transaction)?;
    let mut by_name = transaction.prepare(&format!("{HOST} WHERE name = ?"))?;
    let (mut save_host, mut new_host) = (transaction.prepare(SAVE_HOST)?, transaction.prepare(NEW_HOST)?);
    let mut save_entry = transaction.prepare(SAVE_ENTRY)?;
    let mut next_host = highest(transaction, "host")? + 1;
    for seen in seen {
        if seen.fault.is_some_and(|fault| fault.len() > LONGEST_FAULT) {
            let message = format!("a fault is longer than {LONGEST_FAULT} bytes");
            return Err(Trouble::Refused(Error::new(Kind::Invalid, message)));
        }
        let known = by_name.query_and_then([seen.host], HostRow::read)?.next().transpose()?;
        let (mut host, save) = if let Some(host) = known {
            meta.hosts.take(host.checksum());
            (host, &mut save_host)
        } else {
            next_host += 1;
            let name = seen.host.to_owned();
            (HostRow { id: next_host - 1, name, runs: Children::default(), last: 0 }, &mut new_host)
        };
        if let Some(before) = one(transaction, run.id, host.id)? {
            run.hosts.take(before.checksum());
            host.runs.take(before.checksum());
        }
        let last = match one(transaction, host.last, host.id)? {
            Some(last) => shapes.kept(&last.parts)?,
            None => Vec::new(),
        };
        let last: HashMap<&str, i64> = last.iter().map(|part| (&*part.name, part.part.0)).collect();
        let mut ids = Vec::with_capacity(seen.parts.len());
        for part in seen.parts {
            ids.push(writer.keep(part.name, part.bytes, last.get(part.name).copied())?);
        }
        let shape = shape::encode(seen.parts.iter().map(|part| (part.name, part.status)));
        let entry = EntryRow {
            run: run.id,
            host: host.id,
            late: seen.at.as_millisecond().saturating_sub(run.started),
            took: i64::try_from(seen.took.as_millis()).unwrap_or(i64::MAX),
            fault: seen.fault.map(<[u8]>::to_vec),
            parts: Parts { shape: writer.keep("", &shape, None)?, ids: shape::encode_ids(&ids) },
        };
        entry.save(&mut save_entry)?;
        if !seen.parts.is_empty() {
            host.last = run.id;
        }
        run.hosts.add(entry.checksum());
        host.runs.add(entry.checksum());
        meta.hosts.add(host.checksum());
        host.save(save)?;
    }
    meta.next = writer.next;
    meta.runs.add(run.checksum());
    run.save(transaction)?;
    meta.save(transaction)
}
