//! A comparison of what is counted alone. Nothing of it is a measurement, so the same code is never
//! blamed for what the machine did.

use super::decision::{explain, unmeasurable};
use dyno_model::{Case, CaseComparison, Change, Drawn, UnsureReason, Verdict};

/// Fuel and the peak of memory decide; what grew goes before what shrank. Times that stored runs
/// have are left out.
pub(super) fn judge(compared: &mut CaseComparison, sides: [&Case; 2]) {
    let is_counted = |change: &Change| change.metric.spec().drawn == Drawn::Exact;
    compared.changes.retain(is_counted);
    let decisive = compared.changes.iter().min_by_key(|change| change.verdict);
    compared.verdict = decisive.map_or(Verdict::Unsure, |change| change.verdict);
    compared.decided_by = decisive.map(|change| change.metric);
    if decisive.is_none() {
        compared
            .notes
            .push("it was not counted on both sides".into());
    }
    let is_of_counts =
        |why: &UnsureReason| matches!(why, UnsureReason::FuelUnsettled | UnsureReason::Implausible);
    let doubt = unmeasurable(sides).filter(is_of_counts);
    if compared.verdict != Verdict::Regressed && doubt.is_some() {
        compared.verdict = Verdict::Unsure;
        compared.reason = doubt;
        let sentence = doubt.and_then(explain);
        compared.notes.extend(sentence.map(str::to_owned));
    }
}
