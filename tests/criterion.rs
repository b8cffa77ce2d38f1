//! Criterion's bench files as plugins: those of published crates as they are, and one with every
//! way to go wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::support::{Bench, QUICK, Said, build, case, cases, line_of, repository};

/// A directory of bench plugins.
fn benches(name: &str) -> PathBuf {
    let fixtures = repository().join("tests/fixtures/criterion-benches");
    fixtures.join(name)
}

/// Builds and runs a directory of bench plugins, which ends with `code`.
fn run(bench: &Bench, name: &str, code: i32) -> (Value, Said) {
    let mut command = bench.command();

    command.arg("run").args(QUICK).arg(benches(name));
    let said = build(command).exits(code);
    (bench.recorded("latest"), said)
}

/// If this fails, what the README says of Criterion is not true of benches that nobody wrote for
/// Dyno.
#[test]
fn the_benches_of_published_crates_run_unchanged() {
    let bench = Bench::new();
    let (run, said) = run(&bench, "published", 0);
    let mut counts = BTreeMap::new();
    for (plugin, case) in cases(&run) {
        let name = case["spec"]["name"].as_str().unwrap();
        assert_eq!(case["outcome"], json!({"kind": "ok"}), "{plugin} {name}");
        assert!(line_of(&said.stdout, name).is_some(), "{name}: {said}");
        *counts.entry(plugin).or_insert(0) += 1;
    }
    // As many as Criterion's own `--list` prints, less those of crc32fast that need SIMD
    // instructions.
    let expected = [
        ("bench-of-crc32fast", 10),
        ("bench1-of-itertools", 39),
        ("convert-of-half", 96),
        ("parse-of-semver", 3),
    ];
    assert_eq!(counts, BTreeMap::from(expected));

    let spec = &case(&run, "baseline/16384")["spec"];
    assert_eq!(spec["group"], "baseline");
    assert_eq!(spec["params"], json!([["parameter", "16384"]]));
    assert_eq!(spec["throughput"], json!({"bytes": 16384}));
}

/// If this fails, a case that measured nothing, or something else, passes for measured, or takes
/// the others down with it.
#[test]
fn what_criterion_allows_and_dyno_cannot_fails_in_a_sentence() {
    let bench = Bench::new();
    let (run, said) = run(&bench, "faults", 5);
    for (name, message) in [
        ("faulty/custom", "Dyno's host owns the clock: use `iter`"),
        ("faulty/idle", "never called `iter`"),
        ("faulty/twice", "more than once"),
        ("faulty/panic-before", "no input was found"),
        ("faulty/panic-within", "the routine failed"),
        ("faulty/never-ready", "nothing is left that could wake it"),
    ] {
        assert_ne!(case(&run, name)["outcome"]["kind"], "ok", "{name}");
        assert!(said.stdout.contains(message), "{name}: {said}");
    }
    // In both groups of `criterion_main!`, under the names that Criterion would print.
    for name in ["fine", "fine #2"] {
        assert_eq!(case(&run, name)["outcome"], json!({"kind": "ok"}), "{name}");
    }
    assert_eq!(cases(&run).len(), 8);
}
