//! Code that was linked, and the two kinds of plugin that it may be: a suite is a component, a command
//! is a component or a core module.

use std::collections::BTreeSet;

use wasmtime::component::{self, Component, ComponentExportIndex};
use wasmtime::{Engine, Module, Store, UnknownImportError};

use super::code::Code;
use super::linker::{linker, module_linker};
use super::precheck::STOPWATCH;
use super::program::Program;
use super::state::State;
use super::stubs;
use dyno_job::Build;
use dyno_measure::Bench;
use dyno_model::quoted::quoted;
use dyno_model::{Limits, Outcome, PluginKind, Reach, Stub};

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

/// Linked code, of which fresh instances are made.
pub(super) enum Pre<B: 'static> {
    Component(component::InstancePre<State<B>>),
    Module(wasmtime::InstancePre<State<B>>),
}

impl<B: 'static> Pre<B> {
    pub(super) fn engine(&self) -> &Engine {
        match self {
            Self::Component(pre) => pre.engine(),
            Self::Module(pre) => pre.module().engine(),
        }
    }

    pub(super) fn instantiate(&self, store: &mut Store<State<B>>) -> wasmtime::Result<Instance>
    where
        B: Send,
    {
        Ok(match self {
            Self::Component(pre) => Instance::Component(pre.instantiate(store)?),
            Self::Module(pre) => Instance::Module(pre.instantiate(store)?),
        })
    }
}

/// What was instantiated.
pub(super) enum Instance {
    Component(component::Instance),
    Module(wasmtime::Instance),
}

/// Code that was checked and linked, from which fresh guests are made.
pub struct Linked<B: 'static> {
    pub(super) pre: Pre<B>,
    pub(super) entry: Entry,
}

/// What is called of a plugin.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entry {
    /// The contract's `suite`.
    Suite,
    /// `wasi:cli/run`, or `_start` of a module.
    Command(Command),
}

/// How to run a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    /// None for `_start`.
    pub(super) run: Option<ComponentExportIndex>,
    /// Whether it says itself what is timed.
    pub(super) has_stopwatch: bool,
}

impl<B: Bench + 'static> Linked<B> {
    /// Links code with everything a guest may reach, and with stubs for what it may only import.
    ///
    /// # Errors
    /// [`Outcome::Refused`] if it imports something else or is not a plugin.
    pub fn new(code: &Code, build: Build, stubs: &BTreeSet<Stub>) -> Result<Self, Outcome> {
        let linked = match code {
            Code::Component(component) => Self::component(component, build, stubs),
            Code::Module(module) => Self::module(module, build),
        };
        linked.map_err(|error| Outcome::Refused {
            reason: format!("{error:#}"),
        })
    }

    fn component(
        component: &Component,
        build: Build,
        stubs: &BTreeSet<Stub>,
    ) -> wasmtime::Result<Self> {
        let mut linker = linker::<B>(component.engine(), build)?;
        stubs::add_to_linker(&mut linker, component, stubs)?;
        let pre = linker.instantiate_pre(component)?;
        let entry = if let Some(command) = command(component) {
            Entry::Command(command)
        } else {
            bindings::PluginIndices::new(&pre)?;
            Entry::Suite
        };
        let pre = Pre::Component(pre);
        Ok(Self { pre, entry })
    }

    fn module(module: &Module, build: Build) -> wasmtime::Result<Self> {
        let linker = module_linker::<B>(module.engine(), build)?;
        let pre = linker.instantiate_pre(module).map_err(unknown_import)?;
        let has_stopwatch = module.imports().any(|import| import.module() == STOPWATCH);
        let entry = Entry::Command(Command {
            run: None,
            has_stopwatch,
        });
        let pre = Pre::Module(pre);
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

/// An import that is not there in words of ours; any other error as it is.
fn unknown_import(error: wasmtime::Error) -> wasmtime::Error {
    match error.downcast_ref::<UnknownImportError>() {
        Some(unknown) => wasmtime::format_err!(
            "it imports `{}` of `{}`, which has no function of this name",
            quoted(unknown.name()),
            quoted(unknown.module())
        ),
        None => error,
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
        run: Some(run?),
        has_stopwatch: world.imports(engine).any(|(name, _)| name == STOPWATCH),
    })
}
