//! What fails the gate, and what it says of it.

use std::fs;
use std::process::Command;

use super::{FAST, MARKER, Project};
use crate::support::{Bench, fib, finish, plugin};

/// If this fails, the most common mistake of all, a shallow clone, ends in git's words or in a
/// pass.
#[test]
fn a_base_that_was_not_fetched_is_named_with_the_command_that_fetches_it() {
    let origin = Project::new("plugins/fib");
    origin.write_plugin("plugins/fib", 10);
    origin.commit("slow");
    let url = format!(
        "file://{}",
        fs::canonicalize(origin.bench.work()).unwrap().display()
    );
    let clone = Project {
        bench: Bench::new(),
    };
    clone.git([
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=feature/x",
        &url,
        ".",
    ]);
    let mut gate = clone.gate_command(&["plugins/fib"]);
    gate.args(FAST).env("GITHUB_BASE_REF", "main");
    let said = finish(gate)
        .exits(1)
        .complains("the base origin/main is not in this clone")
        .says("dyno-gate: error");
    let markdown = clone.out("report.md");
    assert!(markdown.contains("could not be judged"), "{markdown}");

    let (_, rest) = said.stderr.split_once("`git ").unwrap();
    let (command, _) = rest.split_once('`').unwrap();
    clone.git(command.split(' '));
    let said = clone.gate(&["--base", "main", "plugins/fib"]).exits(6);
    let note = "too shallow to tell where the branch left main";
    assert!(said.stderr.contains(note), "{said}");
    clone.leaves_reports("regressed");
}

/// If this fails, a base that does not build is a pass, or its page of an earlier commit stands.
#[test]
fn a_base_that_cannot_be_measured_is_no_pass() {
    let project = Project::new("plugins/fib");
    project.git(["switch", "--quiet", "main"]);
    project.bench.write("plugins/fib/fib.wat", "(module");
    project.commit("broken");
    project.git(["switch", "--quiet", "--create", "repair"]);
    project.write_plugin("plugins/fib", 1);
    project.commit("repaired");
    project
        .bench
        .write("dyno-report/report.md", "passed long ago");
    project
        .gate(&["--base", "main", "plugins/fib"])
        .exits(3)
        .says("dyno-gate: refused");
    let markdown = project.out("report.md");
    assert!(markdown.starts_with(MARKER), "{markdown}");
    assert!(markdown.contains("could not be judged"), "{markdown}");
    project.leaves_nothing_else();
}

/// If this fails, a branch is not judged because a case fails on `main`, or passes with one that
/// fails in it.
#[test]
fn a_case_that_fails_is_reported_and_what_else_there_is_is_judged() {
    let project = Project::new("plugins/fib");
    project.git(["switch", "--quiet", "main"]);
    project.bench.write("cases.wat", plugin(&["a", "trap"]));
    project.commit("it traps");
    project.git(["switch", "--quiet", "--create", "repair"]);
    project.bench.write("cases.wat", plugin(&["a", "b"]));
    let args = ["--base", "main", "cases.wat"];
    project.gate(&args).says("1 new · 1 gone").says("gate: ");
    project.bench.write("cases.wat", plugin(&["a", "trip"]));
    project.gate(&args).exits(5).says("dyno-gate: failed");
    project.leaves_reports("failed");
}

/// If this fails, a `dyno.toml` is not run, or what it demands of a branch is not.
#[test]
fn a_suite_is_run_and_can_fail_the_gate_by_itself() {
    let project = Project::new("plugins/fib");
    let suite = |demand: &str| {
        let plugins = "[[plugins]]\npath = 'plugins/fib'";
        let phase = "[phases.baseline]\nplugins = ['fib']\ntime = '20ms'\ndepth = 'quick'";
        let text = format!("{plugins}\n{phase}\n{demand}\n");
        project.bench.write("dyno.toml", text);
    };
    let alone = |code: i32| finish(project.gate_command(&[])).exits(code);
    suite("criteria = ['fuel <= 1G']");
    alone(0).says("dyno-gate: passed");
    project.leaves_reports("complete");
    suite("criteria = ['fuel <= 1k']");
    alone(6).says("dyno-gate: regressed");
    assert!(project.out("report.md").contains("The suite **failed**"));
    let gate = ["--base", "main", "plugins/fib"];
    project.gate(&gate).exits(6).says("1 identical");
    // The suite finds the base by the name of its branch.
    suite("against = 'main'");
    project.gate(&gate).exits(0).says("dyno-gate: passed");
    project.leaves_reports("identical");
}

