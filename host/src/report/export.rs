//! A run as JSON, JSON lines or CSV, for other tools. Pure: a run goes in, bytes come out.
//!
//! | format | what it holds | for |
//! |---|---|---|
//! | [`Format::Json`] | everything, one document, described by [`SCHEMA`] | archives, scripts |
//! | [`Format::Jsonl`] | everything, one object a line, each with its `type` ([`jsonl`]) | streams, `jq`, `grep` |
//! | [`Format::Csv`] | the estimates, a row for each case and metric ([`csv`]) | spreadsheets, data frames |
//!
//! What a guest wrote is hostile in every one of them: JSON strings hold no control character
//! unescaped, not even those that JSON itself allows, and CSV cells start no formula.

use std::io::{self, Write};

use serde::Serialize;

use super::model::{Comparison, History, Run};

pub mod csv;
pub mod jsonl;
mod safe_json;
mod schema;

pub use schema::schema;

/// The `schema` field of the JSON document. The number changes when a reader of the old form
/// could misread the new one.
pub const SCHEMA_ID: &str = "dyno-report/1";

/// The JSON Schema (draft 2020-12) of the JSON document, as it is committed.
pub const SCHEMA: &str = include_str!("../../schema/report.schema.json");

/// What leaves together.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// The run.
    pub run: &'a Run,
    /// The comparison in which it is the candidate, and the run that is the base.
    pub compared: Option<(&'a Comparison, &'a Run)>,
    /// How its cases went over earlier runs.
    pub histories: &'a [History],
}

impl<'a> From<&'a Run> for Contents<'a> {
    fn from(run: &'a Run) -> Self {
        Self {
            run,
            compared: None,
            histories: &[],
        }
    }
}

/// A form in which a run can leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

/// Writes `contents` to `out` in the given form.
///
/// # Errors
/// If `out` does not take it.
pub fn export(contents: &Contents<'_>, format: Format, out: impl Write) -> io::Result<()> {
    let run = contents.run;
    match format {
        Format::Json => json(run, out),
        Format::Jsonl => jsonl::write(run, out),
        Format::Csv => csv::write(run, out),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    run: &'a Run,
}

fn json(run: &Run, mut out: impl Write) -> io::Result<()> {
    safe_json::write(
        &Document {
            schema: SCHEMA_ID,
            run,
        },
        &mut out,
    )?;
    out.write_all(b"\n")
}
