//! Where the samples of one process lie: its density as a hill on its side, behind its samples.
//! Processes are not pooled: they are what differs.

use super::axis::{Axis, Path};
use super::samples::bulk;
use dyno_stats as stats;

/// Points of a density curve.
const POINTS: usize = 12;

/// A hill ends where mild outliers begin (Tukey's fences): its few points are needed where most
/// samples are.
const HILL_RANGES: f64 = 1.5;

/// A narrower kernel than Silverman's, so that two modes stay two.
const NARROWING: f64 = 0.75;

/// The outline of a Gaussian kernel density in a picture of `height` units: it stands on `left`,
/// and is `width` where it is highest. None for values that do not differ.
pub(super) fn hill(times: &[f64], axis: Axis, left: f64, width: f64, height: f64) -> Option<Path> {
    let is_inside = |time: &f64| (axis.lower..=axis.upper).contains(time);
    let inside: Vec<f64> = times.iter().copied().filter(is_inside).collect();
    let kernel = bandwidth(&inside)?;
    let [lower, upper] = bulk(&inside, HILL_RANGES);
    let (lower, upper) = (lower - 2.0 * kernel, upper + 2.0 * kernel);
    let step = (upper - lower) / (POINTS - 1) as f64;
    // The ends stand on the ground, so that what lies beyond them leaves no cliff.
    let density = |i: usize, at: f64| match i {
        0 => 0.0,
        i if i == POINTS - 1 => 0.0,
        _ => inside
            .iter()
            .map(|value| (-0.5 * ((at - value) / kernel).powi(2)).exp())
            .sum(),
    };
    let curve: Vec<(f64, f64)> = (0..POINTS)
        .map(|i| (i, lower + i as f64 * step))
        .map(|(i, at)| (at, density(i, at)))
        .collect();
    let highest = curve
        .iter()
        .map(|(_, density)| *density)
        .fold(0.0, f64::max);
    let y = |time| (1.0 - axis.at(time)) * height;
    let hill = curve
        .iter()
        .map(|(at, density)| (left + width * density / highest, y(*at)));
    let mut path = Path::through(hill);
    path.close();
    Some(path)
}

/// Silverman's rule of thumb (Density Estimation, 1986, eq. 3.31), narrowed.
fn bandwidth(values: &[f64]) -> Option<f64> {
    let range = stats::quantile(values, 0.75)? - stats::quantile(values, 0.25)?;
    let sd = stats::sd(values)?;
    let spread = if range > 0.0 {
        sd.min(range / 1.34)
    } else {
        sd
    };
    let width = NARROWING * 0.9 * spread * (values.len() as f64).powf(-0.2);
    (width > 0.0).then_some(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How far to the right the points of a path lie, as its relative steps add up.
    fn heights(data: &str) -> Vec<f64> {
        let kinds = data.matches(['l', 'h', 'v']);
        let start: f64 = data[1..].split(' ').next().unwrap().parse().unwrap();
        let mut heights = vec![start];
        for (numbers, kind) in data.split(['l', 'h', 'v']).skip(1).zip(kinds) {
            let numbers = numbers.trim_end_matches('z').replace('-', " -");
            let first: f64 = numbers.split_whitespace().next().unwrap().parse().unwrap();
            heights.push(heights[heights.len() - 1] + if kind == "v" { 0.0 } else { first });
        }
        heights
    }

    #[test]
    fn two_modes_are_two_hills() {
        let mode = |i| if i % 2 == 0 { 100.0 } else { 120.0 };
        let times: Vec<f64> = (0..200).map(|i| mode(i) + f64::from(i % 7) * 0.3).collect();
        let axis = Axis::over(times.clone()).unwrap();
        let heights = heights(&hill(&times, axis, 0.0, 100.0, 1000.0).unwrap().data());
        let is_peak = |w: &&[f64]| w[1] > w[0] && w[1] >= w[2] && w[1] > 50.0;
        assert_eq!(heights.windows(3).filter(is_peak).count(), 2, "{heights:?}");
        assert!(
            heights.iter().all(|height| (-1.0..=101.0).contains(height)),
            "{heights:?}"
        );
    }

    #[test]
    fn values_that_do_not_differ_have_no_density() {
        let axis = Axis::over([5.0]).unwrap();
        assert!(hill(&[5.0; 9], axis, 0.0, 1.0, 1.0).is_none());
        assert!(hill(&[5.0], axis, 0.0, 1.0, 1.0).is_none());
    }
}
