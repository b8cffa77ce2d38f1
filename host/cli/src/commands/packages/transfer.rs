//! `dyno push`, `dyno pull` and `dyno inspect`: packages in registries.

use std::io::Write as _;
use std::path::PathBuf;

use crate::render;
use clap::Args;
use dyno_package::layout::Layout;
use dyno_package::packaging::Nobody;
use dyno_plugin::Reference;
use dyno_wording::escape;

use super::named;
use super::{PackageArgs, quietly, staging_dir, supervisor, warn_of};
use crate::commands::{Exit, Result};

/// Push a package file to an OCI registry, with its signatures and datasets
///
/// Credentials are those of `docker login`.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The package file
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// Where to: HOST/REPOSITORY, with a :TAG unless that is the version
    #[arg(value_name = "REFERENCE")]
    reference: Reference,
    #[command(flatten)]
    args: PackageArgs,
}

impl Push {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let layout = Layout::open(&self.package)?;
        let pushed = crate::commands::until_interrupted(access.push(&layout, &self.reference))?;
        let written = writeln!(
            render::terminal::stdout(),
            "pushed {} with {}",
            pushed.reference,
            match pushed.signatures {
                0 => "no signature: others will refuse it".into(),
                1 => "1 signature".into(),
                more => format!("{more} signatures"),
            }
        );
        crate::commands::shown(written.map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

/// Fetch a package, verify it, and keep it as a file
#[derive(Debug, Args)]
pub(crate) struct Pull {
    /// A reference like HOST/REPOSITORY:TAG, or an id like acme/json@^1.2
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// Where to put it [default: NAMESPACE-NAME-VERSION.oci.tar here]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    args: PackageArgs,
}

impl Pull {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let named = named(&self.package)?;
        let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
        let path = crate::commands::until_interrupted(async {
            let package = access
                .obtain(
                    &named,
                    &supervisor,
                    staging_dir.path(),
                    &mut Nobody,
                    &mut quietly,
                )
                .await?;
            access.save(&package, self.output)
        });
        warn_of(&access);
        let path = path?;
        let path = escape(&path.display().to_string());
        crate::commands::shown(writeln!(render::terminal::stdout(), "{path}").map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

/// Show what a package says of itself, whether it is trusted or not
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// A package file, a reference, or the id of an installed package
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    args: PackageArgs,
}

impl Inspect {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let named = named(&self.package)?;
        let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
        let seen = crate::commands::until_interrupted(access.inspect(
            &named,
            &supervisor,
            staging_dir.path(),
        ))?;
        let mut out = render::terminal::stdout();
        let result = match self.json {
            true => crate::commands::print_json(&seen),
            false => render::inspected(&mut out, &seen).map_err(Into::into),
        };
        crate::commands::shown(result)?;
        Ok(Exit::Well)
    }
}