/// If this fails, a gate that could not see anything lets through what it is there to stop.
#[test]
fn unsure_is_no_pass_unless_somebody_says_so_and_hides_no_failure() {
    let project = Project::new("plugins/fib");
    project.bench.write("dyno.toml", "");
    let args = ["--base", "main", "plugins/fib"];
    let with = |gate, suite, more: &[&str]| project.gate_with(gate, suite, &[&args, more].concat());
    with(7, 0, &[]).exits(7).says("dyno-gate: unsure");
    let warned = with(7, 0, &["--unsure", "warn"]).exits(0);
    assert!(warned.stdout.contains("dyno-gate: unsure"), "{warned}");
    assert!(warned.stderr.contains("this is not a pass"), "{warned}");
    with(7, 5, &["--unsure=warn"])
        .exits(5)
        .says("dyno-gate: failed");
    with(0, 5, &[]).exits(5);
    assert!(project.out("report.md").contains("The suite **failed**"));
    with(0, 5, &["--suite", "none"]).exits(0);
    with(6, 5, &[]).exits(6).says("dyno-gate: regressed");
    with(137, 0, &[]).exits(137).says("dyno-gate: error");
}

/// If this fails, an option of the script does not reach the gate, or means something else there.
#[test]
fn what_a_gate_can_be_told_the_script_can_be_told() {
    let project = Project::new("plugins/fib");
    project.write_plugin("plugins/fib", 10);
    let counted = |args: &[&str]| {
        let start = ["--base", "main", "--counts-only", "plugins/fib"];
        finish(project.gate_command(&[&start[..], args].concat()))
    };
    counted(&[]).exits(6).says("fuel grew by");
    counted(&["--fuel-threshold", "1000%", "--memory-threshold=5%"])
        .exits(0)
        .says("gate: passed (fuel 1000 %, memory 5 %)");
    counted(&["--fuel-threshold", "10"]).exits(2);
    project.bench.write("plugins/fib/fib.wat", plugin(&["a"]));
    counted(&["--suite", "none"])
        .exits(6)
        .says("the baseline has this case");
    counted(&["--gone=warn"]).exits(7);
    // The suite beside it says what the case is called now.
    let suite = "[renames]\n'fib/20' = 'a'\n";
    project.bench.write("dyno.toml", suite);
    counted(&[
        "--checksum=allow",
        "--fuel-threshold=1000%",
        "--memory-threshold=1000%",
    ])
    .exits(0)
    .says("the baseline calls it fib/20");
}

/// If this fails, a typing error is a pass, or is told by a line number.
#[test]
fn a_command_line_without_sense_is_told_so() {
    let project = Project::new("plugins/fib");
    let complains = |args: &[&str], text: &str| {
        finish(project.gate_command(args)).exits(2).complains(text);
    };
    complains(
        &["--unsure", "maybe", "plugins/fib"],
        "--unsure is fail or warn",
    );
    complains(&["--wrong"], "--wrong is no option");
    for timed in ["--blocks=9", "--threshold=5%"] {
        complains(
            &["--counts-only", timed, "plugins/fib"],
            "--counts-only times nothing",
        );
    }
    complains(
        &["--fuel", "1%"],
        "how much it may grow is --fuel-threshold",
    );
    complains(&["--base"], "--base needs a value");
    complains(&[], "name plugins to judge");
    complains(&["--base=main", "nothing"], "there is no plugin nothing");
    let outside = fib();
    complains(
        &["--base=main", outside.to_str().unwrap()],
        "is not in this repository",
    );
    finish(project.gate_command(&["--help"]))
        .exits(0)
        .says("Usage: ci/dyno-gate");
}

/// If this fails, the command that the script shows to see a failure again does not know where its
/// base is kept.
#[test]
fn what_the_script_shows_can_be_pasted() {
    let project = Project::new("plugins/fib");
    project.write_plugin("plugins/fib", 10);
    project.commit("slow");
    let args = ["--base", "main", "--counts-only", "plugins/fib"];
    let said = finish(project.gate_command(&args)).exits(6);
    let again: Vec<&str> = said.reruns().collect();
    assert_eq!(again.len(), 1, "{said}");
    let mut pasted = Command::new("sh");
    project.place(&mut pasted);
    let dyno = format!("{:?}", env!("CARGO_BIN_EXE_dyno"));
    pasted.args(["-c", &again[0].replacen("dyno", &dyno, 1)]);
    finish(pasted).exits(6).says("fuel grew by");
}
