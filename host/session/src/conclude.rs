//! The end of a session: what was measured becomes the run that is recorded.

use super::request::Stage;
use super::subject::Side;
use super::{Findings, Session, request};
use dyno_analysis::estimate::{ConcludeOptions, conclude};
use dyno_job::Stop;
use dyno_model::{Plugin, Run, RunStatus, rfc3339};
use dyno_system::machine::machine;

use super::subject::Subject;

impl Session<'_> {
    /// The last step: estimates and outcomes, and the run as it will be recorded.
    pub(super) fn conclude(mut self, mut subjects: Vec<Subject>) -> Findings {
        let stop = self.cancel.stop();
        let options = ConcludeOptions {
            empty_batch_ns: self.empty_batch_ns,
            strict: self.request.strict,
            shared_core: self.core.is_shared,
        };
        for subject in &mut subjects {
            subject.settle(stop, self.request.stage);
            subject.settle_compiling();
            for (index, case) in subject.plugin.cases.iter_mut().enumerate() {
                // What was taken over whole was concluded where it was measured.
                if subject.taken.get(&index) != Some(&Stage::Time) {
                    conclude(case, options);
                }
            }
            if let Some(error) = subject.stop() {
                self.warnings.push(error);
            }
        }
        self.warnings.extend(self.scratch.leave());
        if stop == Some(Stop::Budget) {
            self.warnings.push(self.out_of_budget(&subjects));
        }
        let (base, candidate): (Vec<_>, Vec<_>) = subjects
            .into_iter()
            .partition(|subject| subject.side == Side::Base);
        let (plugins, shapes) = candidate
            .into_iter()
            .map(|subject| (subject.plugin, subject.shape))
            .unzip();
        let finished_at = jiff::Timestamp::now();
        let run = self.run(plugins, finished_at, stop);
        let compared = self.request.versus.as_ref().map(|versus| {
            let plugins = base.into_iter().map(|subject| subject.plugin).collect();
            let base = self.run(plugins, finished_at, stop);
            let comparison = versus.compare(&base, &run, rfc3339(finished_at));
            (base, comparison)
        });
        Findings {
            run,
            compared,
            shapes,
            stop,
        }
    }

    pub(super) fn run(
        &self,
        plugins: Vec<Plugin>,
        finished_at: jiff::Timestamp,
        stop: Option<Stop>,
    ) -> Run {
        let request = self.request;
        Run {
            id: run_id(self.started_at),
            started_at: rfc3339(self.started_at),
            finished_at: rfc3339(finished_at),
            status: if stop.is_some() {
                RunStatus::Interrupted
            } else {
                RunStatus::Complete
            },
            command: self.host.command.clone(),
            host_version: env!("CARGO_PKG_VERSION").into(),
            engine: self.engine(),
            seed: request.seed,
            order_seed: request.order_seed,
            empty_batch_ns: self.empty_batch_ns,
            settings: request.settings(),
            limits: request.limits.values().clone(),
            grants: request.words(),
            confinement: self.confinement.clone(),
            machine: machine(),
            warnings: self.warnings.clone(),
            plugins,
        }
    }

    /// Name and version of what runs the plugins; nothing if there are no workers.
    fn engine(&self) -> String {
        let hello = self.hello.as_ref();
        hello.map(ToString::to_string).unwrap_or_default()
    }
}

fn run_id(started_at: jiff::Timestamp) -> String {
    let time = started_at.strftime("%Y%m%dT%H%M%SZ");
    format!("{time}-{:08x}", request::random_u64() as u32)
}
