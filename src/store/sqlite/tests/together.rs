//! Several processes at one store, and a disk that is full.

use std::process::Command;
use std::time::Instant;

use super::*;
use crate::store::Kind;

#[test]
fn several_may_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    std::thread::scope(|scope| {
        for (nth, run) in RUNS.into_iter().enumerate() {
            let path = &path;
            scope.spawn(move || {
                // All of them make the store, and write to it through connections of their own.
                let mut store = Sqlite::open(path).unwrap();
                store.begin(&new_run(run, at(0), &[])).unwrap();
                for number in 0..15 {
                    let own = listing(number, nth);
                    store
                        .record(run, &[seen(&host(number), &[part("dpkg", &own), part("os", b"debian")])])
                        .unwrap();
                    assert_eq!(store.hosts(run).unwrap().len(), number + 1);
                }
                store.finish(run, at(1), &[]).unwrap();
            });
        }
    });
    let store = Sqlite::read(&path).unwrap();
    assert!(store.runs().unwrap().iter().all(|run| run.seen == 15 && run.finished.is_some()));
    for (nth, run) in RUNS.into_iter().enumerate() {
        for (number, entry) in store.hosts(run).unwrap().iter().enumerate() {
            assert!(store.bytes(entry.parts[0].part).unwrap() == listing(number, nth));
        }
    }
    let systems: Vec<PartId> =
        RUNS.iter().flat_map(|run| store.hosts(run).unwrap()).map(|entry| entry.parts[1].part).collect();
    assert!(systems.iter().all(|id| *id == systems[0]));
}

#[test]
fn what_one_remembers_is_forgotten_when_another_prunes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (mut one, mut other) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    fill(&mut one, 0);
    fill(&mut one, 1);
    other.prune(at(100_000)).unwrap();
    fill(&mut one, 0);
    let fresh = folder.path().join("fresh.db");
    fill(&mut Sqlite::open(&fresh).unwrap(), 0);
    let read = |store: &Sqlite| {
        let hosts = store.hosts(RUNS[0]).unwrap().into_iter().flat_map(|entry| entry.parts);
        hosts.map(|kept| store.bytes(kept.part).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(read(&one), read(&Sqlite::read(&fresh).unwrap()));
}

#[test]
fn who_holds_the_lock_is_named_and_not_waited_for_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    fill(&mut Sqlite::open(&path).unwrap(), 0);
    let holder = Sqlite::open(&path).unwrap();
    let patience = Duration::from_millis(150);
    let mut store = open::open(&path, patience, schema::MIGRATIONS).unwrap();
    holder.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    let error = store.record(RUNS[0], &[seen("new", &[])]).unwrap_err();
    assert_eq!(error.kind(), Kind::Locked);
    assert!(started.elapsed() >= patience && started.elapsed() < Duration::from_secs(5));
    let me = format!("process {} (", std::process::id());
    assert!(error.to_string().contains(&me) && error.to_string().contains("0.15 s"), "{error}");
    // Who reads is not kept waiting by who has not written yet, and is by who writes.
    assert_eq!(store.runs().unwrap().len(), 1);
    holder.connection.execute_batch("ROLLBACK; BEGIN EXCLUSIVE").unwrap();
    assert_eq!(store.runs().unwrap_err().kind(), Kind::Locked);
    assert_eq!(open::read(&path, patience, schema::MIGRATIONS).unwrap_err().kind(), Kind::Locked);
    assert_eq!(open::open(&path, patience, schema::MIGRATIONS).unwrap_err().kind(), Kind::Locked);
    holder.connection.execute_batch("ROLLBACK").unwrap();
    // A reader in the middle of it keeps who writes from finishing, which loses nothing.
    holder.connection.execute_batch("BEGIN; SELECT * FROM run").unwrap();
    assert_eq!(store.record(RUNS[0], &[seen("new", &[])]).unwrap_err().kind(), Kind::Locked);
    holder.connection.execute_batch("COMMIT").unwrap();
    store.record(RUNS[0], &[seen("new", &[])]).unwrap();
    assert_eq!(store.hosts(RUNS[0]).unwrap().len(), HOSTS + 1);
}

