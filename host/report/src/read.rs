//! Rows as a run again: the exact reverse of [`super::write`].

use rusqlite::{Row, params};
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer;
use serde::de::value::Error as TagError;

use super::command::without_values;
use super::error::Cause;
use super::pack;
use super::reader::{NAME_BYTES_MAX, PATH_BYTES_MAX, Reader, text, text_option};
use super::sound::{self, PROCESS_SAMPLES_MAX, RUNS_MAX, Unsound};
use super::summary::RunSummary;
use dyno_model::{
    Case, CaseSpec, Estimate, Machine, Measurement, Metric, Plugin, Process, Run, label,
};

/// A JSON column.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Cause> {
    let text = row
        .get_ref(column)?
        .as_str()
        .map_err(rusqlite::Error::from)?;
    serde_json::from_str(text).map_err(|error| Cause::Damaged(format!("{column}: {error}")))
}

/// A JSON column that may be null.
pub(super) fn json_option<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> Result<Option<T>, Cause> {
    let Some(text) = row
        .get_ref(column)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?
    else {
        return Ok(None);
    };
    let value = serde_json::from_str(text);
    value
        .map(Some)
        .map_err(|error| Cause::Damaged(format!("{column}: {error}")))
}

/// A column with the name of a variant.
pub(super) fn tag<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<T, Cause> {
    let tag = tag_option(row, column)?;
    tag.ok_or_else(|| Cause::Damaged(format!("{column}: nothing")))
}

fn tag_option<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Option<T>, Cause> {
    let text = row
        .get_ref(column)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?;
    text.map(|text| T::deserialize(text.into_deserializer()))
        .transpose()
        .map_err(|error: TagError| Cause::Damaged(format!("{column}: {error}")))
}

/// How many there are, as the host counted: never negative.
pub(super) fn count(row: &Row<'_>, column: &str) -> Result<u64, Cause> {
    let count: i64 = row.get(column)?;
    u64::try_from(count).map_err(|_| Cause::Damaged(format!("{column}: {count}")))
}

/// Any 64 bits: an identity, or what a worker measured.
fn unsigned(row: &Row<'_>, column: &str) -> Result<u64, Cause> {
    Ok(row.get::<_, i64>(column)?.cast_unsigned())
}

fn unsigned_option(row: &Row<'_>, column: &str) -> Result<Option<u64>, Cause> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

/// All runs, newest first; of two that started at once the one recorded later.
pub(super) const SUMMARIES: &str = "SELECT name, started_at, finished_at, status, plugin_count,
    case_count, failed_count, seed, host_version,
    (SELECT count(*) FROM run_plugin WHERE run_plugin.run = run.id AND outcome = 'skipped')
    + (SELECT count(*) FROM bench_case WHERE bench_case.run = run.id AND outcome = 'skipped')
    AS skipped_count FROM run ORDER BY started_at DESC, id DESC LIMIT ?1";

pub(super) fn summaries(reader: &Reader<'_>) -> Result<Vec<RunSummary>, Cause> {
    let runs_max = RUNS_MAX as i64 + 1;
    let summaries = reader.all(SUMMARIES, &[&runs_max], |row| {
        Ok(RunSummary {
            id: text(row, "name", NAME_BYTES_MAX)?,
            started_at: text(row, "started_at", NAME_BYTES_MAX)?,
            finished_at: text(row, "finished_at", NAME_BYTES_MAX)?,
            status: tag(row, "status")?,
            plugins: count(row, "plugin_count")?,
            cases: count(row, "case_count")?,
            failed: count(row, "failed_count")?,
            skipped: count(row, "skipped_count")?,
            seed: unsigned(row, "seed")?,
            host_version: text(row, "host_version", NAME_BYTES_MAX)?,
        })
    })?;
    match summaries.len() {
        0..=RUNS_MAX => Ok(summaries),
        _ => Err(Cause::Excess(format!("more than {RUNS_MAX} runs"))),
    }
}

/// The keys of the runs that `wanted` can mean: none, the one, or two of several.
pub(super) fn find(reader: &Reader<'_>, wanted: &str) -> Result<Vec<i64>, Cause> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    if wanted == "latest" {
        let newest = "SELECT id FROM run ORDER BY started_at DESC, id DESC LIMIT 1";
        return reader.all(newest, &[], |row| Ok(row.get(0)?));
    }
    let after = "SELECT id, name FROM run WHERE name >= ?1 ORDER BY name LIMIT 2";
    let mut found = reader.all(after, params![wanted], |row| {
        Ok((row.get::<_, i64>(0)?, text(row, 1, NAME_BYTES_MAX)?))
    })?;
    found.retain(|(_, name)| name.starts_with(wanted));
    // A whole id is meant even if a longer one begins with it.
    let exact = found.iter().position(|(_, name)| name == wanted);
    if let Some(exact) = exact {
        return Ok(vec![found[exact].0]);
    }
    Ok(found.into_iter().map(|(id, _)| id).collect())
}

