use super::*;
use dyno_fixture as fixture;
use dyno_model::Run;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashSet};

fn exported(run: &Run) -> BTreeMap<String, Value> {
    let files = files(&run.into(), "new").unwrap();
    let parsed = files
        .into_iter()
        .map(|(path, bytes)| (path, serde_json::from_slice(&bytes).unwrap()));
    parsed.collect()
}

#[test]
fn a_case_has_the_files_of_criterion() {
    let mut run = fixture::full();
    let case = &mut run.plugins[0].cases[0];
    case.spec.name = "sort: 1/2".into();
    for (process, wall_ns) in case.processes.iter_mut().zip([1_000, 2_000, 6_000]) {
        process.samples = vec![fixture::sample(10, wall_ns * 10)];
    }
    let files = exported(&run);
    let at = |file: &str| &files[&format!("criterion/sorting/sort_ 1_2~3aa7d42c/new/{file}.json")];
    assert_eq!(files.len(), 4, "only one case of the fixture succeeds");
    assert_eq!(at("benchmark")["full_id"], "sorting/sort: 1/2");
    assert_eq!(at("benchmark")["throughput"], json!({ "Bytes": 8_000 }));
    let estimates = at("estimates");
    // NumPy: mean, std(ddof=1) of [1000, 2000, 6000], median of the deviations from the median.
    for (statistic, value) in [
        ("mean", 3000.0),
        ("median", 2000.0),
        ("median_abs_dev", 1000.0),
        ("std_dev", 2_645.751_311_064_590_7),
    ] {
        let estimate = &estimates[statistic];
        assert_eq!(estimate["point_estimate"], value, "{statistic}");
        let interval = &estimate["confidence_interval"];
        assert!(interval["lower_bound"].as_f64().unwrap() <= value);
    }
    let wall = cases::estimate(&run.plugins[0].cases[0], Metric::WallTime).unwrap();
    let median = &estimates["median"]["confidence_interval"];
    assert_eq!(median["upper_bound"], wall.upper);
    assert_eq!(at("sample")["times"], json!([10_000.0, 20_000.0, 60_000.0]));
    assert_eq!(at("sample")["iters"], json!([10.0, 10.0, 10.0]));
    // NumPy: quantile([1000, 2000, 6000], [0.25, 0.75]) is [1500, 4000].
    assert_eq!(at("tukey"), &json!([-6000.0, -2250.0, 7750.0, 11500.0]));
}

/// The standard error of the mean of a resample is the population deviation over the root of
/// how many there are: NumPy, std([1, 2, ..., 20]) / sqrt(20).
#[test]
fn the_bootstrap_knows_the_error_of_a_mean() {
    let values: Vec<f64> = (1..=20).map(f64::from).collect();
    let error = stats::sd(&bootstrap(&values, stats::mean)).unwrap();
    assert!((error / 1.289_379_696_583_5 - 1.0).abs() < 0.05, "{error}");
}

#[test]
fn no_two_cases_share_a_directory() {
    let mut run = fixture::full();
    let ok = run.plugins[0].cases[0].clone();
    let names = [
        "a:b", "a/b", "A:b", "a_b_2", ".", "..", "...", ".x", "", " ", "\0", "nul", "NUL.txt",
    ];
    let long = ["x".repeat(70) + "1", "x".repeat(70) + "2", "é".repeat(40)];
    let names = names.into_iter().map(str::to_owned).chain(long);
    run.plugins[0].cases = names
        .map(|name| {
            let mut case = ok.clone();
            case.spec.name = name;
            case
        })
        .collect();
    for name in ["..", "SORTING", "/etc", "C:\\x"] {
        let mut plugin = run.plugins[0].clone();
        plugin.label = name.into();
        run.plugins.push(plugin);
    }
    let files = exported(&run);
    let folded: HashSet<_> = files.keys().map(|path| path.to_lowercase()).collect();
    let cases: usize = run.plugins.iter().map(|plugin| plugin.cases.len()).sum();
    assert_eq!(folded.len(), 4 * cases);
    for path in files.keys() {
        let parts: Vec<&str> = path.split('/').collect();
        assert_eq!(
            (parts.len(), parts[0], parts[3]),
            (5, "criterion", "new"),
            "{path}"
        );
        for part in parts {
            assert!(!part.is_empty() && !part.starts_with('.'), "{path}");
            assert!(
                part.len() <= DIRECTORY_BYTES_MAX + "~12345678".len(),
                "{path}"
            );
        }
    }
}

proptest! {
    #[test]
    fn a_directory_is_one_and_stays_what_it_is(name in any::<String>()) {
        let safe = directory(&name);
        prop_assert_eq!(directory(&safe), safe.clone());
        prop_assert!(!safe.is_empty() && safe != "." && safe != "..");
        prop_assert!(!safe.contains(['/', '\\', '\0', ':']), "{}", safe);
    }
}

#[test]
fn a_baseline_is_no_path() {
    let run = fixture::full();
    for wrong in [
        "",
        ".",
        "..",
        "a/b",
        "/tmp",
        "a\\b",
        "change",
        "nul",
        &"x".repeat(65),
    ] {
        let error = files(&(&run).into(), wrong).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{wrong}");
    }
    assert!(files(&(&run).into(), "main-1.2").is_ok());
}
