//! How many iterations make a sample: found out once a case, in a process of its own, so that every
//! process of the case and both sides of a comparison do the same work. The number is a rung of a
//! fixed ladder, the powers of two, so that runs at different times agree on it, too.
//!
//! If each process chose its own number, it would be in proportion to 1/cost, and a cost that
//! depends on the number would hide a change: iterations of which the i-th takes i·U, with U larger
//! by a quarter, were said to have become faster by 0.1 %.

use serde::{Deserialize, Serialize};

use super::{Batch, Order, Schedule};

/// What one process found out about a case.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// Time of one iteration, ns: on the CPU, or wall time if the guest waits.
    pub iteration_ns: f64,
    /// Wall time of one iteration with what is done for it outside of the timed part, ns.
    pub whole_ns: f64,
    /// Time of one iteration in batches of twice as many, over that in batches of so many; none
    /// where they would take too long.
    pub doubled_ratio: Option<f64>,
}

impl Calibrated {
    /// The rung nearest to samples of `target` ns. Set-up of each iteration makes it smaller: a
    /// sample takes at most ten times the target in all.
    #[must_use]
    pub fn iterations(&self, target: u64) -> u64 {
        let target = target as f64;
        let nearest = rung(
            (target / self.iteration_ns.max(f64::MIN_POSITIVE))
                .log2()
                .round(),
        );
        let most = (SET_UP_MAX * target / self.whole_ns.max(f64::MIN_POSITIVE)).log2();
        nearest.min(rung(most.floor()))
    }
}

/// A sample takes at most this many times the target with what lies outside of its timed part.
const SET_UP_MAX: f64 = 10.0;

/// At one iteration a nanosecond, a quarter of an hour: no real work gets here. Work that was
/// folded away takes no time however often it is done.
const EXPONENT_MAX: f64 = 40.0;

fn rung(exponent: f64) -> u64 {
    1 << exponent.clamp(0.0, EXPONENT_MAX) as u32
}

/// Batches of each of both sizes that tell whether the cost of an iteration depends on their
/// number: the fastest of so many is one that no neighbour slowed down.
const ROUNDS: usize = 5;

/// Batches of twice as many iterations are not tried if one takes longer than this, ns.
const DOUBLED_NS_MAX: f64 = 2e8;

/// A batch is not repeated to be sure of it if one takes longer than this, ns.
const REPEATED_NS_MAX: f64 = 5e8;

/// Orders batches of growing size until one is long enough, and then some of two sizes in turn.
#[derive(Debug)]
pub struct CalibrateSchedule {
    sample_ns: u64,
    /// The untimed part of the very first batch, of one iteration: what each batch costs however
    /// large it is, if it does not grow with the iterations.
    first_untimed: Option<u64>,
    found: Option<Calibrated>,
    /// Whether a batch of this size was long enough already; it may have done what only a first one
    /// does.
    was_long: Option<u64>,
    /// Whether a batch was long enough twice.
    is_grown: bool,
    /// Whether batches of two sizes are compared at all.
    is_doubled: bool,
    /// Whether the guest waited.
    has_waited: bool,
    /// Batches of the chosen size and of twice that, in turn: what an iteration took, ns.
    rounds: Vec<(u64, f64)>,
}

impl CalibrateSchedule {
    /// A schedule for samples of `sample_ns` that has ordered nothing yet.
    #[must_use]
    pub fn new(sample_ns: u64) -> Self {
        Self {
            sample_ns,
            first_untimed: None,
            found: None,
            was_long: None,
            is_grown: false,
            is_doubled: true,
            has_waited: false,
            rounds: Vec::new(),
        }
    }

    /// The same without batches of twice as many: of a program, whose every iteration is a fresh
    /// instance.
    #[must_use]
    pub fn without_doubling(self) -> Self {
        Self {
            is_doubled: false,
            ..self
        }
    }

    /// What was found out; none if no batch was finished.
    #[must_use]
    pub fn calibrated(&self) -> Option<Calibrated> {
        let found = self.found?;
        let iterations = found.iterations(self.sample_ns);
        let fastest = |wanted: u64| {
            let of_size = self.rounds.iter().filter(|(size, _)| *size == wanted);
            of_size.map(|(_, ns)| *ns).reduce(f64::min)
        };
        let (Some(once), Some(twice)) = (fastest(iterations), fastest(2 * iterations)) else {
            return Some(found);
        };
        Some(Calibrated {
            iteration_ns: once,
            // How long a guest waits is the machine's decision as well.
            doubled_ratio: (once > 0.0 && !self.has_waited)
                .then(|| self.agreed(iterations, twice / once)),
            ..found
        })
    }

