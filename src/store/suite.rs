//! What every store must do, whatever it is made of: [`suite`] holds it against one.

use std::time::Duration;

use jiff::Timestamp;

use super::{Entry, Kind, NewRun, Part, Seen, Store};

/// A moment, in milliseconds after some day.
pub(super) fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + milliseconds).unwrap()
}

pub(super) fn new_run<'a>(id: &'a str, started: Timestamp, parts: &'a [Part<'a>]) -> NewRun<'a> {
    NewRun { id, started, command: "audit", version: "0.1.0", asked: 2, parts }
}

pub(super) fn part<'a>(name: &'a str, bytes: &'a [u8]) -> Part<'a> {
    Part { name, status: 0, bytes }
}

pub(super) fn seen<'a>(host: &'a str, parts: &'a [Part<'a>]) -> Seen<'a> {
    Seen { host, at: at(5), took: Duration::from_millis(120), fault: None, parts }
}

/// A listing of packages, of which one has a version of its own.
pub(super) fn listing(changed: usize, version: usize) -> Vec<u8> {
    let line = |nth| {
        let version = if nth == changed { version } else { 0 };
        format!("package-{nth}\tamd64\t{}.{}.{version}-1+deb13u1\tii \n", nth % 7, nth * nth % 41)
    };
    (0..200).map(line).collect::<String>().into_bytes()
}

/// Holds all tests of a store against those that `make` gives, each of which must be empty.
pub(super) fn suite(make: impl Fn() -> Box<dyn Store>) {
    what_is_stored_comes_back(&mut *make());
    of_two_looks_at_a_host_the_later_counts(&mut *make());
    equal_bytes_are_one_part(&mut *make());
    what_is_not_there_is_an_error(&mut *make());
    runs_keep_their_order_though_the_clock_goes_back(&mut *make());
    old_runs_are_forgotten_and_nothing_else(&mut *make());
    odd_bytes_and_names_are_kept(&mut *make());
}

fn names(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| &*entry.host).collect()
}

fn what_is_stored_comes_back(store: &mut dyn Store) {
    assert_eq!(store.runs().unwrap(), []);
    assert_eq!(store.of_host("web-01").unwrap(), []);
    let begin = [part("inventory", b"web-[01:02]"), part("playbook", b"name = 'x'")];
    store.begin(&new_run("0123456789ab", at(0), &begin)).unwrap();
    let (first, second) = (listing(1, 1), listing(1, 2));
    let parts = [part("dpkg", &first), Part { name: "uptime", status: -3, bytes: b"" }];
    store
        .record("0123456789ab", &[seen("web-02", &parts), seen("web-01", &[part("dpkg", &second)])])
        .unwrap();
    let failed = Seen { fault: Some(b"refused"), ..seen("web-03", &[]) };
    store.record("0123456789ab", &[failed]).unwrap();
    store.record("0123456789ab", &[]).unwrap();

    let runs = store.runs().unwrap();
    let [run] = runs.as_slice() else { panic!("{runs:?}") };
    assert_eq!((run.id.as_str(), run.started, run.finished), ("0123456789ab", at(0), None));
    assert_eq!((run.command.as_str(), run.version.as_str(), run.asked, run.seen), ("audit", "0.1.0", 2, 3));

    store
        .finish("0123456789ab", at(900), &[part("playbook", b"name = 'y'"), part("findings", b"[]")])
        .unwrap();
    assert_eq!(store.runs().unwrap()[0].finished, Some(at(900)));
    let kept = store.run_parts("0123456789ab").unwrap();
    let read: Vec<(&str, Vec<u8>)> =
        kept.iter().map(|part| (&*part.name, store.bytes(part.part).unwrap())).collect();
    let expected: [(&str, &[u8]); 3] =
        [("inventory", b"web-[01:02]"), ("playbook", b"name = 'y'"), ("findings", b"[]")];
    assert_eq!(read, expected.map(|(name, bytes)| (name, bytes.to_vec())));

    let hosts = store.hosts("0123456789ab").unwrap();
    assert_eq!(names(&hosts), ["web-01", "web-02", "web-03"]);
    assert_eq!(
        (hosts[1].at, hosts[1].took, hosts[1].fault.as_deref()),
        (at(5), Duration::from_millis(120), None)
    );
    assert_eq!((hosts[2].fault.as_deref(), hosts[2].parts.len()), (Some(&b"refused"[..]), 0));
    let parts: Vec<(&str, i32)> = hosts[1].parts.iter().map(|part| (&*part.name, part.status)).collect();
    assert_eq!(parts, [("dpkg", 0), ("uptime", -3)]);
    assert_eq!(store.bytes(hosts[1].parts[0].part).unwrap(), first);
    assert_eq!(store.bytes(hosts[1].parts[1].part).unwrap(), b"");
    assert_eq!(store.bytes(hosts[0].parts[0].part).unwrap(), second);
    let several: Vec<_> = hosts.iter().flat_map(|host| &host.parts).map(|kept| kept.part).collect();
    assert_eq!(store.all_bytes(&several).unwrap(), [second, first, Vec::new()]);
    let of_host = store.of_host("web-02").unwrap();
    assert_eq!(of_host, [("0123456789ab".to_owned(), hosts[1].clone())]);
}

