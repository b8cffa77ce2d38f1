//! What a gate and a suite do not let pass unseen: what fails on both sides, is gone, renamed,
//! computes something else, or was never run. Nearly all of it by counts alone, which no noise can
//! change.

mod limits;

use std::fs;

use super::support::{Bench, Said, plugin};
use super::versions::{change, other_result, pairs, rounds};

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