    /// What all rounds agree on: the ratio that shows least of it, since memory that is shared with
    /// neighbours moves each by a fifth; 1 where some say that it costs more and some that it costs
    /// less.
    fn agreed(&self, iterations: u64, fastest: f64) -> f64 {
        let ratio = |round: &[(u64, f64)]| match round {
            [(size, one), (_, other)] if *size == iterations => other / one,
            [(_, one), (_, other)] => one / other,
            _ => fastest,
        };
        let ratios = self.rounds.chunks_exact(2).map(ratio).chain([fastest]);
        let ratios: Vec<f64> = ratios.filter(|ratio| ratio.is_finite()).collect();
        if ratios.iter().all(|ratio| *ratio >= 1.0) {
            ratios.into_iter().fold(f64::INFINITY, f64::min)
        } else if ratios.iter().all(|ratio| *ratio <= 1.0) {
            ratios.into_iter().fold(0.0, f64::max)
        } else {
            1.0
        }
    }

    /// The next size on the way to a batch that is long enough; none if `done` was.
    fn larger(&mut self, done: &Batch) -> Option<u64> {
        let iterations = done.order.iterations;
        let is_first = self.first_untimed.is_none();
        // Set-up that each batch does once must not keep the batches small; set-up of each
        // iteration must.
        let once = *self.first_untimed.get_or_insert(done.untimed);
        let timed = cost(done) * iterations as f64;
        let whole = timed + done.untimed.saturating_sub(once) as f64;
        self.found = Some(Calibrated {
            iteration_ns: cost(done),
            whole_ns: whole / iterations as f64,
            doubled_ratio: None,
        });
        let target = self.sample_ns;
        let is_long = 3.0 * timed >= 2.0 * target as f64 || whole >= SET_UP_MAX * target as f64;
        if iterations >= rung(EXPONENT_MAX) {
            return None;
        }
        if is_long {
            // What only a first call does, and what a neighbour did, is not in a second one.
            let is_sure = self.was_long == Some(iterations) || whole > REPEATED_NS_MAX;
            self.was_long = Some(iterations);
            return (!is_sure).then_some(iterations);
        }
        // After one batch, it is not known yet which of the two its set-up is.
        if is_first && done.untimed >= target.saturating_mul(10) {
            return Some(2);
        }
        // By 2 to 16 times, because the first batches are cold and say too much.
        let factor = target as f64 / timed.max(1.0);
        Some(iterations * rung(factor.log2().floor().clamp(1.0, 4.0)))
    }

    /// The next of the batches of two sizes: n, 2n, 2n, n, so that a drift is in both alike.
    fn next_round(&self) -> Option<u64> {
        let found = self.found?;
        let iterations = found.iterations(self.sample_ns);
        let doubled_ns = 2.0 * iterations as f64 * found.whole_ns;
        let is_done = self.rounds.len() >= 2 * ROUNDS;
        let is_long = doubled_ns > DOUBLED_NS_MAX || iterations >= rung(EXPONENT_MAX);
        if is_done || is_long || !self.is_doubled {
            return None;
        }
        let is_doubled = matches!(self.rounds.len() % 4, 1 | 2);
        Some(if is_doubled {
            2 * iterations
        } else {
            iterations
        })
    }
}

/// What one iteration of a batch took, ns: what its neighbours did is left out, unless it waited.
fn cost(batch: &Batch) -> f64 {
    let ns = match batch.waits {
        0 if batch.cpu > 0 => batch.cpu,
        _ => batch.timed,
    };
    ns as f64 / batch.order.iterations as f64
}

impl Schedule for CalibrateSchedule {
    fn next(&mut self, done: Option<&Batch>) -> Option<Order> {
        self.has_waited |= done.is_some_and(|done| done.waits > 0);
        let iterations = match done {
            None => Some(1),
            Some(done) if self.is_grown => {
                self.rounds.push((done.order.iterations, cost(done)));
                self.next_round()
            }
            Some(done) => {
                let larger = self.larger(done);
                self.is_grown = larger.is_none();
                larger.or_else(|| self.next_round())
            }
        };
        iterations.map(|iterations| Order {
            iterations,
            usage: true,
        })
    }
}

#[cfg(test)]
mod tests;
