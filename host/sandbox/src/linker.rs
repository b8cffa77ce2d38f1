//! Everything a guest can reach, interface by interface. What is not here is not linked: sockets
//! and HTTP never, directories and variables only as far as the WASI context holds any.

use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime::{AsContextMut as _, Caller, Engine, StoreContextMut};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sync};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};

use super::files;
use super::fuel_clock;
use super::hooks;
use super::precheck::STOPWATCH;
use super::preview1;
use super::state::{State, read_gauge};
use dyno_job::Build;
use dyno_measure::{Bench, ProtocolError};

/// Under the version that wasmtime-wasi links, so that they shadow; a guest's own 0.2.x finds them.
const WASI_RANDOM: &str = "wasi:random/random@0.2.12";
const WASI_INSECURE: &str = "wasi:random/insecure@0.2.12";

/// The host's half of the contract.
const BENCH: &str = "dyno:bench/bench@0.1.0";

struct HasTable;

impl HasData for HasTable {
    type Data<'a> = &'a mut ResourceTable;
}

/// The linker for one build.
pub(super) fn linker<B: Bench + 'static>(
    engine: &Engine,
    build: Build,
) -> wasmtime::Result<Linker<State<B>>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;

    wasmtime_wasi_io::bindings::wasi::io::error::add_to_linker::<_, HasTable>(
        l,
        |s: &mut State<B>| s.ctx().table,
    )?;
    sync::io::poll::add_to_linker::<_, HasTable>(l, |s| s.ctx().table)?;
    sync::io::streams::add_to_linker::<_, HasTable>(l, |s| s.ctx().table)?;

    cli::environment::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(l, State::cli)?;

    clocks::wall_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(l, State::clocks)?;

    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)?;
    sync::filesystem::types::add_to_linker::<_, WasiFilesystem>(l, State::filesystem)?;

    random::random::add_to_linker::<_, WasiRandom>(l, State::random)?;
    random::insecure::add_to_linker::<_, WasiRandom>(l, State::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(l, State::random)?;

    add_bench(l)?;
    add_stopwatch(l)?;
    // From here on what WASI offers is replaced by what is limited, counted or the same on every
    // machine.
    l.allow_shadowing(true);
    limit_random(l)?;
    files::add_to_linker(l)?;
    if build.has_fuel() {
        fuel_clock::add_to_linker(l)?;
    }
    if build == Build::Profiled {
        hooks::add_to_linker(l)?;
    }
    Ok(linker)
}

/// The linker for one build of core modules.
pub(super) fn module_linker<B: Bench + 'static>(
    engine: &Engine,
    build: Build,
) -> wasmtime::Result<wasmtime::Linker<State<B>>> {
    let mut linker = wasmtime::Linker::new(engine);
    preview1::add_to_linker(&mut linker, build)?;
    linker.func_wrap(STOPWATCH, "start", |mut caller: Caller<'_, State<B>>| {
        start(caller.as_context_mut(), ())
    })?;
    linker.func_wrap(STOPWATCH, "end", |mut caller: Caller<'_, State<B>>| {
        stop(caller.as_context_mut(), ())
    })?;
    if build == Build::Profiled {
        hooks::add_to_module_linker(&mut linker)?;
    }
    Ok(linker)
}

/// The three functions of the contract. Reading the fuel gauge comes first and costs the guest
/// nothing: fuel is counted by the guest's own instructions.
fn add_bench<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> wasmtime::Result<()> {
    let mut bench = linker.instance(BENCH)?;
    bench.func_wrap(
        "next",
        |mut store: StoreContextMut<'_, State<B>>, (checksum,): (u64,)| {
            read_gauge(&mut store);
            let answer = store.data_mut().bench.next(checksum);
            Ok((judge(&mut store, answer)?,))
        },
    )?;
    bench.func_wrap("start", start)?;
    bench.func_wrap("stop", stop)
}

/// The same two under Sightglass' names, for programs whose batches the host pulls.
fn add_stopwatch<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> wasmtime::Result<()> {
    let mut bench = linker.instance(STOPWATCH)?;
    bench.func_wrap("start", start)?;
    bench.func_wrap("end", stop)
}

#[inline]
fn start<B: Bench>(mut store: StoreContextMut<'_, State<B>>, (): ()) -> wasmtime::Result<()> {
    read_gauge(&mut store);
    let answer = store.data_mut().bench.start();
    judge(&mut store, answer)
}

#[inline]
fn stop<B: Bench>(mut store: StoreContextMut<'_, State<B>>, (): ()) -> wasmtime::Result<()> {
    read_gauge(&mut store);
    let answer = store.data_mut().bench.stop();
    judge(&mut store, answer)
}

/// Remembers a fault, so that it outranks what the guest makes of it, and ends the guest.
#[inline]
fn judge<B, T>(
    store: &mut StoreContextMut<'_, State<B>>,
    answer: Result<T, ProtocolError>,
) -> wasmtime::Result<T> {
    answer.map_err(|fault| {
        store.data_mut().fault.get_or_insert(fault);
        fault.into()
    })
}

/// Refuses requests for more random bytes than the limit, by name. What is granted comes from
/// WASI's own implementation, with our seeded generator behind it.
fn limit_random<B: Bench + 'static>(linker: &mut Linker<State<B>>) -> wasmtime::Result<()> {
    use random::{insecure::Host as _, random::Host as _};
    linker
        .instance(WASI_RANDOM)?
        .func_wrap("get-random-bytes", |mut store, (len,): (u64,)| {
            store.data_mut().check_random(len)?;
            Ok((store.data_mut().random().get_random_bytes(len)?,))
        })?;
    linker.instance(WASI_INSECURE)?.func_wrap(
        "get-insecure-random-bytes",
        |mut store, (len,): (u64,)| {
            store.data_mut().check_random(len)?;
            Ok((store.data_mut().random().get_insecure_random_bytes(len)?,))
        },
    )
}
