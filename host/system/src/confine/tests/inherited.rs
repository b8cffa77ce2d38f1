//! What a worker inherits and must lose, and what it says of its layers.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::process::Output;

use nix::libc;

use super::{
    ConfineError, Layer, child_command, confined, has_landlock, output_of, passes, run, strip,
    stripped, told,
};

#[test]
fn confinement_after_the_second_thread_is_refused() {
    passes("second-thread");
}

pub(super) fn second_thread() {
    let stripped = stripped();
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || wait.recv());
    let refused = stripped.confine(&run());
    assert!(
        matches!(refused, Err(ConfineError::Threads { count: 2 })),
        "{refused:?}"
    );
    drop(done);
    thread.join().unwrap().unwrap_err();
}

#[test]
fn an_environment_that_is_not_the_supervisors_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let output = child_command("environment", place.path())
        .env("LD_X\u{1b}[31m", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

pub(super) fn environment() {
    let refused = strip(
        std::os::unix::process::parent_id(),
        &[super::PART, super::PLACE],
    );
    let Err(ConfineError::Environment { names }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(names, "LD_X\\u{1b}[31m");
}

#[test]
fn an_inherited_descriptor_is_closed() {
    let output = output_with_secret("descriptors");
    assert!(output.status.success(), "{}", told(&output));
    assert!(
        told(&output).contains("inherited"),
        "the test lost its descriptor"
    );
}

/// What is said by a child that has inherited a file.
pub(super) fn output_with_secret(part: &str) -> Output {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("secret"), "secret").unwrap();
    let secret = File::open(place.path().join("secret")).unwrap();
    // Like one that a careless parent leaves open: without close-on-exec.
    nix::fcntl::fcntl(
        &secret,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
    )
    .unwrap();
    output_of(part, place.path())
}

pub(super) fn descriptors() {
    let open = || {
        fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
            .filter(|path| path.ends_with("secret"))
            .count()
    };
    if open() > 0 {
        println!("inherited");
    }
    let done = stripped();
    assert_eq!(open(), 0, "the descriptor is still open");
    assert!(std::io::stdout().as_raw_fd() == 1 && done.layers.contains(&Layer::Stripped));
    // The standard streams stay.
    for stream in 0..=2 {
        // SAFETY: takes and returns integers.
        #[allow(unsafe_code)]
        let flags = unsafe { libc::fcntl(stream, libc::F_GETFD) };
        assert!(flags >= 0, "{stream} was closed");
    }
    println!("still here");
}

#[test]
fn ignored_and_blocked_signals_are_reset() {
    passes("signals");
}

pub(super) fn signals() {
    use nix::sys::signal::{SigSet, Signal};
    SigSet::all().thread_block().unwrap();
    // SAFETY: no handler of ours.
    #[allow(unsafe_code)]
    unsafe {
        libc::signal(libc::SIGTERM, libc::SIG_IGN)
    };
    let set = |name: &str| {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        u64::from_str_radix(line.split_whitespace().nth(1).unwrap(), 16).unwrap()
    };
    let caught = set("SigCgt");
    let overflow = 1 << (libc::SIGSEGV - 1);
    assert!(caught & overflow != 0, "nobody would tell of a full stack");
    stripped();
    assert_eq!(SigSet::thread_get_mask().unwrap(), SigSet::empty());
    nix::sys::signal::raise(Signal::SIGXFSZ).unwrap();
    let ignored = set("SigIgn");
    // 32 and 33 are the C library's own, which it does not let anyone touch.
    let ignored = ignored & !(0b11 << 31);
    assert_eq!(ignored, 1 << (libc::SIGXFSZ - 1), "{ignored:x}");
    assert_eq!(set("SigCgt"), caught, "what is handled is not the parent's");
}

#[test]
fn the_layers_are_named() {
    passes("layers");
}

pub(super) fn layers() {
    let probed = super::probe();
    let has = |layer: &str| {
        probed
            .iter()
            .any(|status| status.layer == layer && status.active)
    };
    let done = confined(&run());
    let named: Vec<String> = done.layers.iter().map(ToString::to_string).collect();
    println!("{named:?} {probed:?}");
    assert!(
        named.starts_with(&["dies-with-supervisor".to_owned()]),
        "{named:?}"
    );
    assert_eq!(
        has("seccomp"),
        done.layers.contains(&Layer::Seccomp),
        "{probed:?} {named:?}"
    );
    assert_eq!(
        has("landlock"),
        has_landlock(&done.layers),
        "{probed:?} {named:?}"
    );
}

#[test]
fn a_worker_has_its_own_group_and_leaves_no_core_dump() {
    passes("group");
}

pub(super) fn group() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::unistd::{getpgrp, getpid};
    assert_ne!(getpgrp(), getpid(), "the test made the group itself");
    // Where the user has none, root can have some.
    let _ = setrlimit(Resource::RLIMIT_CORE, 1 << 20, 1 << 20);
    stripped();
    assert_eq!(getpgrp(), getpid());
    assert_eq!(getrlimit(Resource::RLIMIT_CORE), Ok((0, 0)));
    assert_eq!(nix::sys::prctl::get_no_new_privs(), Ok(true));
}
