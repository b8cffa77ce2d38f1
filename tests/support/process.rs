//! Running a command to its end, and what is asserted of it.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use serde_json::Value;

use super::{DEADLINE, path, repository};

/// The same for what builds: all samples, from nothing, on a machine that others use, too.
const BUILD_DEADLINE: Duration = Duration::from_secs(1800);

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) what: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            status,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "{what}\nended with {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}"
        )
    }
}

impl Said {
    /// Its exit code must be this, and whatever it is, nothing may have panicked.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// Its stdout must hold this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is missing: {self}");
        self
    }

    /// It must complain of this: one sentence, once.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is missing: {self}");
        let errors = self.stderr.matches("error:").count();
        assert_eq!(errors, 1, "one error is one sentence: {self}");
        self
    }

    /// The commands that it shows to see something again.
    pub(crate) fn reruns(&self) -> impl Iterator<Item = &str> {
        let lines = self.stdout.lines();
        lines.filter_map(|line| line.trim().strip_prefix("again: "))
    }

    /// Its stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

/// The variables that a command grants: one that is shown names them without their values.
pub(super) fn granted(command: &Command) -> Vec<(OsString, OsString)> {
    let words: Vec<&OsStr> = command.get_args().collect();
    let variable = |at: usize| {
        let word = words[at].to_str()?;
        let is_own = at > 0 && words[at - 1] == "--env";
        let variable = is_own.then_some(word).or(word.strip_prefix("--env="))?;
        match variable.split_once('=') {
            Some((name, value)) => Some((name.into(), value.into())),
            None => {
                let mut own = command.get_envs();
                let value = own.find(|(name, _)| *name == variable)?.1?;
                Some((variable.into(), value.into()))
            }
        }
    };
    (0..words.len()).filter_map(variable).collect()
}

/// Runs a command to its end.
pub(crate) fn finish(command: Command) -> Said {
    finish_within(DEADLINE, command)
}

/// Runs a command that builds something with the tester's toolchains to its end.
pub(crate) fn build(mut command: Command) -> Said {
    with_toolchain(&mut command);
    finish_within(BUILD_DEADLINE, command)
}

fn finish_within(deadline: Duration, mut command: Command) -> Said {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let what = shown(&command);
    let child = command
        .spawn()
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    gather_within(deadline, child, what)
}

/// Waits for a child and gathers what it says.
pub(crate) fn gather(child: Child, what: String) -> Said {
    gather_within(DEADLINE, child, what)
}

fn gather_within(deadline: Duration, mut child: Child, what: String) -> Said {
    fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
        thread::spawn(move || {
            let mut said = Vec::new();
            if let Some(mut pipe) = pipe {
                // What is cut off shows in the assertions.
                let _ = pipe.read_to_end(&mut said);
            }
            said
        })
    }
    let stdout = reader(child.stdout.take());
    let stderr = reader(child.stderr.take());
    let mut status = None;
    let ended = poll_within(deadline, || {
        status = child.try_wait().unwrap();
        status.is_some()
    });
    if !ended {
        let _ = child.kill();
        let _ = child.wait();
    }
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().unwrap()).into_owned()
    };
    let said = Said {
        what,
        status: status.unwrap_or_else(|| ExitStatus::from_raw(libc::SIGKILL)),
        stdout: text(stdout),
        stderr: text(stderr),
    };
    assert!(ended, "it hangs: {said}");
    said
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

/// Polls until something holds; whether it ever did.
pub(crate) fn poll(holds: impl FnMut() -> bool) -> bool {
    poll_within(DEADLINE, holds)
}

fn poll_within(deadline: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
    true
}

/// Gives a command the tester's own environment, which a toolchain needs, less what is dyno's, and
/// what `tests/toolchains/install` installs.
fn with_toolchain(command: &mut Command) {
    let of_dyno = |name: &OsString| {
        name.to_string_lossy().starts_with("DYNO_") || name == "NO_COLOR" || name == "TMPDIR"
    };
    command.envs(std::env::vars_os().filter(|(name, _)| !of_dyno(name)));
    let mut path = repository().join("target/toolchains/bin").into_os_string();
    path.push(":");
    path.push(self::path());
    command.env("PATH", path);
}
