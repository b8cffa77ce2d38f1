//! The process that runs a build command: this program again, started without what is secret, so
//! that no process that knows a secret is the parent of a stranger's. It keeps itself apart, runs
//! the command, and ends all that the command left behind before it says how the command ended.
//!
//! Its stdin is a socket to the supervisor. When that closes, because a limit is reached, the user
//! interrupts, or the supervisor is gone, it ends everything at once.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid, setsid};
use serde::{Deserialize, Serialize};

use super::apart::{self, Apart, Place};
use super::environment::PASSPHRASE_VARIABLE;

/// The first argument of a process that runs build commands.
pub const BUILD_ARGUMENT: &str = "--build-command";

/// Rounds of killing, a few milliseconds each, after which what is still there cannot be ended.
const ROUNDS: u32 = 500;

/// What the helper tells the supervisor: a JSON line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Told {
    /// It is in a namespace in which it has no user until the supervisor says who it is, and then
    /// writes a byte.
    Unmapped,
    /// It cannot keep itself that far apart here.
    CannotBeApart,
    /// The command could read the passphrase from the environment of this process, and was not
    /// started.
    Exposed(String),
    /// The program of the command is not there.
    NoProgram,
    /// The command cannot be started.
    CannotStart(String),
    /// The command ended with this status of `wait`, and nothing that it started is left.
    Ended(i32),
    /// The command ended, and something that it started cannot be ended.
    Remains,
}

/// The whole life of a helper. `arguments` are how far it is to be apart, then the command; `link`
/// is its stdin.
///
/// # Errors
/// If it was not started by a supervisor, or that is gone.
pub fn work(mut arguments: impl Iterator<Item = OsString>, link: OwnedFd) -> io::Result<()> {
    let not_ours = || io::Error::other("not started by a supervisor: this is an internal command");
    let apart = arguments
        .next()
        .and_then(|name| Apart::named(name.to_str()?));
    let (Some(apart), Some(program)) = (apart, arguments.next()) else {
        return Err(not_ours());
    };
    let link = UnixStream::from(link);
    link.peer_addr().map_err(|_| not_ours())?;
    // Out of the session of the terminal: what has none cannot type for the user.
    setsid()?;
    let mapped = || {
        tell(&link, &Told::Unmapped)?;
        (&link).read_exact(&mut [0])
    };
    match apart::enter(apart, mapped) {
        Ok(Place::Inside) => {}
        Ok(Place::Outside) => return Ok(()),
        Err(_) => return tell(&link, &Told::CannotBeApart),
    }
    let told = match exposed(apart) {
        Some(process) => Told::Exposed(process),
        None => run(&link, apart, program, arguments)?,
    };
    tell(&link, &told)
}

fn tell(mut link: &UnixStream, told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    link.write_all(&line)
}

fn run(
    link: &UnixStream,
    apart: Apart,
    program: OsString,
    arguments: impl Iterator<Item = OsString>,
) -> io::Result<Told> {
    let started = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let command = match started {
        Ok(child) => Pid::from_raw(child.id().cast_signed()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Told::NoProgram),
        Err(error) => return Ok(Told::CannotStart(error.to_string())),
    };
    let (ended, end) = channel();
    let (closed, mut until_closed) = (ended.clone(), link.try_clone()?);
    thread::spawn(move || {
        // Nothing is ever said to a running command.
        let _ = until_closed.read(&mut [0]);
        let _ = closed.send(None);
    });
    thread::spawn(move || ended.send(status_of(command)));
    let status = end.recv().ok().flatten();
    let is_over = end_all(apart, command);
    Ok(match status {
        Some(status) if is_over => Told::Ended(status),
        Some(_) => Told::Remains,
        None => return Err(io::ErrorKind::BrokenPipe.into()),
    })
}

/// Waits for the command; what it left behind is a child of this process, too, and is waited for
/// with it.
fn status_of(command: Pid) -> Option<i32> {
    loop {
        match waitpid(None, None) {
            Ok(WaitStatus::Exited(pid, code)) if pid == command => return Some(code << 8),
            Ok(WaitStatus::Signaled(pid, signal, _)) if pid == command => {
                return Some(signal as i32);
            }
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return None,
        }
    }
}

/// Ends everything that the command started; whether that is so.
fn end_all(apart: Apart, command: Pid) -> bool {
    // The kernel ends all of a namespace with its first process, which this is.
    if apart == Apart::Processes {
        return true;
    }
    // They may be gone already.
    let _ = killpg(command, Signal::SIGKILL);
    for _ in 0..ROUNDS {
        for child in children() {
            let _ = kill(child, Signal::SIGKILL);
        }
        loop {
            match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
                Err(Errno::ECHILD) => return true,
                Ok(WaitStatus::StillAlive) | Err(_) => break,
                Ok(_) => {}
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    false
}

/// The children of this process. Those that lost their parents are among them.
fn children() -> Vec<Pid> {
    let own = getpid();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let pids = pids.map(Pid::from_raw);
    pids.filter(|pid| parent(*pid) == Some(own)).collect()
}

/// The parent of a process. Its name stands in parentheses before that, and may hold any.
fn parent(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
    Some(Pid::from_raw(parent)).filter(|parent| parent.as_raw() > 0)
}

/// The first process above this one whose environment has the passphrase of the signing key and can
/// be read from here, and so by the command. In a namespace without other processes there is none.
fn exposed(apart: Apart) -> Option<String> {
    if apart == Apart::Processes {
        return None;
    }
    let has_passphrase = |pid: &Pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let mut variables = environment.split(|byte| *byte == 0);
        variables.any(|variable| {
            let value = variable.strip_prefix(PASSPHRASE_VARIABLE.as_bytes());
            value.is_some_and(|value| value.starts_with(b"="))
        })
    };
    let exposed =
        std::iter::successors(Some(getppid()), |pid| parent(*pid)).find(has_passphrase)?;
    let name = fs::read_to_string(format!("/proc/{exposed}/comm")).unwrap_or_default();
    Some(format!("{exposed} ({})", name.trim_end()))
}
