//! The command line: one file a verb, each with its arguments and its `execute`.

mod baseline;
mod build;
mod building;
mod cases;
mod check;
mod choice;
mod compare;
mod doctor;
mod error;
mod gate;
mod grants;
mod history;
mod limits;
mod list;
mod manual;
mod measuring;
mod messages;
mod new;
mod operand;
#[cfg(feature = "packages")]
mod packages;
#[cfg(not(feature = "packages"))]
#[path = "no_packages.rs"]
mod packages;
mod paths;
#[cfg(feature = "profile")]
mod profile;
mod report;
mod report_file;
mod request;
mod run;
mod show;
mod suite;
mod validate;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::render;
use clap::{Parser, Subcommand, ValueEnum};
use dyno_export as export;
use dyno_files::private_dir;
use dyno_job as worker;
use dyno_job::Workers;
use dyno_model::Fault;
use dyno_system::confine::KernelLayer;
use tokio::signal::unix::{SignalKind, signal};

use error::{AbsentError, Context, NoResult, UsageError};
pub(crate) use error::{Error, Result};
pub(crate) use messages::{complain, complain_of_panic, parse};
use messages::{note, warn};

/// Benchmarks WebAssembly plugins in a sandbox: exact fuel counts beside honest times.
#[derive(Debug, Parser)]
#[command(name = "dyno", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 all well · 1 host error · 2 usage · 3 plugin refused · 4 not found or nothing matched · \
    5 a case failed, or the budget was over · 6 gate: regressed · 7 gate: unsure · 128+n signal n"
)]
pub(crate) struct Cli {
    /// Colours: on a terminal, always, or never (NO_COLOR is honoured)
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub(crate) color: Color,
    /// Say more: build commands, what was cached, every mark
    #[arg(short, long, global = true)]
    verbose: bool,
    /// Fail unless workers are confined by these layers: landlock, seccomp
    #[arg(
        long,
        global = true,
        value_name = "LAYERS",
        value_delimiter = ',',
        env = "DYNO_REQUIRE"
    )]
    require: Vec<KernelLayer>,
    /// Run plugins in this program, a `dyno-worker`, instead of in this one
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "DYNO_WORKER",
        hide_env_values = true
    )]
    worker: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Run(run::Run),
    Check(check::Check),
    List(list::List),
    #[cfg(feature = "profile")]
    Profile(profile::Profile),
    New(new::New),
    Build(build::Build),
    Compare(compare::Compare),
    Gate(gate::GateCommand),
    #[command(subcommand)]
    Baseline(baseline::BaselineVerb),
    History(history::History),
    #[command(subcommand)]
    Suite(suite::SuiteVerb),
    #[command(subcommand)]
    Report(report::ReportCommand),
    #[cfg(feature = "packages")]
    #[command(flatten)]
    Package(packages::PackageVerb),
    Doctor(doctor::Doctor),
    Validate(validate::Validate),
    Completions(manual::Completions),
    Man(manual::Man),
}

impl Cli {
    pub(crate) fn execute(self) -> Result<Exit> {
        let verbose = self.verbose;
        // What an earlier process held when it was killed may be private.
        private_dir::sweep();
        worker::employ(Workers {
            program: self.worker.or_else(own_worker),
            required: self.require,
        });
        match self.verb {
            Verb::Run(verb) => verb.execute(verbose),
            Verb::Check(verb) => verb.execute(verbose),
            Verb::List(verb) => verb.execute(),
            #[cfg(feature = "profile")]
            Verb::Profile(verb) => verb.execute(verbose),
            Verb::New(verb) => verb.execute(),
            Verb::Build(verb) => verb.execute(verbose),
            Verb::Compare(verb) => verb.execute(verbose),
            Verb::Gate(verb) => verb.execute(verbose),
            Verb::Baseline(verb) => verb.execute(verbose),
            Verb::History(verb) => verb.execute(verbose),
            Verb::Suite(verb) => verb.execute(verbose),
            Verb::Report(verb) => verb.execute(verbose),
            #[cfg(feature = "packages")]
            Verb::Package(verb) => verb.execute(verbose),
            Verb::Doctor(verb) => verb.execute(verbose),
            Verb::Validate(verb) => verb.execute(verbose),
            Verb::Completions(verb) => verb.execute(),
            Verb::Man(verb) => verb.execute(),
        }
    }
}

