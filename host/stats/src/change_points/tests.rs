//! Segmentations by ruptures 1.1.10, `Pelt(model="l2", min_size=3, jump=1)`, after the preparation
//! that this module describes, written again with NumPy 2.4.6. Where the noise is independent, the
//! partition for the least penalty is the likeliest, too.

use proptest::prelude::*;

use super::*;

/// Nearly normal noise that Python counts out alike: sums of twelve numbers of C's old `rand`.
fn noise_of(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed;
    let mut uniform = || {
        state = (state * 1_103_515_245 + 12_345) % (1 << 31);
        state as f64 / (1_u64 << 31) as f64
    };
    (0..n)
        .map(|_| (0..12).fold(0.0, |sum, _| sum + uniform()) - 6.0)
        .collect()
}

/// Levels as (runs, height), with noise of `sd` times the height.
fn series(seed: u64, levels: &[(usize, f64)], sd: f64) -> Vec<f64> {
    let heights: Vec<f64> = levels
        .iter()
        .flat_map(|(runs, height)| std::iter::repeat_n(*height, *runs))
        .collect();
    let noise = noise_of(seed, heights.len());
    heights
        .iter()
        .zip(noise)
        .map(|(height, z)| height * (1.0 + sd * z))
        .collect()
}

#[test]
fn levels_are_those_that_ruptures_finds() {
    type Levels = &'static [(usize, f64)];
    type Odd = &'static [(usize, f64)];
    let cases: &[(u64, Levels, f64, Odd, &[usize])] = &[
        (1, &[(100, 100.0)], 0.01, &[], &[]),
        (2, &[(50, 100.0), (50, 105.0)], 0.01, &[], &[50]),
        (
            3,
            &[(40, 100.0), (30, 103.0), (50, 98.0), (20, 120.0)],
            0.01,
            &[(10, 1.4), (85, 0.7)],
            &[40, 70, 120],
        ),
        (4, &[(97, 100.0), (3, 105.0)], 0.01, &[], &[97]),
        (
            5,
            &[(30, 1.0), (30, 1.01), (30, 1.02), (30, 1.03), (30, 1.02)],
            0.004,
            &[],
            &[30, 60, 91, 119],
        ),
        (
            6,
            &[(3, 100.0), (4, 110.0), (3, 100.0), (60, 102.0)],
            0.005,
            &[(40, 3.0)],
            &[3, 7, 10],
        ),
        (7, &[(150, 2e9), (150, 2.02e9)], 0.02, &[], &[]),
        (
            8,
            &[(200, -5.0), (100, -5.1), (100, -5.05)],
            0.01,
            &[(300, 2.0)],
            &[199, 301],
        ),
        (
            9,
            &[
                (20, 100.0),
                (20, 104.0),
                (20, 108.0),
                (20, 112.0),
                (20, 108.0),
                (20, 104.0),
                (20, 100.0),
            ],
            0.02,
            &[],
            &[20, 40, 61, 80, 100, 120],
        ),
        (10, &[(60, 100.0), (60, 103.0), (60, 100.0)], 0.03, &[], &[]),
    ];
    for (seed, levels, sd, odd, expected) in cases {
        let mut values = series(*seed, levels, *sd);
        for (run, factor) in *odd {
            values[*run] *= factor;
        }
        assert_eq!(change_points(&values), *expected, "seed {seed}");
    }
}

#[test]
fn noise_alone_seldom_has_a_change() {
    let changed = (0..400)
        .filter(|seed| !change_points(&series(1000 + seed, &[(100, 50.0)], 0.01)).is_empty())
        .count();
    assert!(changed <= 20, "{changed} of 400");
}

