//! `dyno build`: run the build commands of plugin directories.

use std::io::Write as _;
use std::path::PathBuf;

use crate::render::{Progress, terminal};
use clap::Args;
use dyno_model::progress::{self, Observer as _};
use dyno_plugin as plugin;
use dyno_plugin::{BuildError, BuildEvent, BuildOptions, Source};
use dyno_wording::escape;

use super::building::HowArgs;
use super::{Error, Exit, Result};

/// Build plugin directories: print each command, then run it
///
/// The commands are the plugin author's programs and run with your rights, outside of any sandbox.
/// They do not get variables that are secrets by their names, nor what is Dyno's own. With
/// DYNO_NO_BUILD=1 in the environment nothing is built.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// Plugin directories, or directories of those
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    how: HowArgs,
}

impl Build {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let options = self.how.demanded()?;
        let mut exits = Vec::new();
        for source in self.paths.iter().flat_map(|path| plugin::find(path)) {
            let built = match source {
                Ok(source) if source.manifest.is_none() => continue,
                Ok(source) => build(&source, &options, verbose)
                    .and_then(|()| show(&source))
                    .map_err(|error| error.context(escape(&source.name))),
                Err(error) => Err(error.into()),
            };
            exits.push(match built {
                Ok(()) => Exit::Well,
                Err(error @ Error::Interrupted(_)) => return Err(error),
                Err(error) => {
                    super::complain(&error);
                    Exit::of(&error)
                }
            });
        }
        let gravest = exits.into_iter().max_by_key(|exit| exit.weight());
        Ok(gravest.unwrap_or(Exit::NothingMatched))
    }
}

/// Says where the component is.
fn show(source: &Source) -> Result<()> {
    let component = source.component();
    if !component.is_file() {
        return Err(BuildError::NoComponent(component.display().to_string()).into());
    }
    let name = escape(&source.name);
    let component = escape(&component.to_string_lossy());
    let written = writeln!(terminal::stdout(), "{name}: {component}");
    super::shown(written.map_err(Into::into))
}

/// Runs the commands of a plugin directory, and shows each before.
pub(super) fn build(source: &Source, options: &BuildOptions, verbose: bool) -> Result<()> {
    let Some(manifest) = &source.manifest else {
        return Ok(());
    };
    let mut progress = Progress::on_terminal(verbose);
    let plugin = &source.name;
    let on = |event: BuildEvent<'_>| match event {
        BuildEvent::Command(command) => progress.on(progress::Progress::Build { plugin, command }),
        BuildEvent::Line(line) => progress.on(progress::Progress::BuildLine { plugin, line }),
    };
    let mut signal = None;
    let interrupted = async {
        match super::interrupted().await {
            Ok(number) => signal = Some(number),
            // Where signals cannot be had, no signal can interrupt it.
            Err(_) => std::future::pending().await,
        }
    };
    let built = super::event_loop()?.block_on(plugin::build(
        &source.path,
        manifest,
        options,
        on,
        interrupted,
    ));
    match signal {
        Some(signal) => Err(Error::Interrupted(signal)),
        None => Ok(built?),
    }
}
