//! What a session is asked to do: arguments that have become types.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::provider::Provider;
use super::{CoreChoice, Settings};
use dyno_analysis::filter::CaseFilter;
use dyno_measure::{CountSettings, TimeSettings};
use dyno_model::{Exceptions, Grants, Limits, Plugin, Rules};
use dyno_plugin::BuildOptions;

/// Everything that a session needs to know.
#[derive(Debug, Clone)]
pub struct Request {
    /// Components, plugin directories, or directories of those; packages by file, reference or id.
    pub paths: Vec<PathBuf>,
    /// What the one plugin is called, instead of by its file's name.
    pub name: Option<String>,
    /// Where packages come from.
    pub provider: Arc<dyn Provider>,
    /// Which cases.
    pub filter: CaseFilter,
    /// How far to go.
    pub stage: Stage,
    /// Processes for each case.
    pub blocks: u32,
    /// Processes of a case in each block: one, but where versions are compared.
    pub processes: u32,
    /// How a case is counted.
    pub count: CountSettings,
    /// How a process samples.
    pub time: TimeSettings,
    /// The caps.
    pub limits: Limits,
    /// The time that all of it may take, and how much of that went by before this session.
    pub budget: Duration,
    /// See [`Request::budget`].
    pub spent: Duration,
    /// What guests may reach.
    pub grants: Grants,
    /// The file that every program's stdout must be equal to.
    pub expected_stdout: Option<PathBuf>,
    /// Seed of the guests' random numbers.
    pub seed: u64,
    /// Seed of order and padding.
    pub order_seed: u64,
    /// Whether nondeterminism fails a case.
    pub strict: bool,
    /// Whether the structure of every plugin is wanted, for which the cache is passed by.
    pub shapes: bool,
    /// How plugin directories are built first; none to take them as they are.
    pub build: Option<BuildOptions>,
    /// How the core to measure on is chosen.
    pub cores: CoreChoice,
    /// Whether every plugin that is found must be built: one that lacks its tools is refused, and not passed over.
    pub build_all: bool,
    /// Where compiled code is kept; none to keep none.
    pub cache_dir: Option<PathBuf>,
    /// How much of it, in bytes.
    pub cache_bytes_max: u64,
    /// The command line, for the report.
    pub command: Vec<String>,
    /// What was already noticed, for the report.
    pub warnings: Vec<String>,
    /// What the plugins are held against, if anything.
    pub versus: Option<Versus>,
    /// Where plugins that a baseline kept came from, by the paths of the copies.
    pub kept_from: BTreeMap<PathBuf, String>,
    /// Plugins of a stored run that these will be compared with: what cannot be paired is refused at once.
    pub stored: Vec<Plugin>,
}

/// What the plugins of a session are held against, and how.
#[derive(Debug, Clone)]
pub struct Versus {
    /// The plugins that are the measure, as [`Request::paths`].
    pub paths: Vec<PathBuf>,
    /// What the user calls base and candidate.
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
    /// What was granted and demanded, as the words of a command line.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let stdout = self.expected_stdout.as_ref();
        let stdout = stdout.map(|file| format!("--stdout={}", file.display()));
        self.grants.words().into_iter().chain(stdout).collect()
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Load, compile, list the cases.
    List,
    /// Count them.
    Count,
    /// Time them.
    Time,
}

/// How thorough the time pass is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// One process a case: says nothing of the spread between processes.
    Quick,
    /// Five.
    #[default]
    Default,
    /// Twenty, and narrower intervals.
    Thorough,
}

impl Depth {
    /// Processes for each case (METHOD.md, blocks).
    #[must_use]
    pub fn blocks(self) -> u32 {
        match self {
            Self::Quick => 1,
            Self::Default => 5,
            Self::Thorough => 20,
        }
    }

    /// How each samples.
    #[must_use]
    pub fn time(self) -> TimeSettings {
        let default = TimeSettings::default();
        match self {
            Self::Quick => TimeSettings {
                budget_ns: default.budget_ns / 2,
                ..default
            },
            Self::Default => default,
            Self::Thorough => TimeSettings {
                precision: default.precision / 2.0,
                ..default
            },
        }
    }
}

/// Randomness that no run needs to repeat: for run ids and for an order that was not asked for.
#[must_use]
pub fn random_u64() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    // The standard library's keys are random per process, its counter differs per call.
    RandomState::new().hash_one(std::time::SystemTime::now())
}
