//! A subject's compiled code: from the cache, or from a compile worker.

use std::path::PathBuf;

use super::Session;
use super::subject::Subject;
use crate::progress::Progress;
use crate::report::model::{CacheUse, Compile, LimitKind, Outcome};
use crate::sandbox::{self, Build, CodeError, Limits, is_intact};
use crate::worker::{CompileJob, Event, INTERRUPTED, Job, Report, monotonic_ns};

/// Both builds of a component, as files that a run worker loads.
#[derive(Debug, Clone)]
pub(super) struct Code {
    pub(super) metered: PathBuf,
    pub(super) timed: PathBuf,
}

/// What compiled code depends on besides the component, by build; the same for a whole session.
pub(super) fn compatibility(limits: &Limits) -> Result<[(Build, String); 2], CodeError> {
    let of = |build| sandbox::compatibility(build, limits).map(|hash| (build, hash));
    let [metered, timed] = Build::ALL.map(of);
    Ok([metered?, timed?])
}

impl Session<'_> {
    /// Gives a subject its code, unless it was refused before.
    pub(super) async fn compile(&mut self, subject: &mut Subject) {
        let Some(digest) = subject.digest else { return };
        let names = match &self.compatibility {
            Ok(builds) => builds.each_ref().map(|(build, hash)| {
                let file = format!("{}-{}-{hash}.cwasm", digest.hex(), build.name());
                (*build, file)
            }),
            Err(error) => {
                let message = error.to_string();
                return subject.refuse(Outcome::Host { message });
            }
        };
        let files = names.each_ref().map(|(_, name)| self.cached(name));
        // A plugin that is being checked is looked at, whatever the cache holds.
        if let [Some(metered), Some(timed)] = files
            && !self.request.shapes
        {
            let code_bytes = std::fs::metadata(&timed).map_or(0, |metadata| metadata.len());
            subject.plugin.compile = Some(Compile {
                cache: CacheUse::Hit,
                duration_ns: 0,
                code_bytes,
            });
            subject.code = Some(Code { metered, timed });
            return;
        }
        self.observer.on(Progress::Compile {
            plugin: &subject.plugin.name,
        });
        match self.compile_now(subject, &names).await {
            Ok(compile) => {
                subject.plugin.compile = Some(compile);
                let [metered, timed] = names.map(|(_, name)| self.cache.run_dir().join(name));
                subject.code = Some(Code { metered, timed });
            }
            Err(outcome) => subject.refuse(outcome),
        }
    }

    /// A file of the cache, if it is what was once put there.
    fn cached(&self, name: &str) -> Option<PathBuf> {
        let file = self.cache.find(name)?;
        if is_intact(&file) {
            return Some(file);
        }
        self.cache.forget(name);
        None
    }

    async fn compile_now(
        &mut self,
        subject: &mut Subject,
        names: &[(Build, String); 2],
    ) -> Result<Compile, Outcome> {
        let limits = &self.request.limits;
        let host = |error: &dyn std::fmt::Display| Outcome::Host {
            message: error.to_string(),
        };
        // Each worker writes into a directory of its own and reads a copy that nobody changes.
        let desk = tempfile::tempdir_in(self.cache.run_dir()).map_err(|error| host(&error))?;
        let component = desk.path().join("component");
        subject
            .snapshot(limits, &component)
            .map_err(|reason| Outcome::Refused { reason })?;
        let mut jobs = Vec::new();
        for (build, name) in names {
            let dir = desk.path().join(build.name());
            std::fs::create_dir(&dir).map_err(|error| host(&error))?;
            jobs.push(Job::Compile(CompileJob {
                component: component.clone(),
                build: *build,
                code: dir.join(name),
                limits: limits.clone(),
            }));
        }
        let began = monotonic_ns();
        let reports = self.work_on_both(&jobs[0], &jobs[1]).await;
        let duration_ns = monotonic_ns() - began;
        subject.shape = reports[0].events.iter().find_map(|event| match event {
            Event::Checked(shape) => Some((**shape).clone()),
            _ => None,
        });
        let is_named = subject.source().is_none_or(|source| source.is_named);
        let ended = reports.iter().map(|report| self.compiled(report));
        if let Some(refused) = ended.into_iter().find(|outcome| !outcome.is_ok()) {
            return Err(match refused {
                // Whoever names a file wants it measured.
                Outcome::Skipped { reason } if is_named && reason != INTERRUPTED => {
                    Outcome::Refused { reason }
                }
                refused => refused,
            });
        }
        let mut code_bytes = 0;
        let mut kept = self.cache.is_kept();
        for (build, name) in names {
            let file = self.cache.run_dir().join(name);
            let code = desk.path().join(build.name()).join(name);
            std::fs::rename(code, &file).map_err(|error| host(&error))?;
            if *build == Build::Timed {
                code_bytes = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
            }
            if let Err(error) = self.cache.keep(name) {
                kept = false;
                self.warnings
                    .push(format!("compiled code cannot be kept: {error}"));
            }
        }
        let cache = if kept { CacheUse::Miss } else { CacheUse::Off };
        Ok(Compile {
            cache,
            duration_ns,
            code_bytes,
        })
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
            Outcome::Crash { message } if message.contains("memory allocation of") => {
                limit(LimitKind::CompileMemory)
            }
            outcome => outcome,
        }
    }
}
