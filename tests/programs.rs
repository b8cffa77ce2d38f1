//! Programs that were never written for Dyno: plain commands and modules with a stopwatch, as core
//! modules and as components.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::support::{Bench, build, case, fib, line_of, plugin_of, repository};

/// A core module with WASI preview 1: `body` is that of `_start`; `$print` writes the bytes from
/// 64 on, `$spin` does as many rounds as it is told.
pub(crate) fn module(imports: &str, data: &str, body: &str) -> String {
    format!(
        r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    {imports}
    (memory (export "memory") 1)
    (data (i32.const 64) "{data}")
    (func $print (param $to i32) (param $bytes i32)
        (i32.store (i32.const 0) (i32.const 64))
        (i32.store (i32.const 4) (local.get $bytes))
        (drop (call $fd_write (local.get $to) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func $spin (param $rounds i32)
        (loop $again
            (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
            (br_if $again (i32.gt_s (local.get $rounds) (i32.const 0)))))
    (func (export "_start") {body}))"#
    )
}

/// What a module with a stopwatch imports.
const STOPWATCH: &str = r#"
    (import "bench" "start" (func $bench_start))
    (import "bench" "end" (func $bench_end))"#;

fn stopwatch(body: &str) -> String {
    module(STOPWATCH, "done\\n", body)
}

/// The first eight bytes of the digest, as the report writes a checksum.
fn checksum(stdout: &[u8]) -> String {
    let digest = Sha256::digest(stdout);
    let hex: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("0x{hex}")
}

fn fixtures() -> PathBuf {
    repository().join("tests/fixtures/programs")
}

/// A Rust program for both versions of WASI and a C program for the older one, built from source.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let guests = repository().join("target/guests");
        let mut rust = Command::new(env!("CARGO_BIN_EXE_dyno"));
        rust.arg("build").arg(fixtures().join("word-count"));

        build(rust).exits(0);
        let mut c = Command::new("clang-19");
        c.args(["--target=wasm32-wasi", "-O2", "-o"])
            .arg(guests.join("stopwatch.wasm"))
            .arg(fixtures().join("stopwatch.c"));
        build(c).exits(0);
        guests
    })
}

