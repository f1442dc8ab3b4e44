//! What may be found where a store is expected; nothing that is not ours is ever changed.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::store::Kind;

/// Both ways of opening give an error of this kind, with these words and a hint, and leave the file as it is.
fn refused(path: &Path, kind: Kind, words: &str) {
    let before = std::fs::read(path).ok();
    for opened in [Sqlite::open(path), Sqlite::read(path)] {
        let error = opened.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(text.starts_with(&path.display().to_string()) && text.contains(words), "{text}");
        assert!(error.hint().is_some(), "{text}");
    }
    assert_eq!(std::fs::read(path).ok(), before);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    refused(folder.path(), Kind::Foreign, "is a folder");
    refused(Path::new("/dev/null"), Kind::Foreign, "is no ordinary file");
    std::fs::write(path("text"), "[defaults]\nuser = 'audit'\n").unwrap();
    refused(&path("text"), Kind::Foreign, "is no store of driftless");
    refused(&path("text").join("below"), Kind::Unusable, "cannot be");
    let theirs = Connection::open(path("theirs")).unwrap();
    theirs.execute_batch("CREATE TABLE places (url)").unwrap();
    refused(&path("theirs"), Kind::Foreign, "another application");
    theirs.execute_batch("PRAGMA application_id = 7").unwrap();
    refused(&path("theirs"), Kind::Foreign, "another application");
    // Even one with a write that was interrupted.
    theirs
        .execute_batch("PRAGMA cache_size = 1; BEGIN; INSERT INTO places VALUES (zeroblob(100000))")
        .unwrap();
    copy(&path("theirs"), &path("copy"));
    copy(&path("theirs-journal"), &path("copy-journal"));
    let journal = std::fs::read(path("copy-journal")).unwrap();
    refused(&path("copy"), Kind::Foreign, "another application");
    assert_eq!(std::fs::read(path("copy-journal")).unwrap(), journal);
}

#[test]
fn a_newer_or_altered_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Sqlite::open(&path).unwrap();
    store.connection.execute_batch("PRAGMA user_version = 2").unwrap();
    drop(store);
    refused(&path, Kind::Newer, "its format is version 2, this driftless knows 1");
    let raw = Connection::open(&path).unwrap();
    raw.execute_batch("PRAGMA user_version = 0").unwrap();
    refused(&path, Kind::Damaged, "it has no version");
    raw.execute_batch(
        "PRAGMA user_version = 1; CREATE TRIGGER t AFTER INSERT ON run BEGIN DELETE FROM host; END",
    )
    .unwrap();
    refused(&path, Kind::Damaged, "its tables");
}

#[test]
fn where_nothing_is_a_store_is_made_for_this_user_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state/of driftless?x=1/store.db");
    let error = Sqlite::read(&path).unwrap_err();
    assert_eq!(error.kind(), Kind::Absent);
    assert!(!folder.path().join("state").exists());
    fill(&mut Sqlite::open(&path).unwrap(), 0);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&path), mode(path.parent().unwrap()), mode(&folder.path().join("state"))),
        (0o600, 0o700, 0o700)
    );
    assert_eq!(Sqlite::read(&path).unwrap().runs().unwrap().len(), 1);
    // An empty file is one too, though to a reader it may be one that was cut.
    let empty = folder.path().join("empty");
    std::fs::write(&empty, "").unwrap();
    assert_eq!(Sqlite::read(&empty).unwrap_err().kind(), Kind::Absent);
    let link = folder.path().join("link");
    symlink(&empty, &link).unwrap();
    fill(&mut Sqlite::open(&link).unwrap(), 0);
    assert_eq!(Sqlite::read(&empty).unwrap().runs().unwrap().len(), 1);
}

#[test]
fn an_older_store_is_brought_up_to_date_to_write_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Sqlite::open(&path).unwrap();
    fill(&mut store, 0);
    let truth = truth(&store);
    drop(store);
    // There is one version yet; a program that knows two is played.
    let second = [schema::MIGRATIONS[0], "CREATE TABLE label (run INTEGER PRIMARY KEY, text TEXT NOT NULL)"];
    let error = open::read(&path, PATIENCE, &second).unwrap_err();
    assert_eq!(error.kind(), Kind::Older, "{error}");
    assert_eq!(super::truth(&Sqlite::read(&path).unwrap()), truth);
    assert_eq!(super::truth(&open::open(&path, PATIENCE, &second).unwrap()), truth);
    assert_eq!(super::truth(&open::read(&path, PATIENCE, &second).unwrap()), truth);
    refused(&path, Kind::Newer, "version 2");
}

#[test]
fn what_may_not_be_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut store = Sqlite::open(&path).unwrap();
    fill(&mut store, 0);
    let truth = truth(&store);
    drop(store);
    let mode = |path: &Path, mode| std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    mode(&path, 0o400);
    mode(folder.path(), 0o500);
    // Root may write all the same.
    if std::fs::OpenOptions::new().write(true).open(&path).is_err() {
        assert_eq!(super::truth(&Sqlite::read(&path).unwrap()), truth);
        assert_eq!(Sqlite::open(&path).unwrap_err().kind(), Kind::ReadOnly);
        mode(&path, 0o600);
        let mut store = Sqlite::open(&path).unwrap();
        let error = store.record(RUNS[0], &[seen("new", &[])]).unwrap_err();
        assert!(matches!(error.kind(), Kind::ReadOnly | Kind::Unusable), "{error}");
        assert_eq!(super::truth(&store), truth);
        assert_eq!(Sqlite::open(&folder.path().join("new.db")).unwrap_err().kind(), Kind::Unusable);
    }
    mode(folder.path(), 0o700);
    // Nothing is written through a store that was opened to be read, whatever the system allows.
    mode(&path, 0o600);
    let error = Sqlite::read(&path).unwrap().record(RUNS[0], &[seen("new", &[])]).unwrap_err();
    assert_eq!(error.kind(), Kind::ReadOnly, "{error}");
}
