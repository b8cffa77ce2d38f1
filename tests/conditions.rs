//! Runs that are compared as they were stored: which conditions differ, and what that leaves to be
//! said. What is changed in the report is what another day, machine or command line would have
//! recorded.

use serde_json::Value;

use super::support::{Bench, plugin};
use super::versions::{SWIFT, rounds};

/// Two runs of a guest and of one with ten times the work: base and candidate.
fn two_runs(bench: &Bench) -> [String; 2] {
    [1000, 10_000].map(|work| {
        bench.write("it.wat", rounds(&["add"], work));
        bench.run(["--blocks", "9", "it.wat"]).exits(0);
        bench.runs().remove(0)
    })
}

/// Compares them, after the column of the base was changed.
fn compared(bench: &Bench, [base, candidate]: &[String; 2], args: &[&str]) -> Value {
    let said = bench
        .dyno(["compare", base, candidate].iter().chain(args))
        .exits(0);
    let json = bench
        .dyno([
            "compare",
            "--format",
            "json",
            "--no-report",
            base,
            candidate,
        ])
        .exits(0)
        .json();
    assert_eq!(json["comparison"]["pairing"], "stored", "{said}");
    json["comparison"].clone()
}

fn differences(comparison: &Value) -> Vec<(String, String, String)> {
    let found = comparison["conditions"]["differences"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    found
        .iter()
        .map(|one| {
            (
                text(&one["name"]),
                text(&one["base"]),
                text(&one["candidate"]),
            )
        })
        .collect()
}

fn verdict(comparison: &Value, metric: &str) -> String {
    let changes = comparison["cases"][0]["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["metric"] == metric);
    change.unwrap()["verdict"].as_str().unwrap().to_owned()
}

/// If this fails, equal conditions are made something of, or a large change is not seen.
#[test]
fn nothing_is_said_of_conditions_that_are_the_same() {
    let bench = Bench::new();
    let runs = two_runs(&bench);
    let comparison = compared(&bench, &runs, &[]);
    // What the machine was doing meanwhile is not the test's to decide.
    let found = differences(&comparison);
    let found: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
    let state = ["empty batch", "time taken by other programs"];
    assert!(found.iter().all(|name| state.contains(name)), "{found:?}");
    assert_eq!(verdict(&comparison, "fuel"), "regressed");
    let said = bench.dyno(["compare", &runs[0], &runs[1]]).exits(0);
    let said =
        said.says("as stored, each from its own time: the noise of the two hides changes below ");
    said.says("noise of the base: processes of a case spread by ")
        .says("other programs took ");
}

/// If this fails, the code is blamed for what another seed, engine, setting or machine did, or it
/// is not said which.
#[test]
fn each_condition_is_named_with_both_values_and_blamed_on_nothing() {
    let bench = Bench::new();
    let runs = two_runs(&bench);
    let unsure = "unsure";
    // The column, what it is in the base, the name, the base's value as it is shown; what stays
    // sure.
    for (sql, name, value, fuel) in [
        ("seed = 5", "seed", "0x5", unsure),
        (
            "engine = 'wasmtime 1.2.3'",
            "engine",
            "wasmtime 1.2.3",
            unsure,
        ),
        ("host_version = '0.0.1'", "version of dyno", "0.0.1", unsure),
        ("grants_json = '[\"--arg=fast\"]'", "--arg", "fast", unsure),
        (
            "grants_json = '[\"--dir=/x::/data\"]'",
            "--dir",
            "/x::/data",
            unsure,
        ),
        (
            "grants_json = '[\"--own-dir\"]'",
            "--own-dir",
            "given",
            unsure,
        ),
        (
            "grants_json = '[\"--env=TOKEN\"]'",
            "TOKEN",
            "given, its value is not recorded",
            unsure,
        ),
        // As older versions recorded it.
        (
            "grants_json = '[\"--env=TOKEN=…\"]'",
            "TOKEN",
            "given, its value is not recorded",
            unsure,
        ),
        (
            "settings_json = json_set(settings_json, '$.sample_ns', 9000000)",
            "sample_ns",
            "9 ms",
            "regressed",
        ),
        (
            "settings_json = json_set(settings_json, '$.count_batch_fuel', 7)",
            "count_batch_fuel",
            "7",
            unsure,
        ),
        (
            "confinement_json = '[\"rlimits\"]'",
            "confinement",
            "rlimits",
            "regressed",
        ),
        (
            "empty_batch_ns = empty_batch_ns * 2",
            "empty batch",
            "",
            "regressed",
        ),
    ] {
        let columns = "seed, engine, host_version, grants_json, settings_json, confinement_json, empty_batch_ns";
        let keep = format!("CREATE TEMP TABLE kept AS SELECT name, {columns} FROM run");
        let database = bench.database();
        database.execute_batch(&keep).unwrap();
        let set = format!("UPDATE run SET {sql} WHERE name = ?1");
        assert_eq!(database.execute(&set, [&runs[0]]).unwrap(), 1);
        let comparison = compared(&bench, &runs, &[]);
        let found = differences(&comparison);
        let found = found.iter().find(|(found, ..)| found == name);
        let (_, base, candidate) = found.unwrap_or_else(|| panic!("{name}: {comparison:#}"));
        assert!(base == value || value.is_empty(), "{name}: {base}");
        assert_ne!(base, candidate, "{name}");
        assert_eq!(verdict(&comparison, "fuel"), fuel, "{name}");
        let count_only = name == "count_batch_fuel";
        if !count_only {
            assert_eq!(comparison["cases"][0]["verdict"], unsure, "{name}");
            assert_eq!(comparison["cases"][0]["severity"], Value::Null, "{name}");
        }
        let notes = comparison["cases"][0]["notes"].to_string();
        assert!(
            notes.contains("is put down to the code: the runs differ in "),
            "{name}: {notes}"
        );
        assert!(notes.contains(name), "{name}: {notes}");
        let said = bench.dyno(["compare", &runs[0], &runs[1]]).exits(0);
        said.says(&format!("{name} ")).says("by itself)");
        for column in columns.split(", ") {
            let back = format!(
                "UPDATE run SET {column} = (SELECT {column} FROM kept WHERE kept.name = run.name)"
            );
            database.execute_batch(&back).unwrap();
        }
    }
}

/// If this fails, a variable whose value may be another one passes for the same, or its value is
/// recorded.
#[test]
fn a_variable_is_never_known_to_be_the_same() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    let runs = ["secret-one", "secret-two"].map(|value| {
        let variable = format!("--env=TOKEN={value}");
        bench
            .run([variable.as_str(), "--blocks", "9", "it.wat"])
            .exits(0);
        bench.runs().remove(0)
    });
    let comparison = compared(&bench, &runs, &[]);
    let variable = (
        "TOKEN".to_owned(),
        "given, its value is not recorded".to_owned(),
    );
    let found = differences(&comparison);
    let found = found
        .iter()
        .map(|(name, base, _)| (name.clone(), base.clone()));
    assert!(
        found.collect::<Vec<_>>().contains(&variable),
        "{comparison:#}"
    );
    assert_eq!(comparison["cases"][0]["verdict"], "unsure");
    let dump = std::fs::read(bench.report()).unwrap();
    assert!(!String::from_utf8_lossy(&dump).contains("secret-"));
}

/// If this fails, a gate fails or passes for what another seed may have done.
#[test]
fn a_gate_over_stored_runs_is_unsure_under_other_conditions() {
    let bench = Bench::new();
    let [base, candidate] = two_runs(&bench);
    drop(candidate);
    // Numbers only: a baseline that keeps its plugins would be run again.
    let gate = ["gate", "--baseline"];
    let run = format!("run:{base}");
    let said = bench.dyno(
        gate.iter()
            .copied()
            .chain([run.as_str(), "--seed", "5", "it.wat"])
            .chain(SWIFT),
    );
    said.exits(7)
        .says("the runs were made under other conditions: they differ in seed");
}

/// If this fails, a comparison with a stored run makes a difference of its own: it samples in
/// another way.
#[test]
fn what_is_run_now_is_sampled_like_the_stored_run() {
    let bench = Bench::new();
    let [base, _] = two_runs(&bench);
    let run = format!("run:{base}");
    bench
        .dyno(["compare", &run, "it.wat", "--blocks", "9", "--pairs", "1"])
        .exits(0);
    let names: Value = serde_json::from_str(
        &bench.text("SELECT conditions_json FROM comparison ORDER BY id DESC LIMIT 1"),
    )
    .unwrap();
    let names: Vec<&str> = names["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    for sampling in [
        "sample_ns",
        "budget_ns",
        "precision_ppm",
        "samples_min",
        "samples_max",
    ] {
        assert!(!names.contains(&sampling), "{names:?}");
    }
}
