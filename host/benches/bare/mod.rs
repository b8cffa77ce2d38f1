//! The least that can run a benchmark plugin: wasmtime as its book embeds it, in its fastest safe
//! configuration, and a loop around `Instant`. Nothing of Dyno is used but the pinning to a core,
//! so that both run on the same one.

use std::path::Path;
use std::time::{Duration, Instant};

use dyno_model::Sample;
use dyno_system::confine;
use nix::time::{ClockId, clock_gettime};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store, StoreContextMut};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::product::Result;

pub(crate) mod program;

/// As in `dyno run`, so that both see caches and clocks alike.
const SAMPLE_TIME: Duration = Duration::from_millis(5);
const WARM_UPS: usize = 2;

/// Prints the samples.
pub(crate) fn measure(component: &Path, case: &str, budget: Duration) -> Result<()> {
    pin()?;
    let engine = Engine::new(&config())?;
    let component = Component::from_file(&engine, component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_sync(&mut linker)?;
    let mut bench = linker.instance("dyno:bench/bench@0.1.0")?;
    type Context<'a> = StoreContextMut<'a, Host>;
    bench.func_wrap("next", |mut store: Context<'_>, (_,): (u64,)| {
        Ok((store.data_mut().batches.next(),))
    })?;
    bench.func_wrap("start", |mut store: Context<'_>, (): ()| {
        store.data_mut().batches.start();
        Ok(())
    })?;
    bench.func_wrap("stop", |mut store: Context<'_>, (): ()| {
        store.data_mut().batches.stop();
        Ok(())
    })?;
    let host = Host {
        wasi: WasiCtx::builder().build(),
        table: ResourceTable::new(),
        batches: Batches::new(budget),
    };
    let mut store = Store::new(&engine, host);
    let instance = linker.instantiate(&mut store, &component)?;
    let suite = instance.get_export_index(&mut store, None, "dyno:bench/suite@0.1.0");
    let run = instance
        .get_export_index(&mut store, suite.as_ref(), "run")
        .ok_or("the plugin exports no `run`")?;
    let run =
        instance.get_typed_func::<(&str,), (std::result::Result<(), String>,)>(&mut store, run)?;
    run.call(&mut store, (case,))?.0?;
    let samples = &store.data().batches.samples;
    println!("{}", serde_json::to_string(samples)?);
    Ok(())
}

fn pin() -> Result<()> {
    match confine::allowed_cores().last() {
        Some(core) => Ok(confine::pin(&[*core])?),
        None => Ok(()),
    }
}

/// No fuel and no epochs; on 64 bits each memory reserves 4 GiB and is guarded by default, which is
/// written out because it is what the comparison is about.
fn config() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .memory_reservation(4 << 30)
        .consume_fuel(false)
        .epoch_interruption(false);
    config
}

struct Host {
    wasi: WasiCtx,
    table: ResourceTable,
    batches: Batches,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

/// Calibrates, warms up, and samples until the budget is spent.
struct Batches {
    budget: Duration,
    iterations: u64,
    calibrated: bool,
    warm_ups: usize,
    started: Instant,
    timed: Duration,
    started_cpu: Duration,
    timed_cpu: Duration,
    /// When the batch was asked for: what lies outside of its timed part counts for the budget.
    began: Instant,
    samples: Vec<Sample>,
}

impl Batches {
    fn new(budget: Duration) -> Self {
        Self {
            budget,
            iterations: 0,
            calibrated: false,
            warm_ups: 0,
            started: Instant::now(),
            timed: Duration::ZERO,
            started_cpu: Duration::ZERO,
            timed_cpu: Duration::ZERO,
            began: Instant::now(),
            samples: Vec::new(),
        }
    }

    fn start(&mut self) {
        self.started_cpu = thread_cpu();
        self.started = Instant::now();
    }

    fn stop(&mut self) {
        self.timed += self.started.elapsed();
        self.timed_cpu += thread_cpu() - self.started_cpu;
    }

    fn next(&mut self) -> Option<u64> {
        if self.iterations == 0 {
            self.iterations = 1;
        } else if !self.calibrated && self.timed < SAMPLE_TIME.mul_f64(0.8) {
            let factor = SAMPLE_TIME.as_secs_f64() / self.timed.as_secs_f64();
            self.iterations = (self.iterations as f64 * factor.clamp(1.25, 10.0)).ceil() as u64;
        } else {
            self.calibrated = true;
            self.warm_ups += 1;
            if self.warm_ups > WARM_UPS + 1 {
                self.samples.push(Sample {
                    iterations: self.iterations,
                    wall_ns: self.timed.as_nanos() as u64,
                    cpu_ns: self.timed_cpu.as_nanos() as u64,
                    switches: 0,
                    waits: 0,
                    counts: Default::default(),
                });
                self.budget = self.budget.saturating_sub(self.began.elapsed());
            }
            if self.budget.is_zero() {
                return None;
            }
        }
        self.timed = Duration::ZERO;
        self.timed_cpu = Duration::ZERO;
        self.began = Instant::now();
        Some(self.iterations)
    }
}

fn thread_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
