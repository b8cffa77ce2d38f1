//! The blocks of a study's run, and sides of a comparison that are drawn from them.

use rand_chacha::ChaCha12Rng;
use rand_core::Rng as _;

use super::{BLOCKS_NEEDED, CASES, FIRST, StudyError, VERSIONS};
use crate::compare::Context;
use crate::estimate::process_median;
use crate::report::model::{Case, Metric, Pairing, Plugin, Process, Rules, Run, Sample};

/// The processes of every version and case, by block.
pub(super) struct Pool<'a> {
    versions: Vec<Vec<&'a Case>>,
    /// The same cases with one sample a process, its medians: all that a comparison looks at, and quick to copy.
    light: Vec<Vec<Case>>,
    blocks: usize,
    empty_batch_ns: Option<f64>,
}

/// What a trial draws: blocks without replacement, in the order in which it uses them, and for each whether the two
/// sides change places, since nothing tells them apart if nothing differs.
pub(super) struct Draw {
    blocks: Vec<usize>,
    swapped: Vec<bool>,
}

impl Draw {
    pub(super) fn of(blocks: usize, random: &mut ChaCha12Rng) -> Self {
        let mut order: Vec<usize> = (0..blocks).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, (random.next_u64() % (last as u64 + 1)) as usize);
        }
        Self {
            swapped: order
                .iter()
                .map(|_| random.next_u32().is_multiple_of(2))
                .collect(),
            blocks: order,
        }
    }

    /// The blocks of one part of a trial. What confirms is never what was looked at before.
    fn part(&self, count: usize, confirming: bool) -> impl Iterator<Item = (usize, bool)> {
        let first = if confirming { 2 * FIRST } else { 0 };
        let drawn = self
            .blocks
            .iter()
            .copied()
            .zip(self.swapped.iter().copied());
        drawn.skip(first).take(count)
    }
}

impl<'a> Pool<'a> {
    pub(super) fn of(run: &'a Run) -> Result<Self, StudyError> {
        let mut versions = Vec::new();
        for (version, _) in VERSIONS {
            let plugin = run.plugins.iter().find(|plugin| plugin.name == version);
            let find = |case: &'static str| {
                let mut cases = plugin.iter().flat_map(|plugin| &plugin.cases);
                let found = cases.find(|found| found.spec.name == case && found.outcome.is_ok());
                found.ok_or(StudyError::Missing { version, case })
            };
            versions.push(CASES.into_iter().map(find).collect::<Result<Vec<_>, _>>()?);
        }
        let of_case = |case: &&Case| {
            let blocks = case.processes.iter().map(|process| process.block);
            blocks.max().map_or(0, |last| last as usize + 1)
        };
        let blocks = versions.iter().flatten().map(of_case).min().unwrap_or(0);
        if blocks < BLOCKS_NEEDED {
            return Err(StudyError::Blocks {
                needed: BLOCKS_NEEDED,
                found: blocks,
            });
        }
        let light = versions
            .iter()
            .map(|cases| cases.iter().map(|case| light(case)).collect());
        Ok(Self {
            light: light.collect(),
            versions,
            blocks,
            empty_batch_ns: run.empty_batch_ns,
        })
    }

    pub(super) fn blocks(&self) -> usize {
        self.blocks
    }

    pub(super) fn fuel(&self, version: usize, case: usize) -> f64 {
        let count = self.versions[version][case].count.as_ref();
        count.map_or(f64::NAN, |count| count.fuel_per_iteration)
    }

    /// As a session of two versions on this machine. They are not called identical, whatever they are.
    pub(super) fn context(&self, rules: Rules) -> Context {
        Context {
            pairing: Pairing::Paired,
            rules,
            empty_batch_ns: self.empty_batch_ns,
            same_configuration: false,
            is_complete: true,
            same_machine: true,
        }
    }

    /// Base and candidate with the first `count` of the drawn blocks, or with those that confirm.
    pub(super) fn sides(
        &self,
        draw: &Draw,
        version: usize,
        cases: &[&'static str],
        count: usize,
        confirming: bool,
    ) -> [Plugin; 2] {
        let is_null = VERSIONS[version].1 == 0.0;
        let mut sides = [0, version].map(|version| {
            let at = |case: &&str| CASES.iter().position(|other| other == case).unwrap_or(0);
            let cases = cases.iter().map(|case| &self.light[version][at(case)]);
            let without = |case: &Case| Case {
                processes: Vec::new(),
                ..case.clone()
            };
            plugin(cases.map(without).collect())
        });
        for (at, name) in cases.iter().enumerate() {
            let case = CASES.iter().position(|other| other == name).unwrap_or(0);
            for (block, (drawn, swapped)) in draw.part(count, confirming).enumerate() {
                let swapped = swapped && is_null;
                for (side, of) in [(0, 0), (1, version)] {
                    let side = if swapped { 1 - side } else { side };
                    let processes = of_block(&self.light[of][case], drawn);
                    let processes = processes.map(|process| Process {
                        block: block as u32,
                        confirming,
                        ..process.clone()
                    });
                    sides[side].cases[at].processes.extend(processes);
                }
            }
        }
        sides
    }

    /// All samples of the first blocks of base and twin, thrown together: ns of wall time per iteration.
    pub(super) fn samples(&self, draw: &Draw, case: usize) -> [Vec<f64>; 2] {
        let mut sides = [Vec::new(), Vec::new()];
        for (drawn, swapped) in draw.part(FIRST, false) {
            for (version, case) in [(0, &self.versions[0][case]), (1, &self.versions[1][case])] {
                let side = if swapped { 1 - version } else { version };
                let samples = of_block(case, drawn).flat_map(|process| &process.samples);
                sides[side].extend(samples.map(|s| s.wall_ns as f64 / s.iterations as f64));
            }
        }
        sides
    }
}

fn of_block(case: &Case, block: usize) -> impl Iterator<Item = &Process> {
    let of_block = move |process: &&Process| process.block as usize == block;
    case.processes.iter().filter(of_block)
}

/// A case whose processes have their medians as their only sample. Of some milliseconds no rounding matters.
fn light(case: &Case) -> Case {
    let processes = case.processes.iter().map(|process| {
        let iterations = process
            .samples
            .first()
            .map_or(1, |sample| sample.iterations);
        let median = |metric| {
            let ns = process_median(process, metric).unwrap_or(0.0);
            (ns * iterations as f64).round() as u64
        };
        Process {
            samples: vec![Sample {
                iterations,
                wall_ns: median(Metric::WallTime),
                cpu_ns: median(Metric::CpuTime),
                switches: 0,
                waits: 0,
            }],
            ..process.clone()
        }
    });
    Case {
        processes: processes.collect(),
        ..case.clone()
    }
}

fn plugin(cases: Vec<Case>) -> Plugin {
    Plugin {
        cases,
        ..Plugin::named("study", "")
    }
}
