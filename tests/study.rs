//! What the protocol is worth on a machine: the study and the measured noise, as commands. Nothing
//! is asserted that the machine decides, but for what no noise can hide.

use std::collections::BTreeSet;

use dyno_analysis::study::{ROUNDS, Scale, parts, plugin};
use serde_json::Value;

use super::support::Bench;

/// What a study's JSON says of its trials, and of the runs that they are from.
fn study(bench: &Bench) -> (Vec<Value>, Value) {
    let text = std::fs::read_to_string(bench.path("dyno-validate.json")).unwrap();
    let study: Value = serde_json::from_str(&text).unwrap();
    (study["trials"].as_array().unwrap().clone(), study)
}

#[test]
fn a_study_has_what_was_injected_and_can_be_made_again_from_its_report() {
    let bench = Bench::new();
    let short = [
        "--quick",
        "--pairs",
        "1",
        "--time",
        "2ms",
        "--sample-time",
        "1ms",
    ];
    let said = bench.dyno(["validate"].into_iter().chain(short)).exits(0);
    let said = said.says("no change at all").says("known changes").stdout;
    let (trials, measured) = study(&bench);
    // A pair of twins and a known change, five cases each, and no plugin twice.
    assert_eq!(trials.len(), 10);
    assert_eq!(measured["plugins"], 4);
    assert_eq!(measured["null"]["false_gates"]["of"], 5);
    assert_eq!(measured["known"]["wrong"]["of"], 5);
    for trial in &trials {
        let (added, fuel) = (
            trial["added"].as_f64().unwrap(),
            trial["fuel"].as_f64().unwrap(),
        );
        // Twins differ in where their code lies, which costs no fuel. Calls and a loop's first step
        // are not scaled with the work.
        assert!((fuel - 1.0 - added).abs() <= 5e-3 * added, "{trial}");
    }
    let plot = std::fs::read_to_string(bench.path("dyno-validate.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));

    // Whoever has the report comes to the same numbers.
    std::fs::remove_file(bench.path("dyno-validate.json")).unwrap();
    let again = bench.dyno(["validate", "--from", "dyno-validate.sqlite"]);
    assert_eq!(again.exits(0).stdout, said);
    assert_eq!(study(&bench).1, measured);
    // It is no report of the user's.
    assert!(!bench.report().exists());
    bench
        .dyno(["validate", "--from", "nowhere.sqlite"])
        .exits(4)
        .complains("nowhere.sqlite");
}

#[test]
fn doctor_measures_the_noise_only_if_asked() {
    let bench = Bench::new();
    let plain = bench.dyno(["doctor"]).exits(0);
    assert!(!plain.stdout.contains("what it can resolve"));
    let noise = ["doctor", "--noise", "--sessions", "2"];
    bench
        .dyno(noise.into_iter().chain(["--no-report"]))
        .exits(0);
    // Neither is a run of the user's.
    assert!(!bench.report().exists());
    let said = bench.dyno(noise).exits(0);
    let said = said
        .says("12 comparisons of no change at 10 blocks, in 2 independent sessions")
        .says("narrow enough for a gate at 10 %: ")
        .says("called a change, though there was none: ")
        .says("95 % interval");
    // Each session is recorded with both of its sides, and all that the figures were drawn from.
    assert_eq!(bench.runs().len(), 4);
    let recorded = said
        .stdout
        .lines()
        .find_map(|line| line.split_once("dyno report show "));
    let recorded: Vec<&str> = recorded.unwrap().1.split(", ").collect();
    assert_eq!(recorded.len(), 2);
    for run in recorded {
        bench.dyno(["report", "show", run]).exits(0);
        let processes = &bench.recorded(run)["plugins"][0]["cases"][0]["processes"];
        assert_eq!(processes.as_array().unwrap().len(), 50);
    }
}

/// If this failed, twins would be the same plugin, or not the same work.
#[test]
fn every_plugin_of_a_study_has_other_bytes_and_a_record_for_every_case() {
    let mut layouts = u64::MAX - 3;
    let mut all = BTreeSet::new();
    let mut count = 0;
    for _ in 0..2 {
        let parts = parts(&Scale::FULL, &mut layouts);
        for pair in parts.iter().flat_map(|part| &part.pairs) {
            for text in [&pair.base, &pair.candidate] {
                let component = dyno_sandbox::to_binary(text.as_bytes());
                all.insert(component.expect("a component").into_owned());
                count += 1;
            }
        }
    }
    assert_eq!((all.len(), count), (20, 20));
}

#[test]
fn the_kernels_have_a_record_for_every_case() {
    let text = plugin(ROUNDS);
    let component = dyno_sandbox::to_binary(text.as_bytes());
    assert!(component.is_ok(), "{:?}", component.err());
}
