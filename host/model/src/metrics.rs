//! What is known of a case: one table of metrics that flags, the report, exports, tables, gates and
//! `dyno.toml` all read. To add one is to add a variant and its row here, and to measure it in
//! `estimate`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is measured. Time metrics are per iteration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Wall time per iteration, ns.
    WallTime,
    /// CPU time of the worker's thread per iteration, ns.
    CpuTime,
    /// Fuel per iteration.
    Fuel,
    /// Instructions that the processor retired in user space, per iteration.
    Instructions,
    /// Cycles of the processor in user space, per iteration.
    Cycles,
    /// Branches that the processor foresaw wrongly in user space, per iteration.
    BranchMisses,
    /// The first iteration of a process, ns.
    FirstIteration,
    /// From compiled code on disk to a component that can be instantiated, ns.
    LoadTime,
    /// Instantiation, ns: of a program, which has a new instance for every run, the median.
    InstantiateTime,
    /// Memory after instantiation, bytes.
    MemoryBaseline,
    /// Peak of linear memory and tables, bytes.
    MemoryPeak,
    /// Memory after the case has returned, bytes.
    MemoryReleased,
    /// Mean memory of the count pass, bytes.
    MemoryMean,
    /// Peak resident set of the worker, bytes.
    RssPeak,
    /// Spread within a process: median absolute deviation over median, a ratio.
    SpreadWithin,
    /// Samples that were not preempted, of all: a ratio.
    UndisturbedShare,
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSpec {
    /// Its name, wherever a metric is named: on the command line, in the report, in exports and in
    /// `dyno.toml`.
    pub name: &'static str,
    /// Where the number is found.
    pub source: Source,
    /// What the number counts.
    pub unit: Unit,
    /// What it is called above a column or beside a value.
    pub title: &'static str,
    /// The same where there is little room.
    pub short: &'static str,
    /// What it is, for people: part of a sentence.
    pub about: &'static str,
    /// How it is drawn.
    pub drawn: Drawn,
    /// Which direction is better.
    pub better: Better,
    /// Whether two versions are compared by it, and what for.
    pub compared: Compared,
    /// Whether tables of results have a column for it.
    pub has_column: bool,
    /// What `dyno.toml` called it before there was one vocabulary; of a time without its unit
    /// (`wall` of `wall_ms`).
    pub old_name: Option<&'static str>,
}

/// Where a number is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Source {
    /// It is a measurement of the report.
    Measured(Metric),
    /// A quantile, 0 to 1, of the wall time per iteration over the samples of a process.
    Quantile(f64),
    /// Bytes a second, drawn from the wall time.
    BytesPerSecond,
    /// Elements a second, drawn from the wall time.
    ElementsPerSecond,
    /// The checksum that every pass agreed on.
    Checksum,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Nanoseconds.
    Nanoseconds,
    /// Bytes.
    Bytes,
    /// A share of something, 1 for all of it.
    Ratio,
    /// Bytes a second.
    BytesPerSecond,
    /// Elements a second.
    ElementsPerSecond,
    /// 64 bits that are equal to others or are not.
    Checksum,
    /// Things of this name.
    Count(&'static str),
}

/// How a metric is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawn {
    /// It is counted, so that it can be equal to another.
    Exact,
    /// It is read once, in the count pass.
    Once,
    /// It differs from process to process, so that one process says nothing of the next.
    Sampled,
}

/// Which direction is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less of it.
    Less,
    /// More of it.
    More,
    /// Neither: it is the same or it is not.
    Neither,
}

/// Whether two versions are compared by a metric, and what for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Verdicts are about it, and a gate judges it by default.
    Decides,
    /// Its change is shown, and a gate judges it where it was given a threshold.
    OnDemand,
    /// Its change is shown, and nothing is judged by it.
    Shown,
    /// It is not compared.
    No,
}

/// The metrics that the processor counts in every sample. A report keeps them by their places here:
/// what is new comes last.
pub const COUNTERS: [Metric; 3] = [Metric::Instructions, Metric::Cycles, Metric::BranchMisses];

use Unit::{Bytes, BytesPerSecond, Count, ElementsPerSecond, Nanoseconds, Ratio};

