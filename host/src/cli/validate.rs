//! `dyno validate`: what the protocol is worth on this machine.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use dyno_host::compare::PAIRS;
use dyno_host::measure::TimeSettings;
use dyno_host::render::{self, Progress};
use dyno_host::session::Stage;
use dyno_host::study::{self, BLOCKS_NEEDED, ROUNDS, VERSIONS};

use super::Exit;
use super::measuring::{self, Conditions, Sampling};

/// Blocks of the run that trials are drawn from: a trial uses forty.
const BLOCKS: u32 = 50;

/// Measure how often this machine's noise fools a gate, and how small a change it shows
///
/// Runs six kernels of our own against themselves and against versions with exactly 1, 2, 5, 10, 20 and 50 %
/// more work, all side by side, then judges blocks drawn from that run as a gate would, many times over. Takes about
/// a quarter of an hour.
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// Trials of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    trials: u64,
    /// Blocks that they are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = BLOCKS, value_parser = clap::value_parser!(u32).range(BLOCKS_NEEDED as i64..=1000))]
    blocks: u32,
    #[command(flatten)]
    sampling: Sampling,
    /// Where the study goes, as JSON
    #[arg(long, value_name = "FILE", default_value = "dyno-validate.json")]
    output: PathBuf,
    /// Where the power curve goes, as a picture
    #[arg(long, value_name = "FILE", default_value = "dyno-validate.svg")]
    plot: PathBuf,
}

impl Validate {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        let dir = tempfile::tempdir().context("no temporary directory can be made")?;
        let mut plugins = Vec::new();
        for (version, added) in VERSIONS {
            let rounds = (f64::from(ROUNDS) * (1.0 + added)).round() as u32;
            let path = dir.path().join(version).with_extension("wat");
            fs::write(&path, study::plugin(rounds)).context("a kernel cannot be written")?;
            plugins.push(path);
        }
        let mut request = Conditions::default().request(plugins, Stage::Time, None)?;
        request.blocks = self.blocks;
        request.processes = PAIRS;
        request.time = TimeSettings::compared();
        self.sampling.apply(&mut request.time)?;
        request.cores.waits = self.sampling.waits();
        let findings = measuring::measure(&request, &mut Progress::on_terminal(verbose))?;
        let exit = measuring::exit(&findings);
        if exit != Exit::Well {
            return Ok(exit);
        }
        let trials = usize::try_from(self.trials)?;
        let study = study::study(&findings.run, trials, request.order_seed)?;
        let json = serde_json::to_string_pretty(&study)?;
        for (path, text) in [(&self.output, json), (&self.plot, study::plot(&study))] {
            fs::write(path, text)
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        render::study(&mut anstream::stdout().lock(), &study)?;
        Ok(exit)
    }
}
