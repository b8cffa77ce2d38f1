//! Ranks by SciPy 1.17.1 (`scipy.stats._wilcoxon.WilcoxonDistribution(n).cdf`), up to n = 20 also
//! by counting all 2^n patterns of signs; averages and their median by NumPy 2.4.6.

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use statrs::distribution::{Binomial, DiscreteCDF};

use super::*;
use crate::median;

/// The rank from 1 at 95, 99 and 99.5 %; 0 where there is no interval.
const RANKS: &[(usize, [usize; 3])] = &[
    (8, [4, 1, 0]),
    (10, [9, 4, 2]),
    (12, [14, 8, 6]),
    (20, [53, 38, 33]),
    (30, [138, 110, 99]),
];

const TEN: [f64; 10] = [
    0.012, -0.004, 0.021, 0.008, 0.0155, -0.001, 0.0075, 0.019, 0.003, 0.0112,
];

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-12
}

/// All Walsh averages of these are different, and exact.
fn powers_of_two(n: usize) -> Vec<f64> {
    (0..n as i32).map(|i| 2.0_f64.powi(i)).collect()
}

#[test]
fn ends_have_the_ranks_of_the_exact_distribution() {
    for (n, ranks) in RANKS {
        let differences = powers_of_two(*n);
        let mut averages: Vec<f64> = (0..*n)
            .flat_map(|i| (i..*n).map(move |j| (i, j)))
            .map(|(i, j)| (differences[i] + differences[j]) / 2.0)
            .collect();
        averages.sort_by(f64::total_cmp);
        for (confidence, k) in [0.95, 0.99, 0.995].into_iter().zip(ranks) {
            let found = paired(&differences, confidence).map(|s| (s.lower, s.upper));
            let expected = k
                .checked_sub(1)
                .map(|low| (averages[low], averages[averages.len() - k]));
            assert_eq!(found, expected, "n = {n}, {confidence}");
        }
        let estimate = paired(&differences, 0.95).unwrap().estimate;
        assert_eq!(Some(estimate), median(&averages), "n = {n}");
    }
}

#[test]
fn the_distribution_is_that_of_all_patterns_of_signs() {
    for n in 1..=12 {
        let found = signed_rank_distribution(n);
        let mut counts = vec![0_u32; n * (n + 1) / 2 + 1];
        for signs in 0..1_usize << n {
            let sum: usize = (1..=n).filter(|rank| signs >> (rank - 1) & 1 == 1).sum();
            counts[sum] += 1;
        }
        for (value, probability) in found.iter().enumerate() {
            let expected = f64::from(counts[value]) / 2.0_f64.powi(n as i32);
            assert_eq!(*probability, expected, "n = {n}, {value}");
        }
    }
}

#[test]
fn ten_pairs_are_those_of_numpy() {
    for (confidence, lower, upper) in [
        (0.95, 0.00325, 0.0155),
        (0.99, -0.0005, 0.01825),
        (0.995, -0.0025, 0.02),
    ] {
        let shift = paired(&TEN, confidence).unwrap();
        assert!(close(shift.estimate, 0.00935), "{shift:?}");
        assert!(close(shift.lower, lower), "{shift:?}");
        assert!(close(shift.upper, upper), "{shift:?}");
        assert_eq!(shift.pairs, 10);
    }
}

/// Hollander & Wolfe, Table 3.1 (Hamilton depression scale factor IV of nine patients) and the
/// examples of section 3: estimate -0.46, and the 96.1 % interval from -0.786 to -0.010.
#[test]
#[expect(clippy::approx_constant, reason = "3.14 is what a patient scored")]
fn the_published_example_comes_out() {
    let before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30];
    let after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
    let differences: Vec<f64> = after.iter().zip(before).map(|(y, x)| y - x).collect();
    let shift = paired(&differences, 0.96).unwrap();
    assert!(close(shift.estimate, -0.46), "{shift:?}");
    assert!(close(shift.lower, -0.786), "{shift:?}");
    assert!(close(shift.upper, -0.010), "{shift:?}");
}

#[test]
fn too_few_pairs_have_no_interval_rather_than_a_narrow_one() {
    for (confidence, needed) in [
        (0.5, 2),
        (0.9, 5),
        (0.95, 6),
        (0.99, 8),
        (0.995, 9),
        (0.999, 11),
    ] {
        assert_eq!(pairs_needed(confidence), needed, "{confidence}");
        let differences = powers_of_two(needed);
        assert_eq!(paired(&differences[1..], confidence), None, "{confidence}");
        let whole = paired(&differences, confidence).unwrap();
        assert_eq!(whole.lower, differences[0], "{confidence}");
        assert_eq!(whole.upper, differences[needed - 1], "{confidence}");
    }
    // 15 of 16 patterns, exactly.
    assert_eq!(pairs_needed(0.9375), 5);
}

#[test]
fn what_is_no_number_or_no_confidence_has_no_answer() {
    assert_eq!(paired(&[], 0.99), None);
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut differences = TEN;
        differences[3] = bad;
        assert_eq!(paired(&differences, 0.95), None);
    }
    for confidence in [f64::NAN, -1.0, 0.0, 1.0, 2.0] {
        assert_eq!(paired(&TEN, confidence), None);
        assert_eq!(pairs_needed(confidence), usize::MAX);
    }
    assert!(paired(&[f64::MAX; 8], 0.99).is_some_and(|s| s.estimate == f64::MAX));
}

