//! Limits and thresholds, as numbers and shares, of all cases and of some.

use std::fs;

use super::{bench_with, counted};
use crate::support::{case, plugin};
use crate::versions::{SWIFT, change, pages, rounds};

/// If this fails, counts alone are not exact, take a time pass after all, or need the old plugin.
#[test]
fn counts_alone_are_judged_exactly_and_against_numbers_too() {
    let bench = bench_with(&rounds(&["add"], 1000));
    bench
        .dyno(["baseline", "save", "numbers", "--numbers-only"])
        .exits(0);
    counted(&bench, &[]).exits(0).says("1 identical");
    let numbers = |code: i32, args: &[&str]| {
        let gate = ["gate", "--counts-only", "--baseline", "numbers", "it.wat"];
        bench.dyno([&gate[..], args].concat()).exits(code)
    };
    numbers(0, &[]);
    bench.write("it.wat", rounds(&["add"], 1002));
    for said in [counted(&bench, &[]).exits(6), numbers(6, &[])] {
        said.says("by fuel")
            .says("fuel grew by 0.1")
            .says("gate: regressed (fuel 0.1 %, memory 0.1 %)");
        let grown = change(&bench.verdict(), "fuel").clone();
        let fuel = |side: &str| grown[side].as_f64().unwrap();
        assert_eq!(fuel("candidate") - fuel("base"), 10.0);
        assert_eq!(bench.verdict()["decided_by"], "fuel");
        assert_eq!(bench.verdict()["changes"].as_array().unwrap().len(), 2);
    }
    let [_, candidate] = bench.sides();
    let candidate = bench.recorded(&candidate);
    let processes = &case(&candidate, "add")["processes"];
    assert!(processes.as_array().unwrap().is_empty(), "{processes}");
    counted(&bench, &["--fuel-threshold", "1%"]).exits(0);
    numbers(0, &["--fuel-threshold", "1%"]);
    // Another seed may be the reason: the code is not blamed.
    numbers(7, &["--seed", "5"]).says("they differ in seed");
    bench.write("it.wat", rounds(&["add"], 900));
    counted(&bench, &[]).exits(0).says("improved");
    bench.write("it.wat", pages(&["add"], 2));
    counted(&bench, &["--fuel-threshold", "1000%"])
        .exits(6)
        .says("memory grew by 100.00 %");
    counted(&bench, &["--memory-threshold", "100.1%"]).exits(0);
    bench
        .dyno(["compare", "--counts-only", "main", "it.wat"])
        .exits(0)
        .says("by memory");
    for conflict in [["--blocks", "20"], ["--time", "1s"], ["--threshold", "5%"]] {
        counted(&bench, &conflict).exits(2).complains(conflict[0]);
    }
}

/// If this fails, a share is read as a hundred times what was meant, and everything passes.
#[test]
fn a_bare_number_is_no_share_and_a_share_is_no_limit() {
    let bench = bench_with(&plugin(&["add"]));
    for flag in ["--threshold", "--fuel-threshold", "--memory-threshold"] {
        for (value, instead) in [
            ("10", "write 10%"),
            ("0.1", "write 10% or 0.1%"),
            ("0%", "above 0%"),
            ("1001%", "up to 1000%"),
        ] {
            let said = bench.dyno(["gate", "--baseline", "main", flag, value]);
            said.exits(2).complains(instead);
        }
    }
    for (flag, instead) in [
        ("--fuel", "--fuel-threshold 1%"),
        ("--memory", "--memory-threshold 1%"),
    ] {
        let said = bench.dyno(["gate", "--baseline", "main", flag, "1%"]);
        said.exits(2).complains(instead);
    }
    let said = bench.dyno(["run", "--wall", "1%", "it.wat"]).exits(2);
    said.complains("this limit is an amount such as 1min");
    // What was captured is limited by a name of its own.
    bench.dyno(["run", "--output", "1MiB", "it.wat"]).exits(2);
    bench.run(["--output-bytes", "1MiB", "it.wat"]).exits(0);
}

/// If this fails, nobody sees by what was judged, or some cases are judged by what holds for
/// others.
#[test]
fn thresholds_by_case_and_hard_limits_hold_and_are_shown_everywhere() {
    let bench = bench_with(&rounds(&["add", "mul"], 1000));
    bench.write("it.wat", rounds(&["add", "mul"], 1050));
    let suite = |tables: &str| {
        let phase = "[phases.baseline]\nagainst = 'main'\nthreshold = '1000%'\ntime = '20ms'\nsample-time = '1ms'";
        let text = format!("output = 'out'\n[[plugins]]\npath = 'it.wat'\n{phase}\n{tables}\n");
        bench.write("dyno.toml", text);
    };
    let gated = |name: &str| {
        let verdicts = bench.verdicts();
        let found = verdicts.iter().find(|verdict| verdict["case"] == name);
        found.unwrap()["gate"]["outcome"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let slack = ["--fuel-threshold", "50%", "--config", "dyno.toml"];
    suite("[gate.mul]\nfuel-threshold = '1%'");
    let said = counted(&bench, &slack).exits(6);
    let said = said.says("(fuel 50 %, memory 0.1 %; mul: fuel 1 %)");
    assert_eq!(
        [gated("add"), gated("mul")],
        ["passed", "regressed"],
        "{said}"
    );
    bench.dyno(["suite", "run"]).exits(6).says("fell behind");
    let shown = "time 1000 %; mul: fuel 1 %";
    bench.dyno(["suite", "check"]).exits(0).says(shown);
    for file in ["baseline.html", "baseline.xml"] {
        let text = fs::read_to_string(bench.path("out").join(file)).unwrap();
        assert!(text.contains(shown), "{file}: {text}");
    }
    let text = fs::read_to_string(bench.path("out/baseline.md")).unwrap();
    assert!(text.contains("time 1000 %; mul&#58; fuel 1 %"), "{text}");

    suite("[gate.'/^(add|mul)$/']\nfuel-max = '1k'");
    counted(&bench, &slack)
        .exits(6)
        .says("is above the hard limit of 1000")
        .says("at most 1000 fuel");
    suite("[gate.'/^(add|mul)$/']\nmemory-max = '1KiB'");
    counted(&bench, &slack)
        .exits(6)
        .says("a peak of 65536 bytes");
    suite("[gate.'/^(add|mul)$/']\nmemory-max = '1MiB'\nfuel-max = '1M'");
    counted(&bench, &slack).exits(0);
    // A table that is about nothing guards nothing.
    suite("[gate.'ad/*']\nfuel-threshold = '1%'");
    let said = counted(&bench, &slack).exits(0);
    assert!(
        said.stderr.contains("no case is what [gate.\"ad/*\"]"),
        "{said}"
    );
    let said = bench.dyno(["suite", "run"]).exits(4);
    assert!(
        said.stderr.contains("no case is what [gate.\"ad/*\"]"),
        "{said}"
    );
}

/// The flags of a swift comparison are those that counts alone refuse.
#[test]
fn counts_alone_refuse_what_only_a_time_pass_needs() {
    let bench = bench_with(&plugin(&["add"]));
    for flag in SWIFT.iter().filter(|flag| flag.starts_with("--")) {
        counted(&bench, &[flag, "20"]).exits(2);
    }
}