/// A kind of noise: its name, and as many values of it with a standard deviation of 1.
type Noise = (&'static str, fn(u64, usize) -> Vec<f64>);

/// Each value owes `part` to the one before it.
fn autocorrelated(part: f64, seed: u64, n: usize) -> Vec<f64> {
    let news = (1.0 - part * part).sqrt();
    let mut last = 0.0;
    let values = noise_of(seed, n + 100).into_iter().map(|z| {
        last = part * last + news * z;
        last
    });
    // After a hundred values nothing is left of where it began.
    values.skip(100).collect()
}

/// One value of `each` number of normal ones.
fn of_normal(seed: u64, n: usize, each: usize, value: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    noise_of(seed, each * n).chunks(each).map(value).collect()
}

const NOISES: [Noise; 7] = [
    ("normal", noise_of),
    ("autocorrelated, 0.3", |seed, n| {
        autocorrelated(0.3, seed, n)
    }),
    ("autocorrelated, 0.5", |seed, n| {
        autocorrelated(0.5, seed, n)
    }),
    ("autocorrelated, 0.8", |seed, n| {
        autocorrelated(0.8, seed, n)
    }),
    ("exponential", |seed, n| {
        of_normal(seed, n, 2, |z| (z[0] * z[0] + z[1] * z[1]) / 2.0)
    }),
    ("lognormal", |seed, n| {
        of_normal(seed, n, 1, |z| z[0].exp() / 2.161)
    }),
    ("Student's t(3)", |seed, n| {
        let chi_squared = |z: &[f64]| z.iter().map(|z| z * z).sum::<f64>();
        of_normal(seed, n, 4, |z| z[0] / chi_squared(&z[1..]).sqrt())
    }),
];

/// How many of `series` histories of `n` runs have a change that is none, and how many have one
/// where a step of three standard deviations is, within a tenth of their length.
fn rates(noise: &Noise, n: usize, series: u64) -> (usize, usize) {
    let (mut wrong, mut found) = (0, 0);
    for seed in 0..series {
        // So far from zero that a logarithm changes no shape.
        let mut values = noise.1(seed, n);
        values.iter_mut().for_each(|x| *x += 1e6);
        wrong += usize::from(!change_points(&values).is_empty());
        values[n / 2..].iter_mut().for_each(|x| *x += 3.0);
        let is_there = |at: &usize| at.abs_diff(n / 2) <= (n / 10).max(3);
        found += usize::from(change_points(&values).iter().any(is_there));
    }
    (wrong, found)
}

/// 19 of 300 lie below 10 % with a confidence of 97.5 % (Clopper & Pearson). With a penalty for
/// independent noise it was 64 % at 0.5, and all at 0.8.
#[test]
fn dependence_alone_seldom_has_a_change_and_a_step_in_it_does() {
    for noise in &NOISES {
        let (wrong, found) = rates(noise, 100, 300);
        // What wanders that far and that slowly looks like a step.
        let enough = if noise.0.ends_with("0.8") { 216 } else { 282 };
        assert!(wrong <= 19, "{}: {wrong} of 300", noise.0);
        assert!(found >= enough, "{}: {found} of 300", noise.0);
    }
}

/// So few runs cannot show how much they depend on each other: a change must be plain.
#[test]
fn few_runs_say_little_rather_than_something_wrong() {
    for noise in &NOISES {
        for (n, most) in [(6, 8), (8, 19), (12, 40), (20, 43)] {
            let (wrong, _) = rates(noise, n, 300);
            assert!(wrong <= most, "{} of {n} runs: {wrong} of 300", noise.0);
        }
    }
    let plain = [100.0, 101.0, 100.4, 99.6, 150.0, 151.0, 150.2, 149.5];
    assert_eq!(change_points(&plain), [4]);
}

#[test]
fn a_step_of_five_percent_in_noise_of_one_is_found_where_it_is() {
    for (before, after) in [(50, 50), (12, 88), (97, 3), (10, 10)] {
        let found = (0..200).filter(|seed| {
            let values = series(2000 + seed, &[(before, 100.0), (after, 105.0)], 0.01);
            let changes = change_points(&values);
            changes.iter().any(|at| at.abs_diff(before) <= 1)
        });
        let found = found.count();
        assert!(found >= 196, "{before} and {after}: {found} of 200");
    }
}

#[test]
fn one_odd_run_or_two_are_no_change_and_three_are() {
    for at in 0..40 {
        for factor in [0.3, 1.3, 40.0] {
            let mut noisy = series(7, &[(40, 100.0)], 0.01);
            let mut exact = vec![1234.0; 40];
            for odd in at..(at + 2).min(40) {
                noisy[odd] *= factor;
                exact[odd] *= factor;
                assert_eq!(change_points(&noisy), [0; 0], "{at} to {odd}, {factor}");
                assert_eq!(change_points(&exact), [0; 0], "{at} to {odd}, {factor}");
            }
        }
    }
    let mut exact = vec![1234.0; 40];
    exact[20..23].fill(1235.0);
    assert_eq!(change_points(&exact), [20, 23]);
}

#[test]
fn counts_that_are_constant_but_for_a_step_have_it_exactly_there() {
    for n in 6..60 {
        for at in 3..=n - 3 {
            for height in [1.001, 0.999, 1.000_001, 2.0, 1e6] {
                let values: Vec<f64> = (0..n)
                    .map(|i| 7_654_321.25 * if i < at { 1.0 } else { height })
                    .collect();
                assert_eq!(change_points(&values), [at], "{n} runs, times {height}");
            }
        }
    }
}

#[test]
fn ten_thousand_constant_counts_do_not_hide_their_last_three() {
    let mut values = vec![7_654_321.25; 10_000];
    values[9_997..].fill(7_654_321.25 * 1.001);
    assert_eq!(change_points(&values), [9_997]);
}

#[test]
fn a_small_exact_step_is_not_hidden_by_a_large_one() {
    let mut values = vec![5e9; 30];
    values.extend([10e9; 30]);
    values.extend([10.001e9; 3]);
    values.extend([0.1; 20]);
    assert_eq!(change_points(&values), [30, 60, 63]);
}

#[test]
fn a_coarse_clock_is_no_change() {
    // About two thirds of the runs read 100, the others 101; most differences are 0.
    let values: Vec<f64> = noise_of(3, 300)
        .iter()
        .map(|z| if *z < 0.4 { 100.0 } else { 101.0 })
        .collect();
    let same = values.windows(2).filter(|w| w[0] == w[1]).count();
    assert!(same > 150);
    assert_eq!(change_points(&values), [0; 0]);
}

#[test]
fn what_has_no_levels_has_no_changes() {
    assert_eq!(change_points(&[]), [0; 0]);
    assert_eq!(change_points(&[1.0, 1.0, 1.0, 9.0, 9.0]), [0; 0]);
    for constant in [0.0, -3.5, 1e-300, f64::MAX] {
        assert_eq!(change_points(&[constant; 50]), [0; 0], "{constant}");
    }
    let mut values = vec![1.0; 20];
    values[15..].fill(f64::NAN);
    assert_eq!(change_points(&values), [0; 0]);
    values[15..].fill(0.0);
    assert_eq!(change_points(&values), [15]);
    values[..15].fill(-f64::MAX);
    values[15..].fill(f64::MAX);
    assert_eq!(change_points(&values), [15]);
}

/// All starts of the last level are tried for every length, and nothing is pruned.
fn partition_by_trying_all(history: &[f64], penalty: f64) -> (f64, Vec<usize>) {
    let mut best: Vec<(f64, Vec<usize>)> = vec![(-penalty, Vec::new())];
    for end in 1..=history.len() {
        let tried = (0..(end + 1).saturating_sub(LEVEL_LENGTH_MIN)).map(|start| {
            let level = &history[start..end];
            let mean = level.iter().sum::<f64>() / level.len() as f64;
            let squares: f64 = level.iter().map(|x| (x - mean).powi(2)).sum();
            let mut starts = best[start].1.clone();
            starts.extend((start > 0).then_some(start));
            (best[start].0 + penalty + squares, starts)
        });
        let least = tried.min_by(|a, b| a.0.total_cmp(&b.0));
        best.push(least.unwrap_or((f64::INFINITY, Vec::new())));
    }
    best.pop().unwrap()
}

proptest! {
    #[test]
    fn pruning_loses_no_better_partition(
        levels in prop::collection::vec((1_usize..12, -3.0_f64..3.0), 1..6),
        seed in 0_u64..1_000_000,
        penalty in 0.0_f64..20.0,
    ) {
        let heights: Vec<f64> =
            levels.iter().flat_map(|(n, h)| std::iter::repeat_n(*h, *n)).collect();
        let history: Vec<f64> =
            heights.iter().zip(noise_of(seed, heights.len())).map(|(h, z)| h + z).collect();
        prop_assume!(history.len() >= 6);
        let (_, expected) = partition_by_trying_all(&history, penalty);
        prop_assert_eq!(optimal_partition(&history, penalty), expected);
    }

    #[test]
    fn any_history_has_ordered_changes_with_levels_of_three(
        values in prop::collection::vec(prop_oneof![any::<f64>(), -2.0..2.0_f64, Just(1.0)], 0..60),
    ) {
        let mut ends = change_points(&values);
        ends.push(values.len());
        let mut start = 0;
        for end in ends {
            prop_assert!(start == 0 && end == values.len() || end - start >= LEVEL_LENGTH_MIN);
            start = end;
        }
    }
}

/// Three runs at 1 and six at 3 have a mean of 7/3: 3 * (4/3)^2 + 6 * (2/3)^2 = 8.
#[test]
fn a_change_explains_by_how_much_the_squares_grow_without_it() {
    let history = [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0];
    assert!((least_gain(&history, &[3]) - 8.0).abs() < 1e-12);
    // A later change that explains less: three at 3 and three at 4 have 3 * 0.25 + 3 * 0.25 = 1.5.
    let history = [1.0, 1.0, 1.0, 3.0, 3.0, 3.0, 4.0, 4.0, 4.0];
    assert!((least_gain(&history, &[3, 6]) - 1.5).abs() < 1e-12);
}

#[test]
fn noise_is_half_the_mean_square_of_bounded_differences() {
    // Every difference is 10: the square root of 100 / 2.
    let even = [0.0, 10.0, 0.0, 10.0, 0.0, 10.0, 0.0];
    assert!((noise(&even) - 50_f64.sqrt()).abs() < 1e-12);
    // Five of eight are zero, so that the third quartile speaks: 300 / 8 / 2.
    let coarse = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0, 0.0, 10.0];
    assert!((noise(&coarse) - 18.75_f64.sqrt()).abs() < 1e-12);
    assert_eq!(noise(&[5.0, 5.0, 5.0, 5.0, 5.0, 9.0, 9.0, 9.0, 9.0]), 0.0);
}

