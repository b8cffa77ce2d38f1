//! The languages whose toolchains are large: Go, JavaScript, Python, Zig. Ignored unless asked for,
//! because they take minutes and need what `tests/toolchains/install` installs.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::new::begin_and_run;
use super::support::{Bench, QUICK, build, case, cases, repository, samples};

/// If this fails, the first thing that an author tries does not work.
#[test]
#[ignore = "needs tests/toolchains/install"]
fn a_new_plugin_in_go_builds_and_runs() {
    begin_and_run(&["go"]);
}

/// As above.
#[test]
#[ignore = "needs Node.js"]
fn a_new_plugin_in_javascript_builds_and_runs() {
    begin_and_run(&["js"]);
}

/// As above.
#[test]
#[ignore = "needs Python with venv"]
fn a_new_plugin_in_python_builds_and_runs() {
    begin_and_run(&["python"]);
}

/// As above.
#[test]
#[ignore = "needs tests/toolchains/install"]
fn a_new_plugin_in_zig_builds_and_runs() {
    begin_and_run(&["zig"]);
}

/// Languages in which there is each of the five jobs; WebAssembly text has four.
const LANGUAGES: usize = 8;

/// If this fails, some language computes something else, or the languages cannot be compared.
#[test]
#[ignore = "needs tests/toolchains/install, Node.js and Python with venv"]
fn one_job_in_every_language_has_one_result_and_one_table() {
    samples();
    let bench = Bench::new();
    let plugins: Vec<PathBuf> = ["c", "cpp", "go", "js", "python", "rust", "wat", "zig"]
        .iter()
        .map(|language| repository().join(format!("sample-plugins/crosslang-{language}")))
        .collect();
    let mut command = bench.command();

    command.arg("run").args(QUICK).args(&plugins);
    let said = build(command).exits(0);
    let run = bench.recorded("latest");
    let mut checksums: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, case) in cases(&run) {
        let name = case["spec"]["name"].as_str().unwrap();
        let sums = checksums.entry(name).or_default();
        assert_eq!(case["checksum"], case["spec"]["expected"], "{name}");
        sums.push(case["checksum"].as_str().unwrap());
    }
    assert_eq!(checksums.len(), 5, "{checksums:?}");
    for (name, sums) in checksums {
        assert!(sums.len() >= LANGUAGES - 1, "{name}: {sums:?}");
        assert!(
            sums.windows(2).all(|pair| pair[0] == pair[1]),
            "{name}: {sums:?}"
        );
        let title = format!("{name} in {} plugins · checksum {}", sums.len(), sums[0]);
        assert!(said.stdout.contains(&title), "no table {title}: {said}");
    }
}

/// If this fails, Go's collector runs at a moment at which it must not, or not at all: stock
/// bindings trap after some 16,000 calls.
#[test]
#[ignore = "needs tests/toolchains/install"]
fn go_holds_for_hundreds_of_thousands_of_calls_that_allocate() {
    let bench = Bench::new();
    bench.dyno(["new", "soak", "--lang", "go"]).exits(0);
    let text = fs::read_to_string(bench.path("soak/main.go")).unwrap();
    let call = "slices.Sort(sorted)";
    assert!(text.contains(call));
    let allocating = text.replace(call, "sorted = slices.Clone(sorted[:len(sorted)/2*2])");
    bench.write("soak/main.go", allocating);
    let mut command = bench.command();
    // Each iteration calls `stop` and `start`, and leaves a copy of 8,000 bytes behind.
    command.args(["run", "--quick", "--time", "10s", "--sample-time", "200ms"]);
    command.args(["--case", "sort/1000", "soak"]);
    build(command).exits(0);
    let run = bench.recorded("latest");
    let samples = case(&run, "sort/1000")["processes"][0]["samples"]
        .as_array()
        .unwrap();
    let iterations: u64 = samples
        .iter()
        .map(|sample| sample["iterations"].as_u64().unwrap())
        .sum();
    assert!(
        iterations > 100_000,
        "only {iterations} iterations: let it run for longer"
    );
}

/// The SDKs' and samples' own tests, in their own languages, with their own tools.
fn own_tests(directory: &str, program: &str, args: &[&str]) {
    let bench = Bench::new();
    let mut command = Command::new(program);
    bench.place(&mut command);
    command.args(args).current_dir(repository().join(directory));
    build(command).exits(0);
}

/// If this fails, an SDK encodes a result otherwise than the others, or loses a case.
#[test]
#[ignore = "needs tests/toolchains/install, Node.js and Python"]
fn the_own_tests_of_the_sdks_pass() {
    own_tests("guest-sdk/js", "node", &["--test", "test/"]);
    own_tests("guest-sdk/python", "python3", &["-m", "unittest"]);
    own_tests("guest-sdk/zig", "zig", &["test", "checksum.zig"]);
    own_tests("guest-sdk/go/dyno", "go", &["test", "./..."]);
}

/// If this fails, a sample does not compute what its description says.
#[test]
#[ignore = "builds every sample once more, natively"]
fn the_own_tests_of_the_rust_samples_pass() {
    let target = ["--target-dir", "../target/samples"];
    let test = ["test", "--workspace", "--locked"];
    own_tests("sample-plugins", "cargo", &[&test[..], &target].concat());
}
