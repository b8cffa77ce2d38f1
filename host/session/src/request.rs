//! What a session is asked to do, as plain data: it can be queued, sent, and repeated. What a
//! session takes from the machine that it runs on is [`Host`](super::Host).

mod check;
mod format;
mod read;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use dyno_analysis::filter::CaseFilter;
use dyno_measure::{CountSettings, Sampling};
use dyno_model::{Exceptions, GrantError, Grants, Limits, Rules, hex};

pub use format::{FORMAT, Format};
pub use read::{REQUEST_BYTES_MAX, RequestError};
pub use schema::{SCHEMA, schema};

/// Settings by name, for the report.
type Settings = BTreeMap<String, u64>;

/// Everything that a session is asked to do. Relative paths are relative to the directory in which
/// it is run; absolute ones are those of the machine that runs it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The format that the document follows.
    #[serde(rename = "request")]
    pub format: Format,
    /// Components, plugin directories, or directories of those; packages by file, or as `package:`
    /// and a reference or id.
    #[schemars(length(min = 1))]
    pub paths: Vec<PathBuf>,
    /// What the one plugin is called, instead of by its file's name.
    pub name: Option<String>,
    /// Which cases.
    pub filter: CaseFilter,
    /// How far to go.
    pub stage: Stage,
    /// Processes for each case.
    #[schemars(range(min = 1, max = 1000))]
    pub blocks: u32,
    /// Processes of a case in each block: one, but where versions are compared.
    #[schemars(range(min = 1, max = 100))]
    pub processes: u32,
    /// Compile workers for each plugin that are started only to see how long compiling takes.
    #[serde(default)]
    #[schemars(range(max = 1000))]
    pub compile_samples: u32,
    /// How a case is counted.
    pub count: CountSettings,
    /// How a process samples.
    pub time: Sampling,
    /// The limits: name to value, in the limit's own unit (bytes, milliseconds or a number). One
    /// that is not named has its default.
    pub limits: Limits,
    /// The time that all of it may take, ms.
    #[schemars(range(min = 1))]
    pub budget_ms: u64,
    /// What plugins may reach.
    pub grants: Grants,
    /// The file that every program's stdout must be equal to.
    pub expected_stdout: Option<PathBuf>,
    /// The status that every program must exit with, instead of what its manifest says, or 0.
    pub expected_status: Option<u32>,
    /// Seed of the guests' random numbers.
    #[serde(with = "hex")]
    #[schemars(with = "hex::Digits")]
    pub seed: u64,
    /// Seed of the order of processes and of the environment padding.
    #[serde(with = "hex")]
    #[schemars(with = "hex::Digits")]
    pub order_seed: u64,
    /// Whether nondeterminism fails a case.
    pub strict: bool,
    /// Whether plugin directories are built first, where the machine allows it; otherwise they are
    /// taken as they are.
    pub build: bool,
    /// Whether every plugin that is found must be built: one that lacks its tools is refused, and
    /// not passed over.
    pub build_all: bool,
    /// What the plugins are compared with, if anything.
    pub versus: Option<Versus>,
}

/// What the plugins of a session are compared with, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versus {
    /// The plugins of the baseline, as the `paths` of the request.
    pub paths: Vec<PathBuf>,
    /// What the user calls baseline and candidate.
    pub names: [String; 2],
    /// By what it is judged.
    pub rules: Rules,
    /// What holds for some cases alone.
    pub exceptions: Exceptions,
    /// More blocks for what is unsure after the first ones, once.
    pub extension: u32,
    /// Fresh blocks for what a gate flags, at most.
    pub confirmation: u32,
    /// Whether what is identical is timed all the same.
    pub remeasure: bool,
}

impl Request {
    /// The same with the absolute paths that granted directories have here.
    ///
    /// # Errors
    /// If one is not there.
    pub(super) fn resolved(&self) -> Result<Self, GrantError> {
        let mut request = self.clone();
        request.grants = request.grants.resolved()?;
        Ok(request)
    }

    /// What was granted and demanded, as the words of a command line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let stdout = self.expected_stdout.as_ref();
        let stdout = stdout.map(|file| format!("--stdout={}", file.display()));
        let status = self.expected_status;
        let status = status.map(|status| format!("--expected-status={status}"));
        let demanded = stdout.into_iter().chain(status);
        self.grants.words().into_iter().chain(demanded).collect()
    }

    /// Samples as a recorded run did, as far as its settings say.
    pub fn sample_like(&mut self, settings: &Settings) {
        let of = |name| settings.get(name).copied();
        let count = |name| of(name).and_then(|value| usize::try_from(value).ok());
        let time = &mut self.time;
        time.sample_ns = of("sample_ns").unwrap_or(time.sample_ns);
        time.budget_ns = of("budget_ns").unwrap_or(time.budget_ns);
        time.precision = of("precision_ppm").map_or(time.precision, |ppm| ppm as f64 / 1e6);
        time.min_samples = count("samples_min").unwrap_or(time.min_samples);
        time.max_samples = count("samples_max").unwrap_or(time.max_samples);
    }

    /// The settings by name, for the report.
    #[must_use]
    pub fn settings(&self) -> Settings {
        [
            ("blocks", u64::from(self.blocks)),
            ("processes", u64::from(self.processes)),
            ("compile_samples", u64::from(self.compile_samples)),
            ("strict", u64::from(self.strict)),
            ("sample_ns", self.time.sample_ns),
            ("budget_ns", self.time.budget_ns),
            ("precision_ppm", (self.time.precision * 1e6) as u64),
            ("samples_min", self.time.min_samples as u64),
            ("samples_max", self.time.max_samples as u64),
            ("count_stability_ppm", (self.count.stability * 1e6) as u64),
            ("count_single_fuel", self.count.single_fuel),
            ("count_batch_fuel", self.count.batch_fuel),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// How far a session goes; each stage includes those before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Load, compile, list the cases.
    List,
    /// Count them.
    Count,
    /// Time them.
    Time,
}

/// Randomness that no run needs to repeat: for run ids and for an order that was not asked for.
#[must_use]
pub fn random_u64() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    // The standard library's keys are random per process, its counter differs per call.
    RandomState::new().hash_one(std::time::SystemTime::now())
}
