//! `dyno run --resume`: what a recorded run has is not measured again, and is never passed off as
//! measured now.

use std::fs;

use super::support::{Bench, case, plugin};

const RUN: [&str; 4] = ["--blocks=2", "--time=5ms", "--sample-time=1ms", "d"];

fn run(bench: &Bench, more: &[&str]) -> super::support::Said {
    bench.dyno(["run"].iter().chain(&RUN).chain(more))
}

/// If this fails, an interrupted run of hours begins again, or an old number stands for a new
/// program.
#[test]
fn what_was_measured_and_is_unchanged_is_taken_over() {
    let bench = Bench::new();
    bench.write("d/one.wat", plugin(&["a", "b"]));
    bench.write("d/two.wat", plugin(&["c"]));
    run(&bench, &["--exclude=b"]).exits(0);
    let first = bench.recorded("latest");
    let said = run(&bench, &["--resume=latest"]).exits(0);
    let id = first["id"].as_str().unwrap();
    said.says(&format!(
        "2 of 3 cases are taken over from run {id}, and of 0 the counts: they were not measured again"
    ));
    let second = bench.recorded("latest");
    assert_ne!(second["id"], first["id"]);
    for name in ["a", "c"] {
        assert_eq!(case(&second, name), case(&first, name), "{name}");
    }
    let measured = &case(&second, "b")["processes"];
    assert_eq!(measured.as_array().unwrap().len(), 2);
    // Processes of both stand in one order.
    let last = first["plugins"].as_array().unwrap().iter();
    let last = last.flat_map(|plugin| plugin["cases"].as_array().unwrap());
    let last = last.flat_map(|case| case["processes"].as_array().unwrap());
    let last = last.map(|process| process["order"].as_u64().unwrap()).max();
    assert_eq!(measured[0]["order"].as_u64(), last.map(|last| last + 1));

    // What has changed is measured, and what has not is not.
    bench.write("d/two.wat", plugin(&["c", "d"]));
    run(&bench, &["--resume", id])
        .exits(0)
        .says("1 of 4 cases are taken over");
    let third = bench.recorded("latest");
    assert_eq!(case(&third, "a"), case(&first, "a"));
    assert_ne!(
        case(&third, "c")["processes"],
        case(&first, "c")["processes"]
    );
    // A run that was resumed is one like any other.
    bench.dyno(["compare", id, "latest"]);
    run(&bench, &["--resume=latest"])
        .exits(0)
        .says("4 of 4 cases are taken over");
}

/// If this fails, what a program may read or must give can change unseen, or the way that the manual
/// shows measures everything again.
#[test]
fn what_a_program_gets_and_must_give_is_part_of_what_is_unchanged() {
    let bench = Bench::new();
    let exits = r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32)))
        (func (export "_start") (call $e (i32.const 3))))"#;
    bench.write("d/p/p.wat", exits);
    let manifest = |status: u32| {
        format!(
            "[plugin]\nname='p'\n[build]\ncomponent='p.wat'\n[program]\nexpected-status={status}\n"
        )
    };
    bench.write("d/p/plugin.toml", manifest(3));
    bench.write("d/one.wat", plugin(&["a"]));
    run(&bench, &[]).exits(0);
    bench.write("d/p/plugin.toml", manifest(0));
    run(&bench, &["--resume=latest"])
        .exits(5)
        .says("1 of 2 cases are taken over")
        .says("exited with status 3");
    bench.write("d/p/plugin.toml", manifest(3));
    run(&bench, &["--own-dir"]).exits(0);
    let resumed = ["--own-dir", "--resume=latest"];
    run(&bench, &resumed)
        .exits(0)
        .says("2 of 2 cases are taken over");
    bench.write("d/data.txt", "new");
    run(&bench, &resumed)
        .exits(0)
        .says("1 of 2 cases are taken over");
    // What is not in a file counts, too.
    bench.write("e/p.wat", exits);
    let status = |more: &[&str]| {
        let flags = ["run", "--quick", "--time=5ms", "e"];
        bench.dyno(flags.iter().chain(more))
    };
    status(&["--env=X=1", "--expected-status=3"]).exits(0);
    status(&["--env=X=1", "--expected-status=3", "--resume=latest"])
        .exits(2)
        .complains("the values of its variables are not recorded");
}

/// If this fails, numbers of different conditions stand in one run.
#[test]
fn a_run_under_other_conditions_is_not_resumed() {
    let bench = Bench::new();
    bench.write("d/one.wat", plugin(&["a"]));
    run(&bench, &[]).exits(0);
    let id = bench.runs().remove(0);
    for (more, name) in [
        ("--memory=128MiB", "--memory was 256MiB, and is 128MiB now"),
        ("--seed=5", "seed was"),
        ("--wasm=gc", "--wasm was none, and is gc now"),
        ("--strict", "strict was 0, and is 1 now"),
    ] {
        run(&bench, &["--resume=latest", more])
            .exits(2)
            .complains(&format!("run {id} cannot be resumed: its {name}"));
    }
    assert_eq!(bench.runs().len(), 1, "what was refused was recorded");
    run(&bench, &["--resume=20010101T000000Z"]).exits(4);
    run(&bench, &["--resume=latest", "--no-report"]).exits(2);
    fs::remove_file(bench.path("d/one.wat")).unwrap();
}