#[test]
fn zeros_and_ties_are_differences_like_others() {
    let none = paired(&[0.0; 10], 0.99).unwrap();
    assert_eq!((none.estimate, none.lower, none.upper), (0.0, 0.0, 0.0));
    let some = paired(&[0.0, -0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0], 0.99).unwrap();
    assert_eq!((some.estimate, some.lower, some.upper), (0.5, 0.0, 1.0));
}

#[test]
fn hundreds_of_pairs_still_have_the_exact_rank() {
    // Rank 18,709 of 45,150 by exact integer counts in Python.
    let differences: Vec<f64> = (0..300).map(f64::from).collect();
    let shift = paired(&differences, 0.99).unwrap();
    assert_eq!(shift.estimate, 149.5);
    assert_eq!((shift.lower, shift.upper), (136.0, 163.0));
}

/// A symmetric distribution with tails such as times have. The count of intervals that hold the
/// true shift is binomial, and its exact coverage is known for every n.
#[test]
fn the_interval_covers_what_it_promises() {
    const RUNS: u64 = 4000;
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut uniform = || (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
    // 1 - 2 P(T < k), with the k of the table above and P by SciPy.
    for (n, confidence, coverage) in [
        (8, 0.99, 1.0 - 2.0 / 256.0),
        (10, 0.99, 1.0 - 10.0 / 1024.0),
        (10, 0.95, 1.0 - 50.0 / 1024.0),
        (20, 0.95, 0.951_559_066_772_460_9),
    ] {
        assert!(coverage >= confidence);
        let held = (0..RUNS)
            .filter(|_| {
                let differences: Vec<f64> = (0..n)
                    .map(|_| 0.03 + 0.01 * (2.0 * uniform() - 1.0) / (0.02 + uniform()))
                    .collect();
                let shift = paired(&differences, confidence).unwrap();
                (shift.lower..=shift.upper).contains(&0.03)
            })
            .count() as u64;
        let binomial = Binomial::new(coverage, RUNS).unwrap();
        let (below, above) = (binomial.cdf(held), binomial.sf(held - 1));
        assert!(below > 1e-4, "n = {n}: only {held} of {RUNS}");
        assert!(above > 1e-4, "n = {n}: {held} of {RUNS}, so it is too wide");
    }
}

/// Multiples of 1/1024, so that sums, halves and products with powers of two are exact.
fn differences() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-4096_i32..4096).prop_map(|x| f64::from(x) / 1024.0), 8..24)
}

proptest! {
    #[test]
    fn swapping_base_and_candidate_mirrors_everything(
        logs in prop::collection::vec((0.1_f64..10.0, 0.1_f64..10.0), 8..24),
    ) {
        let up: Vec<f64> = logs.iter().map(|(b, c)| c.ln() - b.ln()).collect();
        let down: Vec<f64> = logs.iter().map(|(b, c)| b.ln() - c.ln()).collect();
        let (up, down) = (paired(&up, 0.99).unwrap(), paired(&down, 0.99).unwrap());
        prop_assert_eq!(up.estimate, -down.estimate);
        prop_assert_eq!(up.lower, -down.upper);
        prop_assert_eq!(up.upper, -down.lower);
    }

    #[test]
    fn a_constant_shifts_and_a_factor_scales(values in differences(), by in -64_i32..64) {
        let by = f64::from(by);
        let of = |f: &dyn Fn(f64) -> f64| {
            paired(&values.iter().map(|x| f(*x)).collect::<Vec<_>>(), 0.99).unwrap()
        };
        let (plain, shifted, scaled) = (of(&|x| x), of(&|x| x + by), of(&|x| 4.0 * x));
        for (plain, shifted, scaled) in [
            (plain.estimate, shifted.estimate, scaled.estimate),
            (plain.lower, shifted.lower, scaled.lower),
            (plain.upper, shifted.upper, scaled.upper),
        ] {
            prop_assert_eq!(shifted, plain + by);
            prop_assert_eq!(scaled, 4.0 * plain);
        }
    }

    #[test]
    fn the_order_of_pairs_does_not_matter(
        (values, shuffled) in differences().prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
    ) {
        prop_assert_eq!(paired(&values, 0.99), paired(&shuffled, 0.99));
    }

    #[test]
    fn more_confidence_is_a_wider_interval_around_the_same_estimate(values in differences()) {
        let steps = [0.01, 0.5, 0.9, 0.95, 0.98, 0.99];
        let found = steps.map(|confidence| paired(&values, confidence).unwrap());
        for shift in found {
            prop_assert!((shift.lower..=shift.upper).contains(&shift.estimate));
        }
        for pair in found.windows(2) {
            prop_assert_eq!(pair[0].estimate, pair[1].estimate);
            prop_assert!(pair[1].lower <= pair[0].lower && pair[0].upper <= pair[1].upper);
        }
    }
}