#[test]
fn a_history_of_zeros_has_no_changes() {
    assert_eq!(change_points(&[0.0; 12]), Vec::<usize>::new());
}

#[test]
fn values_that_are_not_all_positive_are_judged_as_parts_of_the_largest() {
    for scale in [1e-300, 1e-12, 1.0, 1e300] {
        let mut values = vec![-scale; 15];
        values.extend([0.5 * scale; 15]);
        assert_eq!(change_points(&values), [15], "{scale}");
    }
}

/// Five differences of 1 and one of 100, of which four times 1 / 0.6745 counts.
#[test]
fn a_step_counts_for_little_in_the_noise() {
    let step = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 101.0];
    let bounded = 4.0 / 0.674_489_750_196_081_7_f64;
    let expected = ((5.0 + bounded.powi(2)) / 6.0 / 2.0).sqrt();
    assert!((noise(&step) - expected).abs() < 1e-9);
}

/// The medians of five are 3, 3, 3, 4, 5, 6, 6, 6.
#[test]
fn a_run_that_lies_further_from_its_neighbours_than_it_may_gives_way_to_their_median() {
    let history = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];
    assert_eq!(without_odd_runs(&history, 2.0), history);
    let filtered = [3.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 6.0];
    assert_eq!(without_odd_runs(&history, 1.0), filtered);
    assert_eq!(
        without_odd_runs(&history[..5], 1.0),
        [3.0, 2.0, 3.0, 4.0, 3.0]
    );
}
