//! From a phase to what a session is asked to do. Pure: that granted directories exist, and what a
//! name to compare with means, is found out by who runs it.

use std::path::PathBuf;

use super::config::{Gate, PhaseName, PluginSource, Suite};
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
    /// The caps.
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
    pub gate: Option<Gate>,
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
mod tests {
    use super::*;
    use std::path::Path;

    fn suite(text: &str) -> Suite {
        Suite::parse(
            &format!("[[plugins]]\npath = 'a'\n[[plugins]]\npackage = 'b/c@1'\n{text}"),
            Path::new("dir/dyno.toml"),
        )
        .unwrap()
    }

    fn time(keys: &str) -> Sampling {
        suite(&format!("[phases.baseline]\n{keys}"))
            .plan(None)
            .unwrap()[0]
            .time
    }

    #[test]
    fn a_phase_becomes_what_dyno_run_would_be_asked() {
        let suite = suite("strict = true\n[grants]\ndirs = ['data::/data', '/abs']\nstdin = 'in.txt'\n[limits]\nmemory = '1GiB'\n[phases.baseline]\nplugins = ['b/c@1']\n[phases.cross]\ndepth = 'thorough'\n".replacen("strict = true\n", "", 1).as_str());
        let plans = suite.plan(None).unwrap();
        assert_eq!(
            plans.iter().map(|plan| plan.phase).collect::<Vec<_>>(),
            [PhaseName::Baseline, PhaseName::Cross]
        );
        assert_eq!(plans[0].paths, [Path::new("package:b/c@1")]);
        assert_eq!(
            plans[1].paths,
            [Path::new("dir/a"), Path::new("package:b/c@1")]
        );
        assert_eq!((plans[0].blocks, plans[1].blocks), (5, 20));
        assert_eq!(plans[1].time, dyno_session::Depth::Thorough.time());
        let dirs: Vec<_> = plans[0]
            .grants
            .dirs
            .iter()
            .map(|dir| (dir.host.as_path(), dir.guest.as_str()))
            .collect();
        assert_eq!(
            dirs,
            [
                (Path::new("dir/data"), "/data"),
                (Path::new("/abs"), "/abs")
            ]
        );
        assert_eq!(
            plans[0].grants.stdin.as_deref(),
            Some(Path::new("dir/in.txt"))
        );
        assert_eq!(plans[0].limits.get(dyno_model::LimitKind::Memory), 1 << 30);
    }

    #[test]
    fn a_phase_that_is_not_there_or_cannot_run_is_an_error() {
        let baseline = suite("[phases.baseline]\n");
        assert_eq!(
            baseline.plan(Some(PhaseName::Cross)).unwrap_err(),
            PlanError::NoPhase(PhaseName::Cross)
        );
        assert_eq!(
            baseline.plan(Some(PhaseName::Load)).unwrap_err(),
            PlanError::NoPhase(PhaseName::Load)
        );
        let both = suite("[phases.baseline]\n[phases.load]\nrate = 1\nrequests = 1\n");
        assert_eq!(both.plan(None).unwrap_err(), PlanError::Load);
        assert_eq!(both.plan(Some(PhaseName::Baseline)).unwrap().len(), 1);
        let load = suite("[phases.load]\nrate = 1\nrequests = 1\n");
        assert_eq!(load.plan(None).unwrap_err(), PlanError::Load);
        assert_eq!(
            load.plan(Some(PhaseName::Load)).unwrap_err(),
            PlanError::Load
        );
    }

    #[test]
    fn a_quantile_takes_the_samples_and_the_time_that_it_needs() {
        // 2000 samples in all and 200 in each process; 10,000 and 1000 for p99.
        assert_eq!(
            [2, 5, 10, 20].map(|processes| samples_for(0.95, processes)),
            [1000, 400, 200, 200]
        );
        assert_eq!(
            [2, 5, 10, 20].map(|processes| samples_for(0.99, processes)),
            [5000, 2000, 1000, 1000]
        );
        let usual = time("");
        assert_eq!(usual, Sampling::default());
        let p95 = time("criteria = ['p95 <= 1ms']");
        assert_eq!((p95.min_samples, p95.budget_ns), (400, 800_000_000));
        let shown = time("blocks = 20\nsample-time = '1ms'\nmetrics = ['p99', 'p50']");
        assert_eq!((shown.min_samples, shown.budget_ns), (1000, 1_000_000_000));
    }

    #[test]
    fn samples_are_exact_and_time_is_the_users() {
        let samples = time("samples = 200");
        assert_eq!(
            (samples.min_samples, samples.max_samples, samples.budget_ns),
            (200, 200, 500_000_000)
        );
        let own = time("time = '100ms'\ncriteria = ['p95 <= 1ms']");
        assert_eq!((own.budget_ns, own.min_samples), (100_000_000, 400));
    }
}
