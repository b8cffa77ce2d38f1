//! The time that a whole run may take, and what thousands of files cost that are no plugins.

use std::fs;

use super::support::{Bench, QUICK, case, fib, plugin, plugin_of};

/// Limits that no endless case runs into before the budget is over.
const PATIENT: [&str; 4] = ["--fuel", "1e15", "--wall", "60min"];

const OVER: &str = "not measured: the time that --budget gives the run was over";

/// If this fails, cases that never end take as long as all their limits together, or what was
/// finished is lost, or what was not is taken for a success.
#[test]
fn at_the_end_of_the_budget_what_is_finished_is_kept_and_the_rest_is_not_measured() {
    let bench = Bench::new();
    // Counted in this order: the second one never ends.
    bench.write("it.wat", plugin(&["a", "endless", "c"]));
    let mut command = bench.command();
    command.arg("run").args(QUICK).args(PATIENT);
    command.args(["--budget", "30s", "it.wat"]);
    bench
        .finish(command)
        .exits(5)
        .says("the budget of the run was over after 30s: 3 of 3 cases were not measured")
        .says("allow more with --budget 1min")
        .says("interrupted: what was finished is shown and kept");
    let run = bench.recorded("latest");
    assert_eq!(run["status"], "interrupted");
    for (name, is_counted) in [("a", true), ("endless", false), ("c", false)] {
        let case = case(&run, name);
        assert_eq!(case["outcome"]["reason"], OVER, "{case:#}");
        assert_eq!(!case["count"].is_null(), is_counted, "{case:#}");
    }
}

/// If this fails, a gate that had no time to look at everything passes.
#[test]
fn a_budget_that_is_over_passes_no_gate_and_no_suite() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["add"]));
    bench.run(["it.wat", "--save-baseline", "main"]).exits(0);
    let judged = bench.dyno(["gate", "--baseline", "main", "it.wat", "--budget", "1ms"]);
    let said = judged.exits(5);
    assert!(!said.stdout.contains("gate: passed"), "{said}");
    bench.dyno(["check", "it.wat", "--budget", "1ms"]).exits(5);
    bench.write(
        "dyno.toml",
        "[[plugins]]\nname = 'it'\npath = 'it.wat'\n[phases.baseline]\nplugins = ['it']\n",
    );
    bench.dyno(["suite", "run", "--budget", "1ms"]).exits(5);
    // Nothing of it was opened, and it is recorded as that.
    bench.run(["it.wat", "--budget", "1ms"]).exits(5);
    let run = bench.recorded("latest");
    assert_eq!(plugin_of(&run, "it")["outcome"]["reason"], OVER);
}

/// If this fails, a directory of other files costs two processes each, and takes minutes.
#[test]
fn thousands_of_files_that_are_no_plugins_are_refused_at_once() {
    let bench = Bench::new();
    fs::create_dir(bench.path("junk")).unwrap();
    for number in 0..5000 {
        let content = [b"\x89junk".as_slice(), &u32::to_le_bytes(number)].concat();
        fs::write(bench.path(format!("junk/{number}.wasm")), content).unwrap();
    }
    fs::copy(fib().join("fib.wat"), bench.path("junk/fib.wat")).unwrap();
    bench.write("junk/blank.wat", "");
    bench.write("junk/code.wasm", b"\x7fELF");
    bench.run(["junk"]).exits(3);
    let run = bench.recorded("latest");
    assert_eq!(case(&run, "fib/20")["outcome"]["kind"], "ok");
    for (name, why) in [
        ("4711", "it is not WebAssembly: it begins with `\\x89jun`"),
        ("blank", "it is empty"),
        ("code", "it holds compiled machine code"),
    ] {
        let outcome = &plugin_of(&run, name)["outcome"];
        assert_eq!(outcome["kind"], "refused");
        let reason = outcome["reason"].as_str().unwrap();
        assert!(reason.starts_with(why), "{reason}");
    }
}
