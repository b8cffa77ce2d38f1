//! Starts a worker, watches it and ends it: the wall clock, the limit on what it may say, and the
//! death of its whole process group are here, outside of its reach.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{AccessFlags, Pid, access};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use super::hello::Hello;
use super::inbox::Inbox;
use super::job::{Birth, Event, Job, PADDING_VARIABLE, WORKER_ARGUMENT};
use super::report::{Ended, Report, Stop};
use dyno_measure::monotonic_ns;
use dyno_model::{Classify, Fault, LimitKind, Outcome, chain};
use dyno_system::confine::{KernelLayer, missing};

/// What is kept of a worker's stderr: a panic message.
const STDERR_BYTES_MAX: u64 = 4096;

/// What every worker of this process is and must have.
static WORKERS: OnceLock<Workers> = OnceLock::new();

/// What every worker of a process is and must have.
#[derive(Debug, Clone, Default)]
pub struct Workers {
    /// The program that they are; none for this very program.
    pub program: Option<PathBuf>,
    /// The layers without which none may begin.
    pub required: Vec<KernelLayer>,
}

/// Says once, for the whole process, what every worker is and must have: no command that starts
/// workers can then forget to ask for it.
pub fn employ(workers: Workers) {
    // A second call would be for another command line, and there is one.
    let _ = WORKERS.set(workers);
}

/// The layers that every worker must have.
#[must_use]
pub fn required() -> &'static [KernelLayer] {
    WORKERS.get().map_or(&[], |workers| &workers.required)
}

