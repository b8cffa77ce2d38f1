//! A run as rows: everything inside one transaction of the caller.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::error::Cause;
use super::pack;
use super::schema;
use super::summary::RunSummary;
use dyno_model::{Case, Estimate, Machine, Measurement, Plugin, Process, Run, word};

/// An unsigned number as SQLite's signed one, by its bits.
pub(super) fn bits(value: u64) -> i64 {
    value.cast_signed()
}

pub(super) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<String, Cause> {
    serde_json::to_string(value).map_err(|error| Cause::Json(what, error))
}

fn json_option<T: Serialize>(
    what: &'static str,
    value: Option<&T>,
) -> Result<Option<String>, Cause> {
    value.map(|value| json(what, value)).transpose()
}

/// Writes the whole run and a line of the audit.
pub(super) fn run(connection: &Connection, run: &Run) -> Result<(), Cause> {
    let summary = RunSummary::from(run);
    let machine = machine(connection, &run.machine)?;
    connection.execute(
        "INSERT INTO run (name, started_at, finished_at, status, command_json, host_version,
            engine, seed, order_seed, empty_batch_ns, settings_json, limits_json, grants_json,
            confinement_json, machine, warnings_json, plugin_count, case_count, failed_count)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        params![
            run.id,
            run.started_at,
            run.finished_at,
            word(&run.status),
            json("the command", &run.command)?,
            run.host_version,
            run.engine,
            bits(run.seed),
            bits(run.order_seed),
            run.empty_batch_ns,
            json("the settings", &run.settings)?,
            json("the limits", &run.limits)?,
            json("the grants", &run.grants)?,
            json("the confinement", &run.confinement)?,
            machine,
            json("the warnings", &run.warnings)?,
            bits(summary.plugins),
            bits(summary.cases),
            bits(summary.failed),
        ],
    )?;
    let id = connection.last_insert_rowid();
    for plugin in &run.plugins {
        write_plugin(connection, id, plugin)?;
    }
    schema::audit(connection, "record", &run.id)
}

fn machine(connection: &Connection, machine: &Machine) -> Result<i64, Cause> {
    let facts = json("the machine", &machine.facts)?;
    connection.execute(
        "INSERT INTO machine (fingerprint, facts_json) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![machine.fingerprint, facts],
    )?;
    Ok(connection.query_row(
        "SELECT id FROM machine WHERE fingerprint = ?1 AND facts_json = ?2",
        params![machine.fingerprint, facts],
        |row| row.get(0),
    )?)
}

fn component(connection: &Connection, digest: Option<&str>) -> Result<Option<i64>, Cause> {
    let Some(digest) = digest else {
        return Ok(None);
    };
    connection.execute(
        "INSERT INTO plugin (digest) VALUES (?1) ON CONFLICT DO NOTHING",
        [digest],
    )?;
    let id = connection
        .query_row("SELECT id FROM plugin WHERE digest = ?1", [digest], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(id)
}

fn write_plugin(connection: &Connection, run: i64, plugin: &Plugin) -> Result<(), Cause> {
    let component = component(connection, plugin.digest.as_deref())?;
    connection
        .prepare_cached(
            "INSERT INTO run_plugin (run, plugin, name, source, kind, component_bytes, inputs, outcome,
                outcome_json, compile_json, load_json, instantiate_json, kept_from, operand, engine)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            run,
            component,
            plugin.name,
            plugin.source,
            plugin.kind.map(|kind| word(&kind)),
            plugin.component_bytes.map(bits),
            plugin.inputs,
            word(&plugin.outcome),
            json("the outcome", &plugin.outcome)?,
            json_option("the compilation", plugin.compile.as_ref())?,
            json_option("the load time", plugin.load_ns.as_ref())?,
            json_option("the instantiation time", plugin.instantiate_ns.as_ref())?,
            plugin.kept_from,
            plugin.operand,
            plugin.engine,
        ])?;
    let id = connection.last_insert_rowid();
    for case in &plugin.cases {
        write_case(connection, run, id, &plugin.name, case)?;
    }
    Ok(())
}

fn write_case(
    connection: &Connection,
    run: i64,
    run_plugin: i64,
    plugin_name: &str,
    case: &Case,
) -> Result<(), Cause> {
    let spec = &case.spec;
    connection
        .prepare_cached(
            "INSERT INTO bench_case (run, run_plugin, plugin_name, name, description, case_group,
                params_json, throughput_json, expected, outcome, outcome_json, marks_json,
                checksum, count_json, output, calibration_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            run,
            run_plugin,
            plugin_name,
            spec.name,
            spec.description,
            spec.group,
            json("the parameters", &spec.params)?,
            json_option("the throughput", spec.throughput.as_ref())?,
            spec.expected.map(bits),
            word(&case.outcome),
            json("the outcome", &case.outcome)?,
            json("the marks", &case.marks)?,
            case.checksum.map(bits),
            json_option("the count pass", case.count.as_ref())?,
            case.output,
            json_option("the calibration", case.calibration.as_ref())?,
        ])?;
    let id = connection.last_insert_rowid();
    for process in &case.processes {
        write_process(connection, id, process)?;
    }
    for (position, measurement) in case.measurements.iter().enumerate() {
        write_measurement(connection, id, position, measurement)?;
    }
    Ok(())
}

fn write_process(connection: &Connection, case: i64, process: &Process) -> Result<(), Cause> {
    connection
        .prepare_cached(
            "INSERT INTO process (bench_case, block, run_order, outcome, outcome_json, core,
                padding_bytes, ready_ns, load_ns, instantiate_ns, first_iteration_ns,
                checksum, precise, memory_peak_bytes, rss_peak_bytes, sample_count, samples, confirming,
                layout)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        )?
        .execute(params![
            case,
            process.block,
            process.order,
            word(&process.outcome),
            json("the outcome", &process.outcome)?,
            process.core,
            process.padding_bytes,
            bits(process.ready_ns),
            bits(process.load_ns),
            bits(process.instantiate_ns),
            bits(process.first_iteration_ns),
            process.checksum.map(bits),
            process.precise,
            bits(process.memory_peak_bytes),
            bits(process.rss_peak_bytes),
            bits(process.samples.len() as u64),
            pack::pack(&process.samples),
            process.confirming,
            process.layout,
        ])?;
    Ok(())
}

fn write_measurement(
    connection: &Connection,
    case: i64,
    position: usize,
    measurement: &Measurement,
) -> Result<(), Cause> {
    let Estimate {
        n,
        min,
        median,
        mean,
        sd,
        lower,
        upper,
        interval,
    } = measurement.estimate;
    connection
        .prepare_cached(
            "INSERT INTO measurement (bench_case, position, metric, unit, n, min, median, mean,
                sd, lower, upper, method)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            case,
            bits(position as u64),
            word(&measurement.metric),
            measurement.metric.unit(),
            bits(n),
            min,
            median,
            mean,
            sd,
            lower,
            upper,
            word(&interval),
        ])?;
    Ok(())
}
