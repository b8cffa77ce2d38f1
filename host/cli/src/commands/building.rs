//! The flags about build commands, which every command has that could run any.

use std::time::Duration;

use clap::Args;
use dyno_model::{LimitUnit, quantity};
use dyno_plugin::{BuildOptions, PASSPHRASE_VARIABLE};

use super::{Error, Result, UsageError};

/// The variable that forbids build commands, whatever the command line says.
const NO_BUILD: &str = "DYNO_NO_BUILD";

/// Whether plugin directories are built, for commands that build unless told not to.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Build")]
pub(super) struct BuildArgs {
    /// Do not run the build commands of plugin directories, which are their authors' programs and
    /// run with your rights, outside of the sandbox; each is printed before it runs.
    /// DYNO_NO_BUILD=1 in the environment forbids them everywhere
    #[arg(long)]
    no_build: bool,
    #[command(flatten)]
    how: HowArgs,
}

/// How plugin directories are built.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Build")]
pub(super) struct HowArgs {
    /// Stop a plugin's build after this time [default: 30min]
    #[arg(long, value_name = "TIME", value_parser = time)]
    build_timeout: Option<Duration>,
    /// Pass an environment variable on to build commands although its name is that of a secret; may
    /// be repeated
    #[arg(long, value_name = "NAME", value_parser = passed)]
    build_env: Vec<String>,
}

fn time(text: &str) -> Result<Duration, quantity::QuantityError> {
    quantity::parse(text, LimitUnit::Milliseconds).map(Duration::from_millis)
}

fn passed(name: &str) -> Result<String, String> {
    match name {
        PASSPHRASE_VARIABLE => Err("no build command gets the passphrase of a signing key".into()),
        "" => Err("expected the name of a variable".into()),
        name => Ok(name.into()),
    }
}

impl BuildArgs {
    /// Whether plugin directories are to be built, as far as that was typed.
    pub(super) fn is_wanted(&self) -> bool {
        !self.no_build
    }

    /// How to build; none if that is forbidden.
    pub(super) fn options(&self) -> Option<BuildOptions> {
        match self.no_build || is_forbidden() {
            true => None,
            false => Some(self.how.options()),
        }
    }

    /// How to build, for a command that builds only if it is told to.
    pub(super) fn options_if(&self, build: bool) -> Result<Option<BuildOptions>> {
        match (build, self.options()) {
            (false, _) => Ok(None),
            (true, Some(options)) => Ok(Some(options)),
            (true, None) => Err(forbidden("--build")),
        }
    }
}

impl HowArgs {
    /// How to build, for the command that does nothing else.
    pub(super) fn demanded(&self) -> Result<BuildOptions> {
        match is_forbidden() {
            true => Err(forbidden("`dyno build`")),
            false => Ok(self.options()),
        }
    }

    fn options(&self) -> BuildOptions {
        let usual = BuildOptions::default();
        BuildOptions {
            time: self.build_timeout.unwrap_or(usual.time),
            env: self.build_env.clone(),
        }
    }
}

fn forbidden(what: &str) -> Error {
    UsageError(format!(
        "{what} would run build commands, and --no-build or {NO_BUILD} forbids that"
    ))
    .into()
}

/// Whether the environment forbids it: set to anything but what means no.
fn is_forbidden() -> bool {
    let Some(value) = std::env::var_os(NO_BUILD) else {
        return false;
    };
    let value = value.to_string_lossy().to_ascii_lowercase();
    !matches!(value.trim(), "" | "0" | "false" | "no" | "off")
}
