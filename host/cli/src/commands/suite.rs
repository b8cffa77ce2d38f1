//! `dyno suite`: what a `dyno.toml` describes, run and judged.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Instant;

use crate::render::{self, Progress};
use clap::{Args, Subcommand};
use dyno_analysis::compare::BLOCKS;
use dyno_export as export;
use dyno_export::{Contents, Format};
use dyno_files::checkout::Folder;
use dyno_model::quoted::quoted_path;
use dyno_model::{CaseComparison, Plugin, RULES, Rules, all};
use dyno_plugin as plugin;
use dyno_report::Store;
use dyno_session::{Host, Request, Stage};
use dyno_suite as suite;
use dyno_suite::{
    CheckOutcome, GateConfig, PhaseName, PhasePlan, PhaseResult, PluginSource, Suite,
};
use dyno_wording as wording;
use dyno_wording::escape;

use super::building::BuildArgs;
use super::choice::one_of;
use super::compare::{Compared, Versions};
use super::measuring::{self, Budget, Conditions};
use super::operand::{Operand, What};
use super::{Context as _, Exit, Result, UsageError, gate, paths};

/// Run what a dyno.toml describes: plugins, phases, and what must hold
#[derive(Debug, Subcommand)]
pub(super) enum SuiteVerb {
    /// Run the phases of a suite and judge them
    Run(RunSuite),
    /// Read a suite and say what it would do: phases, grants, output and build commands. Runs
    /// nothing
    Check {
        #[command(flatten)]
        config: Config,
    },
    /// Print the JSON Schema of dyno.toml, for editors
    Schema,
}

/// Which suite.
#[derive(Debug, Args)]
pub(super) struct Config {
    /// The suite
    #[arg(long, value_name = "FILE", default_value = suite::FILE_NAME)]
    config: PathBuf,
    /// The directory that the suite's paths must not leave [default: its checkout, which is the
    /// nearest directory upwards with a .git or .dyno, or the directory of the file]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

impl Config {
    fn read(&self) -> Result<Suite, suite::ConfigError> {
        let suite = Suite::read(&self.config, self.root.as_deref())?;
        for warning in &suite.warnings {
            super::warn(&format!("{}: {warning}", quoted_path(&self.config)));
        }
        Ok(suite)
    }
}

/// How a suite is run.
#[derive(Debug, Args)]
pub(super) struct RunSuite {
    #[command(flatten)]
    config: Config,
    /// Only this phase
    #[arg(long, value_parser = one_of(all::<PhaseName>(), |_| ""), value_name = "PHASE")]
    phase: Option<PhaseName>,
    /// The report to record the runs in [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", hide_env_values = true, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Measure even while other runs measure on every core, and flag the result, instead of waiting
    /// for one
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    build: BuildArgs,
    #[command(flatten)]
    budget: Budget,
    /// The results as JSON instead of tables
    #[arg(long)]
    json: bool,
}

impl SuiteVerb {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        match self {
            Self::Run(run) => run.execute(verbose),
            Self::Check { config } => {
                let suite = config.read()?;
                super::shown(check(&suite, &mut render::terminal::stdout()))?;
                Ok(Exit::Well)
            }
            Self::Schema => {
                super::shown(super::print_json(&suite::schema()))?;
                Ok(Exit::Well)
            }
        }
    }
}

/// What a suite would do, and by what it would judge.
fn check(suite: &Suite, out: &mut render::Sink<impl io::Write>) -> Result<()> {
    for plan in suite.plan(None)? {
        let phase = &suite.phases[plan.index];
        let names = phase.plugins.iter();
        let names: Vec<_> = names.map(|at| escape(&suite.plugins[*at].name)).collect();
        let blocks = blocks(&plan);
        writeln!(
            out,
            "{}: {} in {blocks} block{}",
            phase.name,
            names.join(", "),
            if blocks == 1 { "" } else { "s" }
        )?;
        if let Some(gate) = &phase.gate {
            let against = escape(&gate.against);
            let thresholds = wording::thresholds(&rules(gate), &suite.exceptions);
            writeln!(out, "  against {against}: {thresholds}")?;
        }
        for criterion in &phase.criteria {
            writeln!(out, "  {}", escape(&criterion.to_string()))?;
        }
    }
    reaches(suite, out)?;
    for (old, new) in &suite.exceptions.renames {
        writeln!(out, "{} is called {} now", escape(old), escape(new))?;
    }
    Ok(())
}

