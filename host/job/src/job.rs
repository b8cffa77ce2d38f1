//! What a supervisor asks of a worker ([`Job`]) and what a worker answers ([`Event`]).
//!
//! A job goes in as one JSON line on stdin, events come out as one JSON line each on stdout. A job
//! belongs to the machine that made it: its paths are files that the supervisor made or opened, its
//! cores are that machine's, and two that are compared have to share it. What can be sent to
//! another machine is a whole session, as a request.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Build, CodeFile, Description, Hello, Layout, Shape};
use dyno_measure::{Calibrated, CallNode, CountSettings, FunctionSum, ProfileSize, TimeSettings};
use dyno_model::{
    CaseSpec, CountMethod, CountPass, Features, LimitKind, Limits, MemoryProfile, Outcome, Pace,
    PluginKind, Reach, Sample,
};

/// The argument that makes a `dyno` process a worker. What only that process has to know follows:
/// [`Birth`].
pub const WORKER_ARGUMENT: &str = "--worker";

/// The name of the variable that pads the environment (METHOD.md, blocks): its length moves the
/// stack, and with it the alignment of what is measured.
pub const PADDING_VARIABLE: &str = "DYNO_PADDING";

/// Samples in one event: a line of about 800 KB, and 1.4 MB where the processor counts.
pub const SAMPLES_PER_EVENT: usize = 10_000;

/// Names of functions in one event: a line of at most 6 MB, if each character of each is escaped
/// twice.
pub const NAMES_PER_EVENT: usize = 1_000;

/// Sums or nodes of a profile in one event: a line of about 700 KB.
pub const PROFILED_PER_EVENT: usize = 10_000;

/// How long a worker may take that only says who it is: on a busy machine that takes a while.
const HELLO_WALL_MS: u64 = 60_000;

/// What a supervisor says of a worker's process, as its arguments: it is true of no other process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    /// The process that starts it.
    pub supervisor: u32,
    /// When it was started, ns on the monotonic clock.
    pub spawned_ns: u64,
}

impl Birth {
    /// The arguments. Each is as long for every worker of a supervisor, since their length moves
    /// the stack.
    #[must_use]
    pub fn arguments(self) -> [String; 2] {
        [
            self.supervisor.to_string(),
            format!("{:020}", self.spawned_ns),
        ]
    }

    /// Reads the arguments; none if they are not those of a supervisor.
    #[must_use]
    pub fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut next = || arguments.next()?.into_string().ok();
        Some(Self {
            supervisor: next()?.parse().ok()?,
            spawned_ns: next()?.parse().ok()?,
        })
    }
}

/// One piece of work for one fresh process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "kebab-case")]
pub enum Job {
    /// Say who it is, and nothing else.
    Hello,
    /// Check the structure of a component and compile it.
    Compile(CompileJob),
    /// Check the structure of a component and say what it is, without compiling it.
    Check {
        /// The plugin's bytes, as those of [`CompileJob`].
        component: PathBuf,
        /// The limits.
        limits: Limits,
    },
    /// Check a component and read what it says of itself, or write that into it.
    Describe(DescribeJob),
    /// List the cases of a plugin. Runs the metered build.
    Cases(RunJob),
    /// The metered pass over one case, twice, each on a fresh guest.
    Count {
        /// What to run.
        run: RunJob,
        /// How to count.
        settings: CountSettings,
    },
    /// Find out how many iterations a sample of one case should have.
    Calibrate {
        /// What to run.
        run: RunJob,
        /// How long a sample should last, ns.
        sample_ns: u64,
    },
    /// The time pass over one case.
    Time {
        /// What to run.
        run: RunJob,
        /// How to sample.
        settings: TimeSettings,
    },
    /// One metered batch of one case, by function. Runs the profiled build.
    Profile {
        /// What to run.
        run: RunJob,
        /// How many iterations.
        size: ProfileSize,
    },
}

impl Job {
    /// The guest that it runs; none if it runs nothing of the plugin.
    pub fn guest(&mut self) -> Option<&mut RunJob> {
        match self {
            Self::Hello | Self::Compile(_) | Self::Check { .. } | Self::Describe(_) => None,
            Self::Cases(run)
            | Self::Count { run, .. }
            | Self::Calibrate { run, .. }
            | Self::Time { run, .. }
            | Self::Profile { run, .. } => Some(run),
        }
    }

    /// How long a worker may take. One that only reads a component is limited in CPU time; on a busy
    /// machine that takes longer, but not for ever.
    #[must_use]
    pub fn wall(&self) -> Duration {
        let reading = |limits: &Limits| {
            let cpu = limits.get(LimitKind::Compile);
            cpu.saturating_mul(4).saturating_add(10_000)
        };
        Duration::from_millis(match self {
            Self::Hello => HELLO_WALL_MS,
            Self::Compile(job) => reading(&job.limits),
            Self::Check { limits, .. } => reading(limits),
            Self::Describe(job) => reading(&job.limits),
            Self::Cases(run)
            | Self::Count { run, .. }
            | Self::Calibrate { run, .. }
            | Self::Time { run, .. }
            | Self::Profile { run, .. } => run.limits.get(LimitKind::Wall),
        })
    }
}

