//! A fleet as the store knows it: what hosts answered then, read by what reads answers now.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::answer::{Retold, fault_of};
use super::facts::{About, Differences, Facts};
use crate::inventory::{HostId, Inventory};
use crate::probe::{Request, Section, Wanted};
use crate::snapshot::{Fault, Fleet, Observation, Phase, Reader};
use crate::store::{Entry, Error, PartId, Store};

/// So many bytes that hosts share are kept while a fleet is read; what is beyond is read again.
const MOST_SHARED: usize = 64 << 20;

/// A fleet of before.
#[derive(Debug, Default)]
pub struct Recalled {
    /// What was seen, host by host in the order that was asked for.
    pub fleet: Fleet,
    /// When each of them was seen; `None` for one that the store does not know.
    pub seen: Vec<Option<Timestamp>>,
    /// What was wanted of each of them then.
    pub wanted: Vec<Wanted>,
}

/// Whether a host gave an answer that a probe could have given.
pub fn answered(entry: &Entry) -> bool {
    entry.parts.iter().any(|kept| &*kept.name == "probe")
}

/// Reads the answers of hosts. A host without an entry is one that was never seen, which is its fault.
///
/// The nonce must be one that no host could foresee.
///
/// # Errors
/// The store is damaged, or cannot be read.
pub fn recall(
    store: &dyn Store,
    entries: impl IntoIterator<Item = Entry>,
    inventory: &Inventory,
    hosts: &[HostId],
    nonce: [u8; 16],
) -> Result<Recalled, Error> {
    let mut by_host: BTreeMap<HostId, Entry> =
        entries.into_iter().filter_map(|entry| Some((inventory.find(&entry.host)?, entry))).collect();
    let mut recalled = Recalled::default();
    let mut reader = Reader::default();
    let mut shared = Shared::default();
    for host in hosts {
        let entry = by_host.remove(host);
        recalled.seen.push(entry.as_ref().map(|entry| entry.at));
        recalled.wanted.push(match &entry {
            Some(entry) => wanted(store, entry)?,
            None => Wanted::default(),
        });
        recalled.fleet.hosts.push(match entry {
            Some(entry) => observe(store, *host, &entry, nonce, &mut reader, &mut shared)?,
            None => Observation {
                host: *host,
                elapsed: Duration::ZERO,
                snapshot: None,
                fault: Some(
                    Fault::new(Phase::Resolve, "the store has no answer of it")
                        .hint("ask it: driftless collect"),
                ),
            },
        });
    }
    recalled.fleet.strings = reader.into_strings();
    Ok(recalled)
}

/// What is lastingly true of a host, in parts that hosts share or do not: most hosts of a cluster have the same packages,
/// and files of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// Its release, kernel and packages.
    Packages,
    /// All else.
    Rest,
}

