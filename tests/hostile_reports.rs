//! Reports that a stranger wrote. A report is found beside a project and opened unasked, so a clone
//! brings one along: nothing of it may run, and none may take more than 256 MB before it is refused
//! by name.
//!
//! Every test runs in a process of its own, since the peak of memory is known of all children of a
//! process together.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dyno_model::{Metric, Run};
use dyno_report::{Baseline, Store, pack};
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

/// A row for each number up to `count`.
fn numbers(count: u32) -> String {
    format!("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {count})")
}

/// All columns of a table but its key, with some of them replaced.
fn columns(table: &str, replaced: &[(&str, &str)]) -> (String, String) {
    let connection = Connection::open_in_memory().unwrap();
    let bench = Bench::new();
    report(&bench);
    drop(connection);
    let connection = Connection::open(bench.report()).unwrap();
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE name <> 'id'")
        .unwrap();
    let names = statement.query_map([table], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.unwrap().map(Result::unwrap).collect();
    let value = |name: &String| {
        let found = replaced.iter().find(|(replaced, _)| replaced == name);
        found.map_or(format!("t.{name}"), |(_, value)| (*value).to_owned())
    };
    let values: Vec<String> = names.iter().map(value).collect();
    (names.join(", "), values.join(", "))
}

/// Many rows like the first one of a table.
fn many(table: &str, count: u32, replaced: &[(&str, &str)]) -> String {
    let (names, values) = columns(table, replaced);
    format!(
        "INSERT INTO {table} ({names}) {} SELECT {values} FROM n, (SELECT * FROM {table} LIMIT 1) AS t",
        numbers(count)
    )
}

/// The newest run has everything of the first one in it.
const NEWEST: &str = "UPDATE run_plugin SET run = 2; UPDATE bench_case SET run = 2;";

/// Samples that are all alike take two bytes each.
fn bomb(count: u64) -> Vec<u8> {
    fn varint(out: &mut Vec<u8>, mut value: u64) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }
    let mut blob = pack::pack(&[])[..1].to_vec();
    varint(&mut blob, count);
    let run = |blob: &mut Vec<u8>, value| {
        varint(blob, value);
        varint(blob, count);
    };
    run(&mut blob, 1);
    blob.resize(blob.len() + 2 * count as usize, 0);
    run(&mut blob, 0);
    run(&mut blob, 0);
    let crc = crc32fast::hash(&blob);
    blob.extend_from_slice(&crc.to_le_bytes());
    assert!(count > 1000 || pack::unpack(&blob).unwrap().len() as u64 == count);
    blob
}

