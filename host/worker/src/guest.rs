//! What a worker does before a guest runs: it confines itself, loads the code, and is sealed.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use dyno_job::{Build, ProgramJob, RunJob};
use dyno_model::{Access, LimitKind, Outcome, chain};
use dyno_sandbox as sandbox;
use dyno_sandbox::{Conditions, Expected, Linked, Program};
use dyno_system::confine::{Confined, Confinement};

use super::{ChildError, Worker, unconfined};

/// Writable pages that a run worker needs besides the guest's memory and stack: its own heap, the
/// timer's thread, the code, the events.
const WORKER_BYTES: u64 = 96 << 20;

/// The host's own frames on top of the guest's, deepest in a host call out of a deep recursion.
const HOST_STACK_BYTES: usize = 1 << 20;

/// Confines a run worker, and does its work on a thread whose stack holds what the guest may use,
/// whatever the limits of the user's shell are.
pub(super) fn in_sandbox(
    worker: Worker,
    job: &RunJob,
    build: Build,
    work: impl FnOnce(Confined) -> Result<Outcome, ChildError> + Send,
) -> Result<Outcome, ChildError> {
    let limits = &job.limits;
    let stack_bytes = build.stack_bytes(limits).saturating_add(HOST_STACK_BYTES);
    let needs = WORKER_BYTES
        .saturating_add(stack_bytes as u64)
        .saturating_add(input_bytes(job));
    let mut what = Confinement::run(limits.get(LimitKind::Memory).saturating_add(needs));
    what.cores.clone_from(&job.cores);
    what.read = vec![job.code.path().into()];
    what.read.extend(job.program.files().cloned());
    what.open_files = limits.get(LimitKind::Handles);
    for dir in &job.grants.dirs {
        what.read.extend(dir.pristine.clone());
        match dir.access {
            Access::Read => what.read.push(dir.host.clone()),
            Access::Scratch => {
                what.write.push(dir.host.clone());
                what.file_bytes = beyond_quota(limits.get(LimitKind::ScratchBytes));
            }
        }
    }
    let confined = worker.confine(what)?;
    // The one other thread: WASI's timers need a thread that waits.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    // Until it has begun: what a thread does to begin, a sealed worker cannot do.
    let begun = runtime.block_on(runtime.spawn(async {}));
    begun.map_err(io::Error::other)?;
    thread::scope(|scope| {
        let work = || {
            let _entered = runtime.enter();
            work(confined)
        };
        let guest = thread::Builder::new()
            .stack_size(stack_bytes)
            .spawn_scoped(scope, work)?;
        guest
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The largest file of a guest with a quota: so much that the quota, which a guest exceeds by a
/// sixteenth before that is noticed, is always what stops it.
fn beyond_quota(bytes: u64) -> u64 {
    bytes.saturating_add(bytes / 8).saturating_add(1 << 20)
}

/// What the worker itself holds of the job's files, beside what the guest makes of them: code is
/// mapped writable until it is complete, or read and copied where it cannot be mapped.
fn input_bytes(job: &RunJob) -> u64 {
    let bytes = |path: &PathBuf| fs::metadata(path).map_or(0, |metadata| metadata.len());
    let files: u64 = job.program.files().map(bytes).sum();
    files.saturating_add(job.code.bytes().saturating_mul(2))
}

/// Loads and links the job's code, and says how long loading took, ns. Nothing of it has run then,
/// and the worker is sealed before anything does.
pub(super) fn load<B: dyno_measure::Bench + 'static>(
    job: &RunJob,
    build: Build,
    confined: Confined,
) -> Result<(Linked<B>, u64), Outcome> {
    let host = |message| Outcome::Host { message };
    let began = Instant::now();
    let loaded = sandbox::load(&job.code, build, &job.limits, &job.grants.features);
    let component = loaded.map_err(|error| host(chain(&error)))?;
    let linked = Linked::new(&component, build, &job.grants.features.deny_stubs)?;
    let load_ns = nanos(began);
    confined.seal().map_err(|error| unconfined(&error))?;
    Ok((linked, load_ns))
}

pub(super) fn conditions<'a>(
    job: &'a RunJob,
    build: Build,
    program: &'a Program,
) -> Conditions<'a> {
    Conditions {
        build,
        limits: &job.limits,
        grants: &job.grants,
        program,
        seed: job.seed,
    }
}

pub(super) fn program(job: &ProgramJob) -> Result<Program, ChildError> {
    let expected = job.expected.as_ref().map(|(name, path)| {
        let name = name.clone();
        fs::read(path).map(|stdout| Expected { name, stdout })
    });
    let stdin = job.stdin.as_ref().map(fs::read).transpose()?;
    Ok(Program {
        name: job.name.clone(),
        stdin: stdin.unwrap_or_default().into(),
        expected: expected.transpose()?,
        expected_status: job.expected_status,
    })
}

pub(super) fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
