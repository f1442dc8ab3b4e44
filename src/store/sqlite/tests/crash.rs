//! A process that is killed loses nothing that it was told is stored.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::*;

const PATH: &str = "DRIFTLESS_TEST_STORE";

/// The process that is killed: this test by itself does nothing.
#[test]
fn a_child_that_stores_without_end() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let mut store = Sqlite::open(Path::new(&path)).unwrap();
    store.begin(&new_run(RUNS[0], at(0), &[])).unwrap();
    for number in 0.. {
        let name = host(number);
        store.record(RUNS[0], &[seen(&name, &[part("dpkg", &listing(number % 200, number))])]).unwrap();
        println!("stored {name}");
    }
}

#[test]
fn what_was_stored_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    for (nth, enough) in [1, 4, 9, 23, 40, 61].into_iter().enumerate() {
        let path = folder.path().join(format!("{nth}.db"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::sqlite::tests::crash::a_child_that_stores_without_end", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut told = Vec::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let name = |line: String| line.rsplit_once("stored ").map(|(_, name)| name.to_owned());
        while told.len() < enough {
            told.extend(name(lines.next().unwrap()));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said until it died.
        told.extend(lines.filter_map(name));
        let mut store = Sqlite::open(&path).unwrap();
        let hosts = store.hosts(RUNS[0]).unwrap();
        // One more may have been stored, but not told of.
        assert!(hosts.len() == told.len() || hosts.len() == told.len() + 1, "{} {}", hosts.len(), told.len());
        for (number, told) in told.iter().enumerate() {
            let entry = hosts.iter().find(|entry| *entry.host == **told).unwrap();
            assert!(store.bytes(entry.parts[0].part).unwrap() == listing(number % 200, number));
        }
        assert_eq!(store.runs().unwrap()[0].finished, None);
        store.record(RUNS[0], &[seen("resumed", &[])]).unwrap();
        store.finish(RUNS[0], at(9), &[]).unwrap();
    }
}
