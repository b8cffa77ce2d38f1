//! `dyno compare` from the outside: what is identical, what is measured, and what is said of it.
//! Nothing here depends on what the machine makes of it: fuel is exact, and ten times the work is
//! slower on any machine.

use serde_json::Value;

use super::support::{Bench, plugin, plugin_expecting};
use super::versions::{change, other_result, pages, pairs, rounds};

/// A plain command in a directory of its own, with stdin and arguments.
fn command(bench: &Bench, name: &str, arg: &str, stdin: &str) {
    let module = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (local $left i32)
            (local.set $left (i32.const 10000))
            (loop $more
                (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))))"#;
    let manifest = format!(
        "[plugin]\nname = \"it\"\n[build]\ncomponent = \"it.wat\"\n[program]\nargs = [\"{arg}\"]\nstdin = \"in\"\n"
    );
    bench.write(format!("{name}/it.wat"), module);
    bench.write(format!("{name}/plugin.toml"), manifest);
    bench.write(format!("{name}/in"), stdin);
}

/// Processes of the time pass that the latest comparison's runs have, and cases that were counted.
fn measured(bench: &Bench) -> (usize, usize) {
    let sides = bench.sides().map(|run| bench.recorded(&run));
    let cases: Vec<&Value> = sides
        .iter()
        .flat_map(|run| run["plugins"].as_array().unwrap())
        .flat_map(|plugin| plugin["cases"].as_array().unwrap())
        .collect();
    let processes = |case: &&Value| case["processes"].as_array().unwrap().len();
    let counted = cases.iter().filter(|case| !case["count"].is_null()).count();
    (cases.iter().map(processes).sum(), counted)
}

/// If this fails, time goes into finding out what no change can be, or what was never measured is
/// called measured.
#[test]
fn the_same_bytes_are_identical_under_any_name_and_measured_only_if_asked() {
    let bench = Bench::new();
    let text = plugin(&["add", "mul"]);
    bench.write("one.wat", &text);
    bench.write("elsewhere/two.wat", &text);
    bench
        .compare(["one.wat", "elsewhere/two.wat"])
        .exits(0)
        .says("2 identical");
    let identical = [("add", "identical"), ("mul", "identical")];
    assert_eq!(pairs(&bench.words()), identical);
    // That they run at all was seen.
    assert_eq!(measured(&bench), (0, 2));
    bench
        .compare(["--remeasure", "one.wat", "elsewhere/two.wat"])
        .exits(0);
    assert_eq!(pairs(&bench.words()), identical);
    let (processes, counted) = measured(&bench);
    assert!(processes >= 2 * 2 * 8, "{processes}");
    assert_eq!(counted, 4);
    for case in bench.verdicts() {
        assert_eq!(change(&case, "fuel")["ratio"], 1.0);
    }
    bench.write("elsewhere/two.wat", rounds(&["add", "mul"], 1));
    bench.compare(["one.wat", "elsewhere/two.wat"]).exits(0);
    assert!(
        bench
            .words()
            .iter()
            .all(|(_, verdict)| verdict != "identical"),
        "other bytes passed for the same"
    );
}

/// If this fails, a program that got something else to do is said not to have changed.
#[test]
fn other_inputs_are_not_identical() {
    let bench = Bench::new();
    command(&bench, "base", "fast", "hello");
    command(&bench, "same", "fast", "hello");
    command(&bench, "other-arg", "best", "hello");
    command(&bench, "other-stdin", "fast", "hallo");
    command(&bench, "other-file", "fast", "hello");
    bench.write("other-file/data", "more");
    let is_identical = |args: &[&str]| {
        bench.compare(args).exits(0);
        bench.verdict()["verdict"] == "identical"
    };
    assert!(is_identical(&["base", "same"]));
    assert!(!is_identical(&["base", "other-arg"]), "args");
    assert!(!is_identical(&["base", "other-stdin"]), "stdin");
    // A file beside a program is an input only if the program may read it.
    assert!(is_identical(&["base", "other-file"]));
    assert!(
        !is_identical(&["--own-dir", "base", "other-file"]),
        "--own-dir"
    );
    assert!(is_identical(&["--own-dir", "base", "same"]));
    // The user's stdin is in the place of both of theirs.
    assert!(is_identical(&["--stdin", "base/in", "base", "other-stdin"]));
}

/// If this fails, fuel is not what the guest did, or its change is not what divides.
#[test]
fn fuel_says_exactly_how_much_more_work_it_is() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.write("five.wat", rounds(&["add"], 1050));
    bench.write("double.wat", rounds(&["add"], 2000));
    let fuel = |base: &str, candidate: &str| {
        bench.compare([base, candidate]).exits(0);
        let fuel = change(&bench.verdict(), "fuel").clone();
        let number = |name: &str| fuel[name].as_f64().unwrap();
        let (base, candidate) = (number("base"), number("candidate"));
        for name in ["ratio", "lower", "upper"] {
            assert_eq!(number(name), candidate / base, "{fuel}");
        }
        (base, candidate, fuel["verdict"].clone())
    };
    let (base, five, verdict) = fuel("old.wat", "five.wat");
    let (_, double, _) = fuel("old.wat", "double.wat");
    // The rest of an iteration is the same on both sides, so that the difference is the rounds
    // alone.
    assert_eq!((five - base, double - base), (50.0 * 5.0, 1000.0 * 5.0));
    assert!(base > 1000.0 * 5.0 && base < 1300.0 * 5.0, "{base}");
    assert_eq!(verdict, "regressed");
    assert_eq!(fuel("five.wat", "old.wat"), (five, base, "improved".into()));
}

