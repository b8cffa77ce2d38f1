//! What every process of a case does, decided before anything is timed: how many iterations a
//! sample has, how many samples there are, and how long the process may take. Both sides of a
//! comparison do the same.

use std::collections::BTreeSet;

use rand_chacha::ChaCha12Rng;
use rand_core::Rng as _;

use super::Session;
use super::case::{CaseAt, side_by_side};
use super::subject::Subject;
use dyno_job::{Job, Layout};
use dyno_measure::{BUDGETS_MAX, Calibrated, Sampling, TimeSettings};
use dyno_model::progress::{Progress, Step};
use dyno_model::{Calibration, LimitKind, Limits};

/// Samples that the supervisor holds until the run is recorded, 56 bytes each.
const SAMPLES_MAX: usize = 500_000;

/// The environment padding moves the stack by up to a page (METHOD.md, blocks).
const PADDING_BYTES_MAX: u32 = 4096;

/// What every process of a case does.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CasePlan {
    pub(super) settings: TimeSettings,
    pub(super) limits: Limits,
    /// What sampling takes at most, if iterations go on to cost what they did, ns.
    pub(super) process_ns: f64,
}

/// A process of the time pass that is yet to run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    pub(super) at: CaseAt,
    pub(super) block: u32,
    pub(super) padding_bytes: u32,
    pub(super) layout: Layout,
}

/// A sample of the slower side of a comparison takes at most this share of the time budget, so that
/// there are some.
const SLOWER_SHARE: f64 = 0.2;

/// Sampling ends when this share of the wall limit has gone by, so that what was measured is not
/// thrown away with the process.
const DEADLINE_SHARE: f64 = 0.8;

/// The metered build is up to twice as slow, and the count pass runs it twice.
pub(super) const COUNT_FACTOR: u64 = 4;

/// An iteration may take the whole of the wall limit, and is then done a second time.
const CALIBRATE_FACTOR: u64 = 2;

/// Limits with a wall limit of so many times the default; one that the user chose stays.
pub(super) fn patient(limits: &Limits, factor: u64) -> Limits {
    let default = LimitKind::Wall.spec().default;
    let mut patient = limits.clone();
    if limits.get(LimitKind::Wall) == default {
        patient.set(LimitKind::Wall, default.saturating_mul(factor));
    }
    patient
}

/// The iterations of a sample: of several that are to do the same work, as many as the fastest
/// needs, unless the slowest would then take too long.
fn iterations(costs: &[Calibrated], sampling: &Sampling) -> u64 {
    let own = costs.iter().map(|cost| cost.iterations(sampling.sample_ns));
    let (most, least) = (own.clone().max().unwrap_or(1), own.min().unwrap_or(1));
    let slowest = costs.iter().map(|cost| cost.whole_ns).fold(0.0, f64::max);
    let mut iterations = most;
    while iterations > least
        && iterations as f64 * slowest > SLOWER_SHARE * sampling.budget_ns as f64
    {
        iterations /= 2;
    }
    iterations
}

impl CasePlan {
    /// The plan of cases that are to do the same work. In a comparison (`is_compared`) they have
    /// the same number of samples, too: a cost that grows from batch to batch would otherwise hide
    /// a change.
    fn new(costs: &[Calibrated], sampling: &Sampling, is_compared: bool, limits: &Limits) -> Self {
        let iterations = iterations(costs, sampling);
        let mut sampling = *sampling;
        let slowest = costs.iter().map(|cost| cost.whole_ns).fold(0.0, f64::max);
        let sample_ns = iterations as f64 * slowest;
        if is_compared {
            let fit =
                |budgets: f64| (budgets * sampling.budget_ns as f64 / sample_ns.max(1.0)) as usize;
            // As many as fit, but no fewer than are wanted, if these fit into four budgets.
            let wanted = sampling.min_samples.min(fit(BUDGETS_MAX as f64)).max(1);
            let count = fit(1.0).max(wanted).min(sampling.max_samples);
            sampling.min_samples = count;
            sampling.max_samples = count;
        }
        let mut limits = limits.clone();
        let default = LimitKind::Wall.spec().default;
        if limits.get(LimitKind::Wall) == default {
            // Four budgets at most, and a cold iteration and a last sample, on a machine that
            // others use, too.
            let most_ns =
                BUDGETS_MAX as f64 * sampling.budget_ns as f64 + slowest + 2.0 * sample_ns;
            limits.set(LimitKind::Wall, default.max((2.0 * most_ns / 1e6) as u64));
        }
        let wall_ns = limits.get(LimitKind::Wall) as f64 * 1e6;
        let budget_ns = sampling.budget_ns as f64;
        let wanted_ns =
            (sampling.min_samples as f64 * sample_ns).min(BUDGETS_MAX as f64 * budget_ns);
        let process_ns = budget_ns
            .min(sampling.max_samples as f64 * sample_ns)
            .max(wanted_ns)
            .max(sample_ns);
        Self {
            settings: TimeSettings {
                sampling,
                iterations,
                deadline_ns: (DEADLINE_SHARE * wall_ns) as u64,
            },
            limits,
            process_ns,
        }
    }
}