/// Why no worker can be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is not known where this program is.
    #[error("this program cannot find itself to start workers")]
    Program(#[from] io::Error),
    /// The program that workers should be cannot be started.
    #[error("{program} cannot be started as a worker")]
    Worker {
        /// Which.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A layer is required that this system does not have.
    #[error("{layer} is required, and workers do not get it here: {detail}")]
    Missing {
        /// Which.
        layer: &'static str,
        /// What it would take.
        detail: String,
    },
}

impl Classify for StartError {
    fn fault(&self) -> Fault {
        match self {
            Self::Worker { source, .. } => Fault::of_named_file(source),
            Self::Program(_) | Self::Missing { .. } => Fault::Host,
        }
    }
}

/// Starts workers.
#[derive(Debug, Clone)]
pub struct Supervisor {
    program: PathBuf,
    cancel: Cancel,
    /// What the first of its workers said that it is.
    hello: Arc<OnceLock<Hello>>,
}

/// Tells running and future workers that it is time to stop: the user wants to, or the time that
/// was given is up.
#[derive(Debug, Clone)]
pub struct Cancel {
    signal: watch::Receiver<Option<i32>>,
    deadline: Option<Instant>,
}

impl Cancel {
    /// A flag, and the sender that raises it with the number of a signal.
    #[must_use]
    pub fn new() -> (watch::Sender<Option<i32>>, Self) {
        let (sender, receiver) = watch::channel(None);
        let deadline = None;
        let signal = receiver;
        (sender, Self { signal, deadline })
    }

    /// A flag that is never raised.
    #[must_use]
    pub fn never() -> Self {
        Self::new().1
    }

    /// The same flag, which raises itself when this much time has passed. A time that no clock
    /// reaches is none.
    #[must_use]
    pub fn within(self, budget: Duration) -> Self {
        let deadline = Instant::now().checked_add(budget);
        Self { deadline, ..self }
    }

    /// Why it is time to stop, if it is.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        let is_over = self.deadline.is_some_and(|end| Instant::now() >= end);
        let signal = *self.signal.borrow();
        let stop = signal.map(Stop::Signal);
        stop.or(is_over.then_some(Stop::Budget))
    }

    /// The time that is left; none if there is no end to it.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Returns when it is time to stop; never, if that time cannot come.
    pub async fn raised(&mut self) {
        let deadline = self.deadline;
        let is_over = async move {
            match deadline {
                Some(end) => tokio::time::sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        let is_signalled = async {
            if self.signal.wait_for(Option::is_some).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = is_over => {}
            () = is_signalled => {}
        }
    }
}

impl Supervisor {
    /// A supervisor whose workers are the program that was chosen by [`employ`], until `cancel` is
    /// raised.
    ///
    /// # Errors
    /// If the path of this program is not known, or a layer is [`required`] that this system does
    /// not have.
    pub fn new(cancel: Cancel) -> Result<Self, StartError> {
        if let Some(missing) = missing(required()) {
            return Err(StartError::Missing {
                layer: missing.layer,
                detail: missing.detail,
            });
        }
        let program = WORKERS.get().and_then(|workers| workers.program.as_ref());
        // A worker is started in another directory.
        let program = program.map(std::path::absolute).transpose()?;
        if let Some(program) = &program {
            executable(program).map_err(|source| StartError::Worker {
                program: program.to_string_lossy().escape_debug().to_string(),
                source,
            })?;
        }
        Ok(Self {
            program: program.map_or_else(std::env::current_exe, Ok)?,
            cancel,
            hello: Arc::default(),
        })
    }

    /// Runs one job in a fresh process, with this many bytes of environment padding. That the
    /// process cannot be started is a report like any other.
    pub async fn run(&self, job: &Job, wall: Duration, padding_bytes: usize) -> Report {
        let mut cancel = self.cancel.clone();
        if let Some(stop) = cancel.stop() {
            return Report {
                events: Vec::new(),
                ended: Ended::Stopped(stop),
            };
        }
        let mut worker = match Worker::start(&self.program, padding_bytes) {
            Ok(worker) => worker,
            Err(error) => {
                return Report::failed(format!("no worker can be started: {}", chain(&error)));
            }
        };
        let mut events = Vec::new();
        let ended = tokio::select! {
            ended = worker.attend(job, &mut events) => ended,
            () = tokio::time::sleep(wall) => Ended::WallClock,
            () = cancel.raised() => Ended::Stopped(cancel.stop().unwrap_or(Stop::Budget)),
        };
        let ended = worker.end(ended).await;
        let report = Report { events, ended };
        match report.hello() {
            Some(hello) if self.hello.get_or_init(|| hello.clone()) != hello => {
                let message =
                    format!("a worker was replaced while it was in use: it is {hello} now");
                Report::failed(message)
            }
            _ => report,
        }
    }

    /// Who the workers are, by one that says nothing else.
    ///
    /// # Errors
    /// How that worker ended, if it did not say it.
    pub async fn hello(&self) -> Result<Hello, Outcome> {
        let failed = |message| Outcome::Host { message };
        let report = self.run(&Job::Hello, Job::Hello.wall(), 0).await;
        let ended = report.outcome((LimitKind::Wall, 0));
        match report.hello().filter(|_| ended.is_ok()) {
            Some(hello) => Ok(hello.clone()),
            // No plugin was there yet whose fault it could be.
            None => Err(match ended {
                Outcome::Crash { message } => {
                    failed(format!("the worker did not say who it is: {message}"))
                }
                Outcome::Ok | Outcome::Limit { .. } => {
                    failed("the worker did not say who it is in time".into())
                }
                ended => ended,
            }),
        }
    }
}

/// Whether a file can be started.
fn executable(program: &Path) -> io::Result<()> {
    Ok(access(program, AccessFlags::X_OK)?)
}

/// A running worker. However this ends, its process group does not outlive it.
struct Worker {
    child: Child,
    group: Option<Pid>,
}

impl Worker {
    fn start(program: &PathBuf, padding_bytes: usize) -> io::Result<Self> {
        let birth = Birth {
            supervisor: std::process::id(),
            spawned_ns: monotonic_ns(),
        };
        let child = Command::new(program)
            .arg(WORKER_ARGUMENT)
            .args(birth.arguments())
            .args(required().iter().map(|layer| layer.name()))
            .env_clear()
            .env(PADDING_VARIABLE, "x".repeat(padding_bytes))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .map(Pid::from_raw);
        Ok(Self { child, group })
    }

    /// Listens until the worker has nothing more to say, and waits until it is gone.
    async fn attend(&mut self, job: &Job, events: &mut Vec<Event>) -> Ended {
        let ended = self.listen(job, events).await;
        if ended == Ended::Finished {
            let _ = self.child.wait().await;
        }
        ended
    }

    /// Hands over the job and gathers events until the worker closes its stdout.
    async fn listen(&mut self, job: &Job, events: &mut Vec<Event>) -> Ended {
        let (Some(mut stdin), Some(stdout)) = (self.child.stdin.take(), self.child.stdout.take())
        else {
            return Ended::Died("no pipe to the worker".into());
        };
        let mut job_line = Some(match serde_json::to_vec(job) {
            Ok(line) => line,
            Err(error) => return Ended::Died(format!("the job cannot be written: {error}")),
        });
        let mut inbox = Inbox::new(job, events);
        let mut lines = BufReader::new(stdout);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut whole = (&mut lines).take(inbox.line_bytes_max());
            match whole.read_until(b'\n', &mut line).await {
                Ok(0) => return Ended::Finished,
                Ok(_) => {}
                Err(error) => return Ended::Died(format!("its events cannot be read: {error}")),
            }
            if line.pop() != Some(b'\n') {
                return Ended::Flooded;
            }
            if let Err(ended) = inbox.take(&line) {
                return ended;
            }
            // The first event says that it will understand the job. A worker that is dead already
            // shows in its exit status.
            if let Some(mut job) = job_line.take() {
                job.push(b'\n');
                let _ = stdin.write_all(&job).await;
                let _ = stdin.shutdown().await;
            }
        }
    }

    /// Ends what may be left of it, and says how it really ended.
    async fn end(mut self, ended: Ended) -> Ended {
        if ended != Ended::Finished {
            self.kill();
        }
        let status = self.child.wait().await;
        match (ended, status) {
            (Ended::Finished, Ok(status)) if status.success() => Ended::Finished,
            (Ended::Finished, Ok(status)) => match exit_cause(status) {
                ExitCause::CpuTime => Ended::CpuTime,
                ExitCause::Other(how) => Ended::Died(self.with_stderr(how).await),
            },
            (Ended::Finished, Err(error)) => Ended::Died(error.to_string()),
            (ended, _) => ended,
        }
    }

    async fn with_stderr(&mut self, how: String) -> String {
        let Some(stderr) = self.child.stderr.take() else {
            return how;
        };
        let mut words = Vec::new();
        let _ = stderr.take(STDERR_BYTES_MAX).read_to_end(&mut words).await;
        match String::from_utf8_lossy(&words).trim() {
            "" => how,
            words => format!("{how}: {words}"),
        }
    }

    fn kill(&mut self) {
        if let Some(group) = self.group {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // After `end` the process was waited for, and its number may belong to another by now.
        if self.child.id().is_some() {
            self.kill();
        }
    }
}

enum ExitCause {
    CpuTime,
    Other(String),
}

fn exit_cause(status: ExitStatus) -> ExitCause {
    use std::os::unix::process::ExitStatusExt as _;
    match status.signal().map(Signal::try_from) {
        Some(Ok(Signal::SIGXCPU)) => ExitCause::CpuTime,
        Some(Ok(signal)) => ExitCause::Other(format!("killed by {signal}")),
        Some(Err(_)) => ExitCause::Other("killed by an unknown signal".into()),
        None => ExitCause::Other(format!("ended with {status}")),
    }
}

#[cfg(test)]
mod tests;
