//! The types of settings that the host decides. They are here so that bench files compile.

/// How Criterion draws the plots of a group.
#[derive(Clone, Debug, Default)]
pub struct PlotConfiguration(());

impl PlotConfiguration {
    /// The scale of the summary's axes. Without effect: see the [module](super).
    #[must_use]
    pub fn summary_scale(self, new_scale: AxisScale) -> Self {
        let _ = new_scale;
        self
    }
}

/// The scale of an axis.
#[derive(Clone, Copy, Debug, Default)]
pub enum AxisScale {
    /// Equal steps are equal differences.
    #[default]
    Linear,
    /// Equal steps are equal ratios.
    Logarithmic,
}

/// How Criterion spreads iterations over samples.
#[derive(Clone, Copy, Debug, Default)]
pub enum SamplingMode {
    /// As seems best.
    #[default]
    Auto,
    /// Each sample has more than the one before.
    Linear,
    /// All samples have equally many.
    Flat,
}

/// What draws Criterion's plots; Dyno draws its own.
#[derive(Clone, Copy, Debug)]
pub enum PlottingBackend {
    /// The program gnuplot.
    Gnuplot,
    /// The crate plotters.
    Plotters,
    /// Nothing.
    None,
}
