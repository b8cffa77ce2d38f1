//! Reports that a stranger wrote. A report is found beside a project and opened unasked, so a clone
//! brings one along: nothing of it may run, and none may take more than 256 MB before it is refused
//! by name.
//!
//! Every test runs in a process of its own, since the peak of memory is known of all children of a
//! process together.

mod damage;
mod planted;
mod sizes;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use dyno_model::Run;
use dyno_report::{Baseline, Store};
use nix::sys::resource::{UsageWho, getrusage};
use rusqlite::Connection;

use super::support::{Bench, QUICK, Said, fib, finish};

const MEMORY_BYTES_MAX: i64 = 256 << 20;

/// Runs a test alone, in a child of this one.
fn alone(test: &str, body: impl FnOnce()) {
    if std::env::var_os("DYNO_TEST_ALONE").is_some() {
        return body();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    let name = format!("hostile_reports::{test}");
    command.args(["--exact", &name, "--nocapture", "--test-threads=1"]);
    command.env("DYNO_TEST_ALONE", "1").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

/// The peak of a process, or of the largest child that ended, in bytes.
fn peak(who: UsageWho) -> i64 {
    getrusage(who).unwrap().max_rss() * 1024
}

/// The commands that open a report.
const COMMANDS: [&[&str]; 8] = [
    &["report", "list"],
    &["report", "show"],
    &["report", "export"],
    &["report", "export", "--format", "html"],
    &["history", "*"],
    &["baseline", "list"],
    &["compare", "run:latest", "run:latest"],
    &["gate", "--baseline", "run:latest", "run:latest"],
];

/// A report of two runs, one of them a baseline, and a comparison of them.
fn report(bench: &Bench) {
    let mut run: Run = serde_json::from_str(include_str!("fixtures/stored-run.json")).unwrap();
    let mut store = Store::open(&bench.report()).unwrap();
    store.record(&run).unwrap();
    run.id = "20261121T120000Z-0123abcd".into();
    run.started_at = "2026-11-21T12:00:00.000Z".into();
    store.record(&run).unwrap();
    let baseline = Baseline {
        name: "main".into(),
        run: run.id,
        created_at: "2026-11-21T12:00:00.000Z".into(),
        plugins: Vec::new(),
    };
    store.save_baseline(&baseline).unwrap();
}

/// As an attacker changes it: with all that SQLite can do.
fn craft(bench: &Bench, sql: &str) {
    let connection = Connection::open(bench.report()).unwrap();
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    connection.close().unwrap();
}

/// Ends by itself, without a panic and within its memory; what is wrong is said in one sentence.
fn survives(bench: &Bench, args: &[&str]) -> Said {
    let mut command = bench.command();
    command.args(args);
    let said = finish(command);
    let code = said.status.code();
    assert!(code.is_some_and(|code| code < 100), "{said}");
    assert!(!said.stderr.contains("panicked"), "{said}");
    assert!(said.stderr.matches("error:").count() <= 1, "{said}");
    // Of a process that has only these children.
    if std::env::var_os("DYNO_TEST_ALONE").is_some() {
        let peak = peak(UsageWho::RUSAGE_CHILDREN);
        assert!(peak < MEMORY_BYTES_MAX, "{peak} bytes: {said}");
    }
    said
}

/// Is refused by name.
#[track_caller]
fn refuses(bench: &Bench, args: &[&str], why: &str) {
    let said = survives(bench, args).exits(1).complains(why);
    let name = "report.sqlite";
    assert!(said.stderr.contains(name), "{name} is missing: {said}");
    let sentence = said.stderr.lines().find(|line| line.contains("error:"));
    assert!(sentence.is_some_and(|line| line.len() < 600), "{said}");
}

/// Every command refuses it, `run` before it measures anything, and not a byte of it changes.
fn all_refuse(bench: &Bench, why: &str) {
    let before = fs::read(bench.report()).unwrap();
    for args in COMMANDS {
        refuses(bench, args, why);
    }
    let mut run = bench.command();
    run.arg("run").args(QUICK).arg(fib());
    let said = finish(run).exits(1).complains(why);
    assert_eq!(said.stdout, "", "{said}");
    assert!(
        fs::read(bench.report()).unwrap() == before,
        "the report was changed: {why}"
    );
}

/// Changes the SQL of a table, as no statement can.
fn rewritten(table: &str, from: &str, to: &str) -> String {
    let (from, to) = (from.replace('\'', "''"), to.replace('\'', "''"));
    format!(
        "PRAGMA writable_schema = on;
         UPDATE sqlite_schema SET sql = replace(sql, '{from}', '{to}') WHERE name = '{table}';
         PRAGMA writable_schema = reset;"
    )
}

/// If this fails, a report of a stranger runs SQL: `run` shows one number and records another,
/// `list` hangs, history is gone.
#[test]
fn a_schema_that_is_not_ours_is_refused_before_anything_runs() {
    alone(
        "a_schema_that_is_not_ours_is_refused_before_anything_runs",
        || {
            let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)";
            let attacks = [
            (
                "CREATE TRIGGER lies AFTER INSERT ON measurement BEGIN
                   UPDATE measurement SET median = 1.0 WHERE bench_case = new.bench_case; END"
                    .to_owned(),
                "trigger \"lies\"",
            ),
            (
                "CREATE TRIGGER forgets AFTER INSERT ON run BEGIN DELETE FROM run WHERE id <> new.id; END".to_owned(),
                "trigger \"forgets\"",
            ),
            (
                format!("ALTER TABLE run RENAME TO other; CREATE VIEW run AS {endless} SELECT other.* FROM other, n"),
                "the view \"run\"",
            ),
            (format!("CREATE VIEW v AS {endless} SELECT x FROM n"), "view \"v\""),
            ("CREATE VIRTUAL TABLE v USING dbstat".to_owned(), "virtual table \"v\""),
            ("CREATE TABLE more (x)".to_owned(), "the table \"more\""),
            ("DROP INDEX process_of_case".to_owned(), "no index \"process_of_case\""),
            ("DROP TABLE verdict".to_owned(), "no index \"verdict_"),
            (
                "CREATE INDEX costly ON run (length(hex(zeroblob(1000000))))".to_owned(),
                "index \"costly\"",
            ),
            ("ANALYZE".to_owned(), "table \"sqlite_stat"),
            (
                "ALTER TABLE run ADD COLUMN g TEXT GENERATED ALWAYS AS (hex(zeroblob(100)))".to_owned(),
                "GENERATED",
            ),
            (
                rewritten("run", "status           TEXT NOT NULL", "status TEXT NOT NULL CHECK (length(hex(randomblob(1000000))))"),
                "CHECK",
            ),
            (
                rewritten("audit", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')", "hex(zeroblob(100000000))"),
                "hex",
            ),
            (rewritten("run", "STRICT", ""), "its end"),
            (rewritten("baseline", "ON DELETE CASCADE", "ON DELETE SET NULL"), "SET NULL"),
            (
                rewritten("process_of_case", "(bench_case)", "(bench_case) WHERE block > 5"),
                "WHERE block > 5",
            ),
            ("PRAGMA user_version = 1".to_owned(), "which no report of its version has"),
            (
                (0..1000).map(|n| format!("CREATE TABLE t{n} (x);")).collect(),
                "too many schema objects",
            ),
            (
                format!("CREATE VIEW v AS SELECT '{}'", "x".repeat(100_000)),
                "report.sqlite",
            ),
            ("UPDATE sqlite_sequence SET seq = 9223372036854775807".to_owned(), "numbered beyond reason"),
        ];
            for (sql, why) in attacks {
                let bench = Bench::new();
                report(&bench);
                craft(&bench, &sql);
                all_refuse(&bench, why);
            }
        },
    );
}

/// Whoever made the report with SQLite's own tool and its own layout has a report all the same.
#[test]
fn a_copy_that_another_program_made_is_a_report() {
    let bench = Bench::new();
    report(&bench);
    let copy = bench.path("copy.sqlite");
    let connection = Connection::open(bench.report()).unwrap();
    let into = copy.display().to_string();
    connection.execute("VACUUM INTO ?1", [&into]).unwrap();
    connection.close().unwrap();
    let mut run = bench.command();
    run.arg("run")
        .args(QUICK)
        .args(["--report", &into])
        .arg(fib());
    finish(run).exits(0);
    let mut list = bench.command();
    list.args(["report", "list", "--report", &into]);
    assert_eq!(finish(list).exits(0).stdout.lines().count(), 4);
    let mode = Connection::open(copy).unwrap();
    let mode: String = mode
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(
        mode, "wal",
        "a journal beside a report is never one of ours"
    );
}

/// A file beside the report, by its name.
fn beside(bench: &Bench, suffix: &str) -> PathBuf {
    let mut name = OsString::from(bench.report());
    name.push(suffix);
    name.into()
}
