//! The store as a whole: what it keeps, what it refuses, and what survives others and accidents.

mod accidents;
mod kept;
mod old;
mod refused;
mod writers;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Store, StoreError};
use dyno_fixture as fixture;

/// A directory that is gone when the test ends, and the path of a report in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.sqlite");
    (directory, path)
}

/// Every file of a directory with its bytes. Not while a store is open: it drops SQLite's locks.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect()
}

/// A report with one run, closed.
fn recorded(path: &Path) {
    Store::open(path).unwrap().record(&fixture::full()).unwrap();
}

/// A child process of this test binary that runs one test of it.
fn child_command(test: &str) -> std::process::Command {
    child_of(&std::env::current_exe().unwrap(), test)
}

/// The same with this copy of the binary.
fn child_of(program: &Path, test: &str) -> std::process::Command {
    let mut command = std::process::Command::new(program);
    command.args([
        "--exact",
        &format!("tests::{test}"),
        "--nocapture",
        "--test-threads=1",
    ]);
    command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null());
    command
}

/// Whether SQLite finds the file whole.
fn integrity(store: &Store) -> String {
    store
        .connection()
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap()
}

fn one_sentence(error: &StoreError) {
    let text = error.to_string();
    assert!(!text.contains('\n') && text.len() < 400, "{text}");
    assert!(text.contains("report") || text.contains("run"), "{text}");
}
