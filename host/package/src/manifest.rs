//! What a package says of itself: its manifest and the standard labels, both inside the component,
//! and the annotations of its OCI manifest, which repeat them for search.

use std::collections::{BTreeMap, BTreeSet};

use semver::VersionReq;
use serde::{Deserialize, Serialize};

use super::oci::Descriptor;
use super::strict_json;
use dyno_model::quoted::quoted;
use dyno_model::{Features, LimitKind, PluginKind};
use dyno_plugin::id::{IdError, PackageId, Release, version};

/// The section of a component that holds the manifest of its package.
pub use dyno_job::MANIFEST_SECTION;

/// The form of manifests that this host writes and reads.
const SCHEMA: u32 = 1;

/// The prefix of our own annotations.
const OURS: &str = "dev.dyno.";

/// The labels and the annotations that repeat them (OCI image specification 1.1, annotations).
const LABELS: [(&str, &str); 8] = [
    ("name", "org.opencontainers.image.title"),
    ("version", "org.opencontainers.image.version"),
    ("description", "org.opencontainers.image.description"),
    ("authors", "org.opencontainers.image.authors"),
    ("licenses", "org.opencontainers.image.licenses"),
    ("source", "org.opencontainers.image.source"),
    ("homepage", "org.opencontainers.image.url"),
    ("revision", "org.opencontainers.image.revision"),
];

/// The `dyno:manifest` section: JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageManifest {
    /// The form of this manifest: 1.
    pub schema: u32,
    /// Which package it is.
    pub id: PackageId,
    /// What runs it: `wasm` for a suite, `command` for a plain program, or what another host knows.
    pub kind: String,
    /// The parts of WASI that it may import, such as `wasi:filesystem`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub capabilities: BTreeSet<String>,
    /// The limits that it needs to be higher than they are by default, each in the limit's own
    /// unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<LimitKind, u64>,
    /// What it uses beyond what every plugin may.
    #[serde(default, skip_serializing_if = "Features::is_empty")]
    pub features: Features,
    /// Environment variables that it reads, with what they are unless the user says otherwise.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Parameter>,
    /// Files that it reads as `/data/NAME`: the manifests of their artifacts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub datasets: BTreeMap<String, Dataset>,
    /// Packages that must be installed with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dependencies: BTreeMap<PackageId, VersionReq>,
    /// What it was built with, such as `rustc 1.95.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toolchain: Option<String>,
    /// Of a program: what it gets and must give.
    #[serde(default, skip_serializing_if = "Program::is_empty")]
    pub program: Program,
    /// What other kinds of host need to know. Kept as it is.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// An environment variable that a plugin reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its value unless the user gives another.
    pub default: String,
    /// One sentence; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
}

/// A dataset, pinned by the digest of the manifest of its artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dataset(pub Descriptor);

/// What a program gets and must give.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Arguments after its name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// The dataset that is its stdin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<String>,
    /// The dataset that its stdout must be equal to, line by line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<String>,
    /// The status that it must exit with, if that is not 0.
    #[serde(
        rename = "expected-status",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub expected_status: Option<u32>,
}

impl Program {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Why what a package says of itself cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// There is none.
    #[error(
        "its component carries no `{MANIFEST_SECTION}` section: it was not made by `dyno pack`"
    )]
    None,
    /// It is not a manifest.
    #[error("its `{MANIFEST_SECTION}` section is not a manifest: {0}")]
    Syntax(serde_json::Error),
    /// It is of a newer form.
    #[error("its manifest is of form {0}, this host reads form 1: use a newer dyno")]
    Schema(u64),
    /// A value is not what it should be.
    #[error("its manifest: {0}")]
    Value(String),
    /// It has no version.
    #[error("its component has no version")]
    Version(#[source] IdError),
    /// The annotations do not repeat it.
    #[error(
        "its annotation {key} says {found}, and its component says {expected}: they must agree"
    )]
    Annotation {
        /// Which annotation.
        key: String,
        /// What it says, escaped.
        found: String,
        /// What the component says, escaped.
        expected: String,
    },
    /// It is of another kind than it says.
    #[error(
        "it says that it is of the kind `{found}`, and its component is of the kind `{expected}`"
    )]
    Kind {
        /// What it says.
        found: String,
        /// What its component is.
        expected: &'static str,
    },
    /// It imports more than it requests.
    #[error("it imports `{import}` and requests no `{capability}`: it would do more than it says")]
    Undeclared {
        /// What it imports, escaped.
        import: String,
        /// What it would have to request.
        capability: String,
    },
}

