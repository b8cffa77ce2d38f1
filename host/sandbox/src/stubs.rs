//! What stands in the place of interfaces that no plugin gets, for a component that may import them:
//! functions that end the guest when they are called, and say which it called.

use std::collections::BTreeSet;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};
use wasmtime_wasi_io::bindings::wasi::io::error::Error as IoError;
use wasmtime_wasi_io::poll::DynPollable;
use wasmtime_wasi_io::streams::{DynInputStream, DynOutputStream};

use super::state::State;
use dyno_model::{Stub, word};

/// A resource that nothing makes.
struct Nothing;

/// The resources of `wasi:io` that the component imports, which these interfaces speak of too, each
/// with what stands behind it here.
fn shared(component: &Component) -> Vec<(ResourceType, ResourceType)> {
    let engine = component.engine();
    let mut found = Vec::new();
    for (interface, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        let package = interface.split('@').next().unwrap_or(interface);
        for (name, item) in instance.exports(engine) {
            let ComponentItem::Resource(ty) = item.ty else {
                continue;
            };
            let ours = match (package, name) {
                ("wasi:io/error", "error") => ResourceType::host::<IoError>(),
                ("wasi:io/poll", "pollable") => ResourceType::host::<DynPollable>(),
                ("wasi:io/streams", "input-stream") => ResourceType::host::<DynInputStream>(),
                ("wasi:io/streams", "output-stream") => ResourceType::host::<DynOutputStream>(),
                _ => continue,
            };
            found.push((ty, ours));
        }
    }
    found
}

/// Links what a component imports of these interfaces.
pub(super) fn add_to_linker<B: 'static>(
    linker: &mut Linker<State<B>>,
    component: &Component,
    stubs: &BTreeSet<Stub>,
) -> wasmtime::Result<()> {
    let engine = component.engine();
    let streams = shared(component);
    for (interface, item) in component.component_type().imports(engine) {
        let Some(stub) = Stub::of(interface).filter(|stub| stubs.contains(stub)) else {
            continue;
        };
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        let mut linker = linker.instance(interface)?;
        for (name, item) in instance.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) => {
                    let called = format!(
                        "it called `{name}` of `{interface}`, which --deny-stubs {} denies",
                        word(&stub)
                    );
                    linker.func_new(name, move |_, _, _, _| {
                        Err(wasmtime::Error::msg(called.clone()))
                    })?;
                }
                ComponentItem::Resource(ty) => {
                    let known = streams.iter().find(|(known, _)| *known == ty);
                    let ty = known.map_or_else(ResourceType::host::<Nothing>, |(_, ours)| *ours);
                    linker.resource(name, ty, |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}
