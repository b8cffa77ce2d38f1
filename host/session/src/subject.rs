//! A plugin on its way through a session: what is known of it so far, and what its workers add.

use std::collections::BTreeMap;
use std::path::Path;

use super::Host;
use super::builds::Code;
use super::program::program;
use super::provider::Provided;
use super::request::{Request, Stage};
use dyno_job::{
    Cancel, Event, ProgramJob, Report, Shape, Stop, check_start, is_out_of_memory, out_of_memory,
};
use dyno_model::progress::{Observer, Progress};
use dyno_model::quoted::path_text;
use dyno_model::{
    Case, CaseSpec, Classify, Exceptions, Fault, LimitKind, Limits, Outcome, Plugin, chain,
};
use dyno_plugin as plugin;
use dyno_plugin::{BuildError, BuildEvent, BuildOptions, Digest, Link, Source, SourceError};
use dyno_stats as stats;

/// One plugin of a session.
pub(super) struct Subject {
    /// What the report will say.
    pub(super) plugin: Plugin,
    pub(super) shape: Option<Shape>,
    /// What its bytes were when they were hashed; none if it was refused before.
    pub(super) digest: Option<Digest>,
    pub(super) code: Option<Code>,
    /// The last stage of each case that was taken over from a run that is resumed, by its place.
    pub(super) taken: BTreeMap<usize, Stage>,
    pub(super) side: Side,
    /// The last stage that it is measured in. What cannot differ from the other side is not timed,
    /// and counted on one side only; none for the other one.
    pub(super) measured: Option<Stage>,
    /// What its cases are called on the other side, if it is the base.
    pub(super) exceptions: Exceptions,
    /// What it gets and must give if it is a command.
    pub(super) program: ProgramJob,
    pub(super) origin: Origin,
    /// The package that it came out of.
    pub(super) package: Option<Provided>,
}

/// Which side of a comparison a plugin stands on. Without one there are only candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Base,
    Candidate,
}