/// What to compile, and where to put the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompileJob {
    /// The plugin's bytes: a component, a core module, or the text of one.
    pub component: PathBuf,
    /// Which build.
    pub build: Build,
    /// Which layout of its machine code.
    pub layout: Layout,
    /// Where its code goes: the worker may write in that directory, and nowhere else.
    pub code: PathBuf,
    /// The cores to stay on; none for any.
    pub cores: Vec<u32>,
    /// The limits.
    pub limits: Limits,
    /// What it may use beyond what every plugin may.
    pub features: Features,
}

/// What to describe, or to label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DescribeJob {
    /// A component; with `label`, also a core module or text.
    pub component: PathBuf,
    /// The sections to write, and where the labelled component goes: the worker may write in that
    /// directory, and nowhere else.
    pub label: Option<(BTreeMap<String, String>, PathBuf)>,
    /// The limits.
    pub limits: Limits,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunJob {
    /// Compiled code that a compile worker made, and the supervisor has checked.
    pub code: CodeFile,
    /// The case; empty for [`Job::Cases`].
    pub case: String,
    /// What a program gets and must give.
    pub program: ProgramJob,
    /// The limits.
    pub limits: Limits,
    /// What the guest may reach.
    pub grants: Reach,
    /// Seed of the guest's random numbers.
    pub seed: u64,
    /// The cores to stay on; none for any.
    pub cores: Vec<u32>,
}

/// What a program gets besides the grants, and what it must print: copies that do not change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProgramJob {
    /// The name of its one case.
    pub name: String,
    /// Its stdin; none for nothing at all.
    pub stdin: Option<PathBuf>,
    /// What its stdout must be, and the name under which the user knows that.
    pub expected: Option<(String, PathBuf)>,
    /// The status that it must exit with.
    pub expected_status: u32,
}

impl ProgramJob {
    /// The files that the worker has to read.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let expected = self.expected.as_ref().map(|(_, path)| path);
        self.stdin.iter().chain(expected)
    }
}

/// One line from a worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Who this worker is. Comes first, before the job was read.
    Hello(Hello),
    /// The layers that confine this worker. Comes next.
    Confined {
        /// Their names.
        layers: Vec<String>,
    },
    /// The component passed the structural check.
    Checked(Box<Shape>),
    /// The code is compiled and written.
    Compiled {
        /// Wall time that this took the engine, ns: without the start of the process, and without
        /// the check of the component.
        compile_ns: u64,
    },
    /// What some of the functions of a profiled build are called, in order; hostile.
    Functions {
        /// At most 1,000.
        names: Vec<String>,
    },
    /// What the component, labelled if that was asked for, is and says of itself.
    Described(Box<Description>),
    /// The plugin's cases in its own words, not validated.
    Cases {
        /// Which kind of plugin it is.
        kind: PluginKind,
        /// In the plugin's order; of a command, the one that it is.
        cases: Vec<CaseSpec>,
    },
    /// One metered pass is done.
    Counted {
        /// Its raw counts.
        pass: CountPass,
        /// Fuel per iteration; none if no batch that counts was finished.
        fuel_per_iteration: Option<f64>,
        /// How it was drawn.
        method: CountMethod,
        /// Whether the slope held still.
        settled: bool,
        /// Memories and tables.
        memory: MemoryProfile,
        /// How fast it was; none if no batch was finished.
        pace: Option<Pace>,
        /// What the guest wrote; hostile.
        output: Option<String>,
    },
    /// What an iteration costs.
    Calibrated(Calibrated),
    /// Some samples of a time pass, in order.
    Samples {
        /// At most [`SAMPLES_PER_EVENT`].
        samples: Vec<Sample>,
    },
    /// The time pass is done; its samples went before.
    Timed(Box<Timed>),
    /// Some of what a profile found, in order.
    Profiled {
        /// Callers first; at most 10,000.
        nodes: Vec<CallNode>,
        /// By function; at most 10,000.
        sums: Vec<FunctionSum>,
    },
    /// The profile is done; what it found went before.
    ProfileDone {
        /// Iterations that were profiled.
        iterations: u64,
        /// Fuel between `start` and `stop` of these.
        fuel: u64,
    },
    /// The job is over, and this is how the guest ended. Comes last.
    Done {
        /// How it ended.
        outcome: Outcome,
    },
}

/// What a time pass found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Timed {
    /// From the start of the process to the first call of the case.
    pub ready_ns: u64,
    /// Compiled code on disk to loaded component.
    pub load_ns: u64,
    /// Instantiation.
    pub instantiate_ns: u64,
    /// The very first iteration.
    pub first_iteration_ns: u64,
    /// The checksum, if all batches had the same.
    pub checksum: Option<u64>,
    /// Whether the interval became narrow before the budget ended.
    pub precise: bool,
    /// Memories and tables at their peak.
    pub memory_peak_bytes: u64,
    /// Peak resident set of the process.
    pub rss_peak_bytes: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_process_is_read_back_and_always_as_long() {
        let births = [0, 7, u64::MAX].map(|spawned_ns| Birth {
            supervisor: 4711,
            spawned_ns,
        });
        for birth in births {
            let words = birth.arguments();
            assert_eq!(words.concat().len(), 24);
            assert_eq!(
                Birth::read(words.into_iter().map(OsString::from)),
                Some(birth)
            );
        }
        for wrong in [&["1"][..], &["x", "1"], &["1", "x"], &[]] {
            let words = wrong.iter().map(OsString::from);
            assert_eq!(Birth::read(words), None, "{wrong:?}");
        }
    }
}
