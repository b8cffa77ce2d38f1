//! A guest: a component in a store of its own, with its limits armed before its first instruction.

use std::sync::Arc;

use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng as _;
use wasmtime::component::{Component, InstancePre, ResourceTable, ResourceTableError};
use wasmtime::{AsContextMut as _, Store, StoreContextMut, Trap, WasmBacktrace};
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtx, WasiCtxBuilder};

use super::engine::Build;
use super::limiter::Limiter;
use super::linker::linker;
use super::output::Output;
use super::scratch::Scratch;
use super::state::{FuelGauge, State};
use super::{Access, Grants, Limits};
use crate::measure::Bench;
use crate::report::model::{CaseSpec, LimitKind, MemoryProfile, Outcome, Throughput};

mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    //! The plugin's half of the contract, from its definition.
    wasmtime::component::bindgen!({ path: "../wit", world: "plugin" });
}

use bindings::exports::dyno::bench::suite;

/// Under what conditions a guest runs.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// Metered or timed.
    pub build: Build,
    /// The caps.
    pub limits: &'a Limits,
    /// What it may reach.
    pub grants: &'a Grants,
    /// Seed of all its random numbers.
    pub seed: u64,
}

/// A component that was checked and linked, from which fresh guests are made.
pub struct Linked<B: 'static> {
    pre: InstancePre<State<B>>,
}

impl<B: Bench + 'static> Linked<B> {
    /// Links a component with everything a guest may reach.
    ///
    /// # Errors
    /// [`Outcome::Refused`] if it imports something else or is not a plugin.
    pub fn new(component: &Component, build: Build) -> Result<Self, Outcome> {
        let refused = |error: wasmtime::Error| Outcome::Refused {
            reason: format!("{error:#}"),
        };
        let linker = linker::<B>(component.engine(), build).map_err(refused)?;
        let pre = linker.instantiate_pre(component).map_err(refused)?;
        bindings::PluginIndices::new(&pre).map_err(refused)?;
        Ok(Self { pre })
    }
}

/// An instantiated plugin.
pub struct Guest<B: 'static> {
    store: Store<State<B>>,
    plugin: bindings::Plugin,
    limits: Limits,
    baseline_bytes: u64,
}

/// What is left of a guest after its `run`.
#[derive(Debug)]
pub struct Finished<B> {
    /// How it ended.
    pub outcome: Outcome,
    /// The bench with what it gathered.
    pub bench: B,
    /// Fuel consumed since instantiation, as of the last call into the host if it trapped.
    pub total_fuel: u64,
    /// Memories and tables.
    pub memory: MemoryProfile,
    /// What it wrote to stdout and stderr; hostile.
    pub output: Option<String>,
}

impl<B: Bench + 'static> Guest<B> {
    /// Instantiates a plugin whose calls `bench` answers. The gauge stands at zero afterwards.
    ///
    /// # Errors
    /// How it ended, if it did not survive that.
    pub fn new(
        linked: &Linked<B>,
        conditions: Conditions<'_>,
        gauge: FuelGauge,
        bench: B,
    ) -> Result<Self, Outcome> {
        let Conditions {
            build,
            limits,
            grants,
            seed,
        } = conditions;
        let host = |error: wasmtime::Error| Outcome::Host {
            message: format!("{error:#}"),
        };
        let output = Output::new(limits.get(LimitKind::Output));
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.size(LimitKind::Handles));
        let state = State {
            wasi: context(grants, seed, &output).map_err(host)?,
            table,
            limiter: Limiter::new(
                limits.get(LimitKind::Memory),
                limits.size(LimitKind::Instances),
            ),
            bench,
            fault: None,
            hit: None,
            output,
            scratch: Scratch::new(grants, limits),
            gauge,
            slept: Arc::default(),
            waiting: Arc::default(),
            full_tank: None,
            max_random_bytes: limits.get(LimitKind::Random),
        };
        let mut store = Store::new(linked.pre.engine(), state);
        store.limiter(|state| &mut state.limiter);
        store.set_hostcall_fuel(limits.size(LimitKind::HostCall));
        store.set_max_component_handles(limits.size(LimitKind::Handles));
        if build == Build::Metered {
            store.set_fuel(limits.get(LimitKind::Fuel)).map_err(host)?;
        }
        let instance = match linked.pre.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => return Err(judge(&store, limits, Err(error), "instantiation")),
        };
        let plugin = bindings::Plugin::new(&mut store, &instance).map_err(host)?;
        let baseline_bytes = store.data().limiter.bytes();
        if build == Build::Metered {
            store.data_mut().full_tank = Some(store.get_fuel().map_err(host)?);
        }
        store.data_mut().limiter.begin();
        Ok(Self {
            store,
            plugin,
            limits: limits.clone(),
            baseline_bytes,
        })
    }

    /// Asks the plugin for its cases. They are the guest's words, not validated.
    ///
    /// # Errors
    /// How it ended, if not with a list.
    pub fn cases(mut self) -> Result<Vec<CaseSpec>, Outcome> {
        let answer = self.plugin.dyno_bench_suite().call_cases(&mut self.store);
        let mut listed = Vec::new();
        let status = answer.map(|cases| cases.map(|cases| listed = cases));
        match judge(&self.store, &self.limits, status, "`cases`") {
            Outcome::Ok => Ok(listed.into_iter().map(spec).collect()),
            outcome => Err(outcome),
        }
    }

    /// Runs one case to its end.
    #[must_use]
    pub fn run(mut self, case: &str) -> Finished<B> {
        let answer = self
            .plugin
            .dyno_bench_suite()
            .call_run(&mut self.store, case);
        if answer.is_ok() {
            read_gauge(&mut self.store.as_context_mut());
            if let Err(fault) = self.store.data_mut().bench.finish()
                && matches!(answer, Ok(Ok(())))
            {
                self.store.data_mut().fault.get_or_insert(fault);
            }
        }
        let outcome = judge(&self.store, &self.limits, answer, "`run`");
        let mut state = self.store.into_data();
        Finished {
            outcome,
            total_fuel: state.gauge.consumed(),
            memory: state.limiter.profile(self.baseline_bytes),
            output: state.output.text(),
            bench: state.bench,
        }
    }
}

