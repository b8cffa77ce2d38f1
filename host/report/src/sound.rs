//! What a run can be: the store writes no other, and reads no other as one. What a stranger's
//! report says is held against the same as what our own host is about to write.

use super::reader::{NAME_BYTES_MAX, PATH_BYTES_MAX, ROW_BYTES, ROWS_BYTES_MAX};
use dyno_model::{Case, Estimate, Measurement, Plugin, Process, Run};

/// Samples of a run: ten million of them are what the report is made for (`benches/report.rs`).
pub(super) const RUN_SAMPLES_MAX: u64 = 1 << 24;

/// Samples of a process. The wall limit leaves time for some ten thousand.
pub(super) const PROCESS_SAMPLES_MAX: usize = 1 << 20;

/// Cases of a run; the limit of one plugin is 1000 unless the user says otherwise.
pub(super) const RUN_CASES_MAX: u64 = 50_000;

/// Plugins of a run.
pub(super) const RUN_PLUGINS_MAX: u64 = 10_000;

/// The longest description, of 512 characters.
const DESCRIPTION_BYTES_MAX: usize = 4096;

/// Parameters of a case, 16 by the contract.
const PARAMS_MAX: usize = 64;

/// Measurements of a case: one of each metric, and room for those of a newer version.
const MEASUREMENTS_MAX: usize = 64;

/// Runs of a list: ten times what the report is made for.
pub(super) const RUNS_MAX: usize = 100_000;

/// Why a run cannot be one.
#[derive(Debug, PartialEq)]
pub(super) enum Unsound {
    /// There is more of something than there can be, in words.
    TooMuch(String),
    /// A number is not one that can be measured: what it is of.
    NotANumber(String),
}

use Unsound::{NotANumber, TooMuch};

/// The first thing that is wrong with a run.
pub(super) fn check(run: &Run) -> Result<(), Unsound> {
    let cases = || run.plugins.iter().flat_map(|plugin| &plugin.cases);
    let processes = cases().flat_map(|case| &case.processes);
    let samples = processes.map(|process| process.samples.len() as u64).sum();
    counts(run.plugins.len() as u64, cases().count() as u64, samples)?;
    if rows_bytes(run) > ROWS_BYTES_MAX / 4 * 3 {
        return Err(TooMuch("too many rows and texts in a run".to_owned()));
    }
    for name in [
        &run.id,
        &run.started_at,
        &run.finished_at,
        &run.host_version,
        &run.engine,
        &run.machine.fingerprint,
    ] {
        length(name, NAME_BYTES_MAX)?;
    }
    if run.empty_batch_ns.is_some_and(|ns| !is_quantity(ns)) {
        return Err(NotANumber("the cost of an empty batch".to_owned()));
    }
    run.plugins.iter().try_for_each(plugin)
}

/// What reading a run will count for it (`Reader`), about; samples apart.
fn rows_bytes(run: &Run) -> u64 {
    let cases = || run.plugins.iter().flat_map(|plugin| &plugin.cases);
    let of_case = |case: &Case| {
        let lists = case.count.as_ref().map_or(0, |count| {
            let batches = count.passes.iter().map(|pass| pass.batches.len());
            100 * batches.sum::<usize>() + 50 * count.memory.growth.len()
        });
        let rows = 1 + case.processes.len() + case.measurements.len();
        case.output.as_ref().map_or(0, String::len) + 2 * lists + (ROW_BYTES as usize + 40) * rows
    };
    cases().map(of_case).sum::<usize>() as u64
}

/// How many of each a run has.
pub(super) fn counts(plugins: u64, cases: u64, samples: u64) -> Result<(), Unsound> {
    for (count, max, what) in [
        (plugins, RUN_PLUGINS_MAX, "plugins"),
        (cases, RUN_CASES_MAX, "cases"),
        (samples, RUN_SAMPLES_MAX, "samples"),
    ] {
        if count > max {
            return Err(TooMuch(format!("more than {max} {what} in a run")));
        }
    }
    Ok(())
}

