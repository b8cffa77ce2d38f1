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
//! | [`Format::Criterion`] | estimates and samples, a directory ([`criterion`]) | critcmp |
//!
//! JSON, JSON lines, Markdown and JUnit know of a comparison. All others hold the run itself, the
//! candidate: to compare with their tools, export both runs.
//!
//! What a guest wrote is hostile in every one of them: JSON strings hold no control character
//! unescaped, not even those that JSON itself allows, CSV cells start no formula, and names that
//! another tool will print hold only what can be seen. Each can be printed where a CI system reads:
//! no line of any is a command to it.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

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

pub use safe_json::write_pretty;
pub use schema::schema;

/// The `schema` field of the JSON document. The number changes when a reader of the old form
/// could misread the new one.
pub(crate) const SCHEMA_ID: &str = "dyno-report/1";

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

/// A format in which a run can leave. Each has its row in [`FORMATS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// A directory as Criterion writes it.
    Criterion,
    /// JSON of Google Benchmark.
    GoogleBenchmark,
    /// The Go benchmark format.
    Benchstat,
    /// JSON of hyperfine.
    Hyperfine,
    /// JSON of github-action-benchmark, `customSmallerIsBetter`.
    GithubActionBenchmark,
    /// Bencher Metric Format.
    Bencher,
}

/// One row of the table of formats.
#[derive(Debug, Clone, Copy)]
pub struct FormatSpec {
    /// Which format.
    pub format: Format,
    /// Its name on the command line.
    pub name: &'static str,
    /// What the name of its file ends with.
    pub extension: &'static str,
    /// What it holds and for whom, for people.
    pub about: &'static str,
    /// What it is, and what writes it.
    pub form: Form,
}

/// What a format is, and what writes it.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// A text, which can be printed.
    Text(WriteFile),
    /// Bytes that are none.
    Bytes(WriteFile),
    /// A directory.
    Directory(MakeFiles),
}

/// Writes a run and what belongs to it.
pub type WriteFile = fn(&Contents<'_>, &mut dyn Write) -> io::Result<()>;

/// Makes the files of a directory, each with its path, under a name for the reader.
pub type MakeFiles = fn(&Contents<'_>, &str) -> io::Result<Vec<(String, Vec<u8>)>>;

use Form::{Bytes, Directory, Text};

/// Every format, in the order in which they are shown.
#[rustfmt::skip]
pub const FORMATS: &[FormatSpec] = &[
    row(Format::Json, "json", "json", "The whole run and its comparison, samples included, as one document",
        Text(|contents, out| json(contents, out))),
    row(Format::Jsonl, "jsonl", "jsonl", "One object a line, for streaming",
        Text(|contents, out| jsonl::write(contents, out))),
    row(Format::Csv, "csv", "csv", "One row a case and metric, for spreadsheets",
        Text(|contents, out| by_line(out, text, |out| csv::write(contents, out)))),
    row(Format::Parquet, "parquet", "parquet", "One row a sample, for DuckDB, Polars and pandas",
        Bytes(PARQUET)),
    row(Format::Html, "html", "html", "One file to show to people: charts, tables, how it was measured",
        Text(HTML)),
    row(Format::Markdown, "markdown", "md", "For a comment on a pull request: what changed first",
        Text(|contents, out| by_line(out, reference, |out| markdown::write(contents, out)))),
    row(Format::Junit, "junit", "xml", "A test a case, for the test view of a CI system",
        Text(|contents, out| by_line(out, reference, |out| junit::write(contents, out)))),
    row(Format::Openmetrics, "openmetrics", "prom", "Gauges for Prometheus",
        Text(|contents, out| by_line(out, text, |out| openmetrics::write(contents, out)))),
    row(Format::Criterion, "criterion", "", "A directory as Criterion writes it, for critcmp",
        Directory(criterion::files)),
    row(Format::GoogleBenchmark, "google-benchmark", "json", "For Google Benchmark's compare.py",
        Text(|contents, out| google_benchmark::write(contents, out))),
    row(Format::Benchstat, "benchstat", "txt", "For Go's benchstat",
        Text(|contents, out| by_line(out, text, |out| benchstat::write(contents, out)))),
    row(Format::Hyperfine, "hyperfine", "json", "For hyperfine's scripts",
        Text(|contents, out| hyperfine::write(contents, out))),
    row(Format::GithubActionBenchmark, "github-action-benchmark", "json", "For github-action-benchmark (customSmallerIsBetter)",
        Text(|contents, out| github_action_benchmark::write(contents, out))),
    row(Format::Bencher, "bencher", "json", "Bencher Metric Format",
        Text(|contents, out| bencher::write(contents, out))),
];

#[cfg(feature = "html")]
const HTML: WriteFile = |contents, out| by_line(out, reference, |out| html::write(contents, out));
#[cfg(not(feature = "html"))]
const HTML: WriteFile = |_, _| Err(not_built("html"));

#[cfg(feature = "parquet")]
const PARQUET: WriteFile = |contents, out| parquet::write(contents, out);
#[cfg(not(feature = "parquet"))]
const PARQUET: WriteFile = |_, _| Err(not_built("parquet"));

const fn row(
    format: Format,
    name: &'static str,
    extension: &'static str,
    about: &'static str,
    form: Form,
) -> FormatSpec {
    FormatSpec {
        format,
        name,
        extension,
        about,
        form,
    }
}

impl Format {
    /// Its row in the table.
    #[must_use]
    pub fn spec(self) -> &'static FormatSpec {
        let mut rows = FORMATS.iter();
        rows.find(|spec| spec.format == self).unwrap_or(&FORMATS[0])
    }
}

/// Writes a run and what belongs to it to `out` in the given format, which must be that of a single
/// file.
///
/// # Errors
/// If `out` does not take it.
pub fn export(contents: &Contents<'_>, format: Format, mut out: impl Write) -> io::Result<()> {
    match format.spec().form {
        Text(write) | Bytes(write) => write(contents, &mut out),
        Directory(_) => Err(io::Error::other("it is a directory")),
    }
}

impl Format {
    /// Whether this program can write it, by the features that it is built with.
    #[must_use]
    pub fn is_built(self) -> bool {
        let optional = [
            (Self::Html, cfg!(feature = "html")),
            (Self::Parquet, cfg!(feature = "parquet")),
        ];
        let is_built = |(format, is_built): &(Self, bool)| *format != self || *is_built;
        optional.iter().all(is_built)
    }
}

/// Why a format cannot be written that is left out of this program.
#[cfg(not(all(feature = "html", feature = "parquet")))]
fn not_built(feature: &str) -> io::Error {
    io::Error::other(format!(
        "this dyno was built without the feature `{feature}`"
    ))
}

/// Passes a text on by line, with a character of each command of a CI system in it as `spell` has
/// it: in the text as it is composed, since that is what runners read. JSON has it in its strings.
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

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::all;

    #[test]
    fn every_format_has_one_row_and_its_name_is_its_word() {
        assert_eq!(all::<Format>().count(), FORMATS.len());
        for spec in FORMATS {
            assert_eq!(spec.format.spec().name, spec.name);
            assert_eq!(serde_json::to_value(spec.format).unwrap(), spec.name);
        }
    }
}