/// A component's labels and manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct SelfDescription {
    /// Which release it says it is.
    pub release: Release,
    /// The standard labels that it has, by their own names: `description`, `licenses`, …
    pub labels: BTreeMap<String, String>,
    /// The manifest.
    pub manifest: PackageManifest,
}

impl SelfDescription {
    /// Reads a component's sections.
    ///
    /// # Errors
    /// If there is no manifest, or it or the version is no good.
    pub fn read(sections: &BTreeMap<String, String>) -> Result<Self, ManifestError> {
        let mut labels = sections.clone();
        let text = labels.remove(MANIFEST_SECTION).ok_or(ManifestError::None)?;
        let manifest = PackageManifest::parse(text.as_bytes())?;
        let found = labels.get("version").map_or("", String::as_str);
        let release = Release {
            id: manifest.id.clone(),
            version: version(found).map_err(ManifestError::Version)?,
        };
        Ok(Self {
            release,
            labels,
            manifest,
        })
    }

    /// The sections that say this.
    #[must_use]
    pub fn sections(&self) -> BTreeMap<String, String> {
        let mut sections = self.labels.clone();
        let manifest = String::from_utf8_lossy(&super::oci::to_json(&self.manifest)).into_owned();
        sections.insert(MANIFEST_SECTION.into(), manifest);
        sections
    }

    /// One label, or nothing.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The annotations that repeat this.
    #[must_use]
    pub fn annotations(&self) -> BTreeMap<String, String> {
        let standard = LABELS.iter().filter_map(|(label, key)| {
            let text = self.labels.get(*label)?;
            Some(((*key).to_owned(), text.clone()))
        });
        let capabilities: Vec<_> = self.manifest.capabilities.iter().cloned().collect();
        let ours = [
            ("id", self.manifest.id.to_string()),
            ("kind", self.manifest.kind.clone()),
            ("capabilities", capabilities.join(" ")),
        ];
        let ours = ours.map(|(key, value)| (format!("{OURS}{key}"), value));
        standard.chain(ours).collect()
    }

    /// Holds the annotations of an OCI manifest against this. Others than ours are let be.
    ///
    /// # Errors
    /// The first that says something else, or is missing.
    pub(crate) fn agrees_with(
        &self,
        found: &BTreeMap<String, String>,
    ) -> Result<(), ManifestError> {
        let expected = self.annotations();
        let standard = LABELS.iter().map(|(_, key)| (*key).to_owned());
        let ours = found.keys().filter(|key| key.starts_with(OURS)).cloned();
        let keys: BTreeSet<String> = standard
            .chain(ours)
            .chain(expected.keys().cloned())
            .collect();
        let shown = |value: Option<&String>| match value {
            Some(value) => format!("`{}`", quoted(value)),
            None => "nothing".into(),
        };
        for key in keys {
            let (found, expected) = (found.get(&key), expected.get(&key));
            if found != expected {
                return Err(ManifestError::Annotation {
                    found: shown(found),
                    expected: shown(expected),
                    key: quoted(&key),
                });
            }
        }
        Ok(())
    }

    /// Holds what a component is and imports against what it says and requests. What a kind that
    /// this host does not know needs, it cannot say.
    ///
    /// # Errors
    /// If it is of another of our kinds, or the first import that it does not request.
    pub fn covers(&self, entry: PluginKind, imports: &[String]) -> Result<(), ManifestError> {
        let found = self.manifest.kind.as_str();
        let ours = [PluginKind::Suite, PluginKind::Command].map(kind_of);
        if ours.contains(&found) && found != kind_of(entry) {
            return Err(ManifestError::Kind {
                found: found.into(),
                expected: kind_of(entry),
            });
        }
        for import in imports {
            if let Some(capability) = capability(import)
                && !self.manifest.capabilities.contains(capability)
            {
                return Err(ManifestError::Undeclared {
                    import: quoted(import),
                    capability: quoted(capability),
                });
            }
        }
        Ok(())
    }
}

/// The release that the annotations of a package's OCI manifest claim: enough to know whose keys to
/// look for, before anything is trusted.
#[must_use]
pub fn claimed(annotations: &BTreeMap<String, String>) -> Option<Release> {
    let id = annotations.get(&format!("{OURS}id"))?.parse().ok()?;
    let found = annotations.get("org.opencontainers.image.version")?;
    let version = version(found).ok()?;
    Some(Release { id, version })
}

