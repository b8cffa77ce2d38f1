//! Reference values are by NumPy 2.4.6 and SciPy 1.17.1 on Python 3: `np.median`, `np.mean`,
//! `np.std(ddof=1)`, `scipy.stats.median_abs_deviation`, `np.quantile` (its default is type 7) and
//! `np.exp(scipy.stats.t.interval(0.95, n - 1, np.mean(l), scipy.stats.sem(l)))` with `l =
//! np.log(x)`.

use proptest::prelude::*;

use super::*;

const TEN: [f64; 10] = [12.5, 11.9, 12.1, 14.8, 12.0, 12.2, 11.8, 12.3, 12.05, 12.15];
const FIVE: [f64; 5] = [101.0, 99.5, 103.25, 100.0, 98.75];

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1e-3)
}

#[test]
fn location_and_spread_are_those_of_numpy() {
    assert!(close(median(&TEN).unwrap(), 12.125));
    assert!(close(mean(&TEN).unwrap(), 12.38));
    assert!(close(sd(&TEN).unwrap(), 0.873_117_021_557_439));
    assert!(close(mad(&TEN).unwrap(), 0.15));
    assert!(close(spread_within(&TEN).unwrap(), 0.15 / 12.125));
    assert!(close(sd(&FIVE).unwrap(), 1.741_048_534_648_015));
    // A one-pass sum of squares would lose this to rounding.
    let far = [1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0, 1e9 + 4.0];
    assert!(close(sd(&far).unwrap(), 1.290_994_448_735_805_6));
}

#[test]
fn quantiles_are_those_of_numpy() {
    for (q, expected) in [
        (0.0, 11.8),
        (0.05, 11.845),
        (0.25, 12.0125),
        (0.5, 12.125),
        (0.75, 12.275),
        (0.9, 12.73),
        (0.99, 14.593),
        (1.0, 14.8),
    ] {
        assert!(close(quantile(&TEN, q).unwrap(), expected), "q = {q}");
    }
}

#[test]
fn ten_processes_have_an_interval_of_order_statistics() {
    let estimate = estimate_over_processes(&TEN).unwrap();
    // Ranks 2 and 9 of 10 cover 97.9 %; 3 and 8 would cover 89.1 %.
    assert_eq!((estimate.lower, estimate.upper), (11.9, 12.5));
    assert_eq!(estimate.interval, IntervalMethod::OrderStatistic);
    assert_eq!(
        (estimate.n, estimate.min, estimate.median),
        (10, 11.8, 12.125)
    );
}

#[test]
fn five_processes_have_an_interval_of_students_t() {
    let estimate = estimate_over_processes(&FIVE).unwrap();
    assert!(close(estimate.lower, 98.361_674_379_737_66), "{estimate:?}");
    assert!(
        close(estimate.upper, 102.660_348_606_962_33),
        "{estimate:?}"
    );
    assert_eq!(estimate.interval, IntervalMethod::StudentT);
    assert_eq!(estimate.mean, 100.5);
}

/// On a plain scale the first would begin at -6.7, and the third at -5.9.
#[test]
fn no_interval_of_what_is_never_negative_begins_below_zero() {
    let two = estimate_over_processes(&[5.0, 7.0]).unwrap();
    assert!(close(two.lower, 0.697_698_280_525_896), "{two:?}");
    assert!(close(two.upper, 50.164_950_920_645_01), "{two:?}");
    let equal = estimate_over_processes(&[0.3; 3]).unwrap();
    assert_eq!((equal.lower, equal.upper), (0.3, 0.3));
    let with_zero = estimate_over_processes(&[0.0, 1.0]).unwrap();
    assert_eq!(with_zero.lower, 0.0);
    assert!(
        close(with_zero.upper, 6.853_102_368_087_347),
        "{with_zero:?}"
    );
    let apart = estimate_over_processes(&[1e-300, 1e300]).unwrap();
    assert!(apart.lower >= 0.0 && apart.upper.is_finite(), "{apart:?}");
}

#[test]
fn one_process_has_only_what_lies_within_it() {
    assert_eq!(estimate_over_processes(&[5.0]), None);
    let within = estimate_within(&TEN).unwrap();
    assert_eq!((within.n, within.lower, within.upper), (1, 11.9, 12.5));
    assert_eq!(within.interval, IntervalMethod::WithinProcess);
    let few = estimate_within(&[3.0, 1.0, 2.0]).unwrap();
    assert_eq!((few.lower, few.median, few.upper), (1.0, 2.0, 3.0));
    let one = estimate_within(&[4.0]).unwrap();
    assert_eq!((one.lower, one.sd, one.upper), (4.0, 0.0, 4.0));
    assert_eq!(single(4.0), Some(one));
}

#[test]
fn what_was_counted_is_exact() {
    let fuel = exact(7.25).unwrap();
    assert_eq!(
        (fuel.n, fuel.lower, fuel.upper, fuel.sd),
        (1, 7.25, 7.25, 0.0)
    );
    assert_eq!(fuel.interval, IntervalMethod::Exact);
}

#[test]
fn what_is_no_number_gives_no_estimate() {
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let values = [1.0, 2.0, wrong, 3.0];
        assert_eq!(estimate_over_processes(&values), None);
        assert_eq!(estimate_within(&values), None);
        assert_eq!((exact(wrong), single(wrong)), (None, None));
        assert_eq!(
            (mean(&values), sd(&values), mad(&values)),
            (None, None, None)
        );
        assert_eq!((median(&values), spread_within(&values)), (None, None));
        assert_eq!(quantile(&[1.0], wrong), None);
    }
    assert_eq!(estimate_over_processes(&[]), None);
    assert_eq!(
        (estimate_within(&[]), mean(&[]), median(&[])),
        (None, None, None)
    );
    assert_eq!(
        (quantile(&[1.0], 1.1), quantile(&[1.0], -0.1)),
        (None, None)
    );
}

