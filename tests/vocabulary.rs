//! One vocabulary from the outside: what a metric is called on the command line, in a `dyno.toml`,
//! and in exports.

use std::collections::BTreeSet;

use dyno_model::{Compared, METRICS, Metric};

use super::support::{Bench, fib, plugin};

/// If this fails, a metric has one name where it is read and another where it is written.
#[test]
fn every_metric_has_the_name_of_its_row_wherever_it_is_named() {
    let bench = Bench::new();
    bench.run([fib()]).exits(0);
    let export = |format: &str| {
        bench
            .dyno(["report", "export", "--format", format])
            .exits(0)
    };
    let run = export("json").json();
    let measured = run["plugins"][0]["cases"][0]["measurements"]
        .as_array()
        .unwrap()
        .iter();
    let written: BTreeSet<&str> = measured
        .map(|measurement| measurement["metric"].as_str().unwrap())
        .collect();
    let table = export("csv").stdout;
    let gauges = export("openmetrics").stdout;
    let case = run["plugins"][0]["cases"][0]["spec"]["name"]
        .as_str()
        .unwrap();
    for name in written {
        assert!(METRICS.iter().any(|row| row.name == name), "{name}");
        assert!(table.contains(&format!(",{name},")), "{name}");
        let gauge = format!("# TYPE dyno_{}", name.replace('-', "_"));
        assert!(gauges.contains(&gauge), "{gauge}");
        bench
            .dyno(["history", case, "--exact", "--metric", name])
            .exits(0);
    }
    let listed = Metric::all().map(|metric| metric.spec().name);
    let help = bench.dyno(["history", "--help"]).exits(0);
    for name in listed {
        assert!(help.stdout.contains(name), "{name}");
    }
    bench
        .dyno(["history", case, "--metric", "wall"])
        .exits(2)
        .complains("wall-time");
}

/// If this fails, a gate cannot be asked for what the table says that it can be.
#[test]
fn what_a_gate_judges_on_demand_has_its_flags() {
    let help = Bench::new().dyno(["gate", "--help"]).exits(0);
    for row in METRICS
        .iter()
        .filter(|row| row.compared == Compared::OnDemand)
    {
        let flag = format!("--{}-threshold", row.short);
        assert!(help.stdout.contains(&flag), "{flag}");
    }
}

/// If this fails, an older suite is refused or means something else, or its writer is not told what
/// to write.
#[test]
fn a_suite_with_old_names_is_read_with_a_warning_that_has_the_new_ones() {
    let bench = Bench::new();
    bench.write("it.wat", plugin(&["a"]));
    let suite = |lines: &str| {
        let text =
            "[[plugins]]\npath = 'it.wat'\n[phases.baseline]\ndepth = 'quick'\ntime = '20ms'\n";
        bench.write("dyno.toml", format!("{text}{lines}\n"));
        bench.dyno(["suite", "run", "--json"])
    };
    let old = suite(
        "metrics = ['wall_us', 'wall_us']\ncriteria = ['fuel_per_iteration <= 1G', 'memory_bytes_peak <= 64MiB']",
    );
    let old = old.exits(0);
    for warning in [
        "warning: dyno.toml: `wall_us` is an old name of `wall-time`",
        "write `fuel <= 1G`",
        "write `memory-peak <= 64MiB`",
    ] {
        assert!(old.stderr.contains(warning), "{warning}: {old}");
    }
    let said = old.stderr.matches("`wall_us`").count();
    assert_eq!(said, 1, "{}", old.stderr);
    let new = suite(
        "metrics = ['wall-time', 'wall-time']\ncriteria = ['fuel <= 1G', 'memory-peak <= 64MiB']",
    )
    .exits(0);
    assert!(!new.stderr.contains("old name"), "{}", new.stderr);
    let readings = |said: &serde_json::Value| {
        let result = &said[0];
        let of_checks = result["checks"].as_array().unwrap().iter();
        let of_checks = of_checks.map(|check| check["reading"]["metric"].clone());
        let of_readings = result["readings"].as_array().unwrap().iter();
        let of_readings = of_readings.map(|reading| reading["metric"].clone());
        of_checks.chain(of_readings).collect::<Vec<_>>()
    };
    assert_eq!(readings(&old.json()), readings(&new.json()));
    assert_eq!(new.json()[0]["readings"][0]["unit"], "ns");
    // A time without a unit says nothing, and what was never a name is none.
    suite("criteria = ['wall-time <= 5']")
        .exits(2)
        .complains("write a time such as 3.5ms");
    suite("criteria = ['wall <= 5ms']")
        .exits(2)
        .complains("`wall` is not a metric");
}