/// What the suite touches besides its plugins: what it grants them, where it writes, and what it
/// runs to build them.
fn reaches(suite: &Suite, out: &mut impl io::Write) -> Result<()> {
    let grants = suite.grants.words();
    if !grants.is_empty() {
        let grants: Vec<_> = grants.iter().map(|grant| escape(grant)).collect();
        writeln!(out, "grants: {}", grants.join(" "))?;
    }
    if let Some(output) = &suite.output {
        writeln!(out, "output: {}", escape(&output.to_string_lossy()))?;
    }
    for plugin in &suite.plugins {
        let PluginSource::Path(path) = &plugin.source else {
            continue;
        };
        for source in plugin::find(path).into_iter().flatten() {
            let manifest = source.manifest.iter();
            for command in manifest.flat_map(|manifest| &manifest.commands) {
                let command = render::command_line(command);
                writeln!(out, "build {}: {command}", escape(&source.name))?;
            }
        }
    }
    Ok(())
}

/// The blocks of a phase. Where it is compared, with fewer no interval reaches the confidence of a
/// verdict.
fn blocks(plan: &PhasePlan) -> u32 {
    match plan.gate {
        Some(_) => plan.blocks.max(BLOCKS),
        None => plan.blocks,
    }
}

/// By what a phase is judged that is compared.
fn rules(gate: &GateConfig) -> Rules {
    Rules {
        threshold: gate.threshold.unwrap_or(RULES.threshold),
        fuel: gate.fuel,
        memory: gate.memory,
        gone: gate.gone,
        checksum: gate.checksum,
        gates: true,
        ..RULES
    }
}

impl RunSuite {
    fn execute(self, verbose: bool) -> Result<Exit> {
        let suite = self.config.read()?;
        let plans = suite.plan(self.phase)?;
        let compares = plans.iter().any(|plan| plan.gate.is_some());
        let verbose = verbose || suite.verbose;
        // Refused before anything is measured.
        let folder = folder(&suite)?;
        let mut store = Store::open(&paths::report(self.report.as_deref())?)?;
        let began = Instant::now();
        let mut exits = Vec::new();
        let mut results = Vec::new();
        let mut compared = (Vec::new(), Vec::new());
        for plan in plans {
            let place = (&suite, folder.as_ref());
            let (result, exit) =
                self.phase(place, plan, began, &mut store, &mut compared, verbose)?;
            exits.extend([exit, judged(&result)]);
            results.push(result);
            if let Exit::Signal(_) = exit {
                break;
            }
        }
        if let Some(folder) = &folder {
            let mut bytes = Vec::new();
            export::write_pretty(&results, &mut bytes)?;
            write(folder, "suite.json", &bytes)?;
        }
        let mut out = render::terminal::stdout();
        super::shown(match self.json {
            true => super::print_json(&results),
            false => render::suite(&mut out, &results).map_err(Into::into),
        })?;
        // What weighs most, of all phases.
        let exits = exits.into_iter();
        let exit = exits.max_by_key(|exit| exit.weight()).unwrap_or(Exit::Well);
        let is_whole = compares && self.phase.is_none();
        Ok(
            match is_whole && gate::warn_of_idle(&suite.exceptions, &compared.0, &compared.1) {
                true if exit == Exit::Well => Exit::NothingMatched,
                _ => exit,
            },
        )
    }

