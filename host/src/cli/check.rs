//! `dyno check`: is this a good plugin, and what would it need?

use clap::Args;
use dyno_host::export;
use dyno_host::render::{self, Progress};
use dyno_host::session::{Findings, Stage};

use super::Exit;
use super::measuring::{self, Format, Measuring};

/// Load plugins, check their structure, and count their cases, without timing
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    measuring: Measuring,
    /// How to show the findings
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
}

impl Check {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        let mut request = self.measuring.request(Stage::Count, None)?;
        request.shapes = true;
        let findings = measuring::measure(&request, &mut Progress::on_terminal(verbose))?;
        let Findings { run, shapes, .. } = &findings;
        let mut out = anstream::stdout().lock();
        let result = match self.format {
            Format::Human => render::check(&mut out, run, shapes),
            Format::Json => export::export(&run.into(), export::Format::Json, &mut out),
            Format::Jsonl => export::export(&run.into(), export::Format::Jsonl, &mut out),
        };
        super::shown(result.map_err(Into::into))?;
        measuring::warn_of_layers(run);
        Ok(measuring::exit(&findings))
    }
}