/// If this fails, a file of some megabytes takes the memory of the machine, or its time, or is
/// shown as numbers that nobody measured.
#[test]
fn more_than_a_report_can_hold_is_refused_by_name() {
    alone("more_than_a_report_can_hold_is_refused_by_name", || {
        assert_eq!(
            bomb(1000).len(),
            pack::pack(&pack::unpack(&bomb(1000)).unwrap()).len()
        );
        let damaged = "is damaged";
        let deep = "[".repeat(100_000);
        let attacks: Vec<(String, &str, &str)> = vec![
            (many("bench_case", 200_000, &[("name", "'c' || x")]), "show", "more than 50000 cases"),
            (many("run_plugin", 20_000, &[("name", "'p' || x")]), "show", "more than 10000 plugins"),
            (many("process", 3, &[("sample_count", "9000000")]), "show", "more than 16777216 samples"),
            (many("process", 1, &[("sample_count", "-1")]), "show", damaged),
            (many("process", 1, &[("sample_count", "9223372036854775807")]), "show", "more than 16777216 samples"),
            ("UPDATE process SET samples = zeroblob(50000000)".into(), "show", "a value of more than 32 MiB"),
            ("UPDATE bench_case SET name = hex(zeroblob(5000000)) WHERE id = 1".into(), "show", "of 10000000 bytes"),
            ("UPDATE bench_case SET name = hex(zeroblob(5000000)) WHERE id = 1".into(), "history", "a name of 10000000 bytes"),
            ("UPDATE run SET name = hex(zeroblob(5000000)) WHERE id = 2".into(), "list", "a name of 10000000 bytes"),
            ("UPDATE run_plugin SET source = hex(zeroblob(100000)) WHERE id = 1".into(), "show", "a name of 200000 bytes"),
            (
                "UPDATE run SET warnings_json = '[\"\"' || replace(hex(zeroblob(3000000)), '0', ',\"\"') || ']'".into(),
                "show",
                "more than 128 MiB at once",
            ),
            (many("bench_case", 10, &[("output", "hex(zeroblob(8000000))")]), "show", "more than 128 MiB at once"),
            (many("measurement", 300_000, &[("position", "100 + x")]), "show", "more than 64 measurements of a case"),
            (format!("UPDATE run SET settings_json = '{deep}'"), "show", damaged),
            (format!("UPDATE bench_case SET params_json = '{deep}'"), "show", damaged),
            ("UPDATE bench_case SET params_json = '[[\"\",\"\"]' || replace(hex(zeroblob(100)), '0', ',[\"\",\"\"]') || ']'".into(), "show", "parameters"),
            ("UPDATE measurement SET median = 9e999".into(), "show", damaged),
            ("UPDATE measurement SET median = 9e999".into(), "history", damaged),
            ("UPDATE measurement SET n = -5".into(), "show", damaged),
            ("UPDATE run SET case_count = -5".into(), "list", damaged),
            ("UPDATE run SET name = CAST(x'ff41' AS TEXT) WHERE id = 2".into(), "list", damaged),
            ("UPDATE run SET machine = 77".into(), "show", "without its machine"),
            (
                format!("{}UPDATE measurement SET median = 'much';{}", rewritten("measurement", "STRICT, WITHOUT", "WITHOUT"), rewritten("measurement", ") WITHOUT", ") STRICT, WITHOUT")),
                "show",
                damaged,
            ),
            (
                format!("{}UPDATE run SET seed = 'x';{}", rewritten("run", "STRICT", "--STRICT\n"), rewritten("run", "--STRICT\n", "STRICT")),
                "list",
                damaged,
            ),
        ];
        for (sql, verb, why) in attacks {
            let bench = Bench::new();
            report(&bench);
            craft(&bench, NEWEST);
            let short: String = sql.chars().take(200).collect();
            eprintln!("{short}");
            craft_lax(&bench, &sql);
            let args: &[&str] = match verb {
                "list" => &["report", "list"],
                "history" => &["history", "*"],
                _ => &["report", "show"],
            };
            refuses(&bench, args, why);
            for args in COMMANDS {
                survives(&bench, args);
            }
        }
    });
}

/// The same with tables whose checks an attacker took off before, where the statement needs that.
fn craft_lax(bench: &Bench, sql: &str) {
    let connection = Connection::open(bench.report()).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = off; PRAGMA synchronous = off;")
        .unwrap();
    connection
        .execute_batch(sql)
        .unwrap_or_else(|error| panic!("{error}"));
    connection.close().unwrap();
}

/// Two bytes of a file stand for thirty-two in memory.
#[test]
fn samples_that_are_more_than_they_look_are_refused() {
    alone("samples_that_are_more_than_they_look_are_refused", || {
        for (count, said) in [
            (1_u64 << 21, 1_u64 << 21),
            (1 << 23, 100),
            (1 << 23, 1 << 23),
        ] {
            let bench = Bench::new();
            report(&bench);
            let connection = Connection::open(bench.report()).unwrap();
            let sql = "UPDATE process SET samples = ?1, sample_count = ?2 WHERE id = 1";
            let changed =
                connection.execute(sql, rusqlite::params![bomb(count), said.cast_signed()]);
            assert_eq!(changed, Ok(1));
            connection.close().unwrap();
            let first = "20261120T120000Z-0123abcd";
            refuses(
                &bench,
                &["report", "show", first],
                "samples, more than its process has",
            );
            refuses(
                &bench,
                &["report", "export", first],
                "samples, more than its process has",
            );
        }
    });
}

