//! What a clone brings along beside a report, and reports in a place of another user.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use dyno_model::Run;
use dyno_report::Store;
use rusqlite::Connection;

use super::{all_refuse, beside, report};
use crate::support::{Bench, Said, finish};

/// The journal of a transaction that put the second run into a report, as a clone brings it along:
/// rolled back over the report it takes that run away.
fn journal_of_the_second_run(bench: &Bench) -> Vec<u8> {
    let other = Bench::new();
    fs::copy(bench.report(), other.report()).unwrap();
    let connection = Connection::open(other.report()).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = delete; PRAGMA cache_size = 1; PRAGMA foreign_keys = off; BEGIN;
             UPDATE run SET host_version = hex(zeroblob(20000));
             UPDATE bench_case SET output = hex(zeroblob(20000));",
        )
        .unwrap();
    fs::read(beside(&other, "-journal")).unwrap()
}

/// If this fails, a file beside the report takes back what was recorded, and nothing is said.
#[test]
fn a_planted_journal_is_refused() {
    let bench = Bench::new();
    report(&bench);
    fs::write(
        beside(&bench, "-journal"),
        journal_of_the_second_run(&bench),
    )
    .unwrap();
    all_refuse(&bench, "-journal");
    fs::remove_file(beside(&bench, "-journal")).unwrap();
    assert_eq!(bench.runs().len(), 2);
}

/// If this fails, a log that a clone brings along becomes the report.
#[test]
fn a_planted_log_is_refused() {
    let other = Bench::new();
    let mut run: Run = serde_json::from_str(include_str!("../fixtures/stored-run.json")).unwrap();
    run.id = "20200101T000000Z-00000000".into();
    let mut store = Store::open(&other.report()).unwrap();
    store.record(&run).unwrap();
    drop(store);
    let connection = Connection::open(other.report()).unwrap();
    connection.execute_batch("VACUUM").unwrap();
    let log = fs::read(beside(&other, "-wal")).unwrap();
    connection.close().unwrap();
    let bench = Bench::new();
    report(&bench);
    fs::write(beside(&bench, "-wal"), &log).unwrap();
    all_refuse(
        &bench,
        "would take back the run \"20261120T120000Z-0123abcd\"",
    );
    assert!(fs::read(beside(&bench, "-wal")).unwrap() == log);
    fs::remove_file(beside(&bench, "-wal")).unwrap();
    assert_eq!(bench.runs().len(), 2);
}

/// If this fails, a command hangs on a FIFO, or writes where a link leads.
#[test]
fn what_is_no_file_beside_a_report_is_refused() {
    for suffix in ["-wal", "-journal", "-shm"] {
        for (kind, why) in [
            ("fifo", "is a FIFO"),
            ("link", "is a link"),
            ("directory", "is a directory"),
        ] {
            let bench = Bench::new();
            report(&bench);
            let place = beside(&bench, suffix);
            match kind {
                "fifo" => assert!(
                    Command::new("mkfifo")
                        .arg(&place)
                        .status()
                        .unwrap()
                        .success()
                ),
                "link" => symlink("/dev/zero", &place).unwrap(),
                _ => fs::create_dir(&place).unwrap(),
            }
            all_refuse(&bench, why);
        }
    }
}

/// A report beside the project, which nobody names.
fn unnamed(bench: &Bench, args: &[&str]) -> Said {
    let mut command = bench.command();
    command.env_remove("DYNO_REPORT").args(args);
    finish(command)
}

/// If this fails, a directory that another user can write decides what is shown, as in /tmp.
#[test]
fn a_report_of_another_user_is_opened_only_by_name() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not tried: only root can give a file away");
        return;
    }
    let bench = Bench::new();
    report(&bench);
    let dyno = bench.path(".dyno");
    fs::create_dir(&dyno).unwrap();
    let path = dyno.join("report.sqlite");
    fs::copy(bench.report(), &path).unwrap();
    unnamed(&bench, &["report", "list"]).exits(0);
    for place in [&path, &dyno] {
        std::os::unix::fs::chown(place, Some(65534), None).unwrap();
        unnamed(&bench, &["report", "list"])
            .exits(1)
            .complains("belongs to another user (uid 65534)");
        let args = ["report", "list", "--report", path.to_str().unwrap()];
        unnamed(&bench, &args).exits(0);
        std::os::unix::fs::chown(place, Some(0), None).unwrap();
    }
}
