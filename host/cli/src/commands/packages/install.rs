//! `dyno install`, `update`, `uninstall` and `installed`: what is there to be run by its id.

use dyno_model::{Classify as _, chain};
use std::io::Write as _;
use std::path::PathBuf;

use crate::render;
use clap::Args;
use dyno_package::lock::Lock;
use dyno_package::packaging::{self, PackageAccess, Plan};
use dyno_plugin::PackageSpec;
use dyno_plugin::id::{PackageId, Wanted};
use dyno_wording::escape;

use super::named;
use super::{PackageArgs, Person, home, quietly, staging_dir, supervisor, warn_of};
use crate::commands::{Exit, Result, paths};

/// Install packages, and what they depend on
///
/// Each is verified first. What was installed goes into dyno.lock beside the project.
#[derive(Debug, Args)]
pub(crate) struct Install {
    /// Ids like acme/json or acme/json@^1.2, references like HOST/REPOSITORY:TAG, or package files
    /// [default: with --locked, all that dyno.lock holds]
    #[arg(required_unless_present = "locked", value_name = "PACKAGE")]
    packages: Vec<PathBuf>,
    /// Agree to what the packages ask for
    #[arg(long, short)]
    yes: bool,
    /// Replace a release by an older one
    #[arg(long)]
    allow_downgrade: bool,
    #[command(flatten)]
    args: PackageArgs,
}

impl Install {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let packages = match (&self.packages[..], &access.locked) {
            ([], Some(lock)) => lock
                .releases()
                .map(Wanted::exactly)
                .map(PackageSpec::Wanted)
                .collect(),
            (paths, _) => paths
                .iter()
                .map(|path| named(path))
                .collect::<Result<Vec<_>, _>>()?,
        };
        let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
        let mut person = Person { yes: self.yes };
        let plan = crate::commands::until_interrupted(async {
            let mut on = quietly;
            let plan = access.plan(
                &packages,
                &supervisor,
                staging_dir.path(),
                &mut person,
                &mut on,
            );
            plan.await
        });
        warn_of(&access);
        let plan = plan?;
        show(&carry_out(
            &access,
            plan,
            self.allow_downgrade,
            &mut person,
        )?)
    }
}

/// Replace installed packages by newer releases
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Ids; all that are installed unless some are named
    #[arg(value_name = "ID")]
    packages: Vec<PackageId>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Agree to what the packages ask for
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    args: PackageArgs,
}

impl Update {
    pub(super) fn execute(self) -> Result<Exit> {
        let access = self.args.access()?;
        let (supervisor, staging_dir) = (supervisor()?, staging_dir()?);
        let mut person = Person { yes: self.yes };
        let update = crate::commands::until_interrupted(access.plan_update(
            &self.packages,
            &supervisor,
            staging_dir.path(),
            &mut person,
            &mut quietly,
        ));
        warn_of(&access);
        let packaging::Update { plan, missed } = update?;
        let plan = match self.dry_run {
            true => plan,
            false => carry_out(&access, plan, false, &mut person)?,
        };
        not_looked_up(&self.packages)?;
        let exit = show(&plan)?;
        for (release, error) in &missed {
            crate::commands::warn(&format!("{release} stays as it is: {}", chain(error)));
        }
        // What could be done was done, and not all that was asked for.
        Ok(missed
            .into_iter()
            .next()
            .map_or(exit, |(_, error)| error.fault().into()))
    }
}

/// Remove installed packages
#[derive(Debug, Args)]
pub(crate) struct Uninstall {
    /// Their ids
    #[arg(required = true, value_name = "ID")]
    packages: Vec<PackageId>,
}

impl Uninstall {
    pub(super) fn execute(self) -> Result<Exit> {
        let (mut lock, _held) = Lock::hold(&paths::project())?;
        let gone = home()?.store().uninstall(&self.packages)?;
        gone.iter().for_each(|release| lock.remove(&release.id));
        if !lock.is_missing() {
            lock.write()?;
        }
        let mut out = render::terminal::stdout();
        let result = gone
            .iter()
            .try_for_each(|release| writeln!(out, "removed {release}"));
        crate::commands::shown(result.map_err(Into::into))?;
        let mut exit = Exit::Well;
        for id in &self.packages {
            if !gone.iter().any(|release| release.id == *id) {
                crate::commands::warn(&format!("{id} is not installed"));
                exit = Exit::NothingMatched;
            }
        }
        Ok(exit)
    }
}

/// List installed packages
#[derive(Debug, Args)]
pub(crate) struct Installed {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Installed {
    pub(super) fn execute(self) -> Result<Exit> {
        let installed = home()?.store().list()?;
        let mut out = render::terminal::stdout();
        let result = match self.json {
            true => crate::commands::print_json(&installed),
            false => render::installed(&mut out, &installed).map_err(Into::into),
        };
        crate::commands::shown(result)?;
        Ok(if installed.is_empty() {
            Exit::NothingMatched
        } else {
            Exit::Well
        })
    }
}

/// Installs what was planned, and keeps it in the project's lock: read first, so that one that is
/// no good stops everything.
fn carry_out(
    access: &PackageAccess,
    plan: Plan,
    allow_downgrade: bool,
    person: &mut Person,
) -> Result<Plan> {
    if plan.changes().is_empty() {
        return Ok(plan);
    }
    let (mut lock, _held) = Lock::hold(&paths::project())?;
    let plan = access.carry_out(plan, &lock, allow_downgrade, person)?;
    lock.put(plan.locked());
    lock.write()?;
    Ok(plan)
}

/// Says which packages no index was asked about.
fn not_looked_up(ids: &[PackageId]) -> Result<()> {
    for installed in home()?.store().list()? {
        let id = &installed.release.id;
        if installed.wanted.is_none() && (ids.is_empty() || ids.contains(id)) {
            let from = escape(&installed.from);
            crate::commands::warn(&format!(
                "{} was installed from {from} and is not looked up: install {id} to follow an index",
                installed.release
            ));
        }
    }
    Ok(())
}

fn show(plan: &Plan) -> Result<Exit> {
    let result = render::plan(&mut render::terminal::stdout(), plan);
    crate::commands::shown(result.map_err(Into::into))?;
    Ok(Exit::Well)
}