/// What a program requests that is a core module.
const PREVIEW1: &str = "wasi:preview1";

/// What one has to request to import this: the package of WASI that it is of. The contract itself
/// is what every plugin gets.
#[must_use]
pub fn capability(import: &str) -> Option<&str> {
    if import == "wasi_snapshot_preview1" {
        return Some(PREVIEW1);
    }
    let (package, _) = import.split_once('/')?;
    package.starts_with("wasi:").then_some(package)
}

/// What a capability means to the user who is asked for it, one sentence each.
#[must_use]
pub fn meaning(capability: &str) -> &'static str {
    match capability {
        "wasi:cli" => {
            "arguments, variables and stdin that you give it, and output that is captured"
        }
        "wasi:clocks" => "the time",
        "wasi:filesystem" => "its datasets, and directories that you open to it with a flag",
        "wasi:io" => "streams, for the others",
        "wasi:random" => "random numbers from a seed",
        PREVIEW1 => {
            "arguments, variables, stdin and directories that you give it, the time, random numbers from a seed, and output that is captured"
        }
        _ => "unknown to this host, which will not offer it",
    }
}

impl PackageManifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// If it is not one, is of a newer form, or a value is out of its range.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let plain: serde_json::Value =
            strict_json::from_slice(bytes).map_err(ManifestError::Syntax)?;
        // Before the fields: those of a newer form are not known.
        match plain.get("schema").and_then(serde_json::Value::as_u64) {
            Some(schema) if schema != u64::from(SCHEMA) => {
                return Err(ManifestError::Schema(schema));
            }
            _ => {}
        }
        let manifest: Self = serde_json::from_value(plain).map_err(ManifestError::Syntax)?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// A manifest that asks for nothing.
    #[must_use]
    pub fn new(id: PackageId, kind: &str) -> Self {
        Self {
            schema: SCHEMA,
            id,
            kind: kind.into(),
            capabilities: BTreeSet::new(),
            limits: BTreeMap::new(),
            features: Features::default(),
            parameters: BTreeMap::new(),
            datasets: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            toolchain: None,
            program: Program::default(),
            extensions: serde_json::Map::new(),
        }
    }

    /// What every manifest must keep to.
    ///
    /// # Errors
    /// The first value that is not what it should be.
    pub fn validate(&self) -> Result<(), ManifestError> {
        let refuse = |message: String| Err(ManifestError::Value(message));
        if !dyno_plugin::id::is_part(&self.kind) {
            return refuse(format!(
                "`{}` is not the name of a kind",
                quoted(&self.kind)
            ));
        }
        for capability in &self.capabilities {
            if !capability
                .strip_prefix("wasi:")
                .is_some_and(dyno_plugin::id::is_part)
            {
                return refuse(format!(
                    "`{}` is not a capability: it is like wasi:filesystem",
                    quoted(capability)
                ));
            }
        }
        for name in self.parameters.keys() {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
                return refuse(format!(
                    "`{}` is not the name of a parameter: 1 to 64 of A-Z, a-z, 0-9 and _",
                    quoted(name)
                ));
            }
        }
        for name in self.datasets.keys() {
            // It becomes a file's name.
            if !is_file_name(name) {
                return refuse(format!(
                    "`{}` is not the name of a dataset: 1 to 64 of A-Z, a-z, 0-9, `.`, `-` and `_`, and no `.` first",
                    quoted(name)
                ));
            }
        }
        let files = [&self.program.stdin, &self.program.stdout];
        for name in files.into_iter().flatten() {
            if !self.datasets.contains_key(name) {
                return refuse(format!("program: there is no dataset `{}`", quoted(name)));
            }
        }
        Ok(())
    }
}

fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    (1..=64).contains(&name.len()) && !name.starts_with('.') && name.chars().all(is_plain)
}

/// What a package says that it is, and the plugin that it then holds.
pub(super) const KINDS: [(&str, PluginKind); 2] = [
    ("command", PluginKind::Command),
    ("wasm", PluginKind::Suite),
];

/// The kind of a component that this host runs, unless its author says otherwise.
#[must_use]
pub fn kind_of(entry: PluginKind) -> &'static str {
    let is_of = |(_, plugin): &&(&str, PluginKind)| *plugin == entry;
    KINDS.iter().find(is_of).map_or("", |(kind, _)| kind)
}

#[cfg(test)]
mod tests;
