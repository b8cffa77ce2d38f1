//! `dyno doctor`: what this machine is, what confines a worker on it, and what makes it noisy.

use clap::Args;
use dyno_host::machine;
use dyno_host::render::{self, Diagnosis};
use dyno_host::worker::confine;

use super::{Exit, paths};

/// Say what this machine is, what confines plugins on it, and what makes it noisy
#[derive(Debug, Args)]
pub(super) struct Doctor {}

impl Doctor {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let diagnosis = Diagnosis {
            machine: machine::machine(),
            layers: confine::probe(),
            clocks: machine::clocks(),
            noise: machine::noise(),
            places: vec![
                ("report", Some(paths::report())),
                ("code cache", paths::cache()),
            ],
        };
        render::doctor(&mut anstream::stdout().lock(), &diagnosis)?;
        Ok(Exit::Well)
    }
}
