//! The conditions of two stored runs, in words: one vocabulary for the terminal, pages and documents.

use std::io::{self, Write};

use super::{DIM, Sink, YELLOW, escape};
use crate::report::model::{Comparison, Condition, Difference, Metric, Noise, Pairing, RunNoise};

/// How two runs came to be compared.
pub(crate) fn pairing(comparison: &Comparison) -> String {
    match (comparison.pairing, &comparison.conditions.noise) {
        (Pairing::Paired, _) => "side by side".into(),
        (Pairing::Stored, None) => "as stored, each from its own time".into(),
        (Pairing::Stored, Some(noise)) => format!(
            "as stored, each from its own time: the noise of the two hides changes below {} ({} in the worst case)",
            percent(noise.resolution),
            percent(noise.resolution_worst)
        ),
    }
}

/// What the noise of each run was, in a sentence for each.
pub(crate) fn noise(noise: &Noise) -> [String; 2] {
    let of = |side: &str, run: &RunNoise| {
        let noisy = match run.noisy {
            0 => String::new(),
            count => format!("; {count} of {} cases are noisy", run.cases),
        };
        format!(
            "{side}: processes of a case spread by {}, other programs took {} of the time{noisy}",
            percent(run.spread),
            percent(run.preempted)
        )
    };
    [of("base", &noise.base), of("candidate", &noise.candidate)]
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// What a difference is about. Not escaped.
pub(crate) fn name(difference: &Difference) -> String {
    match difference.condition {
        Condition::Inputs => format!("inputs of {}", difference.name),
        Condition::Environment => format!("variable {}", difference.name),
        _ => difference.name.clone(),
    }
}

/// What it is on each side. Not escaped.
pub(crate) fn values(difference: &Difference) -> [&str; 2] {
    let nothing = match difference.condition {
        Condition::Inputs => "not recorded",
        _ => "none",
    };
    [&difference.base, &difference.candidate].map(|value| value.as_deref().unwrap_or(nothing))
}

/// What it may have changed by itself, as in `time, fuel`; none if nothing.
pub(crate) fn unsettles(difference: &Difference) -> Option<String> {
    let has = |metric| difference.unsettles(metric);
    // Both times are one word, and wall time alone is named: CPU time stands then.
    let is_said = |metric: &Metric| match metric {
        Metric::WallTime => has(Metric::WallTime) && !has(Metric::CpuTime),
        metric => has(*metric),
    };
    let word = |metric: Metric| match metric {
        Metric::CpuTime => "time",
        metric => metric.spec().noun(),
    };
    let words: Vec<&str> = Metric::compared().filter(is_said).map(word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A difference in one line.
pub(super) fn difference(difference: &Difference) -> String {
    let [base, candidate] = values(difference);
    format!(
        "{} {} → {}",
        escape(&name(difference)),
        escape(base),
        escape(candidate)
    )
}

/// Shows what differs, first that which may have changed something, and then the rest in one line; and the noise.
pub(super) fn show(out: &mut Sink<impl Write>, comparison: &Comparison) -> io::Result<()> {
    let conditions = &comparison.conditions;
    let (weighty, rest): (Vec<_>, Vec<_>) = conditions
        .differences
        .iter()
        .partition(|one| unsettles(one).is_some());
    for one in weighty {
        let what = unsettles(one).unwrap_or_default();
        writeln!(
            out,
            "  {YELLOW}differs{YELLOW:#} {} {DIM}(may change {what} by itself){DIM:#}",
            difference(one)
        )?;
    }
    if !rest.is_empty() {
        let rest: Vec<String> = rest.into_iter().map(difference).collect();
        writeln!(
            out,
            "  {DIM}differs, and changes no result: {}{DIM:#}",
            rest.join("; ")
        )?;
    }
    for sentence in conditions.noise.iter().flat_map(noise) {
        writeln!(out, "  {DIM}noise of the {sentence}{DIM:#}")?;
    }
    Ok(())
}
