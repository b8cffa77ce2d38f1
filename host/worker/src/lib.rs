//! What a worker process does: strips and confines itself, reads its job, does it, reports.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use dyno_job::{
    Birth, Build, CompileJob, DescribeJob, Event, Job, NAMES_PER_EVENT, PADDING_VARIABLE,
    PROFILED_PER_EVENT, ProgramJob, RunJob, SAMPLES_PER_EVENT, Timed,
};
use dyno_measure::{
    COUNT_PASSES, CalibrateSchedule, CountSchedule, CountSettings, Paced, ProfileSize, Profiler,
    Sampler, SystemClock, TimeSchedule, TimeSettings,
};
use dyno_model::{Access, CountPass, LimitKind, Limits, Outcome, PluginKind};
use dyno_sandbox as sandbox;
use dyno_sandbox::{
    CodeError, Conditions, Expected, Finished, FuelGauge, Linked, PrecheckError, Program,
};
use dyno_system::confine::{ConfineError, Confined, Confinement, KernelLayer, Stripped, strip};

/// The longest job line: every path, grant and argument of a command line fits.
const JOB_BYTES_MAX: u64 = 16 << 20;

/// Writable pages that a run worker needs besides the guest's memory and stack: its own heap, the
/// timer's thread, the code, the events.
const WORKER_BYTES: u64 = 96 << 20;

