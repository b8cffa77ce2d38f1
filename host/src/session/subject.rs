//! A plugin on its way through a session: what is known of it so far, and what its workers add.

use std::path::{Path, PathBuf};

use super::code::Code;
use super::outcome;
use super::request::{Request, Stage};
use crate::plugin::{self, BuildError, Digest, Input, InputError, Source, SourceError};
use crate::progress::{Observer, Progress};
use crate::report::model::{
    Case, CaseSpec, Count, CountPass, LimitKind, MemoryProfile, Outcome, Plugin, PluginKind,
    Process, Sample,
};
use crate::sandbox::{Access, DirGrant, Grants, Limits, Shape};
use crate::stats;
use crate::worker::{Cancel, Event, ProgramJob, Report, Timed};

/// Why a case has no result after a signal.
pub(super) const INTERRUPTED: &str = "the run was interrupted";

/// One plugin of a session.
pub(super) struct Subject {
    /// What the report will say.
    pub(super) plugin: Plugin,
    pub(super) shape: Option<Shape>,
    /// What its bytes were when they were hashed; none if it was refused before.
    pub(super) digest: Option<Digest>,
    pub(super) code: Option<Code>,
    /// What it gets and must give if it is a command.
    pub(super) program: ProgramJob,
    /// Whether the user named this very file or directory.
    pub(super) is_named: bool,
    source: Option<Source>,
    bytes: Bytes,
    times: Vec<(u64, u64)>,
}

/// Where the component's bytes are.
enum Bytes {
    Nowhere,
    File(PathBuf),
    Own(&'static str),
}

impl Subject {
    fn new(name: String, source: String) -> Self {
        let program = ProgramJob {
            name: name.clone(),
            ..ProgramJob::default()
        };
        Self {
            program,
            is_named: true,
            source: None,
            plugin: Plugin {
                name,
                source,
                kind: None,
                digest: None,
                component_bytes: None,
                outcome: Outcome::Ok,
                compile: None,
                load_ns: None,
                instantiate_ns: None,
                cases: Vec::new(),
            },
            shape: None,
            digest: None,
            code: None,
            bytes: Bytes::Nowhere,
            times: Vec::new(),
        }
    }

    /// A guest of our own.
    pub(super) fn own(name: &str, text: &'static str) -> Self {
        let digest = Digest::of(text.as_bytes());
        Self {
            digest: Some(digest),
            bytes: Bytes::Own(text),
            ..Self::new(name.into(), "built in".into())
        }
    }

    /// Builds and hashes what was found behind a path. Copies of what a program gets go into `dir`.
    pub(super) async fn prepare(
        found: Result<Source, SourceError>,
        path: &Path,
        request: &Request,
        dir: &Path,
        observer: &mut dyn Observer,
        cancel: Cancel,
    ) -> Self {
        let source = match found {
            Ok(source) => source,
            Err(error) => {
                let mut subject = Self::new(lossy(path), lossy(path));
                subject.refuse(Outcome::Refused {
                    reason: error.to_string(),
                });
                return subject;
            }
        };
        let mut subject = Self::new(source.name.clone(), lossy(&source.path));
        subject.is_named = source.is_named;
        match program(&source, request, dir) {
            Ok(program) => subject.program = program,
            Err(error) => {
                subject.refuse(Outcome::Refused {
                    reason: error.to_string(),
                });
                return subject;
            }
        }
        match subject.read(&source, request, observer, cancel).await {
            Ok((digest, bytes)) => {
                subject.digest = Some(digest);
                subject.plugin.digest = Some(digest.to_string());
                subject.plugin.component_bytes = Some(bytes);
                subject.bytes = Bytes::File(source.component());
            }
            Err(outcome) => subject.refuse(outcome),
        }
        subject.source = Some(source);
        subject
    }

    /// What is granted to it: what the user grants to all, and what is its own.
    pub(super) fn grants(&self, all: &Grants) -> Grants {
        let mut grants = all.clone();
        let Some(source) = &self.source else {
            return grants;
        };
        if let Some(manifest) = &source.manifest
            && grants.args.is_empty()
        {
            grants.args.clone_from(&manifest.program.args);
        }
        if grants.own_dir {
            // A worker has no working directory of its own.
            let own = source.own_dir();
            grants.dirs.push(DirGrant {
                host: own.canonicalize().unwrap_or_else(|_| own.into()),
                guest: ".".into(),
                access: Access::Read,
            });
        }
        grants
    }

