//! WASI preview 1, for core modules: the engine's own, and in front of it what is limited, counted,
//! or the same on every machine, as `linker.rs` and `files.rs` have it for components.
//!
//! | function | what is different |
//! |---|---|
//! | `random_get` | no more than the limit at once |
//! | `proc_exit` | any status |
//! | `clock_time_get`, `clock_res_get` | in a build with fuel the clock reads it (`fuel_clock.rs`) |
//! | `poll_oneoff` | files and streams are always ready; a sleep puts the fuel clock forward |
//! | `fd_write`, `path_open` and all that adds to a directory | the quota is charged before |
//! | `fd_readdir`, `*_filestat_get` | order, times and inode numbers are those of `files.rs` |
//! | `*_set_times`, `fd_sync`, `fd_pread` | without a system call or thread that no worker has |
//!
//! The fuel of a call is that of the program's own instructions: what the host does costs none.

mod clocks;
mod files;
mod listing;

use wasmtime::{AsContextMut as _, Caller, Extern, Linker};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p1::types::{Errno, Error};
use wasmtime_wasi::p1::wasi_snapshot_preview1 as engine;
use wasmtime_wasi::p1::wasi_snapshot_preview1::WasiSnapshotPreview1 as _;
use wiggle::GuestMemory;

use super::precheck::PREVIEW1;
use super::state::State;
use dyno_job::Build;
use dyno_measure::Bench;

/// What a call answers that did its part.
const SUCCESS: i32 = Errno::Success as i32;

/// Links all of it.
pub(super) fn add_to_linker<B: Bench + 'static>(
    linker: &mut Linker<State<B>>,
    build: Build,
) -> wasmtime::Result<()> {
    wasmtime_wasi::p1::add_to_linker_sync(linker, |state: &mut State<B>| &mut state.wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap(
        PREVIEW1,
        "random_get",
        |mut caller: Caller<'_, State<B>>, bytes: i32, len: i32| {
            let (mut memory, state) = reach(&mut caller)?;
            state.check_random(u64::from(len as u32))?;
            engine::random_get(&mut state.wasi, &mut memory, bytes, len)
        },
    )?;
    linker.func_wrap(
        PREVIEW1,
        "proc_exit",
        |status: i32| -> wasmtime::Result<()> { Err(I32Exit(status).into()) },
    )?;
    clocks::add_to_linker(linker, build)?;
    files::add_to_linker(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The memory of the module that calls, and the state behind it.
fn reach<'a, B>(
    caller: &'a mut Caller<'_, State<B>>,
) -> wasmtime::Result<(GuestMemory<'a>, &'a mut State<B>)> {
    let fuel = caller.as_context_mut().hostcall_fuel();
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else {
        return Err(wasmtime::format_err!(
            "it calls WASI and exports no memory of the name `memory`"
        ));
    };
    let (bytes, state) = memory.data_and_store_mut(caller);
    state.wasi.set_hostcall_fuel(fuel);
    Ok((GuestMemory::Unshared(bytes), state))
}

/// What a call answers: a code is the guest's to see, anything else ends it.
fn code<T>(result: Result<T, Error>) -> wasmtime::Result<Result<T, Errno>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(error) => Ok(Err(error.downcast()?)),
    }
}
