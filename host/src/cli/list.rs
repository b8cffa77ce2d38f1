//! `dyno list`: the cases of plugins.

use clap::Args;
use dyno_host::render::{self, Progress};
use dyno_host::session::Stage;

use super::Exit;
use super::measuring::{self, Measuring};

/// List the cases of plugins, without measuring anything
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    measuring: Measuring,
}

impl List {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let request = self.measuring.request(Stage::List, None)?;
        let findings = measuring::measure(&request, &mut Progress::on_terminal(false))?;
        let result = render::list(&mut anstream::stdout().lock(), &findings.run);
        super::shown(result.map_err(Into::into))?;
        measuring::warn_of_layers(&findings.run);
        Ok(measuring::exit(&findings))
    }
}
