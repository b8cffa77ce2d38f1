//! What differs between two stored runs besides the code, and what that leaves to be said.
//!
//! | differs | unsettles |
//! |---|---|
//! | seed, variables, arguments, directories, stdin, the inputs of a plugin | time, fuel, memory: the guest may do other work |
//! | engine, version of Dyno | time, fuel: other machine code, another way to count |
//! | class of the machine, confinement, speed of the machine, length of a sample | time |
//! | load, a shared core | wall time, unless CPU time says the same |
//! | how fuel is counted | fuel |
//! | limits, since a case that hits one fails; how much was measured, since intervals show it; other facts of the machine | nothing |
//!
//! A metric that is unsettled is never better than unsure: see [`settle`].

mod grants;
mod noise;
mod settle;

use std::collections::BTreeSet;

use super::{counterparts, plugins_of};
use dyno_model::{Condition, Difference, Mark, Metric, Run, RunNoise};

pub(super) use noise::noise;
use noise::run_noise;
pub(super) use settle::settle;

const TIME_AND_FUEL: &[Metric] = &[Metric::WallTime, Metric::CpuTime, Metric::Fuel];
const TIME: &[Metric] = &[Metric::WallTime, Metric::CpuTime];
const WALL: &[Metric] = &[Metric::WallTime];

/// Every metric by which two runs are judged.
fn every_metric() -> Vec<Metric> {
    Metric::judged().collect()
}

/// An empty batch that took so much longer was run by a slower machine. In ten runs on a shared
/// virtual machine under a load of eleven it took 531 to 540 ns.
const SPEED_DIFFERS: f64 = 0.10;

/// It is read from a clock, two steps of which are no difference.
const SPEED_STEP_NS: f64 = 20.0;

/// Two runs whose times other programs stretched by factors that are further apart than this ran
/// under another load.
const LOAD_DIFFERS: f64 = 0.05;

/// The conditions in which two stored runs differ.
pub fn differences(base: &Run, candidate: &Run) -> Vec<Difference> {
    let mut found = Vec::new();
    let simple = [
        (
            Condition::Engine,
            "engine",
            [&base.engine, &candidate.engine].map(Clone::clone),
            TIME_AND_FUEL,
        ),
        (
            Condition::Host,
            "version of dyno",
            [&base.host_version, &candidate.host_version].map(Clone::clone),
            TIME_AND_FUEL,
        ),
        (
            Condition::Seed,
            "seed",
            [base.seed, candidate.seed].map(|seed| format!("{seed:#x}")),
            &every_metric(),
        ),
        (
            Condition::Confinement,
            "confinement",
            [base, candidate].map(|run| layers(&run.confinement)),
            TIME,
        ),
    ];
    for (condition, name, [one, other], unsettles) in simple {
        if one != other {
            found.push(difference(
                condition,
                name,
                [Some(one), Some(other)],
                unsettles,
            ));
        }
    }
    found.extend(grants::differences(base, candidate));
    found.extend(inputs(base, candidate));
    found.extend(limits(base, candidate));
    found.extend(settings(base, candidate));
    found.extend(machine(base, candidate));
    found.extend(state(base, candidate));
    found
}

fn difference(
    condition: Condition,
    name: &str,
    [base, candidate]: [Option<String>; 2],
    unsettles: &[Metric],
) -> Difference {
    Difference {
        condition,
        name: name.to_owned(),
        base,
        candidate,
        unsettles: unsettles.to_vec(),
    }
}

/// Whether nothing differs that decides what a guest does: with the same bytes and inputs, it then
/// does the same.
pub(super) fn is_same_configuration(differences: &[Difference]) -> bool {
    let decides = |difference: &Difference| {
        use Condition::{Engine, Environment, Grant, Limit, Seed};
        matches!(
            difference.condition,
            Engine | Seed | Environment | Grant | Limit
        )
    };
    !differences.iter().any(decides)
}

