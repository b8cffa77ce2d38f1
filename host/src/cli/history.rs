//! `dyno history`: how a case went over the runs.

use clap::{Args, ValueEnum};
use dyno_host::quoted::quoted;
use dyno_host::render;
use dyno_host::report::Store;
use dyno_host::report::model::{self, Metric, Run};
use dyno_host::stats;

use super::report::ReportFile;
use super::{Exit, UsageError};

/// Show how a case went over the runs, and where its level changed
///
/// Only runs on machines of one class are put in one line. Change points are advice, not verdicts.
#[derive(Debug, Args)]
pub(super) struct History {
    /// The case
    case: String,
    /// Only of this plugin
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// What to show
    #[arg(long, value_enum, default_value = "wall-time", value_name = "METRIC")]
    metric: MetricArg,
    /// As JSON, every point
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ReportFile,
}

/// A metric that has a history.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum MetricArg {
    WallTime,
    CpuTime,
    Fuel,
    FirstIteration,
    MemoryPeak,
    RssPeak,
}

impl From<MetricArg> for Metric {
    fn from(metric: MetricArg) -> Self {
        match metric {
            MetricArg::WallTime => Self::WallTime,
            MetricArg::CpuTime => Self::CpuTime,
            MetricArg::Fuel => Self::Fuel,
            MetricArg::FirstIteration => Self::FirstIteration,
            MetricArg::MemoryPeak => Self::MemoryPeak,
            MetricArg::RssPeak => Self::RssPeak,
        }
    }
}

/// How wall time and fuel of each case of a run went on machines like the one of the run, with change points; of
/// cases that have run before.
pub(super) fn of_run(store: &Store, run: &Run) -> anyhow::Result<Vec<model::History>> {
    let mut histories = Vec::new();
    for plugin in &run.plugins {
        for case in &plugin.cases {
            for metric in [Metric::WallTime, Metric::Fuel] {
                let found = store.histories(&case.spec.name, metric)?;
                let its = found.into_iter().filter(|history| {
                    history.plugin == plugin.name
                        && history.machine == run.machine.fingerprint
                        && history.engine == run.engine
                });
                histories.extend(its.filter(|history| history.points.len() > 1));
            }
        }
    }
    mark_changes(&mut histories);
    Ok(histories)
}

fn mark_changes(histories: &mut [model::History]) {
    for history in histories {
        let values: Vec<f64> = history.points.iter().map(|point| point.median).collect();
        history.change_points = stats::change_points(&values);
    }
}

impl History {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        let store = self.file.open()?;
        let mut histories = store.histories(&self.case, self.metric.into())?;
        if let Some(plugin) = &self.plugin {
            histories.retain(|history| history.plugin == *plugin);
        }
        if histories.is_empty() {
            return Err(UsageError(self.unknown(&store)?).into());
        }
        mark_changes(&mut histories);
        let mut out = anstream::stdout().lock();
        super::shown(match self.json {
            true => super::print_json(&mut out, &histories),
            false => render::histories(&mut out, &histories, verbose).map_err(Into::into),
        })?;
        Ok(Exit::Well)
    }

    /// Why there is nothing to show.
    fn unknown(&self, store: &Store) -> anyhow::Result<String> {
        let case = quoted(&self.case);
        let measured = store.histories(&self.case, self.metric.into())?;
        if let (Some(plugin), [first, ..]) = (&self.plugin, measured.as_slice()) {
            return Ok(format!(
                "no plugin {} has the case {case}; {} has",
                quoted(plugin),
                quoted(&first.plugin)
            ));
        }
        let names = store.case_names()?;
        if names.contains(&self.case) {
            return Ok(format!(
                "the case {case} was never measured: it failed in every run"
            ));
        }
        let distance = |name: &&String| strsim::damerau_levenshtein(name, &self.case);
        let near = names.iter().min_by_key(distance);
        let near = near.filter(|name| distance(name) <= NEAR.max(name.chars().count() / 3));
        let hint = match near {
            Some(near) => format!("; did you mean {}?", quoted(near)),
            None => String::new(),
        };
        Ok(format!("no run has a case {case}{hint}"))
    }
}

/// So many wrong characters are still a slip.
const NEAR: usize = 2;
