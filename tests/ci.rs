//! `ci/dyno-gate`, which the GitHub Action calls and any other CI can, in git repositories made to
//! order.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{Bench, Said, fib, finish, plugin, repository};

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

impl Project {
    /// The plugin, with a build of the branch that runs these words of a shell.
    fn build_runs(&self, dir: &str, words: &str) {
        self.write_plugin(dir, 10);
        let path = self.bench.path(dir).join("plugin.toml");
        let manifest = fs::read_to_string(&path).unwrap();
        let build = format!("[build]\ncommands = [['sh', '-c', {words:?}]]\n");
        fs::write(path, manifest.replace("[build]\n", &build)).unwrap();
        self.commit("a build");
    }
}

/// If this fails, a branch that is slower passes by putting a program that passes everything in the
/// place of dyno.
#[test]
fn a_branch_that_replaces_dyno_is_not_judged_by_what_it_put_there() {
    let project = Project::new("plugins/fib");
    let dyno = project.bench.path("../bin/dyno");
    fs::create_dir_all(dyno.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_dyno"), &dyno).unwrap();
    let swap = format!(
        "printf '#!/bin/sh\\nexit 0\\n' >new && chmod +x new && mv new '{}'",
        dyno.display()
    );
    project.build_runs("plugins/fib", &swap);
    let mut gate = project.gate_command(&["--base", "main", "plugins/fib"]);
    gate.args(FAST).env("DYNO", &dyno);
    finish(gate)
        .exits(1)
        .complains("was changed while this ran")
        .says("dyno-gate: error");
    project.leaves_nothing_else();
}

/// If this fails, a repository that holds a program called dyno is judged by it, wherever the PATH
/// leads there.
#[test]
fn a_dyno_in_the_repository_is_not_taken_from_the_path() {
    let project = Project::new("plugins/fib");
    let program = project.bench.write("bin/dyno", "#!/bin/sh\nexit 0\n");
    let mut chmod = Command::new("chmod");
    chmod.arg("+x").arg(&program);
    finish(chmod).exits(0);
    let path = std::env::var("PATH").unwrap();
    let with_path = |first: &str| {
        let mut gate = project.gate_command(&["--base", "main", "plugins/fib"]);
        gate.args(FAST).env_remove("DYNO");
        gate.env("PATH", format!("{first}:{path}"));
        gate
    };
    for first in [program.parent().unwrap().to_str().unwrap(), "bin"] {
        finish(with_path(first))
            .exits(1)
            .complains("in the repository that it shall judge");
    }
    // Named by DYNO it is meant, and then still has to record what it passes.
    let mut named = with_path("bin");
    named.env("DYNO", &program);
    finish(named).exits(1).complains("recorded nothing");
}

/// If this fails, a build decides what later steps of the job run, or what this one says.
#[test]
fn builds_do_not_see_the_files_by_which_a_job_is_told_what_to_do() {
    let project = Project::new("plugins/fib");
    let seen = project.bench.path("../seen");
    let words = format!("env >>'{}'", seen.display());
    project.build_runs("plugins/fib", &words);
    let output = project.bench.path("../output");
    let prepare = format!("--prepare={words}");
    let mut gate = project.gate_command(&["--base", "main", "plugins/fib", &prepare]);
    gate.args(FAST).env("GITHUB_OUTPUT", &output);
    let hidden = [
        "GITHUB_ENV",
        "GITHUB_PATH",
        "GITHUB_STATE",
        "GITHUB_STEP_SUMMARY",
        "ACTIONS_RUNTIME_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ];
    for name in hidden {
        gate.env(name, "of-the-runner");
    }
    finish(gate).exits(6);
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.matches("PATH=").count() >= 2, "{seen}");
    assert!(!seen.contains("of-the-runner"), "{seen}");
    assert!(!seen.contains("GITHUB_OUTPUT"), "{seen}");
    let told = fs::read_to_string(output).unwrap();
    assert!(told.contains("outcome=regressed\n"), "{told}");
}

/// If this fails, what a branch builds lands in the cache from which the next pull request takes
/// its judge.
#[test]
fn the_action_fills_its_cache_before_it_runs_anything_of_the_branch() {
    let action = repository().join(".github/actions/dyno/action.yml");
    let action = fs::read_to_string(action).unwrap();
    // That one saves when the job has ended.
    assert!(!action.contains("uses: actions/cache@"), "{action}");
    let place = |text: &str| action.find(text).unwrap_or_else(|| panic!("no {text}"));
    let order = [
        "uses: actions/cache/restore@",
        "cd \"$RUNNER_TEMP\"",
        "cargo install",
        "uses: actions/cache/save@",
        "/ci/dyno-gate",
    ];
    assert!(order.is_sorted_by_key(|text| place(text)), "{action}");
    assert!(!action.contains("github.token"), "judging needs no token");
}

/// If this fails, a tag that was moved is the program that was cached under its name.
#[test]
fn a_version_is_a_commit() {
    let project = Project::new("plugins/fib");
    project.git(["tag", "light"]);
    project.git(["tag", "--annotate", "--message=x", "v1.0.0"]);
    project.git(["branch", "v1.0.0"]);
    let commit = |name: &str| project.git(["rev-parse", name]).stdout;
    let first = commit("HEAD");
    let resolved = |version: &str| {
        let mut resolve = Command::new(repository().join("ci/resolve-version"));
        project.place(&mut resolve);
        resolve
            .env("DYNO_REPOSITORY", project.bench.work())
            .arg(version);
        finish(resolve)
    };
    project.bench.write("README", "moved on");
    project.commit("more");
    project.git(["branch", "--force", "v1.0.0"]);
    for name in ["light", "v1.0.0"] {
        assert_eq!(resolved(name).exits(0).stdout, first);
    }
    assert_eq!(resolved("feature/x").exits(0).stdout, commit("HEAD"));
    assert_eq!(resolved(first.trim()).exits(0).stdout, first);
    assert_eq!(resolved("").exits(0).stdout, "");
    project.git(["tag", "--force", "light"]);
    assert_eq!(resolved("light").exits(0).stdout, commit("HEAD"));
    for (wrong, code) in [
        ("v9", 1),
        ("1234567", 1),
        ("--upload-pack=x", 2),
        ("a b", 2),
    ] {
        resolved(wrong).exits(code);
    }
}

/// If this fails, a branch has the job write and delete where it likes, by a link in the place of
/// what the job makes.
#[test]
fn a_link_in_the_place_of_the_results_is_refused() {
    let project = Project::new("p");
    let elsewhere = project.bench.tmp().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("report.md"), "precious").unwrap();
    let out = project.bench.path("dyno-report");
    std::os::unix::fs::symlink(&elsewhere, &out).unwrap();
    let refused = |what: &str| {
        let said = project.gate(&["p"]).exits(2);
        assert!(said.stderr.contains(what), "{said}");
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 1, "{said}");
        let kept = fs::read_to_string(elsewhere.join("report.md")).unwrap();
        assert_eq!(kept, "precious", "{said}");
    };
    refused("dyno-report is a link");
    fs::remove_file(&out).unwrap();
    fs::create_dir(&out).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("new"), out.join("report.sqlite")).unwrap();
    refused("there are links in");
}
