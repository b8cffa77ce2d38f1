//! What is not a report is refused by name, in one sentence, and left as it was.

#[cfg(unix)]
mod unix;

use rusqlite::Connection;

use super::*;
use crate::schema::{APPLICATION_ID, MIGRATIONS};

/// Whether the file itself is the reason: it is not a report that this host can use.
fn is_refusal(error: &StoreError) -> bool {
    use StoreError::*;
    matches!(
        error,
        NotAFile { .. }
            | Empty { .. }
            | NotSqlite { .. }
            | Foreign { .. }
            | Newer { .. }
            | Damaged { .. }
            | Schema { .. }
            | Journal { .. }
            | TakesBack { .. }
            | Excess { .. }
    )
}

/// Opens what `make` puts at the path, in both ways, and checks that not a byte changed.
fn refuse(make: impl Fn(&Path), expected: impl Fn(&StoreError) -> bool) {
    let (directory, path) = place();
    make(&path);
    let before = contents(directory.path());
    for result in [Store::open(&path), Store::open_existing(&path)] {
        let error = result.unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert!(is_refusal(&error), "{error}");
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
        one_sentence(&error);
    }
    assert!(
        contents(directory.path()) == before,
        "a file was changed, made or deleted"
    );
}

/// A report of several runs whose bytes from `at` on are overwritten.
fn damaged(path: &Path, at: usize, bytes: &[u8]) {
    recorded(path);
    let mut whole = fs::read(path).unwrap();
    whole[at..at + bytes.len()].copy_from_slice(bytes);
    fs::write(path, whole).unwrap();
}

/// A report as a killed writer leaves it: a file, and a log with a run in it.
fn unclean(path: &Path) {
    let (directory, live) = place();
    recorded(&live);
    let mut held = Store::open(&live).unwrap();
    held.record(&fixture::numbered(1)).unwrap();
    for suffix in ["", "-wal"] {
        let name = |base: &Path| PathBuf::from(format!("{}{suffix}", base.display()));
        fs::copy(name(&live), name(path)).unwrap();
    }
    drop((held, directory));
}

#[test]
fn files_that_are_not_sqlite() {
    let not_sqlite = |e: &StoreError| matches!(e, StoreError::NotSqlite { .. });
    refuse(|path| fs::write(path, "hello").unwrap(), not_sqlite);
    refuse(|path| fs::write(path, [0; 5000]).unwrap(), not_sqlite);
    refuse(
        |path| fs::write(path, "x".repeat(100_000)).unwrap(),
        not_sqlite,
    );
    refuse(|path| damaged(path, 0, b"sqlite"), not_sqlite);
    refuse(
        |path| fs::write(path, "").unwrap(),
        |e| matches!(e, StoreError::Empty { .. }),
    );
}

#[test]
fn a_sparse_file_of_ten_gibibytes() {
    let (_directory, path) = place();
    fs::File::create(&path).unwrap().set_len(10 << 30).unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::NotSqlite { .. }), "{error}");
}

#[test]
fn databases_of_other_programs() {
    let foreign = |e: &StoreError| matches!(e, StoreError::Foreign { .. });
    let make = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    refuse(|path| make(path, "CREATE TABLE run (id TEXT)"), foreign);
    refuse(
        |path| {
            make(
                path,
                "PRAGMA application_id = 1; CREATE TABLE run (id TEXT)",
            )
        },
        foreign,
    );
    refuse(
        |path| {
            make(
                path,
                "PRAGMA journal_mode = wal; CREATE TABLE run (id TEXT)",
            )
        },
        foreign,
    );
    refuse(
        |path| make(path, "PRAGMA user_version = 1; VACUUM"),
        foreign,
    );
}

