//! The likelihood of a first-order autoregression is that of a normal distribution with the
//! covariances `owed^|i - j|`, which is worked out here by elimination and not from run to run.

use super::*;

/// Numbers between -0.5 and 0.5 that look like chance.
fn numbers(seed: u32, n: u32) -> Vec<f64> {
    let of = |at: u32| (seed + at).wrapping_mul(2_654_435_761) >> 8;
    (1..=n)
        .map(|at| f64::from(of(at)) / f64::from(1 << 24) - 0.5)
        .collect()
}

/// `x' R^-1 x` for the covariances R of an autoregression that owes `owed`.
fn quadratic_form(x: &[f64], owed: f64) -> f64 {
    let n = x.len();
    let mut rows: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let covariances = (0..n).map(|j| owed.powi(i.abs_diff(j) as i32));
            covariances.chain([x[i]]).collect()
        })
        .collect();
    for pivot in 0..n {
        let row = rows[pivot].clone();
        for (_, other) in rows.iter_mut().enumerate().filter(|(at, _)| *at != pivot) {
            let factor = other[pivot] / row[pivot];
            other
                .iter_mut()
                .zip(&row)
                .for_each(|(to, from)| *to -= factor * from);
        }
    }
    (0..n).map(|i| x[i] * rows[i][n] / rows[i][i]).sum()
}

/// Minus twice the logarithm of the likelihood of levels, but for a constant.
fn by_covariances(history: &[f64], changes: &[usize]) -> (f64, f64) {
    let mut around = Vec::new();
    let bounds = [&[0], changes, &[history.len()]].concat();
    for level in bounds.windows(2).map(|ends| &history[ends[0]..ends[1]]) {
        let mean = level.iter().sum::<f64>() / level.len() as f64;
        around.extend(level.iter().map(|x| x - mean));
    }
    let n = around.len();
    let of_neighbours: f64 = (1..n).map(|i| around[i] * around[i - 1]).sum();
    let owed = of_neighbours / around.iter().map(|x| x.powi(2)).sum::<f64>();
    let bounded = owed.clamp(0.0, 0.98);
    let variance = quadratic_form(&around, bounded) * (1.0 - bounded.powi(2)) / n as f64;
    (owed, n as f64 * variance.ln())
}

#[test]
fn levels_leave_unexplained_what_their_likelihood_says() {
    let mut wandering = numbers(7, 40);
    for at in 1..wandering.len() {
        wandering[at] += 0.95 * wandering[at - 1];
    }
    let mut steps = numbers(8, 30);
    steps[10..].iter_mut().for_each(|x| *x += 3.0);
    steps[22..].iter_mut().for_each(|x| *x -= 7.0);
    let alternating: Vec<f64> = (0..12)
        .map(|at| f64::from(at % 2) + 0.01 * f64::from(at))
        .collect();
    let slope: Vec<f64> = (0..200).map(f64::from).collect();
    for (history, changes, owes) in [
        (&wandering, &[][..], 0.1..0.98),
        (&wandering, &[13], 0.1..0.9),
        (&steps, &[], 0.1..0.98),
        (&steps, &[10, 22], -0.9..0.9),
        (&steps, &[4, 10, 22], -0.9..0.9),
        // What alternates owes less than nothing, and a slope more than a level can.
        (&alternating, &[], -1.0..-0.5),
        (&slope, &[], 0.981..1.0),
    ] {
        let (owed, expected) = by_covariances(history, changes);
        assert!(owes.contains(&owed), "{owed}");
        let found = unexplained(history, changes, 0.0);
        assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
    }
}

#[test]
fn levels_that_explain_everything_leave_the_least_noise() {
    let exact = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0];
    let least = 7.0 * 1e-6_f64.ln();
    assert!((unexplained(&exact, &[3], 1e-3) - least).abs() < 1e-9);
    assert!(unexplained(&exact, &[], 1e-3) > least);
}

/// Three ln(n) for each change, times n / (n - 2 changes - 2).
#[test]
fn a_change_weighs_more_the_fewer_runs_there_are() {
    for (changes, runs, expected) in [
        (0, 50, 0.0),
        (1, 100, 14.391_156_831_212_788),
        (3, 20, 44.935_984_103_309_86),
        // All that can be estimated is: half a run is left.
        (2, 6, 129.006_681_784_419_98),
    ] {
        let found = weight(changes, runs);
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }
}