/// Why a worker could not do its job. It reports this and ends.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// It was not started by a supervisor.
    #[error("not started by a supervisor: this is an internal command")]
    NotAWorker,
    /// It could not be confined.
    #[error("could not be confined: {0}")]
    Confine(#[from] ConfineError),
    /// The job did not arrive, or the supervisor is gone.
    #[error("the supervisor cannot be reached: {0}")]
    Pipe(#[from] io::Error),
    /// The job is not one.
    #[error("the job is not understood: {0}")]
    Job(#[from] serde_json::Error),
    /// A layer that is required is none that is known.
    #[error("{0}")]
    Layer(String),
}

/// The whole life of a worker that was started with these arguments, behind [`dyno_job::WORKER_ARGUMENT`]: what its
/// supervisor said of it, and the layers without which it must not go on.
///
/// # Errors
/// If it got no job. What the guest does wrong is an event, and so is that it could not be confined.
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
            let message = error.to_string();
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
    let cause = std::error::Error::source(error);
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    Outcome::Host {
        message: format!("its worker could not be confined: {error}{cause}"),
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
                in_sandbox(self, run, Build::Timed, |seal| {
                    time(run, *settings, spawned_ns, seal)
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

fn compile(worker: Worker, job: &CompileJob) -> Result<Outcome, ChildError> {
    let files = match Files::open(&job.component, Some(&job.code)) {
        Ok(files) => files,
        Err(message) => return Ok(Outcome::Host { message }),
    };
    let mut what = reading(&job.limits);
    what.cores.clone_from(&job.cores);
    worker.confine(what)?;
    compiled(compile_build(job, files))
}

fn describe(worker: Worker, job: &DescribeJob) -> Result<Outcome, ChildError> {
    let to = job.label.as_ref().map(|(_, to)| to);
    let files = match Files::open(&job.component, to) {
        Ok(files) => files,
        Err(message) => return Ok(Outcome::Host { message }),
    };
    worker.confine(reading(&job.limits))?;
    compiled(describe_component(job, files))
}

/// All the files of a worker that reads a component and runs nothing of it: they are open when it is confined, and it
/// opens no other.
struct Files {
    component: File,
    to: Option<File>,
}

impl Files {
    fn open(component: &Path, to: Option<&PathBuf>) -> Result<Self, String> {
        let failed = |path: &Path, error| format!("{}: {error}", path.display());
        let mut private = File::options();
        private.write(true).create(true).truncate(true).mode(0o600);
        let create = |to: &PathBuf| private.open(to).map_err(|error| failed(to, error));
        Ok(Self {
            component: File::open(component).map_err(|error| failed(component, error))?,
            to: to.map(create).transpose()?,
        })
    }

    fn read(&mut self) -> Result<Vec<u8>, CompileFailure> {
        let mut bytes = Vec::new();
        let read = self.component.read_to_end(&mut bytes);
        read.map_err(|error| CompileFailure::Host(format!("the component: {error}")))?;
        Ok(bytes)
    }
}

/// What a worker may do that reads a component and runs nothing of it.
fn reading(limits: &Limits) -> Confinement {
    let mut what = Confinement::compile(
        limits.get(LimitKind::CompileMemory),
        limits.get(LimitKind::Compile),
    );
    // Machine code is some four times as large as the component, more for tiny functions.
    what.file_bytes = limits.get(LimitKind::Component).saturating_mul(32);
    what
}

fn compiled(result: Result<(), CompileFailure>) -> Result<Outcome, ChildError> {
    Ok(match result {
        Ok(()) => Outcome::Ok,
        Err(CompileFailure::Refused(error)) => refusal(&error),
        Err(CompileFailure::Host(message)) => Outcome::Host { message },
        Err(CompileFailure::Pipe(error)) => return Err(error),
    })
}

/// A limit is named as one, whoever found that it was exceeded.
fn refusal(error: &CodeError) -> Outcome {
    match *error {
        CodeError::Precheck(PrecheckError::Instances { cap, actual }) => Outcome::Limit {
            limit: LimitKind::Instances,
            cap,
            actual: Some(actual),
        },
        _ if error.is_no_benchmark() => Outcome::Skipped {
            reason: error.to_string(),
        },
        _ => Outcome::Refused {
            reason: error.to_string(),
        },
    }
}

enum CompileFailure {
    Refused(CodeError),
    Host(String),
    Pipe(ChildError),
}

impl From<CodeError> for CompileFailure {
    fn from(error: CodeError) -> Self {
        match error {
            CodeError::File { .. } | CodeError::Write(_) => Self::Host(error.to_string()),
            refused => Self::Refused(refused),
        }
    }
}

fn describe_component(job: &DescribeJob, mut files: Files) -> Result<(), CompileFailure> {
    let mut component = files.read()?;
    if let (Some((labels, to)), Some(file)) = (&job.label, &mut files.to) {
        component = sandbox::label(&sandbox::to_component(&component)?, labels, &job.limits)?;
        file.write_all(&component)
            .map_err(|error| CompileFailure::Host(format!("{}: {error}", to.display())))?;
    }
    let description = sandbox::describe(&component, &job.limits)?;
    emit(&Event::Described(Box::new(description))).map_err(CompileFailure::Pipe)
}

fn compile_build(job: &CompileJob, mut files: Files) -> Result<(), CompileFailure> {
    let file = files.read()?;
    let component = sandbox::to_component(&file)?;
    let shape = sandbox::check(&component, &job.limits)?;
    emit(&Event::Checked(Box::new(shape))).map_err(CompileFailure::Pipe)?;
    let mut to = files
        .to
        .ok_or_else(|| CompileFailure::Host("there is no file for the code".into()))?;
    let mut write = |component: &[u8]| {
        let limits = &job.limits;
        sandbox::compile(component, job.build, job.layout, limits, &job.code, &mut to)
    };
    if job.build != Build::Profiled {
        return Ok(write(&component)?);
    }
    let sandbox::Instrumented {
        component,
        functions,
    } = sandbox::instrument(&component)?;
    for names in functions.chunks(NAMES_PER_EVENT) {
        let names = names.to_vec();
        emit(&Event::Functions { names }).map_err(CompileFailure::Pipe)?;
    }
    Ok(write(&component)?)
}

/// The host's own frames on top of the guest's, deepest in a host call out of a deep recursion.
const HOST_STACK_BYTES: usize = 1 << 20;

/// Confines a run worker, and does its work on a thread whose stack holds what the guest may use,
/// whatever the limits of the user's shell are.
fn in_sandbox(
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
    // The one other thread: WASI's timers need somebody to wait.
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

/// The largest file of a guest with a quota: so much that the quota, which a guest exceeds by a sixteenth before that is
/// noticed, is always what stops it.
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

/// Loads and links the job's code, and says how long loading took, ns. Nothing of it has run then, and the worker is
/// sealed before anything does.
fn load<B: dyno_measure::Bench + 'static>(
    job: &RunJob,
    build: Build,
    confined: Confined,
) -> Result<(Linked<B>, u64), Outcome> {
    let host = |message| Outcome::Host { message };
    let began = Instant::now();
    let loaded = sandbox::load(&job.code, build, &job.limits);
    let component = loaded.map_err(|error| host(error.to_string()))?;
    let linked = Linked::new(&component, build)?;
    let load_ns = nanos(began);
    confined.seal().map_err(|error| unconfined(&error))?;
    Ok((linked, load_ns))
}

fn conditions<'a>(job: &'a RunJob, build: Build, program: &'a Program) -> Conditions<'a> {
    Conditions {
        build,
        limits: &job.limits,
        grants: &job.grants,
        program,
        seed: job.seed,
    }
}

fn program(job: &ProgramJob) -> Result<Program, ChildError> {
    let expected = job.expected.as_ref().map(|(name, path)| {
        let name = name.clone();
        fs::read(path).map(|stdout| Expected { name, stdout })
    });
    let stdin = job.stdin.as_ref().map(fs::read).transpose()?;
    Ok(Program {
        name: job.name.clone(),
        stdin: stdin.unwrap_or_default().into(),
        expected: expected.transpose()?,
    })
}

fn cases(job: &RunJob, seal: Confined) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Metered, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    match linked.cases(conditions(job, Build::Metered, &program)) {
        Ok(cases) => {
            let cap = job.limits.get(LimitKind::Cases);
            let actual = cases.len() as u64;
            if actual > cap {
                return Ok(Outcome::Limit {
                    limit: LimitKind::Cases,
                    cap,
                    actual: Some(actual),
                });
            }
            let kind = linked.kind();
            emit(&Event::Cases { kind, cases })?;
            Ok(Outcome::Ok)
        }
        Err(outcome) => Ok(outcome),
    }
}

fn count(job: &RunJob, settings: CountSettings, seal: Confined) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Metered, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    for _ in 0..COUNT_PASSES {
        let gauge = FuelGauge::default();
        let schedule = match linked.kind() {
            PluginKind::Suite => CountSchedule::new(settings),
            PluginKind::Command => CountSchedule::once(settings),
        };
        let sampler = Paced::new(Sampler::new(gauge.clone(), schedule));
        let conditions = conditions(job, Build::Metered, &program);
        let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
            Ok(finished) => finished,
            Err(outcome) => return Ok(outcome),
        };
        let (sampler, pace) = bench.into_parts();
        let counts = sampler.into_schedule().counts();
        emit(&Event::Counted {
            pass: CountPass {
                batches: counts.batches,
                total_fuel: ended.total_fuel,
            },
            fuel_per_iteration: counts.fuel_per_iteration,
            method: counts.method,
            settled: counts.settled,
            memory: ended.memory,
            pace,
            output: ended.output,
        })?;
        if !ended.outcome.is_ok() {
            return Ok(ended.outcome);
        }
    }
    Ok(Outcome::Ok)
}

fn calibrate(job: &RunJob, sample_ns: u64, seal: Confined) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Timed, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let schedule = match linked.kind() {
        PluginKind::Suite => CalibrateSchedule::new(sample_ns),
        PluginKind::Command => CalibrateSchedule::new(sample_ns).without_doubling(),
    };
    let sampler = Sampler::new(SystemClock::start(), schedule);
    let conditions = conditions(job, Build::Timed, &program);
    let gauge = FuelGauge::default();
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    if let Some(calibrated) = bench.into_schedule().calibrated() {
        emit(&Event::Calibrated(calibrated))?;
    }
    Ok(ended.outcome)
}

fn time(
    job: &RunJob,
    settings: TimeSettings,
    spawned_ns: u64,
    seal: Confined,
) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, load_ns) = match load(job, Build::Timed, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let sampler = Sampler::new(SystemClock::start(), TimeSchedule::new(settings));
    let conditions = conditions(job, Build::Timed, &program);
    let gauge = FuelGauge::default();
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, sampler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    let schedule = bench.into_schedule();
    for samples in schedule.samples().chunks(SAMPLES_PER_EVENT) {
        let samples = samples.to_vec();
        emit(&Event::Samples { samples })?;
    }
    emit(&Event::Timed(Box::new(Timed {
        ready_ns: ended.ready_ns.saturating_sub(spawned_ns),
        load_ns,
        instantiate_ns: ended.instantiate_ns as u64,
        first_iteration_ns: schedule.first_ns(),
        checksum: schedule.checksum(),
        precise: schedule.is_precise(),
        memory_peak_bytes: ended.memory.peak_bytes,
        rss_peak_bytes: rss_peak_bytes(),
    })))?;
    Ok(ended.outcome)
}

