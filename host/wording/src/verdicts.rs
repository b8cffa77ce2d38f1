//! What a comparison says, in words: one vocabulary for the terminal, pages and documents.

use super::{amount, bytes, escape};
use dyno_model::quantity::show_percent;
use dyno_model::{
    CaseComparison, CaseRules, ChecksumRule, Diagnosis, Exceptions, Gone, Metric, Rules,
};

/// What makes a gate fail: `time 10 %, fuel 1 %; sort/*: time 5 %, at most 120.0 k fuel`.
#[must_use]
pub fn thresholds(rules: &Rules, exceptions: &Exceptions) -> String {
    let all = CaseRules {
        pattern: String::new(),
        threshold: Some(rules.threshold),
        fuel: rules.fuel,
        memory: rules.memory,
        fuel_max: rules.fuel_max,
        memory_max: rules.memory_max,
    };
    let mut all = limits(&all, rules);
    all.extend(rules.baseless.then(|| "hard limits alone".to_owned()));
    all.extend((rules.gone == Gone::Warn).then(|| "gone cases pass".to_owned()));
    all.extend((rules.checksum == ChecksumRule::Allow).then(|| "other results pass".to_owned()));
    let mut texts = vec![all.join(", ")];
    for case in &exceptions.cases {
        let limits = limits(case, rules);
        // A table may be about nothing that is judged, as times where counts alone are.
        if !limits.is_empty() {
            texts.push(format!("{}: {}", escape(&case.pattern), limits.join(", ")));
        }
    }
    texts.join("; ")
}

/// The limits of some cases, but for those that are about what is not judged.
fn limits(rules: &CaseRules, whole: &Rules) -> Vec<String> {
    let share = |what: &str, share: Option<f64>| {
        let share = share.filter(|_| !whole.baseless);
        share.map(|share| format!("{what} {} %", show_percent(share)))
    };
    let all = [
        share("time", rules.threshold.filter(|_| !whole.counts_only)),
        share("fuel", rules.fuel),
        share("memory", rules.memory),
        rules
            .fuel_max
            .map(|max| format!("at most {} fuel", amount(max))),
        rules
            .memory_max
            .map(|max| format!("at most {} of memory", bytes(max))),
    ];
    all.into_iter().flatten().collect()
}

/// What time and fuel of a case say together.
pub fn diagnosis(compared: &CaseComparison) -> Option<&'static str> {
    let fuel = compared.change(Metric::Fuel);
    let grew = fuel.is_some_and(|fuel| fuel.ratio > 1.0);
    Some(match (compared.diagnosis?, grew) {
        (Diagnosis::Unchanged, _) => "neither time nor work changed",
        (Diagnosis::Work, true) => "it does more work",
        (Diagnosis::Work, false) => "it does less work",
        (Diagnosis::TimeOnly, _) => "same work, other time: layout, engine or machine",
        (Diagnosis::FuelOnly, true) => "more work, not slower yet",
        (Diagnosis::FuelOnly, false) => "less work, not faster yet",
        (Diagnosis::Opposed, true) => "more work in less time: other work",
        (Diagnosis::Opposed, false) => "less work in more time: other work",
    })
}
