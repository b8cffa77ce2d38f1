//! The outermost component: our hooks in front, everything else behind it, with shifted indices.

use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    Alias, CanonicalFunctionSection, CanonicalOption, Component, ComponentAliasSection,
    ComponentExportKind, ComponentImportSection, ComponentSectionId, ComponentTypeRef,
    ComponentTypeSection, ComponentValType, ExportKind, InstanceSection, InstanceType, ModuleArg,
    PrimitiveValType, RawSection,
};
use wasmparser::{Instance, InstantiationArgKind, Parser};

use super::exceptions::Exceptions;
use super::module;
use super::{HOOKS, InstrumentError};

/// What the host is told, with the parameters of each.
const TOLD: [(&str, &[(&str, PrimitiveValType)]); 3] = [
    (
        "enter",
        &[
            ("function", PrimitiveValType::U32),
            ("owed", PrimitiveValType::U64),
        ],
    ),
    ("leave", &[("owed", PrimitiveValType::U64)]),
    ("settle", &[("owed", PrimitiveValType::U64)]),
];

/// By how much the indices of what was there before are shifted: as many as [`prelude`] defines.
const TYPES: u32 = 1;
const INSTANCES: u32 = 1;
const FUNCTIONS: u32 = TOLD.len() as u32;
const CORE_FUNCTIONS: u32 = TOLD.len() as u32;
const CORE_MODULES: u32 = 1;
const CORE_INSTANCES: u32 = 2;

/// The core instance of our module, behind the one that hands it the host's functions.
const HOOKS_INSTANCE: u32 = 1;

/// Imports the hooks, and instantiates our module with them.
pub(super) fn prelude(out: &mut Component) -> Result<(), InstrumentError> {
    let mut interface = InstanceType::new();
    for (index, (name, params)) in TOLD.into_iter().enumerate() {
        let params = params
            .iter()
            .map(|(name, ty)| (*name, ComponentValType::Primitive(*ty)));
        interface.ty().function().params(params).result(None);
        interface.export(name, ComponentTypeRef::Func(index as u32));
    }
    let mut types = ComponentTypeSection::new();
    types.instance(&interface);
    let mut imports = ComponentImportSection::new();
    imports.import(HOOKS, ComponentTypeRef::Instance(0));
    let mut aliases = ComponentAliasSection::new();
    let mut lowered = CanonicalFunctionSection::new();
    for (index, (name, _)) in (0..).zip(TOLD) {
        aliases.alias(Alias::InstanceExport {
            instance: 0,
            kind: ComponentExportKind::Func,
            name,
        });
        lowered.lower(index, [] as [CanonicalOption; 0]);
    }
    let hooks = wat::parse_str(include_str!("hooks.wat")).map_err(Error::UserError)?;
    let mut instances = InstanceSection::new();
    let told = TOLD.iter().enumerate();
    instances.export_items(told.map(|(index, (name, _))| (*name, ExportKind::Func, index as u32)));
    instances.instantiate(0, [("host", ModuleArg::Instance(0))]);
    out.section(&types)
        .section(&imports)
        .section(&aliases)
        .section(&lowered)
        .section(&core_module(&hooks))
        .section(&instances);
    Ok(())
}

/// Writes what was there before behind the prelude.
pub(super) struct Root {
    /// 0 in the outermost component, more in what is nested in it, types included.
    depth: u32,
    /// Core modules of the outermost component so far.
    modules: u32,
    exceptions: Exceptions,
    functions: Vec<String>,
}

impl Root {
    pub(super) fn new(exceptions: Exceptions) -> Self {
        Self {
            depth: 0,
            modules: 0,
            exceptions,
            functions: Vec::new(),
        }
    }

    pub(super) fn into_functions(self) -> Vec<String> {
        self.functions
    }

    /// An index into a space of the component that is being read, or of one `outward` levels out.
    fn shift(&self, outward: u32, index: u32, by: u32) -> u32 {
        if self.depth == outward {
            index + by
        } else {
            index
        }
    }
}

impl Reencode for Root {
    type Error = wat::Error;

    fn function_index(&mut self, index: u32) -> Result<u32, InstrumentError> {
        Ok(self.shift(0, index, CORE_FUNCTIONS))
    }
}

impl ReencodeComponent for Root {
    fn push_depth(&mut self) {
        self.depth += 1;
    }

    fn pop_depth(&mut self) {
        self.depth -= 1;
    }

    fn component_type_index(&mut self, index: u32) -> u32 {
        self.shift(0, index, TYPES)
    }

    fn component_instance_index(&mut self, index: u32) -> u32 {
        self.shift(0, index, INSTANCES)
    }

    fn component_func_index(&mut self, index: u32) -> u32 {
        self.shift(0, index, FUNCTIONS)
    }

    fn module_index(&mut self, index: u32) -> u32 {
        self.shift(0, index, CORE_MODULES)
    }

    fn instance_index(&mut self, index: u32) -> u32 {
        self.shift(0, index, CORE_INSTANCES)
    }

    fn outer_type_index(&mut self, _: u32, index: u32) -> Result<u32, InstrumentError> {
        Ok(index)
    }

    fn outer_component_type_index(&mut self, count: u32, index: u32) -> u32 {
        self.shift(count, index, TYPES)
    }

    fn outer_component_index(&mut self, _: u32, index: u32) -> u32 {
        index
    }

    fn outer_module_index(&mut self, count: u32, index: u32) -> u32 {
        self.shift(count, index, CORE_MODULES)
    }

    fn parse_component_submodule(
        &mut self,
        out: &mut Component,
        _: Parser,
        module: &[u8],
    ) -> Result<(), InstrumentError> {
        let place = self.modules;
        if self.depth == 0 {
            self.modules += 1;
        }
        if self.depth > 0 || self.exceptions.is_borrowed(place) {
            out.section(&core_module(module));
            return Ok(());
        }
        let quiet = self.exceptions.quiet(place);
        let bytes = module::rewrite(module, place, quiet, &mut self.functions)?;
        out.section(&core_module(&bytes));
        Ok(())
    }

    fn parse_instance(
        &mut self,
        out: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<(), InstrumentError> {
        let Instance::Instantiate { module_index, args } = &instance else {
            return component_utils::parse_instance(self, out, instance);
        };
        let args = args.iter().map(|arg| match arg.kind {
            InstantiationArgKind::Instance => (
                arg.name,
                ModuleArg::Instance(self.instance_index(arg.index)),
            ),
        });
        let mut args: Vec<_> = args.collect();
        if self.depth == 0 {
            args.push((HOOKS, ModuleArg::Instance(HOOKS_INSTANCE)));
        }
        out.instantiate(self.module_index(*module_index), args);
        Ok(())
    }

    /// Names of what is in the component: they are not read here.
    fn parse_component_custom_section(
        &mut self,
        _: &mut Component,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), InstrumentError> {
        Ok(())
    }
}

fn core_module(bytes: &[u8]) -> RawSection<'_> {
    RawSection {
        id: ComponentSectionId::CoreModule.into(),
        data: bytes,
    }
}
