//! Jobs of a session, each in a fresh worker.

use super::Session;
use super::subject::Subject;
use dyno_job::{CodeFile, Job, Report, RunJob};
use dyno_system::confine::unprotected;

impl Session<'_> {
    pub(super) fn run_job(&self, subject: &Subject, code: &CodeFile, case: &str) -> RunJob {
        RunJob {
            code: code.clone(),
            case: case.to_owned(),
            program: subject.program.clone(),
            limits: self.request.limits.clone(),
            grants: subject.reach(self.request, self.host),
            seed: self.request.seed,
            cores: self.cores(),
        }
    }

    /// Runs one job in a fresh worker. A host error is a report like any other.
    pub(super) async fn work(&mut self, mut job: Job, padding_bytes: u32) -> Report {
        let scratch = match job.guest() {
            None => Ok(Vec::new()),
            Some(run) => self.scratch.provide(&mut run.grants, &run.limits),
        };
        let report = match scratch {
            Ok(dirs) => {
                let report = self.attempt(&job, padding_bytes).await;
                self.scratch.discard(dirs);
                report
            }
            Err(error) => Report::failed(format!("no scratch copy: {error}")),
        };
        self.note_confinement(&report);
        report
    }

    /// Runs jobs at the same time, none of which is timed: builds of a plugin.
    pub(super) async fn work_on(&mut self, jobs: &[Job]) -> Vec<Report> {
        let attempts = jobs.iter().map(|job| self.attempt(job, 0));
        let reports = futures_util::future::join_all(attempts).await;
        if let Some(report) = reports.first() {
            self.note_confinement(report);
        }
        reports
    }

    async fn attempt(&self, job: &Job, padding_bytes: u32) -> Report {
        self.supervisor
            .run(job, job.wall(), padding_bytes as usize)
            .await
    }

    fn note_confinement(&mut self, report: &Report) {
        if let Some(layers) = report.layers()
            && self.confinement.is_empty()
        {
            self.confinement = layers.to_vec();
            self.warnings.extend(unprotected(layers));
        }
    }
}
