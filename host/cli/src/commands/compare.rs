//! `dyno compare`: two versions held against each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::render::Progress;
use clap::Args;
use dyno_analysis::compare::{self, BLOCKS, CONFIRMING_BLOCKS, PAIRS};
use dyno_export::Contents;
use dyno_job::Stop;
use dyno_measure::Sampling;
use dyno_model::quoted::quoted;
use dyno_model::{Comparison, Exceptions, GateOutcome, Pairing, RULES, Rules, Run, now};
use dyno_report::Store;
use dyno_session as session;
use dyno_session::{Findings, Host, MeantBy, Request, SessionError, Stage, Versus};

use super::measuring::{self, Conditions, Format, SamplingArgs};
use super::operand::{Operand, What};
use super::request::{self, PrintArgs};
use super::{Exit, NoResult, Result, UsageError, paths, show};

/// Hold two versions against each other, side by side on this machine
///
/// Each of the two is a plugin (a component, plugin directory, directory of those, or package), a
/// baseline, or a run. What can be run is run now, in pairs of processes; two stored runs are
/// compared as they are, which says less. Further plugins with the same cases are measured beside
/// them and shown in one table.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// What is the measure: a plugin, a baseline or a run
    base: String,
    /// What is judged
    candidate: String,
    /// More plugins that do the same jobs: all are shown in one table
    more: Vec<String>,
    #[command(flatten)]
    comparing: Comparing,
    #[command(flatten)]
    conditions: Conditions,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    print: PrintArgs,
}

/// How much to measure.
#[derive(Debug, Args)]
#[command(next_help_heading = "Measuring")]
pub(super) struct Comparing {
    /// Compare fuel, memory and checksums alone: exact, in a moment, and blind to time
    #[arg(long, conflicts_with_all = ["blocks", "pairs", "remeasure", "time", "sample_time"])]
    pub(super) counts_only: bool,
    /// Blocks a case, each a difference; twice as many where these leave it unsure
    #[arg(long, value_name = "NUMBER", default_value_t = BLOCKS, value_parser = clap::value_parser!(u32).range(9..=500))]
    blocks: u32,
    /// Pairs of processes a block, which is the median of their differences
    #[arg(long, value_name = "NUMBER", default_value_t = PAIRS, value_parser = clap::value_parser!(u32).range(1..=100))]
    pairs: u32,
    /// Time also what is identical: it shows what this machine makes of no change at all
    #[arg(long)]
    pub(super) remeasure: bool,
    #[command(flatten)]
    sampling: SamplingArgs,
}

/// Where the result goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Output {
    /// How to show it
    #[arg(long, value_enum, default_value = "human", value_name = "FORMAT")]
    format: Format,
    /// The report to record it in [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", hide_env_values = true, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Do not record it
    #[arg(long)]
    no_report: bool,
}

/// What came out, and what it is to be shown with.
pub(super) struct Compared {
    pub(super) base: Run,
    pub(super) candidate: Run,
    pub(super) comparison: Comparison,
    /// What the runs deserve, whatever the comparison says.
    pub(super) exit: Exit,
}

impl Compared {
    /// What a session brought that compared something; none if it did not.
    pub(super) fn of(findings: Findings) -> Option<Self> {
        let exit = measuring::exit(&findings);
        let (base, comparison) = findings.compared?;
        Some(Self {
            base,
            candidate: findings.run,
            comparison,
            exit,
        })
    }

    /// Records it with those of its runs, baseline and candidate, that are new. A comparison of
    /// nothing is no use to anybody.
    pub(super) fn record(&self, store: &mut Store, fresh: [bool; 2]) -> Result<()> {
        if !self.comparison.cases.is_empty() {
            let runs = [&self.base, &self.candidate].into_iter().zip(fresh);
            let fresh = runs.filter(|(_, is_fresh)| *is_fresh);
            let runs: Vec<_> = fresh.map(|(run, _)| run).collect();
            store.record_comparison(&runs, &self.comparison)?;
        }
        Ok(())
    }

    /// What both deserve: a failure goes before a regression.
    pub(super) fn gated(&self) -> Exit {
        match (self.exit, self.comparison.gate()) {
            // Where the candidate has none of the cases that were asked for, they may be gone.
            (Exit::Well | Exit::NothingMatched, Some(GateOutcome::Regressed)) => Exit::Regressed,
            (Exit::Well, Some(GateOutcome::Unsure)) => Exit::Unsure,
            (exit, _) => exit,
        }
    }

