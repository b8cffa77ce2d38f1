//! Scales of charts. A chart is an SVG as wide as the page lets it be and of a fixed height: what
//! stands in it is placed by percentages, and curves are drawn in a nested picture of 1000 units
//! that is stretched, with strokes that are not. So it fits a telephone and a wall, without a
//! script.

use maud::{Markup, html};

/// Units of the width of a chart's nested picture.
pub(super) const WIDTH: f64 = 1000.0;

/// A range of values along one direction of a chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    /// The smallest value that it shows.
    pub(super) lower: f64,
    /// The largest.
    pub(super) upper: f64,
}

/// What the values of an axis are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Nanoseconds.
    Time,
    /// Bytes.
    Bytes,
    /// A plain number.
    Count,
}

/// A labelled place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Between 0 and 1.
    pub(super) at: f64,
    /// The value with its unit.
    pub(super) label: String,
}

impl Axis {
    /// From the smallest to the largest value with some room on both sides; none for no value.
    pub(super) fn over(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (lower, upper) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if lower > upper {
            return None;
        }
        // Equal values, and values that differ by rounding only, stand in the middle.
        let room = ((upper - lower) * 0.04).max(upper.abs() * 1e-3).max(1e-9);
        let floor = if lower >= 0.0 { 0.0 } else { f64::MIN };
        Some(Self {
            lower: (lower - room).max(floor),
            upper: upper + room,
        })
    }

    /// Where a value stands, 0 to 1; what lies beyond an end stands at that end.
    pub(super) fn at(self, value: f64) -> f64 {
        ((value - self.lower) / (self.upper - self.lower)).clamp(0.0, 1.0)
    }

    /// About `wanted` round values with their labels, in the one unit that suits the largest.
    pub(super) fn ticks(self, wanted: usize, unit: Unit) -> Vec<Tick> {
        let (factor, name) = unit.scale(self.lower.abs().max(self.upper.abs()));
        let (lower, upper) = (self.lower / factor, self.upper / factor);
        let step = round_step((upper - lower) / wanted as f64);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let first = (lower / step).ceil();
        (0..=2 * wanted)
            .map(|i| (first + i as f64) * step)
            // A last tick is not lost to rounding.
            .take_while(|value| *value <= upper + step * 1e-6)
            .map(|value| Tick {
                at: self.at(value * factor),
                label: format!("{value:.decimals$}{name}"),
            })
            .collect()
    }
}

impl Unit {
    fn scale(self, largest: f64) -> (f64, &'static str) {
        let units: &[(f64, &str)] = match self {
            Self::Time => &[(1e9, " s"), (1e6, " ms"), (1e3, " µs"), (1.0, " ns")],
            Self::Bytes => &[
                (f64::from(1 << 30), " GiB"),
                (f64::from(1 << 20), " MiB"),
                (1024.0, " KiB"),
                (1.0, " B"),
            ],
            Self::Count => &[
                (1e12, " T"),
                (1e9, " G"),
                (1e6, " M"),
                (1e3, " k"),
                (1.0, ""),
            ],
        };
        let fits = |(factor, _): &&(f64, &str)| largest >= *factor;
        units
            .iter()
            .find(fits)
            .or(units.last())
            .copied()
            .unwrap_or((1.0, ""))
    }
}

/// The next of 1, 2 and 5 times a power of ten.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(steps[3])
}

