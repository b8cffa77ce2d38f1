//! A suite as types: every name is known, every amount is a number, every pattern can be matched.

mod exceptions;
mod phase;
mod understand;
mod values;

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::criterion::{CasePattern, Criterion};
use super::diagnostic::{Diagnostic, Problem, is_secret, suggestion};
use super::file::File;
use dyno_analysis::filter::CaseFilter;
use dyno_files::checkout::{self, Checkout};
use dyno_model::quoted::{quoted, quoted_path, without_value};
use dyno_model::{
    ChecksumRule, Classify, Exceptions, Fault, Gone, Grants, Limits, MetricSpec, Variables, word,
};
use dyno_session::Depth;

/// A suite is a few pages of text.
const BYTES_MAX: u64 = 64 * 1024;

/// A parsed `dyno.toml`. Its paths have been joined to the directory that it lies in.
#[derive(Debug, Clone)]
pub struct Suite {
    /// Out of what none of its paths leads.
    pub checkout: Checkout,
    /// Where the results go; none if the suite does not say.
    pub output: Option<PathBuf>,
    /// Whether every mark and how a run was made is shown.
    pub verbose: bool,
    /// Whether nondeterminism fails a case.
    pub strict: bool,
    /// Seed of the guests' random numbers and of the order of processes.
    pub seed: Option<u64>,
    /// The plugins in their order; never empty, and no two have one name.
    pub plugins: Vec<Plugin>,
    /// The defaults, and what the suite changes.
    pub limits: Limits,
    /// What plugins may reach.
    pub grants: Grants,
    /// The values of the variables among that.
    pub variables: Variables,
    /// What holds for some cases alone, where something is compared.
    pub exceptions: Exceptions,
    /// The phases that measure, in the order in which they run: baseline, cross.
    pub phases: Vec<Phase>,
    /// The phase of requests on a schedule.
    pub load: Option<Load>,
    /// What its writer should know, such as an old name and what to write in its place.
    pub warnings: Vec<String>,
}

/// A plugin of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// What phases call it.
    pub name: String,
    /// Where it is.
    pub source: PluginSource,
}

/// Where a plugin of a suite is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginSource {
    /// A file or directory.
    Path(PathBuf),
    /// A package by its id or reference, in the user's words.
    Package(String),
}

/// The phases that a suite can have.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseName {
    /// Each plugin by itself.
    Baseline,
    /// Several plugins, the same cases.
    Cross,
    /// Requests on a schedule.
    Load,
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(word(self))
    }
}

/// A phase that measures.
#[derive(Debug, Clone)]
pub struct Phase {
    /// Which.
    pub name: PhaseName,
    /// Positions of its plugins in the suite.
    pub plugins: Vec<usize>,
    /// Its cases.
    pub cases: CaseFilter,
    /// How much it measures.
    pub effort: Effort,
    /// What is shown of every case besides the criteria.
    pub metrics: Vec<&'static MetricSpec>,
    /// What must hold.
    pub criteria: Vec<Criterion>,
    /// What it must not fall behind.
    pub gate: Option<GateConfig>,
}

/// How much a phase measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effort {
    /// What holds unless the others say otherwise.
    pub depth: Depth,
    /// Processes a case.
    pub blocks: Option<u32>,
    /// How long each process samples at most, ms. Not together with `samples`.
    pub time_ms: Option<u64>,
    /// How many samples each process takes.
    pub samples: Option<u32>,
    /// How long a sample should last, ms.
    pub sample_time_ms: Option<u64>,
}

impl Effort {
    /// Processes per case: those that were given, or those of the depth.
    #[must_use]
    pub fn processes(&self) -> u32 {
        self.blocks.unwrap_or_else(|| self.depth.blocks())
    }
}

/// What a phase must not fall behind, and by how much. Shares: 0.1 is 10 %.
#[derive(Debug, Clone, PartialEq)]
pub struct GateConfig {
    /// In the user's words: a baseline by its name, a path (relative to the suite), the id of a
    /// run.
    pub against: String,
    /// A time that grew by this or more fails; none for the usual one.
    pub threshold: Option<f64>,
    /// Fuel that grew by this or more fails; none if it does not.
    pub fuel: Option<f64>,
    /// Memory at its peak that grew by this or more fails; none if it does not.
    pub memory: Option<f64>,
    /// What a case means that is gone.
    pub gone: Gone,
    /// What a case means that computes something else.
    pub checksum: ChecksumRule,
}

/// The phase of requests on a schedule.
#[derive(Debug, Clone)]
pub struct Load {
    /// Positions of its plugins in the suite.
    pub plugins: Vec<usize>,
    /// Its cases.
    pub cases: CaseFilter,
    /// Requests a second.
    pub rate: f64,
    /// When it ends.
    pub length: LoadLength,
    /// What is shown besides the criteria.
    pub metrics: Vec<&'static MetricSpec>,
    /// What must hold.
    pub criteria: Vec<Criterion>,
}

/// When a phase of requests ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadLength {
    /// After a time, ms.
    Duration(u64),
    /// After so many requests.
    Requests(u64),
}

