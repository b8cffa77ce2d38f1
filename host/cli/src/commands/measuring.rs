//! The arguments that `run`, `check` and `list` share, and how they become a request.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use dyno_export as export;
use dyno_job::{Cancel, Stop};
use dyno_measure::Sampling;
use dyno_model::progress::Observer;
use dyno_model::{CaseSpec, LimitUnit, Outcome, Plugin, Run, quantity};
use dyno_plugin as plugin;
use dyno_report::without_values;
use dyno_session as session;
use dyno_session::cache::CACHE_BYTES_MAX;
use dyno_session::{
    CoreChoice, Depth, Findings, Format as RequestFormat, Host, Request, SessionError, Stage,
};
use dyno_system::confine;

use super::building::BuildArgs;
use super::cases::CaseArgs;
use super::grants::GrantArgs;
use super::limits::LimitArgs;
use super::packages::AccessArgs;
use super::{Exit, Result, UsageError, operand};

/// The seed of the guests' random numbers, unless the user gives another: fixed, so that fuel can
/// be compared from one run to the next.
const SEED: u64 = 0;

/// Which plugins and cases, and what they may do.
#[derive(Debug, Args)]
pub(super) struct Measuring {
    /// WebAssembly files (.wasm, .wat), plugin directories, directories of those; or packages:
    /// files (.oci.tar), references like HOST/REPOSITORY:TAG, or installed ones by id
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Call the plugin, and a program's one case, by this name instead of its file's; for one
    /// plugin
    #[arg(long, value_name = "NAME", value_parser = plugin_name)]
    name: Option<String>,
    #[command(flatten)]
    conditions: Conditions,
}

/// Which cases of them, and under which conditions; by default all of them, and nothing granted.
#[derive(Debug, Default, Args)]
pub(super) struct Conditions {
    #[command(flatten)]
    cases: CaseArgs,
    /// Fail a case whose fuel or checksum differs between passes or processes, or that is folded
    #[arg(long)]
    strict: bool,
    /// Seed of the guests' random numbers; makes the order of processes repeatable, too
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Neither use nor keep compiled code
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    grants: GrantArgs,
    /// Fail a program whose stdout is not this file's, line by line
    #[arg(long, value_name = "FILE")]
    stdout: Option<PathBuf>,
    /// Fail a program that exits with another status; of a component, any failure is one other than 0
    /// [default: 0]
    #[arg(long, value_name = "NUMBER")]
    expected_status: Option<u32>,
    #[command(flatten)]
    packages: AccessArgs,
    #[command(flatten)]
    budget: Budget,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How long all of it may take.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Budget {
    /// Time that the whole run may take: what is left then is recorded as not measured, and is
    /// never a pass [default: 4h]
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "4h", hide_default_value = true, help_heading = "Limits")]
    budget: Duration,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            budget: session::BUDGET,
        }
    }
}

impl Budget {
    /// One budget for several sessions, of which the first one began then.
    pub(super) fn share(self, began: Instant, request: &mut Request, host: &mut Host) {
        request.budget_ms = self.ms();
        host.spent = began.elapsed();
    }

    fn ms(self) -> u64 {
        u64::try_from(self.budget.as_millis()).unwrap_or(u64::MAX)
    }
}

/// How much to measure.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring")]
pub(super) struct Effort {
    /// One process a case: fast, and blind to the spread between processes
    #[arg(long, conflicts_with = "thorough")]
    quick: bool,
    /// Twenty processes a case and narrower intervals
    #[arg(long)]
    thorough: bool,
    /// Processes a case [default: 5, quick 1, thorough 20]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    blocks: Option<u32>,
    /// Compile each plugin so many times more, each in a fresh process, to estimate how long it takes
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=1000))]
    compile_samples: Option<u32>,
    #[command(flatten)]
    sampling: SamplingArgs,
}

/// How each process samples.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring")]
pub(super) struct SamplingArgs {
    /// How long each process samples at most [default: 500ms, quick 250ms, compared 50ms]
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Duration>,
    /// How long a sample should last [default: 2ms]
    #[arg(long, value_name = "TIME", value_parser = time)]
    sample_time: Option<Duration>,
    /// Measure even while other runs measure on every core, and flag the result, instead of waiting
    /// for one
    #[arg(long)]
    no_wait: bool,
}

