//! A run as lines: one JSON object each, told apart by `type`, so that a stream can be filtered.
//!
//! | `type` | fields beside it | how many |
//! |---|---|---|
//! | `run` | those of `Run` without `plugins`, and `schema` | one, the first |
//! | `plugin` | `run`, those of `Plugin` without `cases` | one a plugin |
//! | `case` | `run`, `plugin`, those of `Case` without `processes` and `measurements` | one a case |
//! | `measurement` | `run`, `plugin`, `case`, those of `Measurement` | one a case and metric |
//! | `process` | `run`, `plugin`, `case`, those of `Process`, with its `samples` | one a worker |
//! | `comparison` | `run`, those of `Comparison` without `cases` | one, if the run was compared |
//! | `verdict` | `run`, those of `CaseComparison` | one a compared case |
//! | `end` | `run`, and how many `lines` came before | one, the last: without it the stream was cut off |
//!
//! `run` is the run's id, `plugin` is the plugin's label, `case` the case's name; the fields are
//! those of the JSON Schema under the same type. A line follows the lines that it belongs to.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Contents, SCHEMA_ID, safe_json};
use dyno_model::{
    Calibration, Case, CaseComparison, CaseSpec, Comparison, Compile, Conditions, Count, Estimate,
    Exceptions, LimitKind, Machine, Mark, Measurement, Outcome, Pairing, Plugin, PluginKind,
    Process, Rules, Run, RunStatus, Side, hex,
};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    Run(RunLine<'a>),
    Plugin(PluginLine<'a>),
    Case(CaseLine<'a>),
    Measurement {
        run: &'a str,
        plugin: &'a str,
        case: &'a str,
        #[serde(flatten)]
        measurement: &'a Measurement,
    },
    Process {
        run: &'a str,
        plugin: &'a str,
        case: &'a str,
        #[serde(flatten)]
        process: &'a Process,
    },
    Comparison {
        run: &'a str,
        base: &'a Side,
        candidate: &'a Side,
        judged_at: &'a str,
        pairing: Pairing,
        conditions: &'a Conditions,
        rules: &'a Rules,
        exceptions: &'a Exceptions,
    },
    Verdict {
        run: &'a str,
        #[serde(flatten)]
        case: &'a CaseComparison,
    },
    End {
        run: &'a str,
        lines: u64,
    },
}

#[derive(Serialize)]
struct RunLine<'a> {
    schema: &'static str,
    id: &'a str,
    started_at: &'a str,
    finished_at: &'a str,
    status: RunStatus,
    command: &'a [String],
    host_version: &'a str,
    engine: &'a str,
    seed: String,
    order_seed: String,
    empty_batch_ns: Option<f64>,
    settings: &'a BTreeMap<String, u64>,
    limits: &'a BTreeMap<LimitKind, u64>,
    grants: &'a [String],
    confinement: &'a [String],
    machine: &'a Machine,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct PluginLine<'a> {
    run: &'a str,
    name: &'a str,
    label: &'a str,
    source: &'a str,
    operand: Option<&'a str>,
    kept_from: Option<&'a str>,
    kind: Option<PluginKind>,
    digest: Option<&'a str>,
    component_bytes: Option<u64>,
    inputs: Option<&'a str>,
    engine: Option<&'a str>,
    outcome: &'a Outcome,
    compile: Option<&'a Compile>,
    load_ns: Option<&'a Estimate>,
    instantiate_ns: Option<&'a Estimate>,
}

#[derive(Serialize)]
struct CaseLine<'a> {
    run: &'a str,
    plugin: &'a str,
    spec: &'a CaseSpec,
    outcome: &'a Outcome,
    marks: &'a [Mark],
    checksum: Option<String>,
    count: Option<&'a Count>,
    calibration: Option<&'a Calibration>,
    output: Option<&'a str>,
}

// The four below take their models apart by name, so that a new field cannot be forgotten.

fn run_line(run: &Run) -> Line<'_> {
    let Run {
        id,
        started_at,
        finished_at,
        status,
        command,
        host_version,
        engine,
        seed,
        order_seed,
        empty_batch_ns,
        settings,
        limits,
        grants,
        confinement,
        machine,
        warnings,
        plugins: _,
    } = run;
    Line::Run(RunLine {
        schema: SCHEMA_ID,
        id,
        started_at,
        finished_at,
        status: *status,
        command,
        host_version,
        engine,
        seed: hex::text(*seed),
        order_seed: hex::text(*order_seed),
        empty_batch_ns: *empty_batch_ns,
        settings,
        limits,
        grants,
        confinement,
        machine,
        warnings,
    })
}

fn plugin_line<'a>(run: &'a str, plugin: &'a Plugin) -> Line<'a> {
    let Plugin {
        name,
        label,
        source,
        operand,
        kept_from,
        kind,
        digest,
        component_bytes,
        inputs,
        engine,
        outcome,
        compile,
        load_ns,
        instantiate_ns,
        cases: _,
    } = plugin;
    Line::Plugin(PluginLine {
        run,
        name,
        label,
        source,
        operand: operand.as_deref(),
        kept_from: kept_from.as_deref(),
        kind: *kind,
        digest: digest.as_deref(),
        component_bytes: *component_bytes,
        inputs: inputs.as_deref(),
        engine: engine.as_deref(),
        outcome,
        compile: compile.as_ref(),
        load_ns: load_ns.as_ref(),
        instantiate_ns: instantiate_ns.as_ref(),
    })
}

fn case_line<'a>(run: &'a str, plugin: &'a str, case: &'a Case) -> Line<'a> {
    let Case {
        spec,
        outcome,
        marks,
        checksum,
        count,
        calibration,
        processes: _,
        measurements: _,
        output,
    } = case;
    Line::Case(CaseLine {
        run,
        plugin,
        spec,
        outcome,
        marks,
        checksum: checksum.map(hex::text),
        count: count.as_ref(),
        calibration: calibration.as_ref(),
        output: output.as_deref(),
    })
}

fn comparison_line<'a>(run: &'a str, comparison: &'a Comparison) -> Line<'a> {
    let Comparison {
        base,
        candidate,
        judged_at,
        pairing,
        conditions,
        rules,
        exceptions,
        cases: _,
    } = comparison;
    Line::Comparison {
        run,
        base,
        candidate,
        judged_at,
        pairing: *pairing,
        conditions,
        rules,
        exceptions,
    }
}

/// Writes the lines of one run. Those of several runs may follow each other.
///
/// # Errors
/// If `out` does not take them.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let run = contents.run;
    let mut lines = 0;
    let mut put = |line: &Line<'_>| {
        lines += 1;
        safe_json::write(line, &mut out)?;
        out.write_all(b"\n")
    };
    let id = run.id.as_str();
    put(&run_line(run))?;
    for plugin in &run.plugins {
        put(&plugin_line(id, plugin))?;
        for case in &plugin.cases {
            put(&case_line(id, &plugin.label, case))?;
            let (plugin, case_name) = (plugin.label.as_str(), case.spec.name.as_str());
            for measurement in &case.measurements {
                put(&Line::Measurement {
                    run: id,
                    plugin,
                    case: case_name,
                    measurement,
                })?;
            }
            for process in &case.processes {
                put(&Line::Process {
                    run: id,
                    plugin,
                    case: case_name,
                    process,
                })?;
            }
        }
    }
    if let Some((comparison, _)) = contents.compared {
        put(&comparison_line(id, comparison))?;
        for case in &comparison.cases {
            put(&Line::Verdict { run: id, case })?;
        }
    }
    let end = Line::End { run: id, lines };
    safe_json::write(&end, &mut out)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests;
