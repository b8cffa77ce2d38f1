use std::collections::BTreeSet;

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::*;
use crate::compare::{BLOCKS, CONFIRMING_BLOCKS};
use dyno_fixture::{plain_case, plain_process};
use dyno_model::{Plugin, RULES, RunStatus, Sample};

/// What a simulated machine does: noise of a share that both sides of a block do not share, and a
/// factor on what is true of the candidate.
struct Machinery {
    noise: f64,
    factor: f64,
}

/// A session of [`parts`] without processes, whose candidates take `1 + added` of the base's time.
fn session(part: &Part, machinery: &Machinery, seed: u64) -> Session {
    let mut random = ChaCha12Rng::seed_from_u64(seed);
    let mut uniform = move || f64::from(random.next_u32()) / f64::from(u32::MAX) - 0.5;
    let mut run = |is_candidate: bool| {
        let plugins = part.pairs.iter().map(|pair| {
            let added = plan::added(&pair.name).unwrap() * f64::from(u8::from(is_candidate));
            let factor = if is_candidate { machinery.factor } else { 1.0 };
            let cases = CASES.iter().map(|name| {
                let blocks = 0..2 * BLOCKS + CONFIRMING_BLOCKS;
                let processes = blocks.map(|block| {
                    let level = 50_000.0 * (1.0 + added) * factor;
                    let process = level * (1.0 + machinery.noise * uniform());
                    let samples = (0..20).map(|_| Sample {
                        iterations: 100,
                        wall_ns: (process * 100.0 * (1.0 + 0.001 * uniform())) as u64,
                        cpu_ns: (process * 100.0) as u64,
                        switches: 0,
                        waits: 0,
                        counts: Default::default(),
                    });
                    let mut process = plain_process(block, samples.collect());
                    process.confirming = block >= 2 * BLOCKS;
                    process
                });
                plain_case(name, 1000.0 * (1.0 + added), processes.collect())
            });
            let text = if is_candidate {
                &pair.candidate
            } else {
                &pair.base
            };
            Plugin {
                digest: Some(text.clone()),
                inputs: Some(String::new()),
                cases: cases.collect(),
                ..Plugin::named(&pair.name, "")
            }
        });
        Run {
            plugins: plugins.collect(),
            ..empty_run()
        }
    };
    Session {
        base: run(false),
        candidate: run(true),
        rules: Rules {
            gates: part.gates,
            ..RULES
        },
    }
}

fn empty_run() -> Run {
    Run {
        id: "20261121T000000Z-00000000".into(),
        started_at: String::new(),
        finished_at: String::new(),
        status: RunStatus::Complete,
        command: Vec::new(),
        host_version: String::new(),
        engine: String::new(),
        seed: 0,
        order_seed: 0,
        empty_batch_ns: Some(100.0),
        settings: Default::default(),
        limits: Default::default(),
        grants: Vec::new(),
        confinement: Vec::new(),
        machine: Machine::default(),
        warnings: Vec::new(),
        plugins: Vec::new(),
    }
}

fn simulated(machinery: &Machinery) -> Study {
    let mut layouts = 0;
    let sessions = (0..2).flat_map(|number| {
        let parts = parts(&Scale::FULL, &mut layouts);
        parts.map(|part| session(&part, machinery, number))
    });
    study(&sessions.collect::<Vec<_>>()).unwrap()
}

