//! What is compared is the same work, measured in the same way: the same iterations on both sides,
//! several layouts of the code, and a time that holds what a user waits for. The guests have costs
//! that would hide a change otherwise. Nothing here asserts on how long anything takes: what is
//! looked at is what was ordered, and what is said where nothing good can be said.

use serde_json::Value;

use super::sandbox::hostile::template::{Plugin, plugin};
use super::support::{Bench, plugin_of};

/// A loop of so many rounds, an `i32` on the stack.
fn rounds(count: &str) -> String {
    format!(
        "(local.set $i {count})
         (loop $more (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))"
    )
}

/// The n-th iteration of a batch from its end takes n times as long.
fn quadratic(unit: u32) -> String {
    let count = format!("(i32.mul (i32.const {unit}) (i32.wrap_i64 (local.get $n)))");
    Plugin {
        work: rounds(&count),
        ..plugin()
    }
    .wat()
}

/// Every iteration sleeps, and computes next to nothing.
fn sleeping(ns: u64) -> String {
    Plugin {
        wasi: true,
        work: format!("(call $sleep (i64.const {ns}))"),
        ..plugin()
    }
    .wat()
}

fn array<'a>(value: &'a Value, name: &str) -> &'a Vec<Value> {
    value[name].as_array().unwrap()
}

/// Iterations and number of the samples of each process of the only case of a recorded run.
fn ordered(bench: &Bench, run: &str) -> Vec<(u64, usize)> {
    let run = bench.recorded(run);
    let case = &array(&array(&run, "plugins")[0], "cases")[0];
    let of_process = |process: &Value| {
        let samples = array(process, "samples");
        let iterations = samples[0]["iterations"].as_u64().unwrap();
        assert!(
            samples
                .iter()
                .all(|sample| sample["iterations"] == iterations)
        );
        (iterations, samples.len())
    };
    array(case, "processes").iter().map(of_process).collect()
}

/// If this fails, the slower side does fewer iterations, and a cost that depends on their number
/// hides the change: a quarter more of `i * unit` was said to be 0.1 % faster.
#[test]
fn both_sides_of_a_comparison_do_the_same_work() {
    let bench = Bench::new();
    bench.write("old.wat", quadratic(400));
    bench.write("new.wat", quadratic(500));
    bench.compare(["old.wat", "new.wat"]).exits(0);
    let [base, candidate] = bench.sides().map(|run| ordered(&bench, &run));
    let (iterations, count) = base[0];
    assert!(iterations.is_power_of_two(), "{iterations}");
    for process in base.iter().chain(&candidate) {
        assert_eq!(process.0, iterations, "{base:?} {candidate:?}");
        // A neighbour may end the sampling of a process early; it never makes it longer.
        assert!(process.1 <= count.max(10), "{base:?} {candidate:?}");
    }
    let verdict = bench.verdict();
    let word = verdict["verdict"].as_str().unwrap();
    assert!(["regressed", "unsure"].contains(&word), "{verdict:#}");
    let fuel = super::versions::change(&verdict, "fuel");
    assert!(
        (fuel["ratio"].as_f64().unwrap() - 1.25).abs() < 0.01,
        "{fuel}"
    );
    // Nor can anything good be said of it: not even that it became faster.
    let said = bench.gate(["--baseline", "new.wat", "old.wat"]).exits(7);
    // On a busy machine the bend may not show, and then what was counted is not what was timed.
    let verdict = bench.verdict();
    match verdict["reason"].as_str() {
        Some("nonlinear") => assert!(said.stdout.contains("iter_batched"), "{said}"),
        reason => assert_eq!(reason, Some("implausible"), "{said}"),
    }
}

