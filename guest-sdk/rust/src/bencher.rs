//! The loop between a case and the host: asks for batches, times the routine, and hands back the
//! checksum. Everything that a timed section contains is in this file, and for Criterion's benches
//! in `criterion/bencher.rs`.

use std::fmt::Display;
use std::hint::black_box;
use std::mem::needs_drop;

use crate::checksum::Checksum;
use crate::host;

/// Runs the batches of one case. A case's closure gets it, prepares its input, and ends with one
/// of its methods.
#[derive(Debug)]
pub struct Bencher(pub(crate) ());

impl Bencher {
    /// Times `routine`, which is called as often as the host wants.
    ///
    /// What the routine returns becomes the checksum of the batch, and is dropped within the timed
    /// part, as in Criterion; to keep the drop out of it, use [`iter_batched`](Self::iter_batched).
    /// The checksum is computed outside the timed part, from the last result of the batch. A
    /// result that is an `Err` fails the case with the error's text.
    ///
    /// Each result passes through [`black_box`], and so does the routine with all that it
    /// captures: the compiler can neither leave out the work, nor compute with the captured values
    /// in advance, nor do the work once for all iterations. Constants *within* the routine are not
    /// protected: write `|| fib(black_box(20))`.
    ///
    /// Beside the routine, an iteration costs a store of the result, a count and a branch.
    pub fn iter<T: Checksum>(self, mut routine: impl FnMut() -> T) -> Measured {
        let mut checksum = 0;
        while let Some(iterations) = host::next(checksum) {
            // From here on the captured values are in memory that, as far as the compiler knows,
            // changes with each result that passes through a black box.
            let routine = black_box(&mut routine);
            let mut left = iterations;
            host::start();
            let last = loop {
                let output = black_box(routine());
                if left <= 1 {
                    break output;
                }
                left -= 1;
            };
            host::stop();
            match verified(&last) {
                Ok(sum) => checksum = sum,
                Err(message) => return Measured(Err(message)),
            }
            // The one drop that the loop left over, so that n iterations contain n drops.
            if needs_drop::<T>() {
                host::start();
                drop(last);
                host::stop();
            }
        }
        Measured(Ok(()))
    }

    /// Times `routine` on an input that it consumes or changes; `setup` makes a fresh one for each
    /// iteration, outside the timed part.
    ///
    /// The inputs are made in groups, and each group is timed as a whole, because starting and
    /// stopping the clock takes longer than a small routine does. What that costs: as many inputs
    /// and results as `size` says are in memory at once, and an input is no longer in the
    /// processor's nearest cache when its turn comes. The results are dropped outside the timed
    /// part; inputs belong to the routine, and what it drops of them is timed.
    ///
    /// Beside the routine, an iteration costs moving the input and the result, and its share of the
    /// one `start` and `stop` of its group, which take some tens of nanoseconds; the report shows
    /// the cost of an empty batch.
    pub fn iter_batched<I, T: Checksum>(
        self,
        mut setup: impl FnMut() -> I,
        mut routine: impl FnMut(I) -> T,
        size: BatchSize,
    ) -> Measured {
        let mut inputs: Vec<I> = Vec::new();
        let mut outputs: Vec<T> = Vec::new();
        let mut checksum = 0;
        while let Some(iterations) = host::next(checksum) {
            let mut left = iterations;
            while left > 0 {
                let group = size.inputs().min(left);
                outputs.clear();
                inputs.extend((0..group).map(|_| setup()));
                time_group(&mut inputs, &mut outputs, &mut routine);
                left -= group;
            }
            match outputs.last().map(verified).transpose() {
                Ok(sum) => checksum = sum.unwrap_or(0),
                Err(message) => return Measured(Err(message)),
            }
            outputs.clear();
        }
        Measured(Ok(()))
    }
}

/// Times `routine` over all of `inputs`, as one.
#[inline]
pub(crate) fn time_group<I, T>(
    inputs: &mut Vec<I>,
    outputs: &mut Vec<T>,
    routine: &mut impl FnMut(I) -> T,
) {
    outputs.reserve(inputs.len());
    let routine = black_box(routine);
    let inputs = black_box(inputs);
    host::start();
    outputs.extend(inputs.drain(..).map(|input| black_box(routine(input))));
    host::stop();
}

/// How many inputs [`Bencher::iter_batched`] prepares at a time. Names as in Criterion; the numbers
/// are fixed here, so that the memory a case needs does not depend on how fast the machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// 256 inputs: for inputs and results up to some ten KiB, which then need a few MiB. An
    /// iteration bears 1/256 of a start and stop.
    SmallInput,
    /// 16 inputs: for inputs and results up to a few MiB. An iteration bears 1/16 of a start and
    /// stop.
    LargeInput,
    /// One input: for the largest ones, or for routines that must find a hot cache. Each iteration
    /// bears a start and stop.
    PerIteration,
    /// As many inputs as stated, at least one.
    NumIterations(u32),
}

impl BatchSize {
    fn inputs(self) -> u64 {
        match self {
            BatchSize::SmallInput => 256,
            BatchSize::LargeInput => 16,
            BatchSize::PerIteration => 1,
            BatchSize::NumIterations(inputs) => u64::from(inputs.max(1)),
        }
    }
}

/// Proof that a case ran its batches. Only [`Bencher::iter`] and [`Bencher::iter_batched`] make it,
/// and a case's closure must return it, so a case that measures nothing does not compile.
#[derive(Debug)]
#[must_use = "a case returns what `iter` or `iter_batched` returned; remove the semicolon"]
pub struct Measured(Result<(), String>);