/// Reads how much fuel is gone, where there is any: valid within a host call and after a call
/// that returned. Returns it, and keeps it in the gauge for whoever reads the clock next.
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

/// The WASI context: every default is a denial, and what follows is all there is.
fn context(grants: &Grants, seed: u64, output: &Output) -> wasmtime::Result<WasiCtx> {
    let generator = |stream| {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        generator
    };
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdout(output.clone())
        .stderr(output.clone())
        .secure_random(generator(0))
        .insecure_random(generator(1))
        .insecure_random_seed(u128::from(seed) << 64 | u128::from(!seed))
        .allow_blocking_current_thread(true)
        .envs(&grants.env)
        .arg("plugin")
        .args(&grants.args);
    for dir in &grants.dirs {
        let access = match dir.access {
            Access::Read => FsPerms::ReadOnly,
            Access::Scratch => FsPerms::ReadWrite,
        };
        wasi.preopened_dir(&dir.host, &dir.guest, access)?;
    }
    Ok(wasi.build())
}

/// What a call's end means. A limit outranks a fault, a fault outranks whatever the guest reports.
fn judge<B>(
    store: &Store<State<B>>,
    limits: &Limits,
    answer: wasmtime::Result<Result<(), String>>,
    during: &str,
) -> Outcome {
    let limit = |limit, actual| Outcome::Limit {
        limit,
        cap: limits.get(limit),
        actual,
    };
    if let Some(hit) = store.data().limit_hit() {
        return limit(hit.limit, hit.actual);
    }
    if let Some(fault) = store.data().fault {
        return Outcome::Fault {
            message: fault.to_string(),
        };
    }
    let error = match answer {
        Ok(Ok(())) => return Outcome::Ok,
        Ok(Err(message)) => {
            return Outcome::Error {
                message: cut(message),
            };
        }
        Err(error) => error,
    };
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => return limit(LimitKind::Fuel, None),
        Some(Trap::StackOverflow) => return limit(LimitKind::Stack, None),
        _ => {}
    }
    if let Some(I32Exit(status)) = error.downcast_ref() {
        return Outcome::Trap {
            message: format!("exited with status {status} during {during}"),
        };
    }
    if let Some(ResourceTableError::Full) = error.downcast_ref() {
        return limit(LimitKind::Handles, None);
    }
    // The engine has no types that can be named for what follows.
    let root = error.root_cause().to_string();
    if root.contains("fuel allocated for hostcalls has been exhausted") {
        return limit(LimitKind::HostCall, None);
    }
    if root.contains("store handle limit exceeded") {
        return limit(LimitKind::Handles, None);
    }
    if root.contains("instance count too high")
        || root.contains("resource limit exceeded: instance")
    {
        return limit(LimitKind::Instances, None);
    }
    Outcome::Trap {
        message: cut(describe(&error)),
    }
}

/// The longest message that is kept of a guest.
const MESSAGE_BYTES_MAX: usize = 2048;

/// A guest's words, without an end if they had none.
fn cut(mut message: String) -> String {
    if message.len() > MESSAGE_BYTES_MAX {
        let end = message.floor_char_boundary(MESSAGE_BYTES_MAX);
        let rest = message.len() - end;
        message.truncate(end);
        message.push_str(&format!("… ({rest} more bytes)"));
    }
    message
}

/// What happened first, and where on the lines after it.
fn describe(error: &wasmtime::Error) -> String {
    let backtrace = error
        .downcast_ref::<WasmBacktrace>()
        .map(ToString::to_string);
    let causes = error
        .chain()
        .map(ToString::to_string)
        .filter(|cause| Some(cause) != backtrace.as_ref());
    let causes: Vec<_> = causes
        .map(|cause| cause.trim_start_matches("wasm trap: ").to_owned())
        .collect();
    let place = backtrace
        .map(|place| format!("\n{}", place.trim_end()))
        .unwrap_or_default();
    causes.join(": ") + &place
}

fn spec(case: suite::BenchCase) -> CaseSpec {
    CaseSpec {
        name: case.name,
        description: case.description,
        group: case.group,
        params: case
            .params
            .into_iter()
            .map(|param| (param.name, param.value))
            .collect(),
        throughput: case.throughput.map(|throughput| match throughput {
            suite::Throughput::Bytes(bytes) => Throughput::Bytes(bytes),
            suite::Throughput::Elements(elements) => Throughput::Elements(elements),
        }),
        expected: case.expected,
    }
}