/// If this fails, the largest of differences has no word, or an improvement is not one.
#[test]
fn ten_times_the_work_regressed_and_back_again_improved() {
    let bench = Bench::new();
    bench.write("old.wat", rounds(&["add"], 1000));
    bench.write("new.wat", rounds(&["add"], 10_000));
    let said = bench.compare(["old.wat", "new.wat"]).exits(0);
    let said = said.says("regressed, critical").says("it does more work");
    assert!(said.stdout.starts_with("old.wat → new.wat side by side\n"));
    let case = bench.verdict();
    assert_eq!(
        [&case["verdict"], &case["severity"], &case["diagnosis"]],
        ["regressed", "critical", "work"]
    );
    let decided = change(&case, case["decided_by"].as_str().unwrap());
    assert!(decided["ratio"].as_f64().unwrap() > 2.0, "{case:#}");
    let there = decided["pairs"].as_u64().unwrap();
    assert_eq!(there, 9, "it was clear from the start: no block more");
    // What is recorded in columns is what is recorded in detail.
    let columns = bench.text(
        "SELECT json_array(plugin_name, case_name, verdict, metric, severity, ratio, lower, upper, pairs, gate)
         FROM verdict",
    );
    let columns: Value = serde_json::from_str(&columns).unwrap();
    assert_eq!(
        columns,
        serde_json::json!([
            "new",
            "add",
            "regressed",
            case["decided_by"],
            "critical",
            decided["ratio"],
            decided["lower"],
            decided["upper"],
            9,
            null
        ])
    );
    bench
        .compare(["new.wat", "old.wat"])
        .exits(0)
        .says("improved")
        .says("it does less work");
    let case = bench.verdict();
    assert_eq!(
        [&case["verdict"], &case["severity"], &case["diagnosis"]],
        [&"improved".into(), &Value::Null, &Value::from("work")]
    );
}

/// If this fails, a version that computes something else, fails, or lost a case looks like any
/// other.
#[test]
fn what_differs_besides_work_is_said() {
    let bench = Bench::new();
    bench.write("old.wat", plugin(&["add"]));
    bench.write("other.wat", other_result(&["add"]));
    bench
        .compare(["old.wat", "other.wat"])
        .exits(0)
        .says("it computes something else now");

    bench.write("large.wat", pages(&["add"], 4));
    bench.compare(["old.wat", "large.wat"]).exits(0);
    let memory = change(&bench.verdict(), "memory-peak").clone();
    let grown = memory["candidate"].as_f64().unwrap() - memory["base"].as_f64().unwrap();
    assert_eq!(grown, 3.0 * 65536.0, "{memory}");

    bench.write("cases.wat", plugin(&["add", "more", "trap"]));
    bench.write("fewer.wat", plugin(&["trap", "add", "mul"]));
    let said = bench
        .compare(["cases.wat", "fewer.wat"])
        .exits(5)
        .says("the base failed")
        .says("the candidate failed");
    let words = bench.words();
    let words = pairs(&words);
    assert_eq!(words.len(), 4, "{said}");
    assert_eq!(words[0], ("trap", "unsure"));
    assert_eq!(words[1].0, "add");
    assert_eq!(words[2..], [("mul", "new"), ("more", "gone")]);
    let is_gone = |line: &str| line.contains(" more ") && line.ends_with("gone");
    assert!(said.stdout.lines().any(is_gone), "{said}");

    bench.write("expects.wat", plugin_expecting(&[("add", Some(1))]));
    bench.compare(["old.wat", "expects.wat"]).exits(5);
    assert_eq!(bench.verdict()["verdict"], "unsure");
}

/// If this fails, a script cannot tell what became of a comparison.
#[test]
fn exit_codes_say_what_became_of_it() {
    let bench = Bench::new();
    bench.write("old.wat", plugin(&["add"]));
    bench.write("bad.wasm", "text");
    bench.compare(["old.wat", "bad.wasm"]).exits(3);
    bench
        .compare(["--case", "nothing", "old.wat", "old.wat"])
        .exits(4)
        .says("no case was compared");
    for usage in [
        &["compare", "old.wat"][..],
        &["compare", "--fuel", "1%", "old.wat", "old.wat"],
        &["run", "--fuel", "1%", "old.wat"],
        &["compare", "--memory", "10%", "old.wat", "old.wat"],
        &["compare", "--blocks", "3", "old.wat", "old.wat"],
        &["compare", "--case", "/(/", "old.wat", "old.wat"],
    ] {
        let said = bench.dyno(usage).exits(2);
        assert!(said.stdout.is_empty(), "{said}");
    }
    for nowhere in ["nowhere.wat", "baseline:nowhere"] {
        let said = bench.dyno(["compare", "old.wat", nowhere]).exits(4);
        assert!(said.stdout.is_empty(), "{said}");
    }
    bench
        .compare(["old.wat", "run:1999"])
        .exits(4)
        .complains("holds no run");
}
