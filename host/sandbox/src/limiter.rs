//! One cap over the sum of all memories and tables of a store, and the record of its growth.

use std::time::Instant;

use wasmtime::{Result, bail};

use super::limit_hit::LimitHit;
use dyno_model::{LimitKind, MemoryGrowth, MemoryProfile};

/// A table slot holds a pointer.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// Growth events that are kept. A guest that grows by a page at a time to the largest cap there is
/// (4 GiB) makes 65,536 of them: then every other one is dropped, which keeps the curve's shape.
const GROWTH_EVENTS_MAX: usize = 512;

/// Sums what a store's memories and tables hold, refuses what exceeds the cap, and remembers when
/// they grew. The engine asks it before every growth, the initial sizes included.
#[derive(Debug)]
pub(super) struct Limiter {
    cap_bytes: u64,
    cap_instances: usize,
    bytes: u64,
    peak_bytes: u64,
    /// The last growth that was allowed, to be taken back if the engine could not do it.
    pending: u64,
    growth: Vec<MemoryGrowth>,
    began: Instant,
    /// Sum of bytes x ns up to `last_ns`, for the mean.
    integral: f64,
    last_ns: u64,
    pub(super) hit: Option<LimitHit>,
    /// Whether the system did not give what the cap allows.
    pub(super) is_starved: bool,
}

impl Limiter {
    pub(super) fn new(cap_bytes: u64, cap_instances: usize) -> Self {
        Self {
            cap_bytes,
            cap_instances,
            bytes: 0,
            peak_bytes: 0,
            pending: 0,
            growth: Vec::new(),
            began: Instant::now(),
            integral: 0.0,
            last_ns: 0,
            hit: None,
            is_starved: false,
        }
    }

    /// What there is now, in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Instantiation is over: growth is recorded from here on.
    pub(super) fn begin(&mut self) {
        self.growth.clear();
        self.began = Instant::now();
        self.integral = 0.0;
        self.last_ns = 0;
    }

    /// The profile from [`Limiter::begin`] until now.
    pub(super) fn profile(&mut self, baseline_bytes: u64) -> MemoryProfile {
        let now = self.advance();
        MemoryProfile {
            baseline_bytes,
            peak_bytes: self.peak_bytes,
            released_bytes: self.bytes,
            mean_bytes: if now == 0 {
                self.bytes as f64
            } else {
                self.integral / now as f64
            },
            growth: std::mem::take(&mut self.growth),
        }
    }

    /// Accounts for the time since the last event; returns now.
    fn advance(&mut self) -> u64 {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.integral += self.bytes as f64 * (now - self.last_ns) as f64;
        self.last_ns = now;
        now
    }

    /// Decides on a memory or table that is to grow, its sizes in units of `unit_bytes`.
    fn grow(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
        unit_bytes: u64,
    ) -> Result<bool> {
        // What the module itself forbids is for the engine to refuse.
        if maximum.is_some_and(|maximum| desired > maximum) {
            self.pending = 0;
            return Ok(false);
        }
        let added = (desired - current) as u64 * unit_bytes;
        let wanted = self.bytes.saturating_add(added);
        if wanted > self.cap_bytes {
            self.hit = Some(LimitHit {
                limit: LimitKind::Memory,
                actual: Some(wanted),
            });
            bail!(
                "memory limit of {} bytes exceeded: {wanted} bytes wanted",
                self.cap_bytes
            );
        }
        let at_ns = self.advance();
        self.bytes = wanted;
        self.pending = added;
        self.peak_bytes = self.peak_bytes.max(wanted);
        if self.growth.len() == GROWTH_EVENTS_MAX {
            let mut keep = false;
            self.growth.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.growth.push(MemoryGrowth {
            at_ns,
            bytes: wanted,
        });
        Ok(true)
    }

    /// A growth that was allowed did not come about: the system had no memory for it. One that was
    /// not allowed is none of its matters.
    fn take_back(&mut self) {
        self.is_starved |= self.pending > 0;
        self.bytes -= self.pending;
        self.pending = 0;
    }
}

impl wasmtime::ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.grow(current, desired, maximum, 1)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        self.grow(current, desired, maximum, TABLE_ELEMENT_BYTES)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> Result<()> {
        self.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        self.cap_instances
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::ResourceLimiter as _;

    use super::*;

    #[test]
    fn the_cap_is_over_the_sum_of_memories_and_tables() {
        let mut limiter = Limiter::new(1000, 1);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.table_growing(0, 40, None).unwrap());
        assert_eq!(limiter.bytes(), 920);
        assert!(limiter.memory_growing(0, 100, None).is_err());
        assert_eq!(
            limiter.hit,
            Some(LimitHit {
                limit: LimitKind::Memory,
                actual: Some(1020)
            })
        );
    }

