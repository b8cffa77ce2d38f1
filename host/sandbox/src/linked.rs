//! A component that was linked, and the two kinds of plugin that it may be.

use wasmtime::component::{Component, ComponentExportIndex, InstancePre};

use super::linker::linker;
use super::program::Program;
use super::state::State;
use dyno_job::Build;
use dyno_measure::Bench;
use dyno_model::{Limits, Outcome, PluginKind, Reach};

pub(super) mod bindings {
    #![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
    //! The plugin's half of the contract, from its definition.
    wasmtime::component::bindgen!({ path: "../../wit", world: "plugin" });
}

/// Under what conditions a guest runs.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// Metered or timed.
    pub build: Build,
    /// The limits.
    pub limits: &'a Limits,
    /// What it may reach.
    pub grants: &'a Reach,
    /// What a program gets and must give.
    pub program: &'a Program,
    /// Seed of all its random numbers.
    pub seed: u64,
}

/// A component that was checked and linked, from which fresh guests are made.
pub struct Linked<B: 'static> {
    pub(super) pre: InstancePre<State<B>>,
    pub(super) entry: Entry,
}

/// What is called of a plugin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    /// The contract's `suite`.
    Suite,
    /// `wasi:cli/run`.
    Command(Command),
}

/// How to run a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    pub(super) run: ComponentExportIndex,
    /// Whether it says itself what is timed.
    pub(super) has_stopwatch: bool,
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
        let entry = if let Some(command) = command(component) {
            Entry::Command(command)
        } else {
            bindings::PluginIndices::new(&pre).map_err(refused)?;
            Entry::Suite
        };
        Ok(Self { pre, entry })
    }

    /// Which of the two kinds of plugin it is.
    #[must_use]
    pub fn kind(&self) -> PluginKind {
        match self.entry {
            Entry::Suite => PluginKind::Suite,
            Entry::Command(_) => PluginKind::Command,
        }
    }
}

/// How to call a component that is a command, and no suite besides.
fn command(component: &Component) -> Option<Command> {
    let engine = component.engine();
    let world = component.component_type();
    let mut run = None;
    for (name, _) in world.exports(engine) {
        if name.starts_with("dyno:bench/suite@") {
            return None;
        }
        if name.starts_with("wasi:cli/run@0.2.") {
            let interface = component.get_export_index(None, name)?;
            run = component.get_export_index(Some(&interface), "run");
        }
    }
    Some(Command {
        run: run?,
        has_stopwatch: world.imports(engine).any(|(name, _)| name == "bench"),
    })
}
