//! A run in the forms that other tools read. Pure: a run goes in, bytes come out.
//!
//! | format | what it holds | for |
//! |---|---|---|
//! | [`Format::Json`] | everything, one document, described by [`SCHEMA`] | archives, scripts |
//! | [`Format::Jsonl`] | everything, one object a line, each with its `type` ([`jsonl`]) | streams, `jq`, `grep` |
//! | [`Format::Csv`] | the estimates, a row for each case and metric ([`csv`]) | spreadsheets, data frames |
//! | [`Format::Parquet`] | the samples, a row each ([`parquet`]) | DuckDB, Polars, pandas |
//! | [`Format::Html`] | everything, drawn ([`html`]) | people |
//! | [`Format::Markdown`] | what changed, else the results ([`markdown`]) | comments on a pull request |
//! | [`Format::Junit`] | a test a case ([`junit`]) | test views of CI systems |
//! | [`Format::Openmetrics`] | the estimates as gauges ([`openmetrics`]) | Prometheus |
//! | [`Format::GithubActionBenchmark`] | the medians ([`github_action_benchmark`]) | github-action-benchmark |
//! | [`Format::Bencher`] | the medians and intervals ([`bencher`]) | Bencher |
//! | [`Format::Benchstat`] | a line a process ([`benchstat`]) | Go's benchstat |
//! | [`Format::GoogleBenchmark`] | a repetition a process ([`google_benchmark`]) | Google Benchmark's compare.py |
//! | [`Format::Hyperfine`] | a time a process ([`hyperfine`]) | hyperfine's scripts |
//! | [`criterion::files`] | estimates and samples, a directory ([`criterion`]) | critcmp |
//!
//! JSON, JSON lines, Markdown and JUnit know of a comparison. All others hold the run itself, the
//! candidate: to compare with their tools, export both runs.
//!
//! What a guest wrote is hostile in every one of them: JSON strings hold no control character
//! unescaped, not even those that JSON itself allows, CSV cells start no formula, and names that
//! another tool will print hold only what can be seen. Each can be printed where a CI system reads: no line of any
//! is a command to it.

use std::io::{self, Write};

use serde::Serialize;

use dyno_model::by_line::ByLine;
use dyno_model::visible::{line_commands, replaced};
use dyno_model::{Comparison, History, Run};

pub mod bencher;
pub mod benchstat;
mod cases;
pub mod criterion;
pub mod csv;
pub mod github_action_benchmark;
pub mod google_benchmark;
#[cfg(feature = "html")]
pub mod html;
pub mod hyperfine;
pub mod jsonl;
pub mod junit;
pub mod markdown;
pub mod openmetrics;
#[cfg(feature = "parquet")]
pub mod parquet;
mod safe_json;
mod schema;
mod words;

pub use safe_json::write_pretty;
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

/// A form in which a run can leave as one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
    /// A Parquet file of samples.
    Parquet,
    /// One self-contained page.
    Html,
    /// GitHub-flavoured Markdown.
    Markdown,
    /// JUnit XML.
    Junit,
    /// OpenMetrics text.
    Openmetrics,
    /// JSON of github-action-benchmark, `customSmallerIsBetter`.
    GithubActionBenchmark,
    /// Bencher Metric Format.
    Bencher,
    /// The Go benchmark format.
    Benchstat,
    /// JSON of Google Benchmark.
    GoogleBenchmark,
    /// JSON of hyperfine.
    Hyperfine,
}

/// Writes a run and what belongs to it to `out` in the given form.
///
/// # Errors
/// If `out` does not take it.
pub fn export(contents: &Contents<'_>, format: Format, out: impl Write) -> io::Result<()> {
    match format {
        Format::Json => json(contents, out),
        Format::Jsonl => jsonl::write(contents, out),
        Format::Csv => by_line(out, text, |out| csv::write(contents, out)),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::write(contents, out),
        #[cfg(not(feature = "parquet"))]
        Format::Parquet => Err(not_built("parquet")),
        #[cfg(feature = "html")]
        Format::Html => by_line(out, reference, |out| html::write(contents, out)),
        #[cfg(not(feature = "html"))]
        Format::Html => Err(not_built("html")),
        Format::Markdown => by_line(out, reference, |out| markdown::write(contents, out)),
        Format::Junit => by_line(out, reference, |out| junit::write(contents, out)),
        Format::Openmetrics => by_line(out, text, |out| openmetrics::write(contents, out)),
        Format::GithubActionBenchmark => github_action_benchmark::write(contents, out),
        Format::Bencher => bencher::write(contents, out),
        Format::Benchstat => by_line(out, text, |out| benchstat::write(contents, out)),
        Format::GoogleBenchmark => google_benchmark::write(contents, out),
        Format::Hyperfine => hyperfine::write(contents, out),
    }
}

impl Format {
    /// Whether this program can write it, by the features that it is built with.
    #[must_use]
    pub fn is_built(self) -> bool {
        match self {
            Self::Html => cfg!(feature = "html"),
            Self::Parquet => cfg!(feature = "parquet"),
            _ => true,
        }
    }
}

/// Why a format cannot be written that is left out of this program.
#[cfg(not(all(feature = "html", feature = "parquet")))]
fn not_built(feature: &str) -> io::Error {
    io::Error::other(format!(
        "this dyno was built without the feature `{feature}`"
    ))
}

/// Passes a text on by line, with a character of each command of a CI system in it as `spell` has it: in the text as
/// it is composed, since that is what runners read. JSON has it in its strings.
fn by_line<W: Write>(
    out: W,
    spell: fn(u8) -> String,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut lines = ByLine::new(out, |line| replaced(line, &line_commands(line), spell));
    write(&mut lines)?;
    lines.flush()
}

/// A character in a format that has no spelling for it.
fn text(byte: u8) -> String {
    format!("\\u{{{byte:x}}}")
}

/// A character in HTML, XML and Markdown.
fn reference(byte: u8) -> String {
    format!("&#{byte};")
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    run: &'a Run,
    comparison: Option<&'a Comparison>,
}

fn json(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    safe_json::write(
        &Document {
            schema: SCHEMA_ID,
            run: contents.run,
            comparison: contents.compared.map(|(comparison, _)| comparison),
        },
        &mut out,
    )?;
    out.write_all(b"\n")
}
