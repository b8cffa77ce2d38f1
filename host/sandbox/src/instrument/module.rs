//! One core module: every function tells when it begins and ends.
//!
//! ```text
//! functions before   imported ............ | defined ...
//! functions after    imported ... | hooks  | defined ... | a thunk for each import | quiet wrappers
//! ```
//!
//! Whatever named an imported function now names its thunk, and an export that must not call out
//! is exported through its wrapper.

use std::collections::BTreeSet;

use wasm_encoder::reencode::{Reencode, utils};
use wasm_encoder::{
    BlockType, CodeSection, DataCountSection, DataSection, ElementSection, Elements, EntityType,
    ExportKind, ExportSection, Function, FunctionSection, GlobalSection, ImportSection,
    MemorySection, Module, StartSection, TableSection, TypeSection, ValType,
};
use wasmparser::{Export, FunctionBody, Operator};

use super::before::{Before, is_function};
use super::{HOOKS, InstrumentError};

/// What of hooks.wat a module imports, with its type.
const IMPORTED: [(&str, &[ValType], &[ValType]); 5] = [
    ("enter", &[ValType::I32], &[]),
    ("leave", &[], &[]),
    ("settle", &[ValType::I64], &[]),
    ("mute", &[], &[ValType::I32]),
    ("unmute", &[ValType::I32, ValType::I64], &[]),
];

/// Their places in it.
const ENTER: u32 = 0;
const LEAVE: u32 = 1;
const SETTLE: u32 = 2;
const MUTE: u32 = 3;
const UNMUTE: u32 = 4;
const HOOK_COUNT: u32 = IMPORTED.len() as u32;

/// What a thunk costs besides the function that it calls, for `settle`: its own beginning, the
/// number and the call for `settle`, the call of the import; one more for each parameter.
const THUNK_FUEL: i64 = 4;

/// What a quiet wrapper costs besides the function that it calls, for `unmute`: 1 for its own
/// beginning, 6 around the parameters, 4 in `mute` and 7 in `unmute`; one more for each parameter.
const WRAPPER_FUEL: i64 = 18;

/// Rewrites a module; the names of its functions come behind those in `functions`, at the number
/// that each tells the host. `place` is its place in the component.
pub(super) fn rewrite(
    module: &[u8],
    place: u32,
    quiet: BTreeSet<String>,
    functions: &mut Vec<String>,
) -> Result<Vec<u8>, InstrumentError> {
    let before = Before::read(module)?;
    let first_id = functions.len() as u32;
    before.name_functions(place, functions);
    let wrapped = before
        .exports()
        .filter(|export| is_quiet(&quiet, export))
        .map(|export| export.index)
        .collect();
    Rewriter {
        before: &before,
        quiet,
        first_id,
        wrapped,
    }
    .write()
}

fn is_quiet(quiet: &BTreeSet<String>, export: &Export<'_>) -> bool {
    is_function(export.kind) && quiet.contains(export.name)
}

struct Rewriter<'a> {
    before: &'a Before<'a>,
    quiet: BTreeSet<String>,
    /// What the first defined function tells the host.
    first_id: u32,
    /// Functions that are exported through a wrapper, in the order of the wrappers.
    wrapped: Vec<u32>,
}

impl Reencode for Rewriter<'_> {
    type Error = wat::Error;

    fn function_index(&mut self, index: u32) -> Result<u32, InstrumentError> {
        Ok(if index < self.imported() {
            self.first_thunk() + index
        } else {
            index + HOOK_COUNT
        })
    }
}

