//! What a criterion can be about: the one table of metric names, their units and where the number is found.

use std::fmt;

use dyno_model as model;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricSpec {
    /// Its name; of a time without the unit, which is a suffix that its user chooses (`wall_ms`).
    pub name: &'static str,
    /// Where the number is found.
    pub quantity: Quantity,
    /// What it is, for people.
    pub about: &'static str,
}

/// Where a number is found, and with that what it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity {
    /// A measurement of the report.
    Report(model::Metric),
    /// A quantile, 0 to 1, of the wall time per iteration over the samples of a process.
    Quantile(f64),
    /// Bytes a second, drawn from the wall time.
    BytesPerSecond,
    /// Elements a second, drawn from the wall time.
    ElementsPerSecond,
    /// The checksum that every pass agreed on.
    Checksum,
}

use Quantity::{BytesPerSecond, Checksum, ElementsPerSecond, Quantile, Report};

/// Every metric, in the order in which they are shown.
#[rustfmt::skip]
pub const METRICS: &[MetricSpec] = &[
    row("wall", Report(model::Metric::WallTime), "wall time per iteration: median over the processes"),
    row("cpu", Report(model::Metric::CpuTime), "CPU time per iteration: median over the processes"),
    row("first_iteration", Report(model::Metric::FirstIteration), "the first iteration of a process, cold"),
    row("p50", Quantile(0.5), "wall time per iteration that half of a process's samples stay below"),
    row("p90", Quantile(0.9), "wall time per iteration that 90 % of a process's samples stay below"),
    row("p95", Quantile(0.95), "wall time per iteration that 95 % of a process's samples stay below"),
    row("p99", Quantile(0.99), "wall time per iteration that 99 % of a process's samples stay below"),
    row("throughput_bytes_per_second", BytesPerSecond, "work over wall time, for cases that count bytes"),
    row("throughput_elements_per_second", ElementsPerSecond, "work over wall time, for cases that count elements"),
    row("fuel_per_iteration", Report(model::Metric::Fuel), "weighted instructions per iteration, exact"),
    row("memory_bytes_baseline", Report(model::Metric::MemoryBaseline), "memories and tables after instantiation, exact"),
    row("memory_bytes_peak", Report(model::Metric::MemoryPeak), "memories and tables at their peak, exact"),
    row("memory_bytes_released", Report(model::Metric::MemoryReleased), "memories and tables after the case has returned, exact"),
    row("memory_bytes_mean", Report(model::Metric::MemoryMean), "mean of memories and tables over the count pass"),
    row("rss_bytes_peak", Report(model::Metric::RssPeak), "resident set of the worker process at its peak"),
    row("spread", Report(model::Metric::SpreadWithin), "spread of the samples within a process: median absolute deviation over median"),
    row("undisturbed", Report(model::Metric::UndisturbedShare), "samples that other programs took no time from, of all"),
    row("checksum", Checksum, "the result of the case, 64 bits"),
];

const fn row(name: &'static str, quantity: Quantity, about: &'static str) -> MetricSpec {
    MetricSpec {
        name,
        quantity,
        about,
    }
}

impl MetricSpec {
    /// The metrics of a row: one, or one for each unit of time.
    pub fn metrics(&'static self) -> impl Iterator<Item = Metric> {
        let is_time = self.unit() == "ns";
        let times = TimeUnit::ALL.into_iter().filter(move |_| is_time).map(Some);
        times
            .chain((!is_time).then_some(None))
            .map(move |time| Metric { spec: self, time })
    }

    /// The unit in which the report has it.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.quantity {
            Report(metric) => metric.unit(),
            Quantile(_) => "ns",
            BytesPerSecond => "bytes/s",
            ElementsPerSecond => "elements/s",
            Checksum => "hex",
        }
    }

    /// Whether its number is counted, so that it can be equal to another.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        use model::Metric as M;
        match self.quantity {
            Checksum => true,
            Report(metric) => matches!(
                metric,
                M::Fuel | M::MemoryBaseline | M::MemoryPeak | M::MemoryReleased
            ),
            Quantile(_) | BytesPerSecond | ElementsPerSecond => false,
        }
    }

    /// Whether it differs from process to process, so that one process says nothing of the next.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        !self.is_exact() && self.quantity != Report(model::Metric::MemoryMean)
    }
}

/// A metric in the unit that its name says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// Its row.
    pub spec: &'static MetricSpec,
    /// The unit, if it is a time.
    pub time: Option<TimeUnit>,
}

/// A unit of time that a name can end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Nanoseconds.
    Ns,
    /// Microseconds.
    Us,
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

impl TimeUnit {
    const ALL: [Self; 4] = [Self::Ns, Self::Us, Self::Ms, Self::S];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ns => "ns",
            Self::Us => "us",
            Self::Ms => "ms",
            Self::S => "s",
        }
    }

    /// The unit of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// How many nanoseconds it is.
    #[must_use]
    pub fn ns(self) -> f64 {
        match self {
            Self::Ns => 1.0,
            Self::Us => 1e3,
            Self::Ms => 1e6,
            Self::S => 1e9,
        }
    }
}

impl Metric {
    /// Every metric under every name.
    pub fn all() -> impl Iterator<Item = Self> {
        METRICS.iter().flat_map(MetricSpec::metrics)
    }

    /// The metric of a name, if it is one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|metric| metric.to_string() == name)
    }

    /// The unit of its numbers.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.time.map_or(self.spec.unit(), TimeUnit::name)
    }

    /// A number of the report in this metric's unit.
    #[must_use]
    pub fn from_report(self, value: f64) -> f64 {
        self.time.map_or(value, |unit| value / unit.ns())
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)?;
        match self.time {
            Some(unit) => write!(f, "_{}", unit.name()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_of_the_report_has_a_row_and_every_name_is_one_metric() {
        for metric in model::Metric::ALL {
            let rows = METRICS.iter().filter(|row| row.quantity == Report(metric));
            assert_eq!(rows.count(), 1, "{metric:?}");
        }
        let names: Vec<_> = Metric::all().map(|metric| metric.to_string()).collect();
        for name in &names {
            assert_eq!(names.iter().filter(|other| *other == name).count(), 1);
            assert_eq!(Metric::named(name).unwrap().to_string(), *name);
        }
        for issued in [
            "fuel_per_iteration",
            "p95_ms",
            "memory_bytes_peak",
            "checksum",
        ] {
            assert!(names.iter().any(|name| name == issued), "{issued}");
        }
        assert_eq!(Metric::named("wall"), None);
    }

    #[test]
    fn every_row_stands_in_the_manual() {
        let manual = include_str!("../../../docs/suites.md");
        for row in METRICS {
            let name = row.metrics().map(|metric| metric.to_string());
            let lines = name.map(|name| format!("| `{name}` | {} |", row.about));
            let stands = lines.filter(|line| manual.contains(line.as_str()));
            assert_eq!(stands.count(), 1, "{}", row.name);
        }
    }

    #[test]
    fn a_name_says_the_unit() {
        let ms = Metric::named("p95_ms").unwrap();
        assert_eq!((ms.unit(), ms.from_report(3_500_000.0)), ("ms", 3.5));
        assert_eq!(Metric::named("spread").unwrap().unit(), "ratio");
    }
}
