//! Ranks from exact integer counts of all orders in Python, checked against SciPy 1.17.1's
//! `_mannwhitneyu._MWU(m, n).cdf`; differences and their median by NumPy 2.4.6.

use proptest::prelude::*;

use super::*;

/// The rank from 1 at 95, 99 and 99.5 %; 0 where there is no interval.
const RANKS: &[((usize, usize), [usize; 3])] = &[
    ((3, 3), [0, 0, 0]),
    ((4, 4), [1, 0, 0]),
    ((5, 5), [3, 1, 0]),
    ((5, 6), [4, 2, 1]),
    ((5, 10), [9, 5, 4]),
    ((8, 8), [14, 8, 7]),
    ((10, 10), [24, 17, 14]),
    ((7, 20), [35, 25, 21]),
    ((12, 15), [50, 38, 34]),
    ((20, 20), [128, 106, 98]),
    ((30, 25), [259, 224, 211]),
    ((40, 40), [597, 534, 511]),
    ((5, 40), [46, 32, 27]),
];

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-12
}

#[test]
fn ends_have_the_ranks_of_the_exact_distribution() {
    for ((m, n), ranks) in RANKS {
        // The differences are 1, 2, 3, ... mn, each once.
        let base: Vec<f64> = (0..*m).map(|i| -((i * n) as f64)).collect();
        let candidate: Vec<f64> = (1..=*n).map(|j| j as f64).collect();
        for (confidence, k) in [0.95, 0.99, 0.995].into_iter().zip(ranks) {
            let found = shift_between(&base, &candidate, confidence).map(|s| (s.lower, s.upper));
            let expected = (*k > 0).then(|| (*k as f64, (m * n + 1 - k) as f64));
            assert_eq!(found, expected, "{m} and {n}, {confidence}");
        }
    }
}

#[test]
fn the_distribution_is_that_of_all_orders() {
    for (m, n) in [(1, 1), (1, 7), (3, 5), (6, 6), (5, 9)] {
        let mut counts = vec![0.0; m * n + 1];
        let mut orders = 0.0;
        for order in (0..1_u32 << (m + n)).filter(|o| o.count_ones() as usize == m) {
            let places = (0..m + n).filter(|place| order >> place & 1 == 1);
            let u: usize = places.enumerate().map(|(i, place)| place - i).sum();
            counts[u] += 1.0;
            orders += 1.0;
        }
        for (u, probability) in mann_whitney_distribution(m, n).iter().enumerate() {
            assert!(close(*probability, counts[u] / orders), "{m} and {n}: {u}");
        }
    }
}

#[test]
fn twelve_and_fifteen_processes_are_those_of_numpy() {
    let base = [
        98.4, 97.35, 99.5, 100.84, 102.27, 100.22, 98.89, 98.43, 101.5, 103.27, 100.55, 97.53,
    ];
    let candidate = [
        101.08, 106.2, 103.41, 99.54, 102.83, 100.67, 101.74, 102.02, 101.57, 104.11, 102.87,
        101.82, 103.82, 104.66, 99.71,
    ];
    for (confidence, lower, upper) in [(0.95, 0.98, 4.11), (0.99, 0.45, 4.49), (0.995, 0.21, 4.70)]
    {
        let shift = shift_between(&base, &candidate, confidence).unwrap();
        assert!(close(shift.estimate, 2.545), "{shift:?}");
        assert!(close(shift.lower, lower), "{shift:?}");
        assert!(close(shift.upper, upper), "{shift:?}");
        assert_eq!(shift.pairs, 12);
    }
}

/// Hollander & Wolfe, Table 4.1 (permeability of the chorioamnion) and the examples of section 4:
/// estimate -0.305, and the 96 % interval from -0.76 to 0.15.
#[test]
fn the_published_example_comes_out() {
    let at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    let earlier = [1.15, 0.88, 0.90, 0.74, 1.21];
    let shift = shift_between(&at_term, &earlier, 0.96).unwrap();
    assert!(close(shift.estimate, -0.305), "{shift:?}");
    assert!(close(shift.lower, -0.76), "{shift:?}");
    assert!(close(shift.upper, 0.15), "{shift:?}");
}

#[test]
fn an_exact_confidence_is_enough_although_its_binary_fraction_is_not() {
    // 18 of the 20 orders of 3 and 3 are 90 %; 0.9 as f64 is a little more.
    let shift = shift_between(&[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0], 0.9).unwrap();
    assert_eq!((shift.lower, shift.upper), (1.0, 7.0));
    assert_eq!(
        shift_between(&[1.0, 2.0, 3.0], &[4.0, 6.0, 8.0], 0.91),
        None
    );
}

#[test]
fn the_middle_of_two_far_apart_does_not_overflow() {
    let mut candidate = [f64::MAX; 10];
    candidate[..5].fill(-f64::MAX);
    let shift = shift_between(&[0.0; 10], &candidate, 0.99).unwrap();
    assert_eq!(shift.estimate, 0.0);
}

#[test]
fn what_is_no_sample_or_no_confidence_has_no_answer() {
    let ten = [1.0; 10];
    assert!(shift_between(&ten, &ten, 0.99).is_some_and(|s| s.upper == 0.0));
    assert_eq!(shift_between(&[], &ten, 0.5), None);
    assert_eq!(shift_between(&ten, &[], 0.5), None);
    assert_eq!(shift_between(&[], &[], 0.5), None);
    for bad in [f64::NAN, f64::INFINITY] {
        let mut other = ten;
        other[7] = bad;
        assert_eq!(shift_between(&ten, &other, 0.95), None);
        assert_eq!(shift_between(&other, &ten, 0.95), None);
        assert_eq!(shift_between(&other, &other, 0.95), None);
    }
    assert_eq!(shift_between(&[-f64::MAX; 10], &[f64::MAX; 10], 0.95), None);
    for confidence in [f64::NAN, 0.0, 1.0] {
        assert_eq!(shift_between(&ten, &ten, confidence), None);
    }
}

proptest! {
    #[test]
    fn swapping_base_and_candidate_mirrors_everything(
        base in prop::collection::vec(0.1_f64..10.0, 5..20),
        candidate in prop::collection::vec(0.1_f64..10.0, 5..20),
    ) {
        let up = shift_between(&base, &candidate, 0.99).unwrap();
        let down = shift_between(&candidate, &base, 0.99).unwrap();
        prop_assert_eq!(up.estimate, -down.estimate);
        prop_assert_eq!(up.lower, -down.upper);
        prop_assert_eq!(up.upper, -down.lower);
        prop_assert!((up.lower..=up.upper).contains(&up.estimate));
        prop_assert_eq!(up.pairs, base.len().min(candidate.len()));
    }

    #[test]
    fn a_constant_shifts_and_order_does_not_matter(
        base in prop::collection::vec((0_i32..4096).prop_map(f64::from), 5..12),
        candidate in prop::collection::vec((0_i32..4096).prop_map(f64::from), 5..12),
        by in -64_i32..64,
    ) {
        let by = f64::from(by);
        let plain = shift_between(&base, &candidate, 0.99).unwrap();
        let moved: Vec<f64> = candidate.iter().rev().map(|x| x + by).collect();
        let shifted = shift_between(&base, &moved, 0.99).unwrap();
        prop_assert_eq!(shifted.estimate, plain.estimate + by);
        prop_assert_eq!(shifted.lower, plain.lower + by);
        prop_assert_eq!(shifted.upper, plain.upper + by);
    }
}