    /// Measures one phase, records it, writes what people look at, and judges it.
    fn phase(
        &self,
        (suite, folder): (&Suite, Option<&Folder>),
        plan: PhasePlan,
        began: Instant,
        store: &mut Store,
        (cases, bases): &mut (Vec<CaseComparison>, Vec<Plugin>),
        verbose: bool,
    ) -> Result<(PhaseResult, Exit)> {
        let phase = &suite.phases[plan.index];
        let gate = plan.gate.clone();
        let (mut request, mut host) = request(plan)?;
        host.cores.waits = !self.no_wait;
        host.build = self.build.options();
        self.budget.share(began, &mut request, &mut host);
        let (result, exit) = match gate {
            None => {
                let findings =
                    measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
                store.record(&findings.run)?;
                self.show(folder, phase.name, &(&findings.run).into(), verbose)?;
                (
                    suite::judge(phase, &findings.run, None),
                    measuring::exit(&findings),
                )
            }
            Some(gate) => {
                let compared = compared((request, host), &gate, suite, store, verbose)?;
                cases.extend_from_slice(&compared.comparison.cases);
                bases.extend_from_slice(&compared.base.plugins);
                self.show(folder, phase.name, &compared.contents(), verbose)?;
                let comparison = Some(&compared.comparison);
                (
                    suite::judge(phase, &compared.candidate, comparison),
                    compared.exit,
                )
            }
        };
        Ok((result, exit))
    }

    /// The table of a phase, and what its output directory gets.
    fn show(
        &self,
        folder: Option<&Folder>,
        phase: PhaseName,
        contents: &Contents<'_>,
        verbose: bool,
    ) -> Result<()> {
        if let Some(folder) = folder {
            let formats = [Format::Html, Format::Markdown, Format::Junit];
            for format in formats.into_iter().filter(|format| format.is_built()) {
                let mut bytes = Vec::new();
                export::export(contents, format, &mut bytes)?;
                write(
                    folder,
                    &format!("{phase}.{}", format.spec().extension),
                    &bytes,
                )?;
            }
        }
        if self.json {
            return Ok(());
        }
        let mut out = render::terminal::stdout();
        super::shown(match contents.compared {
            Some(_) => render::comparison(&mut out, contents, verbose).map_err(Into::into),
            None => render::run(&mut out, contents.run, verbose).map_err(Into::into),
        })
    }
}

/// Where the results go: what the file says, so nowhere outside of its checkout and through no
/// link.
fn folder(suite: &Suite) -> Result<Option<Folder>> {
    let Some(output) = &suite.output else {
        return Ok(None);
    };
    let folder = suite.checkout.folder(output);
    Ok(Some(folder.map_err(|error| {
        UsageError(format!("{}: {error}", quoted_path(output)))
    })?))
}

fn write(folder: &Folder, name: &str, bytes: &[u8]) -> Result<()> {
    let written = folder.write(name, bytes);
    written.with_context(|| format!("{name} cannot be written"))?;
    Ok(())
}

/// What a session is asked to do for a phase: what the suite says, and for the rest what `dyno run`
/// does.
fn request(plan: PhasePlan) -> Result<(Request, Host)> {
    let blocks = blocks(&plan);
    let conditions = Conditions::default();
    let usual = conditions.request(plan.paths, Stage::Time, None)?;
    let mut host = conditions.host(&usual, true)?;
    host.variables = plan.variables;
    let request = Request {
        blocks,
        filter: plan.filter,
        build_all: true,
        time: plan.time,
        limits: plan.limits,
        grants: plan.grants,
        strict: plan.strict,
        seed: plan.seed.unwrap_or(usual.seed),
        order_seed: plan.seed.unwrap_or(usual.order_seed),
        ..usual
    };
    Ok((request, host))
}

fn compared(
    (request, host): (Request, Host),
    gate: &GateConfig,
    suite: &Suite,
    store: &mut Store,
    verbose: bool,
) -> Result<Compared> {
    let base = Operand::resolve(&gate.against, Some(store))?;
    base.stays_in(&suite.checkout)?;
    let candidate = Operand {
        name: "the suite".into(),
        what: What::Plugins(request.paths.clone()),
        kept_from: BTreeMap::new(),
    };
    let versions = Versions {
        request,
        // What is identical has no numbers unless it is measured, and a suite has demands on
        // numbers.
        remeasure: true,
        rules: rules(gate),
        exceptions: suite.exceptions.clone(),
    };
    versions.compare(host, base, candidate, Some(store), verbose)
}

/// What a judged phase deserves.
fn judged(result: &PhaseResult) -> Exit {
    match result.outcome {
        CheckOutcome::Passed => Exit::Well,
        CheckOutcome::Unsure | CheckOutcome::NotMeasured => Exit::Unsure,
        CheckOutcome::Failed => Exit::Regressed,
    }
}
