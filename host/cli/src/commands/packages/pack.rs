//! `dyno pack` and `dyno sign`: from a plugin directory to a package that others can verify.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::render::terminal;
use clap::Args;
use dyno_model::Limits;
use dyno_package::layout::Layout;
use dyno_package::packaging::{self, PackError, Packed};
use dyno_plugin::Source;

use super::key;
use super::{ComponentArg, staging_dir, supervisor};
use crate::commands::building::BuildArgs;
use crate::commands::{AbsentError, Context as _, Exit, Result, UsageError, build};

/// The variable that makes archives reproducible: seconds since 1970
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Make a package of a plugin directory
///
/// Builds the plugin, checks it, and writes NAMESPACE-NAME-VERSION.oci.tar: an OCI image layout
/// that holds the component, what `[package]` in plugin.toml says of it, and its datasets. The same
/// input makes the same bytes.
#[derive(Debug, Args)]
pub(crate) struct Pack {
    /// The plugin directory
    #[arg(default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// Where to put the package [default: NAMESPACE-NAME-VERSION.oci.tar here]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    component: ComponentArg,
}

impl Pack {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let source = built(&self.dir, &self.build, verbose)?;
        let packed = pack(&source, &self.component.limits(), self.output)?;
        let written = || {
            let mut out = terminal::stdout();
            writeln!(out, "{}  {}", packed.about.release, packed.digest)?;
            writeln!(out, "{}", packed.path.display())
        };
        crate::commands::shown(written().map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

/// A plugin directory, built unless that is forbidden. Nothing of the build runs any more.
pub(super) fn built(dir: &Path, args: &BuildArgs, verbose: bool) -> Result<Source> {
    let source = source(dir)?;
    // Who requires a layer that is not here wants nothing to be run.
    supervisor()?;
    match args.options() {
        Some(options) => build::build(&source, &options, verbose)?,
        None => source.built().map_err(PackError::Component)?,
    }
    Ok(source)
}

/// Packs a plugin directory that has been built.
pub(super) fn pack(source: &Source, limits: &Limits, output: Option<PathBuf>) -> Result<Packed> {
    let staging_dir = staging_dir()?;
    let supervisor = supervisor()?;
    let packed = packaging::pack(
        source,
        limits,
        created()?,
        output,
        &supervisor,
        staging_dir.path(),
    );
    crate::commands::until_interrupted(packed)
}

fn source(dir: &Path) -> Result<Source> {
    if !dir.exists() {
        let dir = dir.display();
        return Err(AbsentError(format!("there is no directory {dir}")).into());
    }
    let mut found = dyno_plugin::find(dir);
    if let (Some(source), true) = (found.pop(), found.is_empty()) {
        let source = source?;
        if source.is_named && source.manifest.is_some() {
            return Ok(source);
        }
    }
    let dir = dir.display();
    Err(UsageError(format!(
        "{dir} is not a plugin directory: it has no plugin.toml"
    ))
    .into())
}

/// When the package was made, in the world of those who want to make it again.
pub(super) fn created() -> Result<jiff::Timestamp> {
    let Some(text) = std::env::var_os(SOURCE_DATE_EPOCH) else {
        return Ok(jiff::Timestamp::UNIX_EPOCH);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    seconds
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .ok_or_else(|| UsageError(format!("{SOURCE_DATE_EPOCH} must be seconds since 1970")).into())
}

/// Sign a package file
///
/// Adds a Sigstore bundle that says which release this manifest is, signed with your key.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The package file
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// The signing key [default: the one that `dyno key generate` made]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Sign {
    pub(super) fn execute(self) -> Result<Exit> {
        let layout = Layout::open(&self.package)?;
        let key = key::signing_key(self.key.as_deref())?;
        let release = packaging::sign(&layout, &self.package, &key, created()?)
            .with_context(|| format!("{}", self.package.display()))?;
        let fingerprint = key.public().fingerprint();
        let written = writeln!(terminal::stdout(), "signed {release} with {fingerprint}");
        crate::commands::shown(written.map_err(Into::into))?;
        Ok(Exit::Well)
    }
}
