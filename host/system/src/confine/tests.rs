//! Every denial is tried for real. Confinement is for good and for a whole process, so each test
//! starts this test binary again, on the one test [`child`]. That forks, because the harness keeps
//! a second thread, and the fork, which has one, plays the part that a variable names. It ends with
//! exit code 101 (a panic) if something is not as it should be.

// Children speak to their test.
#![allow(clippy::print_stdout)]

mod attacks;
mod calls;
mod files;
mod inherited;
mod memory;
mod network;
mod older;
mod parts;
mod root;
mod survival;

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::*;

/// The part that a child plays, and the directory that it plays in.
const PART: &str = "DYNO_TEST_PART";
const PLACE: &str = "DYNO_TEST_PLACE";

/// Not a test of its own: what a child runs.
#[test]
fn child() {
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::{ForkResult, fork};
    let (Ok(part), Some(place)) = (std::env::var(PART), std::env::var_os(PLACE)) else {
        return;
    };
    // SAFETY: the harness's other thread waits for this one and holds no lock meanwhile; the C
    // library makes its allocator usable after a fork.
    #[allow(unsafe_code)]
    let forked = unsafe { fork() }.unwrap();
    let code = match forked {
        ForkResult::Child => {
            let played = std::panic::catch_unwind(|| parts::play(&part, Path::new(&place)));
            if played.is_ok() { 0 } else { 101 }
        }
        ForkResult::Parent { child } => match waitpid(child, None).unwrap() {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
            other => panic!("{other:?}"),
        },
    };
    std::process::exit(code);
}

/// A child that is about to play `part`, its output captured.
fn child_command(part: &str, place: &Path) -> Command {
    let test = concat!(module_path!(), "::child");
    let test = test.split_once("::").map_or(test, |(_, inside)| inside);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(PART, part)
        .env(PLACE, place)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn output_of(part: &str, place: &Path) -> Output {
    child_command(part, place).output().unwrap()
}

/// Plays `part` in an empty directory and asserts that it found everything as it should be.
fn passes(part: &str) {
    let place = tempfile::tempdir().unwrap();
    let output = output_of(part, place.path());
    assert!(output.status.success(), "{part}: {}", told(&output));
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{}\n{}\n{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// The first step, as a worker does it.
fn stripped() -> Stripped {
    strip(std::os::unix::process::parent_id(), &[PART, PLACE]).unwrap()
}

/// Both steps.
fn confined(what: &Confinement) -> Confined {
    stripped().confine(what).unwrap()
}

/// A run worker with enough memory for every part, and no files.
fn run() -> Confinement {
    Confinement::run(512 << 20)
}

fn denied<T>(tried: std::io::Result<T>, what: &str) {
    let Err(error) = tried else {
        panic!("{what} is allowed")
    };
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{what}: {error}");
}

/// The error of a raw system call.
macro_rules! errno_of {
    ($call:expr) => {{
        // SAFETY: integers, null pointers and pointers to what lives in this function; expected to
        // fail before the kernel looks at any of them.
        #[allow(unsafe_code)]
        let done = unsafe { $call };
        assert!(done < 0, "{} is allowed", stringify!($call));
        Errno::last()
    }};
}

use errno_of;

fn has_landlock(layers: &[Layer]) -> bool {
    layers
        .iter()
        .any(|layer| matches!(layer, Layer::Landlock { .. }))
}
