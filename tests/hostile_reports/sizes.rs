//! Reports that hold more than a report can, or more than they look.

use dyno_report::pack;
use rusqlite::Connection;

use super::{COMMANDS, alone, craft, refuses, report, rewritten, survives};
use crate::support::{Bench, QUICK, fib, finish};

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
    alone(
        "sizes::more_than_a_report_can_hold_is_refused_by_name",
        || {
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
        },
    );
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
    alone(
        "sizes::samples_that_are_more_than_they_look_are_refused",
        || {
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
        },
    );
}

/// A list of runs, a history, and the names of cases are read without the runs themselves.
#[test]
fn endless_lists_are_refused() {
    alone("sizes::endless_lists_are_refused", || {
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
    alone("sizes::what_is_only_odd_is_shown", || {
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
