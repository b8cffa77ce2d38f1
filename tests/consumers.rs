//! The exports, read by the programs that they are for. `tests/consumers/install` puts these into
//! `target/consumers`, so all tests here are ignored unless asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::support::{Bench, Said, fib, finish, repository};

/// Two runs of one case: as it is, and with ten times the work.
struct Exports {
    bench: Bench,
}

impl Exports {
    fn new() -> Self {
        let bench = Bench::new();
        for (version, iterations) in [("old", 1), ("new", 10)] {
            let dir = format!("{version}/fib-wat");
            let text = std::fs::read_to_string(fib().join("fib.wat")).unwrap();
            let once = "(local.set $checksum (call $fib (i32.const 20)))";
            assert!(text.contains(once));
            bench.write(
                format!("{dir}/fib.wat"),
                text.replace(once, &once.repeat(iterations)),
            );
            let manifest = std::fs::read(fib().join("plugin.toml")).unwrap();
            bench.write(format!("{dir}/plugin.toml"), manifest);
            let dir = bench.path(dir);
            bench.run([dir.to_str().unwrap(), "--blocks", "3"]).exits(0);
        }
        Self { bench }
    }

    /// The export of a run in a format.
    fn file(&self, version: &str, format: &str) -> PathBuf {
        let runs = self.bench.runs();
        let run = if version == "new" {
            runs.first()
        } else {
            runs.last()
        };
        let path = self.bench.path(format!("{version}.{format}"));
        let output = path.to_str().unwrap();
        let export = [
            "report",
            "export",
            run.unwrap(),
            "--format",
            format,
            "--output",
            output,
        ];
        self.bench
            .dyno(export.into_iter().chain(["--name", version]))
            .exits(0);
        path
    }
}

fn consumer(name: &str) -> PathBuf {
    let path = repository().join("target/consumers/bin").join(name);
    assert!(
        path.exists(),
        "{} is not there: run tests/consumers/install",
        path.display()
    );
    path
}

/// What `tests/consumers/check.py` finds in an export.
fn check(format: &str, path: &Path) -> Value {
    let mut command = Command::new(consumer("python"));
    command.arg(repository().join("tests/consumers/check.py"));
    let said = finish(arguments(command, [Path::new(format), path])).exits(0);
    said.json()
}

fn arguments<'a>(mut command: Command, arguments: impl IntoIterator<Item = &'a Path>) -> Command {
    command.args(arguments);
    command
}

fn reads(program: &Path, words: &[&str], files: &[&Path]) -> Said {
    let mut command = Command::new(program);
    command.args(words);
    finish(arguments(command, files.iter().copied())).exits(0)
}

#[test]
#[ignore = "needs target/consumers"]
fn critcmp_sees_both_runs_side_by_side() {
    let exports = Exports::new();
    for version in ["old", "new"] {
        exports.file(version, "criterion");
    }
    // Each was written into a directory of its own; Criterion has all of them in one.
    let target = exports.bench.path("target");
    for version in ["old", "new"] {
        let from = exports.bench.path(format!("{version}.criterion"));
        let mut copy = Command::new("cp");
        copy.args(["-r", &format!("{}/.", from.display())])
            .arg(&target);
        finish(copy).exits(0);
    }
    let said = reads(
        &consumer("critcmp"),
        &["--color", "never", "--target-dir"],
        &[&target],
    );
    // How much slower is the machine's to say; that one of them is the measure is not.
    said.says("fib-wat/fib/20")
        .says("1.00")
        .says("old")
        .says("new");
}

#[test]
#[ignore = "needs target/consumers"]
fn google_benchmarks_compare_takes_both_runs() {
    let exports = Exports::new();
    let [old, new] = ["old", "new"].map(|version| exports.file(version, "google-benchmark"));
    let compare = Path::new("/usr/share/benchmark/compare.py");
    assert!(
        compare.exists(),
        "compare.py is not there: install libbenchmark-tools"
    );
    let words = [compare.to_str().unwrap(), "--no-color", "benchmarks"];
    let said = reads(&consumer("python"), &words, &[&old, &new]);
    said.says("fib-wat/fib/20_pvalue")
        .says("fib-wat/fib/20_mean");
}

#[test]
#[ignore = "needs target/consumers"]
fn junit_is_what_jenkins_and_junit2html_read() {
    let exports = Exports::new();
    let file = exports.file("new", "junit");
    assert_eq!(check("junit", &file)["passed"], 1);
    let page = exports.bench.path("junit.html");
    reads(&consumer("junit2html"), &[], &[&file, &page]);
    assert!(std::fs::read_to_string(page).unwrap().contains("fib/20"));
}

#[test]
#[ignore = "needs target/consumers"]
fn prometheus_takes_the_metrics() {
    let exports = Exports::new();
    let file = exports.file("new", "openmetrics");
    let found = check("openmetrics", &file);
    let fuel = &found["dyno_fuel"]["samples"][0];
    assert_eq!(fuel[0]["case"], "fib/20");
    assert!(fuel[1].as_f64().unwrap() > 1e6, "{fuel}");
    let mut promtool = Command::new("promtool");
    promtool
        .args(["check", "metrics"])
        .stdin(std::fs::File::open(&file).unwrap());
    finish(promtool).exits(0);
}

#[test]
#[ignore = "needs target/consumers"]
fn parquet_is_read_by_arrow_and_duckdb() {
    let exports = Exports::new();
    let found = check("parquet", &exports.file("new", "parquet"));
    assert!(found["rows"].as_u64().unwrap() >= 30, "{found}");
    assert_eq!(found["first"]["case"], "fib/20");
    assert_eq!(
        found["cases"][0]["outcome"]["kind"], "ok",
        "{}",
        found["cases"]
    );
}

#[test]
#[ignore = "needs target/consumers"]
fn github_renders_the_markdown() {
    let exports = Exports::new();
    let found = check("markdown", &exports.file("new", "markdown"));
    assert!(found["characters"].as_u64().unwrap() < 65_536);
}

#[test]
#[ignore = "needs target/consumers"]
fn hyperfines_scripts_tell_the_runs_apart() {
    let exports = Exports::new();
    let found = check("hyperfine", &exports.file("new", "hyperfine"));
    assert_eq!(found["commands"].as_array().unwrap().len(), 1, "{found}");
}

/// A run and a gate, as pages, in Chromium with the network off: `browser.mjs` has what is
/// asserted.
#[test]
#[ignore = "needs target/consumers"]
fn a_browser_opens_the_pages() {
    let exports = Exports::new();
    let run = exports.file("new", "html");
    std::fs::rename(run, exports.bench.path("run.html")).unwrap();
    let gate = [
        "gate",
        "new/fib-wat",
        "--baseline",
        "old/fib-wat",
        "--blocks",
        "9",
        "--pairs",
        "1",
    ];
    let [_, short @ ..] = super::support::QUICK;
    exports.bench.dyno(gate.into_iter().chain(short)).exits(6);
    let gate = exports.file("new", "html");
    let shots = exports.bench.path("shots");
    let mut node = Command::new("node");
    node.arg("--preserve-symlinks-main")
        .arg(repository().join("target/consumers/browser.mjs"))
        .args([&shots, &exports.bench.path("run.html"), &gate]);
    finish(node).exits(0);
    assert!(std::fs::read_dir(shots).unwrap().count() >= 3);
}
