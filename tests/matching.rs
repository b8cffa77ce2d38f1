//! Plugins of one name, and cases by their names: which is meant, and how they are told apart
//! wherever they are shown.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::{Bench, cases, plugin};
use super::versions::{change, rounds};

/// Two plugins `benchmark` whose work differs a hundred times.
fn two_of_one_name() -> Bench {
    let bench = Bench::new();
    bench.write("x1/benchmark.wat", rounds(&["add"], 1000));
    bench.write("x2/benchmark.wat", rounds(&["add"], 100_000));
    bench
}

const BOTH: [&str; 2] = ["x1/benchmark.wat", "x2/benchmark.wat"];
const TURNED: [&str; 2] = ["x2/benchmark.wat", "x1/benchmark.wat"];

fn verdicts(bench: &Bench) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let verdicts = bench.verdicts();
    verdicts
        .iter()
        .map(|case| (text(&case["plugin"]), text(&case["verdict"])))
        .collect()
}

/// If this fails, plugins of one name are compared by their place on the command line: nothing
/// changed, and a gate says +121,513 %.
#[test]
fn plugins_of_one_name_are_compared_each_with_itself_in_any_order() {
    let bench = two_of_one_name();
    bench
        .run([&["--save-baseline", "m"][..], &BOTH].concat())
        .exits(0);
    bench
        .gate([&["--baseline", "m"][..], &TURNED].concat())
        .exits(0)
        .says("2 identical");
    let identical = |plugin: &str| (plugin.to_owned(), "identical".to_owned());
    assert_eq!(
        verdicts(&bench),
        [identical("x2/benchmark"), identical("x1/benchmark")]
    );
    // One alone is still the one that it is, and so is one among more.
    bench
        .gate(["--baseline", "m", "x2/benchmark.wat", "--gone", "warn"])
        .exits(0)
        .says("1 identical · 1 gone");
    bench.write("x3/benchmark.wat", rounds(&["add"], 10));
    let three = ["x3/benchmark.wat", "x2/benchmark.wat", "x1/benchmark.wat"];
    bench
        .gate([&["--baseline", "m"][..], &three].concat())
        .exits(0)
        .says("2 identical · 1 new");
}

/// If this fails, plugins of one name that changed are not found by where they are, though a
/// baseline ran copies.
#[test]
fn plugins_of_one_name_that_changed_are_found_by_their_paths() {
    let bench = two_of_one_name();
    bench
        .run([&["--save-baseline", "m"][..], &BOTH].concat())
        .exits(0);
    let run = bench.runs().remove(0);
    bench
        .dyno(["baseline", "save", "n", "--numbers-only", &run])
        .exits(0);
    bench.write("x1/benchmark.wat", rounds(&["add"], 1010));
    bench.write("x2/benchmark.wat", rounds(&["add"], 101_000));
    for args in [
        &["--baseline", "m", "x2/benchmark.wat", "x1/benchmark.wat"][..],
        &["--baseline", "m"],
        &["--baseline", "m", "."],
        &["--baseline", "n", "x2/benchmark.wat", "./x1/benchmark.wat"],
    ] {
        let said = bench.gate([args, &["--threshold", "400%"]].concat());
        assert!(matches!(said.status.code(), Some(0 | 7)), "{said}");
        let verdicts = bench.verdicts();
        assert_eq!(verdicts.len(), 2, "{said}");
        for case in &verdicts {
            let grown = change(case, "fuel")["ratio"].as_f64().unwrap();
            assert!((1.0..1.02).contains(&grown), "{said}");
        }
    }
    let [base, _] = bench.sides();
    let from = |run: &str| bench.recorded(run)["plugins"][0]["kept_from"].clone();
    assert_eq!(from(&base), Value::Null, "its numbers alone were compared");
    bench.gate(["--baseline", "m", "--threshold", "400%"]);
    let kept_from = from(&bench.sides()[0]);
    assert!(
        Path::new(kept_from.as_str().unwrap()).ends_with("x1/benchmark.wat"),
        "{kept_from}"
    );
}

