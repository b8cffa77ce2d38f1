//! A subject's compiled code: from the cache, or from a compile worker.

use std::collections::BTreeSet;
use std::path::PathBuf;

use nix::sys::resource::Resource;

use super::Session;
use super::builds::Code;
use super::subject::Subject;
use dyno_files::private_dir::PrivateDir;
use dyno_job::{
    Build, CodeFile, CompileJob, Event, Job, Layout, Report, Stop, is_out_of_memory, narrower,
};
use dyno_measure::monotonic_ns;
use dyno_model::progress::{Progress, Step};
use dyno_model::{CacheUse, Compile, LimitKind, Outcome};

/// A file of code: what is compiled into it, and its name.
#[derive(Debug, Clone)]
pub(super) struct Target {
    build: Build,
    layout: Layout,
    pub(super) name: String,
}

/// What compiling brought, and what it took.
struct Compiled {
    /// In the order of the targets.
    files: Vec<CodeFile>,
    duration_ns: u64,
    /// Whether it is there for the next session.
    is_kept: bool,
}

impl Session<'_> {
    /// Gives a subject its code, unless it was refused before.
    pub(super) async fn compile(&mut self, subject: &mut Subject, step: Option<Step>) {
        let Some(targets) = self.targets(subject, Layout::PLAIN) else {
            return;
        };
        let files = targets.each_ref().map(|target| self.cached(&target.name));
        // A plugin that is being checked is looked at, whatever the cache holds.
        let (code, cache, duration_ns) = if let [Some(metered), Some(timed)] = files
            && !self.host.shapes
        {
            (Code::new(metered, timed), CacheUse::Hit, 0)
        } else {
            self.observer.on(Progress::Compile {
                step,
                plugin: &subject.plugin.label,
            });
            match self.compile_now(subject, &targets).await {
                Ok(compiled) => {
                    let Ok([metered, timed]) = <[CodeFile; 2]>::try_from(compiled.files) else {
                        let message = "a build was not compiled".into();
                        return subject.refuse(Outcome::Host { message });
                    };
                    let cache = if compiled.is_kept {
                        CacheUse::Miss
                    } else {
                        CacheUse::Off
                    };
                    (Code::new(metered, timed), cache, compiled.duration_ns)
                }
                Err(outcome) => return subject.refuse(outcome),
            }
        };
        subject.plugin.compile = Some(Compile {
            cache,
            duration_ns,
            code_bytes: code.plain().bytes(),
            layouts: code.layouts,
            samples_ns: Vec::new(),
            compile_ns: None,
        });
        subject.code = Some(code);
    }

    /// Gives a subject its uninstrumented build in further layouts. One that cannot be compiled is
    /// done without.
    pub(super) async fn compile_layouts(
        &mut self,
        subject: &mut Subject,
        layouts: &BTreeSet<Layout>,
    ) {
        let mut missing = Vec::new();
        for layout in layouts {
            let is_there = |code: &Code| code.timed.contains_key(layout);
            if subject.code.as_ref().is_none_or(is_there) {
                continue;
            }
            let Some([_, target]) = self.targets(subject, *layout) else {
                continue;
            };
            match (self.cached(&target.name), &mut subject.code) {
                (Some(file), Some(code)) => drop(code.timed.insert(*layout, file)),
                _ => missing.push(target),
            }
        }
        if missing.is_empty() {
            return;
        }
        self.observer.on(Progress::Compile {
            step: None,
            plugin: &subject.plugin.label,
        });
        match self.compile_now(subject, &missing).await {
            Ok(compiled) => {
                let layouts = missing.iter().map(|target| target.layout);
                if let Some(code) = &mut subject.code {
                    code.timed.extend(layouts.zip(compiled.files));
                }
            }
            Err(outcome) => self.warnings.push(format!(
                "{} is measured in fewer layouts of its machine code: {outcome:?}",
                subject.plugin.label
            )),
        }
    }

    /// The files of both builds; none of a subject that was refused, and of one that is refused
    /// here because this machine cannot run any.
    pub(super) fn targets(&self, subject: &mut Subject, layout: Layout) -> Option<[Target; 2]> {
        let digest = subject.digest?;
        let hello = match &self.hello {
            Ok(hello) => hello,
            Err(outcome) => {
                subject.refuse(outcome.clone());
                return None;
            }
        };
        let hash = &hello.compatibility;
        // What was checked under other rules is checked again.
        let features = self.request.grants.features.words().concat();
        let scale = self.request.limits.get(LimitKind::Structure);
        let rules = match (features.as_str(), scale) {
            ("", 1) => String::new(),
            _ => format!("{features}--structure={scale}"),
        };
        Some(Build::ALL.map(|build| {
            let (digest, suffix) = (digest.hex(), layout.suffix());
            Target {
                build,
                layout,
                name: format!("{digest}-{}{suffix}{rules}-{hash}.cwasm", build.name()),
            }
        }))
    }

    /// A file of the cache, if it is what was once put there.
    fn cached(&self, name: &str) -> Option<CodeFile> {
        let checked = CodeFile::check(&self.cache.find(name)?);
        if checked.is_none() {
            self.cache.forget(name);
        }
        checked
    }

    /// What a worker is asked to compile under the rules of the request, and where to put the code.
    pub(super) fn compile_job(
        &self,
        component: PathBuf,
        build: Build,
        layout: Layout,
        code: PathBuf,
    ) -> Job {
        Job::Compile(CompileJob {
            component,
            build,
            layout,
            code,
            cores: self.compile_cores(),
            limits: self.request.limits.clone(),
            features: self.request.grants.features.clone(),
        })
    }

    async fn compile_now(
        &mut self,
        subject: &mut Subject,
        targets: &[Target],
    ) -> Result<Compiled, Outcome> {
        let limits = &self.request.limits;
        let host = |error: &dyn std::fmt::Display| Outcome::Host {
            message: error.to_string(),
        };
        // Each worker writes into a directory of its own and reads a copy that does not change.
        let staging_dir = PrivateDir::inside(self.cache.run_dir()).map_err(|error| host(&error))?;
        let component = staging_dir.path().join("component");
        subject.snapshot(limits, &component)?;
        let mut jobs = Vec::new();
        for target in targets {
            let dir = staging_dir.path().join(&target.name);
            std::fs::create_dir(&dir).map_err(|error| host(&error))?;
            let code = dir.join(&target.name);
            jobs.push(self.compile_job(component.clone(), target.build, target.layout, code));
        }
        let began = monotonic_ns();
        let mut reports = Vec::new();
        for jobs in jobs.chunks(2) {
            reports.extend(self.work_on(jobs).await);
        }
        let duration_ns = monotonic_ns() - began;
        self.look_at(subject, &reports)?;
        let mut is_kept = self.cache.is_kept();
        let mut files = Vec::new();
        for target in targets {
            let file = self.cache.run_dir().join(&target.name);
            let code = staging_dir.path().join(&target.name).join(&target.name);
            std::fs::rename(code, &file).map_err(|error| host(&error))?;
            let checked = CodeFile::check(&file);
            files.push(checked.ok_or_else(|| host(&"the compiled code is damaged"))?);
            if let Err(error) = self.cache.keep(&target.name) {
                is_kept = false;
                self.warnings
                    .push(format!("compiled code cannot be kept: {error}"));
            }
        }
        Ok(Compiled {
            files,
            duration_ns,
            is_kept,
        })
    }

    /// What the compile workers said of a component: its structure, or why it is refused.
    fn look_at(&self, subject: &mut Subject, reports: &[Report]) -> Result<(), Outcome> {
        subject.shape = reports
            .iter()
            .flat_map(|report| &report.events)
            .find_map(|event| match event {
                Event::Checked(shape) => Some((**shape).clone()),
                _ => None,
            });
        let is_named = subject.source().is_none_or(|source| source.is_named);
        let mut ended = reports.iter().map(|report| self.compiled(report));
        match ended.find(|outcome| !outcome.is_ok()) {
            None => Ok(()),
            // A user who names a file wants it measured.
            Some(Outcome::Skipped { reason }) if is_named && !Stop::explains(&reason) => {
                Err(Outcome::Refused { reason })
            }
            Some(refused) => Err(refused),
        }
    }

    /// How compiling ended, by what a worker said.
    pub(super) fn compiled(&self, report: &Report) -> Outcome {
        let limits = &self.request.limits;
        let limit = |limit| Outcome::Limit {
            limit,
            cap: limits.get(limit),
            actual: None,
        };
        let time = (LimitKind::Compile, limits.get(LimitKind::Compile));
        match report.outcome(time) {
            // The allocator's last words, when the address space is used up.
            Outcome::Crash { message } if is_out_of_memory(&message) => {
                let needed = limits.get(LimitKind::CompileMemory);
                let shell = narrower(Resource::RLIMIT_AS, needed, "-v");
                shell.unwrap_or_else(|| limit(LimitKind::CompileMemory))
            }
            outcome => outcome,
        }
    }
}