/// How much a run has, by the same indexes by which it is then read.
const SIZES: [&str; 3] = [
    "SELECT count(*) FROM run_plugin WHERE run_plugin.run = ?1",
    "SELECT count(*) FROM run_plugin JOIN bench_case ON bench_case.run_plugin = run_plugin.id
     WHERE run_plugin.run = ?1",
    "SELECT CAST(total(max(sample_count, 0)) AS INTEGER) FROM run_plugin
     JOIN bench_case ON bench_case.run_plugin = run_plugin.id
     JOIN process ON process.bench_case = bench_case.id
     WHERE run_plugin.run = ?1",
];

/// Refuses a run that is larger than one can be, before anything of it is in memory.
fn check_size(reader: &Reader<'_>, id: i64) -> Result<(), Cause> {
    let size = |sql| {
        let found = reader.first(sql, &[&id], |row| Ok(row.get::<_, i64>(0)?))?;
        Ok::<_, Cause>(found.unwrap_or_default().cast_unsigned())
    };
    // Each before the next, which takes the longer to find out.
    let [plugins, cases, samples] = SIZES;
    sound::counts(size(plugins)?, 0, 0)?;
    sound::counts(0, size(cases)?, 0)?;
    Ok(sound::counts(0, 0, size(samples)?)?)
}

impl From<Unsound> for Cause {
    fn from(unsound: Unsound) -> Self {
        match unsound {
            Unsound::TooMuch(what) => Self::Excess(what),
            Unsound::NotANumber(what) => Self::Damaged(format!("it has no sound {what}")),
        }
    }
}

/// A run as it was recorded.
pub(super) fn run(reader: &Reader<'_>, id: i64) -> Result<Run, Cause> {
    check_size(reader, id)?;
    let sql = "SELECT run.*, facts_json FROM run
         JOIN machine ON machine.id = run.machine WHERE run.id = ?1";
    let runs = reader.all(sql, &[&id], |row| {
        Ok(Run {
            id: text(row, "name", NAME_BYTES_MAX)?,
            started_at: text(row, "started_at", NAME_BYTES_MAX)?,
            finished_at: text(row, "finished_at", NAME_BYTES_MAX)?,
            status: tag(row, "status")?,
            command: without_values(json::<Vec<String>>(row, "command_json")?),
            host_version: text(row, "host_version", NAME_BYTES_MAX)?,
            engine: text(row, "engine", NAME_BYTES_MAX)?,
            seed: unsigned(row, "seed")?,
            order_seed: unsigned(row, "order_seed")?,
            empty_batch_ns: row.get("empty_batch_ns")?,
            settings: json(row, "settings_json")?,
            limits: json(row, "limits_json")?,
            grants: json(row, "grants_json")?,
            confinement: json(row, "confinement_json")?,
            // What the column holds is the class as the version saw it that recorded the run.
            machine: Machine::of(json(row, "facts_json")?),
            warnings: json(row, "warnings_json")?,
            plugins: plugins(reader, id, &text(row, "engine", NAME_BYTES_MAX)?)?,
        })
    })?;
    let run = runs.into_iter().next();
    let run = run.ok_or_else(|| Cause::Damaged("a run without its machine".to_owned()))?;
    sound::check(&run)?;
    Ok(run)
}

/// The plugins of a run, which were all run by its engine where they say nothing of their own.
fn plugins(reader: &Reader<'_>, run: i64, engine: &str) -> Result<Vec<Plugin>, Cause> {
    let sql = "SELECT run_plugin.*, digest FROM run_plugin
         LEFT JOIN plugin ON plugin.id = run_plugin.plugin
         WHERE run_plugin.run = ?1 ORDER BY run_plugin.id";
    let mut plugins = reader.all(sql, &[&run], |row| {
        Ok(Plugin {
            name: text(row, "name", PATH_BYTES_MAX)?,
            label: String::new(),
            source: text(row, "source", PATH_BYTES_MAX)?,
            operand: text_option(row, "operand", PATH_BYTES_MAX)?,
            kept_from: text_option(row, "kept_from", PATH_BYTES_MAX)?,
            kind: tag_option(row, "kind")?,
            digest: row.get("digest")?,
            component_bytes: unsigned_option(row, "component_bytes")?,
            inputs: row.get("inputs")?,
            engine: text_option(row, "engine", NAME_BYTES_MAX)?
                .or_else(|| Some(engine.to_owned()).filter(|engine| !engine.is_empty())),
            outcome: json(row, "outcome_json")?,
            compile: json_option(row, "compile_json")?,
            load_ns: json_option(row, "load_json")?,
            instantiate_ns: json_option(row, "instantiate_json")?,
            cases: cases(reader, row.get("id")?)?,
        })
    })?;
    label(plugins.iter_mut().collect());
    Ok(plugins)
}

