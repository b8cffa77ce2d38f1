//! What a worker process does: strips and confines itself, reads its job, does it, reports.

mod component;
mod guest;
mod passes;

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _, Write as _};

use dyno_job::{Birth, Build, Event, Job, PADDING_VARIABLE};
use dyno_model::{Classify, Fault, Outcome, chain};
use dyno_sandbox as sandbox;
use dyno_system::confine::{ConfineError, Confined, Confinement, KernelLayer, Stripped, strip};
use dyno_system::counters::Counters;

use component::{check, compile, describe};
use guest::in_sandbox;
use passes::{calibrate, cases, count, profile, time};

/// The longest job line: every path, grant and argument of a command line fits.
const JOB_BYTES_MAX: u64 = 16 << 20;

/// Why a worker could not do its job. It reports this and ends.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It was not started by a supervisor.
    #[error("not started by a supervisor: this is an internal command")]
    NotAWorker,
    /// It could not be confined.
    #[error("could not be confined")]
    Confine(#[from] ConfineError),
    /// The job did not arrive, or the supervisor is gone.
    #[error("the supervisor cannot be reached")]
    Pipe(#[from] io::Error),
    /// The job is not one.
    #[error("the job is not understood")]
    Job(#[from] serde_json::Error),
    /// A layer that is required is none that is known.
    #[error("{0}")]
    Layer(String),
}

impl Classify for ChildError {
    fn fault(&self) -> Fault {
        Fault::Host
    }
}

/// The whole life of a worker that was started with these arguments, behind
/// [`dyno_job::WORKER_ARGUMENT`]: what its supervisor said of it, and the layers without which it
/// must not go on.
///
/// # Errors
/// If it got no job. What the guest does wrong is an event, and so is that it could not be
/// confined.
pub fn begin(mut arguments: impl Iterator<Item = OsString>) -> Result<(), ChildError> {
    let birth = Birth::read(arguments.by_ref());
    let required = arguments.map(|layer| layer.to_string_lossy().parse());
    let required: Vec<KernelLayer> = required
        .collect::<Result<_, _>>()
        .map_err(ChildError::Layer)?;
    work(birth, &required)
}

fn work(birth: Option<Birth>, required: &[KernelLayer]) -> Result<(), ChildError> {
    // A supervisor always sets it; a user who got here is told so, and not what `strip` misses.
    let birth = birth.filter(|_| std::env::var_os(PADDING_VARIABLE).is_some());
    let birth = birth.ok_or(ChildError::NotAWorker)?;
    let stripped = strip(birth.supervisor, &[PADDING_VARIABLE])?;
    match sandbox::hello() {
        Ok(hello) => emit(&Event::Hello(hello))?,
        Err(error) => {
            let message = chain(&error);
            return emit(&Event::Done {
                outcome: Outcome::Host { message },
            });
        }
    }
    let mut line = String::new();
    io::stdin()
        .lock()
        .take(JOB_BYTES_MAX)
        .read_line(&mut line)?;
    let worker = Worker {
        spawned_ns: birth.spawned_ns,
        stripped,
        required: required.to_vec(),
    };
    let outcome = match worker.does(&serde_json::from_str(&line)?) {
        Err(ChildError::Confine(error)) => unconfined(&error),
        done => done?,
    };
    emit(&Event::Done { outcome })?;
    Ok(())
}

/// What is no fault of a plugin, which was not even looked at.
fn unconfined(error: &ConfineError) -> Outcome {
    Outcome::Host {
        message: format!("its worker could not be confined: {}", chain(error)),
    }
}

/// A worker that is stripped, and yet to be confined.
struct Worker {
    /// When its process was started.
    spawned_ns: u64,
    stripped: Stripped,
    required: Vec<KernelLayer>,
}

impl Worker {
    fn does(self, job: &Job) -> Result<Outcome, ChildError> {
        let metered = Build::Metered;
        match job {
            Job::Hello => Ok(Outcome::Ok),
            Job::Compile(job) => compile(self, job),
            Job::Check { component, limits } => check(self, component, limits),
            Job::Describe(job) => describe(self, job),
            Job::Cases(run) => in_sandbox(self, run, metered, |seal| cases(run, seal)),
            Job::Count { run, settings } => {
                in_sandbox(self, run, metered, |seal| count(run, *settings, seal))
            }
            Job::Calibrate { run, sample_ns } => in_sandbox(self, run, Build::Timed, |seal| {
                calibrate(run, *sample_ns, seal)
            }),
            Job::Time { run, settings } => {
                let spawned_ns = self.spawned_ns;
                // Before it is confined, which forbids to open any. Where there are none the run
                // says so, once.
                let counters = Counters::open().ok();
                in_sandbox(self, run, Build::Timed, |seal| {
                    time(run, *settings, counters, spawned_ns, seal)
                })
            }
            Job::Profile { run, size } => {
                in_sandbox(self, run, Build::Profiled, |seal| profile(run, *size, seal))
            }
        }
    }

    fn confine(self, mut what: Confinement) -> Result<Confined, ChildError> {
        what.required = self.required;
        let confined = self.stripped.confine(&what)?;
        emit(&Event::Confined {
            layers: confined.layers.iter().map(ToString::to_string).collect(),
        })?;
        Ok(confined)
    }
}

fn emit(event: &Event) -> Result<(), ChildError> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, event)?;
    out.write_all(b"\n")?;
    out.flush()?;
    Ok(())
}
