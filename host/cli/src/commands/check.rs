//! `dyno check`: is this a good plugin, and what would it need?

use crate::render::{self, Progress, terminal};
use clap::Args;
use dyno_export as export;
use dyno_session::{Findings, Stage};

use super::measuring::{self, Format, Measuring};
use super::{Exit, Result};

/// Load plugins, check their structure, and count their cases, without timing
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    measuring: Measuring,
    /// Run the build commands of plugin directories first, and print each; without it they are
    /// taken as they are
    #[arg(long, help_heading = "Build", conflicts_with = "no_build")]
    build: bool,
    /// How to show the findings
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
}

impl Check {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let (request, mut host) = self.measuring.looking(Stage::Count, self.build)?;
        host.shapes = true;
        let findings = measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
        let Findings { run, shapes, .. } = &findings;
        let result = match self.format.export() {
            None => render::check(&mut terminal::stdout(), run, shapes),
            Some(format) => export::export(&run.into(), format, terminal::data()),
        };
        super::shown(result.map_err(Into::into))?;
        measuring::warn_of_layers(run);
        Ok(measuring::exit(&findings))
    }
}