    #[test]
    fn endless_growth_is_kept_in_outline() {
        let mut limiter = Limiter::new(u64::MAX, 1);
        for step in 0..10_000 {
            limiter.memory_growing(step, step + 1, None).unwrap();
        }
        let growth = limiter.profile(0).growth;
        assert!((256..=512).contains(&growth.len()), "{}", growth.len());
        assert!(growth.is_sorted_by_key(|event| event.bytes));
    }

    #[test]
    fn growth_that_failed_is_taken_back_and_what_the_module_forbids_is_no_hit() {
        let mut limiter = Limiter::new(1000, 1);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no"))
            .unwrap();
        assert_eq!((limiter.bytes(), limiter.is_starved), (0, true));
        let mut limiter = Limiter::new(1000, 1);
        assert!(!limiter.memory_growing(0, 5000, Some(100)).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no"))
            .unwrap();
        let Limiter {
            hit, is_starved, ..
        } = limiter;
        assert_eq!((limiter.bytes(), hit, is_starved), (0, None, false));
    }

    #[test]
    fn what_is_just_within_a_cap_or_a_maximum_is_allowed() {
        let mut limiter = Limiter::new(1000, 3);
        assert!(limiter.memory_growing(0, 600, Some(600)).unwrap());
        assert!(limiter.table_growing(10, 60, None).unwrap());
        assert_eq!((limiter.bytes(), limiter.instances()), (1000, 3));
        assert!(limiter.memory_growing(600, 601, None).is_err());
        assert_eq!(limiter.bytes(), 1000);
    }

    /// If this fails, a guest that is refused a growth gets back what it holds, and may hold it
    /// twice.
    #[test]
    fn only_the_growth_that_failed_is_taken_back_and_only_once() {
        let failed = || wasmtime::Error::msg("no");
        let mut limiter = Limiter::new(10_000, 1);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(limiter.table_growing(0, 10, None).unwrap());
        limiter.table_grow_failed(failed()).unwrap();
        assert_eq!((limiter.bytes(), limiter.is_starved), (600, true));
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!((limiter.bytes(), limiter.is_starved), (600, true));
        let mut limiter = Limiter::new(10_000, 1);
        assert!(limiter.memory_growing(0, 600, None).unwrap());
        assert!(!limiter.memory_growing(600, 800, Some(700)).unwrap());
        limiter.memory_grow_failed(failed()).unwrap();
        assert_eq!((limiter.bytes(), limiter.is_starved), (600, false));
    }

    /// Half of the time at 1000 bytes and half at 3000, in such long times that those of the test
    /// itself are nothing.
    #[test]
    fn the_mean_is_over_time_and_begins_after_instantiation() {
        let long = std::time::Duration::from_secs(1_000_000);
        let mut limiter = Limiter::new(10_000, 1);
        assert!(limiter.memory_growing(0, 5000, None).unwrap());
        limiter
            .memory_grow_failed(wasmtime::Error::msg("no"))
            .unwrap();
        assert!(limiter.memory_growing(0, 1000, None).unwrap());
        limiter.began -= long;
        limiter.advance();
        limiter.begin();
        limiter.began -= long;
        assert!(limiter.memory_growing(1000, 3000, None).unwrap());
        limiter.began -= long;
        let profile = limiter.profile(7);
        assert!((profile.mean_bytes - 2000.0).abs() < 1.0, "{profile:?}");
        let sizes = (
            profile.baseline_bytes,
            profile.peak_bytes,
            profile.released_bytes,
        );
        assert_eq!(sizes, (7, 5000, 3000));
        let [growth] = profile.growth.as_slice() else {
            panic!("{profile:?}");
        };
        let at_s = growth.at_ns / 1_000_000_000;
        assert_eq!((at_s / 1000, growth.bytes), (1000, 3000));
    }

    #[test]
    fn every_growth_is_kept_up_to_a_number_and_then_every_other_one() {
        let mut limiter = Limiter::new(u64::MAX, 1);
        let sizes = |limiter: &Limiter| {
            let growth = limiter.growth.iter();
            growth.map(|event| event.bytes).collect::<Vec<_>>()
        };
        for step in 0..512 {
            limiter.memory_growing(step, step + 1, None).unwrap();
        }
        assert_eq!(sizes(&limiter), (1..=512).collect::<Vec<u64>>());
        limiter.memory_growing(512, 513, None).unwrap();
        let odd = (1..=513).step_by(2);
        assert_eq!(sizes(&limiter), odd.collect::<Vec<u64>>());
    }
}
