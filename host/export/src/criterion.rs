//! A run as the files that Criterion.rs keeps under `target/criterion`, so that `critcmp` compares
//! it with native benchmarks and with other exports.
//!
//! ```text
//! criterion/<plugin>/<case>/<baseline>/benchmark.json   what it is called, and its throughput
//!                                     /estimates.json   mean, median, MAD, standard deviation, ns
//!                                     /sample.json      all iterations and times, as they came
//!                                     /tukey.json       the fences of outliers
//! ```
//!
//! What is estimated is the processes' medians, because their samples are not independent (those
//! of a single process stand for themselves). The median's interval is the report's; the others
//! are bootstrapped, as Criterion does. A case that failed has no files: Criterion has no word for
//! it.
//!
//! Directories are made of guests' names as Criterion makes them (`make_filename_safe` in its
//! `src/report.rs`): certain characters become `_`, 64 bytes at most, `_2` behind what is already
//! taken. Beyond that, no name is `..`, hidden, a device of Windows, or equal to another where
//! upper and lower case are the same.

use std::io;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::Contents;
use super::cases::{self, Named};
use super::safe_json;
use dyno_model::quoted::made_safe;
use dyno_model::{Case, Metric, Process, Sample, Throughput};
use dyno_stats as stats;
use dyno_wording::escape;

/// As Criterion's `MAX_DIRECTORY_NAME_LEN`, bytes.
const DIRECTORY_BYTES_MAX: usize = 64;
/// As Criterion's `MAX_TITLE_LEN`; here characters.
const TITLE_CHARS_MAX: usize = 100;
/// Resamples of the bootstrap. Criterion takes 100,000; a percentile needs far fewer.
const RESAMPLES: usize = 1_000;
const CONFIDENCE: f64 = 0.95;

/// The files of a run: paths with `/`, relative to the target directory, and contents.
///
/// # Errors
/// If `baseline` is not the plain name of a directory, or is `change`, which is where Criterion
/// keeps its own comparison and critcmp does not look.
pub fn files(contents: &Contents<'_>, baseline: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    if directory(baseline) != baseline || baseline == "change" {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a baseline's name is that of a directory: up to 64 letters, digits, dots, dashes and underscores, and not \"change\"",
        ));
    }
    let mut files = Vec::new();
    for named in cases::named(contents.run) {
        let path = path(&named);
        let values = values(named.case);
        if !named.case.outcome.is_ok() || values.is_empty() {
            continue;
        }
        let documents = [
            ("benchmark", benchmark(&named, &path)),
            ("estimates", estimates(named.case, &values)),
            ("sample", sample(named.case)),
            ("tukey", tukey(&values)),
        ];
        for (name, document) in documents {
            let mut bytes = Vec::new();
            safe_json::write(&document, &mut bytes)?;
            files.push((format!("criterion/{path}/{baseline}/{name}.json"), bytes));
        }
    }
    Ok(files)
}

/// Two directories for a case, `plugin/case`. Some file systems do not know small letters from
/// large ones, so they are all small; a name that is not, or is no directory's, is marked.
fn path(named: &Named<'_>) -> String {
    let own = |name: &str| made_safe(name, &directory(&escape(name).to_lowercase()));
    format!(
        "{}/{}",
        own(&named.plugin.label),
        own(&named.case.spec.name)
    )
}

