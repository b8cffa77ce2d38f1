//! `Criterion` itself: where a bench file states settings, which the host decides instead, and
//! registers cases, which go to the [session](super::session).

use std::path::Path;
use std::time::Duration;

use super::bencher::Bencher;
use super::group::{BenchmarkGroup, BenchmarkId};
use super::measurement::{Measurement, WallTime};
use super::settings::PlottingBackend;

/// What a bench function gets. Its settings are accepted and have no effect.
#[derive(Debug)]
pub struct Criterion<M: Measurement = WallTime> {
    measurement: M,
}

impl Default for Criterion {
    fn default() -> Self {
        Criterion {
            measurement: WallTime,
        }
    }
}

/// Settings that the host decides.
macro_rules! settings {
    ($($name:ident($($argument:ident: $type:ty),*): $what:literal;)*) => {$(
        #[doc = concat!($what, " Without effect: see the [module](super).")]
        #[must_use]
        pub fn $name(self, $($argument: $type),*) -> Self {
            $(let _ = $argument;)*
            self
        }
    )*};
}

impl<M: Measurement> Criterion<M> {
    settings! {
        sample_size(n: usize): "How many samples to take.";
        warm_up_time(dur: Duration): "How long to run before measuring.";
        measurement_time(dur: Duration): "How long to measure.";
        nresamples(n: usize): "How many resamples to draw.";
        noise_threshold(threshold: f64): "Which changes to ignore.";
        confidence_level(cl: f64): "How wide an interval to state.";
        significance_level(sl: f64): "How sure a change must be.";
        plotting_backend(backend: PlottingBackend): "What draws the plots.";
        with_plots(): "Draws plots.";
        without_plots(): "Draws no plots.";
        save_baseline(baseline: String): "Keeps the results under a name.";
        retain_baseline(baseline: String, strict: bool): "Compares with results that were kept.";
        with_filter(filter: impl Into<String>): "Which cases to run.";
        with_output_color(enabled: bool): "Whether to print colours.";
        output_directory(path: &Path): "Where to write results.";
        profile_time(profile_time: Option<Duration>): "How long to run for a profiler.";
        configure_from_args(): "Takes settings from the command line.";
    }

    /// Changes what is measured, which can only be [`WallTime`]: the host measures.
    pub fn with_measurement<N: Measurement>(self, measurement: N) -> Criterion<N> {
        Criterion { measurement }
    }

    /// Prints the summary, which is the host's to do.
    pub fn final_summary(&self) {}

    /// Begins a group, whose cases are shown side by side.
    pub fn benchmark_group<S: Into<String>>(&mut self, group_name: S) -> BenchmarkGroup<'_, M> {
        BenchmarkGroup::new(&self.measurement, group_name.into())
    }
}

impl<M: Measurement + 'static> Criterion<M> {
    /// Registers a case that belongs to no group.
    pub fn bench_function<F>(&mut self, id: &str, f: F) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>),
    {
        BenchmarkGroup::alone(&self.measurement, id).bench_function(BenchmarkId::nothing(), f);
        self
    }

    /// Registers a case with an input: a group of its own, named after the function.
    pub fn bench_with_input<F, I>(&mut self, id: BenchmarkId, input: &I, f: F) -> &mut Self
    where
        F: FnMut(&mut Bencher<'_, M>, &I),
    {
        let (name, parameter) = id.into_group();
        self.benchmark_group(name)
            .bench_with_input(parameter, input, f);
        self
    }
}
