//! What the protocol is worth on a machine: the study and the measured noise, as commands. Nothing is asserted that
//! the machine decides, but for what no noise can hide.

use serde_json::Value;

use super::support::Bench;

#[test]
fn a_study_says_what_was_injected_to_the_last_digit_of_fuel_and_draws_its_power() {
    let bench = Bench::new();
    let short = [
        "--blocks",
        "40",
        "--time",
        "2ms",
        "--sample-time",
        "1ms",
        "--trials",
        "20",
    ];
    let said = bench.dyno(["validate"].into_iter().chain(short)).exits(0);
    said.says("no change at all").says("added work");
    let study = std::fs::read_to_string(bench.path("dyno-validate.json")).unwrap();
    let study: Value = serde_json::from_str(&study).unwrap();
    assert_eq!(
        (study["trials"].as_u64(), study["blocks"].as_u64()),
        (Some(20), Some(40))
    );
    let levels = study["power"].as_array().unwrap();
    assert_eq!(levels.len(), 6);
    for level in levels {
        let added = level["added"].as_f64().unwrap();
        for fuel in level["fuel"].as_array().unwrap() {
            // A call and a loop's first step are not scaled with the work.
            let off = fuel.as_f64().unwrap() / added - 1.0;
            assert!(off.abs() < 2e-3, "{added} is {fuel}");
        }
    }
    let plot = std::fs::read_to_string(bench.path("dyno-validate.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
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
