//! `dyno history`: how a case went over the runs.

use crate::render;
use clap::Args;
use dyno_analysis::filter::CaseFilter;
use dyno_model as model;
use dyno_model::quoted::quoted;
use dyno_model::{Metric, Run};
use dyno_report::Store;
use dyno_session::SessionError;
use dyno_stats as stats;

use super::choice::one_of;
use super::report_file::ReportFile;
use super::{AbsentError, Exit, Result};

/// Show how a case went over the runs, and where its level changed
///
/// Only runs on machines of one class are put in one line. Change points are advice, not verdicts.
#[derive(Debug, Args)]
pub(super) struct History {
    /// The case, or a pattern of several, as --case takes it elsewhere
    case: String,
    /// All but these cases; may be repeated
    #[arg(long, value_name = "PATTERN", allow_hyphen_values = true)]
    exclude: Vec<String>,
    /// Take every pattern as the whole name of a case
    #[arg(long)]
    exact: bool,
    /// Only of this plugin: its name, or as it is shown where several have that
    #[arg(long, value_name = "NAME")]
    plugin: Option<String>,
    /// What to show
    #[arg(long, value_parser = one_of(Metric::all(), |_| ""), default_value = "wall-time", value_name = "METRIC")]
    metric: Metric,
    /// As JSON, every point
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ReportFile,
}

/// How wall time and fuel of each case of a run went on machines like the one of the run, with
/// change points; of cases that have run before.
pub(super) fn of_run(store: &Store, run: &Run) -> Result<Vec<model::History>> {
    let mut histories = Vec::new();
    for plugin in &run.plugins {
        for case in &plugin.cases {
            for metric in [Metric::WallTime, Metric::Fuel] {
                let found = store.histories(&case.spec.name, metric)?;
                let origin = plugin.origin();
                let its = found.into_iter().filter(|history| {
                    history.plugin == plugin.name
                        && history.sources.iter().any(|source| source == origin)
                        && history.machine == run.machine.fingerprint
                        && history.engine == run.engine
                });
                let its = its.filter(|history| history.points.len() > 1);
                // As the run shows it.
                histories.extend(its.map(|history| model::History {
                    label: plugin.label.clone(),
                    ..history
                }));
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
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let store = self.file.open()?;
        let mut histories = self.measured(&store)?;
        if let Some(plugin) = &self.plugin {
            // A name means all that have it, unless one is shown under it.
            let is_label = histories.iter().any(|history| history.label == *plugin);
            histories.retain(|history| match is_label {
                true => history.label == *plugin,
                false => history.plugin == *plugin,
            });
        }
        if histories.is_empty() {
            return Err(AbsentError(self.unknown(&store)?).into());
        }
        mark_changes(&mut histories);
        let mut out = render::terminal::stdout();
        super::shown(match self.json {
            true => super::print_json(&histories),
            false => render::histories(&mut out, &histories, verbose).map_err(Into::into),
        })?;
        Ok(Exit::Well)
    }

    fn filter(&self, exclude: &[String]) -> CaseFilter {
        CaseFilter::new(std::slice::from_ref(&self.case), exclude).exactly(self.exact)
    }

    /// The histories of all cases that are meant.
    fn measured(&self, store: &Store) -> Result<Vec<model::History>> {
        let names = store.case_names()?;
        let filter = self.filter(&self.exclude);
        let all = || names.iter().map(String::as_str);
        filter.check(all()).map_err(SessionError::Filter)?;
        let selection = filter.among(all());
        let mut histories = Vec::new();
        for name in all().filter(|name| selection.has(name)) {
            histories.extend(store.histories(name, self.metric)?);
        }
        Ok(histories)
    }

    /// Why there is nothing to show.
    fn unknown(&self, store: &Store) -> Result<String> {
        let case = quoted(&self.case);
        let measured = self.measured(store)?;
        if let (Some(plugin), [first, ..]) = (&self.plugin, measured.as_slice()) {
            return Ok(format!(
                "no plugin {} has the case {case}; {} has",
                quoted(plugin),
                quoted(&first.label)
            ));
        }
        let names = store.case_names()?;
        let has_any = |excluded: &[String]| {
            let filter = self.filter(excluded);
            let selection = filter.among(names.iter().map(String::as_str));
            names.iter().any(|name| selection.has(name))
        };
        if has_any(&[]) && !has_any(&self.exclude) {
            return Ok(format!(
                "--exclude leaves no case of those that {case} means"
            ));
        }
        if names.contains(&self.case) {
            return Ok(format!(
                "the case {case} was never measured: it failed in every run"
            ));
        }
        let distance = |name: &&String| strsim::damerau_levenshtein(name, &self.case);
        let asked = self.case.chars().count();
        // Names whose lengths differ by more are not compared: there may be many of them, and long
        // ones.
        let slips = |name: &&String| NEAR.max(name.chars().count() / 3);
        let could_be = |name: &&String| name.chars().count().abs_diff(asked) <= slips(name);
        let near = names.iter().filter(could_be).min_by_key(distance);
        let near = near.filter(|name| distance(name) <= slips(name));
        let hint = match near {
            Some(near) => format!("; did you mean {}?", quoted(near)),
            None => String::new(),
        };
        Ok(format!("no run has a case {case}{hint}"))
    }
}

/// So many wrong characters are still a slip.
const NEAR: usize = 2;