    pub(super) fn contents(&self) -> Contents<'_> {
        Contents {
            run: &self.candidate,
            compared: Some((&self.comparison, &self.base)),
            histories: &[],
        }
    }
}

impl Compare {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        if !self.more.is_empty() {
            return self.execute_across(verbose);
        }
        let prints = self.print.print_request;
        let mut store = self.output.open(prints)?;
        let base = Operand::resolve(&self.base, store.as_ref())?;
        let candidate = Operand::resolve(&self.candidate, store.as_ref())?;
        let versions = Versions {
            request: self.comparing.request(&self.conditions, Vec::new())?,
            rules: Rules {
                counts_only: self.comparing.counts_only,
                ..RULES
            },
            exceptions: Exceptions::default(),
            remeasure: self.comparing.remeasure,
        };
        if prints {
            return request::print(&versions.request(base, candidate)?);
        }
        let host = self.comparing.host(&self.conditions, &versions.request)?;
        let store = self.output.recording(&mut store);
        let compared = versions.compare(host, base, candidate, store, verbose)?;
        show::comparison(&compared.contents(), self.output.format, verbose)?;
        Ok(compared.exit)
    }

    /// More than two: no verdicts, but one table a case.
    fn execute_across(self, verbose: bool) -> Result<Exit> {
        let prints = self.print.print_request;
        let mut store = self.output.open(prints)?;
        let mut plugins = Vec::new();
        for text in [&self.base, &self.candidate].into_iter().chain(&self.more) {
            let operand = Operand::resolve(text, store.as_ref())?;
            if prints {
                plugins.extend(sent(operand)?);
                continue;
            }
            match operand.what {
                What::Plugins(paths) => plugins.extend(paths),
                What::Stored(_) => {
                    return Err(UsageError(format!(
                        "{text} holds numbers alone: more than two can only be compared if all can be run now"
                    ))
                    .into());
                }
            }
        }
        let request = self.comparing.request(&self.conditions, plugins)?;
        if prints {
            return request::print(&request);
        }
        let host = self.comparing.host(&self.conditions, &request)?;
        let findings = measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
        if let Some(store) = self.output.recording(&mut store) {
            store.record(&findings.run)?;
        }
        super::shown(show::run(&findings.run, self.output.format, verbose))?;
        Ok(measuring::exit(&findings))
    }
}

/// Two versions, and how they are to be compared: what to do with each but for its paths.
pub(super) struct Versions {
    pub(super) request: Request,
    pub(super) rules: Rules,
    pub(super) exceptions: Exceptions,
    pub(super) remeasure: bool,
}

/// The plugins of an operand that mean the same on every machine that has them.
fn sent(operand: Operand) -> Result<Vec<PathBuf>> {
    match operand.what {
        What::Plugins(paths) if operand.kept_from.is_empty() => Ok(paths),
        _ => Err(UsageError(format!(
            "a request names plugins and packages, and {} is kept in the report of this machine: name what it was made of",
            quoted(&operand.name)
        ))
        .into()),
    }
}

impl Versions {
    /// What is asked to compare two versions side by side, wherever that is.
    pub(super) fn request(&self, base: Operand, candidate: Operand) -> Result<Request> {
        let names = [base.name.clone(), candidate.name.clone()];
        Ok(self.versus(sent(base)?, sent(candidate)?, names))
    }

