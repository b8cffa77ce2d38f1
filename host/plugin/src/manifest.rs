//! `plugin.toml`: how a plugin directory calls itself, how it is built, and what it asks for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use dyno_files::checkout;
use dyno_model::{Classify, Fault, Features, LIMITS, LimitKind, Limits, quantity};

/// The file that makes a directory a plugin.
pub(super) const FILE_NAME: &str = "plugin.toml";

/// A manifest is a page of text.
pub const BYTES_MAX: u64 = 64 * 1024;

/// A parsed `plugin.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Short name.
    pub name: String,
    /// One sentence; may be empty.
    pub description: String,
    /// Commands that build the component, each a program and its arguments, run in the plugin's
    /// directory without a shell. None if it is ready as it is.
    pub commands: Vec<Vec<String>>,
    /// How to get a program that `commands` need, by its name: one sentence each.
    pub tools: BTreeMap<String, String>,
    /// Where the component is, relative to the plugin's directory.
    pub component: PathBuf,
    /// What it gets and must give if it is a plain command.
    pub program: ProgramTable,
    /// The limits that it needs to be higher than they are by default.
    pub limits: BTreeMap<LimitKind, u64>,
    /// What it uses beyond what every plugin may.
    pub features: Features,
    /// What it says of itself as a package, which packing reads.
    pub package: Option<toml::Table>,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or has unknown or missing keys. The message shows the line.
    #[error("{path} is not a plugin manifest: {message}")]
    Syntax {
        /// Which file.
        path: String,
        /// Where and what.
        message: String,
    },
    /// A value is not what it should be.
    #[error("{path}: {message}")]
    Value {
        /// Which file.
        path: String,
        /// Which key, and what is wrong.
        message: String,
    },
}

impl Classify for ManifestError {
    fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } => Fault::of_plugin_file(source),
            Self::Syntax { .. } | Self::Value { .. } => Fault::Refused,
        }
    }
}

