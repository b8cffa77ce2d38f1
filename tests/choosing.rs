//! Which programs of a directory are meant, and what becomes of the others.

use serde_json::Value;

use super::support::{Bench, Said, plugin};

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