/// A name as one directory on every system.
fn directory(name: &str) -> String {
    let unsafe_one = |c: char| c.is_control() || "?\"/\\*<>:|^".contains(c);
    let mut safe = name.replace(unsafe_one, "_");
    let mut end = safe.len().min(DIRECTORY_BYTES_MAX);
    while !safe.is_char_boundary(end) {
        end -= 1;
    }
    safe.truncate(end);
    // Windows drops dots and spaces at the end; a dot in front hides, or is the parent.
    let dropped = |c: char| c == '.' || c.is_whitespace();
    let kept = safe.trim_end_matches(dropped);
    safe = kept.to_owned() + &"_".repeat(safe.chars().count() - kept.chars().count());
    if safe.is_empty() {
        safe.push('_');
    }
    if safe.starts_with('.') {
        safe.replace_range(..1, "_");
    }
    let stem = safe.split('.').next().unwrap_or_default().to_lowercase();
    let numbered = |device: &str| {
        let number = stem.strip_prefix(device);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    if ["con", "prn", "aux", "nul"].contains(&stem.as_str()) || numbered("com") || numbered("lpt") {
        safe.replace_range(..1, "_");
    }
    safe
}

fn benchmark(named: &Named<'_>, path: &str) -> Value {
    let title: String = named.name.chars().take(TITLE_CHARS_MAX).collect();
    json!({
        "group_id": named.plugin_name,
        "function_id": named.case_name,
        "value_str": null,
        "throughput": named.case.work().map(|throughput| match throughput {
            Throughput::Bytes(bytes) => json!({ "Bytes": bytes }),
            Throughput::Elements(elements) => json!({ "Elements": elements }),
        }),
        "full_id": named.name,
        "directory_name": path,
        "title": if title == named.name { title } else { title + "..." },
    })
}

/// What is estimated, ns per iteration.
fn values(case: &Case) -> Vec<f64> {
    let repetitions = cases::repetitions(case);
    match repetitions.as_slice() {
        [only] => cases::per_iteration(&only.process.samples, |sample| sample.wall_ns),
        all => all.iter().map(|repetition| repetition.wall_ns).collect(),
    }
}

type Statistic = fn(&[f64]) -> Option<f64>;

fn estimates(case: &Case, values: &[f64]) -> Value {
    let deviation: Statistic = |values| stats::sd(values).or(Some(0.0));
    let drawn = |statistic: Statistic| {
        let point = statistic(values).unwrap_or_default();
        let resamples = bootstrap(values, statistic);
        let end = |q| stats::quantile(&resamples, q).unwrap_or(point);
        let tail = (1.0 - CONFIDENCE) / 2.0;
        let error = stats::sd(&resamples).unwrap_or_default();
        (point, end(tail), end(1.0 - tail), error)
    };
    let estimate = |(point, lower, upper, error): (f64, f64, f64, f64)| {
        json!({
            "confidence_interval": {
                "confidence_level": CONFIDENCE,
                "lower_bound": lower,
                "upper_bound": upper,
            },
            "point_estimate": point,
            "standard_error": error,
        })
    };
    let mut median = drawn(stats::median);
    if let Some(wall) = cases::estimate(case, Metric::WallTime) {
        (median.1, median.2) = (wall.lower, wall.upper);
    }
    json!({
        "mean": estimate(drawn(stats::mean)),
        "median": estimate(median),
        "median_abs_dev": estimate(drawn(stats::mad)),
        // Only known where the iterations of the samples grow, which they do not here.
        "slope": null,
        "std_dev": estimate(drawn(deviation)),
    })
}

/// A statistic of resamples with replacement. The seed is fixed, so that a run is always exported
/// as the same bytes.
fn bootstrap(values: &[f64], statistic: Statistic) -> Vec<f64> {
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let mut resample = vec![0.0; values.len()];
    let draw = |_| {
        for slot in &mut resample {
            *slot = values[(random.next_u64() % values.len() as u64) as usize];
        }
        statistic(&resample)
    };
    (0..RESAMPLES).filter_map(draw).collect()
}

/// All samples. Criterion's times are those of whole samples, not per iteration.
fn sample(case: &Case) -> Value {
    let processes = case.processes.iter();
    let processes = processes.filter(|process| process.outcome.is_ok());
    let samples: Vec<&Sample> = processes
        .flat_map(|process: &Process| &process.samples)
        .collect();
    let iterations = samples.iter().map(|sample| sample.iterations as f64);
    let times = samples.iter().map(|sample| sample.wall_ns as f64);
    json!({
        "sampling_mode": "Flat",
        "iters": iterations.collect::<Vec<_>>(),
        "times": times.collect::<Vec<_>>(),
    })
}

/// Tukey's fences: three and one and a half interquartile ranges below the quartiles, and above.
fn tukey(values: &[f64]) -> Value {
    let quartile = |q| stats::quantile(values, q).unwrap_or_default();
    let (first, third) = (quartile(0.25), quartile(0.75));
    let range = third - first;
    json!([
        first - 3.0 * range,
        first - 1.5 * range,
        third + 1.5 * range,
        third + 3.0 * range,
    ])
}

#[cfg(test)]
mod tests {
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
        let at =
            |file: &str| &files[&format!("criterion/sorting/sort_ 1_2~3aa7d42c/new/{file}.json")];
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
}
