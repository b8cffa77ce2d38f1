use super::*;
use dyno_fixture as fixture;

fn exported(run: &Run) -> Value {
    let mut out = Vec::new();
    write(&run.into(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn repetitions_are_processes_and_aggregates_are_over_them() {
    let mut run = fixture::full();
    run.plugins.truncate(1);
    run.plugins[0].cases.truncate(1);
    let case = &mut run.plugins[0].cases[0];
    case.spec.name = "c".into();
    for (process, wall_ns) in case.processes.iter_mut().zip([1_000, 2_000, 6_000]) {
        process.samples = vec![fixture::sample(10, wall_ns * 10)];
    }
    let exported = exported(&run);
    let all = exported["benchmarks"].as_array().unwrap();
    let named: Vec<_> = all
        .iter()
        .map(|one| {
            (
                one["name"].as_str().unwrap(),
                one["real_time"].as_f64().unwrap(),
            )
        })
        .collect();
    // NumPy: mean, median, std(ddof=1) of [1000, 2000, 6000], and std / mean.
    assert_eq!(
        named,
        [
            ("sorting/c", 1000.0),
            ("sorting/c", 2000.0),
            ("sorting/c", 6000.0),
            ("sorting/c_mean", 3000.0),
            ("sorting/c_median", 2000.0),
            ("sorting/c_stddev", 2_645.751_311_064_590_7),
            ("sorting/c_cv", 0.881_917_103_688_196_9),
        ]
    );
    assert_eq!(all[1]["repetition_index"], 1);
    assert_eq!(all[1]["bytes_per_second"], 4e9);
    for one in all {
        assert_eq!(one["run_name"], "sorting/c");
        assert_eq!(one["time_unit"], "ns");
    }
}

#[test]
fn what_failed_is_an_error_and_not_a_time() {
    let run = fixture::full();
    let exported = exported(&run);
    let all = exported["benchmarks"].as_array().unwrap();
    let failed = all.iter().filter(|one| one["error_occurred"] == true);
    assert_eq!(failed.clone().count(), cases::failures(&run));
    assert!(failed.into_iter().all(|one| one["real_time"] == 0.0));
    assert_eq!(all.iter().filter(|one| one["skipped"] == true).count(), 1);
}

#[test]
fn no_name_or_message_does_anything_to_a_terminal() {
    let exported = exported(&fixture::full());
    for one in exported["benchmarks"].as_array().unwrap() {
        for field in ["name", "run_name", "error_message", "skip_message"] {
            let text = one[field].as_str().unwrap_or_default();
            assert_eq!(text, escape(text), "{field}");
        }
    }
}