impl Effort {
    fn depth(&self) -> Depth {
        match (self.quick, self.thorough) {
            (true, _) => Depth::Quick,
            (_, true) => Depth::Thorough,
            _ => Depth::Default,
        }
    }

    /// Whether to wait for a core of its own.
    pub(super) fn waits(&self) -> bool {
        self.sampling.waits()
    }
}

impl SamplingArgs {
    /// Whether to wait for a core of its own.
    pub(super) fn waits(&self) -> bool {
        !self.no_wait
    }

    /// Overrides what the user said.
    pub(super) fn apply(&self, settings: &mut Sampling) -> Result<()> {
        if let Some(budget) = self.time {
            settings.budget_ns = nanos(budget)?;
        }
        if let Some(sample) = self.sample_time {
            settings.sample_ns = nanos(sample)?;
        }
        Ok(())
    }
}

fn nanos(time: Duration) -> Result<u64, UsageError> {
    let years = "--time and --sample-time take at most 584 years";
    u64::try_from(time.as_nanos()).map_err(|_| UsageError(years.into()))
}

fn time(text: &str) -> Result<Duration, quantity::QuantityError> {
    quantity::parse(text, LimitUnit::Milliseconds).map(|ms| Duration::from_millis(ms.max(1)))
}

/// What a case may be called.
fn plugin_name(text: &str) -> Result<String, String> {
    plugin::validate(&[CaseSpec::named(text)])?;
    Ok(text.to_owned())
}

impl Measuring {
    /// The request that these arguments make, up to a stage.
    pub(super) fn request(&self, stage: Stage, effort: Option<&Effort>) -> Result<Request> {
        let paths = operand::plugins(&self.paths)?;
        let request = self.conditions.request(paths, stage, effort)?;
        let name = self.name.clone();
        Ok(Request { name, ..request })
    }

    /// The circumstances in which a request is carried out here.
    pub(super) fn host(&self, request: &Request, waits: bool) -> Result<Host> {
        self.conditions.host(request, waits)
    }

    /// Both for a command that looks at plugins, and builds them only if it is told to.
    pub(super) fn looking(&self, stage: Stage, build: bool) -> Result<(Request, Host)> {
        let options = self.conditions.build.options_if(build)?;
        let mut request = self.request(stage, None)?;
        request.build = build;
        let mut host = self.host(&request, true)?;
        host.build = options;
        Ok((request, host))
    }
}

impl Conditions {
    /// Whether only some of the cases are meant.
    pub(super) fn is_filtered(&self) -> bool {
        self.cases.is_filtered()
    }

    /// The request to measure what `paths` name, up to a stage.
    pub(super) fn request(
        &self,
        paths: Vec<PathBuf>,
        stage: Stage,
        effort: Option<&Effort>,
    ) -> Result<Request> {
        let depth = effort.map_or_else(Depth::default, Effort::depth);
        let mut time = depth.time();
        if let Some(effort) = effort {
            effort.sampling.apply(&mut time)?;
        }
        Ok(Request {
            format: RequestFormat,
            paths,
            name: None,
            filter: self.cases.filter(),
            stage,
            blocks: effort
                .and_then(|effort| effort.blocks)
                .unwrap_or_else(|| depth.blocks()),
            processes: 1,
            compile_samples: effort
                .and_then(|effort| effort.compile_samples)
                .unwrap_or(0),
            count: dyno_measure::CountSettings::default(),
            time,
            limits: self.limits.0.clone(),
            budget_ms: self.budget.ms(),
            grants: self.grants.grants()?,
            expected_stdout: self.stdout.clone(),
            expected_status: self.expected_status,
            seed: self.seed.unwrap_or(SEED),
            order_seed: self.seed.unwrap_or_else(session::random_u64),
            strict: self.strict,
            build: self.build.is_wanted(),
            build_all: false,
            versus: None,
        })
    }

