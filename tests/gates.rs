//! `dyno gate` from the outside: what it lets pass, what it stops, and that it can be repeated. The
//! work that is injected is so large, or the question so exact, that no noise decides.

use std::fs;
use std::process::Stdio;

use serde_json::Value;

use super::support::{Bench, case, finish, gather, plugin, plugin_expecting, poll, shown};
use super::versions::{SWIFT, change, pages, rounds};

/// A baseline `main` of `it.wat`, which does a thousand rounds.
fn bench_with_baseline() -> Bench {
    let bench = Bench::new();
    bench.write("it.wat", rounds(&["add"], 1000));
    bench.run(["it.wat"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench
}

/// The gate of the latest comparison: as a column, and of its only case.
fn gate(bench: &Bench) -> (String, Value) {
    let whole = bench.text("SELECT gate FROM comparison ORDER BY id DESC LIMIT 1");
    (whole, bench.verdict()["gate"].clone())
}

/// Processes of a case: those that the verdict is drawn from, and those that confirm it.
fn processes(run: &Value, name: &str) -> (usize, usize) {
    let processes = case(run, name)["processes"].as_array().unwrap();
    let confirming = processes
        .iter()
        .filter(|process| process["confirming"] == true)
        .count();
    (processes.len() - confirming, confirming)
}

/// If this fails, a regression passes, or is called one without being confirmed, or cannot be shown
/// again.
#[test]
fn ten_times_the_work_is_confirmed_and_stopped_and_the_command_shows_it_again() {
    let bench = bench_with_baseline();
    bench
        .gate(["--baseline", "main"])
        .exits(0)
        .says("1 identical")
        .says("gate: passed");
    bench.write("it.wat", rounds(&["add"], 10_000));
    let said = bench.gate(["--baseline", "main"]).exits(6);
    let said = said.says("gate: regressed").says(" fresh blocks: +");
    let check = |bench: &Bench| {
        let (whole, of_case) = gate(bench);
        assert_eq!(
            [whole.as_str(), of_case["outcome"].as_str().unwrap()],
            ["regressed"; 2]
        );
        // Of ten blocks, those that other programs did not disturb; where too few are left, of ten
        // more.
        let fresh = of_case["confirmation"]["pairs"].as_u64().unwrap();
        assert!((8..=20).contains(&fresh), "{of_case:#}");
        assert!(
            of_case["confirmation"]["lower"].as_f64().unwrap() > 1.1,
            "{of_case:#}"
        );
        for run in bench.sides() {
            assert_eq!(processes(&bench.recorded(&run), "add"), (9, 10));
        }
        assert_eq!(
            bench.number("SELECT count(*) FROM process WHERE confirming"),
            20 * bench.number("SELECT count(*) FROM comparison WHERE gate = 'regressed'")
        );
        let fuel = change(&bench.verdict(), "fuel").clone();
        assert_eq!(
            fuel["candidate"].as_f64().unwrap() - fuel["base"].as_f64().unwrap(),
            45_000.0
        );
    };
    check(&bench);
    let again: Vec<&str> = said.reruns().collect();
    assert_eq!(again.len(), 1, "{said}");
    let said = bench.shell(again[0]).exits(6).says("gate: regressed");
    check(&bench);
    // It names itself, and not a longer command each time.
    assert_eq!(said.reruns().collect::<Vec<_>>(), again);
    // The threshold decides, not the verdict.
    bench.write("it.wat", rounds(&["add"], 5000));
    bench
        .gate(["--baseline", "main", "--threshold", "1000%"])
        .exits(0)
        .says("gate: passed (time 1000 %)");
    assert_eq!(gate(&bench).1["confirmation"], Value::Null);
}

/// If this fails, what became faster is stopped, or a gate confirms what nobody doubts.
#[test]
fn an_improvement_passes_without_confirmation() {
    let bench = bench_with_baseline();
    bench.write("it.wat", rounds(&["add"], 50_000));
    bench.run(["it.wat"]).exits(0);
    bench.dyno(["baseline", "save", "slow"]).exits(0);
    bench.write("it.wat", rounds(&["add"], 1000));
    bench
        .gate(["--baseline", "slow"])
        .exits(0)
        .says("improved")
        .says("gate: passed");
    let (whole, of_case) = gate(&bench);
    assert_eq!(
        [whole.as_str(), of_case["outcome"].as_str().unwrap()],
        ["passed"; 2]
    );
    assert_eq!(
        bench.number("SELECT count(*) FROM process WHERE confirming"),
        0
    );
}

/// If this fails, what is counted is not held to its limit to the last unit, or gates although
/// nobody asked.
#[test]
fn fuel_and_memory_gate_at_exactly_their_limits() {
    let bench = bench_with_baseline();
    bench.write("it.wat", rounds(&["add"], 1050));
    bench
        .gate(["--baseline", "main", "--threshold", "1000%"])
        .exits(0);
    let grown = change(&bench.verdict(), "fuel")["ratio"].as_f64().unwrap() - 1.0;
    let with = |flag: &str, share: f64| {
        let share = format!("{}%", share * 100.0);
        bench.gate(["--baseline", "main", "--threshold", "1000%", flag, &share])
    };
    assert!(grown > 0.01);
    let said = with("--fuel-threshold", grown * 0.99)
        .exits(6)
        .says("fuel grew by");
    assert_eq!(said.reruns().count(), 1, "{said}");
    with("--fuel-threshold", grown * 1.01).exits(0);
    bench.write("it.wat", pages(&["add"], 2));
    bench
        .gate(["--baseline", "main", "--threshold", "1000%"])
        .exits(0);
    with("--memory-threshold", 0.99)
        .exits(6)
        .says("memory grew by 100.00 %, and 99.00 % is the limit");
    with("--memory-threshold", 1.01).exits(0);
}

/// If this fails, a plugin that no longer loads, or whose cases failed, passes a gate.
#[test]
fn what_failed_does_not_pass() {
    let bench = bench_with_baseline();
    let passed = |bench: &Bench| {
        bench.text("SELECT gate FROM comparison ORDER BY id DESC LIMIT 1") == "passed"
    };
    let broken = bench.write(
        "it.wat",
        rounds(&["add"], 1000).replace("(return (i32.const 32))", "(unreachable)"),
    );
    let said = bench.gate(["--baseline", "main"]).exits(5);
    assert!(!passed(&bench), "{said}");
    fs::write(&broken, "text").unwrap();
    let said = bench.gate(["--baseline", "main"]).exits(3);
    assert!(
        !passed(&bench) && !said.stdout.contains("gate: passed"),
        "{said}"
    );
    fs::remove_file(&broken).unwrap();
    let said = bench.gate(["--baseline", "main"]).exits(3);
    assert!(
        !passed(&bench) && !said.stdout.contains("gate: passed"),
        "{said}"
    );
    bench.write("it.wat", rounds(&["add"], 1000));
    bench
        .gate(["--baseline", "main", "--case", "nothing"])
        .exits(4);
}

/// If this fails, a baseline that never held anything lets everything pass.
#[test]
fn a_baseline_in_which_nothing_was_measured_does_not_pass() {
    let bench = Bench::new();
    bench.write("it.wat", "text");
    bench.run(["it.wat"]).exits(3);
    let saved = bench.dyno(["baseline", "save", "main"]);
    bench.write("it.wat", rounds(&["add"], 1000));
    let said = bench.gate(["--baseline", "main"]);
    assert!(
        saved.status.code() != Some(0) || said.status.code() != Some(0),
        "{saved}\n{said}"
    );
}

/// If this fails, it looks as if the candidate broke what the base never could, or as if it were no
/// matter.
#[test]
fn a_base_that_fails_is_named_and_nothing_is_said_of_the_case() {
    let bench = Bench::new();
    bench.write(
        "it.wat",
        plugin_expecting(&[("add", Some(1)), ("fine", None)]),
    );
    bench.run(["it.wat"]).exits(5);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench.write("it.wat", plugin(&["add", "fine"]));
    let said = bench.gate(["--baseline", "main"]).says("the base failed");
    assert_ne!(said.status.code(), Some(0), "{said}");
    assert!(!said.stdout.contains("the candidate failed"), "{said}");
    said.says("gate: unsure");
}

/// If this fails, a gate judges other plugins than those the baseline was made of.
#[test]
fn without_paths_the_sources_of_the_baseline_are_judged_wherever_one_stands() {
    let bench = Bench::new();
    for name in ["a", "b", "other"] {
        bench.write(format!("plugins/{name}.wat"), rounds(&["add"], 1000));
    }
    bench.run(["plugins/a.wat", "plugins/b.wat"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench.write("plugins/b.wat", rounds(&["add"], 2000));
    let judged = |dir: &str| {
        let mut command = bench.command();
        command
            .arg("gate")
            .args(SWIFT)
            .args(["--baseline", "main", "--threshold", "1000%"]);
        command.current_dir(bench.path(dir));
        finish(command).exits(0);
        let verdicts = bench.verdicts();
        let more: Vec<_> = verdicts
            .iter()
            .map(|case| {
                (
                    case["plugin"].as_str().unwrap().to_owned(),
                    case["verdict"] == "identical",
                )
            })
            .collect();
        more
    };
    let expected = [("a".to_owned(), true), ("b".to_owned(), false)];
    assert_eq!(judged("."), expected);
    assert_eq!(judged("plugins"), expected, "from another directory");
}

/// If this fails, the command below a failure measures more than the case that failed, or cannot be
/// typed.
#[test]
fn the_command_below_a_failure_chooses_its_case_alone() {
    let bench = Bench::new();
    let names = ["it's (a|b)", "i*[x]{y}?", "plain", "plain/more", "-dash"];
    bench.write("it's a plugin.wat", rounds(&names, 1000));
    bench.run(["it's a plugin.wat"]).exits(0);
    bench.dyno(["baseline", "save", "main"]).exits(0);
    bench.write("it's a plugin.wat", rounds(&names, 1050));
    let args = [
        "--baseline",
        "main",
        "--threshold",
        "1000%",
        "--fuel-threshold",
        "1%",
    ];
    for more in [
        &[][..],
        &["--case", "plain", "--case", "it*"],
        &["--", "it's a plugin.wat"],
    ] {
        let said = bench.gate([&args[..], more].concat()).exits(6);
        let again: Vec<String> = said.reruns().map(str::to_owned).collect();
        let names: Vec<String> = bench.words().into_iter().map(|(name, _)| name).collect();
        assert_eq!(again.len(), names.len(), "{said}");
        for (name, line) in names.iter().zip(again) {
            let said = bench.shell(&line).exits(6);
            let measured: Vec<String> = bench.words().into_iter().map(|(name, _)| name).collect();
            assert_eq!(&measured, std::slice::from_ref(name), "{said}");
        }
    }
}

/// If this fails, usage errors measure something first, or look like verdicts.
#[test]
fn what_makes_no_sense_is_refused_before_anything_is_measured() {
    let bench = bench_with_baseline();
    for usage in [
        &["gate"][..],
        &["gate", "it.wat"],
        &["gate", "--baseline", "./it.wat"],
        &["gate", "--baseline", "latest"],
        &["gate", "--baseline", "main", "--threshold", "0%"],
        &["gate", "--baseline", "main", "--threshold=-1%"],
        &["gate", "--baseline", "main", "--fuel-threshold", "x%"],
        &["gate", "--baseline", "main", "--blocks", "8"],
    ] {
        let said = bench.dyno(usage).exits(2);
        assert!(said.stdout.is_empty(), "{said}");
    }
    let said = bench.dyno(["gate", "--baseline", "nowhere"]).exits(4);
    assert!(said.stdout.is_empty(), "{said}");
    assert_eq!(bench.runs().len(), 1);
    // Anything that can be compared can be the baseline, if it is said what is judged.
    bench.gate(["--baseline", "./it.wat", "it.wat"]).exits(0);
    bench
        .gate(["--baseline", "latest", "it.wat"])
        .exits(0)
        .says("as stored, each from its own time");
}

/// If this fails, one who interrupts a gate is told that it passed, or finds half a comparison in
/// the report.
#[test]
fn an_interrupted_gate_has_not_passed() {
    let bench = bench_with_baseline();
    bench.write("it.wat", rounds(&["add", "mul", "sub"], 1001));
    let runs = bench.runs().len();
    let mut command = bench.command();
    command.args(["gate", "--baseline", "main", "--time", "5s", "it.wat"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = shown(&command);
    let cached = bench.cached().len();
    let child = command.spawn().unwrap();
    // It compiles the new version, and measures it then.
    assert!(poll(|| bench.cached().len() >= cached + 2));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    let said = gather(child, what).exits(130);
    assert!(!said.stdout.contains("gate: passed"), "{said}");
    assert_eq!(
        bench.number("SELECT count(*) FROM comparison WHERE gate = 'passed'"),
        0
    );
    assert_eq!(
        bench.number("SELECT count(*) FROM run WHERE status = 'complete'"),
        1
    );
    let added = bench.runs().len() - runs;
    assert!(
        added == 0 || added == 2,
        "one side without the other: {said}"
    );
    let verdicts = bench.number(
        "SELECT count(*) FROM verdict WHERE gate = 'passed' AND verdict NOT IN ('new', 'gone')",
    );
    assert_eq!(verdicts, 0, "{said}");
    let left: Vec<_> = fs::read_dir(bench.tmp())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}
