//! What the host does when a function of a profiled guest begins or ends: it puts back the fuel
//! that telling has used, so that the guest's fuel is what it would be without, and passes the news
//! on.

use wasmtime::component::Linker;
use wasmtime::{AsContextMut as _, Caller, StoreContextMut};

use super::instrument::HOOKS;
use super::state::{State, read_gauge};
use dyno_measure::Bench;

/// Links the hooks, which only instrumented code calls.
pub(super) fn add_to_linker<B: Bench + 'static>(
    linker: &mut Linker<State<B>>,
) -> wasmtime::Result<()> {
    let mut hooks = linker.instance(HOOKS)?;
    hooks.func_wrap(
        "enter",
        |mut store: StoreContextMut<'_, State<B>>, (function, owed): (u32, u64)| {
            put_back(&mut store, owed)?;
            store.data_mut().bench.enter(function);
            Ok(())
        },
    )?;
    hooks.func_wrap(
        "leave",
        |mut store: StoreContextMut<'_, State<B>>, (owed,): (u64,)| {
            put_back(&mut store, owed)?;
            store.data_mut().bench.leave();
            Ok(())
        },
    )?;
    hooks.func_wrap(
        "settle",
        |mut store: StoreContextMut<'_, State<B>>, (owed,): (u64,)| put_back(&mut store, owed),
    )
}

/// What a call of `enter` costs a module: the number, and the call.
const ENTER_FUEL: u64 = 2;

/// What a call of `leave` costs it: the call.
const LEAVE_FUEL: u64 = 1;

/// Links the hooks for core modules, which call them without our module in between: nothing is
/// called back, so nothing is ever muted.
pub(super) fn add_to_module_linker<B: Bench + 'static>(
    linker: &mut wasmtime::Linker<State<B>>,
) -> wasmtime::Result<()> {
    linker.func_wrap(
        HOOKS,
        "enter",
        |mut caller: Caller<'_, State<B>>, function: u32| {
            put_back(&mut caller.as_context_mut(), ENTER_FUEL)?;
            caller.data_mut().bench.enter(function);
            wasmtime::Result::Ok(())
        },
    )?;
    linker.func_wrap(HOOKS, "leave", |mut caller: Caller<'_, State<B>>| {
        put_back(&mut caller.as_context_mut(), LEAVE_FUEL)?;
        caller.data_mut().bench.leave();
        wasmtime::Result::Ok(())
    })?;
    linker.func_wrap(
        HOOKS,
        "settle",
        |mut caller: Caller<'_, State<B>>, owed: u64| put_back(&mut caller.as_context_mut(), owed),
    )?;
    linker.func_wrap(HOOKS, "mute", || 0_i32)?;
    linker.func_wrap(HOOKS, "unmute", |_: i32, _: i64| {})?;
    Ok(())
}

/// Puts back what was used, and reads what is gone without it.
fn put_back<B>(store: &mut StoreContextMut<'_, State<B>>, owed: u64) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_add(owed))?;
    read_gauge(store);
    Ok(())
}
