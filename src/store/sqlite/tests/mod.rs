//! What the store of a file promises beyond what every store does.

mod crash;
mod damage;
mod opening;
mod together;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use super::*;
use crate::store::suite::{at, listing, new_run, part, seen, suite};

#[test]
fn it_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let count = std::cell::Cell::new(0);
    suite(|| {
        count.set(count.get() + 1);
        Box::new(Sqlite::open(&folder.path().join(format!("{}.db", count.get()))).unwrap())
    });
}

const RUNS: [&str; 4] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "dddddddddddd"];

/// Names that are long enough for an index of several pages.
fn host(nth: usize) -> String {
    format!("web-{nth:02}.{}.example.net", "datacentre-".repeat(8))
}

/// The hosts of a run.
const HOSTS: usize = 20;

/// Bytes that cannot be packed.
fn noise(length: usize, seed: usize) -> Vec<u8> {
    let seed = u64::try_from(seed).unwrap() << 32;
    let hashes = (0..length.div_ceil(32) as u64).flat_map(|nth| check::hash(&(seed | nth).to_le_bytes()));
    hashes.take(length).collect()
}

/// Stores one run of all hosts, which differ a little from each other and from run to run.
fn fill(store: &mut Sqlite, nth: usize) {
    let run = RUNS[nth];
    let started = i64::try_from(nth).unwrap() * 1000;
    store.begin(&new_run(run, at(started), &[part("inventory", &listing(0, nth / 2))])).unwrap();
    for half in [0..HOSTS / 2, HOSTS / 2..HOSTS] {
        let own: Vec<(String, Vec<u8>, Vec<u8>)> = half
            .map(|number| (host(number), listing(number % 3, nth), noise(500, nth * HOSTS + number)))
            .collect();
        let parts: Vec<[Part<'_>; 3]> = own
            .iter()
            .map(|(_, dpkg, volatile)| {
                [part("dpkg", dpkg), part("volatile", volatile), part("os", b"ID=debian\n")]
            })
            .collect();
        let mut all: Vec<Seen<'_>> =
            own.iter().zip(&parts).map(|((name, ..), parts)| seen(name, parts)).collect();
        all[7].fault = Some(b"stopped early");
        store.record(run, &all).unwrap();
    }
    store.finish(run, at(started + 500), &[part("findings", run.as_bytes())]).unwrap();
}

/// Everything that can be read of a store, each answer in a text of its own or with its error.
fn all(store: &Sqlite) -> Vec<Result<String, Error>> {
    // Each part is read once.
    let read: RefCell<HashMap<PartId, [u8; 32]>> = RefCell::default();
    let bytes = |kept: &[Kept]| -> Result<String, Error> {
        let mut all = String::new();
        for kept in kept {
            let known = read.borrow().get(&kept.part).copied();
            let hash = match known {
                Some(hash) => hash,
                None => check::hash(&store.bytes(kept.part)?),
            };
            read.borrow_mut().insert(kept.part, hash);
            all.push_str(&format!("{kept:?} {hash:?}"));
        }
        Ok(all)
    };
    let entry = |entry: Entry| Ok((bytes(&entry.parts)?, format!("{entry:?}")));
    let mut all = vec![store.runs().map(|runs| format!("{runs:?}"))];
    for run in RUNS {
        all.push(store.run_parts(run).and_then(|kept| bytes(&kept)));
        let hosts = |hosts: Vec<Entry>| hosts.into_iter().map(&entry).collect::<Result<Vec<_>, Error>>();
        all.push(store.hosts(run).and_then(hosts).map(|hosts| format!("{hosts:?}")));
    }
    for number in 0..=HOSTS {
        let history = |(run, one): (String, Entry)| Ok((run, entry(one)?));
        let history = |seen: Vec<_>| seen.into_iter().map(history).collect::<Result<Vec<_>, Error>>();
        all.push(store.of_host(&host(number)).and_then(history).map(|seen| format!("{seen:?}")));
    }
    all
}

/// What a store holds that must be whole.
fn truth(store: &Sqlite) -> Vec<String> {
    // A run that is not there yet is an error in both.
    all(store)
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|error| format!("{:?}", error.kind())))
        .collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}
