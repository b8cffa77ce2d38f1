use rand_core::Rng as _;

use super::*;
use crate::report::fixture::{plain_case, plain_process};
use crate::report::model::{Plugin, RunStatus, Sample};

/// A run of all versions over `blocks`, in which a version takes `1 + added` of the base's time, with noise of a
/// share `noise` that both sides of a block do not share, and more of it in the wall time.
fn run(blocks: u32, noise: f64, lies: bool) -> Run {
    let mut random = ChaCha12Rng::seed_from_u64(1);
    let mut uniform = move || f64::from(random.next_u32()) / f64::from(u32::MAX) - 0.5;
    let plugins = VERSIONS.iter().map(|(version, added)| {
        let cases = CASES.iter().map(|name| {
            let processes = (0..blocks).map(|block| {
                let level = 50_000.0 * (1.0 + added * f64::from(u8::from(!lies)));
                let process = level * (1.0 + noise * uniform());
                let samples = (0..20).map(|_| Sample {
                    iterations: 100,
                    wall_ns: (process * 100.0 * (1.0 + 0.001 * uniform())) as u64,
                    cpu_ns: (process * 100.0) as u64,
                    switches: 0,
                    waits: 0,
                });
                plain_process(block, samples.collect())
            });
            plain_case(name, 1000.0 * (1.0 + added), processes.collect())
        });
        Plugin {
            digest: Some("sha256:x".into()),
            inputs: Some(String::new()),
            cases: cases.collect(),
            ..Plugin::named(version, "")
        }
    });
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
        plugins: plugins.collect(),
    }
}

/// If this failed, the study would judge by another rule than the gate, or draw what it must not.
#[test]
fn a_quiet_machine_sees_every_change_and_none_that_is_not() {
    let study = study(&run(40, 0.005, false), 60, 1).unwrap();
    assert_eq!(
        (study.null.false_gates, study.null.false_verdicts),
        (0.0, 0.0)
    );
    for power in &study.power {
        // What lies at the edge of what counts as equivalent may fall on either side.
        if power.added != 0.02 {
            let is_seen = f64::from(u8::from(power.added > 0.02));
            let seen = (power.wall, power.cpu);
            assert_eq!(seen, (is_seen, is_seen), "{}", power.added);
        }
        let gates = f64::from(u8::from(power.added > 0.15));
        if power.added != 0.10 {
            assert_eq!(power.gated, gates, "{}", power.added);
        }
        assert!(
            (power.fuel[0] - power.added).abs() < 1e-12
                && (power.fuel[1] - power.added).abs() < 1e-12
        );
    }
}

/// Samples of one process resemble each other, so a test over pooled ones sees differences between equals.
#[test]
fn pooling_lies_where_processes_differ() {
    let study = study(&run(40, 0.05, false), 60, 1).unwrap();
    assert!(study.null.pooled > 0.5, "{}", study.null.pooled);
    assert_eq!(study.null.false_gates, 0.0);
}

#[test]
fn added_work_that_takes_no_time_is_not_seen_in_time() {
    let study = study(&run(40, 0.005, true), 30, 1).unwrap();
    assert!(
        study
            .power
            .iter()
            .all(|power| power.wall == 0.0 && power.gated == 0.0)
    );
}

#[test]
fn too_short_a_run_is_refused() {
    let error = study(&run(39, 0.005, false), 1, 1).unwrap_err().to_string();
    assert_eq!(error, "a trial draws 40 blocks and the run has 39");
    let mut missing = run(40, 0.005, false);
    missing.plugins[3].cases.remove(2);
    let error = study(&missing, 1, 1).unwrap_err().to_string();
    assert_eq!(error, "the run has no measured case stream of plus-2");
}

#[test]
fn the_plot_is_well_formed_and_has_every_level() {
    let svg = plot(&study(&run(40, 0.02, false), 20, 1).unwrap());
    assert_eq!(svg.matches("<polyline").count(), 3);
    for (_, added) in &VERSIONS[2..] {
        assert!(svg.contains(&format!(">+{:.0} %<", added * 100.0)));
    }
    assert!(!svg.contains("NaN"));
}

#[test]
fn the_guest_has_a_record_for_every_case() {
    let text = plugin(ROUNDS);
    let component = crate::sandbox::to_component(text.as_bytes());
    assert!(component.is_ok(), "{:?}", component.err());
    assert!(text.contains("(i32.const 1000)") && !text.contains("{{"));
}
