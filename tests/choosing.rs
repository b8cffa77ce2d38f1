//! Which programs of a directory are meant, and what becomes of the others.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::support::{Bench, Said, plugin, plugin_of};

/// A program that does nothing; no two of different words are the same file.
fn program(word: &str) -> String {
    format!(
        "(module (memory (export \"memory\") 1) (data (i32.const 0) \"{word}\") (func (export \"_start\")))"
    )
}

/// Four programs, two of one name, and a suite.
fn scene() -> Bench {
    let bench = Bench::new();
    for name in ["x1/sort", "x2/sort", "fib", "slow"] {
        bench.write(format!("d/{name}.wat"), program(name));
    }
    bench.write("d/it.wat", plugin(&["add", "fib/20"]));
    bench
}

/// The labels of the plugins of a run of which this is true.
fn labels(run: &Value, is: impl Fn(&Value) -> bool) -> Vec<String> {
    let plugins = run["plugins"].as_array().unwrap().iter();
    let found = plugins.filter(|plugin| is(plugin));
    found
        .map(|plugin| plugin["label"].as_str().unwrap().to_owned())
        .collect()
}

fn measured(run: &Value) -> Vec<String> {
    labels(run, |plugin| {
        !plugin["cases"].as_array().unwrap().is_empty()
    })
}

fn compiled(run: &Value) -> Vec<String> {
    labels(run, |plugin| !plugin["compile"].is_null())
}

/// If this fails, a program that is left out costs as much as one that is measured, or one that is
/// meant is not measured. A suite says what it has only when it runs.
#[test]
fn a_program_that_is_left_out_is_not_compiled() {
    let bench = scene();
    for (flags, expected) in [
        (["--case=fib", "--no-cache"], &["fib"][..]),
        (["--exclude=/slow|sort|add|20/", "--no-cache"], &["fib"]),
        (
            ["--exclude=slow", "--no-cache"],
            &["fib", "it", "x1/sort", "x2/sort"],
        ),
    ] {
        bench.run([&["d"][..], &flags].concat()).exits(0);
        let run = bench.recorded("latest");
        assert_eq!(measured(&run), expected, "{flags:?}");
        let mut with_suite = [expected, &["it"]].concat();
        with_suite.sort_unstable();
        with_suite.dedup();
        assert_eq!(compiled(&run), with_suite, "{flags:?}");
    }
    bench.run(["d", "--case", "nothing"]).exits(4);
    // A profile, too, is of what is meant.
    bench.dyno(["profile", "d", "--case", "fib"]).exits(0);
    // What cannot be looked into is refused, meant or not.
    bench.write(
        "d/broken.wat",
        program("").replace("(func", "(func $a i32.const 1) (func"),
    );
    bench.run(["d", "--case", "fib"]).exits(3);
}

/// If this fails, programs of one name cannot be told apart by what they are shown as, or one
/// command goes by other names than the next.
#[test]
fn a_program_is_meant_by_what_it_is_shown_as() {
    let bench = scene();
    let listed = |args: &[&str]| -> Vec<String> {
        let said: Said = bench.dyno([&["list", "d"], args].concat());
        let shown = said.stdout.lines().filter(|line| line.starts_with("  "));
        shown.map(|line| line.trim().to_owned()).collect()
    };
    assert_eq!(listed(&["--case", "sort"]), ["sort", "sort"]);
    assert_eq!(listed(&["--case", "x2/sort"]), ["sort"]);
    assert_eq!(listed(&["--case", "x2/sort", "--exact"]), ["sort"]);
    assert_eq!(listed(&["--case", "x*"]), ["sort", "sort"]);
    assert_eq!(
        listed(&["--exclude", "x1/sort", "--exclude", "it"]),
        ["fib", "add", "fib/20", "slow", "sort"],
        "a suite is not meant by its name"
    );
    let said = bench
        .run(["d", "--case", "x2/sort", "--exclude", "x3/sort"])
        .exits(0);
    let said = said.says("no case is what the pattern `x3/sort` means: did you mean `x1/sort`?");
    assert!(!said.stdout.contains("x1/sort  "), "{said}");
    assert_eq!(measured(&bench.recorded("latest")), ["x2/sort"]);
    bench.run(["d"]).exits(0);
    let shown = bench.dyno(["report", "show", "--case", "x1/"]).exits(0);
    assert!(
        shown.stdout.contains("x1/sort") && !shown.stdout.contains("x2/sort"),
        "{shown}"
    );
    // Two versions have the names of cases in common, and nothing else.
    bench
        .dyno(["compare", "--counts-only", "d", "d", "--case", "x1/sort"])
        .exits(4);
}

