//! Branches that would decide themselves how they are judged.

use std::fs;
use std::process::Command;

use super::{FAST, Project};
use crate::support::{finish, repository};

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