/// If this fails, a program that merely runs is not measured, or its result not checked.
#[test]
fn a_plain_command_is_one_case_that_is_counted_once_and_hashed() {
    let bench = Bench::new();
    let file = bench.write(
        "hello.wat",
        module(
            "",
            "hello\\n",
            "(call $spin (i32.const 1000)) (call $print (i32.const 1) (i32.const 6))",
        ),
    );
    let said = bench.run([&file]).exits(0);
    assert!(line_of(&said.stdout, "hello").is_some(), "{said}");
    let run = bench.recorded("latest");
    let plugin = plugin_of(&run, "hello");
    assert_eq!(plugin["kind"], "command");
    assert!(plugin["instantiate_ns"]["median"].as_f64().unwrap() > 0.0);
    assert!(plugin["compile"]["duration_ns"].as_u64().unwrap() > 0);
    let case = case(&run, "hello");
    assert_eq!(case["count"]["method"], "single");
    assert_eq!(case["count"]["deterministic"], true);
    assert!(case["count"]["fuel_per_iteration"].as_f64().unwrap() > 1000.0);
    assert_eq!(case["checksum"], checksum(b"hello\n"));
    assert!(
        !case["processes"][0]["samples"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

/// If this fails, a real compiler's program is not run as it is, or runs differently by its WASI.
#[test]
fn one_program_gives_the_same_result_under_both_versions_of_wasi() {
    let bench = Bench::new();
    let guests = built();
    let words = fixtures().join("word-count/words.txt");
    let stdin = format!("--stdin={}", words.display());
    for target in ["wasm32-wasip1", "wasm32-wasip2"] {
        let file = guests.join(target).join("release/word-count.wasm");
        bench.run([file.as_os_str(), stdin.as_ref()]).exits(0);
        let run = bench.recorded("latest");
        let printed = fs::read(fixtures().join("word-count/words.stdout.expected")).unwrap();
        assert_eq!(
            case(&run, "word-count")["checksum"],
            checksum(&printed),
            "{target}"
        );
    }
    // The manifest names stdin and expectation.
    bench
        .run(["--no-build".into(), fixtures().join("word-count")])
        .exits(0);
    let run = bench.recorded("latest");
    assert_eq!(plugin_of(&run, "word-count")["kind"], "command");
}

/// If this fails, a failure is taken for a result, or its cause is lost.
#[test]
fn a_failed_program_says_its_status_and_what_it_wrote_to_stderr() {
    let bench = Bench::new();
    let print = "(call $print (i32.const 2) (i32.const 7))";
    let file = bench.write(
        "failing.wat",
        module(
            "",
            "broken\\n",
            &format!("{print} (call $exit (i32.const 7))"),
        ),
    );
    let said = bench.run([&file]).exits(5);
    said.says("✗ failing failed: exited with status 7")
        .says("it wrote: broken");
    let file = bench.write(
        "fine.wat",
        module("", "", "(call $exit (i32.const 0)) unreachable"),
    );
    bench.run([&file]).exits(0);
    let file = bench.write("trapping.wat", module("", "", "unreachable"));
    bench.run([&file]).exits(5).says("unreachable");
    // What it says last does not drown in what it printed before.
    let body = "(i32.store8 (i32.const 64) (i32.const 120)) (call $print (i32.const 1) (i32.const 9000)) (i32.store8 (i32.const 64) (i32.const 98)) (call $print (i32.const 2) (i32.const 7)) unreachable";
    let file = bench.write("wordy.wat", module("", "broken\\n", body));
    bench.run([&file]).exits(5).says("it wrote: broken");
    let err = r#"(component
        (core module $m (func (export "run") (result i32) (i32.const 1)))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $exported (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $exported)))"#;
    let file = bench.write("err.wat", err);
    bench
        .run([&file])
        .exits(5)
        .says("exited with an error status");
    // Of a component only that is known.
    bench
        .run([file.as_os_str(), "--expected-status=3".as_ref()])
        .exits(0);
    // A plain Rust program that cannot read what it is told to.
    let word_count = built().join("wasm32-wasip1/release/word-count.wasm");
    let args = [
        "--arg".into(),
        "nothing.txt".into(),
        word_count.clone().into_os_string(),
    ];
    bench
        .run(args)
        .exits(5)
        .says("exited with status 3")
        .says("nothing.txt");
    // The user's arguments go before the manifest's.
    let folder = bench.path("p");
    let manifest =
        "[plugin]\nname='p'\n[build]\ncomponent='p.wasm'\n[program]\nargs=['manifest.txt']\n";
    bench.write("p/plugin.toml", manifest);
    bench.write("p/p.wasm", fs::read(word_count).unwrap());
    bench.run([&folder]).exits(5).says("it wrote: manifest.txt");
    let said = bench
        .run(["--arg".as_ref(), "flag.txt".as_ref(), folder.as_os_str()])
        .exits(5);
    said.says("it wrote: flag.txt");
}

/// If this fails, a program reads the directory it lies in without being allowed to, or one that
/// needs it cannot be helped.
#[test]
fn a_program_reads_its_own_directory_only_if_it_may_and_nothing_else() {
    let bench = Bench::new();
    for file in ["stopwatch.input", "stopwatch.stdout.expected"] {
        bench.write(
            format!("d/{file}"),
            fs::read(fixtures().join(file)).unwrap(),
        );
    }
    fs::copy(
        built().join("stopwatch.wasm"),
        bench.path("d/stopwatch.wasm"),
    )
    .unwrap();
    bench.write("secret.txt", "secret");
    let said = bench.run(["d"]).exits(5);
    said.says("it names \"stopwatch.input\", which lies beside it")
        .says("--own-dir");
    let said = bench.run(["d", "--own-dir"]).exits(0);
    assert!(!said.stdout.contains("--own-dir"), "{said}");
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "stopwatch")["checksum"], checksum(b"11e60398\n"));
    assert_eq!(run["grants"], serde_json::json!(["--own-dir"]));

    let word_count = bench.path("d/word-count.wasm");
    fs::copy(
        built().join("wasm32-wasip1/release/word-count.wasm"),
        &word_count,
    )
    .unwrap();
    for (path, code) in [
        ("stopwatch.input", 0),
        ("../secret.txt", 5),
        ("/etc/passwd", 5),
    ] {
        let args = [
            "--own-dir".as_ref(),
            "--arg".as_ref(),
            path.as_ref(),
            word_count.as_os_str(),
        ];
        let said = bench.run(args);
        assert_eq!(said.status.code(), Some(code), "{path}: {said}");
    }
    // Reading is all that it may.
    std::os::unix::fs::symlink("../secret.txt", bench.path("d/link")).unwrap();
    let args = [
        "--own-dir".as_ref(),
        "--arg".as_ref(),
        "link".as_ref(),
        word_count.as_os_str(),
    ];
    bench.run(args).exits(5);
}

