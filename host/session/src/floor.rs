//! What measuring costs on this machine: the time of an empty batch, from a guest of our own that
//! takes the same way as every plugin.

use super::Session;
use super::case::CaseAt;
use super::subject::Subject;
use dyno_job::Job;
use dyno_measure::{Sampling, TimeSettings};
use dyno_stats as stats;

const GUEST: &str = include_str!("empty.wat");

/// Empty batches that are measured: a few milliseconds' worth.
const BATCHES: usize = 1000;

impl Session<'_> {
    /// Takes a core and measures an empty batch on it, if there is anything to hold that against.
    pub(super) async fn begin_timing(&mut self, cases: &[CaseAt]) {
        if cases.is_empty() {
            return;
        }
        let mut guest = Subject::own("empty", GUEST);
        self.compile(&mut guest, None).await;
        self.take_core().await;
        self.measure_empty_batch(guest).await;
    }

    async fn measure_empty_batch(&mut self, guest: Subject) {
        let Some(code) = guest.code.clone() else {
            self.warnings.push(format!(
                "the cost of an empty batch is not known: {:?}",
                guest.plugin.outcome
            ));
            return;
        };
        let settings = TimeSettings::new(Sampling {
            precision: 0.0,
            min_samples: BATCHES,
            max_samples: BATCHES,
            ..Sampling::default()
        });
        let run = self.run_job(&guest, code.plain(), "empty");
        let report = self.work(Job::Time { run, settings }, 0).await;
        let times: Vec<f64> = report
            .samples()
            .iter()
            .map(|sample| sample.wall_ns as f64)
            .collect();
        self.empty_batch_ns = stats::median(&times);
    }
}
