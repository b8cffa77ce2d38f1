//! One limit over the sum of all memories and tables of a store, and the record of its growth.

use std::time::Instant;

use wasmtime::{Result, bail};

use super::limit_hit::LimitHit;
use dyno_model::{LimitKind, MemoryGrowth, MemoryProfile};

/// A table slot holds a pointer.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// Growth events that are kept. A guest that grows by a page at a time to the largest limit there is
/// (4 GiB) makes 65,536 of them: then every other one is dropped, which keeps the curve's shape.
const GROWTH_EVENTS_MAX: usize = 512;

/// Sums what a store's memories and tables hold, refuses what exceeds the limit, and remembers when
/// they grew. The engine asks it before every growth, the initial sizes included.
#[derive(Debug)]
pub(super) struct Limiter {
    bytes_max: u64,
    instances_max: usize,
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
    /// Whether the system did not give what the limit allows.
    pub(super) is_starved: bool,
}

impl Limiter {
    pub(super) fn new(bytes_max: u64, instances_max: usize) -> Self {
        Self {
            bytes_max,
            instances_max,
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
        if wanted > self.bytes_max {
            self.hit = Some(LimitHit {
                limit: LimitKind::Memory,
                actual: Some(wanted),
            });
            bail!(
                "memory limit of {} bytes exceeded: {wanted} bytes wanted",
                self.bytes_max
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
        self.instances_max
    }
}

#[cfg(test)]
mod tests;