/// If this fails, a wrong result counts as a measurement.
#[test]
fn what_a_program_prints_is_held_against_what_it_should_print() {
    let bench = Bench::new();
    let print = "(call $print (i32.const 1) (i32.const 6))";
    let file = bench.write("p/hello.wat", module("", "hello\\n", print));
    bench.write("p/stdout.expected", "hello\r\n");
    bench.run([&file]).exits(0);
    bench.write("p/hello.stdout.expected", "hallo\n");
    let said = bench.run([&file]).exits(5);
    said.says("printed something else: line 1 of its stdout is `hello`, but hello.stdout.expected has `hallo`");
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "hello")["outcome"]["kind"], "output");
    let right = bench.write("right", "hello");
    let flag = format!("--stdout={}", right.display());
    bench.run([file.as_os_str(), flag.as_ref()]).exits(0);
    let missing = bench
        .run([file.as_os_str(), "--stdout=nothing".as_ref()])
        .exits(3);
    missing.says("nothing cannot be read");
}

/// If this fails, what lies outside of a program's own region is measured, or a region that is
/// never closed hangs or passes.
#[test]
fn only_the_region_of_a_stopwatch_counts_and_every_misuse_is_a_fault() {
    let bench = Bench::new();
    let body = "(call $spin (i32.const 100000)) (call $bench_start) (call $spin (i32.const 100)) (call $bench_end)";
    let file = bench.write("region.wat", stopwatch(body));
    bench.run([&file]).exits(0);
    let run = bench.recorded("latest");
    let count = &case(&run, "region")["count"];
    let fuel = count["fuel_per_iteration"].as_f64().unwrap();
    assert!(fuel > 100.0 && fuel < 10_000.0, "{fuel}");
    assert!(count["untimed_share"].as_f64().unwrap() > 0.9, "{count}");
    for (body, why) in [
        ("(call $bench_start)", "a `stop` (`bench.end`) is missing"),
        (
            "(call $bench_start) (call $exit (i32.const 0))",
            "a `stop` (`bench.end`) is missing",
        ),
        ("(call $bench_end)", "was called without a `start`"),
        (
            "(call $bench_start) (call $bench_start)",
            "`start` was called twice",
        ),
        ("", "nothing of it was measured"),
    ] {
        let file = bench.write("misuse.wat", stopwatch(body));
        let said = bench.run([&file]).exits(5);
        said.says("broke the measuring protocol").says(why);
    }
    // The stopwatch of a plain command is ours: one that asks for batches itself is told so.
    let next = r#"(import "dyno:bench/bench@0.1.0" "next" (func $next (param i64 i32)))"#;
    let file = bench.write(
        "both.wat",
        module(next, "", "(call $next (i64.const 0) (i32.const 32))"),
    );
    let said = bench.run([&file]);
    assert!(matches!(said.status.code(), Some(3 | 5)), "{said}");
}

