//! What the protocol is worth on this machine: how often it calls no change a regression, and how small a change it
//! sees. Pure: one run of versions with a known difference goes in, rates come out.
//!
//! ```text
//! versions (guest) ─► one run, all versions side by side ─► trials: blocks drawn from it ─► the gate itself ─► rates
//! ```
//!
//! A trial judges blocks that were drawn from the run, first ones, an extension and fresh ones, exactly as a gate does: with
//! `compare`, and nothing else. METHOD.md, "Checked by commands that ship", asks for it.

mod guest;
mod plot;
mod pool;
mod resolution;

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng as _;
use serde::Serialize;

pub use guest::{CASES, ROUNDS, plugin};
pub use plot::plot;
use pool::{Draw, Pool};
pub use resolution::{HalfWidths, Resolution};

use crate::compare::{self, BLOCKS, CONFIRMING_BLOCKS, Next, RULES};
use crate::report::model::{GateOutcome, Machine, Metric, Rules, Run, Verdict};
use crate::stats;

/// The versions of a study: their names, and the work that each adds. The twin adds none.
pub const VERSIONS: [(&str, f64); 8] = [
    ("base", 0.0),
    ("twin", 0.0),
    ("plus-1", 0.01),
    ("plus-2", 0.02),
    ("plus-5", 0.05),
    ("plus-10", 0.10),
    ("plus-20", 0.20),
    ("plus-50", 0.50),
];

/// Blocks of a gate: first ones, an extension of as many, and those that confirm.
const FIRST: usize = BLOCKS as usize;
const CONFIRMING: usize = CONFIRMING_BLOCKS as usize;

/// Blocks that a trial draws.
pub const BLOCKS_NEEDED: usize = 2 * FIRST + CONFIRMING;

/// What a study found.
#[derive(Debug, Clone, Serialize)]
pub struct Study {
    /// Where.
    pub machine: Machine,
    /// The run that it was drawn from.
    pub run: String,
    /// Blocks of that run.
    pub blocks: usize,
    /// Trials of each kind.
    pub trials: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// No change at all, judged.
    pub null: Null,
    /// Added work, judged.
    pub power: Vec<Power>,
}

/// How often no change at all was called one, as rates of 0 to 1.
#[derive(Debug, Clone, Serialize)]
pub struct Null {
    /// Gates over all cases that ended as regressed.
    pub false_gates: f64,
    /// Gates over all cases that ended as unsure.
    pub unsure_gates: f64,
    /// Comparisons of one case by ten blocks that were called regressed or improved, by wall time or else CPU time.
    pub false_verdicts: f64,
    /// Comparisons of one case that the Mann-Whitney test over pooled samples calls different at 95 %.
    pub pooled: f64,
}

/// How one share of added work was judged.
#[derive(Debug, Clone, Serialize)]
pub struct Power {
    /// The work that was added, a share.
    pub added: f64,
    /// The change of fuel, least and most over the cases: counted, the same in every trial.
    pub fuel: [f64; 2],
    /// Share of comparisons by ten blocks that call it regressed by wall time.
    pub wall: f64,
    /// The same by CPU time.
    pub cpu: f64,
    /// Share of gates on one case that end as regressed.
    pub gated: f64,
}

/// Why a study cannot be made of a run.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// It has fewer blocks than a gate needs.
    #[error("a trial draws {needed} blocks and the run has {found}")]
    Blocks {
        /// What a trial draws.
        needed: usize,
        /// What there is.
        found: usize,
    },
    /// A version or a case of it is not in the run, or failed.
    #[error("the run has no measured case {case} of {version}")]
    Missing {
        /// The version.
        version: &'static str,
        /// The case.
        case: &'static str,
    },
}

/// Judges `trials` draws from a run of all [`VERSIONS`].
///
/// # Errors
/// If the run is not one of all versions, or too short.
pub fn study(run: &Run, trials: usize, seed: u64) -> Result<Study, StudyError> {
    let pool = Pool::of(run)?;
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let null = null(&pool, trials, &mut random);
    let levels = VERSIONS.iter().enumerate().skip(2);
    Ok(Study {
        machine: run.machine.clone(),
        run: run.id.clone(),
        blocks: pool.blocks(),
        trials,
        seed,
        null,
        power: levels
            .map(|(version, (_, added))| power(&pool, version, *added, trials, &mut random))
            .collect(),
    })
}

