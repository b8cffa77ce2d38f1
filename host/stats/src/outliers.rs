//! Which values stand apart. They are counted and shown, never dropped: in a benchmark they are
//! often the finding.

use super::summary::{quantile_of_sorted, sorted};

/// How many values lie outside of Tukey's fences, as Criterion classifies them: mild beyond 1.5
/// interquartile ranges from the quartiles, severe beyond 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outliers {
    /// More than 3 interquartile ranges below the first quartile.
    pub low_severe: usize,
    /// Between 1.5 and 3 below it.
    pub low_mild: usize,
    /// Between 1.5 and 3 above the third quartile.
    pub high_mild: usize,
    /// More than 3 above it.
    pub high_severe: usize,
}

impl Outliers {
    /// All of them.
    #[must_use]
    pub fn total(self) -> usize {
        self.low_severe + self.low_mild + self.high_mild + self.high_severe
    }
}

/// Counts the outliers. None for no value, or one that is not finite.
#[must_use]
pub fn outliers(values: &[f64]) -> Option<Outliers> {
    let sorted = sorted(values)?;
    let (q1, q3) = (
        quantile_of_sorted(&sorted, 0.25),
        quantile_of_sorted(&sorted, 0.75),
    );
    let range = q3 - q1;
    let mut found = Outliers::default();
    for value in sorted {
        if value < q1 - 3.0 * range {
            found.low_severe += 1;
        } else if value < q1 - 1.5 * range {
            found.low_mild += 1;
        } else if value > q3 + 3.0 * range {
            found.high_severe += 1;
        } else if value > q3 + 1.5 * range {
            found.high_mild += 1;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quartiles 11.5 and 24, so the fences stand at -26, -7.25, 42.75 and 61.5 (NumPy 2.4.6:
    /// `np.quantile(a, [0.25, 0.75])`, and the four comparisons).
    #[test]
    fn fences_are_tukeys() {
        let values = [
            10.0, 11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0, 18.0, 19.0, 20.0, 28.0, 29.0, 36.0,
            37.0, 1.0, -7.0, -8.0, 100.0,
        ];
        let expected = Outliers {
            low_mild: 1,
            high_severe: 1,
            ..Outliers::default()
        };
        assert_eq!(outliers(&values), Some(expected));
        assert_eq!(expected.total(), 2);
    }

    #[test]
    fn equal_values_have_none_and_a_single_other_one_is_severe() {
        assert_eq!(outliers(&[5.0; 9]), Some(Outliers::default()));
        let mut values = vec![5.0; 9];
        values.push(5.1);
        assert_eq!(
            outliers(&values),
            Some(Outliers {
                high_severe: 1,
                ..Outliers::default()
            })
        );
        let mirrored: Vec<f64> = values.iter().map(|x| -x).collect();
        assert_eq!(
            outliers(&mirrored),
            Some(Outliers {
                low_severe: 1,
                ..Outliers::default()
            })
        );
    }

    #[test]
    fn what_is_no_number_is_not_classified() {
        assert_eq!(outliers(&[]), None);
        assert_eq!(outliers(&[1.0, f64::NAN]), None);
    }

    /// The quartiles are 10 and 14, so the fences stand at -2, 4, 20 and 26: what lies on one is
    /// still within it.
    #[test]
    fn what_lies_on_a_fence_is_within_it() {
        let low = [-9.0, -3.0, -2.0, 0.0, 3.9, 4.0, 5.0, 6.0, 7.0, 8.0];
        let high = [15.0, 16.0, 17.0, 19.0, 20.0, 20.1, 21.0, 25.0, 26.0, 26.1];
        let values = [&low[..], &[10.0], &[12.0; 19], &[14.0], &high].concat();
        let found = outliers(&values).unwrap();
        let expected = Outliers {
            low_severe: 2,
            low_mild: 3,
            high_mild: 4,
            high_severe: 1,
        };
        assert_eq!((found, found.total()), (expected, 10));
    }
}
