//! The source form of a package: the table `[package]` of a `plugin.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use semver::{Version, VersionReq};
use serde::{Deserialize, Deserializer};

use super::manifest::Parameter;
use dyno_model::quoted::quoted;
use dyno_plugin::Manifest;
use dyno_plugin::id::{PackageId, Release, version};

/// What an author says of a package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageTable {
    /// Which package.
    pub id: PackageId,
    /// Which version of it.
    #[serde(deserialize_with = "without_build")]
    pub version: Version,
    /// The people or the organisation responsible.
    pub authors: Option<String>,
    /// An SPDX expression.
    #[serde(alias = "licence")]
    pub license: Option<String>,
    /// Where its source code is: a URL.
    pub source: Option<String>,
    /// Where more is said about it: a URL.
    pub homepage: Option<String>,
    /// The revision of the source code.
    pub revision: Option<String>,
    /// What it was built with.
    pub toolchain: Option<String>,
    /// What runs it, if that is not what its component exports.
    pub kind: Option<String>,
    /// The parts of WASI that it may import; what it does import unless it says otherwise.
    pub capabilities: Option<BTreeSet<String>>,
    /// Environment variables that it reads.
    #[serde(default)]
    pub parameters: BTreeMap<String, Parameter>,
    /// Files below the plugin's directory that it reads as `/data/NAME`.
    #[serde(default)]
    pub datasets: BTreeMap<String, PathBuf>,
    /// Packages that must be installed with it.
    #[serde(default)]
    pub dependencies: BTreeMap<PackageId, VersionReq>,
    /// What other kinds of host need to know.
    #[serde(default)]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// Why a plugin directory is not the source of a package.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Its manifest has no such table.
    #[error(
        "{0}: its plugin.toml has no table [package]: give it one with `id = \"namespace/name\"` and `version = \"0.1.0\"`"
    )]
    None(String),
    /// The table is no good.
    #[error("{path}: [package] in plugin.toml: {message}")]
    Syntax {
        /// Which directory.
        path: String,
        /// Which key, and what is wrong.
        message: String,
    },
}

impl PackageTable {
    /// The package of a plugin directory, which goes by `shown` in messages.
    ///
    /// # Errors
    /// If its manifest describes none, or not one that can be.
    pub fn of(manifest: &Manifest, shown: &str) -> Result<Self, SourceError> {
        let table = manifest.package.clone();
        let table = table.ok_or_else(|| SourceError::None(shown.into()))?;
        let syntax = |message: String| SourceError::Syntax {
            path: shown.into(),
            message,
        };
        table
            .try_into()
            .map_err(|error: toml::de::Error| syntax(quoted(error.to_string().trim())))
    }

    /// Which release it is.
    #[must_use]
    pub fn release(&self) -> Release {
        Release {
            id: self.id.clone(),
            version: self.version.clone(),
        }
    }
}

fn without_build<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Version, D::Error> {
    version(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