fn of_two_looks_at_a_host_the_later_counts(store: &mut dyn Store) {
    store.begin(&new_run("0123456789ab", at(0), &[])).unwrap();
    let (first, second) = ([part("a", b"1")], [part("a", b"2")]);
    store.record("0123456789ab", &[seen("web-01", &first), seen("web-01", &second)]).unwrap();
    let failed = Seen { fault: Some(b"gone"), ..seen("web-02", &[]) };
    store.record("0123456789ab", &[failed]).unwrap();
    store.record("0123456789ab", &[seen("web-02", &[part("a", b"3")])]).unwrap();
    let hosts = store.hosts("0123456789ab").unwrap();
    assert_eq!(names(&hosts), ["web-01", "web-02"]);
    assert_eq!(store.bytes(hosts[0].parts[0].part).unwrap(), b"2");
    assert_eq!(
        (hosts[1].fault.as_deref(), store.bytes(hosts[1].parts[0].part).unwrap()),
        (None, b"3".to_vec())
    );
    assert_eq!(store.runs().unwrap()[0].seen, 2);
    assert_eq!(store.of_host("web-02").unwrap().len(), 1);
}

fn equal_bytes_are_one_part(store: &mut dyn Store) {
    let bytes = listing(3, 1);
    for (run, started) in [("aaaaaaaaaaaa", 0), ("bbbbbbbbbbbb", 10)] {
        store.begin(&new_run(run, at(started), &[part("as a whole", &bytes)])).unwrap();
        for host in ["web-01", "web-02"] {
            store.record(run, &[seen(host, &[part("dpkg", &bytes), part("other", &bytes)])]).unwrap();
        }
    }
    let mut ids = Vec::new();
    for run in ["aaaaaaaaaaaa", "bbbbbbbbbbbb"] {
        ids.extend(store.run_parts(run).unwrap().iter().map(|kept| kept.part));
        let hosts = store.hosts(run).unwrap();
        ids.extend(hosts.iter().flat_map(|host| &host.parts).map(|kept| kept.part));
    }
    assert_eq!(ids.len(), 10);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    // And other bytes, however much alike, are another part.
    store.record("bbbbbbbbbbbb", &[seen("web-02", &[part("dpkg", &listing(3, 2))])]).unwrap();
    let changed = store.of_host("web-02").unwrap();
    assert_ne!(changed[1].1.parts[0].part, ids[0]);
    assert_eq!(store.bytes(changed[1].1.parts[0].part).unwrap(), listing(3, 2));
}

fn what_is_not_there_is_an_error(store: &mut dyn Store) {
    store.begin(&new_run("0123456789ab", at(0), &[])).unwrap();
    store.record("0123456789ab", &[seen("web-01", &[])]).unwrap();
    let unknown = "ffffffffffff";
    for kind in [
        store.record(unknown, &[seen("web-01", &[])]).map_err(|error| error.kind()),
        store.finish(unknown, at(1), &[]).map_err(|error| error.kind()),
        store.hosts(unknown).map(drop).map_err(|error| error.kind()),
        store.run_parts(unknown).map(drop).map_err(|error| error.kind()),
    ] {
        assert_eq!(kind, Err(Kind::UnknownRun));
    }
    assert_eq!(store.begin(&new_run("0123456789ab", at(9), &[])).unwrap_err().kind(), Kind::Exists);
    for id in ["", "0123456789AB", "0123456789a", "0123456789abc", "../../passwd", "0123456789a\u{e9}"] {
        assert_eq!(store.begin(&new_run(id, at(9), &[])).unwrap_err().kind(), Kind::Invalid, "{id}");
    }
    // What failed left nothing behind.
    assert_eq!(store.runs().unwrap().len(), 1);
    assert_eq!(store.hosts("0123456789ab").unwrap().len(), 1);
    assert_eq!(store.of_host("web-99").unwrap(), []);
}