impl Aspect {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Packages, Self::Rest];

    /// Whether a section is needed to tell of it.
    fn needs(self, section: &str) -> bool {
        let packages = [Section::OsRelease, Section::Kernel]
            .into_iter()
            .chain(Section::PACKAGES.into_iter().flat_map(|(one, other)| [one, other]));
        let is_packages = packages.into_iter().any(|known| known.name() == section);
        match self {
            Self::Packages => is_packages,
            // Where packages come from is told by release.
            Self::Rest => !is_packages && !PASSING.contains(&section) || section == Section::OsRelease.name(),
        }
    }

    /// Whether any of a host's package systems answered.
    pub fn has_packages(entry: &Entry) -> bool {
        let systems = Section::PACKAGES.map(|(system, _)| system.name());
        entry.parts.iter().any(|kept| kept.status == 0 && systems.contains(&&*kept.name))
    }

    /// What it tells of.
    fn tells(self, about: About) -> bool {
        let packages = matches!(about, About::Release | About::Kernel | About::Package | About::PackageState);
        packages == (self == Self::Packages)
    }

    /// The parts of a host's answer that tell of it. Entries that share them have the same facts.
    pub fn parts(self, entry: &Entry) -> Vec<(&str, i32, PartId)> {
        let own = |name: &str| name.split('/').next().is_some_and(|section| self.needs(section));
        let parts = entry.parts.iter().filter(|kept| own(&kept.name));
        parts.map(|kept| (&*kept.name, kept.status, kept.part)).collect()
    }

    /// In what the second of two entries differs from the first; `None` where one of them has no answer.
    ///
    /// # Errors
    /// The store is damaged, or cannot be read.
    pub fn differences(
        self,
        store: &dyn Store,
        (one, other): (&Entry, &Entry),
        nonce: [u8; 16],
        shared: &mut Shared,
    ) -> Result<Option<Differences>, Error> {
        let (one, other) = (self.of(one), self.of(other));
        let (mut before, mut now) = (shared.of(store, &one)?, shared.of(store, &other)?);
        let place = |entry: &Entry| entry.parts.iter().position(|kept| &*kept.name == Section::Dpkg.name());
        if let (Some(mine), Some(its)) = (place(&one), place(&other)) {
            if let (Some(first), Some(second)) = (before.get_mut(mine), now.get_mut(its)) {
                let (less, fewer) = without_alike(first, second);
                (*first, *second) = (Arc::new(less), Arc::new(fewer));
            }
        }
        let facts = |entry: &Entry, bytes| {
            let mut reader = Reader::default();
            let seen = read(HostId(0), entry, bytes, nonce, &mut reader);
            let strings = reader.into_strings();
            seen.snapshot.is_some().then(|| Facts::of(&seen, &strings).only(|about| self.tells(about)))
        };
        let told = facts(&one, before).zip(facts(&other, now));
        let asked =
            |entry: &Entry| entry.parts.iter().find(|kept| &*kept.name == "wanted").map(|kept| kept.part);
        let alike = asked(&one) == asked(&other);
        Ok(told.map(|(one, other)| {
            let differences = one.against(&other);
            // What was not asked for is not there, and is not gone.
            if alike { differences } else { differences.of_both() }
        }))
    }

    /// An entry without what tells of other things.
    fn of(self, entry: &Entry) -> Entry {
        let own = |name: &str| {
            let section = name.split('/').next().unwrap_or_default();
            ["wanted", "probe"].contains(&name) || self.needs(section)
        };
        let parts = entry.parts.iter().filter(|kept| own(&kept.name)).cloned().collect();
        Entry { parts, ..entry.clone() }
    }
}

/// Two lists of dpkg's without what both say of a package: hundreds of packages are as they were, and need not be read.
fn without_alike(one: &[u8], other: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let field = |line: &'_ [u8], nth: usize| line.split(|byte| *byte == b'\t').nth(nth).map(<[u8]>::to_vec);
    let name = |line: &[u8]| {
        memchr::memchr(b'\t', line).and_then(|end| line.get(..end)).map_or(line.len(), <[u8]>::len)
    };
    let (mine, its): (Vec<&[u8]>, Vec<&[u8]>) =
        (one.split(|byte| *byte == b'\n').collect(), other.split(|byte| *byte == b'\n').collect());
    let native = |lines: &[&[u8]]| {
        let own = lines.iter().filter(|line| line.starts_with(b"dpkg\t"));
        own.map(|line| field(line, 1)).collect::<Vec<_>>()
    };
    // Names are told by what is each host's own architecture.
    if native(&mine) != native(&its) || native(&mine).len() > 1 {
        return (one.to_vec(), other.to_vec());
    }
    let (known, found): (HashSet<&[u8]>, HashSet<&[u8]>) =
        (mine.iter().copied().collect(), its.iter().copied().collect());
    let named = |line: &&'_ [u8]| line.get(..name(line)).unwrap_or_default().to_vec();
    let mut apart: HashSet<Vec<u8>> = known.symmetric_difference(&found).map(&named).collect();
    // What tells the architecture, what makes no sense, and one more stay: an empty list would be none.
    apart.extend([&mine, &its].into_iter().filter_map(|lines| lines.first()).map(named));
    apart.insert(Section::Dpkg.name().as_bytes().to_vec());
    let plain = |line: &[u8]| line.ends_with(b"\tii ") && line.split(|byte| *byte == b'\t').count() == 4;
    let stays =
        |line: &&&[u8]| !plain(line) || line.get(..name(line)).is_some_and(|name| apart.contains(name));
    let less = |lines: &[&[u8]]| lines.iter().filter(stays).copied().collect::<Vec<_>>().join(&b'\n');
    (less(&mine), less(&its))
}

/// Sections of the probe that tell of the moment, and what is beside them.
const PASSING: [&str; 8] =
    ["wanted", "probe", "hostname", "boot", "processes", "reboot", "candidates", "kernels"];

fn wanted(store: &dyn Store, entry: &Entry) -> Result<Wanted, Error> {
    let kept = entry.parts.iter().find(|kept| &*kept.name == "wanted");
    let text = kept.map(|kept| store.bytes(kept.part)).transpose()?.unwrap_or_default();
    Ok(Wanted::read(&String::from_utf8_lossy(&text)))
}

