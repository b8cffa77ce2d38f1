//! Runs a plugin directory's build commands: each is shown before it starts, runs apart from
//! everything that knows a secret, for as long as the time limit allows, and is gone with all that
//! it started before this returns.

mod apart;
mod environment;
mod helper;
mod output;

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::pin::{Pin, pin};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep_until, timeout};

use super::Manifest;
use apart::Apart;
use dyno_model::{Classify, Fault, LimitUnit, quantity};
use environment::Environment;
use helper::Told;
use output::Output;

pub use apart::hide;
pub use environment::PASSPHRASE_VARIABLE;
pub use helper::{BUILD_ARGUMENT, work as run_build_command};

/// How long a plugin's build may take: toolchains that compile themselves first need some of it.
pub(crate) const BUILD_TIME: Duration = Duration::from_secs(30 * 60);

/// How long a helper may take to end what a command started, and its output to arrive. It takes
/// milliseconds.
const END_TIME: Duration = Duration::from_secs(5);

/// A line of the helper is short: the longest names a process.
const TOLD_BYTES_MAX: u64 = 4096;

/// How a plugin is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildOptions {
    /// How long all its commands together may take.
    pub time: Duration,
    /// Names of variables that the commands get although they are secrets by their names.
    pub env: Vec<String>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            time: BUILD_TIME,
            env: Vec::new(),
        }
    }
}

/// What happens in a build. Everything in it is a stranger's: escape it before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildEvent<'a> {
    /// A command is about to start: a program and its arguments.
    Command(&'a [String]),
    /// It said a line.
    Line(&'a str),
}

/// Why a plugin could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The command's program is not there.
    #[error(
        "`{program}` is not installed, and this plugin is built with `{command}`{}",
        advice.as_deref().map(|advice| format!(": {advice}")).unwrap_or_default()
    )]
    NoProgram {
        /// What is missing.
        program: String,
        /// What it was needed for.
        command: String,
        /// How to get it, in the words of the manifest.
        advice: Option<String>,
    },
    /// The command cannot be started.
    #[error("`{command}` cannot be started: {reason}")]
    Start {
        /// Which command.
        command: String,
        /// Why.
        reason: String,
    },
    /// The user wanted to stop.
    #[error("`{0}` was interrupted")]
    Interrupted(String),
    /// It took too long.
    #[error(
        "`{command}` was stopped after {}, the time limit of a build; --build-timeout raises it{}",
        quantity::show(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), LimitUnit::Milliseconds),
        after(output)
    )]
    Time {
        /// Which command.
        command: String,
        /// The limit.
        time: Duration,
        /// The beginning and the end of what it said; may be hostile.
        output: String,
    },
    /// The command could take the passphrase of the signing key.
    #[error(
        "`{command}` was not run: it could read {PASSPHRASE_VARIABLE} from the environment of process {process}, and this system cannot keep it from that; build where the variable is not set, then go on with --no-build"
    )]
    Exposed {
        /// Which command.
        command: String,
        /// The process that has the passphrase: its number and name.
        process: String,
    },
    /// All commands succeeded, and nothing came of it.
    #[error("its commands succeeded, but there is no {0}")]
    NoComponent(String),
    /// Something that the command started is still there.
    #[error("`{0}` left processes behind that cannot be ended")]
    Remains(String),
    /// The command failed.
    #[error(
        "`{command}` failed with {status}{}{}",
        withheld_words(withheld),
        after(output)
    )]
    Failed {
        /// Which command.
        command: String,
        /// Its exit status, in words.
        status: String,
        /// Names of variables that it did not get.
        withheld: Vec<String>,
        /// The beginning and the end of what it said; may be hostile.
        output: String,
    },
}

impl Classify for BuildError {
    /// The plugin's: where it is built, it is refused.
    fn fault(&self) -> Fault {
        Fault::Refused
    }
}

fn after(output: &str) -> String {
    match output.is_empty() {
        true => String::new(),
        false => format!(":\n{output}"),
    }
}

fn withheld_words(names: &[String]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!(
            " (it did not get {}; --build-env NAME passes one on)",
            names.join(", ")
        ),
    }
}

