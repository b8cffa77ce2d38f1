//! What a worker does that reads a component, and runs nothing of it.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dyno_job::{Build, CompileJob, DescribeJob, Event, NAMES_PER_EVENT};
use dyno_model::{Features, LimitKind, Limits, Outcome, chain};
use dyno_sandbox as sandbox;
use dyno_sandbox::{CodeError, PrecheckError};
use dyno_system::confine::Confinement;

use super::guest::nanos;
use super::{ChildError, Worker, emit};

pub(super) fn compile(worker: Worker, job: &CompileJob) -> Result<Outcome, ChildError> {
    let files = match Files::open(&job.component, Some(&job.code)) {
        Ok(files) => files,
        Err(message) => return Ok(Outcome::Host { message }),
    };
    let mut what = reading(&job.limits);
    what.cores.clone_from(&job.cores);
    worker.confine(what)?;
    compiled(compile_build(job, files))
}

pub(super) fn check(
    worker: Worker,
    component: &Path,
    limits: &Limits,
) -> Result<Outcome, ChildError> {
    let mut files = match Files::open(component, None) {
        Ok(files) => files,
        Err(message) => return Ok(Outcome::Host { message }),
    };
    worker.confine(reading(limits))?;
    let read = files.read();
    // What it may use is for those to say who run it.
    compiled(read.and_then(|file| checked(&file, limits, &Features::all()).map(drop)))
}

pub(super) fn describe(worker: Worker, job: &DescribeJob) -> Result<Outcome, ChildError> {
    let to = job.label.as_ref().map(|(_, to)| to);
    let files = match Files::open(&job.component, to) {
        Ok(files) => files,
        Err(message) => return Ok(Outcome::Host { message }),
    };
    worker.confine(reading(&job.limits))?;
    compiled(describe_component(job, files))
}

/// All the files of a worker that reads a component and runs nothing of it: they are open when it
/// is confined, and it opens no other.
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

/// A limit is named as one, whichever check found that it was exceeded.
fn refusal(error: &CodeError) -> Outcome {
    match *error {
        CodeError::Precheck(PrecheckError::Instances { limit, actual }) => Outcome::Limit {
            limit: LimitKind::Instances,
            cap: limit,
            actual: Some(actual),
        },
        _ if error.is_no_benchmark() => Outcome::Skipped {
            reason: chain(error),
        },
        _ => Outcome::Refused {
            reason: chain(error),
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
            CodeError::File { .. } | CodeError::Write(_) => Self::Host(chain(&error)),
            refused => Self::Refused(refused),
        }
    }
}

fn describe_component(job: &DescribeJob, mut files: Files) -> Result<(), CompileFailure> {
    let mut component = files.read()?;
    if let (Some((labels, to)), Some(file)) = (&job.label, &mut files.to) {
        component = sandbox::label(&sandbox::to_binary(&component)?, labels, &job.limits)?;
        file.write_all(&component)
            .map_err(|error| CompileFailure::Host(format!("{}: {error}", to.display())))?;
    }
    let description = sandbox::describe(&component, &job.limits)?;
    emit(&Event::Described(Box::new(description))).map_err(CompileFailure::Pipe)
}

/// Says what a component is, whose bytes it gives.
fn checked<'f>(
    file: &'f [u8],
    limits: &Limits,
    features: &Features,
) -> Result<Cow<'f, [u8]>, CompileFailure> {
    let component = sandbox::to_binary(file)?;
    let shape = sandbox::check(&component, limits, features)?;
    emit(&Event::Checked(Box::new(shape))).map_err(CompileFailure::Pipe)?;
    Ok(component)
}

fn compile_build(job: &CompileJob, mut files: Files) -> Result<(), CompileFailure> {
    let file = files.read()?;
    let component = checked(&file, &job.limits, &job.features)?;
    let mut to = files
        .to
        .ok_or_else(|| CompileFailure::Host("there is no file for the code".into()))?;
    let mut write = |component: &[u8]| {
        let allowed = (&job.limits, &job.features);
        let began = Instant::now();
        sandbox::compile(
            component, job.build, job.layout, allowed, &job.code, &mut to,
        )?;
        let compile_ns = nanos(began);
        emit(&Event::Compiled { compile_ns }).map_err(CompileFailure::Pipe)
    };
    if job.build != Build::Profiled {
        return write(&component);
    }
    let sandbox::Instrumented {
        component,
        functions,
    } = sandbox::instrument(&component)?;
    for names in functions.chunks(NAMES_PER_EVENT) {
        let names = names.to_vec();
        emit(&Event::Functions { names }).map_err(CompileFailure::Pipe)?;
    }
    write(&component)
}