    async fn read(
        &self,
        source: &Source,
        request: &Request,
        observer: &mut dyn Observer,
        mut cancel: Cancel,
    ) -> Result<(Digest, u64), Outcome> {
        let refused = |reason| Outcome::Refused { reason };
        if let Some(manifest) = &source.manifest {
            if let Some(flags) = manifest.beyond(&request.limits) {
                let reason =
                    format!("it asks for more than the limits allow: grant it with {flags}");
                return Err(refused(reason));
            }
            if request.build {
                let announce = |command: &str| {
                    let plugin = &source.name;
                    observer.on(Progress::Build { plugin, command });
                };
                let built = plugin::build(&source.path, manifest, announce, cancel.raised()).await;
                built.map_err(|error| match error {
                    BuildError::Interrupted(_) => Outcome::Skipped {
                        reason: INTERRUPTED.into(),
                    },
                    // Whoever names a directory of plugins in many languages need not have the
                    // tools of all of them.
                    BuildError::NoProgram { .. } if !source.is_named => Outcome::Skipped {
                        reason: error.to_string(),
                    },
                    error => refused(error.to_string()),
                })?;
            }
        }
        plugin::read(&source.component(), &request.limits).map_err(|error| match error {
            SourceError::TooLarge { cap, actual, .. } => Outcome::Limit {
                limit: LimitKind::Component,
                cap,
                actual: Some(actual),
            },
            error => refused(error.to_string()),
        })
    }

    /// Writes the component, exactly as it was hashed, to a file that only we can change.
    pub(super) fn snapshot(&self, limits: &Limits, to: &Path) -> Result<(), String> {
        match (&self.bytes, self.digest) {
            (Bytes::File(path), Some(digest)) => {
                plugin::snapshot(path, limits, &digest, to).map_err(|error| error.to_string())
            }
            (Bytes::Own(text), _) => std::fs::write(to, text).map_err(|error| error.to_string()),
            _ => Err("it has no bytes".into()),
        }
    }

    /// It goes no further.
    pub(super) fn refuse(&mut self, outcome: Outcome) {
        self.plugin.outcome = outcome;
        self.code = None;
    }

    /// Takes what a plugin said of its cases, if it is true to the contract.
    pub(super) fn listed(&mut self, report: Report, request: &Request) {
        let ended = outcome(&report, wall(&request.limits));
        if !ended.is_ok() {
            return self.refuse(ended);
        }
        let listed = report.events.into_iter().find_map(|event| match event {
            Event::Cases { kind, cases } => Some((kind, cases)),
            _ => None,
        });
        let (kind, listed) = listed.unzip();
        self.plugin.kind = kind;
        let listed = listed.unwrap_or_default();
        if let Err(reason) = plugin::validate(&listed) {
            return self.refuse(Outcome::Refused { reason });
        }
        self.plugin.cases = listed
            .into_iter()
            .filter(|case| request.filter.matches(&case.name))
            .map(empty)
            .collect();
    }

    /// What a program that failed would probably have needed: a file beside it, which nobody let it
    /// read.
    fn advice(&self, grants: &Grants, limits: &Limits) -> Option<String> {
        let is_closed = !grants.own_dir && grants.dirs.is_empty();
        let source = self.source.as_ref().filter(|_| is_closed)?;
        if self.plugin.kind != Some(PluginKind::Command) {
            return None;
        }
        let file = source.wanted_neighbour(limits)?;
        Some(format!(
            "it names {file:?}, which lies beside it: let it read its own directory with --own-dir"
        ))
    }

    /// Before the estimates: the times over all workers, and what an interruption left undone.
    pub(super) fn settle(&mut self, interrupted: bool, stage: Stage) {
        let (load, instantiate): (Vec<f64>, Vec<f64>) = self
            .times
            .iter()
            .map(|(load, instantiate)| (*load as f64, *instantiate as f64))
            .unzip();
        self.plugin.load_ns = stats::estimate_values(&load);
        self.plugin.instantiate_ns = stats::estimate_values(&instantiate);
        if !interrupted {
            return;
        }
        for case in &mut self.plugin.cases {
            let undone = match stage {
                Stage::List => false,
                Stage::Count => case.count.is_none(),
                Stage::Time => case.processes.is_empty(),
            };
            if case.outcome.is_ok() && undone {
                case.outcome = Outcome::Skipped {
                    reason: INTERRUPTED.into(),
                };
            }
        }
    }
}

/// What a program gets and must give: what the user says, or else its manifest or what stands
/// beside it.
fn program(source: &Source, request: &Request, dir: &Path) -> Result<ProgramJob, InputError> {
    let stdin = match &request.grants.stdin {
        Some(path) => Some(Input::open(path)?),
        None => source.stdin()?,
    };
    let expected = match &request.expected_stdout {
        Some(path) => Some(Input::open(path)?),
        None => source.expected_stdout()?,
    };
    let expected = expected.map(|input| Ok((input.name.clone(), input.copy(dir)?)));
    let name = match &source.manifest {
        Some(manifest) => manifest.name.clone(),
        None => lossy(Path::new(source.path.file_stem().unwrap_or_default())),
    };
    Ok(ProgramJob {
        name,
        stdin: stdin.map(|input| input.copy(dir)).transpose()?,
        expected: expected.transpose()?,
    })
}

fn empty(spec: CaseSpec) -> Case {
    Case {
        spec,
        outcome: Outcome::Ok,
        marks: Vec::new(),
        checksum: None,
        count: None,
        processes: Vec::new(),
        measurements: Vec::new(),
        output: None,
    }
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn wall(limits: &Limits) -> (LimitKind, u64) {
    (LimitKind::Wall, limits.get(LimitKind::Wall))
}

/// The place of a case in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CaseAt {
    subject: usize,
    case: usize,
}

/// Where and when a process of the time pass ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) block: u32,
    pub(super) order: u32,
    pub(super) core: Option<u32>,
    pub(super) padding_bytes: u32,
}