fn runs_keep_their_order_though_the_clock_goes_back(store: &mut dyn Store) {
    for (run, started) in [("cccccccccccc", 5000), ("aaaaaaaaaaaa", -86_400_000), ("bbbbbbbbbbbb", 20)] {
        store.begin(&new_run(run, at(started), &[])).unwrap();
        store.record(run, &[seen("web-01", &[part("a", run.as_bytes())])]).unwrap();
    }
    let order: Vec<String> = store.runs().unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(order, ["cccccccccccc", "aaaaaaaaaaaa", "bbbbbbbbbbbb"]);
    let of_host = store.of_host("web-01").unwrap();
    assert_eq!(of_host.iter().map(|(run, _)| run.as_str()).collect::<Vec<_>>(), order);
    assert!(of_host.iter().all(|(_, entry)| entry.at == at(5)));
}

fn old_runs_are_forgotten_and_nothing_else(store: &mut dyn Store) {
    let id = |nth: i64| format!("{nth:012x}");
    let (still, common) = (listing(0, 9), listing(1, 9));
    for nth in 0..20 {
        let own = listing(7, usize::try_from(nth).unwrap());
        store.begin(&new_run(&id(nth), at(nth * 1000), &[part("playbook", &still)])).unwrap();
        store.record(&id(nth), &[seen("web-01", &[part("dpkg", &own), part("still", &common)])]).unwrap();
        if nth < 5 {
            store.record(&id(nth), &[seen("gone", &[part("dpkg", &listing(9, 9))])]).unwrap();
        }
    }
    assert_eq!(store.prune(at(-1)).unwrap().runs, 0);
    let pruned = store.prune(at(12_000)).unwrap();
    assert_eq!(pruned.runs, 12);
    assert!(pruned.objects >= 12, "{pruned:?}");
    let check = |store: &dyn Store| {
        let left: Vec<String> = store.runs().unwrap().into_iter().map(|run| run.id).collect();
        assert_eq!(left, (12..20).map(id).collect::<Vec<_>>());
        assert_eq!(store.of_host("gone").unwrap(), []);
        let history = store.of_host("web-01").unwrap();
        assert_eq!(history.len(), 8);
        for (nth, (run, entry)) in (12..).zip(&history) {
            assert_eq!(run, &id(nth));
            let own = listing(7, usize::try_from(nth).unwrap());
            assert_eq!(store.bytes(entry.parts[0].part).unwrap(), own);
            assert_eq!(store.bytes(entry.parts[1].part).unwrap(), common);
            assert_eq!(store.bytes(store.run_parts(run).unwrap()[0].part).unwrap(), still);
        }
    };
    check(store);
    assert_eq!(store.prune(at(12_000)).unwrap().runs, 0);
    check(store);
    // What was forgotten can be stored again, and gets numbers that were never given.
    let newest = store.of_host("web-01").unwrap().iter().map(|(_, entry)| entry.parts[0].part).max().unwrap();
    store.begin(&new_run(&id(3), at(30_000), &[])).unwrap();
    store.record(&id(3), &[seen("gone", &[part("dpkg", &listing(9, 9))])]).unwrap();
    let again = store.of_host("gone").unwrap();
    assert!(again[0].1.parts[0].part > newest);
    assert_eq!(store.bytes(again[0].1.parts[0].part).unwrap(), listing(9, 9));
    // And all can be forgotten.
    assert_eq!(store.prune(at(1_000_000)).unwrap().runs, 9);
    assert_eq!(store.runs().unwrap(), []);
    assert_eq!(store.bytes(again[0].1.parts[0].part).unwrap_err().kind(), Kind::UnknownPart);
}

fn odd_bytes_and_names_are_kept(store: &mut dyn Store) {
    let large: Vec<u8> =
        (0..3_000_000_u32).flat_map(|nth| nth.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let zeroes = vec![0; 1_000_000];
    let all: [&[u8]; 6] = [b"", b"\0", b"\xff\xfe\r\n", &large[..70], &zeroes, &large];
    let odd = "h\u{0}st \u{1b}[31m 'x'; DROP TABLE run; --\u{1f600}";
    store.begin(&new_run("0123456789ab", at(0), &[])).unwrap();
    let parts: Vec<Part<'_>> = all.iter().map(|bytes| part(odd, bytes)).collect();
    let odd_host = Seen { took: Duration::from_secs(90_000), fault: Some(b""), ..seen(odd, &parts) };
    store.record("0123456789ab", &[odd_host, seen("", &[part("", b"x")])]).unwrap();
    let hosts = store.hosts("0123456789ab").unwrap();
    assert_eq!(names(&hosts), ["", odd]);
    assert_eq!((hosts[1].took, hosts[1].fault.as_deref()), (Duration::from_secs(90_000), Some(&b""[..])));
    for (kept, bytes) in hosts[1].parts.iter().zip(all) {
        assert_eq!(&*kept.name, odd);
        assert!(store.bytes(kept.part).unwrap() == bytes);
    }
    assert_eq!(hosts[1].parts.len(), all.len());
}
