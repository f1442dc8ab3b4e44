//! What the store of a file promises beyond what every store does.

mod crash;
mod damage;
mod opening;
mod together;

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

/// Stores one run of ten hosts, which differ a little from each other and from run to run.
fn fill(store: &mut Sqlite, nth: usize) {
    let run = RUNS[nth];
    let started = i64::try_from(nth).unwrap() * 1000;
    store.begin(&new_run(run, at(started), &[part("inventory", &listing(0, nth / 2))])).unwrap();
    for number in 0..10 {
        let (dpkg, volatile) =
            (listing(number % 3, nth), format!("{} uptime {nth} {number}", "x".repeat(300)));
        let parts = [part("dpkg", &dpkg), part("uptime", volatile.as_bytes()), part("os", b"ID=debian\n")];
        let fault = (number == 7).then_some(&b"stopped early"[..]);
        store.record(run, &[Seen { fault, ..seen(&host(number), &parts) }]).unwrap();
    }
    store.finish(run, at(started + 500), &[part("findings", run.as_bytes())]).unwrap();
}

/// Everything that can be read of a store, each answer in a text of its own or with its error.
fn all(store: &Sqlite) -> Vec<Result<String, Error>> {
    let bytes = |kept: &[Kept]| -> Result<Vec<_>, Error> {
        let one = |kept: &Kept| Ok((kept.name.to_string(), kept.status, kept.part, store.bytes(kept.part)?));
        kept.iter().map(one).collect()
    };
    let entry = |entry: Entry| Ok((bytes(&entry.parts)?, format!("{entry:?}")));
    let mut all = vec![store.runs().map(|runs| format!("{runs:?}"))];
    for run in RUNS {
        all.push(store.run_parts(run).and_then(|kept| Ok(format!("{:?}", bytes(&kept)?))));
        let hosts = |hosts: Vec<Entry>| hosts.into_iter().map(entry).collect::<Result<Vec<_>, Error>>();
        all.push(store.hosts(run).and_then(hosts).map(|hosts| format!("{hosts:?}")));
    }
    for number in 0..11 {
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

/// Runs `command` with a file as its argument, as somebody who is not this process.
fn copy(from: &Path, to: &Path) {
    std::fs::write(to, std::fs::read(from).unwrap()).unwrap();
}
