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
use super::cases::{self, NamedCase};
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
fn path(named: &NamedCase<'_>) -> String {
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

fn benchmark(named: &NamedCase<'_>, path: &str) -> Value {
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
mod tests;