/// The cases that nothing has gone wrong with, in order.
pub(super) fn pending(subjects: &[Subject]) -> Vec<CaseAt> {
    let cases = |(subject, at): (usize, &Subject)| {
        let ready = at.code.is_some();
        let cases = at.plugin.cases.iter().enumerate();
        let pending = cases.filter(move |(_, case)| ready && case.outcome.is_ok());
        pending
            .map(move |(case, _)| CaseAt { subject, case })
            .collect::<Vec<_>>()
    };
    subjects.iter().enumerate().flat_map(cases).collect()
}

impl CaseAt {
    /// The plugin, its code, and the name of the case; none once the plugin was refused.
    pub(super) fn of<'a>(
        &self,
        subjects: &'a [Subject],
    ) -> Option<(&'a Subject, &'a Code, &'a str)> {
        let subject = &subjects[self.subject];
        let case = &subject.plugin.cases[self.case].spec.name;
        Some((subject, subject.code.as_ref()?, case))
    }

    /// Takes the count pass.
    pub(super) fn counted(&self, subjects: &mut [Subject], report: Report, request: &Request) {
        let subject = &mut subjects[self.subject];
        let mut ended = outcome(&report, wall(&request.limits));
        if let Outcome::Error { message } | Outcome::Trap { message } | Outcome::Fault { message } =
            &mut ended
            && let Some(advice) = subject.advice(&request.grants, &request.limits)
        {
            message.push('\n');
            message.push_str(&advice);
        }
        let case = &mut subject.plugin.cases[self.case];
        case.outcome = ended;
        let mut passes = Passes::default();
        for event in report.events {
            if let Event::Counted {
                pass,
                fuel_per_iteration,
                method,
                settled,
                memory,
                output,
            } = event
            {
                passes.all.push(pass);
                if passes.first.is_none() {
                    case.output = output;
                    passes.first = fuel_per_iteration.map(|fuel| (fuel, method, settled, memory));
                }
            }
        }
        case.count = passes.into_count();
    }

    /// Takes one process of the time pass.
    pub(super) fn timed(
        &self,
        subjects: &mut [Subject],
        report: Report,
        place: Place,
        limits: &Limits,
    ) {
        let subject = &mut subjects[self.subject];
        let case = &mut subject.plugin.cases[self.case];
        let outcome = outcome(&report, wall(limits));
        // What an interruption cut short was never measured.
        if matches!(outcome, Outcome::Skipped { .. }) {
            return;
        }
        let samples = report.samples();
        let timed = report.events.into_iter().find_map(|event| match event {
            Event::Timed(timed) => Some(*timed),
            _ => None,
        });
        if let Some(timed) = &timed {
            subject.times.push((timed.load_ns, timed.instantiate_ns));
        }
        if !outcome.is_ok() {
            case.outcome = outcome.clone();
        }
        case.processes.push(process(timed, samples, outcome, place));
    }
}

#[derive(Default)]
struct Passes {
    all: Vec<CountPass>,
    first: Option<(f64, crate::report::model::CountMethod, bool, MemoryProfile)>,
}

impl Passes {
    fn into_count(self) -> Option<Count> {
        let (fuel_per_iteration, method, settled, memory) = self.first?;
        let deterministic =
            self.all.len() > 1 && self.all.windows(2).all(|pair| pair[0] == pair[1]);
        let batches = self.all.iter().flat_map(|pass| &pass.batches);
        let (timed, untimed) = batches.fold((0, 0), |(timed, untimed), batch| {
            (timed + batch.fuel, untimed + batch.untimed_fuel)
        });
        let untimed_share = untimed as f64 / ((timed + untimed) as f64).max(1.0);
        Some(Count {
            fuel_per_iteration,
            method,
            deterministic,
            settled,
            untimed_share,
            passes: self.all,
            memory,
        })
    }
}

fn process(timed: Option<Timed>, samples: Vec<Sample>, outcome: Outcome, place: Place) -> Process {
    let timed = timed.unwrap_or_default();
    Process {
        block: place.block,
        order: place.order,
        outcome,
        core: place.core,
        padding_bytes: place.padding_bytes,
        ready_ns: timed.ready_ns,
        load_ns: timed.load_ns,
        instantiate_ns: timed.instantiate_ns,
        first_iteration_ns: timed.first_iteration_ns,
        samples,
        checksum: timed.checksum,
        precise: timed.precise,
        memory_peak_bytes: timed.memory_peak_bytes,
        rss_peak_bytes: timed.rss_peak_bytes,
    }
}