/// A place between 0 and 1 as SVG takes it.
pub(super) fn share(at: f64) -> String {
    let text = format!("{:.1}", at * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// Names of values at the left of a chart of this height.
pub(super) fn names_at_left(ticks: &[Tick], height: f64) -> Markup {
    html! { g.y { @for tick in ticks { text y=(((1.0 - tick.at) * height).round()) { (tick.label) } } } }
}

/// Lines across a picture of this many units, where the ticks are.
pub(super) fn lines_across(ticks: &[Tick], units: f64) -> Markup {
    let line = |tick: &Tick| format!("M0 {:.0}h{WIDTH}", (1.0 - tick.at) * units);
    html! { path.grid d=(ticks.iter().map(line).collect::<String>()) {} }
}

/// A nested picture of `units` in height, stretched to the width of its chart and to `height`
/// pixels.
pub(super) fn picture(height: f64, units: f64, curves: Markup) -> Markup {
    html! {
        svg height=(height) viewBox={ "0 0 " (WIDTH) " " (units) } preserveAspectRatio="none" { (curves) }
    }
}

/// The data of an SVG path, with as few characters as the picture needs: whole units, each relative
/// to the last.
#[derive(Default)]
pub(super) struct Path {
    data: String,
    last: (i32, i32),
}

impl Path {
    /// A line from each point to the next.
    pub(super) fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut path = Self::default();
        for (x, y) in points {
            if path.data.is_empty() {
                path.start(x, y)
            } else {
                path.line(x, y)
            }
        }
        path
    }

    /// Begins a line.
    pub(super) fn start(&mut self, x: f64, y: f64) {
        self.last = (x.round() as i32, y.round() as i32);
        self.data
            .push_str(&format!("M{} {}", self.last.0, self.last.1));
    }

    /// Draws a line.
    pub(super) fn line(&mut self, x: f64, y: f64) {
        let next = (x.round() as i32, y.round() as i32);
        let (dx, dy) = (next.0 - self.last.0, next.1 - self.last.1);
        if (dx, dy) == (0, 0) {
            return;
        }
        self.data.push_str(&match (dx, dy) {
            (dx, 0) => format!("h{dx}"),
            (0, dy) => format!("v{dy}"),
            // A minus sign separates by itself.
            (dx, dy) if dy < 0 => format!("l{dx}{dy}"),
            (dx, dy) => format!("l{dx} {dy}"),
        });
        self.last = next;
    }

    /// Draws a point: a line of no length, of which the caps are seen.
    pub(super) fn dot(&mut self, x: f64, y: f64) {
        self.start(x, y);
        self.data.push_str("h0");
    }

    /// Ends where the line began.
    pub(super) fn close(&mut self) {
        self.data.push('z');
    }

    /// The finished data.
    pub(super) fn data(self) -> String {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lower: f64, upper: f64, unit: Unit) -> Vec<String> {
        let ticks = Axis { lower, upper }.ticks(4, unit);
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_and_in_one_unit() {
        assert_eq!(
            labels(0.0, 2000.0, Unit::Time),
            ["0.0 µs", "0.5 µs", "1.0 µs", "1.5 µs", "2.0 µs"]
        );
        assert_eq!(
            labels(1.234e6, 1.266e6, Unit::Time),
            ["1.24 ms", "1.25 ms", "1.26 ms"]
        );
        assert_eq!(
            labels(0.0, 3.0 * 1048576.0, Unit::Bytes),
            ["0 MiB", "1 MiB", "2 MiB", "3 MiB"]
        );
        assert_eq!(labels(7.2, 7.3, Unit::Count), ["7.20", "7.25", "7.30"]);
    }

    #[test]
    fn any_values_have_an_axis_that_contains_them() {
        for values in [
            vec![0.0],
            vec![5.0; 3],
            vec![1e-12, 1e18],
            vec![-3.0, 4.0],
            vec![f64::NAN, 2.0],
        ] {
            let axis = Axis::over(values.clone()).unwrap();
            assert!(axis.lower < axis.upper, "{values:?}");
            for value in values.into_iter().filter(|value| value.is_finite()) {
                assert!(axis.lower <= value && value <= axis.upper);
            }
            assert!(axis.ticks(5, Unit::Time).len() <= 11);
        }
        assert_eq!(Axis::over([]), None);
    }

    #[test]
    fn a_path_is_short_and_relative() {
        let mut path = Path::default();
        path.start(10.4, 20.0);
        path.line(12.0, 19.0);
        path.line(12.0, 25.4);
        path.close();
        assert_eq!(path.data(), "M10 20l2-1v6z");
    }
}
