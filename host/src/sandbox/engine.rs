//! The builds of a component and the engines that make and run them.

use serde::{Deserialize, Serialize};
use wasmtime::{Config, Engine, OptLevel, Strategy};

use super::{Layout, Limits};
use crate::report::model::LimitKind;

/// How a component is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Build {
    /// With fuel, for counting: deterministic, and 10 % to 100 % slower.
    Metered,
    /// With no instrumentation at all, for timing. The supervisor's clock is its guard.
    Timed,
    /// Metered, and every function tells when it begins and ends (`instrument.rs`).
    Profiled,
}

impl Build {
    /// Both builds that a plugin is measured by.
    pub const ALL: [Self; 2] = [Self::Metered, Self::Timed];

    /// Its name in file names and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Timed => "timed",
            Self::Profiled => "profiled",
        }
    }

    /// Whether it counts fuel.
    #[must_use]
    pub(super) fn has_fuel(self) -> bool {
        self != Self::Timed
    }

    /// Core instances that are ours and not the guest's.
    pub(super) fn own_instances(self) -> usize {
        usize::from(self == Self::Profiled)
    }

    /// The guest's stack. The frames of a profiled one are a little larger, for the smallest about
    /// twice as large: what fits without must fit with it.
    #[must_use]
    pub fn stack_bytes(self, limits: &Limits) -> usize {
        let bytes = limits.size(LimitKind::Stack);
        match self {
            Self::Profiled => bytes.saturating_mul(2),
            Self::Metered | Self::Timed => bytes,
        }
    }

    /// The engine that runs this build.
    ///
    /// # Errors
    /// If the engine does not support this machine.
    pub fn engine(self, limits: &Limits) -> wasmtime::Result<Engine> {
        Engine::new(&self.config(limits))
    }

    /// The engine that compiles this build in one of its layouts. What it compiles runs on [`Self::engine`].
    ///
    /// # Errors
    /// If the engine does not support this machine.
    pub(super) fn compiler(self, limits: &Limits, layout: Layout) -> wasmtime::Result<Engine> {
        let mut config = self.config(limits);
        layout.configure(&mut config);
        Engine::new(&config)
    }

    fn config(self, limits: &Limits) -> Config {
        let stack_bytes = self.stack_bytes(limits);
        let mut config = Config::new();
        config
            .strategy(Strategy::Cranelift)
            .cranelift_opt_level(OptLevel::Speed)
            // Processors differ in the sign and payload of a NaN, so a guest that looks at them would take other
            // ways. It costs up to 6.7x on n-body (measured): what is timed goes without.
            .cranelift_nan_canonicalization(self.has_fuel())
            .consume_fuel(self.has_fuel())
            .epoch_interruption(false)
            .max_wasm_stack(stack_bytes)
            // Never used, since all calls are synchronous, but it must not be the smaller one.
            .async_stack_size(stack_bytes.saturating_mul(2))
            // A whole 32-bit memory and its guard are reserved, so that accesses need no bounds
            // check; a smaller reservation costs up to 1.45x (measured).
            .memory_reservation(4 << 30)
            .memory_guard_size(32 << 20)
            .memory_may_move(false)
            // On, so that instantiation costs the same fuel whatever the data segments hold.
            .memory_init_cow(true)
            .relaxed_simd_deterministic(true)
            .wasm_memory64(false)
            .wasm_multi_memory(false)
            .wasm_custom_page_sizes(false)
            .wasm_wide_arithmetic(false)
            .wasm_tail_call(true)
            .wasm_relaxed_simd(true);
        config
    }
}

/// Name and version of the engine, for the report.
pub const ENGINE: &str = "wasmtime 48.0.8";

#[cfg(test)]
mod tests {
    use super::ENGINE;

    #[test]
    fn the_report_names_the_engine_that_is_linked() {
        let lock = include_str!("../../../Cargo.lock");
        let version = ENGINE.strip_prefix("wasmtime ").unwrap();
        let package = format!("name = \"wasmtime\"\nversion = \"{version}\"");
        assert!(
            lock.contains(&package),
            "{ENGINE} is not what Cargo.lock has"
        );
    }
}