/// The names of the layers. What stands behind them, such as the version of an interface, is the
/// kernel's.
fn layers(confinement: &[String]) -> String {
    let name = |layer: &String| layer.split(' ').next().unwrap_or_default().to_owned();
    confinement.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// What the plugins that are held against each other get besides their bytes. Of a run whose
/// directories were not read what was in them is not known.
fn inputs(base: &Run, candidate: &Run) -> Vec<Difference> {
    let pairs = counterparts(&plugins_of(base), &plugins_of(candidate));
    let pairs = pairs.into_iter().filter_map(|(one, other)| {
        let (one, other) = (base.plugins.get(one)?, candidate.plugins.get(other)?);
        let is_known = one.inputs.is_some() && other.inputs.is_some();
        let differs = match is_known {
            true => one.inputs != other.inputs,
            false => grants::has_directories(base) && grants::has_directories(candidate),
        };
        differs.then(|| {
            let short =
                |inputs: &Option<String>| inputs.as_ref().map(|hex| hex.chars().take(12).collect());
            difference(
                Condition::Inputs,
                &other.name,
                [short(&one.inputs), short(&other.inputs)],
                &every_metric(),
            )
        })
    });
    pairs.collect()
}

fn limits(base: &Run, candidate: &Run) -> Vec<Difference> {
    let kinds: BTreeSet<_> = base.limits.keys().chain(candidate.limits.keys()).collect();
    let differing = kinds.into_iter().filter_map(|kind| {
        let [one, other] = [base, candidate].map(|run| run.limits.get(kind));
        let spec = kind.spec();
        let shown =
            |value: Option<&u64>| value.map(|value| dyno_model::quantity::show(*value, spec.unit));
        (one != other).then(|| {
            let name = format!("--{}", spec.name);
            difference(Condition::Limit, &name, [shown(one), shown(other)], &[])
        })
    });
    differing.collect()
}

fn settings(base: &Run, candidate: &Run) -> Vec<Difference> {
    let names: BTreeSet<_> = base
        .settings
        .keys()
        .chain(candidate.settings.keys())
        .collect();
    let differing = names.into_iter().filter_map(|name| {
        let [one, other] = [base, candidate].map(|run| run.settings.get(name));
        let shown = |value: &u64| match name.ends_with("_ns") {
            true => format!("{} ms", *value as f64 / 1e6),
            false => value.to_string(),
        };
        let values = [one, other].map(|value| value.map(shown));
        (one != other)
            .then(|| difference(Condition::Setting, name, values, setting_unsettles(name)))
    });
    differing.collect()
}

fn setting_unsettles(name: &str) -> &'static [Metric] {
    match name {
        // How much was measured shows in the interval, and how strictly it was judged changes no
        // number.
        "blocks" | "processes" | "strict" | "budget_ns" | "precision_ppm" | "samples_min"
        | "samples_max" => &[],
        _ if name.starts_with("count_") => &[Metric::Fuel],
        // Of the length of a sample: what is done once a sample weighs more in a short one. Of any
        // other: not known.
        _ => TIME,
    }
}

fn machine(base: &Run, candidate: &Run) -> Vec<Difference> {
    let differing = base.machine.differences(&candidate.machine).into_iter();
    let differing = differing.map(|fact| {
        let (condition, unsettles) = match fact.is_of_class {
            true => (Condition::Class, TIME),
            false => (Condition::Machine, &[][..]),
        };
        let owned = |fact: Option<&str>| fact.map(str::to_owned);
        difference(
            condition,
            fact.name,
            [owned(fact.one), owned(fact.other)],
            unsettles,
        )
    });
    differing.collect()
}

/// What the machine was doing: how fast it was, how much of the time other programs took, and who
/// shared the core.
fn state(base: &Run, candidate: &Run) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(one), Some(other)) = (base.empty_batch_ns, candidate.empty_batch_ns)
        && one > 0.0
        && other > 0.0
        && (other / one).ln().abs() > SPEED_DIFFERS.ln_1p()
        && (other - one).abs() > SPEED_STEP_NS
    {
        let shown = [one, other].map(|ns| Some(format!("{ns:.1} ns")));
        found.push(difference(Condition::Speed, "empty batch", shown, TIME));
    }
    if let [Some(one), Some(other)] = [base, candidate].map(run_noise)
        && (stretched(one) / stretched(other)).ln().abs() > LOAD_DIFFERS.ln_1p()
    {
        let shown = [one, other].map(|noise| Some(format!("{:.1} %", noise.preempted * 100.0)));
        found.push(difference(
            Condition::Load,
            "time taken by other programs",
            shown,
            WALL,
        ));
    }
    let is_shared = |run: &Run| {
        let mut cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
        cases.any(|case| case.marks.contains(&Mark::SharedCore))
    };
    let shared = [base, candidate].map(is_shared);
    if shared.contains(&true) {
        let shown = shared.map(|shared| Some(if shared { "shared" } else { "its own" }.to_owned()));
        found.push(difference(Condition::Core, "core", shown, WALL));
    }
    found
}

/// By how much other programs stretched the time of a run: by two, if they took half of it.
fn stretched(noise: RunNoise) -> f64 {
    1.0 / (1.0 - noise.preempted).max(f64::EPSILON)
}

#[cfg(test)]
mod tests;
