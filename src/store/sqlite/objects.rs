//! Bytes, each once. An object is kept packed, as it is where packing gains nothing, or as what differs from another
//! object, its base, which is never such a difference itself: whatever is read takes two rows at most.

use std::collections::{HashMap, VecDeque};

use rusqlite::{Connection, Row, Statement, params};

use super::check::{Check, hash, key};
use super::pack::{pack, unpack};
use super::trouble::Trouble;
use crate::store::{Error, Kind, LARGEST_PART};

/// A difference up to so many bytes is always kept.
const SLIGHT: usize = 64;

/// The largest difference that is kept from a base of this packed size; beyond it the bytes are kept as a whole, as a
/// new base. A list that changes a little each day differs from its base by more and more: a new base costs its size
/// F once, the old one costs again each day what has gathered. Where a day adds d bytes, the least is spent if a
/// difference may grow to the root of 2Fd. This is near it for what hosts send (F of 1 to 8 kB, d of 20 bytes).
fn most(base: usize) -> usize {
    (120 + base / 12).min(base / 3).max(SLIGHT)
}

/// How many of the objects that were lately kept as a whole are tried as a base, for each name.
const RECENT: usize = 3;

/// How many hashes are remembered, at 40 bytes each.
const REMEMBERED: usize = 1 << 18;

/// One row. `base` is none for bytes as they are, 0 for packed ones, else the object from which they differ.
#[derive(Debug)]
struct Object {
    id: i64,
    key: i64,
    base: Option<i64>,
    bytes: Vec<u8>,
}

const OBJECT: &str = "SELECT id, key, base, bytes, sum FROM object";

impl Object {
    fn checksum(&self) -> i64 {
        let Self { id, key, base, bytes } = self;
        Check::of("object").number(*id).number(*key).number(base.unwrap_or(-1)).bytes(bytes).done()
    }

    fn read(row: &Row<'_>) -> Result<Self, Trouble> {
        let object = Self { id: row.get(0)?, key: row.get(1)?, base: row.get(2)?, bytes: row.get(3)? };
        if object.checksum() == row.get::<_, i64>(4)? {
            return Ok(object);
        }
        Err(Trouble::damaged("a part is not what was written"))
    }

    /// What must be there for this one to be read.
    fn needs(&self) -> Option<i64> {
        self.base.filter(|base| *base > 0)
    }
}

/// Reads objects.
pub(super) struct Reader<'c> {
    by_id: Statement<'c>,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection) -> Result<Self, Trouble> {
        Ok(Self { by_id: connection.prepare(&format!("{OBJECT} WHERE id = ?"))? })
    }

    fn object(&mut self, id: i64) -> Result<Option<Object>, Trouble> {
        self.by_id.query_and_then([id], Object::read)?.next().transpose()
    }

    /// The bytes of an object, which are those that were given, or none if there is no such object.
    fn bytes(&mut self, id: i64) -> Result<Option<Vec<u8>>, Trouble> {
        match self.object(id)? {
            Some(object) => self.unpacked(object).map(Some),
            None => Ok(None),
        }
    }

    /// The bytes of an object that somebody asks for, who may have learnt of it before it was pruned.
    pub(super) fn asked(&mut self, id: i64) -> Result<Vec<u8>, Trouble> {
        self.bytes(id)?.ok_or_else(|| {
            Trouble::refused(
                Kind::UnknownPart,
                "a part is not there any more",
                "its run may have been pruned meanwhile: ask again",
            )
        })
    }

    /// The bytes of an object that something else refers to.
    pub(super) fn needed(&mut self, id: i64) -> Result<Vec<u8>, Trouble> {
        self.bytes(id)?.ok_or_else(|| Trouble::damaged("a part is gone"))
    }

    fn unpacked(&mut self, object: Object) -> Result<Vec<u8>, Trouble> {
        let bytes = match object.base {
            None => Some(object.bytes),
            Some(0) => unpack(&object.bytes, None),
            Some(base) => {
                let base = self.object(base)?.filter(|base| base.needs().is_none());
                let base =
                    base.ok_or_else(|| Trouble::damaged("a part is gone from which another one differs"))?;
                // A whole object needs no further one: this goes no deeper.
                unpack(&object.bytes, Some(&self.unpacked(base)?))
            }
        };
        bytes
            .filter(|bytes| key(&hash(bytes)) == object.key)
            .ok_or_else(|| Trouble::damaged("a part is not what was written"))
    }
}

/// What a process remembers from one transaction to the next; forgotten when another one has written.
#[derive(Debug, Default)]
pub(super) struct Memory {
    known: HashMap<[u8; 32], i64>,
    recent: HashMap<String, VecDeque<i64>>,
    data_version: Option<i64>,
}

impl Memory {
    /// Forgets what another process may have changed since.
    pub(super) fn refresh(&mut self, connection: &Connection) -> Result<(), Trouble> {
        let version = connection.pragma_query_value(None, "data_version", |row| row.get(0))?;
        if self.data_version != Some(version) || self.known.len() > REMEMBERED {
            *self = Self { data_version: Some(version), ..Self::default() };
        }
        Ok(())
    }

    fn whole(&mut self, name: &str, id: i64) {
        let recent = self.recent.entry(name.to_owned()).or_default();
        if !recent.contains(&id) {
            recent.push_front(id);
            recent.truncate(RECENT);
        }
    }
}

/// Keeps objects, inside a transaction.
pub(super) struct Writer<'c> {
    pub(super) reader: Reader<'c>,
    by_key: Statement<'c>,
    insert: Statement<'c>,
    memory: &'c mut Memory,
    /// The id of the next object.
    pub(super) next: i64,
}