fn plugin(plugin: &Plugin) -> Result<(), Unsound> {
    length(&plugin.name, PATH_BYTES_MAX)?;
    length(&plugin.source, PATH_BYTES_MAX)?;
    for path in [&plugin.operand, &plugin.kept_from] {
        length(path.as_deref().unwrap_or_default(), PATH_BYTES_MAX)?;
    }
    for name in [&plugin.digest, &plugin.inputs, &plugin.engine] {
        length(name.as_deref().unwrap_or_default(), NAME_BYTES_MAX)?;
    }
    let compile = plugin.compile.as_ref();
    let compile_ns = compile.map_or(&None, |compile| &compile.compile_ns);
    for (what, estimate) in [
        ("compile time", compile_ns),
        ("load time", &plugin.load_ns),
        ("instantiation time", &plugin.instantiate_ns),
    ] {
        if !estimate.as_ref().is_none_or(is_sound) {
            return Err(NotANumber(format!("{what} of plugin {:?}", plugin.name)));
        }
    }
    plugin.cases.iter().try_for_each(|it| {
        let of_case = |what| {
            let (case, plugin) = (&it.spec.name, &plugin.name);
            NotANumber(format!("{what} of case {case:?} of plugin {plugin:?}"))
        };
        texts(it)?;
        unmeasurable(it).map_or(Ok(()), |what| Err(of_case(what)))
    })
}

fn texts(case: &Case) -> Result<(), Unsound> {
    let spec = &case.spec;
    length(&spec.name, NAME_BYTES_MAX)?;
    length(&spec.description, DESCRIPTION_BYTES_MAX)?;
    length(spec.group.as_deref().unwrap_or_default(), NAME_BYTES_MAX)?;
    if spec.params.len() > PARAMS_MAX {
        return Err(TooMuch(format!(
            "more than {PARAMS_MAX} parameters of a case"
        )));
    }
    for (name, value) in &spec.params {
        length(name, NAME_BYTES_MAX)?;
        length(value, NAME_BYTES_MAX)?;
    }
    if case.measurements.len() > MEASUREMENTS_MAX {
        let what = format!("more than {MEASUREMENTS_MAX} measurements of a case");
        return Err(TooMuch(what));
    }
    case.processes.iter().try_for_each(samples)
}

fn samples(process: &Process) -> Result<(), Unsound> {
    match process.samples.len() {
        0..=PROCESS_SAMPLES_MAX => Ok(()),
        _ => Err(TooMuch(format!(
            "more than {PROCESS_SAMPLES_MAX} samples of a process"
        ))),
    }
}

fn length(text: &str, bytes_max: usize) -> Result<(), Unsound> {
    match text.len() {
        bytes if bytes > bytes_max => Err(TooMuch(format!("a text of {bytes} bytes for a name"))),
        _ => Ok(()),
    }
}

/// The first number of a case that cannot have been measured.
fn unmeasurable(case: &Case) -> Option<String> {
    let is_wrong = |it: &&Measurement| !is_sound(&it.estimate);
    if let Some(measurement) = case.measurements.iter().find(is_wrong) {
        return Some(format!("{:?}", measurement.metric));
    }
    let count = case.count.as_ref()?;
    [
        ("fuel per iteration", count.fuel_per_iteration),
        ("untimed share", count.untimed_share),
        ("mean memory", count.memory.mean_bytes),
    ]
    .into_iter()
    .find(|(_, value)| !value.is_finite())
    .map(|(what, _)| what.to_owned())
}

/// A time, or a spread: finite and not below nothing.
fn is_quantity(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// What is measured is never negative; the ends of an interval can be, as it is drawn around a
/// mean.
fn is_sound(estimate: &Estimate) -> bool {
    let Estimate {
        n: _,
        min,
        median,
        mean,
        sd,
        lower,
        upper,
        interval: _,
    } = *estimate;
    [min, median, mean, lower, upper]
        .iter()
        .all(|value| value.is_finite())
        && is_quantity(sd)
}
