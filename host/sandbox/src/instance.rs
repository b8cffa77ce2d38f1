//! A guest: an instance in a store of its own, with its limits armed before its first instruction.

use std::sync::Arc;

use nix::time::ClockId;
use rand_chacha::ChaCha12Rng;
use rand_core::SeedableRng as _;
use wasmtime::component::{self, TypedFunc};
use wasmtime::{AsContextMut as _, Store};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder, WasiView as _};

use super::ending::judge;
use super::limiter::Limiter;
use super::linked::{Command, Conditions, Instance, Linked, bindings};
use super::numbers::Numbers;
use super::opened::Opened;
use super::output::Output;
use super::program::{Program, Status};
use super::scratch::Scratch;
use super::state::{FuelGauge, State, read_gauge};
use dyno_files::copies;
use dyno_job::Build;
use dyno_measure::{Bench, clock_ns};
use dyno_model::{Access, CaseSpec, LimitKind, Limits, MemoryProfile, Outcome, Reach, Throughput};

use bindings::exports::dyno::bench::suite;

/// An instantiated plugin.
pub(super) struct Guest<B: 'static> {
    store: Store<State<B>>,
    instance: Instance,
    limits: Limits,
    output: Output,
    baseline_bytes: u64,
    instantiate_ns: f64,
    ready_ns: u64,
}

/// What is left of a case.
#[derive(Debug)]
pub struct Finished<B> {
    /// The bench with what it gathered.
    pub bench: B,
    /// The rest.
    pub ended: Ended,
}

/// What is left of a guest.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// When it was instantiated, ns on the monotonic clock; the first one's, if there were many.
    pub ready_ns: u64,
    /// What instantiating took, ns; the median, if there were many.
    pub instantiate_ns: f64,
    /// Fuel consumed since instantiation, as of the last call into the host if it trapped.
    pub total_fuel: u64,
    /// Memories and tables.
    pub memory: MemoryProfile,
    /// The beginning of what it wrote to stdout and stderr, or the end of stderr alone if it failed;
    /// hostile.
    pub output: Option<String>,
}

