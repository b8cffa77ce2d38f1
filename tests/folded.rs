//! A case whose work a compiler removed measures nothing: it says so, and nothing is drawn from it.

use std::fs;

use super::support::{Bench, case, line_of, repository};

/// The plugin in text, whose iterations are `work` and no Fibonacci number, and do a million bytes
/// as they say.
fn doing(work: &str) -> String {
    let text = fs::read_to_string(repository().join("sample-plugins/fib-wat/fib.wat")).unwrap();
    let replaced = |text: String, from: &str, to: &str| {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        text.replace(from, to)
    };
    let text = replaced(
        text,
        "(local.set $checksum (call $fib (i32.const 20)))",
        work,
    );
    let text = replaced(
        text,
        r#""\00\00\00\00\00\00\00\00"              ;; throughput: none …"#,
        r#""\01\00\00\00\00\00\00\00""#,
    );
    replaced(
        text,
        r#""\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00""#,
        r#""\00\00\00\00\00\00\00\00\40\42\0f\00\00\00\00\00""#,
    )
}

/// A result that is known before it runs: the engine computes it when it compiles, after the fuel
/// was put in.
fn folded() -> String {
    let times = "(local.set $checksum (i64.mul (local.get $checksum) (i64.const 3)))".repeat(1000);
    doing(&format!(
        "(local.set $checksum (i64.const 1)) {times} (local.set $checksum (i64.const 6765))"
    ))
}

/// As fast as real work can be: a byte is a unit of fuel.
fn filling() -> String {
    doing(
        "(memory.fill (i32.const 2048) (i32.const 7) (i32.const 32768)) (local.set $checksum (i64.const 6765))",
    )
}

/// If this fails, a loop that was removed is the fastest of all, or honest work is called removed.
#[test]
fn work_that_the_engine_removed_is_marked_and_has_no_throughput() {
    let bench = Bench::new();
    bench.write("real.wat", filling());
    let said = bench.run(["real.wat", "--strict"]).exits(0);
    assert!(
        line_of(&said.stdout, "fib/20").unwrap().contains("B/s"),
        "{said}"
    );
    let run = bench.recorded("latest");
    let marks = case(&run, "fib/20")["marks"].as_array().unwrap();
    assert!(!marks.contains(&"folded".into()), "{marks:?}");

    bench.write("removed.wat", folded());
    let said = bench.run(["removed.wat"]).exits(0);
    assert!(
        line_of(&said.stdout, "fib/20").unwrap().contains("folded"),
        "{said}"
    );
    for format in [
        "human",
        "html",
        "markdown",
        "google-benchmark",
        "openmetrics",
        "bencher",
    ] {
        let shown = match format {
            "human" => bench.dyno(["report", "show"]),
            format => bench.dyno(["report", "export", "--format", format]),
        };
        let shown = shown.exits(0).stdout;
        assert!(
            !shown.contains("B/s") && !shown.contains("bytes_per_second"),
            "{format}: {shown}"
        );
    }
    let out = [
        "report",
        "export",
        "--format",
        "criterion",
        "--output",
        "out",
        "--name",
        "n",
    ];
    bench.dyno(out).exits(0);
    let found = walk(&bench.path("out"))
        .into_iter()
        .find(|path| path.ends_with("benchmark.json"));
    let benchmark: serde_json::Value =
        serde_json::from_slice(&fs::read(found.unwrap()).unwrap()).unwrap();
    assert_eq!(benchmark["throughput"], serde_json::Value::Null);

    bench
        .run(["removed.wat", "--strict"])
        .exits(5)
        .says("is folded: it uses ")
        .says(" fuel per ns, and no processor works faster than 400");
    assert_eq!(
        case(&bench.recorded("latest"), "fib/20")["outcome"]["kind"],
        "folded"
    );
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// If this fails, later runs are compared with nothing.
#[test]
fn what_is_folded_is_no_baseline() {
    let bench = Bench::new();
    bench.write("removed.wat", folded());
    let why = "the compiler removed the work of `fib/20` in removed, so later runs cannot be compared with it";
    bench
        .run(["removed.wat", "--save-baseline", "main"])
        .exits(2)
        .complains(why);
    for args in [
        &["baseline", "save", "main"][..],
        &["baseline", "save", "main", "--numbers-only"],
    ] {
        bench.dyno(args).exits(2).complains(why);
    }
    assert!(
        !bench
            .dyno(["baseline", "list"])
            .exits(0)
            .stdout
            .contains("main")
    );
}
