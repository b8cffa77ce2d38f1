//! `dyno build`: run the build commands of plugin directories.

use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use dyno_host::plugin::{self, Source};
use dyno_host::render::{escape, terminal};

use super::Exit;

/// Build plugin directories: prints each command, then runs it
///
/// The commands are the plugin author's programs and run with your rights, outside of any sandbox.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// Plugin directories, or directories of those
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// When the user presses Ctrl-C.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

impl Build {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let mut exit = Exit::NothingMatched;
        for source in self.paths.iter().flat_map(|path| plugin::find(path)) {
            let built = match &source {
                Ok(source) if source.manifest.is_none() => continue,
                Ok(source) => build(source),
                Err(error) => Err(anyhow::anyhow!("{error}")),
            };
            match built {
                Ok(()) if exit == Exit::NothingMatched => exit = Exit::Well,
                Ok(()) => {}
                Err(error) => {
                    let name = source.as_ref().map_or("", |source| source.name.as_str());
                    super::complain(&error.context(escape(name)));
                    exit = Exit::Refused;
                }
            }
        }
        Ok(exit)
    }
}

/// Runs the commands of a plugin directory, and says where the component is.
pub(super) fn build(source: &Source) -> anyhow::Result<()> {
    let Some(manifest) = &source.manifest else {
        return Ok(());
    };
    super::event_loop()?.block_on(async {
        let mut out = terminal::stdout();
        let name = escape(&source.name);
        let announce = |command: &str| {
            let _ = writeln!(out, "{name}: {}", escape(command));
        };
        plugin::build(&source.path, manifest, announce, interrupted()).await?;
        let component = source.component();
        if !component.is_file() {
            anyhow::bail!(
                "its commands succeeded, but there is no {}",
                component.display()
            );
        }
        writeln!(out, "{name}: {}", component.display())?;
        Ok(())
    })
}