/// The program that workers are unless the user says otherwise; none for this very program.
#[cfg(feature = "engine")]
fn own_worker() -> Option<PathBuf> {
    None
}

/// The program that workers are unless the user says otherwise: the one beside this.
#[cfg(not(feature = "engine"))]
fn own_worker() -> Option<PathBuf> {
    let own = std::env::current_exe().unwrap_or_default();
    Some(own.with_file_name("dyno-worker"))
}

/// When to use colours.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Well,
    Host,
    Usage,
    Refused,
    NothingMatched,
    CaseFailed,
    Regressed,
    Unsure,
    Signal(i32),
}

impl Exit {
    /// The code for an error that ended the command.
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Failed { fault, .. } => (*fault).into(),
            Error::Interrupted(signal) => Self::Signal(*signal),
        }
    }

    /// Which code stands for several: what kept something from being measured goes before what it
    /// was measured to be.
    fn weight(self) -> u8 {
        match self {
            Self::Signal(_) => 8,
            Self::Host => 7,
            Self::Usage => 6,
            Self::Refused => 5,
            Self::CaseFailed => 4,
            Self::NothingMatched => 3,
            Self::Regressed => 2,
            Self::Unsure => 1,
            Self::Well => 0,
        }
    }
}

impl From<Fault> for Exit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Host => Self::Host,
            Fault::Usage => Self::Usage,
            Fault::Refused => Self::Refused,
            Fault::NotFound => Self::NothingMatched,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Well => 0,
            Exit::Host => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::NothingMatched => 4,
            Exit::CaseFailed => 5,
            Exit::Regressed => 6,
            Exit::Unsure => 7,
            Exit::Signal(signal) => u8::try_from(128 + signal).unwrap_or(1),
        })
    }
}

/// Descriptors of the event loop, the pipes to a worker and the files of a run, and some to spare.
const DESCRIPTORS: usize = 24;

/// The event loop for child processes, timers and signals. Where there is no room for it this says
/// so, since the loop itself would panic.
fn event_loop() -> Result<tokio::runtime::Runtime> {
    (0..DESCRIPTORS)
        .map(|_| std::fs::File::open("/dev/null"))
        .collect::<io::Result<Vec<_>>>()
        .context("a run needs more open files than it may have: allow more with `ulimit -n`")?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no event loop can be made")
}

/// Returns when the user wants to stop, with the number of the signal.
async fn interrupted() -> io::Result<i32> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    // Who started this under `nohup` wants it to go on.
    let mut hangup = match is_ignored(libc::SIGHUP) {
        true => None,
        false => Some(signal(SignalKind::hangup())?),
    };
    let hung_up = async {
        match &mut hangup {
            Some(hangup) => hangup.recv().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt.recv() => Ok(libc::SIGINT),
        _ = terminate.recv() => Ok(libc::SIGTERM),
        _ = hung_up => Ok(libc::SIGHUP),
    }
}

/// Whether the parent process has this one ignore a signal. Where the system does not say, it does
/// not.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Does something until it is done or the user wants to stop. What it had begun is dropped then,
/// and takes its files and workers with it.
#[cfg(feature = "packages")]
fn until_interrupted<T, E: Into<Error>>(work: impl Future<Output = Result<T, E>>) -> Result<T> {
    event_loop()?.block_on(async {
        tokio::select! {
            done = work => done.map_err(Into::into),
            signal = interrupted() => Err(Error::Interrupted(signal?)),
        }
    })
}

/// What became of showing a result. A reader that closes the pipe has seen enough: what was found
/// still decides how the command ends.
fn shown(result: Result<()>) -> Result<()> {
    match result {
        Err(error) if error.is_closed_pipe() => Ok(()),
        result => result,
    }
}

/// Makes a write beyond the user's file size limit an error like any other, instead of the end of
/// the program with a run unrecorded. Workers take their signals back to the defaults.
#[allow(unsafe_code)]
pub(crate) fn ignore_file_size_signal() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // SAFETY: no handler is installed, and this is the first thing that the only thread does.
    // Where it cannot be ignored, it stays what it was.
    let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
}

/// Prints a value as a JSON document that people can read, too.
fn print_json(value: &impl serde::Serialize) -> Result<()> {
    Ok(export::write_pretty(value, render::terminal::data())?)
}
