//! What the variants of the model are called where a text has to name them: as in the JSON document.

use dyno_model::{Metric, Outcome};

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
        Metric::UndisturbedShare => "undisturbed-share",
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
        Outcome::Folded { .. } => "folded",
        Outcome::Implausible { .. } => "implausible",
        Outcome::Crash { .. } => "crash",
        Outcome::Host { .. } => "host",
        Outcome::Skipped { .. } => "skipped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;

    #[test]
    fn a_text_calls_things_as_the_document_does() {
        for value in Metric::ALL {
            assert_eq!(serde_json::to_value(value).unwrap(), metric(value));
        }
        for case in &fixture::full().plugins[0].cases {
            let document = serde_json::to_value(&case.outcome).unwrap();
            assert_eq!(document["kind"], outcome(&case.outcome));
        }
    }
}