/// If this fails, plugins are paired by chance, or hours are measured before anybody says that they
/// cannot be.
#[test]
fn plugins_that_nothing_tells_apart_are_refused_before_anything_is_measured() {
    let bench = two_of_one_name();
    bench
        .run([&["--save-baseline", "m"][..], &BOTH].concat())
        .exits(0);
    bench
        .dyno(["baseline", "save", "n", "--numbers-only"])
        .exits(0);
    bench.write("y1/benchmark.wat", rounds(&["add"], 1));
    bench.write("y2/benchmark.wat", rounds(&["add"], 2));
    fs::remove_dir_all(bench.cache()).unwrap();
    for baseline in ["m", "n"] {
        let said = bench
            .gate([
                "--baseline",
                baseline,
                "y1/benchmark.wat",
                "y2/benchmark.wat",
            ])
            .exits(2);
        let said = said.complains("several plugins are called `benchmark`");
        for named in [
            "x1/benchmark.wat",
            "x2/benchmark.wat",
            "y1/benchmark.wat",
            "y2/benchmark.wat",
        ] {
            assert!(said.stderr.contains(named), "{said}");
        }
        assert!(said.stdout.is_empty(), "{said}");
    }
    assert_eq!(bench.runs().len(), 1);
    assert!(bench.cached().is_empty(), "something was compiled");
    // Two runs as they were stored.
    bench.run(["y1/benchmark.wat", "y2/benchmark.wat"]).exits(0);
    bench.compare(["n", "latest"]).exits(2);
    // What it says to do.
    bench
        .compare(["x1/benchmark.wat", "y1/benchmark.wat"])
        .exits(0);
}

