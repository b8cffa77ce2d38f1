//! What is to be installed and what that changes, before anything is changed: packages, what they
//! depend on, and what they ask for that they were not given before.

use std::collections::VecDeque;
use std::path::Path;

use super::{Ask, PackageAccess, PackagingError};
use crate::kind::runs;
use crate::layout::LayoutError;
use crate::lock::{Lock, Locked};
use crate::store::{Installed, Replacement, StoreError};
use crate::unsigned::AllowUnsigned;
use crate::verify::{Check, Package};
use dyno_job::Supervisor;
use dyno_plugin::PackageSpec;
use dyno_plugin::id::{PackageId, Release, Wanted};

/// One package that is to be installed.
#[derive(Debug)]
pub struct Change {
    /// Which release.
    pub release: Release,
    /// What is installed of it now.
    pub replaces: Option<Installed>,
    package: Package,
    installed: Installed,
}

impl Change {
    /// The capabilities that it asks for and was not given before.
    #[must_use]
    pub fn asks(&self) -> Vec<&str> {
        let had = self.replaces.as_ref().map(|it| &it.capabilities);
        let wanted = self.installed.capabilities.iter().map(String::as_str);
        wanted
            .filter(|&capability| !had.is_some_and(|had| had.contains(capability)))
            .collect()
    }

    /// Whether it is there already, to the byte.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let replaces = self.replaces.as_ref();
        replaces.is_some_and(|it| it.manifest == self.installed.manifest)
    }
}

/// Packages that are to be installed at once.
#[derive(Debug, Default)]
pub struct Plan {
    changes: Vec<Change>,
}

impl Plan {
    /// The packages.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// What a lock keeps of them.
    #[must_use]
    pub fn locked(&self) -> Vec<Locked> {
        let packages = self.changes.iter().map(|change| &change.package);
        packages.map(Locked::of).collect()
    }

    /// If it replaces nothing by something older, or that is allowed.
    fn expect_forward(&self, allow_downgrade: bool) -> Result<(), PackagingError> {
        for change in &self.changes {
            if let Some(installed) = &change.replaces
                && installed.release.version > change.release.version
                && !allow_downgrade
            {
                return Err(PackagingError::Downgrade {
                    installed: Box::new(installed.release.clone()),
                    found: Box::new(change.release.clone()),
                });
            }
        }
        Ok(())
    }

    /// If nothing that was signed, in the store or in the project's lock, is replaced by something
    /// that is not, unless that was allowed by name.
    fn expect_signed(&self, lock: &Lock, allowed: &AllowUnsigned) -> Result<(), PackagingError> {
        for change in &self.changes {
            let id = &change.release.id;
            if change.package.accepted.is_some() || allowed.allows(id, true) {
                continue;
            }
            let installed = change.replaces.as_ref();
            let installed = installed.map(|it| (&it.release, &it.signers, "that is installed"));
            let locked = lock.locked(id);
            let locked = locked.map(|it| (&it.release, &it.signers, "in dyno.lock"));
            let mut before = installed.into_iter().chain(locked);
            if let Some((before, _, place)) = before.find(|(_, signers, _)| !signers.is_empty()) {
                return Err(PackagingError::Unsigned {
                    before: Box::new(before.clone()),
                    place,
                    found: Box::new(change.release.clone()),
                });
            }
        }
        Ok(())
    }

    fn replacements(&self) -> Result<Vec<Replacement>, LayoutError> {
        let replacement = |change: &Change| {
            Ok(Replacement {
                contents: change.package.contents()?,
                installed: change.installed.clone(),
                replaces: change.replaces.clone(),
            })
        };
        self.changes.iter().map(replacement).collect()
    }
}

/// What an update would change, and what could not be looked up.
#[derive(Debug)]
pub struct Update {
    /// What would change.
    pub plan: Plan,
    /// Which installed packages nothing is known of, and why.
    pub missed: Vec<(Release, PackagingError)>,
}

/// A package that has to be there, and why.
struct Needed {
    named: PackageSpec,
    by: Option<Release>,
}

