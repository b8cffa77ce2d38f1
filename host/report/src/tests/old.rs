//! A report of another version.

use std::thread;

use super::*;
use crate::schema::{self, MIGRATIONS, Migrated};

/// Two steps beyond this version.
const STEPS: [&str; 2] = [
    "ALTER TABLE run ADD COLUMN mood TEXT; CREATE TABLE mood (id INTEGER PRIMARY KEY) STRICT;",
    "INSERT INTO mood VALUES (1);",
];

/// The migrations of a later version, two steps beyond this one.
fn later() -> Vec<&'static str> {
    MIGRATIONS.iter().copied().chain(STEPS).collect()
}

const THIS: i64 = MIGRATIONS.len() as i64;

fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store
        .connection()
        .query_row(&sql, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn an_older_report_becomes_one_of_today_and_keeps_its_runs() {
    let (_directory, path) = place();
    recorded(&path);
    let store = Store::open_at(&path, &later()).unwrap();
    assert_eq!(schema::user_version(store.connection()).unwrap(), THIS + 2);
    assert_eq!(
        (count(&store, "mood"), count(&store, "audit")),
        (1, THIS + 3)
    );
    assert_eq!(store.run("latest").unwrap(), fixture::full());
}

#[test]
fn a_report_of_the_first_version_takes_runs_of_today() {
    let (_directory, path) = place();
    drop(Store::open_at(&path, &MIGRATIONS[..1]).unwrap());
    let mut store = Store::open(&path).unwrap();
    store.record(&fixture::full()).unwrap();
    assert_eq!(store.run("latest").unwrap(), fixture::full());
}

#[test]
fn a_newer_report_is_refused_untouched() {
    let (directory, path) = place();
    drop(Store::open_at(&path, &later()).unwrap());
    let before = contents(directory.path());
    for result in [Store::open(&path), Store::open_existing(&path)] {
        let error = result.unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Newer { found, known, .. } if (found, known) == (THIS + 2, THIS)
            ),
            "{error}"
        );
        one_sentence(&error);
    }
    assert_eq!(contents(directory.path()), before);
}

/// The file's own header is older than its log after a newer host migrated and was killed.
#[test]
fn a_newer_report_is_known_by_its_log_too() {
    let (directory, path) = place();
    recorded(&path);
    let held = Store::open_at(&path, &later()).unwrap();
    let copy = directory.path().join("copy");
    fs::create_dir(&copy).unwrap();
    for name in ["report.sqlite", "report.sqlite-wal"] {
        fs::copy(directory.path().join(name), copy.join(name)).unwrap();
    }
    drop(held);
    let before = contents(&copy);
    let error = Store::open(&copy.join("report.sqlite")).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found, .. } if found == THIS + 2),
        "{error}"
    );
    assert_eq!(contents(&copy), before);
}

#[test]
fn a_migration_that_fails_leaves_the_old_version() {
    let (_directory, path) = place();
    recorded(&path);
    let mut broken = later();
    broken[MIGRATIONS.len() + 1] = "INSERT INTO nowhere VALUES (1);";
    let error = Store::open_at(&path, &broken).unwrap_err();
    assert!(matches!(error, StoreError::Statement { .. }), "{error}");
    let store = Store::open(&path).unwrap();
    assert_eq!(store.run("latest").unwrap(), fixture::full());
    assert_eq!(count(&store, "audit"), THIS + 1);
}

#[test]
fn of_eight_that_migrate_one_does() {
    let (_directory, path) = place();
    recorded(&path);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| Store::open_at(&path, &later()).unwrap());
        }
    });
    let store = Store::open_at(&path, &later()).unwrap();
    assert_eq!(
        (count(&store, "mood"), count(&store, "audit")),
        (1, THIS + 3)
    );
}

/// Another host may migrate between the look at the file and the opening of it.
#[test]
fn a_report_that_became_newer_meanwhile_is_not_used() {
    let (_directory, path) = place();
    drop(Store::open_at(&path, &later()).unwrap());
    let mut connection = rusqlite::Connection::open(&path).unwrap();
    let result = schema::migrate(&mut connection, MIGRATIONS).unwrap();
    assert_eq!(result, Migrated::Newer(THIS + 2));
}
