//! What a gate and a suite do not let pass unseen: what fails on both sides, is gone, renamed,
//! computes something else, or was never run. Nearly all of it by counts alone, which no noise can
//! change.

use std::fs;

use super::support::{Bench, Said, case, plugin};
use super::versions::{SWIFT, change, other_result, pages, pairs, rounds};

/// A gate against `main` that times nothing.
fn counted(bench: &Bench, args: &[&str]) -> Said {
    bench.dyno([&["gate", "--counts-only", "--baseline", "main"], args].concat())
}

/// A bench with a baseline `main` of `it.wat`.
fn bench_with(text: &str) -> Bench {
    let bench = Bench::new();
    bench.write("it.wat", text);
    let run = bench.run(["it.wat"]);
    assert!([Some(0), Some(5)].contains(&run.status.code()), "{run}");
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench
}

fn outcome(bench: &Bench) -> String {
    bench.text("SELECT gate FROM comparison ORDER BY id DESC LIMIT 1")
}

/// If this fails, what traps on both sides passes, because it traps in the same way.
#[test]
fn what_fails_on_both_sides_is_not_identical() {
    let bench = bench_with(&plugin(&["add", "trap"]));
    for said in [
        counted(&bench, &[]),
        bench.gate(["--baseline", "main"]),
        bench.gate(["--baseline", "main", "--remeasure"]),
    ] {
        let said = said.exits(5).says("gate: unsure").says("1 identical");
        assert_eq!(outcome(&bench), "unsure", "{said}");
        assert_eq!(
            pairs(&bench.words()),
            [("add", "identical"), ("trap", "unsure")]
        );
    }
    let said = bench.compare(["it.wat", "it.wat"]).exits(5);
    assert!(!said.stdout.contains("2 identical"), "{said}");
}

