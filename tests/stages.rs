//! What happens once in a process, before a case runs: loading and instantiating are sampled as the
//! case itself is, one value per process.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::programs::module;
use super::support::{Bench, cases, fib, plugin};

/// The measurement of a metric.
fn measured<'a>(case: &'a Value, metric: &str) -> &'a Value {
    let mut all = case["measurements"].as_array().unwrap().iter();
    let found = all.find(|measured| measured["metric"] == metric);
    found.unwrap_or_else(|| panic!("no {metric} in {case:#}"))
}

/// A program that prints its word.
fn hello(words: &str) -> String {
    module("", words, "(call $print (i32.const 1) (i32.const 6))")
}

/// A core module that becomes a component, a program that is a module, and a plugin directory.
fn of_each_kind(bench: &Bench) -> [PathBuf; 3] {
    [
        bench.write("two.wat", plugin(&["a", "b"])),
        bench.write("hello.wat", hello("hello\\n")),
        fib(),
    ]
}

/// If this fails, a stage has no interval, or is drawn from other processes than timed the case; a
/// component, a core module that becomes one, and a program that is a module are treated alike.
#[test]
fn loading_and_instantiating_have_one_value_per_process_and_an_interval() {
    let bench = Bench::new();
    let three = ["--blocks", "3"].map(PathBuf::from);
    bench
        .run(three.into_iter().chain(of_each_kind(&bench)))
        .exits(0);
    let run = bench.recorded("latest");
    for (name, case) in cases(&run) {
        let processes = case["processes"].as_array().unwrap();
        for (metric, field) in [
            ("load-time", "load_ns"),
            ("instantiate-time", "instantiate_ns"),
        ] {
            let values = processes.iter().map(|one| one[field].as_f64().unwrap());
            let mut values: Vec<f64> = values.collect();
            values.sort_by(f64::total_cmp);
            let (lower, upper) = ((values.len() - 1) / 2, values.len() / 2);
            let middle = f64::midpoint(values[lower], values[upper]);
            let measured = measured(case, metric);
            let estimate = &measured["estimate"];
            assert_eq!(measured["unit"], "ns");
            assert_eq!(estimate["median"], middle, "{name}: {metric} of {values:?}");
            assert_eq!(estimate["n"], values.len(), "{name}");
            assert!(
                estimate["lower"].as_f64() < estimate["upper"].as_f64(),
                "{estimate}"
            );
        }
    }
    let page = bench
        .dyno(["report", "export", "--format", "html"])
        .exits(0);
    for title in ["load time", "instantiate time"] {
        assert!(page.stdout.contains(title), "{title}");
    }
}

/// If this fails, an embedder does not see that a version loads slower, or a gate that was not
/// asked to judges it.
#[test]
fn loading_and_instantiating_are_compared_and_judge_nothing_unasked() {
    let bench = Bench::new();
    let [old, new] = ["hello\\n", "hallo\\n"].map(hello);
    bench.write("old/it.wat", old);
    bench.write("new/it.wat", new);
    let said = bench
        .compare(["old/it.wat", "new/it.wat", "--verbose"])
        .exits(0);
    assert!(said.stdout.contains("load time "), "{said}");
    assert!(said.stdout.contains("instantiate time "), "{said}");
    let verdict = bench.verdict();
    for metric in ["load-time", "instantiate-time"] {
        let mut changes = verdict["changes"].as_array().unwrap().iter();
        let change = changes.find(|change| change["metric"] == metric).unwrap();
        assert!(change["pairs"].as_u64().unwrap() > 0, "{change}");
        assert!(change["lower"].as_f64() <= change["upper"].as_f64());
    }
    let short = bench.compare(["old/it.wat", "new/it.wat"]).exits(0);
    assert!(!short.stdout.contains("load time"), "{short}");
}

/// If this fails, a suite cannot demand how fast its plugins come up.
#[test]
fn a_suite_demands_how_long_loading_and_instantiating_take() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["a"]));
    let suite = |demands: &str| {
        let text = "[[plugins]]\npath = 'it.wat'\n[phases.baseline]\ndepth = 'quick'\n";
        bench.write(
            "dyno.toml",
            format!("{text}time = '20ms'\nblocks = 3\n{demands}\n"),
        );
        bench.dyno(["suite", "run", "--json"])
    };
    let said = suite("metrics = ['load-time']\ncriteria = ['instantiate-time <= 3600s']").exits(0);
    let result = &said.json()[0];
    assert_eq!(result["readings"][0]["metric"], "load-time");
    let metric = |check: &Value| check["reading"]["metric"] == "instantiate-time";
    assert!(result["checks"].as_array().unwrap().iter().any(metric));
    suite("criteria = ['load-time <= 1ns']").exits(6);
}

/// If this fails, how long compiling takes is one number of a busy moment, is drawn from the cache,
/// or costs those who did not ask for it.
#[test]
fn compiling_is_sampled_in_fresh_workers_where_that_is_asked_for() {
    let bench = Bench::new();
    let files = of_each_kind(&bench);
    bench.run(&files).exits(0);
    let of = |run: &Value| -> Vec<Value> {
        let plugins = run["plugins"].as_array().unwrap().iter();
        plugins.map(|plugin| plugin["compile"].clone()).collect()
    };
    for compile in of(&bench.recorded("latest")) {
        assert_eq!(compile["samples_ns"], json!([]));
        assert_eq!(compile["compile_ns"], Value::Null);
    }
    let cached = bench.cached();
    let seven = ["--compile-samples", "7"].map(PathBuf::from);
    let said = bench.run(seven.into_iter().chain(files)).exits(0);
    assert_eq!(said.stdout.matches(", 7 times)").count(), 2, "{said}");
    let run = bench.recorded("latest");
    for compile in of(&run) {
        // It was in the cache, and was compiled all the same; what came of it is not kept.
        assert_eq!(compile["cache"], "hit");
        assert_eq!(compile["duration_ns"], 0);
        let samples = compile["samples_ns"].as_array().unwrap().iter();
        let mut samples: Vec<u64> = samples.map(|ns| ns.as_u64().unwrap()).collect();
        assert_eq!(samples.len(), 7);
        samples.sort_unstable();
        assert!(samples[0] > 0);
        let estimate = &compile["compile_ns"];
        assert_eq!(estimate["n"], 7);
        assert_eq!(estimate["median"].as_f64(), Some(samples[3] as f64));
        assert_eq!(estimate["interval"], "order-statistic");
    }
    assert_eq!(bench.cached(), cached);
    assert_eq!(run["settings"]["compile_samples"], 7);
    bench
        .run(["--compile-samples", "0", "two.wat"])
        .exits(2)
        .complains("--compile-samples");
}
