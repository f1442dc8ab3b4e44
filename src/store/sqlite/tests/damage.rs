//! A damaged store gives an error or what was stored, never anything else and never less.

use super::*;
use crate::store::Kind;

/// Numbers that look like chance and are the same in every run: splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap()
    }
}

/// How many answers were errors; every other one must be that of one of `truths`.
fn errors(store: Result<Sqlite, Error>, truths: &[&[String]], what: &str) -> usize {
    let Ok(store) = store else { return truths[0].len() };
    let answers = all(&store);
    for (nth, answer) in answers.iter().enumerate() {
        let mut expected = truths.iter().map(|truth| truth[nth].as_str());
        let right = match answer {
            Ok(answer) => expected.any(|expected| expected == answer),
            // That a run is not there is an answer, too.
            Err(error) if error.kind() == Kind::UnknownRun => {
                expected.any(|expected| expected == "UnknownRun")
            }
            Err(_) => true,
        };
        assert!(right, "{what}: {:.3000}", format!("{nth} {answer:?}"));
    }
    answers.iter().filter(|answer| answer.is_err()).count()
}

/// A store of four runs, closed; also what it was when there were three.
fn store(folder: &Path) -> (Vec<u8>, Vec<u8>, Vec<String>) {
    let path = folder.join("store.db");
    let mut store = Sqlite::open(&path).unwrap();
    (0..3).for_each(|nth| fill(&mut store, nth));
    let older = std::fs::read(&path).unwrap();
    fill(&mut store, 3);
    let truth = truth(&store);
    drop(store);
    (std::fs::read(&path).unwrap(), older, truth)
}

#[test]
fn flipped_bytes_are_an_error_or_do_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _, truth) = store(folder.path());
    let path = folder.path().join("damaged.db");
    let (mut chance, mut noticed) = (Chance(1), 0);
    for case in 0..300 {
        let mut bad = good.clone();
        let place = chance.below(bad.len());
        match case % 4 {
            // A bit, a byte, a sector, some bytes of a header of a page.
            0 => bad[place] ^= 1 << chance.below(8),
            1 => bad[place] = u8::try_from(chance.below(256)).unwrap(),
            2 => bad[place / 512 * 512..][..512].fill(0),
            _ => (0..3).for_each(|_| {
                bad[place / 4096 * 4096 + chance.below(60)] ^= u8::try_from(chance.below(256)).unwrap();
            }),
        }
        std::fs::write(&path, &bad).unwrap();
        let what = format!("case {case} at {place}");
        noticed += usize::from(errors(Sqlite::read(&path), &[&truth], &what) > 0);
        assert!(std::fs::read(&path).unwrap() == bad, "{what}: reading changed the file");
    }
    // The rest hit space that is not used, or what is only read to write.
    assert!(noticed > 80, "{noticed}");
}

#[test]
fn every_byte_of_a_row_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _, truth) = store(folder.path());
    let path = folder.path().join("flipped.db");
    for text in [RUNS[1].to_owned(), host(3)] {
        let found = good.windows(text.len()).position(|window| window == text.as_bytes()).unwrap();
        for place in found - 25..found + text.len() + 60 {
            let mut bad = good.clone();
            bad[place] ^= 1 << (place % 8);
            std::fs::write(&path, &bad).unwrap();
            errors(Sqlite::read(&path), &[&truth], &format!("{text} at {place}"));
        }
    }
}

#[test]
fn a_file_that_was_cut_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _, truth) = store(folder.path());
    let path = folder.path().join("cut.db");
    let mut chance = Chance(2);
    let lengths = (0..101).chain((0..good.len()).step_by(4096)).chain([good.len() - 1]);
    let lengths: Vec<usize> = lengths.chain((0..100).map(|_| chance.below(good.len()))).collect();
    for length in lengths {
        std::fs::write(&path, &good[..length]).unwrap();
        let noticed = errors(Sqlite::read(&path), &[&truth], &format!("cut to {length}")) > 0;
        // The end of the last page may be space that is not used.
        assert!(noticed || length > good.len() - 4096, "{length}");
        if length > 0 {
            let _ = errors(Sqlite::open(&path), &[&truth], &format!("cut to {length}"));
        }
    }
}

