//! The timing loops, each of which does one batch. Criterion calls a case's closure once for each
//! sample, and so does this: what the closure prepares is made afresh for each batch.

use std::future::Future;
use std::hint::black_box;
use std::marker::PhantomData;

use super::async_executor::AsyncExecutor;
use super::measurement::{Measurement, WallTime};
use crate::bencher::time_group;
use crate::host;

/// There is none: see the [module](super).
const NO_CHECKSUM: u64 = 0;

/// Calls a case's closure for each batch that the host wants.
pub(super) fn run_batches<M: Measurement>(
    _measurement: &M,
    f: &mut dyn FnMut(&mut Bencher<'_, M>),
) -> Result<(), String> {
    while let Some(iterations) = host::next(NO_CHECKSUM) {
        let mut bencher = Bencher {
            iterations,
            batch: Batch::Missing,
            measurement: PhantomData,
        };
        f(&mut bencher);
        match bencher.batch {
            Batch::Done => {}
            Batch::Missing => return Err("the closure of the case never called `iter`".into()),
            Batch::Refused(why) => return Err(why.into()),
        }
    }
    Ok(())
}

/// Times the routine of a case. The closure of a case calls one of its methods, once.
#[derive(Debug)]
pub struct Bencher<'a, M: Measurement = WallTime> {
    iterations: u64,
    batch: Batch,
    measurement: PhantomData<&'a M>,
}

#[derive(Clone, Copy, Debug)]
enum Batch {
    Missing,
    Done,
    Refused(&'static str),
}

/// Why [`Bencher::iter_custom`] is not supported.
const CUSTOM: &str = "`iter_custom` times itself, but Dyno's host owns the clock: use `iter`, or \
                      `iter_batched` to keep set-up out of the timed part";

impl<'a, M: Measurement> Bencher<'a, M> {
    /// Times `routine`, and the drop of what it returns.
    pub fn iter<O, R>(&mut self, mut routine: R)
    where
        R: FnMut() -> O,
    {
        self.begin();
        let routine = black_box(&mut routine);
        host::start();
        for _ in 0..self.iterations {
            black_box(routine());
        }
        host::stop();
    }

    /// Fails the case: a routine that times itself is not supported.
    pub fn iter_custom<R>(&mut self, routine: R)
    where
        R: FnMut(u64) -> M::Value,
    {
        let _ = routine;
        self.batch = Batch::Refused(CUSTOM);
    }

    /// As [`iter_batched`](Self::iter_batched), with one input at a time.
    #[doc(hidden)]
    pub fn iter_with_setup<I, O, S, R>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> O,
    {
        self.iter_batched(setup, routine, BatchSize::PerIteration);
    }

    /// Times `routine`, without the drop of what it returns.
    pub fn iter_with_large_drop<O, R>(&mut self, mut routine: R)
    where
        R: FnMut() -> O,
    {
        self.iter_batched(|| (), |()| routine(), BatchSize::SmallInput);
    }

    /// Times `routine`, which consumes what `setup` makes; neither `setup` nor the drop of what
    /// the routine returns is timed.
    pub fn iter_batched<I, O, S, R>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> O,
    {
        self.begin();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for group in size.groups(self.iterations) {
            inputs.extend((0..group).map(|_| setup()));
            time_group(&mut inputs, &mut outputs, &mut routine);
            outputs.clear();
        }
    }

    /// Times `routine`, which changes what `setup` makes; neither `setup`, nor the drop of what
    /// it made, nor the drop of what the routine returns is timed.
    pub fn iter_batched_ref<I, O, S, R>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(&mut I) -> O,
    {
        self.begin();
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for group in size.groups(self.iterations) {
            inputs.extend((0..group).map(|_| setup()));
            outputs.reserve(inputs.len());
            let routine = black_box(&mut routine);
            let inputs = black_box(&mut inputs);
            host::start();
            outputs.extend(inputs.iter_mut().map(|input| black_box(routine(input))));
            host::stop();
            outputs.clear();
            inputs.clear();
        }
    }

    /// The same for routines that return futures, which `runner` runs to their ends.
    pub fn to_async<'b, A: AsyncExecutor>(&'b mut self, runner: A) -> AsyncBencher<'a, 'b, A, M> {
        AsyncBencher { b: self, runner }
    }

    /// A loop begins, which must be the only one of its batch.
    fn begin(&mut self) {
        self.batch = match self.batch {
            Batch::Missing => Batch::Done,
            Batch::Done => Batch::Refused(
                "the closure of the case calls `iter` more than once, of which Criterion would \
                 report the last: make a case of each",
            ),
            refused @ Batch::Refused(_) => refused,
        };
    }
}

