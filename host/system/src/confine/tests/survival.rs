//! Whose life ends with whose, and what a confined worker still can do.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::{
    ConfineError, Confinement, PART, PLACE, allowed_cores, child_command, confined, output_of,
    passes, run, strip, told,
};

#[test]
fn a_worker_dies_with_its_supervisor() {
    let place = tempfile::tempdir().unwrap();
    // The harness, whose fork is the worker.
    let mut supervisor = child_command("sleeper", place.path()).spawn().unwrap();
    while !place.path().join("worker-is-up").exists() {
        let ended = supervisor.try_wait().unwrap();
        assert!(
            ended.is_none(),
            "{}",
            told(&supervisor.wait_with_output().unwrap())
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    // The worker holds the other end of this pipe: it ends when the worker has.
    let mut said = String::new();
    supervisor
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(!said.contains("survived"), "{said}");
}

pub(super) fn sleeper(place: &Path) {
    let write = vec![place.to_owned()];
    confined(&Confinement { write, ..run() });
    std::fs::write(place.join("worker-is-up"), "").unwrap();
    std::thread::sleep(Duration::from_secs(10));
    println!("survived");
}

#[test]
fn a_worker_whose_supervisor_is_gone_does_not_start() {
    passes("wrong-supervisor");
}

pub(super) fn wrong_supervisor() {
    let refused = strip(1_000_000_000, &[PART, PLACE]);
    assert!(matches!(
        refused,
        Err(ConfineError::Orphaned {
            expected: 1_000_000_000,
            ..
        })
    ));
}

#[test]
fn threads_work_and_are_confined_too() {
    passes("threads");
}

pub(super) fn threads() {
    confined(&run());
    let thread = std::thread::Builder::new()
        .name("named".to_owned())
        .spawn(|| {
            std::thread::sleep(Duration::from_millis(1));
            (
                std::fs::File::open("/etc/passwd").is_err(),
                std::net::UdpSocket::bind("[::]:0").is_err(),
            )
        });
    assert_eq!(thread.unwrap().join().unwrap(), (true, true));
}

#[test]
fn a_worker_is_bound_to_its_core() {
    passes("pinned");
}

pub(super) fn pinned() {
    let Some(core) = allowed_cores().last().copied() else {
        return;
    };
    let done = confined(&Confinement {
        cores: vec![core],
        ..run()
    });
    assert_eq!(done.cores, [core]);
    assert_eq!(nix::sched::sched_getcpu(), Ok(core as usize));
    assert_eq!(allowed_cores(), [core], "there is a choice of cores left");
}

/// A core that is not there is no reason not to measure; the report then says that none was bound.
#[test]
fn a_core_that_is_not_there_is_left_out() {
    passes("unpinned");
}

pub(super) fn unpinned() {
    assert_eq!(
        confined(&Confinement {
            cores: vec![1000],
            ..run()
        })
        .cores,
        Vec::<u32>::new()
    );
}

#[test]
fn abort_is_reported_as_abort() {
    let place = tempfile::tempdir().unwrap();
    let output = output_of("abort", place.path());
    assert_eq!(
        output.status.code(),
        Some(128 + nix::libc::SIGABRT),
        "{}",
        told(&output)
    );
}

pub(super) fn abort() {
    confined(&run());
    std::process::abort();
}