/// If this fails, deleting a benchmark is a way to pass.
#[test]
fn a_case_or_plugin_that_is_gone_does_not_pass_unless_that_is_allowed() {
    let bench = bench_with(&plugin(&["add", "old"]));
    bench
        .dyno(["baseline", "save", "numbers", "--numbers-only"])
        .exits(0);
    bench.write("it.wat", plugin(&["young", "add"]));
    let said = counted(&bench, &[])
        .exits(6)
        .says("gate: regressed")
        .says("the baseline has this case, and the candidate does not")
        .says("[renames]")
        .says("--gone warn");
    assert_eq!(
        pairs(&bench.words()),
        [("young", "new"), ("add", "equivalent"), ("old", "gone")],
        "{said}"
    );
    counted(&bench, &["--gone", "warn"])
        .exits(0)
        .says("gate: passed")
        .says("gone cases pass");
    // What was not asked for is not gone, whether the baseline is run again or its numbers are
    // read.
    counted(&bench, &["--case", "add"]).exits(0);
    let stored = |args: &[&str]| {
        let gate = ["gate", "--counts-only", "--baseline", "numbers", "it.wat"];
        bench.dyno([&gate[..], args].concat())
    };
    stored(&[]).exits(6).says("1 gone");
    stored(&["--case", "add"]).exits(0);

    let bench = Bench::new();
    bench.write("all/a.wat", plugin(&["add"]));
    bench.write("all/b.wat", plugin(&["mul"]));
    bench.run(["all"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    fs::remove_file(bench.path("all/b.wat")).unwrap();
    counted(&bench, &["all"])
        .exits(6)
        .says("the baseline has this plugin, and the candidate does not");
    counted(&bench, &["--gone", "warn", "all"]).exits(0);
}

/// If this fails, whoever renames a case loses its history of guards, or has to let everything go.
#[test]
fn a_renamed_case_is_judged_as_what_it_was() {
    let bench = bench_with(&rounds(&["add", "old"], 1000));
    bench.write("it.wat", rounds(&["young", "add"], 1050));
    bench.write(
        "dyno.toml",
        "[[plugins]]\npath = 'it.wat'\n[phases.baseline]\n[renames]\nold = 'young'\n",
    );
    let args = ["--config", "dyno.toml"];
    let said = counted(&bench, &args).exits(6).says("fuel grew by");
    assert_eq!(
        pairs(&bench.words()),
        [("young", "regressed"), ("add", "regressed")],
        "{said}"
    );
    let said = said.says("the baseline calls it old");
    assert!(!said.stdout.contains("gone"), "{said}");
    counted(&bench, &[&args[..], &["--fuel-threshold", "50%"]].concat()).exits(0);
    counted(&bench, &[&args[..], &["--case", "young"]].concat()).exits(6);
    assert_eq!(pairs(&bench.words()), [("young", "regressed")]);
    // The file need not be a suite.
    bench.write("dyno.toml", "[renames]\nold = 'young'\nother = 'new'\n");
    let said = counted(&bench, &args).exits(6).says("fuel grew by");
    let idle = "the baseline has no case other, which [renames] gives a new name";
    assert!(said.stderr.contains(idle), "{said}");
    // The time pass pairs them, too.
    bench
        .gate([
            "--baseline",
            "main",
            "--threshold",
            "1000%",
            args[0],
            args[1],
        ])
        .exits(0);
    for case in bench.verdicts() {
        assert!(change(&case, "wall-time")["pairs"].as_u64().unwrap() >= 8);
    }
}

/// If this fails, two cases that swap their names are held against each other's past, or nobody is
/// told.
#[test]
fn names_are_swapped_and_a_name_that_is_taken_is_told_of() {
    let bench = bench_with(&rounds(&["add", "mul"], 1000));
    let config = ["--config", "dyno.toml"];
    bench.write("it.wat", rounds(&["mul", "add"], 1010));
    bench.write("dyno.toml", "[renames]\nadd = 'mul'\nmul = 'add'\n");
    let slack = [&config[..], &["--fuel-threshold", "1%"]].concat();
    counted(&bench, &slack)
        .exits(0)
        .says("mul: the baseline calls it add")
        .says("add: the baseline calls it mul");
    counted(&bench, &[&slack[..], &["--case", "mul"]].concat()).exits(0);
    assert_eq!(pairs(&bench.words()), [("mul", "regressed")]);
    bench.write("dyno.toml", "[renames]\nadd = 'mul'\n");
    counted(&bench, &slack)
        .exits(0)
        .says("add: it is not taken for mul, as [renames] says");
}

/// If this fails, results that nobody compared pass for the same.
#[test]
fn results_that_differ_from_run_to_run_are_not_the_same() {
    let bench = bench_with(&rounds(&["nalpha"], 1000));
    bench.write("it.wat", rounds(&["nalpha"], 999));
    let sentence = "its checksum differs from run to run, so results cannot be compared";
    counted(&bench, &[])
        .exits(7)
        .says("gate: unsure")
        .says(sentence);
    bench
        .dyno(["compare", "--counts-only", "main", "it.wat"])
        .exits(0)
        .says(sentence);
    counted(&bench, &["--checksum", "allow"]).exits(0);
}

/// If this fails, a pattern that is misspelt leaves out what was to be guarded, and nobody sees it.
#[test]
fn patterns_that_mean_nothing_are_told_of() {
    let bench = bench_with(&rounds(&["add", "mul"], 1000));
    bench
        .dyno(["baseline", "save", "numbers", "--numbers-only"])
        .exits(0);
    bench.write("it.wat", rounds(&["add", "mul"], 1001));
    let patterns = ["--case", "add", "--case", "mull", "--exclude", "bogus"];
    let slack = ["--fuel-threshold", "1%"];
    let [kept, numbers] = ["main", "numbers"].map(|baseline| {
        let gate = ["gate", "--counts-only", "--baseline", baseline, "it.wat"];
        bench.dyno([&gate[..], &slack, &patterns].concat())
    });
    let stored = bench.dyno([&["compare", "numbers", "numbers"][..], &patterns].concat());
    for said in [kept, numbers, stored] {
        let said = said.exits(0);
        let all = format!("{}{}", said.stdout, said.stderr);
        let count = |text: &str| all.matches(text).count();
        let mull = "no case is what the pattern `mull` means: did you mean `mul`?";
        assert_eq!(count(mull), 1, "{said}");
        assert_eq!(count("the pattern `bogus`"), 1, "{said}");
        assert_eq!(count("the pattern"), 2, "{said}");
    }
    let suite = "[[plugins]]\npath = 'it.wat'\n[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\ncases = ['add', 'nosuch']\n";
    bench.write("dyno.toml", suite);
    let said = bench.dyno(["suite", "run"]).exits(0);
    said.says("no case is what the pattern `nosuch` means");
}

/// If this fails, a file loosens what was typed.
#[test]
fn what_is_typed_is_not_loosened_by_a_file() {
    let bench = bench_with(&rounds(&["add"], 1000));
    bench.write("it.wat", rounds(&["add"], 1050));
    bench.write("dyno.toml", "[gate.'*']\nfuel-threshold = '500%'\n");
    let config = ["--config", "dyno.toml"];
    counted(&bench, &config).exits(0);
    counted(&bench, &[&config[..], &["--fuel-threshold", "1%"]].concat())
        .exits(6)
        .says("*: fuel 1 %");
    counted(
        &bench,
        &[&config[..], &["--fuel-threshold", "600%"]].concat(),
    )
    .exits(0)
    .says("*: fuel 500 %");
    // A table that is about time alone has nothing to say of counts.
    bench.write("dyno.toml", "[gate.'*']\nthreshold = '5%'\n");
    counted(&bench, &config)
        .exits(6)
        .says("gate: regressed (fuel 0.1 %, memory 0.1 %)");
}

/// If this fails, a suite says that a limit holds which nothing was held to, or that plugins agree
/// which share nothing.
#[test]
fn a_suite_that_compares_nothing_does_not_pass() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    bench.write("other.wat", plugin(&["mul"]));
    let phase = "[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n";
    for table in ["[gate.'*']\nfuel-max = '1k'\n", "[renames]\nold = 'add'\n"] {
        bench.write(
            "dyno.toml",
            format!("[[plugins]]\npath = 'it.wat'\n{phase}{table}"),
        );
        for verb in ["run", "check"] {
            let said = bench.dyno(["suite", verb]).exits(2);
            said.complains("no phase is compared with anything")
                .complains("dyno.toml:");
        }
    }
    let plugins = "[[plugins]]\npath = 'it.wat'\n[[plugins]]\npath = 'other.wat'\n";
    let cross = phase.replace("baseline", "cross");
    bench.write("dyno.toml", format!("{plugins}{cross}"));
    bench.dyno(["suite", "run"]).exits(7).says("cross ? unsure");
    bench.write("other.wat", plugin(&["add"]));
    bench.dyno(["suite", "run"]).exits(0).says("cross ✓ passed");
}

/// If this fails, nobody can tell which plugin a sentence is about.
#[test]
fn sentences_name_the_plugin_where_there_are_several() {
    let bench = Bench::new();
    for name in ["all/a.wat", "all/b.wat"] {
        bench.write(name, plugin(&["add"]));
    }
    bench.run(["all"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    for name in ["all/a.wat", "all/b.wat"] {
        bench.write(name, other_result(&["add"]));
    }
    let said = counted(&bench, &["all"]).exits(7);
    for plugin in ["a", "b"] {
        said.stdout
            .find(&format!("  {plugin} add: it computes something else now"))
            .unwrap_or_else(|| panic!("{said}"));
        said.stdout
            .find(&format!("unsure {plugin} add: it computes something else"))
            .unwrap_or_else(|| panic!("{said}"));
    }
}

/// If this fails, a version that does other work is compared in time, and passes.
#[test]
fn another_result_is_unsure_unless_it_is_meant() {
    let bench = bench_with(&plugin(&["add"]));
    bench.write("it.wat", other_result(&["add"]));
    counted(&bench, &[])
        .exits(7)
        .says("gate: unsure")
        .says("--checksum allow");
    counted(&bench, &["--checksum", "allow"])
        .exits(0)
        .says("other results pass");
    let slack = ["--baseline", "main", "--threshold", "1000%"];
    bench
        .gate(slack)
        .exits(7)
        .says("it computes something else");
    bench
        .gate([&slack[..], &["--checksum", "allow"]].concat())
        .exits(0);
}

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

/// If this fails, a suite passes although a part of it was never run.
#[test]
fn a_suite_that_cannot_be_run_whole_does_not_pass() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    let plugin = "[[plugins]]\npath = 'it.wat'\n";
    let quick = "[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n";
    let load = "[phases.load]\nrate = 10\nduration = '1s'\n";
    bench.write("dyno.toml", format!("{plugin}{quick}{load}"));
    for verb in ["run", "check"] {
        let said = bench.dyno(["suite", verb]).exits(2);
        said.complains("this version cannot run [phases.load]");
    }
    assert!(!bench.report().exists() || bench.runs().is_empty());
    bench.dyno(["suite", "run", "--phase", "baseline"]).exits(0);
    bench.dyno(["suite", "run", "--phase", "load"]).exits(2);
}

/// If this fails, a plugin whose tools are missing is passed over where all of them were to be
/// seen.
#[test]
fn a_plugin_that_cannot_be_built_passes_no_gate_and_no_suite() {
    let bench = Bench::new();
    bench.write("all/a.wat", plugin(&["add"]));
    bench.run(["all"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    let manifest =
        "[plugin]\nname = 'b'\n[build]\ncommands = [['no-such-tool']]\ncomponent = 'b.wasm'\n";
    bench.write("all/b/plugin.toml", manifest);
    bench.run(["all"]).exits(0).says("skipped");
    counted(&bench, &["all"]).exits(3);
    let phase = "[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n";
    bench.write("dyno.toml", format!("[[plugins]]\npath = 'all'\n{phase}"));
    bench.dyno(["suite", "run"]).exits(3);
}

/// If this fails, a baseline changes or holds failures without a word.
#[test]
fn saving_a_baseline_says_what_failed_and_what_it_replaces() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add", "trap"]));
    bench.run(["it.wat"]).exits(5);
    let first = bench.runs().remove(0);
    let said = bench.dyno(["baseline", "save", "main"]).exits(0);
    assert!(said.stderr.contains("did not measure trap"), "{said}");
    assert!(!said.stdout.contains("it was run"), "{said}");
    // Twice the same is no change.
    let said = bench.dyno(["baseline", "save", "main"]).exits(0);
    assert!(!said.stdout.contains("it was run"), "{said}");
    bench.write("it.wat", plugin(&["add"]));
    let said = bench.run(["--save-baseline", "main", "it.wat"]).exits(0);
    let replaced = format!("it was run {first}");
    assert!(said.stderr.contains(&replaced), "{said}");
    let second = bench.runs().remove(0);
    bench.run(["it.wat"]).exits(0);
    let said = bench.dyno(["baseline", "save", "main"]).exits(0);
    let said = said.says(&format!("it was run {second}"));
    assert_eq!(said.stderr, "", "{said}");
    let said = bench.run(["--save-baseline", "other", "it.wat"]).exits(0);
    assert_eq!(said.stderr, "", "{said}");
}

/// The flags of a swift comparison are those that counts alone refuse.
#[test]
fn counts_alone_refuse_what_only_a_time_pass_needs() {
    let bench = bench_with(&plugin(&["add"]));
    for flag in SWIFT.iter().filter(|flag| flag.starts_with("--")) {
        counted(&bench, &[flag, "20"]).exits(2);
    }
}
