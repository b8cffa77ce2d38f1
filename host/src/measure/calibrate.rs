//! How many iterations make a sample long enough for the clock.

/// The next batch size on the way to `target` ns, given that `iterations` took `timed` ns within
/// `total` ns; none if `iterations` is enough.
///
/// Grows by 2 to 10 times a step, because the first batches are cold and say too much. A batch
/// whose untimed part is ten times the target is long enough, however short its timed part.
/// Work that was folded away takes no time however often it is done: past [`ITERATIONS_MAX`] nobody
/// goes on.
pub(super) fn next_size(iterations: u64, timed: u64, total: u64, target: u64) -> Option<u64> {
    if iterations >= ITERATIONS_MAX {
        return None;
    }
    // A fifth short is near enough: the target is a wish, the minimum is a fifth of it.
    if timed.saturating_mul(5) >= target.saturating_mul(4) || total >= target.saturating_mul(10) {
        return None;
    }
    let factor = if timed == 0 {
        10.0
    } else {
        (target as f64 / timed as f64).clamp(1.25, 10.0)
    };
    Some(((iterations as f64 * factor).ceil() as u64).max(iterations + 1))
}

/// At one iteration a nanosecond, a quarter of an hour: no real work gets here.
const ITERATIONS_MAX: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(ns_per_iteration: f64, overhead: u64) -> (u64, usize) {
        let (mut iterations, mut count) = (1, 0);
        while let Some(next) = {
            let timed = (iterations as f64 * ns_per_iteration) as u64;
            next_size(iterations, timed, timed + overhead * iterations, 5_000_000)
        } {
            iterations = next;
            count += 1;
        }
        (iterations, count)
    }

    #[test]
    fn reaches_the_target_in_few_steps() {
        let (iterations, count) = steps(1.0, 0);
        assert!(
            (4_000_000..=6_000_000).contains(&iterations),
            "{iterations}"
        );
        assert!(count <= 8, "{count}");
        assert_eq!(steps(80_000_000.0, 0).0, 1);
        assert!(steps(0.001, 0).0 >= 4_000_000_000);
    }

    #[test]
    fn work_that_takes_no_time_at_all_comes_to_an_end() {
        let (iterations, count) = steps(0.0, 0);
        assert!(
            iterations >= ITERATIONS_MAX && count < 20,
            "{iterations} {count}"
        );
    }

    #[test]
    fn does_not_chase_a_short_timed_part_through_a_long_untimed_one() {
        let (iterations, _) = steps(10.0, 1_000_000);
        assert!(iterations <= 500, "{iterations}");
    }
}