/// If this fails, one stray file ends the run of a whole suite, or a file that the user named is
/// passed over.
#[test]
fn what_is_no_benchmark_is_skipped_by_name_unless_it_was_named() {
    let bench = Bench::new();
    let library = r#"(module (func (export "add") (param i32 i32) (result i32) (i32.const 0)))"#;
    bench.write("suite/lib/math.wat", library);
    bench.write(
        "suite/a/benchmark.wat",
        module("", "a", "(call $print (i32.const 1) (i32.const 1))"),
    );
    bench.write(
        "suite/b/benchmark.wat",
        module("", "b", "(call $print (i32.const 1) (i32.const 1))"),
    );
    let said = bench.run(["suite"]).exits(0);
    said.says("– lib/math skipped: it is a library")
        .says("  a/benchmark ")
        .says("  b/benchmark ");
    let run = bench.recorded("latest");
    assert_eq!(plugin_of(&run, "lib/math")["outcome"]["kind"], "skipped");
    bench
        .run(["suite/lib/math.wat"])
        .exits(3)
        .says("refused: it is a library");
    bench.run(["suite/lib"]).exits(4);
    bench.run(["suite", "suite/lib/math.wat"]).exits(3);
}

/// If this fails, a second run over the same programs compiles again.
#[test]
fn a_second_run_over_a_directory_compiles_nothing() {
    let bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.write(
            format!("suite/{name}.wat"),
            module("", name, "(call $print (i32.const 1) (i32.const 1))"),
        );
    }
    let uses = |run: &Value| -> Vec<String> {
        let plugins = run["plugins"].as_array().unwrap().iter();
        plugins
            .map(|plugin| plugin["compile"]["cache"].as_str().unwrap().to_owned())
            .collect()
    };
    bench.run(["suite"]).exits(0);
    assert_eq!(uses(&bench.recorded("latest")), ["miss"; 3]);
    let said = bench.run(["suite"]).exits(0);
    assert_eq!(uses(&bench.recorded("latest")), ["hit"; 3]);
    said.says("3 programs, the code of 3 was cached");
}

/// If this fails, a program that is run as it is can do what a plugin cannot.
#[test]
fn hostile_programs_run_into_the_same_limits_and_the_message_says_what_to_raise() {
    let bench = Bench::new();
    let grow = "(loop $again (br_if $again (i32.ne (memory.grow (i32.const 100)) (i32.const -1)))) unreachable";
    let flood = "(loop $again (call $print (i32.const 1) (i32.const 60000)) (br $again))";
    let recursion = "(call $deep)";
    let deep = "(func $deep (call $deep) (call $deep))";
    for (name, module, limit, advice) in [
        (
            "endless",
            module("", "", "(loop $again (br $again))"),
            "fuel",
            "allow more with --fuel 2e8",
        ),
        (
            "growing",
            module("", "", grow),
            "memory",
            "allow more with --memory ",
        ),
        (
            "flooding",
            module("", "", flood),
            "output-bytes",
            "allow more with --output-bytes ",
        ),
        (
            "deep",
            module("", "", recursion).replace("(func $spin", &format!("{deep} (func $spin")),
            "stack",
            "allow more with --stack 2MiB",
        ),
    ] {
        let file = bench.write(format!("{name}.wat"), module);
        let said = bench
            .run([file.as_os_str(), fib().as_os_str(), "--fuel=1e8".as_ref()])
            .exits(5);
        let said = said
            .says(&format!("hit the {limit} limit of "))
            .says(advice);
        assert!(line_of(&said.stdout, "fib/20").is_some(), "{said}");
    }
    let large = bench.run(["endless.wat", "--component", "100B"]).exits(3);
    large.says("allow more with --component 1KiB");
}

/// If this fails, a program gets input from outside, or none when it should.
#[test]
fn stdin_is_empty_unless_given() {
    let bench = Bench::new();
    let file = built().join("wasm32-wasip2/release/word-count.wasm");
    bench.run([&file]).exits(0);
    assert_eq!(
        case(&bench.recorded("latest"), "word-count")["checksum"],
        checksum(b"")
    );
    let word = bench.write("word", "word");
    let stdin = format!("--stdin={}", word.display());
    bench.run([file.as_os_str(), stdin.as_ref()]).exits(0);
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "word-count")["checksum"], checksum(b"1 word\n"));
    assert_eq!(run["grants"], serde_json::json!([stdin]));
    bench
        .run([file.as_os_str(), "--stdin=/dev/zero".as_ref()])
        .exits(3)
        .says("not a regular file");
}
