//! The samples of a run as a Parquet file, for DuckDB, Polars, pandas or Arrow: one row a sample,
//! in the order in which they were taken, in the columns of `COLUMNS`.
//!
//! Nothing is estimated or left out; what a process or case measured before it failed is there,
//! with its outcome. Cases without a sample have no row, so the file's own metadata names every
//! case with its outcome (`dyno.cases`, JSON), and the run (`dyno.run`). Texts are as the guest
//! wrote them: a column is no place that they could break out of.

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Value, json};

use super::Contents;
use dyno_model::{Case, Plugin, Process, Run, Sample, word};

/// Rows that are held at once while they are written: some tens of megabytes.
const GROUP_ROWS: usize = 1 << 17;

/// One sample and what it belongs to.
struct Row<'a> {
    run: &'a Run,
    plugin: &'a Plugin,
    case: &'a Case,
    case_outcome: &'static str,
    process: &'a Process,
    process_outcome: &'static str,
    index: usize,
    sample: &'a Sample,
}

/// The type of a column, and where its value stands.
enum Cell {
    Text(fn(&Row<'_>) -> String),
    /// Null where there is none.
    MaybeText(fn(&Row<'_>) -> Option<String>),
    Number(fn(&Row<'_>) -> u64),
    Real(fn(&Row<'_>) -> f64),
    Flag(fn(&Row<'_>) -> bool),
}

/// The columns by name. Numbers are unsigned and of 64 bits, texts UTF-8.
const COLUMNS: [(&str, Cell); 18] = [
    ("run", Cell::Text(|row| row.run.id.clone())),
    ("started_at", Cell::Text(|row| row.run.started_at.clone())),
    (
        "machine",
        Cell::Text(|row| row.run.machine.fingerprint.clone()),
    ),
    ("plugin", Cell::Text(|row| row.plugin.label.clone())),
    ("digest", Cell::MaybeText(|row| row.plugin.digest.clone())),
    ("case", Cell::Text(|row| row.case.spec.name.clone())),
    ("case_outcome", Cell::Text(|row| row.case_outcome.into())),
    (
        "process_outcome",
        Cell::Text(|row| row.process_outcome.into()),
    ),
    ("block", Cell::Number(|row| row.process.block.into())),
    ("order", Cell::Number(|row| row.process.order.into())),
    ("confirming", Cell::Flag(|row| row.process.confirming)),
    ("sample", Cell::Number(|row| row.index as u64)),
    ("iterations", Cell::Number(|row| row.sample.iterations)),
    ("wall_ns", Cell::Number(|row| row.sample.wall_ns)),
    ("cpu_ns", Cell::Number(|row| row.sample.cpu_ns)),
    ("switches", Cell::Number(|row| row.sample.switches.into())),
    (
        "wall_ns_per_iteration",
        Cell::Real(|row| row.sample.wall_ns as f64 / row.sample.iterations as f64),
    ),
    (
        "cpu_ns_per_iteration",
        Cell::Real(|row| row.sample.cpu_ns as f64 / row.sample.iterations as f64),
    ),
];

/// Writes one file.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    out.write_all(&file(contents.run).map_err(io_error)?)
}

fn file(run: &Run) -> Result<Vec<u8>, ParquetError> {
    let metadata = vec![
        KeyValue::new("dyno.run".into(), run.id.clone()),
        KeyValue::new("dyno.cases".into(), cases(run).to_string()),
    ];
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by(format!("dyno {}", run.host_version))
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema()?, Arc::new(properties))?;
    let mut rows = rows(run).peekable();
    while rows.peek().is_some() {
        let group: Vec<Row<'_>> = rows.by_ref().take(GROUP_ROWS).collect();
        let mut columns = writer.next_row_group()?;
        for (_, cell) in &COLUMNS {
            put(&mut columns, cell, &group)?;
        }
        columns.close()?;
    }
    writer.into_inner()
}

fn rows(run: &Run) -> impl Iterator<Item = Row<'_>> {
    run.plugins.iter().flat_map(move |plugin| {
        plugin.cases.iter().flat_map(move |case| {
            let case_outcome = word(&case.outcome);
            case.processes.iter().flat_map(move |process| {
                let process_outcome = word(&process.outcome);
                let samples = process.samples.iter().enumerate();
                samples.map(move |(index, sample)| Row {
                    run,
                    plugin,
                    case,
                    case_outcome,
                    process,
                    process_outcome,
                    index,
                    sample,
                })
            })
        })
    })
}

/// Every case and how it ended, as `{"plugin", "case", "outcome"}`; a plugin that did not load has
/// no `case`.
fn cases(run: &Run) -> Value {
    let plugins = run.plugins.iter();
    let entries = plugins.flat_map(|plugin| {
        let refused = (!plugin.outcome.is_ok()).then_some((None, &plugin.outcome));
        let cases = plugin.cases.iter();
        let cases = cases.map(|case| (Some(&case.spec.name), &case.outcome));
        refused.into_iter().chain(cases).map(
            |(case, outcome)| json!({ "plugin": plugin.label, "case": case, "outcome": outcome }),
        )
    });
    entries.collect()
}

fn schema() -> Result<TypePtr, ParquetError> {
    let fields = COLUMNS.iter().map(|(name, cell)| {
        let (physical, logical) = match cell {
            Cell::Text(_) | Cell::MaybeText(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Cell::Number(_) => (Physical::INT64, Some(LogicalType::integer(64, false))),
            Cell::Real(_) => (Physical::DOUBLE, None),
            Cell::Flag(_) => (Physical::BOOLEAN, None),
        };
        let repetition = match cell {
            Cell::MaybeText(_) => Repetition::OPTIONAL,
            _ => Repetition::REQUIRED,
        };
        Type::primitive_type_builder(name, physical)
            .with_repetition(repetition)
            .with_logical_type(logical)
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<Result<_, _>>()?;
    let schema = Type::group_type_builder("samples").with_fields(fields);
    Ok(Arc::new(schema.build()?))
}

fn put(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    cell: &Cell,
    rows: &[Row<'_>],
) -> Result<(), ParquetError> {
    let Some(mut column) = group.next_column()? else {
        return Err(ParquetError::General("the schema has fewer columns".into()));
    };
    let rows = rows.iter();
    match cell {
        Cell::Text(value) => {
            let values: Vec<ByteArray> = rows.map(|row| value(row).as_str().into()).collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, None, None)?;
        }
        Cell::MaybeText(value) => {
            let cells: Vec<Option<String>> = rows.map(value).collect();
            let levels: Vec<i16> = cells.iter().map(|cell| cell.is_some().into()).collect();
            let values = cells.iter().flatten().map(|cell| cell.as_str().into());
            let values: Vec<ByteArray> = values.collect();
            column
                .typed::<ByteArrayType>()
                .write_batch(&values, Some(&levels), None)?;
        }
        Cell::Number(value) => {
            // The format keeps unsigned numbers as the signed ones of the same bits.
            let values: Vec<i64> = rows.map(|row| value(row).cast_signed()).collect();
            column
                .typed::<Int64Type>()
                .write_batch(&values, None, None)?;
        }
        Cell::Real(value) => {
            let values: Vec<f64> = rows.map(value).collect();
            column
                .typed::<DoubleType>()
                .write_batch(&values, None, None)?;
        }
        Cell::Flag(value) => {
            let values: Vec<bool> = rows.map(value).collect();
            column
                .typed::<BoolType>()
                .write_batch(&values, None, None)?;
        }
    }
    column.close()
}

/// The file is built in memory, so that what fails is not the output.
fn io_error(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests;