    /// The circumstances in which a request is carried out here.
    pub(super) fn host(&self, request: &Request, waits: bool) -> Result<Host> {
        let cache_dir = if self.no_cache {
            None
        } else {
            super::paths::cache()
        };
        let homeless = (cache_dir.is_none() && !self.no_cache).then(|| {
            "there is no HOME, so compiled code is not kept; DYNO_CACHE can name a directory".into()
        });
        let typed = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
        Ok(Host {
            provider: self.packages.provider(&request.limits)?,
            build: self.build.options(),
            variables: self.grants.variables(&request.grants)?,
            cores: CoreChoice {
                locks: super::paths::locks(),
                waits,
            },
            cache_dir,
            cache_bytes_max: CACHE_BYTES_MAX,
            shapes: false,
            command: without_values(typed),
            warnings: homeless.into_iter().collect(),
            spent: Duration::ZERO,
            kept_from: BTreeMap::new(),
            resumed: None,
            stored: Vec::new(),
        })
    }
}

/// Runs a session on a runtime of its own, until it ends or a signal comes.
pub(super) fn measure(
    request: &Request,
    host: &Host,
    observer: &mut dyn Observer,
) -> Result<Findings> {
    in_session(async |cancel| session::measure(request, host, cancel, observer).await)
}

/// Runs whatever kind of session on a runtime of its own, until it ends or a signal comes.
pub(super) fn in_session<T>(
    work: impl AsyncFnOnce(Cancel) -> Result<T, SessionError>,
) -> Result<T> {
    super::event_loop()?.block_on(async {
        let (raise, cancel) = Cancel::new();
        tokio::spawn(async move {
            // Where signals cannot be had, no signal can interrupt the run.
            let Ok(number) = super::interrupted().await else {
                return;
            };
            let _ = raise.send(Some(number));
            std::future::pending::<()>().await;
        });
        Ok(work(cancel).await?)
    })
}

/// Warns of the layers that workers went without, for commands that do not show the warnings of a
/// run.
pub(super) fn warn_of_layers(run: &Run) {
    // Where no worker began, none is missing.
    if !run.confinement.is_empty() {
        let warnings = confine::unprotected(&run.confinement);
        warnings.iter().for_each(|warning| super::warn(warning));
    }
}

/// The exit code that findings deserve.
pub(super) fn exit(findings: &Findings) -> Exit {
    let base = findings.compared.as_ref().map(|(base, _)| base);
    exit_of(base, &findings.run, findings.stop)
}

/// The exit code that a run deserves, and what it was held against. A case that fails there is what
/// was to be mended, not what is judged.
pub(super) fn exit_of(base: Option<&Run>, run: &Run, stop: Option<Stop>) -> Exit {
    let plugins: Vec<&Plugin> = base
        .into_iter()
        .chain([run])
        .flat_map(|run| &run.plugins)
        .collect();
    let cases = || run.plugins.iter().flat_map(|plugin| &plugin.cases);
    // What was skipped is not a benchmark, and was not called one.
    let is_fine = |outcome: &Outcome| matches!(outcome, Outcome::Ok | Outcome::Skipped { .. });
    let is_host = |outcome: &Outcome| matches!(outcome, Outcome::Host { .. });
    if let Some(Stop::Signal(signal)) = stop {
        Exit::Signal(signal)
    } else if plugins.iter().any(|plugin| is_host(&plugin.outcome))
        || cases().any(|case| is_host(&case.outcome))
    {
        Exit::Host
    } else if plugins.iter().any(|plugin| !is_fine(&plugin.outcome)) {
        Exit::Refused
    } else if cases().any(|case| !case.outcome.is_ok()) || stop == Some(Stop::Budget) {
        Exit::CaseFailed
    } else if cases().next().is_none() {
        Exit::NothingMatched
    } else {
        Exit::Well
    }
}

/// What `--format` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table
    Human,
    /// The whole run as one JSON document
    Json,
    /// One JSON object a line
    Jsonl,
}

impl Format {
    /// The export that it is; none for people.
    pub(super) fn export(self) -> Option<export::Format> {
        match self {
            Self::Human => None,
            Self::Json => Some(export::Format::Json),
            Self::Jsonl => Some(export::Format::Jsonl),
        }
    }
}
