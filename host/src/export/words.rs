//! What the variants of the model are called where a text has to name them: as in the JSON document.

use crate::report::model::{Diagnosis, Metric, Outcome, Severity, Verdict};

pub(super) fn metric(metric: Metric) -> &'static str {
    match metric {
        Metric::WallTime => "wall-time",
        Metric::CpuTime => "cpu-time",
        Metric::Fuel => "fuel",
        Metric::FirstIteration => "first-iteration",
        Metric::MemoryBaseline => "memory-baseline",
        Metric::MemoryPeak => "memory-peak",
        Metric::MemoryReleased => "memory-released",
        Metric::MemoryMean => "memory-mean",
        Metric::RssPeak => "rss-peak",
        Metric::SpreadWithin => "spread-within",
    }
}

pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Refused { .. } => "refused",
        Outcome::Error { .. } => "error",
        Outcome::Trap { .. } => "trap",
        Outcome::Fault { .. } => "fault",
        Outcome::Limit { .. } => "limit",
        Outcome::Checksum { .. } => "checksum",
        Outcome::Output { .. } => "output",
        Outcome::Nondeterministic { .. } => "nondeterministic",
        Outcome::Crash { .. } => "crash",
        Outcome::Host { .. } => "host",
        Outcome::Skipped { .. } => "skipped",
    }
}

pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Regressed => "regressed",
        Verdict::Unsure => "unsure",
        Verdict::Improved => "improved",
        Verdict::Equivalent => "equivalent",
        Verdict::Identical => "identical",
        Verdict::New => "new",
        Verdict::Gone => "gone",
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Drift => "drift",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
    }
}

/// What time and fuel say together, in words.
pub(super) fn diagnosis(diagnosis: Diagnosis) -> &'static str {
    match diagnosis {
        Diagnosis::Unchanged => "neither time nor fuel changed",
        Diagnosis::Work => "time and fuel changed alike: it does other work",
        Diagnosis::TimeOnly => "only time changed: layout, engine or machine",
        Diagnosis::FuelOnly => "only fuel changed: it does not show in time",
        Diagnosis::Opposed => "time and fuel changed in opposite ways: other work",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn a_text_calls_things_as_the_document_does() {
        for value in Metric::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), metric(value));
        }
        for case in &fixture::full().plugins[0].cases {
            let document = serde_json::to_value(&case.outcome).unwrap();
            assert_eq!(document["kind"], outcome(&case.outcome));
        }
        for case in &fixture::compared().0.cases {
            let document = serde_json::to_value(case).unwrap();
            assert_eq!(document["verdict"], verdict(case.verdict));
            if let Some(value) = case.severity {
                assert_eq!(document["severity"], severity(value));
            }
        }
    }
}