impl Rewriter<'_> {
    fn imported(&self) -> u32 {
        self.before.imported.len() as u32
    }

    fn hook(&self, hook: u32) -> u32 {
        self.imported() + hook
    }

    fn first_thunk(&self) -> u32 {
        self.imported() + HOOK_COUNT + self.before.defined.len() as u32
    }

    fn first_wrapper(&self) -> u32 {
        self.first_thunk() + self.imported()
    }

    fn write(mut self) -> Result<Vec<u8>, InstrumentError> {
        let mut out = Module::new();
        out.section(&self.types()?)
            .section(&self.imports()?)
            .section(&self.functions()?);
        self.state(&mut out)?;
        out.section(&self.exports()?);
        if let Some(start) = self.before.start {
            let function_index = self.function_index(start)?;
            out.section(&StartSection { function_index });
        }
        out.section(&self.elements()?);
        if let Some(count) = self.before.data_count {
            out.section(&DataCountSection { count });
        }
        out.section(&self.code()?);
        if let Some(section) = &self.before.data {
            let mut data = DataSection::new();
            utils::parse_data_section(&mut self, &mut data, section.clone())?;
            out.section(&data);
        }
        Ok(out.finish())
    }

    fn types(&mut self) -> Result<TypeSection, InstrumentError> {
        let mut types = TypeSection::new();
        if let Some(section) = &self.before.type_section {
            utils::parse_type_section(self, &mut types, section.clone())?;
        }
        for (_, params, results) in IMPORTED {
            let (params, results) = (params.iter().copied(), results.iter().copied());
            types.ty().function(params, results);
        }
        for results in &self.before.result_lists {
            let results: Result<Vec<_>, _> = results
                .iter()
                .map(|result| self.val_type(*result))
                .collect();
            types.ty().function([], results?);
        }
        Ok(types)
    }

    fn imports(&mut self) -> Result<ImportSection, InstrumentError> {
        let mut imports = ImportSection::new();
        if let Some(section) = &self.before.import_section {
            utils::parse_import_section(self, &mut imports, section.clone())?;
        }
        for (ty, (name, ..)) in (self.before.types.len() as u32..).zip(IMPORTED) {
            imports.import(HOOKS, name, EntityType::Function(ty));
        }
        Ok(imports)
    }

    fn functions(&mut self) -> Result<FunctionSection, InstrumentError> {
        let mut functions = FunctionSection::new();
        let wrapped = self.wrapped.iter().map(|index| self.before.type_of(*index));
        let defined = self.before.defined.iter().copied();
        let imported = self.before.imported.iter().copied();
        for ty in defined.chain(imported).chain(wrapped) {
            functions.function(ty);
        }
        Ok(functions)
    }

    /// Tables, memories and globals.
    fn state(&mut self, out: &mut Module) -> Result<(), InstrumentError> {
        if let Some(section) = &self.before.tables {
            let mut tables = TableSection::new();
            utils::parse_table_section(self, &mut tables, section.clone())?;
            out.section(&tables);
        }
        if let Some(section) = &self.before.memories {
            let mut memories = MemorySection::new();
            utils::parse_memory_section(self, &mut memories, section.clone())?;
            out.section(&memories);
        }
        if let Some(section) = &self.before.globals {
            let mut globals = GlobalSection::new();
            utils::parse_global_section(self, &mut globals, section.clone())?;
            out.section(&globals);
        }
        Ok(())
    }

    fn exports(&mut self) -> Result<ExportSection, InstrumentError> {
        let mut exports = ExportSection::new();
        let mut wrappers = self.first_wrapper()..;
        for export in self.before.exports() {
            if is_quiet(&self.quiet, export)
                && let Some(wrapper) = wrappers.next()
            {
                exports.export(export.name, ExportKind::Func, wrapper);
            } else {
                utils::parse_export(self, &mut exports, *export)?;
            }
        }
        Ok(exports)
    }

    /// What was declared by an export that is now its wrapper's is declared here: only so may code
    /// take references to it.
    fn elements(&mut self) -> Result<ElementSection, InstrumentError> {
        let mut elements = ElementSection::new();
        if let Some(section) = &self.before.elements {
            utils::parse_element_section(self, &mut elements, section.clone())?;
        }
        if !self.wrapped.is_empty() {
            let wrapped = self.wrapped.clone().into_iter();
            let wrapped: Result<Vec<_>, _> =
                wrapped.map(|index| self.function_index(index)).collect();
            elements.declared(Elements::Functions(wrapped?.into()));
        }
        Ok(elements)
    }

    fn code(&mut self) -> Result<CodeSection, InstrumentError> {
        let mut code = CodeSection::new();
        for (id, (ty, body)) in
            (self.first_id..).zip(self.before.defined.iter().zip(&self.before.bodies))
        {
            code.function(&self.body(id, *ty, body)?);
        }
        for (index, ty) in (0..).zip(&self.before.imported) {
            code.function(&self.thunk(index, *ty));
        }
        for index in self.wrapped.clone() {
            let inner = self.function_index(index)?;
            code.function(&self.wrapper(inner, self.before.type_of(index)));
        }
        Ok(code)
    }

    /// The body in a block of its own, so that a branch out of the function ends there.
    fn body(
        &mut self,
        id: u32,
        ty: u32,
        body: &FunctionBody<'_>,
    ) -> Result<Function, InstrumentError> {
        let (enter, leave) = (self.hook(ENTER), self.hook(LEAVE));
        let block = self.block(ty)?;
        let mut out = self.new_function_with_parsed_locals(body)?;
        out.instructions()
            .i32_const(id as i32)
            .call(enter)
            .block(block);
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            let operator = operators.read()?;
            if matches!(
                operator,
                Operator::Return
                    | Operator::ReturnCall { .. }
                    | Operator::ReturnCallIndirect { .. }
                    | Operator::ReturnCallRef { .. }
            ) {
                out.instructions().call(leave);
            }
            out.instruction(&self.instruction(operator)?);
        }
        // The last `end` of the body has ended the block.
        out.instructions().call(leave).end();
        Ok(out)
    }

    /// The type of a block that leaves what a function returns.
    fn block(&mut self, ty: u32) -> Result<BlockType, InstrumentError> {
        Ok(match self.before.results(ty) {
            [] => BlockType::Empty,
            [one] => BlockType::Result(self.val_type(*one)?),
            many => {
                let behind = self.before.types.len() + IMPORTED.len();
                BlockType::FunctionType((behind + self.before.result_list(many)) as u32)
            }
        })
    }

    /// Settles what is owed, and calls an imported function.
    fn thunk(&self, index: u32, ty: u32) -> Function {
        let params = self.before.params(ty);
        let mut out = Function::new([]);
        out.instructions()
            .i64_const(THUNK_FUEL + i64::from(params))
            .call(self.hook(SETTLE));
        for param in 0..params {
            out.instructions().local_get(param);
        }
        out.instructions().call(index).end();
        out
    }

    /// Calls a function while the hooks are mute.
    fn wrapper(&self, inner: u32, ty: u32) -> Function {
        let params = self.before.params(ty);
        let was = params;
        let mut out = Function::new([(1, ValType::I32)]);
        out.instructions().call(self.hook(MUTE)).local_set(was);
        for param in 0..params {
            out.instructions().local_get(param);
        }
        out.instructions()
            .call(inner)
            .local_get(was)
            .i64_const(WRAPPER_FUEL + i64::from(params))
            .call(self.hook(UNMUTE))
            .end();
        out
    }
}