/// SQLite would roll the journal back and delete it, or copy the log into the file.
#[test]
fn databases_of_other_programs_that_were_killed() {
    let foreign = |e: &StoreError| matches!(e, StoreError::Foreign { .. });
    for mode in ["delete", "wal"] {
        refuse(
            |path| {
                let (directory, live) = place();
                let held = Connection::open(&live).unwrap();
                held.execute_batch(&format!(
                    "PRAGMA journal_mode = {mode}; CREATE TABLE t (x); PRAGMA cache_size = 1;
                     INSERT INTO t VALUES (randomblob(9999)); BEGIN; UPDATE t SET x = randomblob(99999);"
                ))
                .unwrap();
                for suffix in ["", "-wal", "-journal"] {
                    let name = |base: &Path| PathBuf::from(format!("{}{suffix}", base.display()));
                    if name(&live).exists() {
                        fs::copy(name(&live), name(path)).unwrap();
                    }
                }
                drop((held, directory));
            },
            foreign,
        );
    }
}

#[test]
fn damaged_reports() {
    let is_damaged = |e: &StoreError| matches!(e, StoreError::Damaged { .. });
    // Cut in the middle: the header says how long it was.
    let cut = |path: &Path| {
        recorded(path);
        let whole = fs::read(path).unwrap();
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
    };
    refuse(cut, is_damaged);
    // A version that never was.
    refuse(|path| damaged(path, 60, &[0; 4]), is_damaged);
    refuse(|path| damaged(path, 60, &[0xff; 4]), is_damaged);
    // A later version, by one byte of the header.
    refuse(
        |path| damaged(path, 60, &[0, 0, 0, 9]),
        |e| matches!(e, StoreError::Newer { found: 9, .. }),
    );
}

/// After an unclean end everything is checked before anything is used.
#[test]
fn damaged_reports_of_a_killed_writer() {
    let is_damaged = |e: &StoreError| matches!(e, StoreError::Damaged { .. });
    let spoil = |path: &Path| {
        unclean(path);
        let page = 8192;
        let mut whole = fs::read(path).unwrap();
        let pages = whole.len() / page;
        assert!(pages > 8, "{pages}");
        // The log holds newer forms of some pages; the others are what is spoiled here.
        for at in (page..whole.len()).step_by(page) {
            whole[at..at + 16].fill(0xa5);
        }
        fs::write(path, whole).unwrap();
    };
    refuse(spoil, is_damaged);
    // Cut to its first page, and with a log that cannot replace the others.
    refuse(
        |path| {
            unclean(path);
            let whole = fs::read(path).unwrap();
            fs::write(path, &whole[..8192]).unwrap();
        },
        is_damaged,
    );
}

#[test]
fn a_report_of_a_killed_writer_is_whole() {
    let (directory, path) = place();
    unclean(&path);
    let store = Store::open_existing(&path).unwrap();
    assert_eq!(store.runs().unwrap().len(), 2);
    assert_eq!(store.run("latest").unwrap(), fixture::numbered(1));
    drop(store);
    let names: Vec<_> = contents(directory.path()).into_keys().collect();
    assert_eq!(names, [path], "the log was taken up");
}

/// Damage inside is met when it is read: an error, and nothing is written.
#[test]
fn damage_that_opening_does_not_see() {
    let (directory, path) = place();
    recorded(&path);
    let whole = fs::read(&path).unwrap();
    let mut seen = 0;
    for at in (8192..whole.len()).step_by(8192) {
        let mut bad = whole.clone();
        bad[at..at + 64].fill(0xa5);
        fs::write(&path, &bad).unwrap();
        let result = Store::open_existing(&path).and_then(|store| store.run("latest"));
        match result {
            Ok(run) => assert!(
                run == fixture::full(),
                "page {at} was read as other numbers"
            ),
            Err(StoreError::Damaged { .. }) => seen += 1,
            Err(StoreError::NoSuchRun { .. } | StoreError::Statement { .. }) => {}
            Err(error) => panic!("{error:?}"),
        }
        assert!(
            contents(directory.path()) == [(path.clone(), bad)].into(),
            "page {at}"
        );
    }
    assert!(seen > 3, "{seen}");
}

