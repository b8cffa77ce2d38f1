//! The engines that make and run the builds of a component.

use std::collections::BTreeMap;

use wasmtime::{Collector, Config, Engine, OptLevel, Strategy, WasmFeatures};

use super::{layout, proposals};
use dyno_job::{Build, Layout};
use dyno_model::{Features, Limits};

/// The engine that runs a build.
///
/// # Errors
/// If the engine does not support this machine.
pub fn engine(build: Build, limits: &Limits, features: &Features) -> wasmtime::Result<Engine> {
    Engine::new(&config(build, limits, features))
}

/// The engine that compiles a build in one of its layouts. What it compiles runs on [`engine`].
///
/// # Errors
/// If the engine does not support this machine.
pub(super) fn compiler(
    build: Build,
    limits: &Limits,
    layout: Layout,
    features: &Features,
) -> wasmtime::Result<Engine> {
    let mut config = config(build, limits, features);
    layout::configure(layout, &mut config);
    Engine::new(&config)
}

fn config(build: Build, limits: &Limits, features: &Features) -> Config {
    let stack_bytes = build.stack_bytes(limits);
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // Processors differ in the sign and payload of a NaN, so a guest that looks at them would
        // take other ways. It costs up to 6.7x on n-body (measured): what is timed goes without.
        .cranelift_nan_canonicalization(build.has_fuel())
        .consume_fuel(build.has_fuel())
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
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(proposals::allowed(features), true)
        // It collects cycles, and when it does is a matter of the guest's own allocations.
        .collector(Collector::Copying);
    config
}

/// The engine's name.
pub(super) const ENGINE_NAME: &str = "wasmtime";

/// The engine's version.
pub(super) const ENGINE_VERSION: &str = "48.0.8";

/// What [`config`] sets that people ask for.
pub(super) fn settings() -> BTreeMap<String, String> {
    [
        ("compiler", "cranelift"),
        ("opt-level", "speed"),
        ("memory-reservation", "4 GiB"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dyno_model::LimitKind;

    #[test]
    fn the_report_names_the_engine_that_is_linked() {
        let lock = include_str!("../../../Cargo.lock");
        let package = format!("name = \"{ENGINE_NAME}\"\nversion = \"{ENGINE_VERSION}\"");
        assert!(
            lock.contains(&package),
            "{ENGINE_NAME} {ENGINE_VERSION} is not what Cargo.lock has"
        );
    }

    /// Else code in the cache would be taken for what another engine setting made.
    #[test]
    fn no_code_depends_on_the_limits() {
        let limits = |stack| {
            let mut limits = Limits::default();
            limits.set(LimitKind::Stack, stack);
            limits
        };
        let hash = |limits: &Limits| {
            use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
            let engine = engine(Build::Metered, limits, &Features::all()).unwrap();
            let hasher = BuildHasherDefault::<DefaultHasher>::new();
            hasher.hash_one(engine.precompile_compatibility_hash())
        };
        assert_eq!(hash(&limits(256 << 10)), hash(&limits(4 << 20)));
    }
}