impl Session<'_> {
    /// Finds out what an iteration of each case costs, and plans their processes.
    pub(super) async fn calibrate(&mut self, subjects: &mut [Subject], cases: &[CaseAt]) {
        let limits = patient(&self.request.limits, CALIBRATE_FACTOR);
        let mut costs: Vec<Option<Calibrated>> = Vec::new();
        for (number, at) in cases.iter().enumerate() {
            let Some((subject, code, case)) = at.of(subjects) else {
                costs.push(None);
                continue;
            };
            let mut run = self.run_job(subject, code.plain(), case);
            run.limits = limits.clone();
            self.observer.on(Progress::Calibrate {
                step: Step {
                    number: number + 1,
                    of: cases.len(),
                },
                plugin: &subject.plugin.label,
                case,
            });
            let sample_ns = self.request.time.sample_ns;
            let report = self.work(Job::Calibrate { run, sample_ns }, 0).await;
            costs.push(at.calibrated(subjects, &report, &limits));
        }
        // A guest decides how fast its samples come, so how many are kept must not be its decision.
        let share = SAMPLES_MAX / self.request.processes_max(subjects).max(1);
        let sampling = Sampling {
            max_samples: self.request.time.max_samples.min(share),
            ..self.request.time
        };
        let partners = self.partners(subjects, cases);
        for (number, at) in cases.iter().enumerate() {
            let Some(own) = costs[number] else { continue };
            let other = partners[number].and_then(|partner| costs[partner]);
            let both: Vec<Calibrated> = [own].into_iter().chain(other).collect();
            let is_compared = self.request.versus.is_some();
            let plan = CasePlan::new(&both, &sampling, is_compared, &self.request.limits);
            at.case(subjects).calibration = Some(Calibration {
                iterations: plan.settings.iterations,
                iteration_ns: own.iteration_ns,
                doubled_ratio: own.doubled_ratio,
            });
            self.plans.insert(*at, plan);
        }
    }

    /// The processes of so many blocks: in every block those of every case, in shuffled order, but
    /// that cases of one name stay together, time and again if a block has several processes of
    /// each, so that what the machine does, it does to all that are compared. Each draws its
    /// layout.
    pub(super) fn plan(
        &mut self,
        subjects: &[Subject],
        cases: &[CaseAt],
        blocks: u32,
    ) -> Vec<Planned> {
        let mut planned = Vec::new();
        // A single process averages over nothing: it gets the layout that every run has.
        let is_averaged = self.request.blocks > 1 || self.request.versus.is_some();
        for block in 0..blocks {
            let mut jobs = side_by_side(cases, subjects);
            shuffle(&mut jobs, &mut self.random);
            for namesakes in &mut jobs {
                for _ in 0..self.request.processes {
                    shuffle(namesakes, &mut self.random);
                    for at in namesakes.iter() {
                        let layouts = match at.of(subjects) {
                            Some((_, code, _)) if is_averaged => code.layouts,
                            _ => 1,
                        };
                        planned.push(Planned {
                            at: *at,
                            block: self.blocks + block,
                            padding_bytes: self.random.next_u32() % PADDING_BYTES_MAX,
                            layout: Layout(self.random.next_u32() % layouts),
                        });
                    }
                }
            }
        }
        self.blocks += blocks;
        planned
    }

    /// Compiles the layouts that were drawn: everything is compiled before anything is timed.
    pub(super) async fn provide_layouts(&mut self, subjects: &mut [Subject], planned: &[Planned]) {
        for (number, subject) in subjects.iter_mut().enumerate() {
            let of_subject = planned.iter().filter(|one| one.at.is_in(number));
            let layouts: BTreeSet<Layout> = of_subject.map(|one| one.layout).collect();
            self.compile_layouts(subject, &layouts).await;
        }
    }
}

fn shuffle<T>(items: &mut [T], random: &mut ChaCha12Rng) {
    for last in (1..items.len()).rev() {
        let other = random.next_u64() % (last as u64 + 1);
        items.swap(last, other as usize);
    }
}

#[cfg(test)]
mod tests;
