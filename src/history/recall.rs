//! A fleet as the store knows it: what hosts answered then, read by what reads answers now.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::answer::{Retold, fault_of};
use super::facts::{About, Facts};
use crate::inventory::{HostId, Inventory};
use crate::probe::{Request, Section};
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

    /// What is true of a host by one of its entries; `None` where it gave no answer then.
    ///
    /// # Errors
    /// The store is damaged, or cannot be read.
    pub fn facts(self, store: &dyn Store, entry: &Entry, nonce: [u8; 16]) -> Result<Option<Facts>, Error> {
        let own = |name: &str| {
            ["wanted", "probe"].contains(&name)
                || name.split('/').next().is_some_and(|section| self.needs(section))
        };
        let parts = entry.parts.iter().filter(|kept| own(&kept.name)).cloned().collect();
        let entry = Entry { parts, ..entry.clone() };
        let (mut reader, mut shared) = (Reader::default(), Shared::default());
        let seen = observe(store, HostId(0), &entry, nonce, &mut reader, &mut shared)?;
        let strings = reader.into_strings();
        Ok(seen.snapshot.is_some().then(|| Facts::of(&seen, &strings).only(|about| self.tells(about))))
    }
}

/// Sections of the probe that tell of the moment, and what is beside them.
const PASSING: [&str; 8] =
    ["wanted", "probe", "hostname", "boot", "processes", "reboot", "candidates", "kernels"];

fn observe(
    store: &dyn Store,
    host: HostId,
    entry: &Entry,
    nonce: [u8; 16],
    reader: &mut Reader,
    shared: &mut Shared,
) -> Result<Observation, Error> {
    let bytes = shared.of(store, entry)?;
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
    Ok(Observation { host, elapsed: entry.took, snapshot, fault })
}

/// Bytes that several hosts have, read once.
#[derive(Debug, Default)]
struct Shared {
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