/// If this fails, nobody learns that time per iteration means nothing.
#[test]
fn a_cost_that_depends_on_the_number_of_iterations_is_marked() {
    let bench = Bench::new();
    bench.write("quadratic.wat", quadratic(400));
    let said = bench.run(["quadratic.wat"]).exits(0);
    assert!(said.stdout.contains("nonlinear"), "{said}");
    let run = bench.recorded("latest");
    let case = &array(&array(&run, "plugins")[0], "cases")[0];
    let ratio = case["calibration"]["doubled_ratio"].as_f64().unwrap();
    assert!(ratio > 1.5, "{case:#}");
    bench.write(
        "plain.wat",
        Plugin {
            work: rounds("(i32.const 400)"),
            ..plugin()
        }
        .wat(),
    );
    let said = bench.run(["plain.wat"]).exits(0);
    assert!(!said.stdout.contains("nonlinear"), "{said}");
}

/// If this fails, a case that waits longer passes a gate, because the CPU has no more to do.
#[test]
fn waiting_is_time() {
    let bench = Bench::new();
    bench.write("old.wat", sleeping(400_000));
    bench.write("new.wat", sleeping(1_200_000));
    let said = bench.gate(["--baseline", "old.wat", "new.wat"]);
    assert!([6, 7].contains(&said.status.code().unwrap()), "{said}");
    let verdict = bench.verdict();
    assert_eq!(verdict["cpu_may_decide"], false, "{verdict:#}");
    assert_ne!(verdict["decided_by"], "cpu-time", "{verdict:#}");
}

/// If this fails, where the code lies in memory is taken for what it does.
#[test]
fn small_code_is_measured_in_several_layouts() {
    let bench = Bench::new();
    let mut command = bench.command();
    command.args([
        "run",
        "--seed",
        "1",
        "--blocks",
        "12",
        "--time",
        "2ms",
        "--sample-time",
        "1ms",
    ]);
    command
        .arg("--case")
        .arg("add")
        .arg(bench.write("it.wat", super::support::plugin(&["add"])));
    super::support::finish(command).exits(0);
    let run = bench.recorded("latest");
    let plugin = plugin_of(&run, "it");
    assert_eq!(plugin["compile"]["layouts"], 8, "{plugin:#}");
    let processes = array(&array(plugin, "cases")[0], "processes");
    let layouts = processes
        .iter()
        .map(|process| process["layout"].as_u64().unwrap());
    let layouts: std::collections::BTreeSet<u64> = layouts.collect();
    assert!(
        layouts.len() > 2 && layouts.iter().all(|layout| *layout < 8),
        "{layouts:?}"
    );
    // The metered build, the plain layout, those that were drawn, and the same for what an empty
    // batch costs.
    let expected = 1 + layouts.union(&[0].into()).count() + 2;
    assert_eq!(bench.cached().len(), expected, "{:?}", bench.cached());
}

/// If this fails, everything that was measured is thrown away because the sampling took longer than
/// the limit.
#[test]
fn sampling_ends_before_the_wall_limit_does() {
    let bench = Bench::new();
    // Its iterations wait for 1 to 16 ms, so that no interval is ever narrow enough to end with,
    // and count next to nothing.
    let unsteady = Plugin {
        wasi: true,
        fields: "(global $done (mut i32) (i32.const 0))".to_owned(),
        work: "(global.set $done (i32.add (global.get $done) (i32.const 0x9e3779b1)))
            (call $sleep (i64.mul (i64.const 1000000) (i64.extend_i32_u
                (i32.add (i32.const 1) (i32.shr_u (global.get $done) (i32.const 28))))))"
            .to_owned(),
        ..plugin()
    };
    bench.write("it.wat", unsteady.wat());
    let mut command = bench.command();
    command.args(["run", "--quick", "--time", "60s", "--wall", "6s", "it.wat"]);
    let said = super::support::finish(command);
    let run = bench.recorded("latest");
    let case = &array(&array(&run, "plugins")[0], "cases")[0];
    let process = &array(case, "processes")[0];
    assert_eq!(process["outcome"]["kind"], "ok", "{case:#}");
    assert_eq!(process["precise"], false, "{case:#}");
    assert!(!array(process, "samples").is_empty());
    said.exits(0);
}
