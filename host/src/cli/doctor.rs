//! `dyno doctor`: what this machine is, what confines a worker on it, and what makes it noisy.

use clap::Args;
use dyno_host::compare::{self, BLOCKS, PAIRS};
use dyno_host::machine;
use dyno_host::measure::TimeSettings;
use dyno_host::render::Resolution;
use dyno_host::render::{self, Diagnosis, Progress};
use dyno_host::report::model::Metric;
use dyno_host::session::{Stage, Versus};
use dyno_host::study::{self, ROUNDS};
use dyno_host::worker::confine;

use super::measuring::{self, Conditions};
use super::{Exit, paths};

/// Say what this machine is, what confines plugins on it, and what makes it noisy
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Measure the noise, too: kernels of our own against themselves, for some twenty seconds
    #[arg(long)]
    noise: bool,
}

impl Doctor {
    pub(super) fn execute(self, verbose: bool) -> anyhow::Result<Exit> {
        let diagnosis = Diagnosis {
            machine: machine::machine(),
            layers: confine::probe(),
            clocks: machine::clocks(),
            noise: machine::noise(),
            resolution: match self.noise {
                true => Some(self.resolution(verbose)?),
                false => None,
            },
            places: vec![
                ("report", Some(paths::report())),
                ("code cache", paths::cache()),
            ],
        };
        render::doctor(&mut anstream::stdout().lock(), &diagnosis)?;
        Ok(Exit::Well)
    }

    /// What ten blocks can tell apart here: two copies of one plugin, compared.
    fn resolution(&self, verbose: bool) -> anyhow::Result<Resolution> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("kernels.wat");
        std::fs::write(&path, study::plugin(ROUNDS))?;
        let mut request = Conditions::default().request(vec![path.clone()], Stage::Time, None)?;
        request.blocks = BLOCKS;
        request.processes = PAIRS;
        request.time = TimeSettings::compared();
        request.versus = Some(Versus {
            paths: vec![path],
            names: ["kernels".into(), "kernels".into()],
            rules: compare::RULES,
            extension: 0,
            confirmation: 0,
            remeasure: true,
        });
        let findings = measuring::measure(&request, &mut Progress::on_terminal(verbose))?;
        let (_, comparison) = findings
            .compared
            .ok_or_else(|| anyhow::anyhow!("nothing was compared"))?;
        let half_widths = |metric| {
            let changes = comparison
                .cases
                .iter()
                .filter_map(|case| case.change(metric));
            changes
                .map(|change| (change.upper / change.lower).sqrt() - 1.0)
                .collect()
        };
        Ok(Resolution {
            blocks: BLOCKS,
            wall: half_widths(Metric::WallTime),
            cpu: half_widths(Metric::CpuTime),
        })
    }
}
