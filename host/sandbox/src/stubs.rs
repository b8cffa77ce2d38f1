//! What stands in the place of interfaces that no plugin gets, for a component that may import them:
//! functions that end the guest when they are called, and say which it called.

use std::collections::BTreeSet;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

use super::state::State;
use dyno_model::{Stub, word};

/// A resource that nothing makes.
struct Nothing;

/// Links what a component imports of these interfaces.
pub(super) fn add_to_linker<B: 'static>(
    linker: &mut Linker<State<B>>,
    component: &Component,
    stubs: &BTreeSet<Stub>,
) -> wasmtime::Result<()> {
    let engine = component.engine();
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
                ComponentItem::Resource(_) => {
                    linker.resource(name, ResourceType::host::<Nothing>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}
