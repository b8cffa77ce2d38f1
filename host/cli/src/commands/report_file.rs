//! The flag that says which report file a command is about.

use std::path::PathBuf;

use clap::Args;
use dyno_report::Store;

use super::{Result, paths};

/// Where the report is.
#[derive(Debug, Args)]
pub(super) struct ReportFile {
    /// The report [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", hide_env_values = true, value_name = "FILE")]
    report: Option<PathBuf>,
}

impl ReportFile {
    pub(super) fn open(&self) -> Result<Store> {
        let path = paths::report(self.report.as_deref())?;
        Ok(Store::open_existing(&path)?)
    }
}