fn null(pool: &Pool, trials: usize, random: &mut ChaCha12Rng) -> Null {
    let (mut gates, mut unsure, mut verdicts, mut pooled) = (0, 0, 0, 0);
    for _ in 0..trials {
        let draw = Draw::of(pool.blocks(), random);
        match gate(pool, &draw, 1, &CASES) {
            GateOutcome::Regressed => gates += 1,
            GateOutcome::Unsure => unsure += 1,
            GateOutcome::Passed => {}
        }
        for case in 0..CASES.len() {
            let verdict = compared(pool, &draw, 1, case).verdict;
            verdicts += usize::from(matches!(verdict, Verdict::Regressed | Verdict::Improved));
            let [base, twin] = pool.samples(&draw, case);
            let p = stats::mann_whitney_p(&base, &twin);
            pooled += usize::from(p.is_some_and(|p| p < 0.05));
        }
    }
    let rate = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    Null {
        false_gates: rate(gates, trials),
        unsure_gates: rate(unsure, trials),
        false_verdicts: rate(verdicts, trials * CASES.len()),
        pooled: rate(pooled, trials * CASES.len()),
    }
}

fn power(
    pool: &Pool,
    version: usize,
    added: f64,
    trials: usize,
    random: &mut ChaCha12Rng,
) -> Power {
    let (mut wall, mut cpu, mut gated) = (0, 0, 0);
    for trial in 0..trials {
        let draw = Draw::of(pool.blocks(), random);
        let case = trial % CASES.len();
        let found = compared(pool, &draw, version, case);
        let regressed = |metric| {
            let change = found.change(metric);
            usize::from(change.is_some_and(|change| change.verdict == Verdict::Regressed))
        };
        wall += regressed(Metric::WallTime);
        cpu += regressed(Metric::CpuTime);
        gated +=
            usize::from(gate(pool, &draw, version, &CASES[case..=case]) == GateOutcome::Regressed);
    }
    let rate = |count: usize| count as f64 / trials.max(1) as f64;
    let fuels = (0..CASES.len()).map(|case| pool.fuel(version, case) / pool.fuel(0, case) - 1.0);
    let fuels: Vec<f64> = fuels.collect();
    Power {
        added,
        fuel: [
            fuels.iter().copied().fold(f64::INFINITY, f64::min),
            fuels.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ],
        wall: rate(wall),
        cpu: rate(cpu),
        gated: rate(gated),
    }
}

/// What ten blocks say of one case.
fn compared(
    pool: &Pool,
    draw: &Draw,
    version: usize,
    case: usize,
) -> crate::report::model::CaseComparison {
    let [base, candidate] = pool.sides(draw, version, &CASES[case..=case], FIRST, false);
    let mut found = compare::cases(&[&base], &[&candidate], &pool.context(RULES));
    found.swap_remove(0)
}

/// How the default gate ends over some cases: first blocks, an extension where they leave it open, and fresh ones
/// for what they flag.
fn gate(pool: &Pool, draw: &Draw, version: usize, cases: &[&'static str]) -> GateOutcome {
    let rules = Rules {
        gates: true,
        ..RULES
    };
    let context = pool.context(rules);
    let needing = |found: &[crate::report::model::CaseComparison], next| {
        let needs = found.iter().map(|case| Next::of(case, &rules) == next);
        needs.collect::<Vec<_>>()
    };
    let [mut base, mut candidate] = pool.sides(draw, version, cases, FIRST, false);
    let found = compare::cases(&[&base], &[&candidate], &context);
    if needing(&found, Next::Extend).contains(&true) {
        let [longer_base, longer_candidate] = pool.sides(draw, version, cases, 2 * FIRST, false);
        for (at, _) in needing(&found, Next::Extend)
            .iter()
            .enumerate()
            .filter(|(_, open)| **open)
        {
            base.cases[at] = longer_base.cases[at].clone();
            candidate.cases[at] = longer_candidate.cases[at].clone();
        }
    }
    let found = compare::cases(&[&base], &[&candidate], &context);
    let [fresh_base, fresh_candidate] = pool.sides(draw, version, cases, CONFIRMING, true);
    for (at, _) in needing(&found, Next::Confirm)
        .iter()
        .enumerate()
        .filter(|(_, flagged)| **flagged)
    {
        base.cases[at]
            .processes
            .extend(fresh_base.cases[at].processes.iter().cloned());
        candidate.cases[at]
            .processes
            .extend(fresh_candidate.cases[at].processes.iter().cloned());
    }
    let found = compare::cases(&[&base], &[&candidate], &context);
    let outcomes = found.iter().filter_map(|case| case.gate.as_ref());
    outcomes
        .map(|gate| gate.outcome)
        .max()
        .unwrap_or(GateOutcome::Passed)
}

#[cfg(test)]
mod tests;