/// A list of runs, a history, and the names of cases are read without the runs themselves.
#[test]
fn endless_lists_are_refused() {
    alone("endless_lists_are_refused", || {
        let bench = Bench::new();
        report(&bench);
        craft(&bench, "PRAGMA synchronous = off");
        craft_lax(&bench, &many("run", 150_000, &[("name", "'r' || x")]));
        refuses(&bench, &["report", "list"], "more than 100000 runs");
        for args in COMMANDS {
            survives(&bench, args);
        }
        let bench = Bench::new();
        report(&bench);
        craft_lax(
            &bench,
            &format!(
                "{};{} INSERT INTO measurement SELECT id, 0, 'wall-time', 'ns', 1, 1, 1, 1, 1, 1, 1, 'exact' FROM bench_case
                 WHERE NOT EXISTS (SELECT 1 FROM measurement WHERE measurement.bench_case = bench_case.id)",
                many("bench_case", 110_000, &[("name", "'same'"), ("outcome", "'ok'")]),
                "",
            ),
        );
        refuses(
            &bench,
            &["history", "same"],
            "more than 100000 measurements of a case",
        );
    });
}

/// What is odd and harmless is shown: it has to be endured, not refused.
#[test]
fn what_is_only_odd_is_shown() {
    alone("what_is_only_odd_is_shown", || {
        for sql in [
            // A run that is its own baseline.
            "INSERT INTO comparison (base, candidate, base_name, candidate_name, judged_at, pairing, rules_json)
               VALUES (2, 2, 'x', 'x', '2026', 'stored', '{}')",
            "UPDATE baseline SET run = 99",
            "INSERT INTO baseline_plugin VALUES (1, 0, 'p', '/dev/zero', '../../../../dev/zero')",
            "UPDATE run SET started_at = '999999-99-99T99:99:99Z', finished_at = ''",
            "UPDATE run SET started_at = char(27) || '[2J', name = 'x' || char(10) || '::error::' || id",
            "UPDATE run_plugin SET name = 'same', source = 'same'; UPDATE bench_case SET name = 'same', plugin_name = 'same'",
            "UPDATE bench_case SET run_plugin = 99",
            "UPDATE plugin SET digest = 'é' || id",
            "UPDATE run_plugin SET source = replace(hex(zeroblob(2000)), '00', 'a/')",
        ] {
            let bench = Bench::new();
            report(&bench);
            craft(&bench, NEWEST);
            craft(&bench, sql);
            for args in COMMANDS {
                let said = survives(&bench, args);
                assert!(!said.stdout.contains('\u{1b}'), "{said}");
            }
            let mut run = bench.command();
            run.arg("run").args(QUICK).arg(fib());
            finish(run).exits(0);
        }
    });
}

/// A file beside the report, by its name.
fn beside(bench: &Bench, suffix: &str) -> PathBuf {
    let mut name = OsString::from(bench.report());
    name.push(suffix);
    name.into()
}

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
    let mut run: Run = serde_json::from_str(include_str!("fixtures/stored-run.json")).unwrap();
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

/// Without room for a byte, as on a full disk.
fn without_room(bench: &Bench, args: &[&str]) -> Said {
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_dyno")]);
    command.args(args);
    bench.place(&mut command);
    finish(command)
}

