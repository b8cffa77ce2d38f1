//! Comparisons where they end up: in the report, in JSON, on a terminal.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use super::support::{Bench, case, finish, plugin, repository};
use super::versions::{change, other_result, rounds};

/// If this fails, `--no-report` leaves a trace, or a comparison loses its runs.
#[test]
fn a_comparison_is_recorded_with_its_runs_or_not_at_all() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.write("new.wat", rounds(&["add"], 10_000));
    bench
        .compare(["--no-report", "old.wat", "new.wat"])
        .exits(0)
        .says("regressed");
    assert!(!bench.report().exists());
    bench.compare(["old.wat", "new.wat"]).exits(0);
    let before = fs::read(bench.report()).unwrap();
    assert_eq!(bench.runs().len(), 2);
    bench.compare(["--no-report", "latest", "new.wat"]).exits(0);
    assert_eq!(bench.runs().len(), 2);
    assert!(fs::read(bench.report()).unwrap() == before);
    let [base, candidate] = bench.sides().map(|run| bench.recorded(&run));
    assert_eq!(base["order_seed"], candidate["order_seed"], "one session");
    for (run, name) in [(&base, "old.wat"), (&candidate, "new.wat")] {
        assert_eq!(run["plugins"][0]["source"], name);
        let blocks: Vec<_> = case(run, "add")["processes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|process| process["block"].as_u64().unwrap())
            .collect();
        assert_eq!(blocks, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
    // A run that was compared cannot go while the comparison stays.
    let database = bench.database();
    database.pragma_update(None, "foreign_keys", true).unwrap();
    database
        .execute("DELETE FROM run WHERE name = ?1", [base["id"].as_str()])
        .unwrap();
    drop(database);
    assert_eq!(bench.number("SELECT count(*) FROM comparison"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM verdict"), 0);
}

/// If this fails, a report that cannot be written is noticed after everything was measured.
#[test]
fn a_report_that_cannot_be_written_is_an_error_before_anything_is_measured() {
    let bench = Bench::new();
    bench.write("old.wat", plugin(&["add"]));
    let said = bench
        .compare(["--report", "/proc/report.sqlite", "old.wat", "old.wat"])
        .exits(1);
    assert!(said.stdout.is_empty() && !bench.cache().exists(), "{said}");
    bench.run(["old.wat"]).exits(0);
    fs::remove_dir_all(bench.cache()).unwrap();
    let mut command = bench.command();
    command.args(["compare", "old.wat", "old.wat"]);
    let permissions = |mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(bench.report(), fs::Permissions::from_mode(mode)).unwrap();
    };
    permissions(0o444);
    bench.without_rights(&mut command);
    let said = finish(command).exits(1);
    assert!(said.stderr.contains("report.sqlite"), "{said}");
    assert!(!bench.cache().exists(), "{said}");
    let mut command = bench.command();
    command.args(["compare", "--no-report", "old.wat", "old.wat"]);
    bench.without_rights(&mut command);
    finish(command).exits(0).says("1 identical");
}

/// If this fails, a program that reads the JSON of a comparison does not learn what came out.
#[test]
fn json_holds_the_comparison_and_both_runs_are_named() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.write("new.wat", rounds(&["add"], 1050));
    let said = bench
        .compare(["--format", "json", "old.wat", "new.wat"])
        .exits(0);
    let document = said.json();
    let cases = &document["comparison"]["cases"];
    assert_eq!(cases[0], bench.verdict(), "{said}");
    let [base, candidate] = bench.sides();
    assert_eq!(document["comparison"]["base"]["run"], base);
    assert_eq!(document["id"], candidate);
    let said = bench
        .compare(["--format", "jsonl", "old.wat", "new.wat"])
        .exits(0);
    let types: Vec<String> = said
        .stdout
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["type"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert!(types.iter().any(|kind| kind == "comparison"), "{types:?}");
}

/// If this fails, a guest writes on the terminal of whoever compares it, or breaks the table.
#[test]
fn hostile_names_stay_text_in_every_sink() {
    let bench = Bench::new();
    let names = [
        "a\u{202e}gnp.exe",
        "b\u{200b}\u{feff}zero",
        "c</script><b>|`x`",
        "d=cmd|' /C calc'!A0",
        "k\u{301}\u{301}\u{301}",
        "g\u{1f468}\u{200d}\u{1f469}",
        "/^h$/",
        "i*[x]{y}?",
    ];
    bench.write("old.wat", plugin(&names));
    bench.write("new.wat", other_result(&names));
    let said = bench.compare(["old.wat", "new.wat"]).exits(0);
    let is_trick = |c: char| {
        c.is_control() && c != '\n'
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
    };
    assert!(!said.stdout.contains(is_trick), "{said}");
    let words = bench.words();
    let recorded: Vec<&str> = words.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(recorded, names, "what is recorded is what the guest said");
    let json = bench
        .compare(["--format", "json", "old.wat", "new.wat"])
        .exits(0);
    assert!(!json.stdout.contains(is_trick), "{json}");
    let said = bench.dyno(["history", "a\u{202e}gnp.exe"]).exits(0);
    assert!(!said.stdout.contains(is_trick), "{said}");
    let said = bench.dyno(["history", "a\u{202e}gnp.exy"]).exits(4);
    assert!(!said.stderr.contains(is_trick), "{said}");
}

/// If this fails, what is kept in a file is full of escape sequences.
#[test]
fn a_pipe_gets_no_colours_unless_they_are_asked_for() {
    let bench = Bench::new();
    bench.write("old.wat", plugin(&["add"]));
    let said = bench.compare(["old.wat", "old.wat"]).exits(0);
    assert!(!said.stdout.contains('\u{1b}'), "{said}");
    bench
        .compare(["--color", "always", "old.wat", "old.wat"])
        .exits(0)
        .says("\u{1b}[");
}

/// Makes the report one that version 2 wrote: its tables, with what they can hold of the rows there
/// are.
fn as_version_2(bench: &Bench) {
    let old = bench.path("../old.sqlite");
    let database = Connection::open(&old).unwrap();
    let schema = repository().join("host/report/src/schema");
    for number in [1, 2] {
        let sql = fs::read_to_string(schema.join(format!("{number}.sql"))).unwrap();
        database.execute_batch(&sql).unwrap();
    }
    let new = bench.report();
    database
        .execute("ATTACH ?1 AS new", [new.to_str().unwrap()])
        .unwrap();
    let names = |sql: &str| -> Vec<String> {
        let mut names = database.prepare(sql).unwrap();
        let names = names.query_map([], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    };
    for table in
        names("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    {
        let both = names(&format!(
            "SELECT name FROM pragma_table_info('{table}') INTERSECT
             SELECT name FROM pragma_table_info('{table}', 'new')"
        ));
        // A verdict belongs to a comparison since version 3, and none was written before.
        if table != "verdict" {
            let both = both.join(", ");
            let copy = format!("INSERT INTO {table} ({both}) SELECT {both} FROM new.{table}");
            database.execute_batch(&copy).unwrap();
        }
    }
    let id = bench.number("SELECT application_id FROM pragma_application_id");
    database
        .execute_batch(&format!(
            "DETACH new; PRAGMA application_id = {id}; PRAGMA user_version = 2; PRAGMA journal_mode = WAL;"
        ))
        .unwrap();
    drop(database);
    fs::rename(old, new).unwrap();
}

/// If this fails, the older part of a user's report is lost when comparisons come.
#[test]
fn a_report_from_before_there_were_comparisons_is_brought_up_to_date() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.run(["old.wat"]).exits(0);
    let run = bench.runs().remove(0);
    let before = bench.recorded(&run);
    as_version_2(&bench);
    bench.dyno(["baseline", "save", "main", &run]).exits(0);
    assert!(bench.number("SELECT user_version FROM pragma_user_version") >= 3);
    bench.write("old.wat", rounds(&["add"], 2000));
    bench.compare(["main", "old.wat"]).exits(0);
    let fuel = change(&bench.verdict(), "fuel").clone();
    assert_eq!(
        fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap(),
        5000.0
    );
    let after = bench.recorded(&run);
    let mut expected = case(&before, "add").clone();
    // What version 4 brought was taken back, too.
    expected["calibration"] = Value::Null;
    for process in expected["processes"].as_array_mut().unwrap() {
        process["layout"] = 0.into();
    }
    assert_eq!(*case(&after, "add"), expected);
}