/// Every metric, in the order in which they are shown.
#[rustfmt::skip]
pub const METRICS: &[MetricSpec] = &[
    sampled(Metric::WallTime, "wall-time", Nanoseconds, "wall time", "wall time per iteration: median over the processes")
        .short("wall").compared(Compared::Decides).column().once("wall"),
    sampled(Metric::CpuTime, "cpu-time", Nanoseconds, "CPU time", "CPU time per iteration: median over the processes")
        .short("CPU").compared(Compared::Decides).once("cpu"),
    exact(Metric::Fuel, "fuel", Count("fuel"), "fuel", "weighted instructions per iteration, exact")
        .compared(Compared::OnDemand).column().once("fuel_per_iteration"),
    sampled(Metric::Instructions, "instructions", Count("instructions"), "instructions", "instructions that the processor retired in user space per iteration, where the machine counts them")
        .compared(Compared::Shown).column(),
    sampled(Metric::Cycles, "cycles", Count("cycles"), "cycles", "cycles of the processor in user space per iteration, where the machine counts them")
        .compared(Compared::Shown).column(),
    sampled(Metric::BranchMisses, "branch-misses", Count("branch-misses"), "branch misses", "branches that the processor foresaw wrongly in user space per iteration, where the machine counts them")
        .compared(Compared::Shown).column(),
    sampled(Metric::FirstIteration, "first-iteration", Nanoseconds, "first iteration", "the first iteration of a process, cold")
        .once("first_iteration"),
    sampled(Metric::LoadTime, "load-time", Nanoseconds, "load time", "from compiled code on disk to what can be instantiated: median over the processes")
        .short("load").compared(Compared::Shown),
    sampled(Metric::InstantiateTime, "instantiate-time", Nanoseconds, "instantiate time", "to make an instance of what is loaded: median over the processes")
        .short("instantiate").compared(Compared::Shown),
    exact(Metric::MemoryBaseline, "memory-baseline", Bytes, "memory at start", "memories and tables after instantiation, exact")
        .once("memory_bytes_baseline"),
    exact(Metric::MemoryPeak, "memory-peak", Bytes, "memory peak", "memories and tables at their peak, exact")
        .short("memory").compared(Compared::OnDemand).column().once("memory_bytes_peak"),
    exact(Metric::MemoryReleased, "memory-released", Bytes, "memory after release", "memories and tables after the case has returned, exact")
        .once("memory_bytes_released"),
    exact(Metric::MemoryMean, "memory-mean", Bytes, "memory mean", "mean of memories and tables over the count pass")
        .drawn(Drawn::Once).once("memory_bytes_mean"),
    sampled(Metric::RssPeak, "rss-peak", Bytes, "resident peak", "resident set of the worker process at its peak")
        .once("rss_bytes_peak"),
    sampled(Metric::SpreadWithin, "spread-within", Ratio, "spread within", "spread of the samples within a process: median absolute deviation over median")
        .once("spread"),
    sampled(Metric::UndisturbedShare, "undisturbed-share", Ratio, "undisturbed samples", "samples that other programs took no time from, of all")
        .better(Better::More).once("undisturbed"),
    row(Source::Quantile(0.5), "p50", Nanoseconds, "p50", "wall time per iteration that half of a process's samples stay below")
        .once("p50"),
    row(Source::Quantile(0.9), "p90", Nanoseconds, "p90", "wall time per iteration that 90 % of a process's samples stay below")
        .once("p90"),
    row(Source::Quantile(0.95), "p95", Nanoseconds, "p95", "wall time per iteration that 95 % of a process's samples stay below")
        .once("p95"),
    row(Source::Quantile(0.99), "p99", Nanoseconds, "p99", "wall time per iteration that 99 % of a process's samples stay below")
        .once("p99"),
    row(Source::BytesPerSecond, "throughput-bytes", BytesPerSecond, "throughput", "bytes per second of wall time, for cases that count bytes")
        .better(Better::More).once("throughput_bytes_per_second"),
    row(Source::ElementsPerSecond, "throughput-elements", ElementsPerSecond, "throughput", "elements per second of wall time, for cases that count elements")
        .better(Better::More).once("throughput_elements_per_second"),
    row(Source::Checksum, "checksum", Unit::Checksum, "checksum", "the result of the case, 64 bits")
        .drawn(Drawn::Exact).better(Better::Neither),
];

