//! What of a component is an exception: functions that must not call out while they run, which are
//! those that the host calls back for memory and to clean up, and modules that are instantiated
//! where the hooks are not. The former are found by following the options of canonical functions
//! back to the module that exports them.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentAlias, ComponentExternalKind,
    ComponentOuterAliasKind, ExternalKind, Instance, Parser, Payload,
};

/// The exceptions, by the place of their core module in the file.
#[derive(Debug, Default)]
pub(super) struct Exceptions {
    quiet: BTreeMap<u32, BTreeSet<String>>,
    borrowed: BTreeSet<u32>,
}

impl Exceptions {
    /// The exports of a module that must not call out.
    pub(super) fn quiet(&mut self, module: u32) -> BTreeSet<String> {
        self.quiet.remove(&module).unwrap_or_default()
    }

    /// Whether a nested component takes it from the outermost one.
    pub(super) fn is_borrowed(&self, module: u32) -> bool {
        self.borrowed.contains(&module)
    }
}

/// Looks through the outermost component.
pub(super) fn find(component: &[u8]) -> wasmparser::Result<Exceptions> {
    let mut spaces = Spaces::default();
    let mut depth = 0u32;
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::ModuleSection { .. } => {
                if depth == 0 {
                    spaces.modules.push(Some(spaces.written));
                    spaces.written += 1;
                }
                depth += 1;
            }
            Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ if depth == 0 => spaces.read(payload)?,
            Payload::ComponentAliasSection(section) => {
                for alias in section.clone() {
                    spaces.borrow(alias?, depth);
                }
            }
            _ => {}
        }
    }
    Ok(spaces.found)
}

/// The index spaces of the component, as far as they lead to modules.
#[derive(Default)]
struct Spaces<'a> {
    /// Modules in the file so far.
    written: u32,
    /// Each module's place in the file; none if it comes from elsewhere.
    modules: Vec<Option<u32>>,
    instances: Vec<CoreInstance<'a>>,
    /// The export that each core function is; none for what the host makes.
    functions: Vec<Option<(u32, &'a str)>>,
    found: Exceptions,
}

enum CoreInstance<'a> {
    Of(u32),
    Bag(Vec<(&'a str, u32)>),
}

impl<'a> Spaces<'a> {
    fn read(&mut self, payload: Payload<'a>) -> wasmparser::Result<()> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    self.instances.push(core_instance(instance?));
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias?);
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    self.canonical(&function?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind: ExternalKind::Func | ExternalKind::FuncExact,
                instance_index,
                name,
            } => self.functions.push(Some((instance_index, name))),
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Module,
                ..
            }
            | ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::CoreModule,
                ..
            } => self.modules.push(None),
            _ => {}
        }
    }

    /// An alias within a component that is nested so deep.
    fn borrow(&mut self, alias: ComponentAlias<'_>, depth: u32) {
        if let ComponentAlias::Outer {
            kind: ComponentOuterAliasKind::CoreModule,
            count,
            index,
        } = alias
            && count == depth
            && let Some(Some(module)) = self.modules.get(index as usize)
        {
            self.found.borrowed.insert(*module);
        }
    }

    fn canonical(&mut self, function: &CanonicalFunction) {
        let options = match function {
            CanonicalFunction::Lift { options, .. } => options,
            CanonicalFunction::Lower { options, .. } => {
                self.functions.push(None);
                options
            }
            _ => return self.functions.push(None),
        };
        for option in options {
            if let CanonicalOption::Realloc(index) | CanonicalOption::PostReturn(index) = option {
                self.mark(*index);
            }
        }
    }

    /// Each step leads to what was defined earlier in the file, so this ends.
    fn mark(&mut self, mut function: u32) {
        while let Some(Some((instance, name))) = self.functions.get(function as usize) {
            match self.instances.get(*instance as usize) {
                Some(CoreInstance::Of(module)) => {
                    if let Some(Some(module)) = self.modules.get(*module as usize) {
                        let exports = self.found.quiet.entry(*module).or_default();
                        exports.insert((*name).to_owned());
                    }
                    return;
                }
                Some(CoreInstance::Bag(items)) => {
                    let Some((_, inner)) = items.iter().find(|(item, _)| item == name) else {
                        return;
                    };
                    function = *inner;
                }
                None => return,
            }
        }
    }
}

fn core_instance(instance: Instance<'_>) -> CoreInstance<'_> {
    match instance {
        Instance::Instantiate { module_index, .. } => CoreInstance::Of(module_index),
        Instance::FromExports(exports) => {
            let functions = exports.iter().filter(|export| {
                matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact)
            });
            CoreInstance::Bag(
                functions
                    .map(|export| (export.name, export.index))
                    .collect(),
            )
        }
    }
}