#[test]
fn a_page_that_was_never_written_shows() {
    let folder = tempfile::tempdir().unwrap();
    let (good, older, truth) = store(folder.path());
    let path = folder.path().join("stale.db");
    let mut noticed = 0;
    for page in 0..older.len() / 4096 {
        let place = page * 4096..(page + 1) * 4096;
        if good[place.clone()] == older[place.clone()] {
            continue;
        }
        let mut bad = good.clone();
        bad[place.clone()].copy_from_slice(&older[place]);
        std::fs::write(&path, &bad).unwrap();
        noticed += usize::from(errors(Sqlite::read(&path), &[&truth], &format!("page {page}")) > 0);
    }
    assert!(noticed > 5, "{noticed}");
}

#[test]
fn writing_to_a_damaged_store_makes_nothing_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (good, _, truth) = store(folder.path());
    let path = folder.path().join("written.db");
    let mut chance = Chance(3);
    for case in 0..150 {
        let mut bad = good.clone();
        let place = chance.below(bad.len());
        bad[place] ^= 1 << chance.below(8);
        std::fs::write(&path, &bad).unwrap();
        let Ok(mut store) = Sqlite::open(&path) else { continue };
        // All that can be asked stays the same: the host is a new one, of a run that it knows.
        let (run, mut changed) = (RUNS[3], truth.clone());
        if store.record(run, &[seen("new", &[part("dpkg", &listing(1, 3))])]).is_ok() {
            let answers = [store.runs().map(|runs| format!("{runs:?}")), hosts(&store, run)];
            for (nth, answer) in [0, 8].into_iter().zip(answers) {
                if let Ok(answer) = answer {
                    assert!(answer.contains("seen: 21") || answer.contains("new"), "case {case}");
                    changed[nth] = answer;
                }
            }
            errors(Ok(store), &[&changed], &format!("case {case} at {place}"));
        }
    }
}

fn hosts(store: &Sqlite, run: &str) -> Result<String, Error> {
    let nth = 2 + 2 * RUNS.iter().position(|name| *name == run).unwrap();
    all(store).swap_remove(nth)
}

#[test]
fn a_damaged_journal_is_an_error_or_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (db, journal) = (folder.path().join("copy.db"), folder.path().join("copy.db-journal"));
    let mut store = Sqlite::open(&path).unwrap();
    (0..3).for_each(|nth| fill(&mut store, nth));
    store.begin(&new_run(RUNS[3], at(9), &[])).unwrap();
    let before = truth(&store);
    let all: Vec<(String, Vec<u8>)> = (0..HOSTS).map(|number| (host(number), listing(number, 30))).collect();
    let parts: Vec<[Part<'_>; 2]> =
        all.iter().map(|(name, dpkg)| [part("dpkg", dpkg), part("uptime", name.as_bytes())]).collect();
    let all: Vec<Seen<'_>> = all.iter().zip(&parts).map(|((name, _), parts)| seen(name, parts)).collect();
    let whole = std::fs::read(&path).unwrap();
    // A write that is interrupted when half of it is in the file already, as it is when the cache is small.
    store.connection.pragma_update(None, "cache_size", 1).unwrap();
    let interrupted = store.writing(|transaction, memory| {
        write::record(transaction, memory, RUNS[3], &all)?;
        copy(&path, &db);
        copy(&folder.path().join("store.db-journal"), &journal);
        Err::<(), _>(Trouble::damaged("stopped"))
    });
    assert!(interrupted.is_err());
    store.record(RUNS[3], &all).unwrap();
    let after = truth(&store);
    let (half, hot) = (std::fs::read(&db).unwrap(), std::fs::read(&journal).unwrap());
    assert!(hot.len() > 8192 && half != whole, "{}", hot.len());
    // Whole, it is rolled back.
    assert_eq!(truth(&Sqlite::read(&db).unwrap()), before);
    let (mut chance, mut noticed) = (Chance(4), 0);
    for case in 0..200 {
        let mut bad = hot.clone();
        match case % 3 {
            0 => bad.truncate(chance.below(hot.len())),
            1 => (0..4).for_each(|_| bad[chance.below(40)] ^= 1 << chance.below(8)),
            _ => bad[chance.below(hot.len())] ^= 1 << chance.below(8),
        }
        std::fs::write(&db, &half).unwrap();
        std::fs::write(&journal, &bad).unwrap();
        noticed += usize::from(errors(Sqlite::read(&db), &[&before, &after], &format!("case {case}")) > 0);
    }
    assert!(noticed > 20, "{noticed}");
}
