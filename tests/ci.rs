//! `ci/dyno-gate`, which the GitHub Action calls and any other CI can, in git repositories made to
//! order.

mod branch;
mod failures;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{Bench, Said, fib, finish, repository};

/// The flags behind which the quickest of gates stands.
const FAST: [&str; 4] = ["--blocks=9", "--", "--time=20ms", "--sample-time=1ms"];

const MARKER: &str = "<!-- dyno-report -->";

/// A repository with a plugin on `main`, on its branch `feature/x`, and the bench that it lies on.
struct Project {
    bench: Bench,
}

impl Project {
    /// With this name for the plugin's directory.
    fn new(plugin: &str) -> Self {
        let project = Self {
            bench: Bench::new(),
        };
        project.git(["init", "--quiet", "--initial-branch=main"]);
        project.write_plugin(plugin, 1);
        project.commit("a plugin");
        project.git(["switch", "--quiet", "--create", "feature/x"]);
        project
    }

    fn run_git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        let mut git = Command::new("git");
        self.place(&mut git);
        git.args(args);
        finish(git)
    }

    fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Said {
        self.run_git(args).exits(0)
    }

    fn commit(&self, message: &str) {
        self.git(["add", "--all"]);
        self.git(["commit", "--quiet", "--message", message]);
    }

    /// A tester's git may be set up in any way; this one is not.
    fn place(&self, command: &mut Command) {
        self.bench.place(command);
        command
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("DYNO_REPORT");
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "A Tester");
            command.env(format!("GIT_{role}_EMAIL"), "tester@example.org");
        }
    }

    /// The sample in text, which takes some `work` times as long as it is.
    fn write_plugin(&self, dir: &str, work: usize) {
        const CALL: &str = "(local.set $checksum (call $fib (i32.const 20)))";
        let text = fs::read_to_string(fib().join("fib.wat")).unwrap();
        assert!(text.contains(CALL));
        self.bench.write(
            format!("{dir}/fib.wat"),
            text.replace(CALL, &CALL.repeat(work)),
        );
        let name = Path::new(dir).file_name().unwrap().to_str().unwrap();
        let manifest = fs::read_to_string(fib().join("plugin.toml")).unwrap();
        let manifest = manifest.replace("\"fib-wat\"", &format!("{name:?}"));
        self.bench.write(format!("{dir}/plugin.toml"), manifest);
    }

    fn gate_command(&self, args: &[&str]) -> Command {
        let mut gate = Command::new(repository().join("ci/dyno-gate"));
        self.place(&mut gate);
        gate.env("DYNO", env!("CARGO_BIN_EXE_dyno")).args(args);
        gate
    }

    /// The script, as quick as can be.
    fn gate(&self, args: &[&str]) -> Said {
        finish(self.gate_command(&[args, &FAST].concat()))
    }

    fn out(&self, name: &str) -> String {
        let path = self.bench.path("dyno-report").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// All reports are there and say this, and nothing else was left behind.
    #[track_caller]
    fn leaves_reports(&self, outcome: &str) {
        let markdown = self.out("report.md");
        assert!(markdown.starts_with(MARKER), "{markdown}");
        assert!(markdown.contains(outcome), "{markdown}");
        assert!(self.out("report.html").contains(outcome));
        assert!(self.out("junit.xml").contains("<testsuite"));
        let _: Value = serde_json::from_str(&self.out("report.json")).unwrap();
        self.leaves_nothing_else();
    }

    #[track_caller]
    fn leaves_nothing_else(&self) {
        let trees = self.git(["worktree", "list"]).stdout;
        assert_eq!(trees.lines().count(), 1, "{trees}");
        let left = fs::read_dir(self.bench.tmp()).unwrap().count();
        assert_eq!(left, 0, "something is left in the temporary directory");
    }

    /// A `dyno` that ends as told and measures nothing, for what the script makes of exit codes.
    fn gate_with(&self, gate: i32, suite: i32, args: &[&str]) -> Said {
        let stub = format!(
            r#"#!/bin/sh
            case "$1 $2" in
                "report list") printf 'run\n'; cat runs 2>/dev/null ;;
                "report export") printf '{MARKER}\n' >"$6" ;;
                "suite run") exit {suite} ;;
                gate*) echo "$$ x" >runs; exit {gate} ;;
            esac"#
        );
        let program = self.bench.write("../stub", stub);
        let mut chmod = Command::new("chmod");
        chmod.arg("+x").arg(&program);
        finish(chmod).exits(0);
        let mut command = self.gate_command(args);
        command.env("DYNO", &program);
        finish(command)
    }
}

