//! `dyno report`: what earlier runs found.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use dyno_host::render;
use dyno_host::report::model::Run;
use dyno_host::report::{Store, export};

use super::{Exit, paths};

/// Look at recorded runs
#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// Show a run as it was shown when it was made
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// List the runs, the newest first
    List {
        #[command(flatten)]
        file: ReportFile,
    },
    /// Write a run in a format for other programs
    Export {
        #[command(flatten)]
        which: Which,
        /// Which format
        #[arg(long, value_enum, default_value = "json", value_name = "FORMAT")]
        format: ExportFormat,
        /// Where to write it [default: stdout]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// Where the report is.
#[derive(Debug, Args)]
pub(super) struct ReportFile {
    /// The report [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Which run of which report.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// The run: its id, the beginning of it, or `latest`
    #[arg(default_value = "latest")]
    run: String,
    #[command(flatten)]
    file: ReportFile,
}

/// What a run may be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ExportFormat {
    /// The whole run, samples included, as one document
    Json,
    /// One object a line, for streaming
    Jsonl,
    /// One row a case and metric, for spreadsheets
    Csv,
}

impl ReportFile {
    pub(super) fn open(&self) -> anyhow::Result<Store> {
        Ok(Store::open_existing(
            &self.report.clone().unwrap_or_else(paths::report),
        )?)
    }
}

impl Which {
    fn read(&self) -> anyhow::Result<Run> {
        Ok(self.file.open()?.run(&self.run)?)
    }
}

impl Report {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        match self {
            Self::Show { which } => {
                render::run(&mut anstream::stdout().lock(), &which.read()?, verbose)?
            }
            Self::List { file } => {
                render::runs(&mut anstream::stdout().lock(), &file.open()?.runs()?)?
            }
            Self::Export {
                which,
                format,
                output,
            } => {
                let run = which.read()?;
                match output {
                    Some(path) => {
                        let mut file = File::create(&path)
                            .with_context(|| format!("{} cannot be written", path.display()))?;
                        format.write(&run, &mut file)?;
                    }
                    None => format.write(&run, &mut std::io::stdout().lock())?,
                }
            }
        }
        Ok(Exit::Well)
    }
}

impl ExportFormat {
    fn write(self, run: &Run, out: &mut impl Write) -> anyhow::Result<()> {
        let format = match self {
            Self::Json => export::Format::Json,
            Self::Jsonl => export::Format::Jsonl,
            Self::Csv => export::Format::Csv,
        };
        Ok(export::export(&run.into(), format, out)?)
    }
}