/// Samples below what a clock resolves read zero, of which nothing is a share.
#[test]
fn around_nothing_there_is_no_spread_in_shares() {
    for samples in [
        [0.0; 3],
        [0.0, 0.0, 5.0],
        [-5.0, 0.0, 5.0],
        [-3.0, -2.0, -1.0],
    ] {
        assert_eq!(spread_within(&samples), None, "{samples:?}");
    }
    assert_eq!(spread_within(&[1.0, 2.0, 3.0]), Some(0.5));
}

fn times(n: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(1e-3..1e12_f64, n)
}

fn numbers(estimate: &Estimate) -> [f64; 6] {
    [
        estimate.min,
        estimate.median,
        estimate.mean,
        estimate.sd,
        estimate.lower,
        estimate.upper,
    ]
}

proptest! {
    #[test]
    fn an_estimate_is_in_order(values in times(2..60)) {
        let e = estimate_over_processes(&values).unwrap();
        let largest = values.iter().copied().fold(0.0, f64::max);
        prop_assert!(e.lower > 0.0, "{e:?}");
        prop_assert!(e.lower <= e.median && e.median <= e.upper, "{e:?}");
        prop_assert!(e.min <= e.median && e.min <= e.mean && e.mean <= largest, "{e:?}");
        prop_assert!(e.sd >= 0.0 && e.n == values.len() as u64);
        if e.interval == IntervalMethod::OrderStatistic {
            prop_assert!(e.min <= e.lower && e.upper <= largest, "{e:?}");
        }
    }

    /// Without the correction for rounding, which `estimate_over_processes` adds.
    #[test]
    fn the_median_of_few_lies_inside_students_interval(values in times(2..=5)) {
        let n = values.len();
        let values: Vec<f64> = values.into_iter().map(f64::ln).collect();
        let half = student_t_quantile(n - 1).unwrap() * sd(&values).unwrap() / (n as f64).sqrt();
        let off = (median(&values).unwrap() - mean(&values).unwrap()).abs();
        prop_assert!(off <= half * (1.0 + 1e-9), "{off} is more than {half}");
    }

    #[test]
    fn the_order_of_processes_does_not_matter(values in times(2..40), turn in 0_usize..40) {
        let mut turned = values.clone();
        turned.rotate_left(turn % values.len());
        turned.reverse();
        let (a, b) = (estimate_over_processes(&values), estimate_over_processes(&turned));
        prop_assert_eq!(a, b);
        prop_assert_eq!(estimate_within(&values), estimate_within(&turned));
    }

    #[test]
    fn another_unit_scales_every_number(values in times(2..40), factor in 1e-3..1e3_f64) {
        let scaled: Vec<f64> = values.iter().map(|x| x * factor).collect();
        let before = estimate_over_processes(&values).unwrap();
        let after = estimate_over_processes(&scaled).unwrap();
        for (x, y) in numbers(&before).into_iter().zip(numbers(&after)) {
            prop_assert!((x * factor - y).abs() <= 1e-9 * factor * before.upper.abs(), "{x} {y}");
        }
    }

    #[test]
    fn an_offset_moves_location_and_leaves_spread(values in times(2..40), offset in 0.0..1e12_f64) {
        let moved: Vec<f64> = values.iter().map(|x| x + offset).collect();
        let before = estimate_over_processes(&values).unwrap();
        let after = estimate_over_processes(&moved).unwrap();
        let tolerance = 1e-9 * (offset + before.upper.abs());
        prop_assert!((before.median + offset - after.median).abs() <= tolerance);
        prop_assert!((before.sd - after.sd).abs() <= tolerance);
    }

    #[test]
    fn quantiles_grow_with_q_and_stay_in_range(values in times(1..40), a in 0.0..=1.0, b in 0.0..=1.0) {
        let (low, high): (f64, f64) = if a < b { (a, b) } else { (b, a) };
        let (x, y) = (quantile(&values, low).unwrap(), quantile(&values, high).unwrap());
        prop_assert!(x <= y);
        prop_assert!(quantile(&values, 0.0).unwrap() <= x && y <= quantile(&values, 1.0).unwrap());
    }

    #[test]
    fn every_value_is_either_inside_the_fences_or_an_outlier(values in times(1..60)) {
        let found = super::super::outliers(&values).unwrap();
        prop_assert!(found.total() <= values.len() / 2, "{found:?}");
    }
}

#[test]
fn a_lone_value_stands_for_itself_and_several_are_processes() {
    assert_eq!(estimate_values(&[5.0]), single(5.0));
    let lone = estimate_values(&[5.0]).unwrap();
    assert_eq!((lone.n, lone.lower, lone.upper), (1, 5.0, 5.0));
    let values = [1.0, 2.0, 4.0];
    assert_eq!(estimate_values(&values), estimate_over_processes(&values));
    assert_eq!(estimate_values(&values).unwrap().n, 3);
    assert_eq!(estimate_values(&[]), None);
    assert_eq!(estimate_values(&[f64::NAN]), None);
}

/// A thousand roundings of the first pass are taken back by the second one.
#[test]
fn the_mean_of_many_is_as_exact_as_that_of_few() {
    let values: Vec<f64> = (0..999).map(f64::from).collect();
    assert!((mean(&values).unwrap() - 499.0).abs() < 1e-12);
}
