//! `dyno new`: begin a plugin.

use std::io::Write as _;
use std::path::PathBuf;

use crate::render::terminal;
use clap::Args;
use dyno_plugin::scaffold::{Language, scaffold};
use dyno_wording::escape;

use super::choice::one_of;
use super::{Exit, Result, UsageError};

/// Begin a plugin: a directory with a benchmark or two, ready to be built and run
#[derive(Debug, Args)]
pub(super) struct New {
    /// The directory to make; its last part is the plugin's name
    #[arg(value_name = "NAME")]
    path: PathBuf,
    /// The language
    #[arg(long, value_parser = one_of(languages(), |_| ""), value_name = "LANGUAGE")]
    lang: Language,
    /// Write the benchmarks as for Criterion (Rust only)
    #[arg(long)]
    criterion: bool,
}

/// The languages, in each of its own way; that of Criterion has a flag.
fn languages() -> impl Iterator<Item = Language> {
    let languages = Language::ALL.into_iter();
    languages.filter(|language| *language != Language::Criterion)
}

impl New {
    pub(super) fn execute(self) -> Result<Exit> {
        let language = match self.lang {
            Language::Rust if self.criterion => Language::Criterion,
            _ if self.criterion => {
                return Err(UsageError("--criterion goes with --lang rust".into()).into());
            }
            language => language,
        };
        let files = scaffold(&self.path, language)?;
        let path = escape(&self.path.display().to_string());
        let written = || {
            let mut out = terminal::stdout();
            for file in &files {
                writeln!(out, "{path}/{}", file.display())?;
            }
            writeln!(out)?;
            writeln!(out, "Next: dyno run {path}")
        };
        super::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}