    /// Runs what can be run, side by side if that is both, compares, and records.
    pub(super) fn compare(
        &self,
        mut host: Host,
        base: Operand,
        candidate: Operand,
        store: Option<&mut Store>,
        verbose: bool,
    ) -> Result<Compared> {
        let names = [base.name, candidate.name];
        let kept_from = base.kept_from.into_iter().chain(candidate.kept_from);
        host.kept_from = kept_from.collect();
        let (compared, fresh) = match (base.what, candidate.what) {
            (What::Plugins(base), What::Plugins(candidate)) => {
                let request = self.versus(base, candidate, names);
                let observer = &mut Progress::on_terminal(verbose);
                let compared = Compared::of(measuring::measure(&request, &host, observer)?);
                let compared = compared.ok_or(NoResult("nothing was compared"))?;
                (compared, [true, true])
            }
            (base, candidate) => {
                let fresh = [&base, &candidate].map(|what| matches!(what, What::Plugins(_)));
                let like = [&base, &candidate].into_iter().find_map(What::stored);
                let like = like.map(|run| run.settings.clone());
                let stored = [base.plugins(), candidate.plugins()].concat();
                if !fresh.contains(&true) {
                    let plugins = stored.iter().map(|plugin| (plugin, Exceptions::NONE));
                    for warning in session::idle(&self.request.filter, plugins, MeantBy::Name) {
                        super::warn(&warning);
                    }
                }
                host.stored = stored;
                let asked = (&self.request, &host);
                let (base, one) = side(asked, base, &self.exceptions, like.as_ref(), verbose)?;
                let (candidate, other) =
                    side(asked, candidate, Exceptions::NONE, like.as_ref(), verbose)?;
                compare::check_pairing(
                    &base.plugins.iter().collect::<Vec<_>>(),
                    &candidate.plugins.iter().collect::<Vec<_>>(),
                )?;
                let comparison = compare::compare(
                    &base,
                    &candidate,
                    names.each_ref().map(String::as_str),
                    Pairing::Stored,
                    (self.rules, &self.exceptions),
                    now(),
                );
                let compared = Compared {
                    exit: measuring::exit_of(Some(&base), &candidate, one.or(other)),
                    base,
                    candidate,
                    comparison,
                };
                (compared, fresh)
            }
        };
        if let Some(store) = store {
            compared.record(store, fresh)?;
        }
        Ok(compared)
    }

    /// What is asked to compare these side by side.
    fn versus(&self, base: Vec<PathBuf>, candidate: Vec<PathBuf>, names: [String; 2]) -> Request {
        Request {
            paths: candidate,
            versus: Some(Versus {
                paths: base,
                names,
                rules: self.rules,
                exceptions: self.exceptions.clone(),
                extension: self.request.blocks,
                confirmation: CONFIRMING_BLOCKS,
                remeasure: self.remeasure,
            }),
            ..self.request.clone()
        }
    }
}

/// One side as a run, and what ended it early: the stored one, of which only those cases count that
/// were asked for, or one that is made now, and sampled like the one that it is compared with.
fn side(
    (request, host): (&Request, &Host),
    what: What,
    exceptions: &Exceptions,
    like: Option<&BTreeMap<String, u64>>,
    verbose: bool,
) -> Result<(Run, Option<Stop>)> {
    let paths = match what {
        What::Stored(mut run) => {
            let sides = run.plugins.iter_mut().map(|plugin| (plugin, exceptions));
            let selected = session::select(&request.filter, sides.collect(), MeantBy::Name);
            selected.map_err(SessionError::Filter)?;
            return Ok((*run, None));
        }
        What::Plugins(paths) => paths,
    };
    let mut request = Request {
        paths,
        ..request.clone()
    };
    // What the user asked for stands, and is then one of the conditions that differ.
    if let Some(settings) = like.filter(|_| request.time == Sampling::compared()) {
        request.sample_like(settings);
    }
    let findings = measuring::measure(&request, host, &mut Progress::on_terminal(verbose))?;
    Ok((findings.run, findings.stop))
}

impl Comparing {
    /// What to do with plugins that are yet to be named.
    pub(super) fn request(&self, conditions: &Conditions, paths: Vec<PathBuf>) -> Result<Request> {
        let stage = match self.counts_only {
            true => Stage::Count,
            false => Stage::Time,
        };
        let mut request = conditions.request(paths, stage, None)?;
        request.blocks = self.blocks;
        request.processes = self.pairs;
        request.time = Sampling::compared();
        self.sampling.apply(&mut request.time)?;
        Ok(request)
    }

    /// The circumstances in which that is done here.
    pub(super) fn host(&self, conditions: &Conditions, request: &Request) -> Result<Host> {
        conditions.host(request, self.sampling.waits())
    }
}

impl Output {
    /// The report, if it is to be written; opened before anything is measured. If it is not,
    /// because of `--no-report` or because nothing is measured, one that is there is still read,
    /// since baselines are in it.
    pub(super) fn open(&self, only_reads: bool) -> Result<Option<Store>> {
        let path = paths::report(self.report.as_deref())?;
        Ok(match self.no_report || only_reads {
            true if !path.exists() => None,
            true => Some(Store::open_existing(&path)?),
            false => Some(Store::open(&path)?),
        })
    }

    /// The report, if this is to be recorded in it.
    pub(super) fn recording<'a>(&self, store: &'a mut Option<Store>) -> Option<&'a mut Store> {
        store.as_mut().filter(|_| !self.no_report)
    }

    /// How to show it.
    pub(super) fn format(&self) -> Format {
        self.format
    }
}