/// Stores until there is no space left, and again after a prune; everything that was stored is there.
fn fill_up(path: &Path, prepare: impl Fn(&Sqlite), relieve: impl Fn()) {
    let mut store = Sqlite::open(path).unwrap();
    prepare(&store);
    let id = |nth: usize| format!("{nth:012x}");
    let mut stored = Vec::new();
    let mut last = 0;
    let error = loop {
        let run = id(last);
        let started = at(i64::try_from(last).unwrap());
        let done = store
            .begin(&new_run(&run, started, &[]))
            .and_then(|()| store.record(&run, &[seen("web-01", &[part("dpkg", &noise(96_000, last))])]));
        match done {
            Ok(()) => stored.push(last),
            Err(error) => break error,
        }
        last += 1;
        assert!(last < 200, "it never gets full");
    };
    assert_eq!(error.kind(), Kind::Full, "{error}");
    assert!(error.hint().unwrap().contains("prune"));
    assert!(stored.len() > 3);
    let check = |store: &Sqlite, expected: &[usize]| {
        let history = store.of_host("web-01").unwrap();
        assert_eq!(
            history.iter().map(|(run, _)| run.clone()).collect::<Vec<_>>(),
            expected.iter().map(|nth| id(*nth)).collect::<Vec<_>>()
        );
        for ((_, entry), nth) in history.iter().zip(expected) {
            assert!(store.bytes(entry.parts[0].part).unwrap() == noise(96_000, *nth));
        }
    };
    check(&store, &stored);
    drop(store);
    let mut store = Sqlite::open(path).unwrap();
    prepare(&store);
    check(&store, &stored);
    // Forgetting needs a little space, and makes more.
    relieve();
    let had = path.metadata().unwrap().len();
    let pruned = store.prune(at(2)).unwrap();
    assert_eq!(pruned.runs, 2);
    assert!(pruned.bytes > 150_000 && path.metadata().unwrap().len() == had - pruned.bytes, "{pruned:?}");
    check(&store, &stored[2..]);
    let run = id(0);
    store.begin(&new_run(&run, at(10_000), &[])).unwrap();
    store.record(&run, &[seen("web-01", &[part("dpkg", &noise(96_000, 0))])]).unwrap();
    stored.push(0);
    check(&store, &stored[2..]);
}

#[test]
fn a_store_that_may_not_grow_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    fill_up(
        &folder.path().join("store.db"),
        |store| {
            let pages = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
            store.connection.pragma_update_and_check(None, "max_page_count", 300, pages).unwrap();
        },
        || (),
    );
}

#[test]
#[ignore = "needs the lab: scripts/test"]
fn a_full_disk_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |arguments: &[&str]| {
        assert!(
            Command::new(arguments[0]).args(&arguments[1..]).arg(folder.path()).status().unwrap().success()
        );
    };
    mount(&["mount", "-t", "tmpfs", "-o", "size=2m", "none"]);
    let done = std::panic::catch_unwind(|| {
        let ballast = folder.path().join("ballast");
        std::fs::write(&ballast, vec![0; 100_000]).unwrap();
        fill_up(&folder.path().join("store.db"), |_| (), || std::fs::remove_file(&ballast).unwrap());
    });
    // And one that may only be read is read, by root as well.
    mount(&["mount", "-o", "remount,ro"]);
    let path = folder.path().join("store.db");
    let read = Sqlite::read(&path).and_then(|store| store.runs());
    let written = Sqlite::open(&path).map(drop).map_err(|error| error.kind());
    mount(&["umount"]);
    done.unwrap();
    assert!(read.unwrap().len() > 3);
    assert_eq!(written, Err(Kind::ReadOnly));
}