/// If this failed, the study would judge by another rule than `gate` and `compare` do, or count
/// what it must not.
#[test]
fn a_quiet_machine_sees_every_change_and_none_that_is_not() {
    let study = simulated(&Machinery {
        noise: 0.005,
        factor: 1.0,
    });
    let counts = |rate: &Rate| (rate.count, rate.of);
    // Two sessions with two pairs of twins, of five cases each.
    assert_eq!(counts(&study.null.false_gates), (0, 20));
    assert_eq!(counts(&study.null.false_verdicts), (0, 20));
    assert_eq!(counts(&study.null.unsure_gates), (0, 20));
    assert_eq!(counts(&study.known.wrong), (0, 30));
    assert!(study.known.held.count >= 28, "{:?}", study.known.held);
    assert_eq!(study.plugins, 2 * 2 * 5);
    let added: Vec<f64> = study.known.levels.iter().map(|level| level.added).collect();
    assert_eq!(added, [0.05, 0.10, 0.50]);
    for level in &study.known.levels {
        assert_eq!(counts(&level.found), (10, 10), "{}", level.added);
        assert!(level.cases.iter().all(|rate| counts(rate) == (2, 2)));
    }
}

/// A study that cannot find fault is worth nothing.
#[test]
fn what_is_wrong_is_counted_as_wrong() {
    // What hides 5 % makes twins faster and +5 % equivalent.
    let hiding = simulated(&Machinery {
        noise: 0.002,
        factor: 1.0 / 1.05,
    });
    assert_eq!(hiding.null.false_verdicts.count, 20);
    assert_eq!(hiding.null.false_gates.count, 0);
    assert_eq!(hiding.known.levels[0].found.count, 0);
    assert_eq!(hiding.known.wrong.count, 10);
    assert_eq!(hiding.known.held.count, 0);
    // What adds 15 % fails every gate over twins.
    let adding = simulated(&Machinery {
        noise: 0.002,
        factor: 1.15,
    });
    assert_eq!(adding.null.false_gates.count, 20);
    assert_eq!(adding.known.wrong.count, 0);
}

/// Samples of one process resemble each other, so a test over pooled ones sees differences between
/// equals.
#[test]
fn pooling_lies_where_processes_differ() {
    let study = simulated(&Machinery {
        noise: 0.05,
        factor: 1.0,
    });
    assert!(study.null.pooled.share() > 0.5, "{:?}", study.null.pooled);
    assert_eq!(study.null.false_gates.count, 0);
}

#[test]
fn what_is_no_session_of_a_study_is_refused() {
    let error = study(&[]).unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no session of a study in it: `dyno validate` records them"
    );
    let mut other = parts(&Scale::QUICK, &mut 0)[0].clone();
    other.pairs[0].name = "same-1".into();
    let mut session = session(
        &other,
        &Machinery {
            noise: 0.0,
            factor: 1.0,
        },
        1,
    );
    for run in [&mut session.base, &mut session.candidate] {
        run.plugins[0].name = "sorting".into();
        run.plugins[0].label = "sorting".into();
    }
    assert!(study(&[session]).is_err());
}

#[test]
fn the_plot_is_well_formed_and_has_every_level() {
    let svg = plot(&simulated(&Machinery {
        noise: 0.02,
        factor: 1.0,
    }));
    assert_eq!(svg.matches("<polyline").count(), 1);
    for label in ["+0 % (20)", "+5 % (10)", "+10 % (10)", "+50 % (10)"] {
        assert!(svg.contains(&format!(">{label}<")), "{label}");
    }
    assert!(!svg.contains("NaN"));
}

/// If this failed, twins would be the same plugin.
#[test]
fn every_plugin_of_a_study_has_another_text() {
    let mut layouts = u64::MAX - 3;
    let mut all = BTreeSet::new();
    let mut count = 0;
    for _ in 0..2 {
        let parts = parts(&Scale::FULL, &mut layouts);
        for pair in parts.iter().flat_map(|part| &part.pairs) {
            for text in [&pair.base, &pair.candidate] {
                assert!(!text.contains("{{"));
                all.insert(text.clone());
                count += 1;
            }
        }
    }
    assert_eq!((all.len(), count), (20, 20));
}

#[test]
fn the_kernels_do_the_rounds_that_were_asked_for() {
    let text = plugin(ROUNDS);
    assert!(text.contains("(i32.const 1000)") && !text.contains("{{"));
}
