//! `dyno list`: the cases of plugins.

use crate::render::{self, Progress};
use clap::Args;
use dyno_session::Stage;

use super::measuring::{self, Measuring};
use super::{Exit, Result};

/// List the cases of plugins, without measuring anything
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    measuring: Measuring,
    /// Run the build commands of plugin directories first, and print each; without it they are
    /// taken as they are
    #[arg(long, help_heading = "Build", conflicts_with = "no_build")]
    build: bool,
}

impl List {
    pub(super) fn execute(self) -> Result<Exit> {
        let (request, host) = self.measuring.looking(Stage::List, self.build)?;
        let findings = measuring::measure(&request, &host, &mut Progress::on_terminal(false))?;
        let result = render::list(&mut render::terminal::stdout(), &findings.run);
        super::shown(result.map_err(Into::into))?;
        measuring::warn_of_layers(&findings.run);
        Ok(measuring::exit(&findings))
    }
}