/// Why a suite cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read, or is not UTF-8.
    #[error("{path} cannot be read")]
    Read {
        /// Which file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is a link that leads elsewhere.
    #[error("{path} is a link: {reason}; name the file itself")]
    Outside {
        /// Which file.
        path: String,
        /// Out of what.
        reason: std::io::Error,
    },
    /// It is not TOML, has unknown or missing keys, or values that are not what they should be.
    #[error(transparent)]
    Invalid(#[from] Box<Diagnostic>),
}

impl Classify for ConfigError {
    fn fault(&self) -> Fault {
        match self {
            Self::Read { source, .. } => Fault::of_named_file(source),
            Self::Outside { .. } | Self::Invalid(_) => Fault::Usage,
        }
    }
}

impl Suite {
    /// Reads a suite, whose paths do not lead out of `root`; unless given, out of the checkout that
    /// it lies in.
    ///
    /// # Errors
    /// If it cannot be read or is no good.
    pub fn read(path: &Path, root: Option<&Path>) -> Result<Self, ConfigError> {
        let text = contents(path)?;
        let checkout = match root {
            Some(root) => Checkout::at(root).map_err(unreadable(root))?,
            None => Checkout::around(directory(path)).map_err(unreadable(path))?,
        };
        Self::understood(&text, path, checkout)
    }

    /// Reads what a suite says of single cases; it may say nothing else.
    ///
    /// # Errors
    /// If it cannot be read or that is no good.
    pub fn read_exceptions(path: &Path) -> Result<Exceptions, ConfigError> {
        Self::parse_exceptions(&contents(path)?, path)
    }

    fn parse_exceptions(text: &str, path: &Path) -> Result<Exceptions, ConfigError> {
        understood(text, path, |file| {
            exceptions::exceptions(file.gate, file.renames)
        })
    }

    /// Understands the text of a file that need not exist, and whose paths may lead anywhere.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let everywhere = Checkout::at(Path::new("/")).map_err(unreadable(path))?;
        Self::understood(text, path, everywhere)
    }

    /// Understands the text of the file at a path: it is named in errors, and the suite's paths are
    /// relative to its directory.
    fn understood(text: &str, path: &Path, checkout: Checkout) -> Result<Self, ConfigError> {
        let dir = directory(path);
        understood(text, path, |file| {
            let understand = understand::Understand {
                text,
                dir,
                checkout: &checkout,
                renamed: RefCell::default(),
            };
            understand.suite(file)
        })
    }
}

/// The directory of a file.
fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> ConfigError {
    move |source| ConfigError::Read {
        path: quoted_path(path),
        source,
    }
}

/// The text of a suite. The file may be a link, but not one that leads out of the checkout: an
/// error shows a line of it.
fn contents(path: &Path) -> Result<String, ConfigError> {
    let read = unreadable(path);
    let real = path.canonicalize().map_err(&read)?;
    let checkout = Checkout::around(directory(path)).map_err(&read)?;
    if let Err(reason) = checkout.resolve(&real) {
        let path = quoted_path(path);
        return Err(ConfigError::Outside { path, reason });
    }
    let file = checkout.open(&real).map_err(&read)?;
    checkout::text(file, BYTES_MAX).map_err(&read)
}

/// What is made of a text that has the shape of a suite.
fn understood<T>(
    text: &str,
    path: &Path,
    understand: impl FnOnce(File) -> Result<T, Problem>,
) -> Result<T, ConfigError> {
    let shown = quoted_path(path);
    let invalid = |problem| Box::new(Diagnostic::new(shown.clone(), text, problem));
    let file: File = toml::from_str(text).map_err(|error| invalid(misshapen(text, &error)))?;
    Ok(understand(file).map_err(invalid)?)
}

/// What the reader of TOML has to say. It knows the names that a key or word could have been only
/// as a list at the end of its sentence, after the stranger's word.
fn misshapen(text: &str, error: &toml::de::Error) -> Problem {
    let span = error.span().unwrap_or(0..0);
    let message = match is_secret(text, span.start) {
        true => &without_value(error.message()),
        false => error.message(),
    };
    // A table is not called by its type.
    if let Some((found, table)) = message.split_once(", expected struct ") {
        let problem = Problem::new(span, format!("{}, expected a table", quoted(found)));
        return match table {
            "GateTable" => {
                problem.help("write it below [gate.\"PATTERN\"], which says of which cases")
            }
            _ => problem,
        };
    }
    let unknown = [
        ("unknown field `", "unknown key"),
        ("unknown variant `", "unknown word"),
    ]
    .into_iter()
    .find(|(start, _)| message.starts_with(start));
    let Some(((_, what), (_, expected))) = unknown.zip(message.rsplit_once(", expected ")) else {
        return Problem::new(span, quoted(message));
    };
    let names: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let word = text.get(span.clone()).unwrap_or_default();
    let word = word.trim_matches(['"', '\'']);
    Problem::new(span, format!("{what} `{}`", quoted(word))).help(suggestion(word, &names))
}

#[cfg(test)]
mod tests;
