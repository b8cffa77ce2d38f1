//! Two versions held against each other: from the processes of both sides to verdicts. Pure;
//! METHOD.md, "Two versions", is the protocol and has the evidence for it.
//!
//! ```text
//! plugins of both sides ─► pairs of cases (matching) ─► changes by metric (changes)
//!                                    └─► verdict, severity, diagnosis ─► the gate (gate)
//!                                              of stored runs: what other conditions leave of it (conditions)
//! ```
//!
//! A session asks the same functions in the middle of a comparison which cases need more blocks, so
//! that what is shown at the end and what was decided on the way cannot differ.

mod changes;
mod conditions;
mod counts;
mod decision;
mod gate;
mod matching;
mod rules;

use dyno_model::quoted::quoted;
use dyno_model::{
    Case, CaseComparison, Change, Compared, Comparison, Conditions, Diagnosis, Drawn, Exceptions,
    GateOutcome, Metric, Outcome, Pairing, Plugin, Rules, Run, RunStatus, Severity, Side,
    UnsureReason, Verdict,
};

pub(crate) use changes::half_width;
use changes::{counted, timed};
pub use conditions::differences;
use decision::decide;
pub use gate::Next;
pub use matching::Ambiguous;
use matching::{Pair, pairs};
pub use rules::{idle, idle_renames, renamed, rules_of};

/// By how much fuel and memory may grow where nothing else is judged: by less than what is reported
/// as a change.
pub const COUNTED: f64 = FUEL_RESOLVED;

/// Blocks of every case, each a difference; as many again where these leave it unsure (METHOD.md).
pub const BLOCKS: u32 = 10;

/// Pairs of processes that each of these is the median of.
pub const PAIRS: u32 = 5;

/// Fresh blocks that confirm what a gate flags: half of them, and the others where these leave it
/// open.
pub const CONFIRMING_BLOCKS: u32 = 20;

/// How often blocks are looked at, first ones and fresh ones alike: when half of those that there
/// may be are there, and once more where that left it open. Each look has its part of the error, so
/// that all of them together are wrong no more often than one would be (Bonferroni): with ten and
/// twenty blocks in 0.82 % instead of 1.73 %, whatever the distribution. `looks` in the tests has
/// the study behind it.
pub const LOOKS: u32 = 2;

/// A change of fuel below this is not reported: what a slope is known to (METHOD.md, count pass).
const FUEL_RESOLVED: f64 = 0.001;

/// By how much two counts that are exactly some share apart can miss it when they are divided.
const ROUNDING: f64 = 1e-9;

/// What memory grows by.
const PAGE_BYTES: f64 = 65_536.0;

/// The share by which what was counted grew, as its user counts it. Memory is counted in pages, or
/// in bytes if that is more: some hundred bytes of tables, which every component has, must not make
/// 9.99 % of 20 to 22 pages.
fn grown(change: &Change) -> f64 {
    let share = change.ratio - 1.0;
    let pages = |bytes: f64| (bytes / PAGE_BYTES).floor();
    let (base, candidate) = (pages(change.base), pages(change.candidate));
    if change.metric == Metric::MemoryPeak && share > 0.0 && base > 0.0 {
        share.max(candidate / base - 1.0)
    } else {
        share
    }
}

/// What cases are judged by besides their own data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Context<'a> {
    /// Whether the sides were run side by side.
    pub pairing: Pairing,
    /// By what it is judged.
    pub rules: Rules,
    /// What holds for some cases alone.
    pub exceptions: &'a Exceptions,
    /// What an empty batch costs within its timed part, ns: no smaller difference is one.
    pub empty_batch_ns: Option<f64>,
    /// Whether engine, limits, seed and grants are the same on both sides.
    pub same_configuration: bool,
    /// Whether both sides came to their end: what was interrupted passes no gate.
    pub is_complete: bool,
    /// Whether times of both sides can be compared at all.
    pub same_machine: bool,
    /// How many cases share the error of what fresh blocks confirm, if that is more than are
    /// compared here.
    pub sharing: usize,
}

