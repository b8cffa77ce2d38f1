//! `dyno doctor`: what this machine is, what confines a worker on it, and what makes it noisy.

use std::path::PathBuf;

use crate::render::{self, Diagnosis, Progress};
use clap::Args;
use dyno_analysis::compare::{BLOCKS, PAIRS};
use dyno_analysis::study::{self, ROUNDS, Resolution};
use dyno_files::private_dir::PrivateDir;
use dyno_job as worker;
use dyno_measure::Sampling;
use dyno_model::{Exceptions, RULES};
use dyno_report::Store;
use dyno_session::{Stage, Versus};
use dyno_system::{confine, machine};

use super::measuring::{self, Conditions};
use super::{Context as _, Exit, NoResult, Result, paths};

/// Say what this machine is, what confines plugins on it, and what makes it noisy
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Measure the noise, too: kernels of our own against themselves, for some twenty seconds a
    /// session
    #[arg(long)]
    noise: bool,
    /// Sessions that the noise is measured in, each with its own processes
    #[arg(long, value_name = "NUMBER", default_value_t = 3, requires = "noise", value_parser = clap::value_parser!(u32).range(1..=100))]
    sessions: u32,
    /// The report to record the sessions in [default: .dyno/report.sqlite beside the project]
    #[arg(long, env = "DYNO_REPORT", hide_env_values = true, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Do not record them
    #[arg(long)]
    no_report: bool,
}

/// What the noise was, and the runs that show it.
type Measured = (Resolution, Vec<String>);

impl Doctor {
    pub(super) fn execute(self, verbose: bool) -> Result<Exit> {
        let measured = match self.noise {
            true => match self.measure(verbose)? {
                Ok(measured) => Some(measured),
                Err(exit) => return Ok(exit),
            },
            false => None,
        };
        let (resolution, recorded) = measured.unzip();
        let diagnosis = Diagnosis {
            machine: machine::machine(),
            layers: confine::probe(),
            required: worker::required().to_vec(),
            clocks: machine::clocks(),
            noise: machine::noise(),
            resolution,
            recorded: recorded.unwrap_or_default(),
            places: vec![
                ("report", paths::report(None).ok()),
                ("code cache", paths::cache()),
            ],
        };
        render::doctor(&mut render::terminal::stdout(), &diagnosis)?;
        // A user who requires a layer asks whether it is here.
        match confine::missing(worker::required()) {
            Some(_) => Ok(Exit::Host),
            None => Ok(Exit::Well),
        }
    }

    /// What ten blocks can tell apart here: two copies of one plugin, compared in several sessions,
    /// each of which is recorded. The exit code instead if a session did not come to its end.
    fn measure(&self, verbose: bool) -> Result<Result<Measured, Exit>> {
        let dir = PrivateDir::new().context("no temporary directory can be made")?;
        let path = dir.path().join("kernels.wat");
        std::fs::write(&path, study::plugin(ROUNDS))?;
        let mut store = match self.no_report {
            true => None,
            false => Some(Store::open(&paths::report(self.report.as_deref())?)?),
        };
        let (mut comparisons, mut recorded) = (Vec::new(), Vec::new());
        for _ in 0..self.sessions {
            let conditions = Conditions::default();
            let mut request = conditions.request(vec![path.clone()], Stage::Time, None)?;
            request.blocks = BLOCKS;
            request.processes = PAIRS;
            request.time = Sampling::compared();
            request.versus = Some(Versus {
                paths: vec![path.clone()],
                names: ["kernels".into(), "kernels".into()],
                rules: RULES,
                exceptions: Exceptions::default(),
                extension: 0,
                confirmation: 0,
                remeasure: true,
            });
            let host = conditions.host(&request, true)?;
            let findings =
                measuring::measure(&request, &host, &mut Progress::on_terminal(verbose))?;
            let exit = measuring::exit(&findings);
            if exit != Exit::Well {
                return Ok(Err(exit));
            }
            let (base, comparison) = findings.compared.ok_or(NoResult("nothing was compared"))?;
            if let Some(store) = &mut store {
                store.record_comparison(&[&base, &findings.run], &comparison)?;
                recorded.push(findings.run.id);
            }
            comparisons.push(comparison);
        }
        let resolution = Resolution::of(&comparisons).ok_or(NoResult("nothing was compared"))?;
        Ok(Ok((resolution, recorded)))
    }
}
