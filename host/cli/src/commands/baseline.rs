//! `dyno baseline`: runs under a name, with the plugins themselves.

use std::io::Write as _;

use crate::render;
use clap::Subcommand;
use dyno_model::quoted::quoted;
use dyno_model::{Case, Outcome, Run};
use dyno_report::{Baseline, Store};
use dyno_session::baseline::Components;

use super::report_file::ReportFile;
use super::{AbsentError, Context as _, Error, Exit, Result, UsageError, operand};

/// Keep a run, and its plugins, to compare later ones with
#[derive(Debug, Subcommand)]
pub(super) enum BaselineVerb {
    /// Give a run a name, and keep its plugins so that they can be run again
    Save {
        /// The name, such as main or v1.2
        #[arg(value_parser = name)]
        name: String,
        /// The run: its id, the beginning of it, or `latest`
        #[arg(default_value = "latest")]
        run: String,
        /// Keep the numbers alone: comparing with them is weaker
        #[arg(long)]
        numbers_only: bool,
        #[command(flatten)]
        file: ReportFile,
    },
    /// List the baselines
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        file: ReportFile,
    },
    /// Show the run of a baseline
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        file: ReportFile,
    },
    /// Forget a name, and the plugins that no other baseline needs; the run stays
    Remove {
        /// Its name
        name: String,
        #[command(flatten)]
        file: ReportFile,
    },
}

/// Names are typed, and stand where runs, paths and packages can stand.
pub(super) fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if text.is_empty() || text.chars().count() > 64 || !text.chars().all(is_plain) {
        return Err("a name has 1 to 64 letters, digits, or any of . _ - /".into());
    }
    if operand::is_run_id(text) {
        return Err("runs are called so".into());
    }
    Ok(text.into())
}

impl BaselineVerb {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let mut out = render::terminal::stdout();
        match self {
            Self::Save {
                name,
                run,
                numbers_only,
                file,
            } => {
                let mut store = file.open()?;
                let saved = save(&mut store, &name, &run, numbers_only)?;
                let plugins = match saved.baseline.plugins.len() {
                    0 => "its numbers alone".into(),
                    1 => "its plugin".into(),
                    plugins => format!("its {plugins} plugins"),
                };
                let before = match saved.before {
                    Some(run) => format!("; it was run {run}"),
                    None => String::new(),
                };
                writeln!(
                    out,
                    "{name} is run {} now, with {plugins}{before}",
                    saved.baseline.run
                )?;
            }
            Self::List { json: true, file } => {
                super::print_json(&file.open()?.baselines()?)?;
            }
            Self::List { json: false, file } => {
                render::baselines(&mut out, &file.open()?.baselines()?)?;
            }
            Self::Show { name, file } => {
                let store = file.open()?;
                let baseline = store.baseline(&name)?.ok_or_else(|| absent(&name))?;
                render::run(&mut out, &store.run(&baseline.run)?, verbose)?;
            }
            Self::Remove { name, file } => {
                let mut store = file.open()?;
                if !store.remove_baseline(&name)? {
                    return Err(absent(&name));
                }
                let components = Components::beside(store.path());
                let _lock = components.lock()?;
                components.sweep(&store.baselines()?)?;
                writeln!(out, "{} is forgotten; its run stays", quoted(&name))?;
            }
        }
        Ok(Exit::Well)
    }
}

fn absent(name: &str) -> Error {
    AbsentError(format!(
        "there is no baseline {}: `dyno baseline list` shows them",
        quoted(name)
    ))
    .into()
}

/// A baseline that was saved.
pub(super) struct Saved {
    pub(super) baseline: Baseline,
    /// The run that bore the name before.
    pub(super) before: Option<String>,
}

/// Gives a recorded run a name, and warns of what of it no later one can be held against.
pub(super) fn save(store: &mut Store, name: &str, run: &str, numbers_only: bool) -> Result<Saved> {
    let run = store.run(run)?;
    // What was found identical was not measured: its plugin can be, its numbers are none.
    let is_measured = |case: &Case| case.outcome.is_ok() && (case.count.is_some() || !numbers_only);
    let mut cases = run.plugins.iter().flat_map(|plugin| &plugin.cases);
    if !cases.any(is_measured) {
        return Err(UsageError(format!(
            "the run {} measured no case that a later one could be held against",
            run.id
        ))
        .into());
    }
    dyno_session::baseline::check(&run)?;
    let components = Components::beside(store.path());
    let _lock = components
        .lock()
        .context("the plugins of a baseline cannot be kept")?;
    let plugins = match numbers_only {
        true => Vec::new(),
        false => components.keep(&run)?,
    };
    let warnings = unmeasured(&run, numbers_only);
    let baseline = Baseline {
        name: name.to_owned(),
        run: run.id,
        created_at: dyno_model::now(),
        plugins,
    };
    let before = store.baseline(name)?.map(|baseline| baseline.run);
    store.save_baseline(&baseline)?;
    components.sweep(&store.baselines()?)?;
    for warning in warnings {
        super::warn(&warning);
    }
    Ok(Saved {
        before: before.filter(|before| *before != baseline.run),
        baseline,
    })
}

/// Names of what failed that a warning lists.
const FAILED_SHOWN: usize = 5;

/// What of a run has no result, as warnings. It can be a baseline all the same: the other cases are
/// good.
fn unmeasured(run: &Run, numbers_only: bool) -> Vec<String> {
    let plugins = || run.plugins.iter();
    let is_fine = |outcome: &Outcome| matches!(outcome, Outcome::Ok | Outcome::Skipped { .. });
    let refused = plugins().filter(|plugin| !is_fine(&plugin.outcome));
    let refused: Vec<_> = refused.map(|plugin| quoted(&plugin.name)).collect();
    let cases = plugins().flat_map(|plugin| &plugin.cases);
    let cases = cases.filter(|case| !case.outcome.is_ok());
    let cases: Vec<_> = cases.map(|case| quoted(&case.spec.name)).collect();
    let warning = |names: &[String], then: &str| {
        let what = listed(names);
        (!names.is_empty()).then(|| format!("the run {} did not measure {what}: {then}", run.id))
    };
    let warnings = match numbers_only {
        true => [
            warning(
                &[refused, cases].concat(),
                "a gate against it stays unsure there",
            ),
            None,
        ],
        false => [
            warning(
                &cases,
                "a gate against it runs that again, and is unsure where it fails",
            ),
            warning(
                &refused,
                "nothing of that is kept, so that it is new to a gate",
            ),
        ],
    };
    warnings.into_iter().flatten().collect()
}

/// Some names, and how many more there are.
fn listed(names: &[String]) -> String {
    let shown = names.get(..FAILED_SHOWN).unwrap_or(names).join(", ");
    match names.len().saturating_sub(FAILED_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
