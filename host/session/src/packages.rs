//! A package as a plugin of a session: made ready by the [`Provider`](super::Provider), and run
//! like a plugin directory that the user named.

use std::path::Path;

use super::Session;
use super::provider::Provided;
use super::subject::Subject;
use dyno_model::Reach;
use dyno_model::quoted::path_text;
use dyno_plugin::{PACKAGE, Source, SourceError};

impl Session<'_> {
    /// Verifies a package and makes it ready.
    pub(super) async fn package(
        &self,
        operand: &Path,
    ) -> (Vec<Result<Source, SourceError>>, Option<Provided>) {
        let dir = self.cache.run_dir();
        let provider = &self.host.provider;
        match provider.provide(operand, &self.supervisor, dir).await {
            Ok(provided) => {
                let source = Source {
                    name: provided.manifest.name.clone(),
                    path: provided.dir.path().into(),
                    manifest: Some(provided.manifest.clone()),
                    is_named: true,
                    link: None,
                };
                (vec![Ok(source)], Some(provided))
            }
            Err(error) => (vec![Err(error)], None),
        }
    }
}

impl Subject {
    /// It came out of a package: what the report calls it, by what it was named, and what is its
    /// own.
    pub(super) fn is_packaged(&mut self, provided: Provided, operand: &Path) {
        self.plugin.source = provided.release.clone();
        let operand = path_text(operand);
        let operand = operand.strip_prefix(PACKAGE).unwrap_or(&operand);
        self.plugin.operand =
            Some(operand.to_owned()).filter(|operand| *operand != self.plugin.source);
        self.package = Some(provided);
    }

    /// What a package has of its own: its datasets, and the variables that it reads.
    pub(super) fn add_own(&self, reach: &mut Reach) {
        let Some(provided) = &self.package else {
            return;
        };
        reach.dirs.extend(provided.data.clone());
        for (name, value) in &provided.env {
            if !reach.env.iter().any(|(given, _)| given == name) {
                reach.env.push((name.clone(), value.clone()));
            }
        }
    }

    /// Gives back what its package took; says what stayed.
    pub(super) fn stop(&mut self) -> Option<String> {
        let closed = self.package.take()?.dir.close();
        let error = closed.err()?;
        Some(format!("the files of a package stay behind: {error}"))
    }
}
