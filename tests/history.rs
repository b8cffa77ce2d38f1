//! `dyno history` from the outside: which runs are in a line, and where the line steps. Fuel is
//! shown, which is exact.

use serde_json::Value;

use super::support::{Bench, plugin};
use super::versions::rounds;

/// Runs `it.wat` with so many rounds each, in order; the ids.
fn runs(bench: &Bench, work: &[u32]) -> Vec<String> {
    let run = |work: &u32| {
        bench.write("it.wat", rounds(&["add"], *work));
        bench.run(["it.wat"]).exits(0).says("run ");
        bench.runs().remove(0)
    };
    work.iter().map(run).collect()
}

/// The histories of the fuel of a case.
fn fuel(bench: &Bench, case: &str) -> Vec<Value> {
    let said = bench
        .dyno(["history", case, "--metric", "fuel", "--json"])
        .exits(0);
    said.json().as_array().unwrap().clone()
}

/// The runs of a history.
fn names(history: &Value) -> Vec<&str> {
    let points = history["points"].as_array().unwrap();
    points
        .iter()
        .map(|point| point["run"].as_str().unwrap())
        .collect()
}

/// If this fails, a history is out of order, or holds versions that were only run again to be
/// compared with.
#[test]
fn runs_stand_in_order_without_those_that_were_only_compared_with() {
    let bench = Bench::new();
    let mut expected = runs(&bench, &[1000, 1100]);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench.write("it.wat", rounds(&["add"], 1200));
    bench.compare(["main", "it.wat"]).exits(0);
    let [base, candidate] = bench.sides();
    expected.push(candidate);
    let histories = fuel(&bench, "add");
    assert_eq!(histories.len(), 1);
    assert_eq!(names(&histories[0]), expected);
    assert!(!expected.contains(&base));
    let points = histories[0]["points"].as_array().unwrap();
    let steps: Vec<f64> = points
        .windows(2)
        .map(|pair| pair[1]["median"].as_f64().unwrap() - pair[0]["median"].as_f64().unwrap())
        .collect();
    assert_eq!(steps, [500.0, 500.0]);
    // What is shown is the order of time, whatever the order of recording.
    let database = bench.database();
    let sql = "UPDATE run SET started_at = '2001-01-01T00:00:00Z' WHERE name = ?1";
    database.execute(sql, [&expected[1]]).unwrap();
    drop(database);
    assert_eq!(
        names(&fuel(&bench, "add")[0]),
        [&expected[1], &expected[0], &expected[2]]
    );
    // Once the comparison is gone, the run that it had made is like any other.
    bench
        .database()
        .execute_batch("DELETE FROM verdict; DELETE FROM comparison")
        .unwrap();
    assert_eq!(names(&fuel(&bench, "add")[0]).len(), 4);
    let shown = bench.dyno(["history", "add", "--metric", "fuel"]).exits(0);
    assert!(
        shown
            .stdout
            .starts_with("it add 4 runs on machines of class "),
        "{shown}"
    );
}

/// If this fails, numbers of different machines are put in one line.
#[test]
fn machines_of_other_classes_have_lines_of_their_own() {
    let bench = Bench::new();
    let all = runs(&bench, &[1000, 2000, 1000]);
    let database = bench.database();
    database
        .execute_batch(
            "INSERT INTO machine (fingerprint, facts_json)
             SELECT 'another', json_set(facts_json, '$.cores', '1000') FROM machine",
        )
        .unwrap();
    let sql = "UPDATE run SET machine = (SELECT id FROM machine WHERE fingerprint = 'another') WHERE name = ?1";
    assert_eq!(database.execute(sql, [&all[1]]).unwrap(), 1);
    drop(database);
    let histories = fuel(&bench, "add");
    assert_eq!(histories.len(), 2);
    assert_eq!(names(&histories[0]), [&all[0], &all[2]]);
    assert_eq!(names(&histories[1]), [&all[1]]);
    assert_ne!(histories[1]["machine"], histories[0]["machine"]);
    // Times of different machines are not compared, but fuel is.
    let said = bench.dyno(["compare", &all[0], &all[1]]).exits(0);
    let said = said
        .says("machines of different classes: only fuel and memory compare")
        .says("differs cores ");
    let changes = bench.verdict()["changes"].as_array().unwrap().clone();
    let metrics: Vec<_> = changes
        .iter()
        .map(|change| change["metric"].as_str().unwrap())
        .collect();
    assert_eq!(metrics, ["fuel", "memory-peak"], "{said}");
}

/// If this fails, a patch of the kernel begins a history anew, or a report of an older version,
/// whose class was a hash over every fact, does.
#[test]
fn a_fact_that_does_not_decide_speed_is_named_and_splits_no_history() {
    let bench = Bench::new();
    let all = runs(&bench, &[1000, 1000, 1000]);
    let database = bench.database();
    database
        .execute_batch(
            "INSERT INTO machine (fingerprint, facts_json)
             SELECT 'of every fact', json_set(facts_json, '$.kernel', '9.9.9-test') FROM machine",
        )
        .unwrap();
    let sql = "UPDATE run SET machine = (SELECT id FROM machine WHERE fingerprint = 'of every fact') WHERE name = ?1";
    assert_eq!(database.execute(sql, [&all[1]]).unwrap(), 1);
    drop(database);
    let histories = fuel(&bench, "add");
    assert_eq!(histories.len(), 1);
    assert_eq!(names(&histories[0]), all);
    let differing = |at: usize| {
        histories[0]["points"][at]["differences"]
            .as_array()
            .unwrap()
            .clone()
    };
    assert_eq!(differing(0), [] as [Value; 0]);
    assert_eq!(differing(1)[0]["name"], "kernel");
    assert_eq!(differing(1)[0]["candidate"], "9.9.9-test");
    assert_eq!(differing(2)[0]["base"], "9.9.9-test");
    bench
        .dyno(["history", "add", "--metric", "fuel"])
        .exits(0)
        .says("another machine at ")
        .says(" → 9.9.9-test");
    // Nor does it keep times from being compared: it is said, and changes no result.
    let said = bench.dyno(["compare", &all[0], &all[1]]).exits(0);
    let said = said.says("differs, and changes no result: kernel ");
    assert!(!said.stdout.contains("different classes"), "{said}");
}

