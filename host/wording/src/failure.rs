//! What went wrong, in one sentence.

use dyno_model::{LimitKind, LimitUnit, Mark, Outcome, quantity, word};

/// An outcome in one sentence; what it says more stands on further lines.
#[must_use]
pub fn sentence(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok => "ok".into(),
        Outcome::Refused { reason } => format!("refused: {reason}"),
        Outcome::Error { message } => format!("failed: {message}"),
        Outcome::Trap { message } => format!("trapped: {message}"),
        Outcome::Fault { message } => format!("broke the measuring protocol: {message}"),
        Outcome::Limit { limit, cap, actual } => limit_sentence(*limit, *cap, *actual),
        Outcome::Checksum { expected, actual } => {
            format!("computed {actual:#018x}, but its plugin expects {expected:#018x}")
        }
        Outcome::Output { message } => format!("printed something else: {message}"),
        Outcome::Nondeterministic { message } => format!("is not deterministic: {message}"),
        Outcome::Folded { message } => format!("is folded: {message}"),
        Outcome::Implausible { message } => format!("is implausible: {message}"),
        Outcome::Crash { message } => format!("crashed its worker: {message}"),
        Outcome::Host { message } => format!("could not be run: {message}"),
        Outcome::Skipped { reason } => format!("skipped: {reason}"),
    }
}

fn limit_sentence(limit: LimitKind, cap: u64, actual: Option<u64>) -> String {
    let spec = limit.spec();
    let shown = |value| match spec.unit {
        LimitUnit::Count => super::amount(value as f64),
        unit => quantity::show(value, unit),
    };
    let reached = actual
        .map(|actual| format!(", {} wanted", shown(actual)))
        .unwrap_or_default();
    let name = spec.name;
    // It is not known how much is enough where something was stopped on the way.
    let enough = actual.unwrap_or_else(|| cap.saturating_mul(2));
    format!(
        "hit the {name} limit of {}{reached}: allow more with --{name} {}",
        shown(cap),
        quantity::round_up(enough, spec.unit)
    )
}

/// A mark in a word or two.
pub fn mark(mark: Mark) -> String {
    match mark {
        Mark::SingleProcess => "one process".into(),
        mark => word(&mark).replace('-', " "),
    }
}

/// A mark in a sentence.
pub fn explain(mark: Mark) -> &'static str {
    match mark {
        Mark::Nondeterministic => "fuel or checksum differ between passes, batches or processes",
        Mark::Noisy => {
            "processes disagree by more than their own spread explains; try --thorough or a quieter machine"
        }
        Mark::Folded => {
            "the compiler removed the work, so that its times are those of nothing; use black_box"
        }
        Mark::Implausible => {
            "its fuel per ns is not that of what was counted: it does other work when it is timed, so its numbers do not belong together"
        }
        Mark::FuelUnsettled => "fuel per iteration did not settle within 0.1 %",
        Mark::Nonlinear => {
            "an iteration costs more or less in larger batches: move set-up out of the timed part (iter_batched), and keep nothing from one iteration to the next"
        }
        Mark::TimerFloor => {
            "samples are so short that measuring itself shows; let an iteration do more"
        }
        Mark::SingleProcess => "the interval says nothing of the spread between processes",
        Mark::Suspended => "the machine or the process stood still during a sample",
        Mark::Preempted => {
            "other programs took the CPU during nearly all samples: the time shown is CPU time"
        }
        Mark::Unsteady => {
            "most processes become slower or faster from the first sample to the last: no steady state was reached"
        }
        Mark::BudgetEnded => {
            "the time budget ended before the interval within a process was narrow"
        }
        Mark::SharedCore => {
            "another run was measuring on the same core; measure again without --no-wait"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_says_its_name_value_and_flag() {
        let outcome = Outcome::Limit {
            limit: LimitKind::Memory,
            cap: 256 << 20,
            actual: Some(300 << 20),
        };
        assert_eq!(
            sentence(&outcome),
            "hit the memory limit of 256MiB, 300MiB wanted: allow more with --memory 300MiB"
        );
    }
}