impl<B: Bench + 'static> Guest<B> {
    /// Instantiates a plugin whose calls `bench` answers.
    ///
    /// # Errors
    /// How it ended, if it did not survive that.
    pub(super) fn new(
        linked: &Linked<B>,
        conditions: Conditions<'_>,
        gauge: &FuelGauge,
        bench: B,
    ) -> Result<Self, Outcome> {
        let Conditions {
            build,
            limits,
            grants,
            program,
            seed,
        } = conditions;
        let host = |error: wasmtime::Error| Outcome::Host {
            message: format!("{error:#}"),
        };
        copies::restore(grants).map_err(|error| Outcome::Host {
            message: format!("a scratch copy cannot be restored: {error}"),
        })?;
        let output = Output::new(limits.get(LimitKind::Output));
        let mut wasi = context(grants, program, seed, &output).map_err(host)?;
        let handles = limits.size(LimitKind::Handles);
        wasi.ctx().table.set_max_capacity(handles);
        let state = State {
            wasi,
            opened: Opened::new(grants),
            limiter: Limiter::new(
                limits.get(LimitKind::Memory),
                limits
                    .size(LimitKind::Instances)
                    .saturating_add(own_instances(build)),
            ),
            bench,
            fault: None,
            hit: None,
            output: output.clone(),
            scratch: Scratch::new(grants, limits),
            numbers: Numbers::default(),
            gauge: gauge.clone(),
            slept: Arc::default(),
            waiting: Arc::default(),
            full_tank: None,
            max_random_bytes: limits.get(LimitKind::Random),
        };
        let mut store = Store::new(linked.pre.engine(), state);
        arm(&mut store, build, limits).map_err(host)?;
        let began = clock_ns(ClockId::CLOCK_MONOTONIC);
        let instance = match linked.pre.instantiate(&mut store) {
            Ok(instance) => instance,
            Err(error) => {
                let outcome = judge(&store, limits, Err(error), "instantiation");
                return Err(with_words(outcome, &output));
            }
        };
        let ready_ns = clock_ns(ClockId::CLOCK_MONOTONIC);
        let baseline_bytes = store.data().limiter.bytes();
        if build.has_fuel() {
            store.data_mut().full_tank = Some(store.get_fuel().map_err(host)?);
        }
        store.data_mut().limiter.begin();
        Ok(Self {
            store,
            instance,
            limits: limits.clone(),
            output,
            baseline_bytes,
            instantiate_ns: (ready_ns - began) as f64,
            ready_ns,
        })
    }

    /// Asks a suite for its cases. They are the guest's words, not validated.
    pub(super) fn cases(mut self) -> Result<Vec<CaseSpec>, Outcome> {
        let answer = self
            .suite()
            .and_then(|plugin| plugin.dyno_bench_suite().call_cases(&mut self.store));
        let mut listed = Vec::new();
        let status = answer.map(|cases| cases.map(|cases| listed = cases));
        match judge(&self.store, &self.limits, status, "`cases`") {
            Outcome::Ok => Ok(listed.into_iter().map(spec).collect()),
            outcome => Err(with_words(outcome, &self.output)),
        }
    }

    fn suite(&mut self) -> wasmtime::Result<bindings::Plugin> {
        match &self.instance {
            Instance::Component(instance) => bindings::Plugin::new(&mut self.store, instance),
            Instance::Module(_) => Err(wasmtime::format_err!("a core module is no suite")),
        }
    }

    /// What a command begins with.
    fn entry(&mut self, run: Option<component::ComponentExportIndex>) -> wasmtime::Result<Run> {
        match (&self.instance, run) {
            (Instance::Component(instance), Some(run)) => instance
                .get_typed_func(&mut self.store, run)
                .map(Run::Component),
            (Instance::Module(instance), None) => instance
                .get_typed_func(&mut self.store, "_start")
                .map(Run::Module),
            _ => Err(wasmtime::format_err!("a suite is no command")),
        }
    }

    /// Runs one case of a suite to its end.
    pub(super) fn run(mut self, case: &str) -> Finished<B> {
        let answer = self
            .suite()
            .and_then(|plugin| plugin.dyno_bench_suite().call_run(&mut self.store, case));
        if answer.is_ok() {
            read_gauge(&mut self.store.as_context_mut());
            if let Err(fault) = self.store.data_mut().bench.finish()
                && matches!(answer, Ok(Ok(())))
            {
                self.store.data_mut().fault.get_or_insert(fault);
            }
        }
        let outcome = judge(&self.store, &self.limits, answer, "`run`");
        self.finish(outcome)
    }

    /// Runs a command once, and times all of it unless it has a stopwatch of its own. What it
    /// wrote to stdout comes second.
    pub(super) fn execute(
        mut self,
        Command { run, has_stopwatch }: Command,
        expected_status: u32,
    ) -> (Finished<B>, Vec<u8>) {
        let answer = self.entry(run).and_then(|run| {
            if !has_stopwatch {
                self.store.data_mut().bench.start()?;
            }
            let answer = run.call(&mut self.store);
            // An exit ends in the host, where the fuel is known as it is after a return.
            if answer.is_ok() {
                read_gauge(&mut self.store.as_context_mut());
            }
            if !has_stopwatch {
                self.store.data_mut().bench.stop()?;
            }
            answer
        });
        let answer = answer.map(|status| status.difference(expected_status).map_or(Ok(()), Err));
        let outcome = judge(&self.store, &self.limits, answer, "`run`");
        let stdout = self.output.take_stdout();
        (self.finish(outcome), stdout)
    }

    fn finish(self, outcome: Outcome) -> Finished<B> {
        let mut state = self.store.into_data();
        let said = state.output.error_text();
        let said = said.filter(|_| !outcome.is_ok());
        let ended = Ended {
            outcome,
            ready_ns: self.ready_ns,
            instantiate_ns: self.instantiate_ns,
            total_fuel: state.gauge.consumed(),
            memory: state.limiter.profile(self.baseline_bytes),
            output: said.or_else(|| state.output.text()),
        };
        let bench = state.bench;
        Finished { bench, ended }
    }
}

