//! `dyno verify`: would this package be trusted, and why.

use std::io::Write as _;
use std::path::PathBuf;

use crate::render::terminal;
use clap::Args;
use dyno_package::packaging::{Nobody, PackageAccess};
use dyno_package::verify::Check;
use dyno_wording::escape;

use super::named;
use super::{PackageArgs, staging_dir, supervisor};
use crate::commands::{Exit, Result};

/// Check a package: who signed it, and whether it is what was signed
///
/// Says each check as it passes, in order; the first that fails ends it.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// A package file, a reference like HOST/REPOSITORY:TAG, or the id of an installed package
    #[arg(value_name = "PACKAGE")]
    package: PathBuf,
    #[command(flatten)]
    args: PackageArgs,
}

impl Verify {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let mut on = |check: Check| {
            // A reader that closes the pipe has seen enough; the exit code still says how it ended.
            let _ = writeln!(
                terminal::stdout(),
                "{}",
                crate::render::check_passed(&check)
            );
        };
        let package = open(&access, &self.package, &mut on)?;
        let release = &package.content.about.release;
        let by = match &package.accepted {
            Some(accepted) => format!("{release} is what {} signed", escape(&accepted.publisher)),
            None => format!("{release} is whole, and nobody answers for it"),
        };
        crate::commands::shown(writeln!(terminal::stdout(), "{by}").map_err(Into::into))?;
        Ok(Exit::Well)
    }
}

/// Opens a package and throws it away again.
fn open(
    access: &PackageAccess,
    path: &std::path::Path,
    on: &mut dyn FnMut(Check),
) -> Result<dyno_package::verify::Package> {
    let named = named(path)?;
    let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
    let mut nobody = Nobody;
    let opened = access.open(&named, &supervisor, staging_dir.path(), &mut nobody, on);
    crate::commands::until_interrupted(opened)
}
