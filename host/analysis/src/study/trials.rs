//! Trials: what was said of one case of one pair in one session, beside what is true.

use serde::Serialize;

use super::plan::added;
use super::{CASES, Session};
use crate::compare;
use dyno_model::{
    Case, CaseComparison, Exceptions, GateOutcome, Metric, Pairing, Process, Run, Verdict,
};
use dyno_stats as stats;

/// One case of one pair in one session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Which session, from 0 on.
    pub session: usize,
    /// The pair.
    pub pair: String,
    /// The case, one of [`CASES`].
    pub case: &'static str,
    /// The work that was added, a share: what is true.
    pub added: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// How the gate ended, if it was one.
    pub gate: Option<GateOutcome>,
    /// The ratio of times that the verdict rests on, and its interval.
    pub ratio: Option<f64>,
    /// The interval.
    pub interval: Option<[f64; 2]>,
    /// The ratio of fuel.
    pub fuel: Option<f64>,
    /// Whether the Mann-Whitney test over the pooled samples of the first blocks calls the two
    /// different at 95 %.
    pub pooled: bool,
    /// Why it is unsure, if that is known.
    pub notes: Vec<String>,
}

/// The trials of one session: its comparison is made again from its runs.
pub(super) fn of((number, session): (usize, &Session)) -> Vec<Trial> {
    let Session {
        base,
        candidate,
        rules,
    } = session;
    let names = ["base", "candidate"];
    let judged_at = candidate.finished_at.clone();
    let compared = compare::compare(
        base,
        candidate,
        names,
        Pairing::Paired,
        (*rules, Exceptions::NONE),
        judged_at,
    );
    let trial = |compared: CaseComparison| {
        let added = added(&compared.plugin)?;
        let case = CASES.into_iter().find(|case| *case == compared.case)?;
        let time = compared.decisive();
        let sides = [base, candidate].map(|run| find(run, &compared));
        Some(Trial {
            session: number,
            case,
            added,
            verdict: compared.verdict,
            gate: compared.gate.as_ref().map(|gate| gate.outcome),
            ratio: time.map(|time| time.ratio),
            interval: time.map(|time| [time.lower, time.upper]),
            fuel: compared.change(Metric::Fuel).map(|fuel| fuel.ratio),
            pooled: differ_pooled(sides),
            pair: compared.plugin,
            notes: compared.notes,
        })
    };
    compared.cases.into_iter().filter_map(trial).collect()
}

fn find<'a>(run: &'a Run, compared: &CaseComparison) -> Option<&'a Case> {
    let plugin = run
        .plugins
        .iter()
        .find(|plugin| plugin.label == compared.plugin)?;
    plugin
        .cases
        .iter()
        .find(|case| case.spec.name == compared.case)
}

/// What a test says that takes the samples of a process for independent.
fn differ_pooled(sides: [Option<&Case>; 2]) -> bool {
    let pooled = sides.map(|case| {
        let processes = case.into_iter().flat_map(|case| &case.processes);
        let first = processes
            .filter(|process: &&Process| !process.confirming && process.block < compare::BLOCKS);
        let samples = first.flat_map(|process| &process.samples);
        let ns = samples.map(|sample| sample.wall_ns as f64 / sample.iterations as f64);
        ns.collect::<Vec<f64>>()
    });
    stats::mann_whitney_p(&pooled[0], &pooled[1]).is_some_and(|p| p < 0.05)
}
