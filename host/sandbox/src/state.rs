//! What a store holds: the guest's WASI context, the limits on it, and the bench that it calls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::StoreContextMut;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtxView, WasiView};

use super::limit_hit::LimitHit;
use super::limiter::Limiter;
use super::numbers::Numbers;
use super::opened::Opened;
use super::output::Output;
use super::scratch::Scratch;
use super::waiting::Waiting;
use dyno_measure::{Clock, ProtocolError};
use dyno_model::LimitKind;

/// The fuel that a guest has consumed since it was instantiated, as of its last call into the
/// host. It is the clock of the count pass: one unit of fuel is one nanosecond.
#[derive(Debug, Clone, Default)]
pub struct FuelGauge(Arc<AtomicU64>);

impl FuelGauge {
    pub(super) fn set(&self, consumed: u64) {
        self.0.store(consumed, Ordering::Relaxed);
    }

    /// Fuel consumed since instantiation.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Clock for FuelGauge {
    fn now(&mut self) -> u64 {
        self.consumed()
    }
}

/// The state behind one guest. `B` answers its calls to `bench`.
pub(super) struct State<B> {
    /// What WASI holds: of components by its table of resources, of modules by their descriptors.
    pub(super) wasi: WasiP1Ctx,
    /// The descriptors of a module.
    pub(super) opened: Opened,
    pub(super) limiter: Limiter,
    pub(super) bench: B,
    /// The first rule of the protocol that the guest broke.
    pub(super) fault: Option<ProtocolError>,
    /// The first limit, other than memory, that a host function refused to exceed.
    pub(super) hit: Option<LimitHit>,
    pub(super) output: Output,
    pub(super) scratch: Scratch,
    /// How the guest tells files apart.
    pub(super) numbers: Numbers,
    pub(super) gauge: FuelGauge,
    /// How far sleeping has put the fuel clock forward.
    pub(super) slept: Arc<AtomicU64>,
    pub(super) waiting: Waiting,
    /// Fuel in the tank when the gauge stood at zero; none in a build without fuel.
    pub(super) full_tank: Option<u64>,
    pub(super) max_random_bytes: u64,
}

impl<B> State<B> {
    /// The resources of a component.
    pub(super) fn table(&mut self) -> &mut ResourceTable {
        self.wasi.ctx().table
    }

    /// Refuses a request for more random bytes than the limit.
    ///
    /// # Errors
    /// If it is for more, which ends the guest.
    pub(super) fn check_random(&mut self, len: u64) -> wasmtime::Result<()> {
        if len <= self.max_random_bytes {
            return Ok(());
        }
        self.hit.get_or_insert(LimitHit {
            limit: LimitKind::Random,
            actual: Some(len),
        });
        Err(wasmtime::format_err!(
            "random limit exceeded: {len} bytes wanted"
        ))
    }

    /// Puts the fuel clock forward.
    pub(super) fn sleep(&self, length: u64) {
        let slept = self.slept.load(Ordering::Relaxed);
        self.slept
            .store(slept.saturating_add(length), Ordering::Relaxed);
    }

    /// The limit that was hit, if any: it outranks whatever the guest reports.
    pub(super) fn limit_hit(&self) -> Option<LimitHit> {
        self.limiter
            .hit
            .or(self.hit)
            .or_else(|| self.output.hit())
            .or_else(|| self.scratch.hit())
    }
}

impl<B: Send> WasiView for State<B> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.ctx()
    }
}

/// Reads how much fuel is gone, where there is any: valid within a host call and after a call
/// that returned. Returns it, and keeps it in the gauge for the next reading of the clock.
#[inline]
pub(super) fn read_gauge<B>(store: &mut StoreContextMut<'_, State<B>>) -> u64 {
    if let Some(full) = store.data().full_tank
        && let Ok(left) = store.get_fuel()
    {
        let consumed = full - left;
        store.data().gauge.set(consumed);
        return consumed;
    }
    0
}
