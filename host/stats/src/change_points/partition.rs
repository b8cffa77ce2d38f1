//! The best partition of a history into levels, for a given penalty on every change.

use super::LEVEL_LENGTH_MIN;

/// The values of a level so far. Welford's update leaves a cost of exactly 0 for equal values,
/// where differences of running sums would leave their rounding.
#[derive(Clone, Copy)]
struct Level {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Level {
    const EMPTY: Self = Self {
        count: 0.0,
        mean: 0.0,
        squares: 0.0,
    };

    fn with(self, value: f64) -> Self {
        let count = self.count + 1.0;
        let mean = self.mean + (value - self.mean) / count;
        let squares = self.squares + (value - self.mean) * (value - mean);
        Self {
            count,
            mean,
            squares,
        }
    }

    fn cost_at(self, height: f64) -> f64 {
        self.squares + self.count * (height - self.mean).powi(2)
    }
}

/// If the current level is between `low` and `high`, it is best to have begun it at `start`.
#[derive(Clone, Copy)]
struct Candidate {
    start: usize,
    /// The cost of all before it, with the penalty for the change.
    before: f64,
    level: Level,
    low: f64,
    high: f64,
}

/// The starts of the levels but for the first, of the partition that minimises the sum of the
/// squared distances from the level plus `penalty` for every change.
///
/// That is the optimum which PELT finds too (Killick, Fearnhead & Eckley 2012). But PELT prunes
/// only at changes, so that the usual history, which has none, takes n^2 steps. Functional pruning
/// (Maidstone, Hocking, Rigaill & Fearnhead 2017, "On optimal multiple changepoint algorithms for
/// large data") takes about n log n.
pub(super) fn optimal_partition(history: &[f64], penalty: f64) -> Vec<usize> {
    let n = history.len();
    let low = history.iter().copied().fold(f64::INFINITY, f64::min);
    let high = history.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if low >= high {
        return Vec::new();
    }
    // The cost of the best partition of the first so many values, and where its last level starts.
    let mut cost = vec![f64::INFINITY; n + 1];
    let mut last_start = vec![0; n + 1];
    let mut candidates = vec![Candidate {
        start: 0,
        before: 0.0,
        level: Level::EMPTY,
        low,
        high,
    }];
    for (at, upcoming) in history.windows(LEVEL_LENGTH_MIN).enumerate() {
        // Here the candidates hold the values before `at`, so that each gets a level long enough.
        let end = at + LEVEL_LENGTH_MIN;
        for candidate in &mut candidates {
            let level = upcoming.iter().fold(candidate.level, |l, x| l.with(*x));
            let height = level.mean.clamp(candidate.low, candidate.high);
            let total = candidate.before + level.cost_at(height);
            if total < cost[end] {
                cost[end] = total;
                last_start[end] = candidate.start;
            }
            candidate.level = candidate.level.with(upcoming[0]);
        }
        candidates = with_start(&candidates, at + 1, cost[at + 1] + penalty);
    }
    let mut starts = Vec::new();
    let mut start = last_start[n];
    while start > 0 {
        starts.push(start);
        start = last_start[start];
    }
    starts.reverse();
    starts
}

/// Gives to a level that begins at `start` all heights at which the others cost more than `before`
/// already. From now on the same is added to all of them, so a candidate without a height left
/// never returns.
fn with_start(candidates: &[Candidate], start: usize, before: f64) -> Vec<Candidate> {
    let mut kept: Vec<Candidate> = Vec::with_capacity(candidates.len() + 2);
    let give = |kept: &mut Vec<Candidate>, low: f64, high: f64| match kept.last_mut() {
        _ if low >= high => {}
        Some(last) if last.start == start => last.high = high,
        _ => kept.push(Candidate {
            start,
            before,
            level: Level::EMPTY,
            low,
            high,
        }),
    };
    for candidate in candidates {
        let Candidate {
            level, low, high, ..
        } = *candidate;
        let to_spare = (before - candidate.before - level.squares).max(0.0);
        let reach = (to_spare / level.count).sqrt();
        let keep_low = (level.mean - reach).clamp(low, high);
        let keep_high = (level.mean + reach).clamp(low, high);
        give(&mut kept, low, keep_low);
        if keep_low < keep_high {
            kept.push(Candidate {
                low: keep_low,
                high: keep_high,
                ..*candidate
            });
        }
        give(&mut kept, keep_high, high);
    }
    kept
}