/// If this fails, a CI that waits for a directory of thousands of programs takes it for one that
/// hangs, or a short run is not silent, or a name becomes a line of its own.
#[test]
fn a_long_run_says_in_a_pipe_where_it_is() {
    let bench = Bench::new();
    for number in 0..99 {
        bench.write(format!("d/{number:03}.wat"), program(&number.to_string()));
    }
    let listed = bench.dyno(["list", "d"]).exits(0);
    assert_eq!(listed.stderr, "", "few steps are soon over");
    bench.write("d/000 ##[error].wat", program("more"));
    let said = bench.dyno(["check", "d"]).exits(0).stderr;
    let begun: Vec<_> = said
        .lines()
        .filter(|line| line.starts_with("1/100 "))
        .collect();
    let name = r"000 #\u{23}[error]";
    assert_eq!(
        begun,
        [
            format!("1/100 reading {name}"),
            format!("1/100 compiling {name}"),
            format!("1/100 counting {name} {name}"),
        ],
        "{said}"
    );
}

/// If this fails, a search passes over a file without a word, or a stranger's link leads it out of
/// the directory that was named.
#[test]
fn a_search_takes_what_is_webassembly_by_its_name_and_names_each_link_that_it_does_not_follow() {
    let bench = Bench::new();
    bench.write("d/loud.WAT", program("loud"));
    let assembled = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x07\x13\x02\x06memory\x02\0\x06_start\0\0\x0a\x04\x01\x02\0\x0b";
    bench.write("d/binary.Wasm", assembled);
    bench.write("outside/other.wat", program("other"));
    for (target, link) in [
        ("../outside/other.wat", "d/out.wat"),
        ("loud.WAT", "d/in.wasm"),
        ("nowhere", "d/gone.WASM"),
        ("../outside", "d/v1.2"),
        ("..", "d/loop"),
        // What could be no benchmark is not worth a word.
        ("../outside/other.wat", "d/README.md"),
        ("../outside", "d/.hidden"),
        ("../outside", "d/target"),
    ] {
        symlink(target, bench.path(link)).unwrap();
    }
    let why = "skipped: it is a symbolic link, and a search follows none: name it to measure what it leads to, or remove it";
    let links = ["gone", "in", "loop", "out", "v1.2"];
    let said = bench.run(["d"]).exits(0);
    assert_eq!(said.stdout.matches(why).count(), links.len(), "{said}");
    let run = bench.recorded("latest");
    assert_eq!(measured(&run), ["binary", "loud"]);
    assert_eq!(
        labels(&run, |plugin| plugin["outcome"]["kind"] == "skipped"),
        links
    );
    // As it says.
    bench.run(["d/out.wat", "d/v1.2"]).exits(0);
    assert_eq!(measured(&bench.recorded("latest")), ["out", "other"]);
    // What is passed over in a gate would pass unseen.
    let gate = ["gate", "--counts-only", "--baseline", "none", "d"];
    let said = bench.dyno(gate).exits(3);
    said.says("out").says("a search follows none");
    for link in ["gone.WASM", "in.wasm", "out.wat"] {
        fs::remove_file(bench.path("d").join(link)).unwrap();
    }
    bench.dyno(gate).exits(0);
}

/// If this fails, a file is not measured for its name, or two are taken for one.
#[test]
fn a_file_whose_name_is_no_text_is_measured_under_a_name_of_its_own() {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).unwrap();
    for byte in [0xfe, 0xff] {
        let name = [b"d/x".as_slice(), &[byte], b".wat"].concat();
        let traps = program(&byte.to_string()).replace("\"_start\")", "\"_start\") unreachable");
        let text = if byte == 0xff { traps } else { program("fine") };
        bench.write(OsStr::from_bytes(&name), text);
    }
    bench.write(OsStr::from_bytes(b"d/x\xfe.stdout.expected"), "hello\n");
    // The command that shows a failure again does, by the directory.
    let said = bench.run(["d"]).exits(5);
    let again: Vec<_> = said.reruns().collect();
    assert!(
        again[0].contains(r"dyno run --quick d '--case=x\xfe'"),
        "{said}"
    );
    let run = bench.recorded("latest");
    for (name, kind) in [(r"x\xfe", "output"), (r"x\xff", "trap")] {
        let plugin = plugin_of(&run, name);
        assert_eq!(plugin["label"], name);
        assert_eq!(plugin["cases"][0]["spec"]["name"], name);
        assert_eq!(plugin["cases"][0]["outcome"]["kind"], kind);
    }
}
