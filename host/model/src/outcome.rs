//! How something ended, and what a reader must know of a result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hex;

/// How a plugin, a case or a process ended. What a guest does wrong is data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what it should.
    Ok,
    /// It was not loaded: malformed, of another world or version, an import that is not there.
    Refused {
        /// One sentence: what, where, what to do.
        reason: String,
    },
    /// It returned an error of its own.
    Error {
        /// The guest's words, hostile.
        message: String,
    },
    /// It trapped or exited.
    Trap {
        /// The engine's words, with the guest's function names: hostile.
        message: String,
    },
    /// It broke the measuring protocol, such as a `stop` without a `start`.
    Fault {
        /// Which rule, and how.
        message: String,
    },
    /// It ran into a limit. Outranks whatever the guest reports.
    Limit {
        /// Which limit.
        limit: LimitKind,
        /// Its value.
        cap: u64,
        /// What was asked for or reached; none where it is only known to be more than the cap.
        actual: Option<u64>,
    },
    /// Its result is not the expected one.
    Checksum {
        /// What the plugin itself announced.
        #[serde(with = "hex")]
        #[schemars(with = "hex::Digits")]
        expected: u64,
        /// What came out.
        #[serde(with = "hex")]
        #[schemars(with = "hex::Digits")]
        actual: u64,
    },
    /// What it printed is not what it should print.
    Output {
        /// The first difference; quotes the guest, escaped.
        message: String,
    },
    /// Passes, batches or processes disagree, and the user asked for that to be a failure.
    Nondeterministic {
        /// What differed.
        message: String,
    },
    /// A compiler removed its work, and the user asked for that to be a failure.
    Folded {
        /// What shows it.
        message: String,
    },
    /// It does other work when it is timed than when it is counted, and the user asked for that to
    /// be a failure.
    Implausible {
        /// What shows it.
        message: String,
    },
    /// Its worker process died.
    Crash {
        /// The signal or exit status, in words.
        message: String,
    },
    /// The host could not do its part (spawn a worker, read the cache). Not the guest's fault.
    Host {
        /// The cause.
        message: String,
    },
    /// It was not run: the run was interrupted, or its plugin failed before.
    Skipped {
        /// Why.
        reason: String,
    },
}

impl Outcome {
    /// Whether it is [`Outcome::Ok`].
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }
}

/// The caps that the host enforces. Each is a flag and a line in the report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Fuel of one count pass.
    Fuel,
    /// Bytes over all memories and tables of the store, summed.
    Memory,
    /// Wall time of one job, ms.
    Wall,
    /// CPU time of compiling, ms.
    Compile,
    /// Address space of the compile worker, bytes.
    CompileMemory,
    /// Bytes of guest stack.
    Stack,
    /// Core instances of one component.
    Instances,
    /// How many times as large a component may be in its parts.
    Structure,
    /// Bytes that one host call may copy out of the guest.
    HostCall,
    /// Resources in the host's table (streams, pollables, descriptors) and handles.
    Handles,
    /// Bytes of random numbers in one call.
    Random,
    /// Bytes of stdout and stderr together. Once called `output`, as the files are that other flags
    /// name.
    #[serde(rename = "output-bytes", alias = "output")]
    Output,
    /// Bytes of the component file.
    Component,
    /// Cases of one plugin.
    Cases,
    /// Bytes written into scratch directories.
    ScratchBytes,
    /// Files and directories in scratch directories.
    ScratchFiles,
}

/// What a reader of a case must know.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Fuel or checksum differ between passes, batches or processes.
    Nondeterministic,
    /// Processes disagree by more than the machine should allow.
    Noisy,
    /// A compiler removed the work: fuel does not grow with the iterations, or is used faster than
    /// any processor works.
    Folded,
    /// It takes so much longer, or so much less time, than the counted work takes on this machine
    /// that it does other work when it is timed.
    Implausible,
    /// The cost of an iteration depends on how many iterations a batch has.
    Nonlinear,
    /// The fuel per iteration did not settle within 0.1 %.
    FuelUnsettled,
    /// Below what the clock resolves: the empty batch is not small against a sample.
    TimerFloor,
    /// The interval is of one process only and says nothing of the spread between processes.
    SingleProcess,
    /// The machine was stopped or suspended during a sample.
    Suspended,
    /// Too few samples ran without being preempted: CPU time is the headline.
    Preempted,
    /// The samples of most processes become slower or faster all the way: no steady state was
    /// reached.
    Unsteady,
    /// A time budget ended the case before its interval reached the target.
    BudgetEnded,
    /// Another run was measuring on the same core, and this one did not wait.
    SharedCore,
}