/// If this fails, a pull request that makes a plugin ten times slower is merged, or nobody sees why
/// not.
#[test]
fn ten_times_the_work_fails_the_gate_and_shows_in_every_report() {
    let project = Project::new("plugins/fib");
    project.write_plugin("plugins/fib", 10);
    project.commit("slow");
    let output = project.bench.path("../output");
    let mut gate = project.gate_command(&["--base", "main", "plugins/fib"]);
    gate.args(FAST).env("GITHUB_OUTPUT", &output);
    gate.env("GITHUB_ACTIONS", "true");
    let said = finish(gate).exits(6).says("dyno-gate: regressed");
    // Nothing that a plugin prints is a command to the runner.
    let mut lines = said.stdout.lines();
    let word = lines.next().unwrap().strip_prefix("::stop-commands::");
    let resume = format!("::{}::", word.unwrap());
    assert!(resume.len() > 30, "{resume} can be guessed");
    let after = lines.skip_while(|line| *line != resume);
    assert!(after.skip(1).all(|line| !line.contains("fib")), "{said}");
    assert!(said.stdout.contains("== the base: main"), "{said}");
    project.leaves_reports("regressed");
    let told = fs::read_to_string(output).unwrap();
    assert!(told.contains("outcome=regressed\n"), "{told}");
    for (key, file) in [("html", "report.html"), ("markdown", "report.md")] {
        let path = fs::canonicalize(project.bench.path("dyno-report").join(file)).unwrap();
        assert!(
            told.contains(&format!("{key}={}\n", path.display())),
            "{told}"
        );
    }
}

/// If this fails, a plugin that nobody touched is measured, and may be called slower.
#[test]
fn what_nobody_touched_is_identical() {
    let project = Project::new("plugins/fib");
    project.bench.write("README", "something else");
    project.commit("something else");
    project
        .gate(&["--base", "main", "plugins/fib"])
        .exits(0)
        .says("1 identical")
        .says("dyno-gate: passed");
    project.leaves_reports("identical");
}

/// If this fails, whoever adds a plugin cannot merge it.
#[test]
fn a_plugin_that_the_base_does_not_have_is_measured_alone() {
    let project = Project::new("plugins/fib");
    // The directory of the third is older than the plugin.
    project.git(["switch", "--quiet", "main"]);
    project.bench.write("plugins/third/README", "a library");
    project.commit("a library");
    project.git(["switch", "--quiet", "feature/x"]);
    project.git(["merge", "--quiet", "main"]);
    project.write_plugin("plugins/second", 1);
    project.write_plugin("plugins/third", 1);
    project.commit("two plugins");
    let added = ["plugins/second", "plugins/third"];
    let args = ["--base", "main", "plugins/fib", added[0], added[1]];
    let said = project
        .gate(&args)
        .exits(0)
        .says("1 identical")
        .says("2 new");
    for plugin in added {
        let new = format!("{plugin} is new: main does not have it");
        assert!(said.stderr.contains(&new), "{said}");
    }
    project.leaves_reports("new");
    project
        .gate(&["--base", "main", added[0], added[1]])
        .exits(0)
        .says("fib/20")
        .says("2 new")
        .says("dyno-gate: passed");
    project.leaves_reports("new");
    // What is new is held to hard limits, and counted alone if nothing else is asked for.
    project
        .bench
        .write("limits.toml", "[gate.'*']\nfuel-max = '1k'\n");
    let limited = |args: &[&str]| {
        let start = ["--base", "main", "--suite", "limits.toml", added[0]];
        finish(project.gate_command(&[&start[..], args].concat()))
    };
    for args in [&["--counts-only"][..], &FAST] {
        let said = limited(args)
            .exits(6)
            .says("is above the hard limit of 1000")
            .says("dyno-gate: regressed");
        assert!(!said.stdout.contains("== the suite"), "{said}");
    }
}

/// If this fails, the script works in tidy places only: names with spaces and quotes, a
/// subdirectory, no branch, plugins and base from the environment, and a change that is not
/// committed.
#[test]
fn names_and_places_may_be_unusual() {
    let project = Project::new("my plugins/fib 'n' $HOME");
    project.git(["branch", "release/1-\u{fc}", "main"]);
    project.git(["switch", "--quiet", "--detach"]);
    project.write_plugin("my plugins/fib 'n' $HOME", 10);
    let mut gate = project.gate_command(&["--out=../the reports"]);
    gate.current_dir(project.bench.path("my plugins"))
        .args(FAST)
        .env("DYNO_GATE_PLUGINS", "\nfib 'n' $HOME\n")
        .env("DYNO_GATE_BASE", "release/1-\u{fc}");
    let said = finish(gate).exits(6);
    let note = "what is not committed is judged, too";
    assert!(said.stderr.contains(note), "{said}");
    let report = project.bench.path("the reports/report.md");
    assert!(fs::read_to_string(report).unwrap().contains("regressed"));
    project.leaves_nothing_else();
}

/// If this fails, a branch is blamed for what others did on `main` after it left.
#[test]
fn a_branch_is_judged_against_where_it_left_its_base() {
    let project = Project::new("plugins/fib");
    project.write_plugin("plugins/fib", 10);
    project.git(["switch", "--quiet", "main"]);
    project.write_plugin("plugins/fib", 3);
    project.commit("main moves on");
    project.git(["switch", "--quiet", "feature/x"]);
    project
        .gate(&["--base", "main", "plugins/fib"])
        .exits(0)
        .says("1 identical");
}
