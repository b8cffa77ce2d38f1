//! The cases of a run as other tools know benchmarks: each under one name, and as repetitions.
//!
//! Dyno tells cases apart by plugin and name; most tools have one string, and some put it on a
//! terminal or into a file as it is. So a name is made visible here once, and stays the only one.

use dyno_model::quoted::{is_marked, made_safe, marked};
use dyno_model::{Case, Estimate, Metric, Outcome, Plugin, Process, Run, Sample};
use dyno_stats as stats;
use dyno_wording::escape;

/// A case under the names that an export gives it.
pub(super) struct NamedCase<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) case: &'a Case,
    /// The plugin's name, visible; no other plugin of the run has it.
    pub(super) plugin_name: String,
    /// The case's name, visible; no other case of the plugin has it.
    pub(super) case_name: String,
    /// `plugin/case`, the plugin in one part; no other case of the run has it.
    pub(super) name: String,
}

/// A name that can be seen, and told from every other.
pub(super) fn visible(name: &str) -> String {
    made_safe(name, &escape(name))
}

/// A plugin's label where the first slash ends it: with colons for its own.
pub(super) fn one_part(label: &str) -> String {
    let flat = escape(label).replace('/', ":");
    match label.contains(':') || label.replace('/', ":") != flat || is_marked(label) {
        true => marked(label, &flat),
        false => flat,
    }
}

/// The plugins of a run in its order, each with a name of its own.
pub(super) fn plugins(run: &Run) -> Vec<(&Plugin, String)> {
    let plugins = run.plugins.iter();
    plugins
        .map(|plugin| (plugin, visible(&plugin.label)))
        .collect()
}

/// The cases of a run in its order. Those that failed are among them.
pub(super) fn named(run: &Run) -> Vec<NamedCase<'_>> {
    let mut all = Vec::new();
    for (plugin, plugin_name) in plugins(run) {
        for case in &plugin.cases {
            let case_name = visible(&case.spec.name);
            all.push(NamedCase {
                plugin,
                case,
                name: format!("{}/{case_name}", one_part(&plugin.label)),
                plugin_name: plugin_name.clone(),
                case_name,
            });
        }
    }
    all
}

/// The estimate of a metric, if it was measured.
pub(super) fn estimate(case: &Case, metric: Metric) -> Option<&Estimate> {
    let mut measurements = case.measurements.iter();
    let found = measurements.find(|measurement| measurement.metric == metric);
    found.map(|measurement| &measurement.estimate)
}

/// Whether it failed: neither ended well nor was left out.
pub(super) fn failed(outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Ok | Outcome::Skipped { .. })
}

/// How many failed: cases, and plugins that did not load.
pub(super) fn failures(run: &Run) -> usize {
    let plugins = run.plugins.iter();
    plugins
        .map(|plugin| {
            let cases = plugin.cases.iter().filter(|case| failed(&case.outcome));
            cases.count() + usize::from(failed(&plugin.outcome))
        })
        .sum()
}

/// One process, as the one measurement that it is.
pub(super) struct Repetition<'a> {
    pub(super) process: &'a Process,
    /// Iterations of all of its samples; at most what a signed number of 64 bits holds, as most
    /// readers have no other.
    pub(super) iterations: u64,
    /// Median over its samples of the wall time per iteration.
    pub(super) wall_ns: f64,
    /// The same of the CPU time.
    pub(super) cpu_ns: f64,
}

/// The processes of a case that ended well, in the order in which they ran. Their samples are not
/// independent, so a tool that tests for significance must see one number a process.
pub(super) fn repetitions(case: &Case) -> Vec<Repetition<'_>> {
    let processes = case.processes.iter().filter(|p| p.outcome.is_ok());
    processes
        .filter_map(|process| {
            let samples = &process.samples;
            let iterations = samples.iter().map(|sample| sample.iterations);
            Some(Repetition {
                process,
                iterations: iterations
                    .fold(0, u64::saturating_add)
                    .min(i64::MAX.unsigned_abs()),
                wall_ns: stats::median(&per_iteration(samples, |sample| sample.wall_ns))?,
                cpu_ns: stats::median(&per_iteration(samples, |sample| sample.cpu_ns))?,
            })
        })
        .collect()
}

/// A time of each sample, per iteration.
pub(super) fn per_iteration(samples: &[Sample], ns: impl Fn(&Sample) -> u64) -> Vec<f64> {
    let samples = samples.iter();
    samples
        .map(|sample| ns(sample) as f64 / sample.iterations as f64)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_fixture as fixture;
    use std::collections::HashSet;

    #[test]
    fn a_label_is_one_part_and_a_colon_of_its_own_is_told_from_a_slash() {
        assert_eq!(one_part("x1/b"), "x1:b");
        assert!(one_part("x1:b").starts_with("x1:b~"));
    }

    #[test]
    fn names_are_visible_and_no_two_are_equal_whatever_else_is_exported() {
        let mut run = fixture::full();
        run.plugins[0].cases.truncate(3);
        run.plugins.push(run.plugins[0].clone());
        run.plugins[2].label = "sorting/a".into();
        for (case, name) in run.plugins[2].cases.iter_mut().zip(["x", "x\n", "x\\n"]) {
            case.spec.name = name.into();
        }
        run.plugins.push(run.plugins[2].clone());
        run.plugins[3].label = "sorting:a".into();
        run.plugins[0].cases[0].spec.name = "a/x".into();
        let of =
            |run: &Run| -> Vec<String> { named(run).into_iter().map(|named| named.name).collect() };
        let names = of(&run);
        let unique: HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
        assert!(names.concat().chars().all(|c| !c.is_control()), "{names:?}");
        for name in ["sorting/a/x", "sorting:a/x"] {
            assert!(names.iter().any(|other| other == name), "{names:?}");
        }
        // One plugin alone, in the other order.
        run.plugins.drain(..2);
        run.plugins.reverse();
        run.plugins[0].cases.reverse();
        assert!(of(&run).iter().all(|name| names.contains(name)));
    }

    #[test]
    fn a_repetition_is_the_median_of_its_process() {
        let mut run = fixture::full();
        let case = &mut run.plugins[0].cases[0];
        let process = &mut case.processes[1];
        process.samples.truncate(3);
        for (sample, wall_ns) in process.samples.iter_mut().zip([10, 90, 40]) {
            (sample.iterations, sample.wall_ns, sample.cpu_ns) = (4, wall_ns, wall_ns / 2);
        }
        case.processes.truncate(2);
        let repetitions = repetitions(case);
        assert_eq!(repetitions.len(), 1, "the first process has no sample");
        let only = &repetitions[0];
        assert_eq!(
            (only.wall_ns, only.cpu_ns, only.iterations),
            (10.0, 5.0, 12)
        );
    }
}