/// Times the futures of a case.
#[derive(Debug)]
pub struct AsyncBencher<'a, 'b, A: AsyncExecutor, M: Measurement = WallTime> {
    b: &'b mut Bencher<'a, M>,
    runner: A,
}

impl<A: AsyncExecutor, M: Measurement> AsyncBencher<'_, '_, A, M> {
    /// Times `routine`, the future that it returns, and the drop of what that returns.
    pub fn iter<O, R, F>(&mut self, mut routine: R)
    where
        R: FnMut() -> F,
        F: Future<Output = O>,
    {
        self.b.begin();
        let iterations = self.b.iterations;
        self.runner.block_on(async {
            let routine = black_box(&mut routine);
            host::start();
            for _ in 0..iterations {
                black_box(routine().await);
            }
            host::stop();
        });
    }

    /// Fails the case: a routine that times itself is not supported.
    pub fn iter_custom<R, F>(&mut self, routine: R)
    where
        R: FnMut(u64) -> F,
        F: Future<Output = M::Value>,
    {
        let _ = routine;
        self.b.batch = Batch::Refused(CUSTOM);
    }

    /// As [`iter_batched`](Self::iter_batched), with one input at a time.
    #[doc(hidden)]
    pub fn iter_with_setup<I, O, S, R, F>(&mut self, setup: S, routine: R)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> F,
        F: Future<Output = O>,
    {
        self.iter_batched(setup, routine, BatchSize::PerIteration);
    }

    /// Times `routine` and its future, without the drop of what that returns.
    pub fn iter_with_large_drop<O, R, F>(&mut self, mut routine: R)
    where
        R: FnMut() -> F,
        F: Future<Output = O>,
    {
        self.iter_batched(|| (), |()| routine(), BatchSize::SmallInput);
    }

    /// Times `routine`, which consumes what `setup` makes, and its future.
    pub fn iter_batched<I, O, S, R, F>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(I) -> F,
        F: Future<Output = O>,
    {
        self.b.begin();
        let groups = size.groups(self.b.iterations);
        self.runner.block_on(async {
            let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
            for group in groups {
                inputs.extend((0..group).map(|_| setup()));
                outputs.reserve(inputs.len());
                let routine = black_box(&mut routine);
                let inputs = black_box(&mut inputs);
                host::start();
                for input in inputs.drain(..) {
                    outputs.push(black_box(routine(input).await));
                }
                host::stop();
                outputs.clear();
            }
        });
    }

    /// Times `routine`, which changes what `setup` makes, and its future.
    pub fn iter_batched_ref<I, O, S, R, F>(&mut self, mut setup: S, mut routine: R, size: BatchSize)
    where
        S: FnMut() -> I,
        R: FnMut(&mut I) -> F,
        F: Future<Output = O>,
    {
        self.b.begin();
        let groups = size.groups(self.b.iterations);
        self.runner.block_on(async {
            let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
            for group in groups {
                inputs.extend((0..group).map(|_| setup()));
                outputs.reserve(inputs.len());
                let routine = black_box(&mut routine);
                let inputs = black_box(&mut inputs);
                host::start();
                for input in inputs.iter_mut() {
                    outputs.push(black_box(routine(input).await));
                }
                host::stop();
                outputs.clear();
                inputs.clear();
            }
        });
    }
}

/// How many inputs are prepared at a time. The first two are fixed here, where Criterion takes a
/// share of the iterations, so that the memory of a case does not depend on how fast the machine is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum BatchSize {
    /// 256 inputs.
    SmallInput,
    /// 16 inputs.
    LargeInput,
    /// One input.
    PerIteration,
    /// The iterations of a batch, divided by this.
    NumBatches(u64),
    /// As many inputs as stated.
    NumIterations(u64),
}

impl BatchSize {
    /// The sizes of the groups, which add up to `iterations`.
    fn groups(self, iterations: u64) -> impl Iterator<Item = u64> {
        let size = match self {
            BatchSize::SmallInput => 256,
            BatchSize::LargeInput => 16,
            BatchSize::PerIteration => 1,
            BatchSize::NumBatches(batches) => iterations.div_ceil(batches.max(1)),
            BatchSize::NumIterations(inputs) => inputs,
        };
        let size = size.max(1);
        (0..iterations.div_ceil(size)).map(move |group| size.min(iterations - group * size))
    }
}
