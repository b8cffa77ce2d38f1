//! How long compiling takes: one value per fresh compile worker, whose code is thrown away.

use super::Session;
use super::subject::Subject;
use dyno_files::private_dir::PrivateDir;
use dyno_job::{Build, Event, Layout};
use dyno_model::Outcome;
use dyno_model::progress::{Progress, Step};
use dyno_stats as stats;

impl Session<'_> {
    /// Compiles every plugin as often as was asked for, in turns, so that what disturbs the machine
    /// for a while disturbs all of them. One that cannot be compiled again has fewer samples.
    pub(super) async fn sample_compiling(&mut self, subjects: &mut [Subject]) {
        let of = self.request.compile_samples as usize;
        for number in 1..=of {
            let step = Some(Step { number, of });
            for subject in subjects.iter_mut().filter(|it| it.code.is_some()) {
                let plugin = &subject.plugin.label;
                self.observer.on(Progress::Compile { step, plugin });
                let sampled = self.compile_once(subject).await;
                if self.cancel.stop().is_some() {
                    return;
                }
                let compile = subject.plugin.compile.as_mut();
                match (sampled, compile) {
                    (Ok(compile_ns), Some(compile)) => compile.samples_ns.push(compile_ns),
                    (Err(outcome), _) => self.warnings.push(format!(
                        "{} was not compiled again: {outcome:?}",
                        subject.plugin.label
                    )),
                    (Ok(_), None) => {}
                }
            }
        }
    }

    /// What one worker takes to compile the build that is timed.
    async fn compile_once(&mut self, subject: &Subject) -> Result<u64, Outcome> {
        let limits = &self.request.limits;
        let host = |message: String| Outcome::Host { message };
        let dir = PrivateDir::inside(self.cache.run_dir());
        let dir = dir.map_err(|error| host(error.to_string()))?;
        let component = dir.path().join("component");
        subject.snapshot(limits, &component)?;
        let code = dir.path().join("code");
        let job = self.compile_job(component, Build::Timed, Layout::PLAIN, code);
        let report = self.work(job, 0).await;
        match self.compiled(&report) {
            Outcome::Ok => {}
            outcome => return Err(outcome),
        }
        let compiled = report.events.iter().find_map(|event| match event {
            Event::Compiled { compile_ns } => Some(*compile_ns),
            _ => None,
        });
        compiled.ok_or_else(|| host("its worker does not say how long compiling took".into()))
    }
}

impl Subject {
    /// The estimate over the compile workers.
    pub(super) fn settle_compiling(&mut self) {
        if let Some(compile) = &mut self.plugin.compile {
            let samples = compile.samples_ns.iter().map(|ns| *ns as f64);
            compile.compile_ns = stats::estimate_values(&samples.collect::<Vec<_>>());
        }
    }
}
