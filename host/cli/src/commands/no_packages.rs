//! In the place of `packages`, where this program is built without them.

use std::path::Path;
use std::sync::Arc;

use super::Result;
use clap::Args;
use dyno_job::Supervisor;
use dyno_model::{Fault, Limits};
use dyno_plugin::{PackageSpec, SourceError};
use dyno_session::{Provided, Provider};
use futures_util::future::{LocalBoxFuture, ready};

/// There is nothing to ask of packages.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct AccessArgs {}

impl AccessArgs {
    /// What refuses packages by name.
    pub(super) fn provider(&self, _: &Limits) -> Result<Arc<dyn Provider>> {
        Ok(Arc::new(NoPackages))
    }
}

/// Knows what a package is, and has none.
#[derive(Debug)]
struct NoPackages;

impl Provider for NoPackages {
    fn provides(&self, operand: &Path) -> bool {
        PackageSpec::of(operand).is_some()
    }

    fn provide<'a>(
        &'a self,
        _: &'a Path,
        _: &'a Supervisor,
        _: &'a Path,
    ) -> LocalBoxFuture<'a, Result<Provided, SourceError>> {
        let reason = "this dyno was built without packages: build it with the feature `packages`";
        Box::pin(ready(Err(SourceError::Package {
            sentence: reason.into(),
            fault: Fault::Usage,
        })))
    }
}

/// Whether a text names a package even where a path or a baseline has this name.
pub(super) fn is_claimed(text: &str) -> Result<bool> {
    Ok(PackageSpec::package(text).is_some_and(|named| named.says_which()))
}
