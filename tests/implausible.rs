//! A plugin that knows when it is counted: its fuel and its time do not belong together. It says
//! so, and no gate lets it pass, while honest work that costs much time and little fuel is left
//! alone.

use std::fs;

use super::sandbox::hostile::metered::{counted_only, honest, timed_only};
use super::sandbox::hostile::template::{Plugin, plugin};
use super::support::{Bench, case, cases, repository};

/// If this fails, whoever is counted for a hundred units of fuel and then works for half a
/// millisecond is shown as if both were of one thing.
#[test]
fn other_work_when_it_is_timed_is_marked_everywhere() {
    for dishonest in [timed_only(), counted_only()] {
        let bench = Bench::new();
        bench.write("it.wat", dishonest.wat());
        let said = bench
            .run(["it.wat"])
            .exits(0)
            .says("it does other work when it is timed");
        // Its line is the second one that begins so, below the head of the table.
        let mut lines = said
            .stdout
            .lines()
            .filter(|line| line.starts_with("  case "));
        let line = lines.nth(1).unwrap();
        assert!(
            line.contains("implausible") && !line.contains("folded"),
            "{said}"
        );
        let run = bench.recorded("latest");
        let marks = case(&run, "case")["marks"].as_array().unwrap();
        assert!(marks.contains(&"implausible".into()), "{marks:?}");
        for format in ["html", "csv", "jsonl"] {
            let export = ["report", "export", "--format", format];
            bench.dyno(export).exits(0).says("implausible");
        }
        bench
            .run(["it.wat", "--strict"])
            .exits(5)
            .says("is implausible: on this machine it used ");
        let run = bench.recorded("latest");
        assert_eq!(case(&run, "case")["outcome"]["kind"], "implausible");
    }
}

/// If this fails, such a plugin passes a gate: against an honest one, against itself, or as the
/// only one.
#[test]
fn what_does_other_work_when_it_is_timed_passes_no_gate() {
    let bench = Bench::new();
    bench.write("it.wat", honest().wat());
    bench.run(["it.wat", "--save-baseline", "main"]).exits(0);
    let other = "it does other work when it is timed than when it is counted";
    // As much fuel, and a hundred thousand times as fast; then as fast, and of fuel next to
    // nothing.
    for dishonest in [counted_only(), timed_only()] {
        bench.write("it.wat", dishonest.wat());
        for against in [
            &["--baseline", "main", "it.wat", "--fuel-threshold", "1%"][..],
            &["--baseline", "it.wat", "it.wat", "--remeasure"],
        ] {
            bench.gate(against).exits(7).says(other);
        }
    }
    bench
        .run(["it.wat", "--save-baseline", "other"])
        .exits(2)
        .complains("`case` in it does other work when it is timed");
    assert!(
        !bench
            .dyno(["baseline", "list"])
            .exits(0)
            .stdout
            .contains("other")
    );
}

/// If this fails, honest plugins are called dishonest: bulk operations, new pages, host calls and
/// sleeps cost much time and little fuel, in both passes alike.
#[test]
fn honest_work_of_any_rate_is_plausible() {
    let bench = Bench::new();
    let wasi = |work: &str| Plugin {
        wasi: true,
        pages: 64,
        work: work.to_owned(),
        ..plugin()
    };
    let works = [
        (
            "filling",
            "(memory.fill (i32.const 65536) (i32.const 7) (i32.const 1048576))",
        ),
        (
            "copying",
            "(memory.copy (i32.const 65536) (i32.const 1200000) (i32.const 1048576))",
        ),
        ("asking", "(drop (call $now))"),
        ("random", "(drop (call $random))"),
        ("sleeping", "(call $sleep (i64.const 300000))"),
        (
            "dividing",
            "(drop (i64.div_u (i64.const 123456789123) (i64.add (local.get $n) (i64.const 3))))",
        ),
    ];
    for (name, work) in works {
        bench.write(format!("honest/{name}.wat"), wasi(work).wat());
    }
    let fib = repository().join("sample-plugins/fib-wat/fib.wat");
    fs::copy(fib, bench.path("honest/fib.wat")).unwrap();
    bench.run(["honest"]).exits(0);
    let run = bench.recorded("latest");
    assert_eq!(cases(&run).len(), works.len() + 1);
    for (plugin, case) in cases(&run) {
        let marks = case["marks"].as_array().unwrap();
        assert!(!marks.contains(&"implausible".into()), "{plugin}: {case:#}");
    }
}