/// The table `[program]`. Its files lie in the plugin's directory.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProgramTable {
    /// The name of its case; the plugin's name unless it says so.
    pub name: Option<String>,
    /// Arguments after the program's name.
    pub args: Vec<String>,
    /// The file that is its stdin.
    pub stdin: Option<PathBuf>,
    /// The file that its stdout must be equal to, line by line.
    pub stdout: Option<PathBuf>,
    /// The status that it must exit with; 0 unless it says so.
    #[serde(rename = "expected-status")]
    pub expected_status: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    plugin: PluginTable,
    build: BuildTable,
    #[serde(default)]
    program: ProgramTable,
    #[serde(default)]
    limits: BTreeMap<String, toml::Value>,
    #[serde(default)]
    features: Features,
    package: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PluginTable {
    name: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildTable {
    #[serde(default)]
    commands: Vec<Vec<String>>,
    component: PathBuf,
    #[serde(default)]
    tools: BTreeMap<String, String>,
}

impl Manifest {
    /// Reads the manifest of a directory; none if it has none.
    ///
    /// # Errors
    /// If there is one and it is no good.
    pub fn read(dir: &Path) -> Result<Option<Self>, ManifestError> {
        let path = dir.join(FILE_NAME);
        let shown = || path.display().to_string();
        let read = |source| ManifestError::Read {
            path: shown(),
            source,
        };
        let file = match checkout::open_in(dir, FILE_NAME) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(read(error)),
        };
        let text = checkout::text(file, BYTES_MAX).map_err(read)?;
        Self::parse(&text, &shown()).map(Some)
    }

    /// Understands the text of the manifest at a path, which need not exist: it is named in errors.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(text: &str, path: &str) -> Result<Self, ManifestError> {
        let file: File = toml::from_str(text).map_err(|error| ManifestError::Syntax {
            path: path.into(),
            message: error.to_string().trim().into(),
        })?;
        let value = |message: String| ManifestError::Value {
            path: path.into(),
            message,
        };
        let name = file.plugin.name;
        for (key, name) in [
            ("plugin.name", Some(&name)),
            ("program.name", file.program.name.as_ref()),
        ] {
            let is_bad = |name: &String| {
                name.is_empty() || name.chars().count() > 64 || name.chars().any(char::is_control)
            };
            if name.is_some_and(is_bad) {
                return Err(value(format!(
                    "{key} must have 1 to 64 characters, none of them a control character"
                )));
            }
        }
        if file.build.commands.iter().any(Vec::is_empty) {
            return Err(value("build.commands has an empty command".into()));
        }
        let mut limits = BTreeMap::new();
        for (key, wanted) in file.limits {
            let spec = LIMITS.iter().find(|spec| spec.name == key).ok_or_else(|| {
                let names: Vec<_> = LIMITS.iter().map(|spec| spec.name).collect();
                value(format!(
                    "limits.{} is not a limit; there are {}",
                    key.escape_debug(),
                    names.join(", ")
                ))
            })?;
            let text = match wanted {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Float(number) => number.to_string(),
                _ => {
                    return Err(value(format!(
                        "limits.{key} must be a number or a text like \"256MiB\""
                    )));
                }
            };
            let amount = quantity::parse(&text, spec.unit)
                .map_err(|error| value(format!("limits.{key}: {error}")))?;
            limits.insert(spec.kind, amount);
        }
        Ok(Self {
            name,
            description: file.plugin.description,
            commands: file.build.commands,
            tools: file.build.tools,
            component: file.build.component,
            program: file.program,
            limits,
            features: file.features,
            package: file.package,
        })
    }

    /// What it asks for beyond `limits` and `features`, as the flags that would grant it; none if
    /// nothing.
    #[must_use]
    pub fn beyond(&self, limits: &Limits, features: &Features) -> Option<String> {
        let limits = self
            .limits
            .iter()
            .filter(|&(&kind, &wanted)| wanted > limits.get(kind))
            .map(|(kind, wanted)| {
                format!(
                    "--{} {}",
                    kind.spec().name,
                    quantity::show(*wanted, kind.spec().unit)
                )
            });
        let features = self.features.beyond(features).words();
        let flags: Vec<_> = limits.chain(features).collect();
        (!flags.is_empty()).then(|| flags.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::Proposal;

    const GOOD: &str =
        "[plugin]\nname = 'x'\n[build]\ncommands = [['cargo', 'build']]\ncomponent = 'x.wasm'\n";

    fn message(text: &str) -> String {
        Manifest::parse(text, "p/plugin.toml")
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_good_one_is_read_and_its_limits_are_requests() {
        let manifest =
            Manifest::parse(&format!("{GOOD}[limits]\nmemory = '1GiB'\nfuel = 5\n"), "p").unwrap();
        assert_eq!(manifest.commands, [["cargo", "build"]]);
        let mut limits = Limits::default();
        let none = Features::default();
        assert_eq!(
            manifest.beyond(&limits, &none).as_deref(),
            Some("--memory 1GiB")
        );
        limits.set(LimitKind::Memory, 1 << 30);
        assert_eq!(manifest.beyond(&limits, &none), None);
    }

    #[test]
    fn what_it_uses_is_a_request_for_what_is_not_granted_yet() {
        let table = "[features]\nwasm = ['exceptions', 'gc']\ndeny-stubs = ['http']\n";
        let manifest = Manifest::parse(&format!("{GOOD}{table}"), "p").unwrap();
        let beyond = |features: &Features| manifest.beyond(&Limits::default(), features);
        let mut granted = Features::default();
        assert_eq!(
            beyond(&granted).as_deref(),
            Some("--wasm=gc,exceptions --deny-stubs=http")
        );
        granted.wasm.insert(Proposal::Gc);
        assert_eq!(
            beyond(&granted).as_deref(),
            Some("--wasm=exceptions --deny-stubs=http")
        );
        assert_eq!(beyond(&Features::all()), None);
        assert!(
            message(&format!("{GOOD}[features]\nwasm = ['threads']\n"))
                .contains("unknown variant `threads`")
        );
    }

    #[test]
    fn a_bad_one_is_refused_with_its_place() {
        assert!(message("").contains("missing field `plugin`"));
        assert!(message(&GOOD.replace("name", "nane")).contains("unknown field `nane`"));
        assert!(message(&GOOD.replace("'x'", "'\\n'").replace('\'', "\"")).contains("plugin.name"));
        assert!(message(&format!("{GOOD}[program]\nname = ''\n")).contains("program.name"));
        assert!(message(&GOOD.replace("['cargo', 'build']", "[]")).contains("empty command"));
        assert!(
            message(&format!("{GOOD}[limits]\nmemry = 1\n"))
                .contains("limits.memry is not a limit")
        );
        assert!(message(&format!("{GOOD}[limits]\nmemory = 'much'\n")).contains("limits.memory"));
    }
}
