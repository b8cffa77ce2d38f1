//! The releases of a verified repository, from the roles that may list them. `tough` verifies
//! signatures; which role may list what is decided here, by the namespace alone.

use dyno_model::chain;
use tough::Repository;
use tough::schema::{DelegatedRole, PathSet, Targets};

use crate::index::{Index, IndexError, Listed, pattern};
use dyno_model::quoted::quoted;
use dyno_plugin::id::is_part;

/// How many sentences about targets that cannot be listed are kept: enough to see what is wrong.
const IGNORED_MAX: usize = 100;

impl Index {
    /// Lists them, and says what cannot be listed.
    pub(super) fn read(repository: &Repository) -> Result<Self, IndexError> {
        let top = &repository.targets().signed;
        let mut index = Self::of(Vec::new());
        for name in top.targets.keys() {
            index.ignore(format!(
                "`{}` is listed by the index itself, and not by its namespace",
                quoted(name.raw())
            ));
        }
        for role in top
            .delegations
            .iter()
            .flat_map(|delegations| &delegations.roles)
        {
            // `tough` then loads none of them, and says nothing.
            let targets = role.targets.as_ref().ok_or_else(|| {
                IndexError::Malformed(format!(
                    "its snapshot lacks the role `{}`",
                    quoted(&role.name)
                ))
            })?;
            index.namespaces.insert(role.name.clone());
            index.add(role, &targets.signed);
        }
        index.listed.sort_by(|a, b| a.release.cmp(&b.release));
        Ok(index)
    }

    fn add(&mut self, role: &DelegatedRole, targets: &Targets) {
        let whole = pattern(&role.name);
        let is_whole = |paths: &PathSet| match paths {
            PathSet::Paths(paths) => paths.iter().any(|path| path.value() == whole),
            PathSet::PathHashPrefixes(_) => false,
        };
        if !is_part(&role.name) || !is_whole(&role.paths) {
            let role = quoted(&role.name);
            self.ignore(format!(
                "the role `{role}` is not that of a namespace: it may not list `{role}/*`"
            ));
            return;
        }
        for (name, target) in &targets.targets {
            match Listed::read(&role.name, name.raw(), target) {
                Ok(listed) => self.listed.push(listed),
                Err(error) => self.ignore(chain(&error)),
            }
        }
    }

    fn ignore(&mut self, sentence: String) {
        if self.ignored.len() < IGNORED_MAX {
            self.ignored.push(sentence);
        }
    }
}
