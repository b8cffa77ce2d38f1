//! How long the counted work takes: CPU time of the timed parts of a count pass. The time pass is
//! held against it, so that a plugin which does other work once it is timed is found out.

use nix::time::ClockId;

use super::{Bench, ProtocolError, clock_ns};
use dyno_model::Pace;

/// A [`Bench`] that passes on every call, and reads the thread's CPU time around the timed parts.
/// Reading costs some 300 ns, so that short batches seem slower than they are, and never faster.
#[derive(Debug)]
pub struct Paced<B> {
    bench: B,
    cpu_ns: fn() -> u64,
    iterations: u64,
    batch_ns: u64,
    began_ns: u64,
    fastest: Option<Pace>,
}

impl<B> Paced<B> {
    /// Around `bench`, with the calling thread's CPU time.
    pub fn new(bench: B) -> Self {
        Self::with_clock(bench, || clock_ns(ClockId::CLOCK_THREAD_CPUTIME_ID))
    }

    fn with_clock(bench: B, cpu_ns: fn() -> u64) -> Self {
        Self {
            bench,
            cpu_ns,
            iterations: 0,
            batch_ns: 0,
            began_ns: 0,
            fastest: None,
        }
    }

    /// What it was around, and the batch whose iterations took the least; none if no batch was
    /// finished.
    pub fn into_parts(self) -> (B, Option<Pace>) {
        (self.bench, self.fastest)
    }

    fn batch_done(&mut self) {
        let batch = Pace {
            iterations: self.iterations,
            cpu_ns: std::mem::take(&mut self.batch_ns),
        };
        if batch.iterations > 0 {
            self.fastest = Some(batch.faster(self.fastest));
        }
    }
}

impl<B: Bench> Bench for Paced<B> {
    fn next(&mut self, checksum: u64) -> Result<Option<u64>, ProtocolError> {
        let next = self.bench.next(checksum)?;
        self.batch_done();
        self.iterations = next.unwrap_or(0);
        Ok(next)
    }

    fn start(&mut self) -> Result<(), ProtocolError> {
        self.bench.start()?;
        self.began_ns = (self.cpu_ns)();
        Ok(())
    }

    fn stop(&mut self) -> Result<(), ProtocolError> {
        self.batch_ns += (self.cpu_ns)().saturating_sub(self.began_ns);
        self.bench.stop()
    }

    fn finish(&mut self) -> Result<(), ProtocolError> {
        self.bench.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
    }

    fn pass(ns: u64) {
        NOW.set(NOW.get() + ns);
    }

    /// Batches of these iterations.
    struct Batches(Vec<u64>);

    impl Bench for Batches {
        fn next(&mut self, _: u64) -> Result<Option<u64>, ProtocolError> {
            Ok(self.0.pop())
        }

        fn start(&mut self) -> Result<(), ProtocolError> {
            Ok(())
        }

        fn stop(&mut self) -> Result<(), ProtocolError> {
            Ok(())
        }

        fn finish(&mut self) -> Result<(), ProtocolError> {
            Ok(())
        }
    }

    /// If this fails, a cold batch or set-up between the timed parts makes counted work look slow.
    #[test]
    fn the_fastest_batch_counts_and_of_it_the_timed_parts() {
        let mut paced = Paced::with_clock(Batches(vec![4, 2, 1]), || NOW.get());
        let costs = [1000, 150, 160];
        for cost in costs {
            let iterations = paced.next(0).unwrap().unwrap();
            for _ in 0..iterations {
                pass(100_000);
                paced.start().unwrap();
                pass(cost);
                paced.stop().unwrap();
            }
        }
        assert_eq!(paced.next(0), Ok(None));
        let pace = paced.into_parts().1.unwrap();
        assert_eq!((pace.iterations, pace.cpu_ns), (2, 300));
    }

    /// If this fails, a guest that breaks the protocol is not found out in the count pass.
    #[test]
    fn every_fault_is_passed_on() {
        let mut outside = Paced::new(crate::NoBench);
        assert_eq!(outside.next(0), Err(ProtocolError::OutsideRun));
        assert_eq!(outside.start(), Err(ProtocolError::OutsideRun));
        assert_eq!(outside.stop(), Err(ProtocolError::OutsideRun));
        let schedule = crate::CountSchedule::new(crate::CountSettings::default());
        let clock = crate::sampler::fake::FakeClock::default();
        let mut unfinished = Paced::new(crate::Sampler::new(clock, schedule));
        assert_eq!(unfinished.finish(), Err(ProtocolError::EarlyReturn));
        assert_eq!(unfinished.into_parts().1, None);
    }
}