/// Compares two runs; `names` is what the user calls base and candidate.
#[must_use]
pub fn compare(
    base: &Run,
    candidate: &Run,
    names: [&str; 2],
    pairing: Pairing,
    (rules, exceptions): (Rules, &Exceptions),
    judged_at: String,
) -> Comparison {
    let differences = match pairing {
        Pairing::Paired => Vec::new(),
        Pairing::Stored => conditions::differences(base, candidate),
    };
    let context = Context {
        pairing,
        rules,
        exceptions,
        empty_batch_ns: candidate.empty_batch_ns.or(base.empty_batch_ns),
        same_configuration: conditions::is_same_configuration(&differences),
        is_complete: [base, candidate]
            .iter()
            .all(|run| run.status == RunStatus::Complete),
        same_machine: base.machine.fingerprint == candidate.machine.fingerprint,
        sharing: 0,
    };
    let mut cases = cases(&plugins_of(base), &plugins_of(candidate), &context);
    conditions::settle(&mut cases, &differences, (&rules, exceptions));
    let noise = match pairing {
        Pairing::Paired => None,
        Pairing::Stored => conditions::noise(base, candidate, &cases),
    };
    let side = |run: &Run, name: &str| Side {
        run: run.id.clone(),
        name: name.to_owned(),
    };
    Comparison {
        base: side(base, names[0]),
        candidate: side(candidate, names[1]),
        judged_at,
        pairing,
        conditions: Conditions { differences, noise },
        rules,
        exceptions: exceptions.clone(),
        cases,
    }
}

fn plugins_of(run: &Run) -> Vec<&Plugin> {
    run.plugins.iter().collect()
}

/// Compares the cases of two sides: the candidate's in its order, then those that are gone.
#[must_use]
pub fn cases(base: &[&Plugin], candidate: &[&Plugin], context: &Context) -> Vec<CaseComparison> {
    let pairs = pairs(base, candidate, context.exceptions);
    let confirming = pairs
        .iter()
        .filter(|pair| changes::was_confirmed(pair))
        .count()
        .max(context.sharing);
    let judged = |pair: &Pair<'_>| {
        // What holds for some cases alone is looked up here, once: below this, rules are those of
        // the case.
        let context = Context {
            rules: rules_of(&context.rules, context.exceptions, pair.name()),
            ..*context
        };
        let mut case = compare_case(pair, &context);
        case.notes.extend(old_name(pair, context.exceptions));
        if context.rules.gates {
            let mut gate = gate::gate(pair, &case, confirming, &context);
            if !context.is_complete && gate.outcome == GateOutcome::Passed {
                gate.outcome = GateOutcome::Unsure;
                gate.reason = "it was interrupted".into();
            }
            case.gate = Some(gate);
        }
        case
    };
    pairs.iter().map(judged).collect()
}

/// What the base calls a case, if that is another name; or the name that it was to have and cannot.
fn old_name(pair: &Pair<'_>, exceptions: &Exceptions) -> Option<String> {
    let (plugin, base) = pair.base?;
    let name = &base.spec.name;
    if name != pair.name() {
        return Some(format!("the baseline calls it {}", quoted(name)));
    }
    let new = quoted(rules::not_renamed(exceptions, plugin, name)?);
    Some(format!(
        "it is not taken for {new}, as [renames] says: the baseline has a case {new} itself"
    ))
}

/// Whether nothing can differ between two plugins of one session: the same bytes, the same inputs,
/// and the same engine.
#[must_use]
pub fn is_identical(base: &Plugin, candidate: &Plugin) -> bool {
    base.digest.is_some()
        && base.digest == candidate.digest
        && base.inputs.is_some()
        && base.inputs == candidate.inputs
        && base.engine == candidate.engine
}

/// The plugins of the base that the plugins of the candidate are held against, by position. What
/// [`check_pairing`] refuses has none.
#[must_use]
pub fn counterparts(base: &[&Plugin], candidate: &[&Plugin]) -> Vec<(usize, usize)> {
    matching::matching(base, candidate).pairs
}

/// Whether it can be said which plugin is to be compared with which.
///
/// # Errors
/// The first name of which it cannot.
pub fn check_pairing(base: &[&Plugin], candidate: &[&Plugin]) -> Result<(), Ambiguous> {
    let ambiguous = matching::matching(base, candidate).ambiguous;
    ambiguous.into_iter().next().map_or(Ok(()), Err)
}

/// A comparison in which nothing is decided yet.
fn undecided(pair: &Pair<'_>) -> CaseComparison {
    CaseComparison {
        plugin: pair.plugin().to_owned(),
        base_plugin: pair.base_plugin().map(Into::into),
        case: pair.name().to_owned(),
        verdict: Verdict::Unsure,
        reason: None,
        decided_by: None,
        cpu_may_decide: false,
        wall_is_disturbed: false,
        doubt: None,
        severity: None,
        diagnosis: None,
        changes: Vec::new(),
        gate: None,
        notes: Vec::new(),
    }
}