/// If this fails, code that another engine made stands in one line with today's.
#[test]
fn another_engine_begins_a_line_of_its_own() {
    let bench = Bench::new();
    let all = runs(&bench, &[1000, 1000]);
    let sql = "UPDATE run SET engine = 'wasmtime 1.2.3' WHERE name = ?1";
    assert_eq!(bench.database().execute(sql, [&all[0]]).unwrap(), 1);
    let histories = fuel(&bench, "add");
    assert_eq!(histories.len(), 2);
    assert_eq!(histories[0]["engine"], "wasmtime 1.2.3");
}

/// If this fails, a step in the work is not seen, or is seen where there is none.
#[test]
fn a_step_of_fuel_is_a_change_point_and_a_level_has_none() {
    let bench = Bench::new();
    runs(&bench, &[1000; 6]);
    assert_eq!(
        fuel(&bench, "add")[0]["change_points"],
        serde_json::json!([])
    );
    let later = runs(&bench, &[2000; 6]);
    let history = &fuel(&bench, "add")[0];
    assert_eq!(
        history["change_points"],
        serde_json::json!([6]),
        "{history:#}"
    );
    assert_eq!(names(history)[6], later[0]);
    let said = bench.dyno(["history", "add", "--metric", "fuel"]).exits(0);
    let step = said.stdout.lines().find(|line| line.contains(" at "));
    assert!(
        step.is_some_and(|line| line.contains(&later[0]) && line.trim().starts_with('+')),
        "{said}"
    );
    assert!(
        said.stdout.contains("2 earlier runs: --verbose shows them"),
        "{said}"
    );
    let verbose = bench
        .dyno(["history", "-v", "add", "--metric", "fuel"])
        .exits(0);
    assert_eq!(
        verbose
            .stdout
            .lines()
            .filter(|line| line.contains("sha256:"))
            .count(),
        12
    );
    assert!(said.stdout.contains("▁▁▁▁▁▁██████"), "{said}");
}

/// If this fails, a typing error costs a search, or the answer to it is wrong.
#[test]
fn a_case_that_no_run_measured_is_said_with_the_nearest() {
    let bench = Bench::new();
    bench
        .dyno(["history", "add"])
        .exits(4)
        .complains("there is no report");
    bench.write("it.wat", plugin(&["json/read", "json/write", "trap"]));
    bench.run(["it.wat"]).exits(5);
    bench
        .dyno(["history", "json/raed"])
        .exits(4)
        .complains("no run has a case json/raed; did you mean json/read?");
    for metric in [
        "wall-time",
        "cpu-time",
        "fuel",
        "first-iteration",
        "memory-peak",
        "rss-peak",
    ] {
        bench
            .dyno(["history", "json/read", "--metric", metric])
            .exits(0)
            .says("json/read");
    }
    bench
        .dyno(["history", "json/read", "--plugin", "it"])
        .exits(0);
    let said = bench
        .dyno(["history", "json/read", "--plugin", "other"])
        .exits(4);
    assert!(
        !said.stderr.contains("nearest is json/read"),
        "it was measured, but by another plugin: {said}"
    );
    let said = bench.dyno(["history", "trap"]).exits(4);
    assert!(
        !said.stderr.contains("nearest is trap"),
        "it is that case, but it always failed: {said}"
    );
}

/// If this fails, plugins that do one job are put in one line.
#[test]
fn each_plugin_has_a_line_of_its_own() {
    let bench = Bench::new();
    for (name, work) in [("a", 1000), ("b", 2000)] {
        bench.write(format!("{name}.wat"), rounds(&["add"], work));
    }
    bench.run(["a.wat", "b.wat"]).exits(0);
    let histories = fuel(&bench, "add");
    let plugins: Vec<_> = histories
        .iter()
        .map(|history| history["plugin"].as_str().unwrap())
        .collect();
    assert_eq!(plugins, ["a", "b"]);
    let median = |at: usize| histories[at]["points"][0]["median"].as_f64().unwrap();
    assert_eq!(median(1) - median(0), 5000.0);
    let only = bench
        .dyno(["history", "add", "--plugin", "b", "--json"])
        .exits(0)
        .json();
    assert_eq!(only.as_array().unwrap().len(), 1);
    assert_eq!(only[0]["plugin"], "b");
}

/// If this fails, a case that was left out on purpose is said to have failed.
#[test]
fn a_case_that_is_left_out_is_said_to_be() {
    let bench = Bench::new();
    runs(&bench, &[1000]);
    bench
        .dyno(["history", "add", "--exclude", "add"])
        .exits(4)
        .complains("--exclude leaves no case of those that add means");
    bench
        .dyno(["history", "ad", "--exclude", "/d/"])
        .exits(4)
        .complains("--exclude leaves no case of those that ad means");
}