/// What a case's closure may return: [`Measured`], or a `Result` with it, so that `?` works in the
/// preparation. An `Err` fails the case with the error's text.
#[diagnostic::on_unimplemented(
    message = "a case must return what `iter` or `iter_batched` returned",
    label = "this closure returns `{Self}`",
    note = "remove the semicolon after `b.iter(..)`, or end with `Ok(b.iter(..))` where the closure uses `?`"
)]
pub trait Outcome {
    /// What `run` reports to the host.
    ///
    /// # Errors
    /// The message with which the case failed.
    fn outcome(self) -> Result<(), String>;
}

impl Outcome for Measured {
    fn outcome(self) -> Result<(), String> {
        self.0
    }
}

impl<E: Display> Outcome for Result<Measured, E> {
    fn outcome(self) -> Result<(), String> {
        self.map_err(|error| error.to_string())?.outcome()
    }
}

/// The checksum of a result, or the message of the error that it is.
fn verified<T: Checksum>(output: &T) -> Result<u64, String> {
    match output.failure() {
        Some(message) => Err(message),
        None => Ok(output.checksum()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    use super::*;
    use crate::host::is_timed;
    use crate::{Suite, test};

    /// What happened, in order, each with whether the clock was running.
    type Log = Rc<RefCell<Vec<(&'static str, bool)>>>;

    fn note(log: &Log, what: &'static str) {
        log.borrow_mut().push((what, is_timed()));
    }

    fn times(log: &Log, what: &'static str, timed: bool) -> usize {
        log.borrow()
            .iter()
            .filter(|entry| **entry == (what, timed))
            .count()
    }

    /// A result that notes when it is dropped and when it is hashed.
    struct Noting(Log);

    impl Drop for Noting {
        fn drop(&mut self) {
            note(&self.0, "drop");
        }
    }

    impl Checksum for Noting {
        fn feed(&self, hash: &mut crate::Fnv1a) {
            note(&self.0, "hash");
            1u8.feed(hash);
        }
    }

    fn run(case: impl Fn(Bencher) -> Measured + Clone + 'static) -> Result<u64, String> {
        test::run(
            |suite: &mut Suite| suite.bench("case", case.clone()),
            "case",
        )
    }

    /// A wrong count would scale every time that Dyno reports.
    #[test]
    fn iter_does_as_many_iterations_as_asked_all_timed() {
        let log = Log::default();
        let case = log.clone();
        let checksum = run(move |b| b.iter(|| note(&case, "routine")));
        assert_eq!(checksum, Ok(().checksum()));
        let asked: u64 = test::BATCHES.iter().sum();
        assert_eq!(times(&log, "routine", true) as u64, asked);
        assert_eq!(log.borrow().len() as u64, asked);
    }

    /// Otherwise the time of an output's drop would be missing for long iterations, of which a
    /// batch has but one.
    #[test]
    fn iter_times_every_drop_and_no_hash() {
        let log = Log::default();
        let output = log.clone();
        assert!(run(move |b| b.iter(|| Noting(output.clone()))).is_ok());
        let asked: u64 = test::BATCHES.iter().sum();
        assert_eq!(times(&log, "drop", true) as u64, asked);
        assert_eq!(times(&log, "drop", false), 0);
        assert_eq!(times(&log, "hash", false), test::BATCHES.len());
        assert_eq!(times(&log, "hash", true), 0);
    }

    #[test]
    fn iter_batched_times_only_the_routine() {
        for size in [
            BatchSize::SmallInput,
            BatchSize::PerIteration,
            BatchSize::NumIterations(4),
        ] {
            let log = Log::default();
            let case = log.clone();
            let checksum = run(move |b| {
                b.iter_batched(
                    || note(&case, "setup"),
                    |()| {
                        note(&case, "routine");
                        Noting(case.clone())
                    },
                    size,
                )
            });
            assert!(checksum.is_ok());
            let asked = test::BATCHES.iter().sum::<u64>() as usize;
            assert_eq!(times(&log, "setup", false), asked, "{size:?}");
            assert_eq!(times(&log, "routine", true), asked, "{size:?}");
            assert_eq!(times(&log, "drop", false), asked, "{size:?}");
            assert_eq!(
                log.borrow().len(),
                3 * asked + test::BATCHES.len(),
                "{size:?}"
            );
        }
    }

    /// The memory a case needs would otherwise grow with the speed of the machine.
    #[test]
    fn iter_batched_holds_no_more_inputs_than_stated() {
        let alive = Rc::new(Cell::new(0u32));
        let most = Rc::new(Cell::new(0u32));
        let (a, m) = (alive.clone(), most.clone());
        let checksum = run(move |b| {
            b.iter_batched(
                || {
                    a.set(a.get() + 1);
                    m.set(m.get().max(a.get()));
                },
                |()| a.set(a.get() - 1),
                BatchSize::NumIterations(4),
            )
        });
        assert!(checksum.is_ok());
        assert_eq!((alive.get(), most.get()), (0, 4));
    }

    #[test]
    fn an_err_fails_the_case() {
        let failed = run(|b| b.iter(|| "x".parse::<u8>()));
        assert_eq!(failed, Err("invalid digit found in string".into()));
        let failed = run(|b| b.iter_batched(|| "y", str::parse::<u8>, BatchSize::SmallInput));
        assert_eq!(failed, Err("invalid digit found in string".into()));
    }

    #[test]
    fn preparation_may_fail() {
        let suite = |s: &mut Suite| {
            s.bench("case", |b| {
                let n: u32 = "x".parse()?;
                Ok::<_, std::num::ParseIntError>(b.iter(|| n + 1))
            });
        };
        assert_eq!(
            test::run(suite, "case"),
            Err("invalid digit found in string".into())
        );
    }
}