const fn row(
    source: Source,
    name: &'static str,
    unit: Unit,
    title: &'static str,
    about: &'static str,
) -> MetricSpec {
    MetricSpec {
        name,
        source,
        unit,
        title,
        short: title,
        about,
        drawn: Drawn::Sampled,
        better: Better::Less,
        compared: Compared::No,
        has_column: false,
        old_name: None,
    }
}

const fn sampled(
    metric: Metric,
    name: &'static str,
    unit: Unit,
    title: &'static str,
    about: &'static str,
) -> MetricSpec {
    row(Source::Measured(metric), name, unit, title, about)
}

const fn exact(
    metric: Metric,
    name: &'static str,
    unit: Unit,
    title: &'static str,
    about: &'static str,
) -> MetricSpec {
    row(Source::Measured(metric), name, unit, title, about).drawn(Drawn::Exact)
}

impl MetricSpec {
    const fn short(self, short: &'static str) -> Self {
        Self { short, ..self }
    }

    const fn drawn(self, drawn: Drawn) -> Self {
        Self { drawn, ..self }
    }

    const fn better(self, better: Better) -> Self {
        Self { better, ..self }
    }

    const fn compared(self, compared: Compared) -> Self {
        Self { compared, ..self }
    }

    const fn column(self) -> Self {
        Self {
            has_column: true,
            ..self
        }
    }

    const fn once(self, name: &'static str) -> Self {
        Self {
            old_name: Some(name),
            ..self
        }
    }

    /// The row of a name, if there is one.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|spec| spec.name == name)
    }

    /// What it is called in a sentence about a change: `wall time`, `memory`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self.unit {
            Nanoseconds => self.title,
            _ => self.short,
        }
    }

    /// The measurement of the report that it is, if it is one.
    #[must_use]
    pub fn metric(&self) -> Option<Metric> {
        match self.source {
            Source::Measured(metric) => Some(metric),
            _ => None,
        }
    }
}

impl Metric {
    /// Every metric of the report, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        METRICS.iter().filter_map(MetricSpec::metric)
    }

    /// Those whose changes are shown where two versions are compared.
    pub fn compared() -> impl Iterator<Item = Self> + Clone {
        Self::all().filter(|metric| metric.spec().compared != Compared::No)
    }

    /// Those of them that something is judged by.
    pub fn judged() -> impl Iterator<Item = Self> + Clone {
        Self::compared().filter(|metric| metric.spec().compared != Compared::Shown)
    }

    /// Those that have a column of their own beside the time, which is wall time or CPU time.
    pub fn columns() -> impl Iterator<Item = Self> + Clone {
        let has_column = |metric: &Self| {
            let spec = metric.spec();
            spec.has_column && spec.compared != Compared::Decides
        };
        Self::all().filter(has_column)
    }

    /// Those of [`Metric::columns`] that a table needs, by whether it has a number of them: what is
    /// counted, and what not every machine can measure where it was measured.
    #[must_use]
    pub(crate) fn columns_of(is_there: impl Fn(Self) -> bool) -> Vec<Self> {
        let is_needed = |metric: &Self| metric.spec().drawn == Drawn::Exact || is_there(*metric);
        Self::columns().filter(is_needed).collect()
    }

    /// Its row in the table.
    #[must_use]
    pub fn spec(self) -> &'static MetricSpec {
        METRICS
            .iter()
            .find(|spec| spec.source == Source::Measured(self))
            .unwrap_or(&METRICS[0])
    }

    /// The unit of its estimate.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.spec().unit.name()
    }
}

impl Unit {
    /// As it stands in the report.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Nanoseconds => "ns",
            Bytes => "bytes",
            Ratio => "ratio",
            BytesPerSecond => "bytes/s",
            ElementsPerSecond => "elements/s",
            Self::Checksum => "hex",
            Count(what) => what,
        }
    }

    /// The unit of a name, if a metric has it.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let mut units = METRICS.iter().map(|spec| spec.unit);
        units.find(|unit| unit.name() == name)
    }
}

#[cfg(test)]
mod tests;
