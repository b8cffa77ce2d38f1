//! The phases: what can be said of them only when their keys are seen together.

use toml::Spanned;

use super::understand::{Understand, time, whole};
use super::values::share;
use super::{Criterion, Effort, GateConfig, Load, LoadLength, Phase, PhaseName, Plugin, Problem};
use crate::file::{DepthName, LoadTable, PhaseTable, PhasesTable};
use crate::samples;
use dyno_model::{Drawn, Source};
use dyno_session::Depth;

/// As `--blocks` takes them.
const BLOCKS_MAX: u32 = 1000;

/// What a session takes of all processes together.
const SAMPLES_MAX: u32 = 500_000;

impl Understand<'_> {
    pub(super) fn phases(
        &self,
        table: PhasesTable,
        plugins: &[Plugin],
    ) -> Result<(Vec<Phase>, Option<Load>), Problem> {
        let measured = [
            (PhaseName::Baseline, table.baseline),
            (PhaseName::Cross, table.cross),
        ];
        let mut phases = Vec::new();
        for (name, table) in measured {
            if let Some(table) = table {
                phases.push(self.phase(name, &table, plugins)?);
            }
        }
        let load = table
            .load
            .map(|table| self.load(&table, plugins))
            .transpose()?;
        if phases.is_empty() && load.is_none() {
            let help = "write [phases.baseline], which needs no key below it";
            return Err(Problem::new(0..0, "the suite has no phase").help(help));
        }
        Ok((phases, load))
    }

    fn phase(
        &self,
        name: PhaseName,
        spanned: &Spanned<PhaseTable>,
        plugins: &[Plugin],
    ) -> Result<Phase, Problem> {
        let table = spanned.get_ref();
        let effort = effort(table)?;
        let mut criteria = Vec::new();
        for line in &table.criteria {
            let criterion = self.criterion(line)?;
            within_reach(&criterion, &effort)
                .map_err(|(message, help)| Problem::new(line.span(), message).help(help))?;
            if criteria.contains(&criterion) {
                return Err(Problem::new(
                    line.span(),
                    "this criterion stands here twice",
                ));
            }
            criteria.push(criterion);
        }
        Ok(Phase {
            name,
            plugins: self.selection(&table.plugins, plugins)?,
            cases: self.cases(&table.cases, &table.exclude)?,
            effort,
            metrics: self.metrics(&table.metrics)?,
            criteria,
            gate: gate(table)?,
        })
    }

    fn load(&self, table: &LoadTable, plugins: &[Plugin]) -> Result<Load, Problem> {
        let rate = *table.rate.get_ref();
        if !(rate.is_finite() && rate > 0.0) {
            return Err(Problem::new(
                table.rate.span(),
                "`rate` is not a number of requests a second",
            ));
        }
        let length = match (&table.duration, &table.requests) {
            (Some(duration), None) => LoadLength::Duration(time(duration)?),
            (None, Some(requests)) => {
                LoadLength::Requests(whole(requests, "requests", u32::MAX)?.into())
            }
            (Some(_), Some(requests)) => {
                let message = "a load ends after a `duration` or after `requests`, not both";
                return Err(Problem::new(requests.span(), message));
            }
            (None, None) => {
                let help = "write duration = \"30s\" or requests = 6000";
                return Err(
                    Problem::new(table.rate.span(), "nothing says when this load ends").help(help),
                );
            }
        };
        let criteria = table.criteria.iter().map(|line| self.criterion(line));
        Ok(Load {
            plugins: self.selection(&table.plugins, plugins)?,
            cases: self.cases(&table.cases, &table.exclude)?,
            rate,
            length,
            metrics: self.metrics(&table.metrics)?,
            criteria: criteria.collect::<Result<_, _>>()?,
        })
    }
}

fn effort(table: &PhaseTable) -> Result<Effort, Problem> {
    if let (Some(_), Some(samples)) = (&table.time, &table.samples) {
        let message = "a process ends after a `time` or after `samples`, not both";
        return Err(Problem::new(samples.span(), message).help("leave one of them out"));
    }
    let blocks = table
        .blocks
        .as_ref()
        .map(|blocks| whole(blocks, "blocks", BLOCKS_MAX));
    let samples = table
        .samples
        .as_ref()
        .map(|samples| whole(samples, "samples", SAMPLES_MAX));
    Ok(Effort {
        depth: match table.depth {
            DepthName::Quick => Depth::Quick,
            DepthName::Default => Depth::Default,
            DepthName::Thorough => Depth::Thorough,
        },
        blocks: blocks.transpose()?,
        time_ms: table.time.as_ref().map(time).transpose()?,
        samples: samples.transpose()?,
        sample_time_ms: table.sample_time.as_ref().map(time).transpose()?,
    })
}

/// A criterion that this effort could never pass is better refused now than after the run: what,
/// and what to do.
fn within_reach(criterion: &Criterion, effort: &Effort) -> Result<(), (String, String)> {
    let metric = criterion.metric;
    let processes = effort.processes();
    let name = metric.name;
    if metric.drawn == Drawn::Sampled && processes < samples::PROCESSES_MIN {
        let message =
            format!("`{name}` differs between processes, and one process cannot show by how much");
        return Err((
            message,
            "write blocks = 6 or more, or leave depth = \"quick\" out".into(),
        ));
    }
    let Source::Quantile(q) = metric.source else {
        return Ok(());
    };
    let needed = samples::samples_for(q, processes);
    match effort
        .samples
        .filter(|samples| u64::from(*samples) < needed)
    {
        Some(samples) => Err((
            format!("{samples} samples in each of {processes} processes are too few for `{name}`"),
            format!("write samples = {needed}, or leave it out: as many as needed are taken then"),
        )),
        None => Ok(()),
    }
}

fn gate(table: &PhaseTable) -> Result<Option<GateConfig>, Problem> {
    let thresholds = [
        &table.threshold,
        &table.fuel_threshold,
        &table.memory_threshold,
    ];
    let Some(against) = &table.against else {
        let lone = thresholds.into_iter().flatten().map(Spanned::span);
        let lone = lone.chain(table.gone.iter().map(Spanned::span));
        let mut lone = lone.chain(table.checksum.iter().map(Spanned::span));
        return match lone.next() {
            Some(lone) => Err(Problem::new(lone, "this needs something to compare with")
                .help("write against = \"BASELINE\", or make it one of `criteria`")),
            None => Ok(None),
        };
    };
    if against.get_ref().is_empty() {
        return Err(Problem::new(against.span(), "`against` names nothing")
            .help("write the name of a baseline, a path or the id of a run"));
    }
    let [threshold, fuel, memory] = thresholds.map(|value| value.as_ref().map(share).transpose());
    Ok(Some(GateConfig {
        against: against.get_ref().clone(),
        threshold: threshold?,
        fuel: fuel?,
        memory: memory?,
        gone: table
            .gone
            .as_ref()
            .map(|gone| *gone.get_ref())
            .unwrap_or_default(),
        checksum: table
            .checksum
            .as_ref()
            .map(|checksum| *checksum.get_ref())
            .unwrap_or_default(),
    }))
}