/// Where a plugin comes from.
pub(super) enum Origin {
    Nowhere,
    Found(Box<Source>),
    /// A guest of our own: its text.
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
            plugin: Plugin::named(&name, &source),
            shape: None,
            digest: None,
            code: None,
            taken: BTreeMap::new(),
            side: Side::Candidate,
            measured: Some(Stage::Time),
            exceptions: Exceptions::default(),
            origin: Origin::Nowhere,
            package: None,
        }
    }

    /// A guest of our own.
    pub(super) fn own(name: &str, text: &'static str) -> Self {
        let digest = Digest::of(text.as_bytes());
        Self {
            digest: Some(digest),
            origin: Origin::Own(text),
            ..Self::new(name.into(), "built in".into())
        }
    }

    /// Builds and hashes what was found behind a path. Copies of what a program gets go into `dir`.
    pub(super) async fn prepare(
        found: Result<Source, SourceError>,
        path: &Path,
        (request, host): (&Request, &Host),
        dir: &Path,
        observer: &mut dyn Observer,
        cancel: Cancel,
    ) -> Self {
        let source = match found {
            Ok(source) => source,
            Err(error) => {
                let mut subject = Self::new(path_text(path), path_text(path));
                subject.refuse(refused(&error));
                return subject;
            }
        };
        let mut subject = Self::new(source.name.clone(), path_text(&source.path));
        subject.plugin.operand = nearest_text(&source);
        if let Some(link) = source.link {
            subject.refuse(passed_over(link, request));
            return subject;
        }
        match program(&source, request, dir) {
            Ok(program) => subject.program = program,
            Err(error) => {
                subject.refuse(Outcome::Refused {
                    reason: chain(&error),
                });
                return subject;
            }
        }
        // What a baseline kept is data, whatever is written beside it.
        let is_built = request.build && !host.kept_from.contains_key(path);
        let build = host.build.as_ref().filter(|_| is_built);
        match subject
            .read(&source, request, build, observer, cancel)
            .await
        {
            Ok((digest, bytes)) => {
                subject.digest = Some(digest);
                subject.plugin.digest = Some(digest.to_string());
                subject.plugin.component_bytes = Some(bytes);
            }
            Err(outcome) => subject.refuse(outcome),
        }
        subject.origin = Origin::Found(Box::new(source));
        subject
    }

    /// What was found of it; nothing of a guest of our own.
    pub(super) fn source(&self) -> Option<&Source> {
        match &self.origin {
            Origin::Found(source) => Some(source),
            Origin::Nowhere | Origin::Own(_) => None,
        }
    }

    async fn read(
        &self,
        source: &Source,
        request: &Request,
        build: Option<&BuildOptions>,
        observer: &mut dyn Observer,
        mut cancel: Cancel,
    ) -> Result<(Digest, u64), Outcome> {
        if let Some(manifest) = &source.manifest {
            if let Some(flags) = manifest.beyond(&request.limits, &request.grants.features) {
                let reason = format!("it asks for more than is allowed: grant it with {flags}");
                return Err(Outcome::Refused { reason });
            }
            if let Some(options) = build {
                let plugin = &source.name;
                let on = |event: BuildEvent<'_>| match event {
                    BuildEvent::Command(command) => {
                        observer.on(Progress::Build { plugin, command });
                    }
                    BuildEvent::Line(line) => observer.on(Progress::BuildLine { plugin, line }),
                };
                let built =
                    plugin::build(&source.path, manifest, options, on, cancel.raised()).await;
                let stop = cancel.stop().unwrap_or(Stop::Budget);
                built.map_err(|error| match error {
                    BuildError::Interrupted(_) => Outcome::Skipped {
                        reason: stop.reason().into(),
                    },
                    // A user who names a directory of plugins in many languages need not have the
                    // tools of all of them.
                    BuildError::NoProgram { .. } if !source.is_named && !request.build_all => {
                        Outcome::Skipped {
                            reason: chain(&error),
                        }
                    }
                    error => refused(&error),
                })?;
            }
        }
        if build.is_none() {
            source.built().map_err(|error| refused(&error))?;
        }
        if let Ok(start) = plugin::start(source) {
            check_start(&start).map_err(|error| Outcome::Refused {
                reason: format!("it {error}"),
            })?;
        }
        plugin::read(source, &request.limits).map_err(|error| match error {
            SourceError::TooLarge { limit, actual, .. } => Outcome::Limit {
                limit: LimitKind::Component,
                cap: limit,
                actual: Some(actual),
            },
            error => refused(&error),
        })
    }

    /// Writes the component, exactly as it was hashed, to a file that only we can change.
    pub(super) fn snapshot(&self, limits: &Limits, to: &Path) -> Result<(), Outcome> {
        match (&self.origin, self.digest) {
            (Origin::Found(source), Some(digest)) => {
                plugin::snapshot(source, limits, &digest, to).map_err(|error| refused(&error))
            }
            (Origin::Own(text), _) => std::fs::write(to, text).map_err(|error| refused(&error)),
            _ => Err(Outcome::Refused {
                reason: "it has no bytes".into(),
            }),
        }
    }

    /// It goes no further.
    pub(super) fn refuse(&mut self, outcome: Outcome) {
        self.plugin.outcome = outcome;
        self.code = None;
    }

    /// Takes what a plugin said of its cases, if it is true to the contract.
    pub(super) fn listed(&mut self, report: Report, limits: &Limits) {
        let ended = ran(&report, limits);
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
        self.plugin.cases = listed.into_iter().map(empty).collect();
    }

    /// How a case ended, with what the user could grant.
    pub(super) fn advised(&self, mut ended: Outcome, request: &Request) -> Outcome {
        if let Outcome::Error { message } | Outcome::Trap { message } | Outcome::Fault { message } =
            &mut ended
            && let Some(advice) = self.advice(&request.grants, &request.limits)
        {
            message.push('\n');
            message.push_str(&advice);
        }
        ended
    }

    /// Before the estimates: the times over all workers, and what was left undone when the run had
    /// to stop.
    pub(super) fn settle(&mut self, stop: Option<Stop>, stage: Stage) {
        let processes = self.plugin.cases.iter().flat_map(|case| &case.processes);
        let timed = processes.filter(|process| process.outcome.is_ok());
        let (load, instantiate): (Vec<f64>, Vec<f64>) = timed
            .map(|process| (process.load_ns as f64, process.instantiate_ns as f64))
            .unzip();
        self.plugin.load_ns = stats::estimate_values(&load);
        self.plugin.instantiate_ns = stats::estimate_values(&instantiate);
        let Some(stop) = stop else {
            return;
        };
        for case in &mut self.plugin.cases {
            let undone = match stage {
                Stage::List => false,
                Stage::Count => case.count.is_none(),
                Stage::Time => case.processes.is_empty(),
            };
            if case.outcome.is_ok() && undone {
                case.outcome = Outcome::Skipped {
                    reason: stop.reason().into(),
                };
            }
        }
    }
}

pub(super) fn empty(spec: CaseSpec) -> Case {
    Case {
        spec,
        outcome: Outcome::Ok,
        marks: Vec::new(),
        checksum: None,
        count: None,
        calibration: None,
        processes: Vec::new(),
        measurements: Vec::new(),
        output: None,
    }
}

/// What becomes of a link that was found. What is passed over in a gate or a suite would pass unseen.
fn passed_over(link: Link, request: &Request) -> Outcome {
    let reason = "it is a symbolic link, and a search follows none: name it to measure what it leads to, or remove it".to_owned();
    match link {
        Link::Component if request.build_all => Outcome::Refused { reason },
        Link::Component | Link::Directory => Outcome::Skipped { reason },
    }
}

/// What to name instead of a file that no text can name: the directory in which it is found.
fn nearest_text(source: &Source) -> Option<String> {
    let is_unnameable = source.manifest.is_none() && source.path.to_str().is_none();
    let dir = source.own_dir().to_str().filter(|_| is_unnameable);
    dir.map(str::to_owned)
}

/// What becomes of a plugin by an error: it is refused, unless that is the host's fault.
fn refused(error: &(impl Classify + 'static)) -> Outcome {
    let reason = chain(error);
    match error.fault() {
        Fault::Host => Outcome::Host { message: reason },
        Fault::Usage | Fault::Refused | Fault::NotFound => Outcome::Refused { reason },
    }
}

/// How a worker ended that ran a plugin within `limits`.
pub(super) fn ran(report: &Report, limits: &Limits) -> Outcome {
    match report.outcome((LimitKind::Wall, limits.get(LimitKind::Wall))) {
        Outcome::Crash { message } if is_out_of_memory(&message) => out_of_memory(limits),
        outcome => outcome,
    }
}
