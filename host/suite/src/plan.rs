//! From a phase to what a session is asked to do. Pure: that granted directories exist, and what a
//! name to compare with means, is found out by who runs it.

use std::path::PathBuf;

use super::config::{GateConfig, PhaseName, PluginSource, Suite};
use super::samples::samples_for;
use dyno_analysis::filter::CaseFilter;
use dyno_measure::Sampling;
use dyno_model::{Classify, Fault, Grants, Limits, Source, Variables};
use dyno_plugin::PACKAGE;

/// What a session is asked to do for one phase; the names are those of its request.
#[derive(Debug, Clone)]
pub struct PhasePlan {
    /// Which phase.
    pub phase: PhaseName,
    /// Its place in [`Suite::phases`].
    pub index: usize,
    /// Files, directories and packages, as `dyno run` takes them.
    pub paths: Vec<PathBuf>,
    /// Which cases.
    pub filter: CaseFilter,
    /// Processes for each case.
    pub blocks: u32,
    /// How a process samples.
    pub time: Sampling,
    /// The limits.
    pub limits: Limits,
    /// What guests may reach.
    pub grants: Grants,
    /// The values of the variables among that.
    pub variables: Variables,
    /// Whether nondeterminism fails a case.
    pub strict: bool,
    /// Seed of the guests' random numbers and of the order; none for the usual ones.
    pub seed: Option<u64>,
    /// What it is compared with.
    pub gate: Option<GateConfig>,
}

/// Why a suite cannot be run as it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The suite has no such phase.
    #[error("the suite has no phase `{0}`: write [phases.{0}]")]
    NoPhase(PhaseName),
    /// This version does not run it.
    #[error(
        "this version cannot run [phases.load]: leave it out, or choose another phase with --phase"
    )]
    Load,
}

impl Classify for PlanError {
    fn fault(&self) -> Fault {
        match self {
            Self::NoPhase(_) => Fault::NotFound,
            Self::Load => Fault::Usage,
        }
    }
}

impl Suite {
    /// What to do, in order: one phase, or all of them. A suite with a load is refused, unless
    /// another phase was chosen: what was not run has not passed.
    ///
    /// # Errors
    /// If the phase is not there or cannot be run.
    pub fn plan(&self, only: Option<PhaseName>) -> Result<Vec<PhasePlan>, PlanError> {
        if self.load.is_some() && only.is_none_or(|name| name == PhaseName::Load) {
            return Err(PlanError::Load);
        }
        let phases = self.phases.iter().enumerate();
        let wanted = phases.filter(|(_, phase)| only.is_none_or(|name| name == phase.name));
        let plans: Vec<_> = wanted.map(|(index, _)| self.phase_plan(index)).collect();
        match only {
            Some(name) if plans.is_empty() => Err(PlanError::NoPhase(name)),
            _ => Ok(plans),
        }
    }

    fn phase_plan(&self, index: usize) -> PhasePlan {
        let phase = &self.phases[index];
        let path = |at: &usize| match &self.plugins[*at].source {
            PluginSource::Path(path) => path.clone(),
            PluginSource::Package(package) => format!("{PACKAGE}{package}").into(),
        };
        PhasePlan {
            phase: phase.name,
            index,
            paths: phase.plugins.iter().map(path).collect(),
            filter: phase.cases.clone(),
            blocks: phase.effort.processes(),
            time: phase.time(),
            limits: self.limits.clone(),
            grants: self.grants.clone(),
            variables: self.variables.clone(),
            strict: self.strict,
            seed: self.seed,
            gate: phase.gate.clone(),
        }
    }
}

impl super::Phase {
    /// How a process samples. A quantile among the criteria or metrics makes it take the samples
    /// that the quantile needs, and gives it the time for them unless the suite sets that.
    fn time(&self) -> Sampling {
        let effort = &self.effort;
        let mut time = effort.depth.time();
        if let Some(ms) = effort.sample_time_ms {
            time.sample_ns = ms.saturating_mul(1_000_000);
        }
        let metrics = self
            .metrics
            .iter()
            .copied()
            .chain(self.criteria.iter().map(|criterion| criterion.metric));
        let needed = metrics.filter_map(|metric| match metric.source {
            Source::Quantile(q) => Some(samples_for(q, effort.processes())),
            _ => None,
        });
        let needed = needed.max().map_or(0, size).max(time.min_samples);
        if let Some(samples) = effort.samples {
            time.min_samples = samples as usize;
            time.max_samples = samples as usize;
        } else {
            time.min_samples = needed;
            time.max_samples = time.max_samples.max(needed);
        }
        let whole = time.sample_ns.saturating_mul(time.min_samples as u64);
        time.budget_ns = match effort.time_ms {
            Some(ms) => ms.saturating_mul(1_000_000),
            None => time.budget_ns.max(whole),
        };
        time
    }
}

fn size(samples: u64) -> usize {
    usize::try_from(samples).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
