//! `dyno run`: measure, show, record.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use dyno_host::render::{self, Progress};
use dyno_host::report::{Store, export};
use dyno_host::session::Stage;

use super::measuring::{self, Effort, Format, Measuring};
use super::{Exit, paths};

/// Measure every case of plugins and record the run
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    measuring: Measuring,
    #[command(flatten)]
    effort: Effort,
    /// How to show the run
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
    /// The report to record the run in [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", value_name = "FILE")]
    report: Option<PathBuf>,
    /// Do not record the run
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
}

impl Run {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        let request = self.measuring.request(Stage::Time, Some(&self.effort))?;
        // Opened first: a report that cannot be written should not cost a run to find out.
        let mut store = match self.no_report {
            true => None,
            false => Some(Store::open(
                &self.report.clone().unwrap_or_else(paths::report),
            )?),
        };
        let findings = measuring::measure(&request, &mut Progress::on_terminal(verbose))?;
        let run = &findings.run;
        let recorded = store.as_mut().map(|store| store.record(run)).transpose();
        let mut out = anstream::stdout().lock();
        match self.format {
            Format::Human => render::run(&mut out, run, verbose)?,
            Format::Json => export::export(run, export::Format::Json, &mut out)?,
            Format::Jsonl => export::export(run, export::Format::Jsonl, &mut out)?,
        }
        if let Err(error) = recorded {
            let rescued = rescue(run)?;
            return Err(anyhow::Error::from(error).context(format!(
                "the run could not be recorded and was saved as {}",
                rescued.display()
            )));
        }
        Ok(measuring::exit(&findings))
    }
}

/// Saves a run that the report did not take.
fn rescue(run: &dyno_host::report::model::Run) -> anyhow::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("dyno-run-{}.json", run.id));
    let mut file = std::fs::File::create(&path).with_context(|| format!("{}", path.display()))?;
    export::export(run, export::Format::Json, &mut file)?;
    Ok(path)
}
