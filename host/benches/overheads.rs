//! What Dyno itself costs: an empty batch, a short run, the supervisor's memory; and whether equal
//! seeds give equal fuel.
//!
//! `cargo bench -p dyno-host --bench overheads`. Times are printed beside their targets and decide
//! nothing. Fuel is exact: a difference ends this with an error.
#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::collections::BTreeMap;
use std::time::Instant;

use dyno_model::{CountPass, Run};
use product::{Result, dyno, figure, median, peak_mb};

mod empty_guest;
mod product;

macro_rules! sample {
    ($name:literal) => {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../sample-plugins/", $name)
    };
}

/// The samples that need no more than Rust.
const SAMPLE_PLUGINS: [&str; 11] = [
    sample!("collaboration"),
    sample!("compression"),
    sample!("crosslang-rust"),
    sample!("crosslang-wat"),
    sample!("events"),
    sample!("fib-wat"),
    sample!("rules"),
    sample!("search"),
    sample!("serialization"),
    sample!("sorting"),
    sample!("transactions"),
];
const TINY_PLUGIN: &str = sample!("fib-wat");

/// Runs and workers whose start is timed.
const STARTS: usize = 20;

fn main() -> Result<()> {
    for plugin in SAMPLE_PLUGINS {
        product::build(plugin)?;
    }
    product::build(product::GUESTS)?;
    batches()?;
    starts()?;
    memory()?;
    fuel()
}

/// The cost of an empty batch and of an empty iteration.
fn batches() -> Result<()> {
    let cost = empty_guest::cost()?;
    let ns = |ns: f64| format!("{ns:.1} ns");
    figure(
        "empty batch, guest's time",
        &ns(cost.batch_ns),
        "250 ns",
        cost.batch_ns <= 250.0,
    );
    figure(
        "  of which timed",
        &ns(cost.timed_ns),
        "100 ns",
        cost.timed_ns <= 100.0,
    );
    figure(
        "empty iteration",
        &ns(cost.iteration_ns),
        "1 ns",
        cost.iteration_ns <= 1.0,
    );
    let mut seen = Vec::new();
    for _ in 0..5 {
        let run = product::run(&[
            "run",
            TINY_PLUGIN,
            "--quick",
            "--time",
            "1ms",
            "--no-report",
        ])?;
        seen.extend(run.empty_batch_ns);
    }
    let seen = median(&seen)?;
    figure(
        "  timed part as `dyno run` sees it",
        &ns(seen),
        "100 ns",
        seen <= 100.0,
    );
    Ok(())
}

/// A whole run of a tiny plugin, compiled before, and a worker's start to its first call.
fn starts() -> Result<()> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let report = place.path().join("report.sqlite");
    let report = report.to_string_lossy();
    let mut walls = Vec::new();
    for _ in 0..=STARTS {
        let began = Instant::now();
        let status = dyno(&["run", "--quick", TINY_PLUGIN, "--report", &report])
            .output()?
            .status;
        walls.push(began.elapsed().as_secs_f64());
        if !status.success() {
            return Err(format!("a run of {TINY_PLUGIN}: {status}").into());
        }
    }
    // The first one compiles.
    let wall = median(&walls[1..])?;
    figure(
        "dyno run --quick, one tiny plugin",
        &format!("{wall:.3} s"),
        "0.7 s",
        wall <= 0.7,
    );

    let blocks = STARTS.to_string();
    let run = product::run(&[
        "run",
        TINY_PLUGIN,
        "--blocks",
        &blocks,
        "--time",
        "1ms",
        "--no-report",
    ])?;
    let processes = run
        .plugins
        .iter()
        .flat_map(|plugin| &plugin.cases)
        .flat_map(|case| &case.processes);
    let ready: Vec<f64> = processes
        .map(|process| process.ready_ns as f64 / 1e6)
        .collect();
    let ready = median(&ready)?;
    figure(
        "a worker's start to its first call",
        &format!("{ready:.1} ms"),
        "30 ms",
        ready <= 30.0,
    );
    Ok(())
}

/// The supervisor's peak, over plugins that behave and one that does not.
fn memory() -> Result<()> {
    let place = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let report = place.path().join("report.sqlite");
    let report = report.to_string_lossy();
    let flood = product::guest("flood")?;
    let flood = flood.to_string_lossy();
    for (name, plugins) in [
        ("sample plugins", &SAMPLE_PLUGINS[..]),
        ("a flood", &[&*flood]),
    ] {
        let flags = ["run", "--no-build", "--quick", "--report", &report];
        let peak = peak_mb(dyno(&[&flags, plugins].concat()))?;
        let name = format!("supervisor's memory, {name}");
        figure(&name, &format!("{peak:.1} MB"), "64 MB", peak <= 64.0);
    }
    Ok(())
}

/// Two runs with one seed: equal fuel in every batch of every deterministic case.
fn fuel() -> Result<()> {
    let flags = ["check", "--no-build", "--seed", "7"];
    let args = [&flags[..], &SAMPLE_PLUGINS].concat();
    let (first, second) = (product::run(&args)?, product::run(&args)?);
    let (first, second) = (counts(&first), counts(&second));
    let differing: Vec<_> = first
        .iter()
        .filter(|(name, count)| second.get(*name) != Some(count))
        .collect();
    let value = format!("{} of {} cases", first.len() - differing.len(), first.len());
    let equal = differing.is_empty() && first.len() == second.len() && !first.is_empty();
    figure("equal fuel in two runs with one seed", &value, "all", equal);
    if equal {
        Ok(())
    } else {
        Err(format!("fuel differs: {differing:?}").into())
    }
}

fn counts(run: &Run) -> BTreeMap<(&str, &str), &[CountPass]> {
    let cases = run
        .plugins
        .iter()
        .flat_map(|plugin| plugin.cases.iter().map(|case| (plugin.name.as_str(), case)));
    cases
        .filter_map(|(plugin, case)| {
            let count = case.count.as_ref().filter(|count| count.deterministic)?;
            Some(((plugin, case.spec.name.as_str()), count.passes.as_slice()))
        })
        .collect()
}