#[test]
fn a_report_whose_tables_are_others() {
    let schema = |e: &StoreError| matches!(e, StoreError::Schema { .. });
    let make = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    let bare = "CREATE TABLE run (x)";
    let sql = format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; {bare}");
    refuse(|path| make(path, &sql), schema);
    // Also of a version that would be brought to this one first.
    refuse(
        |path| {
            drop(Store::open_at(path, &MIGRATIONS[..1]).unwrap());
            make(path, "CREATE TABLE another (x)");
        },
        schema,
    );
}

/// It says of itself that it is to be rolled back over a report that never had one.
#[test]
fn a_journal_beside_a_report() {
    refuse(
        |path| {
            recorded(path);
            fs::write(format!("{}-journal", path.display()), "a journal").unwrap();
        },
        |e| matches!(e, StoreError::Journal { .. }),
    );
}

/// A log with the pages of another report, or of an older copy of this one.
#[test]
fn a_log_that_takes_runs_back() {
    let log = |path: &Path| PathBuf::from(format!("{}-wal", path.display()));
    let make = |path: &Path, sql: &str| Connection::open(path).unwrap().execute_batch(sql).unwrap();
    refuse(
        |path| {
            let (_directory, other) = place();
            unclean(&other);
            let mut store = Store::open(path).unwrap();
            for number in [7, 8] {
                store.record(&fixture::numbered(number)).unwrap();
            }
            drop(store);
            fs::copy(log(&other), log(path)).unwrap();
        },
        |e| matches!(e, StoreError::TakesBack { .. } | StoreError::Damaged { .. }),
    );
    // All pages of a whole report: nothing in it is damaged.
    refuse(
        |path| {
            let (directory, live) = place();
            recorded(&live);
            let held = Store::open(&live).unwrap();
            make(&live, "VACUUM");
            fs::copy(log(&live), directory.path().join("log")).unwrap();
            drop(held);
            let mut store = Store::open(path).unwrap();
            store.record(&fixture::numbered(7)).unwrap();
            drop(store);
            fs::copy(directory.path().join("log"), log(path)).unwrap();
        },
        |e| matches!(e, StoreError::TakesBack { run, .. } if *run == fixture::numbered(7).id),
    );
}

#[test]
fn nothing_there() {
    let (directory, path) = place();
    let error = Store::open_existing(&path).unwrap_err();
    assert!(matches!(error, StoreError::Absent { .. }), "{error}");
    one_sentence(&error);
    assert!(
        contents(directory.path()).is_empty(),
        "a reading verb made a file"
    );
    let deep = directory.path().join("a/b/.dyno/r.sqlite");
    drop(Store::open(&deep).unwrap());
    assert!(deep.is_file());
}

#[test]
fn a_path_under_a_file_or_with_a_nul() {
    let (directory, path) = place();
    fs::write(&path, "x").unwrap();
    for wrong in [
        path.join("r.sqlite"),
        directory.path().join("a\0b"),
        PathBuf::new(),
    ] {
        for result in [Store::open(&wrong), Store::open_existing(&wrong)] {
            let error = result.unwrap_err();
            let known = matches!(
                error,
                StoreError::Unreachable { .. }
                    | StoreError::Create { .. }
                    | StoreError::Absent { .. }
            );
            assert!(known, "{error:?}");
            one_sentence(&error);
        }
    }
}

#[test]
fn names_that_sqlite_reads_as_something_else() {
    let (directory, _) = place();
    for name in [
        ":memory:",
        "file:x?mode=memory",
        "a%41?b#c",
        "é\u{1F600} '\"",
    ] {
        let path = directory.path().join(name);
        recorded(&path);
        assert!(path.is_file(), "{name}");
        assert_eq!(
            Store::open_existing(&path).unwrap().runs().unwrap().len(),
            1,
            "{name}"
        );
    }
}
