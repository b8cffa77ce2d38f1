//! What the protocol is worth on this machine: how often it calls no change a regression, how small
//! a change it sees, and whether it ever says the opposite. Pure: sessions of comparisons whose
//! truth is known go in, rates come out.
//!
//! ```text
//! versions (guest) ─► sessions, each a gate over twins and a comparison of known changes (plan)
//!                         └─► their runs, from now or from a report ─► judged again ─► trials ─► rates
//! ```
//!
//! Each trial has blocks of its own, in a real session with fresh layouts: trials that draw the
//! same blocks again say less than their number. What judges is `compare`, and nothing else.

mod guest;
mod plan;
mod plot;
mod resolution;
mod trials;

use serde::Serialize;

pub use guest::{CASES, ROUNDS, UNITS, plugin, version};
pub use plan::{Pair, Part, Scale, parts};
pub use plot::plot;
pub use resolution::{HalfWidths, Resolution};
pub use trials::Trial;

use dyno_model::{Classify, Fault, GateOutcome, Machine, Rules, Run, Verdict};
use dyno_stats::Rate;

/// Two runs of one comparison whose truth is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The run of the bases.
    pub base: Run,
    /// The run of the candidates.
    pub candidate: Run,
    /// By what they are judged.
    pub rules: Rules,
}

/// What a study found.
#[derive(Debug, Clone, Serialize)]
pub struct Study {
    /// Where the first session was.
    pub machine: Machine,
    /// The version of the host that measured it, and the engine.
    pub host: String,
    /// The runs of the sessions, as the report names them: base and candidate.
    pub runs: Vec<[String; 2]>,
    /// Byte-different plugins in them.
    pub plugins: usize,
    /// No change at all, judged.
    pub null: Null,
    /// Known changes, judged.
    pub known: Known,
    /// All trials, one by one.
    pub trials: Vec<Trial>,
}

/// How often no change at all was called one.
#[derive(Debug, Clone, Serialize)]
pub struct Null {
    /// Gates that ended as regressed.
    pub false_gates: Rate,
    /// Gates that ended as unsure.
    pub unsure_gates: Rate,
    /// Verdicts that were regressed or improved.
    pub false_verdicts: Rate,
    /// The Mann-Whitney test over the pooled samples of the first blocks called them different at
    /// 95 %.
    pub pooled: Rate,
}

/// How known changes were judged.
#[derive(Debug, Clone, Serialize)]
pub struct Known {
    /// Verdicts that say the opposite, or that nothing changed.
    pub wrong: Rate,
    /// Intervals of time that hold the change. Layouts change the time, too, so that these are
    /// fewer than of a change alone.
    pub held: Rate,
    /// By the share that was added, the least first.
    pub levels: Vec<Level>,
}

/// How one share of added work was judged.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// The work that was added, a share.
    pub added: f64,
    /// Verdicts that call it regressed, over all cases.
    pub found: Rate,
    /// The same of each of [`CASES`], in their order.
    pub cases: Vec<Rate>,
}

/// Why a study cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// There is nothing of it.
    #[error("there is no session of a study in it: `dyno validate` records them")]
    Empty,
}

impl Classify for StudyError {
    fn fault(&self) -> Fault {
        Fault::NotFound
    }
}

/// Judges sessions, and counts how often what was said of them is true.
///
/// # Errors
/// If none of them has a trial.
pub fn study(sessions: &[Session]) -> Result<Study, StudyError> {
    let trials: Vec<Trial> = sessions.iter().enumerate().flat_map(trials::of).collect();
    let first = &sessions.first().ok_or(StudyError::Empty)?.candidate;
    if trials.is_empty() {
        return Err(StudyError::Empty);
    }
    Ok(Study {
        machine: first.machine.clone(),
        host: format!("dyno {}, {}", first.host_version, first.engine),
        runs: sessions
            .iter()
            .map(|session| [session.base.id.clone(), session.candidate.id.clone()])
            .collect(),
        plugins: plugins(sessions),
        null: null(&trials),
        known: known(&trials),
        trials,
    })
}

/// How many plugins of all sessions have bytes of their own.
fn plugins(sessions: &[Session]) -> usize {
    let runs = sessions
        .iter()
        .flat_map(|session| [&session.base, &session.candidate]);
    let digests = runs
        .flat_map(|run| &run.plugins)
        .filter_map(|plugin| plugin.digest.as_ref());
    digests.collect::<std::collections::BTreeSet<_>>().len()
}

/// In how many of these trials something holds.
fn rate<'a>(trials: impl Iterator<Item = &'a Trial>, holds: impl Fn(&Trial) -> bool) -> Rate {
    let (mut count, mut of) = (0, 0);
    for trial in trials {
        of += 1;
        count += u64::from(holds(trial));
    }
    Rate::new(count, of)
}

fn null(trials: &[Trial]) -> Null {
    let trials = || trials.iter().filter(|trial| trial.added == 0.0);
    let gated = |outcome| rate(trials(), move |trial| trial.gate == Some(outcome));
    Null {
        false_gates: gated(GateOutcome::Regressed),
        unsure_gates: gated(GateOutcome::Unsure),
        false_verdicts: rate(trials(), |trial| {
            matches!(trial.verdict, Verdict::Regressed | Verdict::Improved)
        }),
        pooled: rate(trials(), |trial| trial.pooled),
    }
}

fn known(trials: &[Trial]) -> Known {
    let trials = || trials.iter().filter(|trial| trial.added > 0.0);
    let mut added: Vec<f64> = trials().map(|trial| trial.added).collect();
    added.sort_by(f64::total_cmp);
    added.dedup();
    let level = |added: f64| {
        let of_level = || trials().filter(move |trial| trial.added == added);
        let found = |trial: &Trial| trial.verdict == Verdict::Regressed;
        let of_case = |case| rate(of_level().filter(move |trial| trial.case == case), found);
        Level {
            added,
            found: rate(of_level(), found),
            cases: CASES.into_iter().map(of_case).collect(),
        }
    };
    let judged = || trials().filter(|trial| trial.interval.is_some());
    Known {
        wrong: rate(trials(), |trial| {
            !matches!(trial.verdict, Verdict::Regressed | Verdict::Unsure)
        }),
        held: rate(judged(), |trial| {
            let ratio = 1.0 + trial.added;
            trial
                .interval
                .is_some_and(|[lower, upper]| lower <= ratio && ratio <= upper)
        }),
        levels: added.into_iter().map(level).collect(),
    }
}

#[cfg(test)]
mod tests;