fn cases(reader: &Reader<'_>, run_plugin: i64) -> Result<Vec<Case>, Cause> {
    let sql = "SELECT * FROM bench_case WHERE run_plugin = ?1 ORDER BY id";
    reader.all(sql, &[&run_plugin], |row| {
        let id = row.get("id")?;
        Ok(Case {
            spec: CaseSpec {
                name: row.get("name")?,
                description: row.get("description")?,
                group: row.get("case_group")?,
                params: json(row, "params_json")?,
                throughput: json_option(row, "throughput_json")?,
                expected: unsigned_option(row, "expected")?,
            },
            outcome: json(row, "outcome_json")?,
            marks: json(row, "marks_json")?,
            checksum: unsigned_option(row, "checksum")?,
            count: json_option(row, "count_json")?,
            calibration: json_option(row, "calibration_json")?,
            processes: processes(reader, id)?,
            measurements: measurements(reader, id)?,
            output: row.get("output")?,
        })
    })
}

/// Finds one case of a run.
pub(super) const CASE_OF_RUN: &str = "SELECT id FROM bench_case
    WHERE run = ?1 AND plugin_name = ?2 AND name = ?3 ORDER BY id LIMIT 1";

/// The processes of one case; none if the run has no such case.
pub(super) fn case_processes(
    reader: &Reader<'_>,
    run: i64,
    plugin: &str,
    case: &str,
) -> Result<Option<Vec<Process>>, Cause> {
    let id = reader.first(CASE_OF_RUN, params![run, plugin, case], |row| {
        Ok(row.get::<_, i64>(0)?)
    })?;
    id.map(|id| processes(reader, id)).transpose()
}

fn processes(reader: &Reader<'_>, case: i64) -> Result<Vec<Process>, Cause> {
    let sql = "SELECT * FROM process WHERE bench_case = ?1 ORDER BY id";
    reader.all(sql, &[&case], |row| {
        let blob = row
            .get_ref("samples")?
            .as_blob()
            .map_err(rusqlite::Error::from)?;
        let expected = count(row, "sample_count")?;
        let samples_max = usize::try_from(expected).map_or(PROCESS_SAMPLES_MAX, |expected| {
            expected.min(PROCESS_SAMPLES_MAX)
        });
        let samples = pack::unpack_at_most(blob, samples_max).map_err(Cause::Pack)?;
        if samples.len() as u64 != expected {
            return Err(Cause::Damaged(
                "a process with another number of samples".to_owned(),
            ));
        }
        Ok(Process {
            block: row.get("block")?,
            order: row.get("run_order")?,
            outcome: json(row, "outcome_json")?,
            core: row.get("core")?,
            padding_bytes: row.get("padding_bytes")?,
            layout: row.get("layout")?,
            confirming: row.get("confirming")?,
            ready_ns: unsigned(row, "ready_ns")?,
            load_ns: unsigned(row, "load_ns")?,
            instantiate_ns: unsigned(row, "instantiate_ns")?,
            first_iteration_ns: unsigned(row, "first_iteration_ns")?,
            samples,
            checksum: unsigned_option(row, "checksum")?,
            precise: row.get("precise")?,
            memory_peak_bytes: unsigned(row, "memory_peak_bytes")?,
            rss_peak_bytes: unsigned(row, "rss_peak_bytes")?,
        })
    })
}

fn measurements(reader: &Reader<'_>, case: i64) -> Result<Vec<Measurement>, Cause> {
    let sql = "SELECT * FROM measurement WHERE bench_case = ?1 ORDER BY position";
    reader.all(sql, &[&case], |row| {
        let metric: Metric = tag(row, "metric")?;
        let unit: String = row.get("unit")?;
        if unit != metric.unit() {
            return Err(Cause::Damaged(format!("{metric:?} in {unit:?}")));
        }
        Ok(Measurement {
            metric,
            estimate: Estimate {
                n: count(row, "n")?,
                min: row.get("min")?,
                median: row.get("median")?,
                mean: row.get("mean")?,
                sd: row.get("sd")?,
                lower: row.get("lower")?,
                upper: row.get("upper")?,
                interval: tag(row, "method")?,
            },
        })
    })
}