fn compare_case(pair: &Pair<'_>, context: &Context) -> CaseComparison {
    let mut compared = undecided(pair);
    let (Some((base_plugin, base)), Some((plugin, candidate))) = (pair.base, pair.candidate) else {
        compared.verdict = if pair.base.is_none() {
            Verdict::New
        } else {
            Verdict::Gone
        };
        return compared;
    };
    // What was never seen to end well may fail on both sides.
    let was_seen = was_run(base) || was_run(candidate);
    let is_identical = context.same_configuration && was_seen && is_identical(base_plugin, plugin);
    compared.notes.extend(failure("base", base));
    compared.notes.extend(failure("candidate", candidate));
    if !compared.notes.is_empty() {
        compared.reason = Some(UnsureReason::Failed);
        return compared;
    }
    let times = [Metric::WallTime, Metric::CpuTime]
        .map(|metric| timed(metric, base, candidate, changes::Part::First, context));
    let changes = times.iter().flatten().map(|time| time.change);
    compared.changes.extend(changes);
    let shown = Metric::compared().filter(|metric| metric.spec().compared == Compared::Shown);
    let changes =
        shown.filter_map(|metric| timed(metric, base, candidate, changes::Part::First, context));
    compared.changes.extend(changes.map(|found| found.change));
    let exact = Metric::compared().filter(|metric| metric.spec().drawn == Drawn::Exact);
    let changes = exact.filter_map(|metric| counted(metric, base, candidate));
    compared.changes.extend(changes);
    if !is_identical {
        compared.notes.extend(other_result([base, candidate]));
    }
    compared.notes.extend(from_nothing(&compared.changes));
    if is_identical {
        compared.verdict = Verdict::Identical;
        return compared;
    }
    if context.rules.counts_only {
        counts::judge(&mut compared, [base, candidate]);
        return compared;
    }
    let fuel = compared.change(Metric::Fuel).copied();
    let decision = decide(base, candidate, times, fuel.as_ref(), context);
    compared.verdict = decision.verdict;
    compared.reason = decision.reason;
    compared.decided_by = decision.metric;
    compared.cpu_may_decide = decision.cpu_may_decide;
    compared.wall_is_disturbed = times[0].is_some_and(|wall| wall.is_disturbed);
    compared.doubt = decision.doubt;
    if decision.reason.is_none() {
        let time = compared.decisive().copied();
        compared.severity = time.as_ref().and_then(severity);
        compared.diagnosis = time.and_then(|time| diagnosis(&time, fuel.as_ref()?));
    }
    let sentence = decision
        .reason
        .or(decision.doubt)
        .and_then(decision::explain);
    compared.notes.extend(sentence.map(str::to_owned));
    compared
}

/// Whether it is known to run well: it was counted or timed, and ended well.
fn was_run(case: &Case) -> bool {
    case.outcome.is_ok() && (case.count.is_some() || !case.processes.is_empty())
}

fn failure(side: &str, case: &Case) -> Option<String> {
    match &case.outcome {
        Outcome::Ok => None,
        _ => Some(format!("the {side} failed")),
    }
}

/// That the results differ, or that this is not known.
fn other_result([base, candidate]: [&Case; 2]) -> Option<String> {
    match (base.checksum, candidate.checksum) {
        (Some(one), Some(other)) => (one != other).then(|| {
            format!("it computes something else now: checksum {other:#018x}, which was {one:#018x}")
        }),
        _ => Some(NO_RESULT.into()),
    }
}

/// What is said of results that cannot be compared.
const NO_RESULT: &str = "its checksum differs from run to run, so results cannot be compared";

/// What there was none of before: it has no percentage.
fn from_nothing(changes: &[Change]) -> Option<String> {
    let grown = |change: &&Change| change.ratio == Change::FROM_NOTHING;
    let grown = changes.iter().filter(grown);
    let names = grown.map(|change| change.metric.spec().noun());
    let names = names.collect::<Vec<_>>().join(" and ");
    (!names.is_empty())
        .then(|| format!("its {names} was 0 before: that is growth beyond any threshold"))
}

/// The bands of METHOD.md, by the estimate.
fn severity(change: &Change) -> Option<Severity> {
    if change.verdict != Verdict::Regressed {
        return None;
    }
    Some(match change.ratio - 1.0 {
        grown if grown < 0.1 => Severity::Drift,
        grown if grown < 0.2 => Severity::Minor,
        grown if grown <= 0.5 => Severity::Major,
        _ => Severity::Critical,
    })
}

/// The way in which a metric went; none if that is not known.
fn direction(verdict: Verdict) -> Option<i8> {
    match verdict {
        Verdict::Regressed => Some(1),
        Verdict::Improved => Some(-1),
        Verdict::Equivalent | Verdict::Identical => Some(0),
        Verdict::Unsure | Verdict::New | Verdict::Gone => None,
    }
}

fn diagnosis(time: &Change, fuel: &Change) -> Option<Diagnosis> {
    Some(match (direction(time.verdict)?, direction(fuel.verdict)?) {
        (0, 0) => Diagnosis::Unchanged,
        (time, fuel) if time == fuel => Diagnosis::Work,
        (_, 0) => Diagnosis::TimeOnly,
        (0, _) => Diagnosis::FuelOnly,
        _ => Diagnosis::Opposed,
    })
}

#[cfg(test)]
mod tests;
