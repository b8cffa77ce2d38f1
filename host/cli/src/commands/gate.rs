//! `dyno gate`: whether a version fell behind its baseline.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use dyno_analysis::compare::{self, COUNTED};
use dyno_files::checkout::Checkout;
use dyno_model::quoted::quoted;
use dyno_model::{
    CaseComparison, ChecksumRule, Exceptions, Gone, Plugin, RULES, Rules, all, quantity,
};
use dyno_plugin::PACKAGE;
use dyno_report::Store;
use dyno_session::Request;
use dyno_suite::Suite;

use super::choice::one_of;
use super::compare::{Comparing, Output, Versions};
use super::measuring::Conditions;
use super::operand::{self, Operand, What};
use super::request::{self, PrintArgs};
use super::{Context as _, Exit, Result, UsageError, show};

/// What stands for no baseline.
const NOTHING: &str = "none";

/// Fail if a plugin became slower than its baseline
///
/// Runs both side by side, confirms what looks slower with fresh blocks, and records the verdict.
/// Exit code 6: something grew by its threshold, is above a hard limit, or is gone; 7: that cannot
/// be said; 0: nothing did.
#[derive(Debug, Args)]
pub(super) struct GateCommand {
    /// What is judged [default: the plugins that the baseline was made of, as they are now]
    candidate: Vec<PathBuf>,
    /// What it is held against: a baseline, or anything else that `dyno compare` takes; `none` for
    /// nothing but hard limits
    #[arg(long, value_name = "NAME")]
    baseline: String,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    comparing: Comparing,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    print: PrintArgs,
}

/// What fails.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gate")]
struct Judging {
    /// Time that grew by this fails [default: 10%]
    #[arg(long, value_name = "SHARE", value_parser = quantity::share, allow_hyphen_values = true, conflicts_with = "counts_only")]
    threshold: Option<f64>,
    /// Fuel that grew by this fails [default: none; 0.1% with --counts-only]
    #[arg(long, value_name = "SHARE", value_parser = quantity::share, allow_hyphen_values = true)]
    fuel_threshold: Option<f64>,
    /// Peak memory that grew by this fails [default: none; 0.1% with --counts-only]
    #[arg(long, value_name = "SHARE", value_parser = quantity::share, allow_hyphen_values = true)]
    memory_threshold: Option<f64>,
    /// What to do if the candidate lacks a case or plugin of the baseline
    #[arg(long, value_parser = one_of(all(), about_gone), default_value = "fail", value_name = "WHAT")]
    gone: Gone,
    /// What to do if the candidate computes something else
    #[arg(long, value_parser = one_of(all(), about_results), default_value = "match", value_name = "WHAT")]
    checksum: ChecksumRule,
    /// A dyno.toml with thresholds and hard limits by case (`[gate]`) and new names of cases
    /// (`[renames]`); of a threshold there and a typed one the stricter counts
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What becomes of cases that are gone.
fn about_gone(gone: &Gone) -> &'static str {
    match gone {
        Gone::Fail => "Fail",
        Gone::Warn => "Show it, and pass",
    }
}

/// What becomes of other results.
fn about_results(rule: &ChecksumRule) -> &'static str {
    match rule {
        ChecksumRule::Match => "Be unsure: the results have to match",
        ChecksumRule::Allow => "Judge it like any other",
    }
}

impl Judging {
    fn rules(&self, counts_only: bool) -> Rules {
        let counted = counts_only.then_some(COUNTED);
        Rules {
            threshold: self.threshold.unwrap_or(RULES.threshold),
            fuel: self.fuel_threshold.or(counted),
            memory: self.memory_threshold.or(counted),
            gates: true,
            counts_only,
            gone: self.gone,
            checksum: self.checksum,
            ..RULES
        }
    }

    /// What a file says of single cases. It does not loosen what was typed.
    fn exceptions(&self) -> Result<Exceptions> {
        let Some(config) = &self.config else {
            return Ok(Exceptions::default());
        };
        let mut exceptions = Suite::read_exceptions(config)?;
        for case in &mut exceptions.cases {
            for (said, typed) in [
                (&mut case.threshold, self.threshold),
                (&mut case.fuel, self.fuel_threshold),
                (&mut case.memory, self.memory_threshold),
            ] {
                *said = said.map(|said| typed.map_or(said, |typed| said.min(typed)));
            }
        }
        Ok(exceptions)
    }
}