impl PackageAccess {
    /// Gets and verifies packages and all that they depend on. Changes nothing.
    ///
    /// # Errors
    /// The first package that cannot be had, is refused, or contradicts another.
    pub async fn plan(
        &self,
        packages: &[PackageSpec],
        supervisor: &Supervisor,
        staging_dir: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Plan, PackagingError> {
        let mut plan = Plan::default();
        let named = packages.iter().cloned();
        let mut needed: VecDeque<_> = named.map(|named| Needed { named, by: None }).collect();
        while let Some(Needed { named, by }) = needed.pop_front() {
            if let (PackageSpec::Wanted(wanted), Some(by)) = (&named, &by)
                && self.is_met(wanted, by, &plan)?
            {
                continue;
            }
            let package = self
                .obtain(&named, supervisor, staging_dir, ask, on)
                .await?;
            let about = &package.content.about;
            runs(&about.manifest).map_err(|source| PackagingError::Kind {
                release: Box::new(about.release.clone()),
                source,
            })?;
            let release = about.release.clone();
            for (id, range) in &about.manifest.dependencies {
                needed.push_back(Needed {
                    named: PackageSpec::Wanted(Wanted {
                        id: id.clone(),
                        range: range.clone(),
                    }),
                    by: Some(release.clone()),
                });
            }
            plan.changes
                .retain(|change| change.release.id != release.id);
            plan.changes
                .push(self.change(&named, by.is_some(), package)?);
        }
        Ok(plan)
    }

    /// Whether something that is needed is there, or will be.
    fn is_met(&self, wanted: &Wanted, by: &Release, plan: &Plan) -> Result<bool, PackagingError> {
        let planned = plan.changes.iter().map(|change| &change.release);
        let mut planned = planned.filter(|release| release.id == wanted.id);
        match planned.next() {
            Some(release) if wanted.allows(release) => Ok(true),
            Some(release) => Err(PackagingError::Conflict {
                wanted: Box::new(wanted.clone()),
                by: Box::new(by.clone()),
                found: Box::new(release.clone()),
            }),
            None => Ok(self.home.store().find(wanted)?.is_some()),
        }
    }

    /// What is installed and stays must still have what it needs.
    fn expect_dependents_met(&self, plan: &Plan) -> Result<(), PackagingError> {
        let changes = &plan.changes;
        for installed in self.home.store().list()? {
            let id = &installed.release.id;
            if changes.iter().any(|change| change.release.id == *id) {
                continue;
            }
            for change in changes {
                let needed = installed.dependencies.get(&change.release.id);
                if let Some(range) = needed
                    && !range.matches(&change.release.version)
                {
                    return Err(PackagingError::Conflict {
                        wanted: Box::new(Wanted {
                            id: change.release.id.clone(),
                            range: range.clone(),
                        }),
                        by: Box::new(installed.release.clone()),
                        found: Box::new(change.release.clone()),
                    });
                }
            }
        }
        Ok(())
    }

    fn change(
        &self,
        named: &PackageSpec,
        is_dependency: bool,
        package: Package,
    ) -> Result<Change, PackagingError> {
        let about = &package.content.about;
        let release = about.release.clone();
        let any = Wanted::any(release.id.clone());
        let replaces = self.home.store().find(&any)?;
        // What the user asked for stays asked for, even if another package needs it, too.
        let is_dependency = is_dependency && replaces.as_ref().is_none_or(|it| it.is_dependency);
        let wanted = match named {
            PackageSpec::Wanted(wanted) => Some(wanted.to_string()),
            PackageSpec::File(_) | PackageSpec::Reference(_) => None,
        };
        let installed = Installed {
            release: release.clone(),
            manifest: package.digest,
            wasm: package.component,
            signers: package.signers(),
            capabilities: about.manifest.capabilities.clone(),
            from: named.to_string(),
            wanted,
            is_dependency,
            dependencies: about.manifest.dependencies.clone(),
        };
        Ok(Change {
            release,
            replaces,
            package,
            installed,
        })
    }

    /// What an update would change: a newer release of each package that an index answered for. One
    /// that cannot be looked up keeps no other from being updated.
    ///
    /// # Errors
    /// As [`PackageAccess::plan`], if a named package is not installed, and if none could be looked up.
    pub async fn plan_update(
        &self,
        ids: &[PackageId],
        supervisor: &Supervisor,
        staging_dir: &Path,
        ask: &mut dyn Ask,
        on: &mut dyn FnMut(Check),
    ) -> Result<Update, PackagingError> {
        let installed = self.home.store().list()?;
        for id in ids {
            if !installed.iter().any(|it| it.release.id == *id) {
                return Err(PackagingError::NotInstalled(Wanted::any(id.clone())));
            }
        }
        let (mut newer, mut missed, mut looked_up) = (Vec::new(), Vec::new(), 0);
        for it in &installed {
            let is_meant = ids.is_empty() || ids.contains(&it.release.id);
            let wanted = it
                .wanted
                .as_ref()
                .and_then(|text| text.parse::<Wanted>().ok());
            let Some(wanted) = wanted.filter(|_| is_meant) else {
                continue;
            };
            match self.resolve(&wanted).await {
                Ok(found) => {
                    looked_up += 1;
                    if found.listed.release.version > it.release.version {
                        newer.push(PackageSpec::Wanted(wanted));
                    } else {
                        self.warn_if_yanked(&it.release);
                    }
                }
                Err(error) => missed.push((it.release.clone(), error)),
            }
        }
        if looked_up == 0 && !missed.is_empty() {
            return Err(missed.swap_remove(0).1);
        }
        let plan = self.plan(&newer, supervisor, staging_dir, ask, on).await?;
        Ok(Update { plan, missed })
    }

    /// Installs what was planned, if the user agrees to what is new. Who installs something else at
    /// the same time is waited for, and what that changes is judged anew. `lock` is what the
    /// project had before.
    ///
    /// # Errors
    /// If a package would be replaced by an older or an unsigned release and that is not allowed,
    /// the user does not agree, or the store cannot be written. What was installed before is still
    /// there.
    pub fn carry_out(
        &self,
        mut plan: Plan,
        lock: &Lock,
        allow_downgrade: bool,
        ask: &mut dyn Ask,
    ) -> Result<Plan, PackagingError> {
        loop {
            plan.expect_forward(allow_downgrade)?;
            plan.expect_signed(lock, &self.allow_unsigned)?;
            self.expect_dependents_met(&plan)?;
            expect_consent(&plan, ask)?;
            match self.home.store().install(&plan.replacements()?) {
                Ok(()) => return Ok(plan),
                Err(StoreError::Changed(_)) => {}
                Err(error) => return Err(error.into()),
            }
            for change in &mut plan.changes {
                let any = Wanted::any(change.release.id.clone());
                change.replaces = self.home.store().find(&any)?;
            }
        }
    }
}

fn expect_consent(plan: &Plan, ask: &mut dyn Ask) -> Result<(), PackagingError> {
    let asking = plan.changes.iter().find(|change| !change.asks().is_empty());
    match asking {
        Some(change) if !ask.consent(plan) => Err(PackagingError::NoConsent {
            release: Box::new(change.release.clone()),
            asks: change.asks().join(", "),
        }),
        _ => Ok(()),
    }
}