/// If this fails, several directories' `benchmark` are rows of one name.
#[test]
fn plugins_of_one_name_are_told_apart_wherever_they_are_shown() {
    let bench = two_of_one_name();
    let said = bench.run(BOTH).exits(0);
    for label in ["x1/benchmark", "x2/benchmark"] {
        assert!(said.stdout.contains(label), "{said}");
        bench.dyno(["report", "show"]).exits(0).says(label);
    }
    let named = |format: &str, names: [&str; 2]| {
        let said = bench
            .dyno(["report", "export", "--format", format])
            .exits(0);
        for name in names {
            assert!(
                said.stdout.contains(name),
                "{format}: {name} is missing: {said}"
            );
        }
    };
    for format in [
        "csv",
        "markdown",
        "html",
        "junit",
        "openmetrics",
        "jsonl",
        "json",
    ] {
        named(format, ["x1/benchmark", "x2/benchmark"]);
    }
    for format in [
        "google-benchmark",
        "bencher",
        "hyperfine",
        "github-action-benchmark",
    ] {
        named(format, ["x1:benchmark/add", "x2:benchmark/add"]);
    }
    named(
        "benchstat",
        ["BenchmarkX1:benchmark/add-1", "BenchmarkX2:benchmark/add-1"],
    );
    let directories = |run: &str, to: &str| -> BTreeSet<String> {
        let export = [
            "report",
            "export",
            run,
            "--format",
            "criterion",
            "--output",
            to,
        ];
        bench.dyno(export).exits(0);
        let entries = fs::read_dir(bench.path(to).join("criterion")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let both = directories("latest", "one");
    assert_eq!(both.len(), 2);
    let latest = bench.recorded("latest");
    let plugins: BTreeSet<&str> = cases(&latest)
        .into_iter()
        .map(|(plugin, _)| plugin)
        .collect();
    assert_eq!(plugins.len(), 1, "their name is what it was");
    // The other way round, each is called what it was.
    bench.run(TURNED).exits(0);
    assert_eq!(directories("latest", "other"), both);

    let histories = |args: &[&str]| -> Vec<(String, usize)> {
        let said = bench
            .dyno([&["history", "add", "--json"], args].concat())
            .exits(0);
        let found = said.json().as_array().unwrap().clone();
        let of = |history: &Value| {
            let points = history["points"].as_array().unwrap().len();
            (history["label"].as_str().unwrap().to_owned(), points)
        };
        found.iter().map(of).collect()
    };
    let [one, two] = ["x1/benchmark", "x2/benchmark"].map(|label| (label.to_owned(), 2));
    assert_eq!(histories(&[]), [one.clone(), two.clone()]);
    assert_eq!(histories(&["--plugin", "benchmark"]), [one, two.clone()]);
    assert_eq!(histories(&["--plugin", "x2/benchmark"]), [two]);
}

/// If this fails, a case whose name looks like a pattern cannot be chosen, or another one is.
#[test]
fn a_pattern_that_is_the_name_of_a_case_means_that_case() {
    let bench = Bench::new();
    let names = ["map[100]", "map1", "map", "remap", "/map/", "-x", "["];
    bench.write("it.wat", plugin(&names));
    let listed = |args: &[&str]| -> Vec<String> {
        let said = bench.dyno([&["list", "it.wat"], args].concat());
        let lines = said
            .stdout
            .lines()
            .skip(1)
            .map(|line| line.trim().to_owned());
        lines.collect()
    };
    for name in names {
        assert_eq!(listed(&[&format!("--case={name}")]), [name]);
        assert_eq!(listed(&[&format!("--case={name}"), "--exact"]), [name]);
    }
    assert_eq!(listed(&["--case", "map[1]"]), ["map1"]);
    assert_eq!(
        listed(&["--case", "rem", "--case", "/^-/"]),
        ["remap", "-x"]
    );
    assert_eq!(
        listed(&["--exclude", "map", "--exclude", "/[^a-z01]/"]),
        ["map1", "remap"]
    );
    assert!(listed(&["--exact", "--case", "rem"]).is_empty());
    bench
        .dyno(["list", "it.wat", "--case", "(", "--case", "[x"])
        .exits(2);
    bench
        .dyno(["list", "it.wat", "--exact", "--case", "[x"])
        .exits(4);
    // Wherever cases are chosen.
    let said = bench.run(["it.wat", "--exclude", "/[^a-z01]/"]).exits(0);
    assert_eq!(cases(&bench.recorded("latest")).len(), 3, "{said}");
    let said = bench.dyno(["report", "show", "--case", "map"]).exits(0);
    assert!(!said.stdout.contains("remap"), "{said}");
    bench.dyno(["report", "show", "--case", "nothing"]).exits(4);
    let histories = |args: &[&str]| {
        let said = bench.dyno([&["history", "--json"], args].concat()).exits(0);
        said.json().as_array().unwrap().len()
    };
    assert_eq!(
        [
            histories(&["map"]),
            histories(&["re"]),
            histories(&["*map*"])
        ],
        [1, 1, 3]
    );
    assert_eq!(histories(&["*map*", "--exclude", "map"]), 2);
    // A name that another plugin has is a name, too.
    bench.write("other.wat", plugin(&["remap", "remapped"]));
    let said = bench
        .dyno(["list", "it.wat", "other.wat", "--case", "remap"])
        .exits(0);
    assert_eq!(said.stdout.matches("remap").count(), 2, "{said}");
    bench.write(
        "dyno.toml",
        "[[plugins]]\npath = 'it.wat'\n[phases.baseline]\ncases = ['map', '-x']\nexclude = ['-x']\ntime = '20ms'\nblocks = 1\n",
    );
    let said = bench.dyno(["suite", "run"]).exits(0);
    let run = bench.recorded("latest");
    let measured: Vec<_> = cases(&run)
        .into_iter()
        .map(|(_, case)| case["spec"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(measured, ["map"], "{said}");
}

/// If this fails, the command that is shown is not understood, asks another report, or measures
/// something else.
#[test]
fn the_command_that_shows_a_failure_again_takes_its_report_and_flags() {
    let bench = Bench::new();
    bench.write(
        "it.wat",
        plugin(&["-trap", "trap", "trap 2"]).replace("i32.const 116", "i32.const 45"),
    );
    let report = bench.path("my report.sqlite");
    let said = bench
        .run([
            "it.wat",
            "--no-build",
            "--seed",
            "3",
            "--wall",
            "9s",
            "--report",
            report.to_str().unwrap(),
        ])
        .exits(5);
    let shown: Vec<&str> = said.reruns().collect();
    let line = "dyno run --quick it.wat --case=-trap --seed 3 --wall 9s --time 20ms --sample-time 1ms --no-build --report '";
    assert!(shown.len() == 1 && shown[0].starts_with(line), "{said}");
    let before = bench
        .dyno([
            std::ffi::OsStr::new("report"),
            "list".as_ref(),
            "--report".as_ref(),
            report.as_os_str(),
        ])
        .exits(0);
    bench.shell(shown[0]).exits(5);
    let after = bench
        .dyno([
            std::ffi::OsStr::new("report"),
            "list".as_ref(),
            "--report".as_ref(),
            report.as_os_str(),
        ])
        .exits(0);
    assert_eq!(
        after.stdout.lines().count(),
        before.stdout.lines().count() + 1
    );
}

/// If this fails, nobody sees that a plugin was held against another one that was left over.
#[test]
fn the_table_says_against_which_plugin_another_one_was_held() {
    let bench = two_of_one_name();
    bench
        .run([&["--save-baseline", "m"][..], &BOTH].concat())
        .exits(0);
    bench.write("x3/benchmark.wat", rounds(&["add"], 1001));
    let candidates = ["x2/benchmark.wat", "x3/benchmark.wat"];
    let said = bench
        .dyno(
            [
                &["gate", "--counts-only", "--baseline", "m"][..],
                &candidates,
            ]
            .concat(),
        )
        .says("x3/benchmark add (against x1/benchmark)");
    assert!(!said.stdout.contains("(against x2/benchmark)"), "{said}");
    let export = |format: &str| {
        bench
            .dyno(["report", "export", "--format", format])
            .exits(0)
    };
    export("markdown")
        .says("<code>x3/benchmark</code> <code>add</code> (against <code>x1/benchmark</code>)");
    export("html").says("against <bdi>x1/benchmark</bdi>");
}