fn profile(job: &RunJob, size: ProfileSize, seal: Confined) -> Result<Outcome, ChildError> {
    let program = program(&job.program)?;
    let (linked, _) = match load(job, Build::Profiled, seal) {
        Ok(loaded) => loaded,
        Err(outcome) => return Ok(outcome),
    };
    let size = match linked.kind() {
        PluginKind::Suite => size,
        PluginKind::Command => ProfileSize::First,
    };
    let gauge = FuelGauge::default();
    let profiler = Profiler::new(gauge.clone(), size);
    let conditions = conditions(job, Build::Profiled, &program);
    let Finished { bench, ended } = match linked.run(&job.case, conditions, &gauge, profiler) {
        Ok(finished) => finished,
        Err(outcome) => return Ok(outcome),
    };
    let found = bench.into_profiled();
    // The profile of what did not come to its end would be one of something else.
    let Some(batch) = found.batch.filter(|_| ended.outcome.is_ok()) else {
        return Ok(ended.outcome);
    };
    for nodes in found.nodes.chunks(PROFILED_PER_EVENT) {
        let (nodes, sums) = (nodes.to_vec(), Vec::new());
        emit(&Event::Profiled { nodes, sums })?;
    }
    for sums in found.sums.chunks(PROFILED_PER_EVENT) {
        let (nodes, sums) = (Vec::new(), sums.to_vec());
        emit(&Event::Profiled { nodes, sums })?;
    }
    emit(&Event::ProfileDone {
        iterations: batch.order.iterations,
        fuel: batch.timed,
    })?;
    Ok(Outcome::Ok)
}

fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The most memory this process ever had resident.
fn rss_peak_bytes() -> u64 {
    use nix::sys::resource::{UsageWho, getrusage};
    // In KiB on Linux.
    getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() as u64 * 1024)
}