/// What is called of a command.
enum Run {
    Component(TypedFunc<(), (Result<(), ()>,)>),
    Module(wasmtime::TypedFunc<(), ()>),
}

impl Run {
    /// Runs it to its end. An exit is an end like a return.
    fn call<B: Send>(&self, store: &mut Store<State<B>>) -> wasmtime::Result<Status> {
        let (ended, is_module) = match self {
            Self::Component(run) => (run.call(store, ()).map(|(status,)| status), false),
            Self::Module(run) => (run.call(store, ()).map(Ok), true),
        };
        match ended {
            Ok(Ok(())) => Ok(Status::Exited(0)),
            Ok(Err(())) => Ok(Status::Failed),
            Err(error) => match error.downcast_ref() {
                // Which status it was, WASI 0.2 does not say.
                Some(I32Exit(status)) if !is_module && *status != 0 => Ok(Status::Failed),
                Some(I32Exit(status)) => Ok(Status::Exited(*status as u32)),
                None => Err(error),
            },
        }
    }
}

/// What a guest wrote to stderr before it trapped, where there is no case yet that could show it.
fn with_words(outcome: Outcome, output: &Output) -> Outcome {
    match (outcome, output.error_text()) {
        (Outcome::Trap { message }, Some(said)) => Outcome::Trap {
            message: format!("{message}\nit wrote: {}", said.trim_end()),
        },
        (outcome, _) => outcome,
    }
}

/// What a program finds as its own name: always the same, since reading it is work, too.
const ARGV_0: &str = "program";

/// The WASI context: every default is a denial, and what follows is all there is.
fn context(
    grants: &Reach,
    program: &Program,
    seed: u64,
    output: &Output,
) -> wasmtime::Result<WasiP1Ctx> {
    let generator = |stream| {
        let mut generator = ChaCha12Rng::seed_from_u64(seed);
        generator.set_stream(stream);
        generator
    };
    let mut wasi = WasiCtxBuilder::new();
    wasi.stdin(MemoryInputPipe::new(program.stdin.clone()))
        .stdout(output.stdout())
        .stderr(output.stderr())
        .secure_random(generator(0))
        .insecure_random(generator(1))
        .insecure_random_seed(u128::from(seed) << 64 | u128::from(!seed))
        .allow_blocking_current_thread(true)
        .envs(&grants.env)
        .arg(ARGV_0)
        .args(&grants.args);
    for dir in &grants.dirs {
        let access = match dir.access {
            Access::Read => FsPerms::ReadOnly,
            Access::Scratch => FsPerms::ReadWrite,
        };
        wasi.preopened_dir(&dir.host, &dir.guest, access)?;
    }
    Ok(wasi.build_p1())
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

/// Sets the limits that hold from a guest's first instruction on.
fn arm<B: 'static>(
    store: &mut Store<State<B>>,
    build: Build,
    limits: &Limits,
) -> wasmtime::Result<()> {
    store.limiter(|state| &mut state.limiter);
    store.set_hostcall_fuel(limits.size(LimitKind::HostCall));
    store.set_max_component_handles(limits.size(LimitKind::Handles));
    if build.has_fuel() {
        store.set_fuel(limits.get(LimitKind::Fuel))?;
    }
    Ok(())
}

/// Core instances that are ours and not the guest's: the hooks of a profiled build.
fn own_instances(build: Build) -> usize {
    usize::from(build == Build::Profiled)
}