impl GateCommand {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let prints = self.print.print_request;
        let mut store = self.output.open(prints)?;
        let base = match self.baseline.as_str() {
            NOTHING => Operand::nothing(NOTHING),
            name => Operand::resolve(name, store.as_ref())?,
        };
        let candidate = match self.candidate.as_slice() {
            [] => sources(&self.baseline, store.as_ref())?,
            paths => operand::plugins(paths)?,
        };
        let candidate = Operand {
            name: paths_text(&candidate),
            what: What::Plugins(candidate),
            kept_from: BTreeMap::new(),
        };
        if self.candidate.is_empty() {
            let checkout = Checkout::around(Path::new("."))?;
            let advice =
                "name the plugins to judge: this baseline was not made of plugins of this checkout";
            candidate.stays_in(&checkout).context(advice)?;
        }
        let request = self.comparing.request(&self.conditions, Vec::new())?;
        let versions = Versions {
            request: Request {
                build_all: true,
                ..request
            },
            remeasure: self.comparing.remeasure,
            rules: Rules {
                baseless: self.baseline == NOTHING,
                ..self.judging.rules(self.comparing.counts_only)
            },
            exceptions: self.judging.exceptions()?,
        };
        if prints {
            return request::print(&versions.request(base, candidate)?);
        }
        let mut host = self.comparing.host(&self.conditions, &versions.request)?;
        name_base(&mut host.command, &self.baseline, &base.name);
        let store = self.output.recording(&mut store);
        let compared = versions.compare(host, base, candidate, store, verbose)?;
        show::comparison(&compared.contents(), self.output.format(), verbose)?;
        // The suite may have more plugins than those that are judged here, so that this is no
        // failure.
        if !self.conditions.is_filtered() {
            let base = &compared.base.plugins;
            warn_of_idle(&versions.exceptions, &compared.comparison.cases, base);
        }
        Ok(compared.gated())
    }
}

/// Puts the lasting name of the base in the command line, which is shown to be pasted.
fn name_base(command: &mut [String], typed: &str, name: &str) {
    let mut is_value = false;
    for word in command {
        if is_value && word == typed {
            *word = name.to_owned();
        } else if word.strip_prefix("--baseline=") == Some(typed) {
            *word = format!("--baseline={name}");
        }
        is_value = word == "--baseline";
    }
}

/// Warns of tables for some cases that fit none of these: what they were to guard is not guarded.
/// Whether there are any. New names of what the base does not have are told of, too: they do no
/// harm once the baseline is newer.
pub(super) fn warn_of_idle(
    exceptions: &Exceptions,
    cases: &[CaseComparison],
    base: &[Plugin],
) -> bool {
    for old in compare::idle_renames(exceptions, base) {
        super::warn(&format!(
            "the baseline has no case {}, which [renames] gives a new name: leave that out",
            quoted(old)
        ));
    }
    let idle = compare::idle(exceptions, cases);
    for pattern in &idle {
        super::warn(&format!(
            "no case is what [gate.\"{}\"] is about",
            quoted(pattern)
        ));
    }
    !idle.is_empty()
}

/// The plugins that a baseline was made of, as they are now.
fn sources(name: &str, store: Option<&Store>) -> Result<Vec<PathBuf>> {
    let name = name.strip_prefix("baseline:").unwrap_or(name);
    let baseline = match store {
        Some(store) => store.baseline(name)?,
        None => None,
    };
    let (Some(baseline), Some(store)) = (baseline, store) else {
        return Err(UsageError(
            "name the plugins to judge: only a baseline knows what it was made of".into(),
        )
        .into());
    };
    if baseline.plugins.is_empty() {
        let run = store.run(&baseline.run)?;
        let sources = run.plugins.iter();
        return Ok(sources
            .map(|plugin| operand::source(&plugin.source))
            .collect());
    }
    let sources = baseline.plugins.iter();
    Ok(sources.map(|kept| operand::source(&kept.source)).collect())
}

fn paths_text(paths: &[PathBuf]) -> String {
    let shown: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .map(|path| path.strip_prefix(PACKAGE).unwrap_or(&path).to_owned())
        .collect();
    shown.join(" ")
}
