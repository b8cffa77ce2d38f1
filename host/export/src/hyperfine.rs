//! A run as `hyperfine --export-json` writes one, so that the scripts made for it can plot and
//! test it: `results` with times in seconds.
//!
//! A run of hyperfine is a process of Dyno, and its time the median wall time per iteration. The
//! worker's CPU time is known only as a whole; it is given as `user`, and `system` is 0. A case
//! that failed has exit codes of 1; one that has no samples cannot be there, as hyperfine knows no
//! result without a time.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::cases::{self, NamedCase};
use super::{Contents, safe_json};
use dyno_stats as stats;
use dyno_wording::escape;

const NS_PER_S: f64 = 1e9;

#[derive(Serialize)]
struct Export {
    results: Vec<Entry>,
}

/// The fields of hyperfine 1.19, `src/benchmark/benchmark_result.rs`.
#[derive(Serialize)]
struct Entry {
    command: String,
    mean: f64,
    /// None of a single run.
    stddev: Option<f64>,
    median: f64,
    user: f64,
    system: f64,
    min: f64,
    max: f64,
    times: Vec<f64>,
    memory_usage_byte: Vec<u64>,
    exit_codes: Vec<Option<i32>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, String>,
}

/// Writes one document.
///
/// # Errors
/// If `out` does not take it.
pub fn write(contents: &Contents<'_>, mut out: impl Write) -> io::Result<()> {
    let results = cases::named(contents.run)
        .iter()
        .filter_map(entry)
        .collect();
    safe_json::write(&Export { results }, &mut out)?;
    out.write_all(b"\n")
}

fn entry(named: &NamedCase<'_>) -> Option<Entry> {
    let repetitions = cases::repetitions(named.case);
    let times: Vec<f64> = repetitions.iter().map(|r| r.wall_ns / NS_PER_S).collect();
    let cpu: Vec<f64> = repetitions.iter().map(|r| r.cpu_ns / NS_PER_S).collect();
    let exit_code = i32::from(!named.case.outcome.is_ok());
    Some(Entry {
        command: named.name.clone(),
        mean: stats::mean(&times)?,
        stddev: stats::sd(&times),
        median: stats::median(&times)?,
        user: stats::mean(&cpu)?,
        system: 0.0,
        min: stats::quantile(&times, 0.0)?,
        max: stats::quantile(&times, 1.0)?,
        memory_usage_byte: repetitions
            .iter()
            .map(|r| r.process.rss_peak_bytes)
            .collect(),
        exit_codes: vec![Some(exit_code); times.len()],
        times,
        parameters: named
            .case
            .spec
            .params
            .iter()
            .map(|(name, value)| (escape(name), escape(value)))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;
    use dyno_model::{Outcome, Run};
    use serde_json::Value;

    fn exported(run: &Run) -> Value {
        let mut out = Vec::new();
        write(&run.into(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// One case with three processes of 1, 2 and 6 µs per iteration.
    fn timed() -> Run {
        let mut run = fixture::full();
        let case = &mut run.plugins[0].cases[0];
        for (process, wall_ns) in case.processes.iter_mut().zip([1_000, 2_000, 6_000]) {
            process.samples = vec![fixture::sample(10, wall_ns * 10)];
        }
        run
    }

    #[test]
    fn times_are_seconds_and_one_a_process() {
        let result = &exported(&timed())["results"][0];
        assert_eq!(result["times"], serde_json::json!([1e-6, 2e-6, 6e-6]));
        assert_eq!(result["median"], 2e-6);
        assert_eq!(result["min"], 1e-6);
        assert_eq!(result["max"], 6e-6);
        let near = |field: &str, value: f64| {
            let found = result[field].as_f64().unwrap();
            assert!((found / value - 1.0).abs() < 1e-12, "{field} is {found}");
        };
        // NumPy: mean and std(ddof=1) of [1e-6, 2e-6, 6e-6].
        near("mean", 3e-6);
        near("stddev", 2.6457513110645907e-6);
        assert_eq!(result["parameters"]["n"], "1000");
    }

    #[test]
    fn a_single_process_has_no_deviation() {
        let mut run = timed();
        run.plugins[0].cases[0].processes.truncate(1);
        assert!(exported(&run)["results"][0]["stddev"].is_null());
    }

    #[test]
    fn a_failed_case_has_an_exit_code() {
        let mut run = timed();
        run.plugins[0].cases[0].outcome = Outcome::Checksum {
            expected: 1,
            actual: 2,
        };
        let codes = &exported(&run)["results"][0]["exit_codes"];
        assert_eq!(codes, &serde_json::json!([1, 1, 1]));
    }
}
