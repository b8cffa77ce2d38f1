//! The conditions of two stored runs, in words: one vocabulary for the terminal, pages and
//! documents.

use super::escape;
use dyno_model::{Comparison, Condition, Difference, Metric, Noise, Pairing, RunNoise};

/// How two runs came to be compared.
pub fn pairing(comparison: &Comparison) -> String {
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
pub fn noise(noise: &Noise) -> [String; 2] {
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
pub fn name(difference: &Difference) -> String {
    match difference.condition {
        Condition::Inputs => format!("inputs of {}", difference.name),
        Condition::Environment => format!("variable {}", difference.name),
        _ => difference.name.clone(),
    }
}

/// What it is on each side. Not escaped.
pub fn values(difference: &Difference) -> [&str; 2] {
    let nothing = match difference.condition {
        Condition::Inputs => "not recorded",
        _ => "none",
    };
    [&difference.base, &difference.candidate].map(|value| value.as_deref().unwrap_or(nothing))
}

/// What it may have changed by itself, as in `time, fuel`; none if nothing.
pub fn unsettles(difference: &Difference) -> Option<String> {
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
    let words: Vec<&str> = Metric::judged().filter(is_said).map(word).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// A difference in one line.
pub fn difference(difference: &Difference) -> String {
    let [base, candidate] = values(difference);
    format!(
        "{} {} → {}",
        escape(&name(difference)),
        escape(base),
        escape(candidate)
    )
}