/// If this fails, a full disk hides what was recorded, just when one looks for what to delete.
#[test]
fn a_report_on_a_full_disk_is_read_and_not_written() {
    let bench = Bench::new();
    report(&bench);
    for args in [
        &["report", "list"][..],
        &["report", "show"],
        &["report", "export"],
        &["baseline", "list"],
    ] {
        without_room(&bench, args).exits(0);
    }
    without_room(&bench, &["run", fib().to_str().unwrap()])
        .exits(1)
        .complains("no room left to write the report");
    // With a log beside it, that of a host that was killed.
    let store = Store::open(&bench.report()).unwrap();
    let mut again = Store::open(&bench.report()).unwrap();
    let mut run: Run = serde_json::from_str(include_str!("fixtures/stored-run.json")).unwrap();
    run.id = "20261122T120000Z-0123abcd".into();
    again.record(&run).unwrap();
    let killed = Bench::new();
    for suffix in ["", "-wal"] {
        fs::copy(beside(&bench, suffix), beside(&killed, suffix)).unwrap();
    }
    drop((store, again));
    assert!(fs::metadata(beside(&killed, "-wal")).unwrap().len() > 0);
    let listed = without_room(&killed, &["report", "list"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 4, "{listed}");
    assert!(fs::metadata(beside(&killed, "-wal")).unwrap().len() > 0);
    assert_eq!(killed.runs().len(), 3);
}

/// Reads all that commands read; only that it ends matters.
fn read_all(path: &Path) -> bool {
    let Ok(store) = Store::open_existing(path) else {
        return false;
    };
    let runs = store.runs().unwrap_or_default();
    let mut is_whole = runs.len() == 2;
    for run in &runs {
        is_whole &= store.run(&run.id).is_ok();
        is_whole &= store.comparisons(&run.id).is_ok();
    }
    for name in store.case_names().unwrap_or_default() {
        is_whole &= store.histories(&name, Metric::WallTime).is_ok();
    }
    is_whole & store.baselines().is_ok()
}

/// Bytes and pages of a report and of its log, changed at random. `DYNO_TEST_FLIPS` says how often.
#[test]
fn flipped_bits_neither_hang_nor_crash_nor_fill_the_memory() {
    alone(
        "flipped_bits_neither_hang_nor_crash_nor_fill_the_memory",
        || {
            let bench = Bench::new();
            report(&bench);
            let held = Store::open(&bench.report()).unwrap();
            let mut again = Store::open(&bench.report()).unwrap();
            let mut run: Run =
                serde_json::from_str(include_str!("fixtures/stored-run.json")).unwrap();
            run.id = "20261122T120000Z-0123abcd".into();
            again.record(&run).unwrap();
            let (file, log) = (
                fs::read(bench.report()).unwrap(),
                fs::read(beside(&bench, "-wal")).unwrap(),
            );
            drop((held, again));
            let flips = std::env::var("DYNO_TEST_FLIPS");
            let flips: u64 = flips.map_or(300, |flips| flips.parse().unwrap());
            let mut whole = 0;
            for seed in 0..flips {
                let place = tempfile::tempdir().unwrap();
                let path = place.path().join("report.sqlite");
                let (mut file, mut log) = (file.clone(), log.clone());
                let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
                let mut random = |below: usize| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state % below as u64) as usize
                };
                let has_log = random(4) == 0;
                for _ in 0..=random(6) {
                    let bytes = match has_log && random(2) == 0 {
                        true => &mut log,
                        false => &mut file,
                    };
                    let at = match random(3) {
                        // Headers of the file and of pages decide more than what is in them.
                        0 => random(100),
                        1 => random(bytes.len() / 8192) * 8192 + random(64),
                        _ => random(bytes.len()),
                    };
                    match random(4) {
                        0 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random(5)],
                        1 => bytes[at] ^= 1 << random(8),
                        2 => {
                            let (from, to) = (random(bytes.len() / 8192) * 8192, at / 8192 * 8192);
                            let to = to.min(bytes.len() - 8192);
                            bytes.copy_within(from..from + 8192, to);
                        }
                        _ => {
                            let end = (at + 4).min(bytes.len());
                            bytes[at..end].fill([0, 0xff, 0x7f][random(3)]);
                        }
                    }
                }
                fs::write(&path, &file).unwrap();
                if has_log {
                    fs::write(place.path().join("report.sqlite-wal"), &log).unwrap();
                }
                whole += u64::from(read_all(&path));
            }
            let peak = peak(UsageWho::RUSAGE_SELF);
            eprintln!("{whole} of {flips} were read as if whole; {peak} bytes");
            assert!(peak < MEMORY_BYTES_MAX, "{peak} bytes");
        },
    );
}
