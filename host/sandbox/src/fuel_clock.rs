//! The clocks of the count pass: they read consumed fuel, and a sleep only puts them forward.
//!
//! With a real clock a count would depend on the machine; with one that ticks per call a program
//! that waits for time to pass (CoreMark does) would never end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use wasmtime::component::{Linker, Resource};
use wasmtime::{AsContextMut as _, StoreContextMut};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};

use super::state::{State, read_gauge};
use super::waiting::{Entry, Waiting};

/// The wall clock starts here, and every file is of this time: 2020-01-01T00:00:00Z. Any fixed time
/// would do; some programs refuse to run in 1970.
pub(super) const EPOCH: Datetime = Datetime {
    seconds: 1_577_836_800,
    nanoseconds: 0,
};

/// The same, ns.
pub(super) const EPOCH_NS: u64 = EPOCH.seconds * NANOS;

const NANOS: u64 = 1_000_000_000;

/// Replaces the real clocks in `linker`.
pub(super) fn add_to_linker<B: Send + 'static>(
    linker: &mut Linker<State<B>>,
) -> wasmtime::Result<()> {
    let mut monotonic = linker.instance("wasi:clocks/monotonic-clock@0.2.12")?;
    monotonic.func_wrap("now", |store, (): ()| Ok((now(store),)))?;
    monotonic.func_wrap("resolution", |_: StoreContextMut<'_, State<B>>, (): ()| {
        Ok((1u64,))
    })?;
    monotonic.func_wrap("subscribe-instant", |store, (when,): (u64,)| {
        Ok((sleep(store, |_| when)?,))
    })?;
    monotonic.func_wrap("subscribe-duration", |store, (length,): (u64,)| {
        Ok((sleep(store, |now| now.saturating_add(length))?,))
    })?;
    let mut wall = linker.instance("wasi:clocks/wall-clock@0.2.12")?;
    wall.func_wrap("now", |store, (): ()| {
        let now = now(store);
        Ok((Datetime {
            seconds: EPOCH.seconds + now / NANOS,
            nanoseconds: (now % NANOS) as u32,
        },))
    })?;
    wall.func_wrap("resolution", |_: StoreContextMut<'_, State<B>>, (): ()| {
        Ok((Datetime {
            seconds: 0,
            nanoseconds: 1,
        },))
    })
}

pub(super) fn now<B>(mut store: StoreContextMut<'_, State<B>>) -> u64 {
    let consumed = read_gauge(&mut store);
    let slept = store.data().slept.load(Ordering::Relaxed);
    // Go's runtime takes a clock that says 0 for a broken one.
    NANOS.saturating_add(consumed).saturating_add(slept)
}

fn sleep<B: Send>(
    mut store: StoreContextMut<'_, State<B>>,
    until: impl FnOnce(u64) -> u64,
) -> wasmtime::Result<Resource<DynPollable>> {
    let now = now(store.as_context_mut());
    let state = store.data_mut();
    let remaining = until(now).saturating_sub(now);
    let sleep = Sleep {
        remaining,
        slept: Arc::clone(&state.slept),
        slept_at_start: state.slept.load(Ordering::Relaxed),
        waiting: Arc::clone(&state.waiting),
    };
    let sleep = state.table().push(sleep)?;
    subscribe(state.table(), sleep)
}

/// A deadline. When nothing else is ready and no earlier deadline is waited for, the clock jumps to
/// it.
struct Sleep {
    /// From the call that made it, not counting the fuel consumed since: a sleep may last a
    /// little longer than asked for, as on any machine.
    remaining: u64,
    slept: Arc<AtomicU64>,
    slept_at_start: u64,
    waiting: Waiting,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        let deadline = self.slept_at_start.saturating_add(self.remaining);
        if self.slept.load(Ordering::Relaxed) >= deadline {
            return;
        }
        let _waiting = Entry::add(&self.waiting, deadline);
        loop {
            // Whatever else is polled beside this one gets its turn first.
            tokio::task::yield_now().await;
            if self.slept.load(Ordering::Relaxed) >= deadline {
                return;
            }
            let first = self
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .first()
                .copied();
            if first == Some(deadline) {
                self.slept.store(deadline, Ordering::Relaxed);
                return;
            }
        }
    }
}
