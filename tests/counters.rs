//! What the processor counts, through the real program: it is shown where the machine counts, and
//! named as not counted elsewhere, once and with the reason.

use serde_json::Value;

use super::support::{Bench, cases, fib, plugin};

/// Whether the machine counts, as the run says, and if not, why.
fn why_not(run: &Value) -> Option<&str> {
    let fact = run["machine"]["facts"]["counters"].as_str().unwrap();
    (fact != "available").then_some(fact)
}

/// If this fails, a count is missing without a reason, is said for every case, or is 0 where
/// nothing was counted.
#[test]
fn instructions_and_cycles_are_counted_or_it_is_said_once_why_not() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["a", "b"]));
    let said = bench.run(["it.wat".as_ref(), fib().as_os_str()]).exits(0);
    let run = bench.recorded("latest");
    let why = why_not(&run);
    let note = "instructions and cycles are not counted: ";
    match why {
        Some(why) => {
            assert_eq!(said.stdout.matches(note).count(), 1, "{said}");
            assert!(said.stdout.contains(&format!("{note}{why}")), "{said}");
            assert!(!said.stdout.contains("  cycles"), "no empty column: {said}");
        }
        None => assert!(!said.stdout.contains(note), "{said}"),
    }
    for (name, case) in cases(&run) {
        let measured = case["measurements"].as_array().unwrap();
        let of = |metric: &str| {
            let mut measured = measured.iter();
            measured.find(|measured| measured["metric"] == metric)
        };
        for metric in ["instructions", "cycles"] {
            let median =
                of(metric).map(|measured| measured["estimate"]["median"].as_f64().unwrap());
            assert_eq!(median.is_some(), why.is_none(), "{name}: {metric}");
            assert!(median.is_none_or(|median| median > 0.0), "{name}: {metric}");
        }
        let processes = case["processes"].as_array().unwrap().iter();
        for sample in processes.flat_map(|process| process["samples"].as_array().unwrap()) {
            let counts = sample.get("counts").and_then(Value::as_object);
            assert!(why.is_none() || counts.is_none(), "{name}: {sample}");
            for count in counts.into_iter().flat_map(|counts| counts.values()) {
                assert!(count.as_u64().unwrap() > 0, "{name}: {sample}");
            }
        }
    }
}

/// If this fails, a machine that counts is taken for another than itself before it did.
#[test]
fn that_a_machine_counts_makes_it_no_other() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["a"]));
    bench.run(["it.wat"]).exits(0);
    let run = bench.runs().remove(0);
    let connection = rusqlite::Connection::open(bench.report()).unwrap();
    let other = "UPDATE machine SET facts_json = json_set(facts_json, '$.counters', 'other')";
    assert_eq!(connection.execute(other, []).unwrap(), 1);
    drop(connection);
    bench.run(["it.wat"]).exits(0);
    let said = bench.dyno(["compare", &run, "latest"]).exits(0);
    assert!(!said.stdout.contains("counters"), "{said}");
}