fn observe(
    store: &dyn Store,
    host: HostId,
    entry: &Entry,
    nonce: [u8; 16],
    reader: &mut Reader,
    shared: &mut Shared,
) -> Result<Observation, Error> {
    let bytes = shared.of(store, entry)?;
    Ok(read(host, entry, bytes, nonce, reader))
}

/// An observation of an entry and the bytes of its parts.
fn read(
    host: HostId,
    entry: &Entry,
    bytes: Vec<Arc<Vec<u8>>>,
    nonce: [u8; 16],
    reader: &mut Reader,
) -> Observation {
    let parts: Vec<_> = entry.parts.iter().zip(bytes).collect();
    let pieces = || parts.iter().map(|(kept, bytes)| (&*kept.name, kept.status, bytes.as_slice()));
    // What was wanted is among the pieces, and has to be known before the answer is written anew.
    let wanted = Retold::of(pieces().filter(|(name, ..)| *name == "wanted"), "").wanted;
    let request = Request::new(nonce, wanted);
    let retold = Retold::of(pieces(), request.nonce());
    let unreadable =
        || Fault::new(Phase::Parse, "why it was not audited cannot be read").hint("ask it again");
    let fault = entry.fault.as_ref().map(|text| fault_of(text).unwrap_or_else(unreadable));
    let snapshot = reader.read(&retold.stdout, &retold.stderr, &request).ok();
    let fault = match (&snapshot, fault) {
        (None, None) => {
            Some(Fault::new(Phase::Parse, "its answer cannot be read by this version").hint("ask it again"))
        }
        (_, fault) => fault,
    };
    Observation { host, elapsed: entry.took, snapshot, fault }
}

/// Bytes that several hosts have, read once: whoever looks at many entries keeps one for all of them.
#[derive(Debug, Default)]
pub struct Shared {
    known: HashMap<PartId, Arc<Vec<u8>>>,
    size: usize,
}

impl Shared {
    /// The bytes of every part of a host, in their order; those that are not known are read in one go.
    fn of(&mut self, store: &dyn Store, entry: &Entry) -> Result<Vec<Arc<Vec<u8>>>, Error> {
        let mut missing: Vec<PartId> = entry.parts.iter().map(|kept| kept.part).collect();
        missing.retain(|part| !self.known.contains_key(part));
        missing.sort_unstable();
        missing.dedup();
        let mut read = HashMap::new();
        for (part, bytes) in missing.iter().zip(store.all_bytes(&missing)?) {
            let bytes = Arc::new(bytes);
            if self.size + bytes.len() <= MOST_SHARED {
                self.size += bytes.len();
                self.known.insert(*part, Arc::clone(&bytes));
            }
            read.insert(*part, bytes);
        }
        let each = entry.parts.iter();
        Ok(each
            .filter_map(|kept| read.get(&kept.part).or_else(|| self.known.get(&kept.part)).cloned())
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What differs of two lists of dpkg's.
    fn differences(one: &[u8], other: &[u8]) -> Differences {
        let facts = |list: &[u8]| {
            let pieces = [
                ("probe", 1, &b"2\n\n"[..]),
                ("os-release", 0, b"ID=debian\nVERSION_ID=\"13\"\n"),
                ("dpkg", 0, list),
                ("apt-marks", 0, b""),
            ];
            let request = Request::framed("ab", Wanted::default());
            let retold = Retold::of(pieces, "ab");
            let mut reader = Reader::default();
            let snapshot = reader.read(&retold.stdout, b"", &request).ok();
            let seen = Observation { host: HostId(0), elapsed: Duration::ZERO, snapshot, fault: None };
            Facts::of(&seen, &reader.into_strings())
        };
        facts(one).against(&facts(other))
    }

    proptest! {
        #[test]
        fn leaving_out_what_is_alike_changes_no_difference(
            lines in proptest::collection::vec(
                ("(a|b|c|dpkg|libc6)", "(amd64|i386)", "[1-3]-1", "(ii|hi|iF|xx)", 0..3_u8), 1..12,
            ),
        ) {
            let list = |which: u8| {
                let own = lines.iter().filter(|(.., of)| *of == which || *of == 2);
                let mut own: Vec<String> = own
                    .map(|(name, arch, version, letters, _)| format!("{name}\t{arch}\t{version}\t{letters} \n"))
                    .collect();
                own.sort();
                own.dedup();
                own.concat().into_bytes()
            };
            let (one, other) = (list(0), list(1));
            prop_assume!(!one.is_empty() && !other.is_empty());
            let (less, fewer) = without_alike(&one, &other);
            prop_assert_eq!(differences(&less, &fewer), differences(&one, &other));
        }
    }
}
