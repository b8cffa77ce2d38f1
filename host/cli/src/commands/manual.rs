//! `dyno completions` and `dyno man`: what packagers install beside the program.

use std::path::PathBuf;

use crate::render::terminal;
use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Context as _, Exit, Result};

/// Print a completion script for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn execute(self) -> Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "dyno", &mut script);
        std::io::Write::write_all(&mut terminal::data(), &script)?;
        Ok(Exit::Well)
    }
}

/// Print the manual page, or write one for every verb into a directory
#[derive(Debug, Args)]
pub(super) struct Man {
    /// Where to write the pages
    #[arg(value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub(super) fn execute(self) -> Result<Exit> {
        match self.dir {
            Some(dir) => clap_mangen::generate_to(Cli::command(), &dir).with_context(|| {
                format!("no manual pages can be written into {}", dir.display())
            })?,
            None => clap_mangen::Man::new(Cli::command()).render(&mut terminal::data())?,
        }
        Ok(Exit::Well)
    }
}
