//! The cases of a run as other tools know benchmarks: each under one name, and as repetitions.
//!
//! Dyno tells cases apart by plugin and name; most tools have one string, and some put it on a
//! terminal or into a file as it is. So a name is made visible here once, and made the only one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::render::escape;
use crate::report::model::{Case, Estimate, Metric, Outcome, Plugin, Process, Run, Sample};
use crate::stats;

/// A case under the names that an export gives it.
pub(super) struct Named<'a> {
    pub(super) plugin: &'a Plugin,
    pub(super) case: &'a Case,
    /// The plugin's name, visible; no other plugin of the run has it.
    pub(super) plugin_name: String,
    /// The case's name, visible; no other case of the plugin has it.
    pub(super) case_name: String,
    /// `plugin/case`; no other case of the run has it.
    pub(super) name: String,
}

/// Names that were given, each with the next number to try for another of that name. They depend
/// on nothing but the order of what asks for them, so that a case has the same name in two exports
/// of two runs.
#[derive(Default)]
pub(super) struct Names(HashMap<String, u64>);

impl Names {
    /// The name, or with the first suffix `_2`, `_3`, … under which it is new.
    pub(super) fn claim(&mut self, name: String) -> String {
        self.claim_by(name, str::to_owned)
    }

    /// The same where two names count as equal if `key` makes the same of them.
    pub(super) fn claim_by(&mut self, name: String, key: impl Fn(&str) -> String) -> String {
        let mut number = self.0.get(&key(&name)).copied().unwrap_or(1);
        loop {
            let claimed = match number {
                1 => name.clone(),
                _ => format!("{name}_{number}"),
            };
            number += 1;
            if let Entry::Vacant(free) = self.0.entry(key(&claimed)) {
                free.insert(2);
                self.0.insert(key(&name), number);
                return claimed;
            }
        }
    }
}

/// The plugins of a run in its order, each with a name of its own.
pub(super) fn plugins(run: &Run) -> Vec<(&Plugin, String)> {
    let mut names = Names::default();
    run.plugins
        .iter()
        .map(|plugin| (plugin, names.claim(escape(&plugin.name))))
        .collect()
}

/// The cases of a run in its order. Those that failed are among them.
pub(super) fn named(run: &Run) -> Vec<Named<'_>> {
    let mut names = Names::default();
    let mut all = Vec::new();
    for (plugin, plugin_name) in plugins(run) {
        let mut case_names = Names::default();
        for case in &plugin.cases {
            let case_name = case_names.claim(escape(&case.spec.name));
            all.push(Named {
                plugin,
                case,
                name: names.claim(format!("{plugin_name}/{case_name}")),
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
    use crate::report::fixture;
    use std::collections::HashSet;

    #[test]
    fn a_suffix_is_the_first_that_is_free() {
        let mut names = Names::default();
        let given = ["a", "a_2", "a", "a", "b", "A", "a_2"].map(|name| names.claim(name.into()));
        assert_eq!(given, ["a", "a_2", "a_3", "a_4", "b", "A", "a_2_2"]);
        let folded = ["c", "C", "c"].map(|name| names.claim_by(name.into(), str::to_lowercase));
        assert_eq!(folded, ["c", "C_2", "c_3"]);
    }

    #[test]
    fn names_are_visible_and_no_two_are_equal() {
        let mut run = fixture::full();
        run.plugins[0].cases.truncate(3);
        run.plugins.push(run.plugins[0].clone());
        run.plugins[2].name = "sorting/a".into();
        for (case, name) in run.plugins[2].cases.iter_mut().zip(["x", "x\n", "x\\n"]) {
            case.spec.name = name.into();
        }
        run.plugins.push(run.plugins[2].clone());
        run.plugins[0].cases[0].spec.name = "a/x".into();
        let named = named(&run);
        let names: Vec<&str> = named.iter().map(|named| named.name.as_str()).collect();
        let unique: HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
        assert!(names.concat().chars().all(|c| !c.is_control()), "{names:?}");
        assert!(names.contains(&"sorting/a/x") && names.contains(&"sorting/a/x_2"));
        assert!(names.contains(&"sorting/a_2/x"), "{names:?}");
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