impl<'c> Writer<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        memory: &'c mut Memory,
        next: i64,
    ) -> Result<Self, Trouble> {
        Ok(Self {
            reader: Reader::new(connection)?,
            by_key: connection.prepare(&format!("{OBJECT} WHERE key = ?"))?,
            insert: connection.prepare("INSERT INTO object VALUES (?, ?, ?, ?, ?)")?,
            memory,
            next,
        })
    }

    /// The id of these bytes, which are kept if they were not. `last` is what was kept last in their place.
    pub(super) fn keep(&mut self, name: &str, bytes: &[u8], last: Option<i64>) -> Result<i64, Trouble> {
        if bytes.len() > LARGEST_PART {
            let message = format!("part `{}` is larger than {LARGEST_PART} bytes", name.escape_debug());
            return Err(Trouble::Refused(Error::new(Kind::Invalid, message)));
        }
        let hash = hash(bytes);
        if let Some(id) = self.memory.known.get(&hash) {
            return Ok(*id);
        }
        let id = match self.same(bytes, key(&hash), last)? {
            Some(id) => id,
            None => self.add(name, bytes, key(&hash), last)?,
        };
        self.memory.known.insert(hash, id);
        Ok(id)
    }

    /// The object that has these bytes; often it is the last one in their place.
    fn same(&mut self, bytes: &[u8], key: i64, last: Option<i64>) -> Result<Option<i64>, Trouble> {
        let last = match last {
            Some(last) => self.reader.object(last)?.filter(|last| last.key == key),
            None => None,
        };
        let found = match last {
            Some(last) => vec![last],
            None => self.by_key.query_and_then([key], Object::read)?.collect::<Result<Vec<_>, _>>()?,
        };
        for object in found {
            let id = object.id;
            if self.reader.unpacked(object)? == bytes {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    fn add(&mut self, name: &str, bytes: &[u8], key: i64, last: Option<i64>) -> Result<i64, Trouble> {
        let (base, packed) = self.smallest(name, bytes, last)?;
        let object = Object { id: self.next, key, base, bytes: packed };
        self.insert.execute(params![object.id, object.key, object.base, object.bytes, object.checksum()])?;
        self.next += 1;
        if object.needs().is_none() {
            self.memory.whole(name, object.id);
        }
        Ok(object.id)
    }

    /// The bytes as they are kept.
    fn smallest(
        &mut self,
        name: &str,
        bytes: &[u8],
        last: Option<i64>,
    ) -> Result<(Option<i64>, Vec<u8>), Trouble> {
        if bytes.len() <= SLIGHT {
            return Ok((None, bytes.to_vec()));
        }
        let last = match last {
            Some(last) => self.reader.object(last)?,
            None => None,
        };
        let own = last.map(|last| last.needs().unwrap_or(last.id));
        let recent = self.memory.recent.get(name).into_iter().flatten().copied();
        let bases: Vec<i64> = own.into_iter().chain(recent.filter(|id| Some(*id) != own)).collect();
        for id in bases {
            let Some(base) = self.reader.object(id)? else { continue };
            let most = most(base.bytes.len());
            let base = self.reader.unpacked(base)?;
            if let Some(packed) = pack(bytes, Some(&base)).filter(|packed| packed.len() <= most) {
                self.memory.whole(name, id);
                return Ok((Some(id), packed));
            }
        }
        Ok(match pack(bytes, None) {
            Some(packed) if packed.len() < bytes.len() => (Some(0), packed),
            _ => (None, bytes.to_vec()),
        })
    }
}

/// Deletes objects that are not in use, and from which none in use differs, but at most so many; gives how many.
pub(super) fn sweep(connection: &Connection, used: &Used, most: usize) -> Result<usize, Trouble> {
    let mut needed = used.clone();
    let mut unused = Vec::new();
    {
        let mut statement = connection.prepare(OBJECT)?;
        for object in statement.query_and_then([], Object::read)? {
            let object = object?;
            if !used.has(object.id) {
                unused.push(object.id);
            } else if let Some(base) = object.needs() {
                needed.mark(base)?;
            }
        }
    }
    let mut statement = connection.prepare("DELETE FROM object WHERE id = ?")?;
    let mut deleted = 0;
    for id in unused.into_iter().filter(|id| !needed.has(*id)).take(most) {
        deleted += statement.execute([id])?;
    }
    Ok(deleted)
}

/// A set of objects: a bit for each id that was ever given.
#[derive(Debug, Clone)]
pub(super) struct Used {
    bits: Vec<u64>,
    next: i64,
}

impl Used {
    pub(super) fn new(next: i64) -> Self {
        let words = usize::try_from(next).unwrap_or_default() / 64 + 1;
        Self { bits: vec![0; words], next }
    }

    pub(super) fn mark(&mut self, id: i64) -> Result<(), Trouble> {
        let place = Some(id).filter(|id| (0..self.next).contains(id)).and_then(|id| usize::try_from(id).ok());
        let word = place.and_then(|place| Some((self.bits.get_mut(place / 64)?, place % 64)));
        let (word, bit) = word.ok_or_else(|| Trouble::damaged("a number of a part was never given"))?;
        *word |= 1 << bit;
        Ok(())
    }

    fn has(&self, id: i64) -> bool {
        let word = usize::try_from(id).ok().and_then(|place| Some((self.bits.get(place / 64)?, place % 64)));
        word.is_some_and(|(word, bit)| word & (1 << bit) != 0)
    }
}
