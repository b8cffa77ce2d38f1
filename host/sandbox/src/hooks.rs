//! What the host does when a function of a profiled guest begins or ends: it puts back the fuel
//! that telling has used, so that the guest's fuel is what it would be without, and passes the news
//! on.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

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

/// Puts back what was used, and reads what is gone without it.
fn put_back<B>(store: &mut StoreContextMut<'_, State<B>>, owed: u64) -> wasmtime::Result<()> {
    let left = store.get_fuel()?;
    store.set_fuel(left.saturating_add(owed))?;
    read_gauge(store);
    Ok(())
}
