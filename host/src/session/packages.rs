//! A package as a plugin of a session: verified, its files in a directory of ours, and run like a
//! plugin directory that the user named.

use std::path::Path;

use super::Session;
use super::subject::{Subject, lossy};
use crate::package::kind::{DATA, Kinds, Started};
use crate::packaging::{Ask, Named, PACKAGE};
use crate::plugin::{Source, SourceError};
use crate::sandbox::{Access, Reach, ReachDir};

impl Session<'_> {
    /// Verifies a package and makes it ready.
    pub(super) async fn package(
        &self,
        named: &Named,
        ask: &mut dyn Ask,
    ) -> (Vec<Result<Source, SourceError>>, Option<Started>) {
        match self.started(named, ask).await {
            Ok(started) => {
                let source = Source {
                    name: started.release.id.to_string(),
                    path: started.dir().into(),
                    manifest: Some(started.manifest.clone()),
                    is_named: true,
                };
                (vec![Ok(source)], Some(started))
            }
            Err(reason) => (vec![Err(SourceError::Package(reason))], None),
        }
    }

    async fn started(&self, named: &Named, ask: &mut dyn Ask) -> Result<Started, String> {
        let access = self.host.access.as_ref();
        let access = access.ok_or("there is no HOME with installed packages and trusted keys")?;
        let dir = self.cache.run_dir();
        let mut quietly = |_| {};
        let opened = access.open(named, &self.supervisor, dir, ask, &mut quietly);
        let package = opened.await.map_err(|error| error.to_string())?;
        let handler = self.kinds.of(&package.content.about.manifest);
        let started = handler.and_then(|handler| handler.start(package.content));
        started.map_err(|error| format!("{named}: {error}"))
    }
}

impl Subject {
    /// It came out of a package: what the report calls it, by what it was named, and what is its own.
    pub(super) fn is_packaged(&mut self, started: Started, operand: &Path) {
        self.plugin.source = started.release.to_string();
        let operand = lossy(operand);
        let operand = operand.strip_prefix(PACKAGE).unwrap_or(&operand);
        self.plugin.operand =
            Some(operand.to_owned()).filter(|operand| *operand != self.plugin.source);
        self.package = Some(started);
    }

    /// What a package has of its own: its datasets, and the variables that it reads.
    pub(super) fn add_own(&self, reach: &mut Reach) {
        let Some(started) = &self.package else { return };
        if let Some(data) = started.data() {
            let dir = ReachDir::new(data, format!("/{DATA}"), Access::Read);
            reach.dirs.push(dir);
        }
        for (name, value) in &started.env {
            if !reach.env.iter().any(|(given, _)| given == name) {
                reach.env.push((name.clone(), value.clone()));
            }
        }
    }

    /// Gives back what its package took; says what stayed.
    pub(super) fn stop(&mut self, kinds: &Kinds) -> Option<String> {
        let started = self.package.take()?;
        let stopped = kinds
            .named(started.kind)
            .map(|handler| handler.stop(started));
        match stopped {
            Some(Err(error)) => Some(format!("the files of a package stay behind: {error}")),
            _ => None,
        }
    }
}