/// Runs the commands of a manifest in its directory, in order, and tells `on` of each before it
/// starts and of what it says; ends what is running when `cancelled` comes. They are the plugin
/// author's own programs with the user's own rights: building is not sandboxed, which is why a
/// plugin that is only to be run comes as a component.
///
/// # Errors
/// The first command that failed.
pub async fn build(
    dir: &Path,
    manifest: &Manifest,
    options: &BuildOptions,
    mut on: impl FnMut(BuildEvent<'_>),
    cancelled: impl Future<Output = ()>,
) -> Result<(), BuildError> {
    let deadline = Instant::now() + options.time;
    let mut stop = pin!(async {
        tokio::select! {
            () = sleep_until(deadline) => Ending::Time,
            () = cancelled => Ending::Interrupted,
        }
    });
    let environment = Environment::of(std::env::vars_os(), &options.env);
    for argv in &manifest.commands {
        on(BuildEvent::Command(argv));
        let mut output = Output::default();
        let mut on_line = |line: &str| on(BuildEvent::Line(line));
        let run = run(
            dir,
            argv,
            &environment,
            &mut output,
            &mut on_line,
            stop.as_mut(),
        );
        match run.await {
            Ok(Ending::Told(Told::Ended(0))) => {}
            ending => {
                return Err(error(
                    ending,
                    argv,
                    manifest,
                    options,
                    &environment,
                    &output,
                ));
            }
        }
    }
    Ok(())
}

/// How a command ended that did not succeed.
fn error(
    ending: io::Result<Ending>,
    argv: &[String],
    manifest: &Manifest,
    options: &BuildOptions,
    environment: &Environment,
    output: &Output,
) -> BuildError {
    let command = argv.join(" ");
    let output = output.shown();
    let told = match ending {
        Ok(Ending::Told(told)) => told,
        Ok(Ending::Interrupted) => return BuildError::Interrupted(command),
        Ok(Ending::Time) => {
            let time = options.time;
            return BuildError::Time {
                command,
                time,
                output,
            };
        }
        Err(error) => Told::CannotStart(error.to_string()),
    };
    match told {
        Told::NoProgram => {
            let program = argv.first().cloned().unwrap_or_default();
            BuildError::NoProgram {
                advice: manifest.tools.get(&program).cloned(),
                program,
                command,
            }
        }
        Told::CannotStart(reason) => BuildError::Start { command, reason },
        Told::Unmapped | Told::CannotBeApart => BuildError::Start {
            command,
            reason: "its helper said what no helper says".into(),
        },
        Told::Exposed(process) => BuildError::Exposed { command, process },
        Told::Remains => BuildError::Remains(command),
        Told::Ended(status) => BuildError::Failed {
            command,
            status: ExitStatus::from_raw(status).to_string(),
            withheld: environment.withheld.clone(),
            output,
        },
    }
}

/// How a command came to its end.
enum Ending {
    /// As its helper says.
    Told(Told),
    /// The time was up.
    Time,
    /// The user wanted to stop.
    Interrupted,
}

/// Runs one command, as far apart as this system allows, until it ends or is stopped.
async fn run(
    dir: &Path,
    argv: &[String],
    environment: &Environment,
    output: &mut Output,
    on_line: &mut dyn FnMut(&str),
    mut stop: Pin<&mut impl Future<Output = Ending>>,
) -> io::Result<Ending> {
    for apart in Apart::ALL {
        let mut helper = Helper::start(apart, dir, argv, environment)?;
        let ending = tokio::select! {
            told = helper.attend(output, on_line) => told.map(Ending::Told),
            ending = stop.as_mut() => Ok(ending),
        };
        helper.end().await;
        match ending? {
            Ending::Told(Told::CannotBeApart) => {}
            ending => return Ok(ending),
        }
    }
    Ok(Ending::Told(Told::CannotBeApart))
}

/// A running helper. When its link is closed, which dropping it does, it ends with everything that
/// it started.
struct Helper {
    child: Child,
    link: Option<BufReader<tokio::net::UnixStream>>,
    output: Receiver,
}

impl Helper {
    fn start(
        apart: Apart,
        dir: &Path,
        argv: &[String],
        environment: &Environment,
    ) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        // One pipe for both, so that what it says stays in order.
        let (output, writer) = std::io::pipe()?;
        let child = Command::new(std::env::current_exe()?)
            .args([OsStr::new(BUILD_ARGUMENT), apart.name().as_ref()])
            .args(argv)
            .current_dir(dir)
            .env_clear()
            .envs(environment.passed.iter().cloned())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        Ok(Self {
            child,
            link: Some(BufReader::new(tokio::net::UnixStream::from_std(ours)?)),
            output: Receiver::from_owned_fd(output.into())?,
        })
    }

    /// Listens to the helper and takes the command's output, until the command has ended.
    async fn attend(
        &mut self,
        output: &mut Output,
        on_line: &mut dyn FnMut(&str),
    ) -> io::Result<Told> {
        let Some(link) = &mut self.link else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let mut told = pin!(hear(link, self.child.id()));
        let mut piece = vec![0; 64 << 10];
        let told = loop {
            tokio::select! {
                told = told.as_mut() => break told?,
                read = self.output.read(&mut piece) => match read? {
                    0 => break told.as_mut().await?,
                    read => output.take(&piece[..read], &mut *on_line),
                },
            }
        };
        // What was said before the end is in the pipe; all that could say more is gone.
        let rest = async {
            while let Ok(read @ 1..) = self.output.read(&mut piece).await {
                output.take(&piece[..read], &mut *on_line);
            }
        };
        let _ = timeout(END_TIME, rest).await;
        Ok(told)
    }

    /// Waits until the helper has ended, and with it all that it started.
    async fn end(mut self) {
        drop(self.link.take());
        if timeout(END_TIME, self.child.wait()).await.is_err()
            && let Some(id) = self.child.id()
        {
            let _ = killpg(Pid::from_raw(id.cast_signed()), Signal::SIGKILL);
            let _ = self.child.wait().await;
        }
    }
}

/// What the helper says of the command.
async fn hear(
    link: &mut BufReader<tokio::net::UnixStream>,
    helper: Option<u32>,
) -> io::Result<Told> {
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut *link).take(TOLD_BYTES_MAX);
        bounded.read_until(b'\n', &mut line).await?;
        if line.is_empty() {
            return Err(io::Error::other("its helper ended before it did"));
        }
        match serde_json::from_slice(&line)? {
            Told::Unmapped => match helper.map(apart::map) {
                Some(Ok(())) => link.get_mut().write_all(b".").await?,
                _ => return Ok(Told::CannotBeApart),
            },
            told => return Ok(told),
        }
    }
}
