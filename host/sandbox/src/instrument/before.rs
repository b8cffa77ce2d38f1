//! A core module as it is before it is rewritten: its sections, and what is known of its functions.

use std::collections::{BTreeMap, BTreeSet};

use wasmparser::{
    CompositeInnerType, DataSectionReader, ElementSectionReader, Export, ExternalKind, FuncType,
    FunctionBody, GlobalSectionReader, ImportSectionReader, KnownCustom, MemorySectionReader, Name,
    NameSectionReader, Parser, Payload, SubType, TableSectionReader, TypeRef, TypeSectionReader,
    ValType,
};

use super::name::{self, readable};

pub(super) fn is_function(kind: ExternalKind) -> bool {
    matches!(kind, ExternalKind::Func | ExternalKind::FuncExact)
}

fn function(ty: &SubType) -> Option<FuncType> {
    match &ty.composite_type.inner {
        CompositeInnerType::Func(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// A module as it was.
#[derive(Default)]
pub(super) struct Before<'a> {
    /// Each type, of those that are no function's none.
    pub(super) types: Vec<Option<FuncType>>,
    /// The lists of more than one result among these, sorted, each once.
    pub(super) result_lists: Vec<Vec<ValType>>,
    /// Types of the imported functions.
    pub(super) imported: Vec<u32>,
    /// Types of the defined functions.
    pub(super) defined: Vec<u32>,
    pub(super) bodies: Vec<FunctionBody<'a>>,
    pub(super) start: Option<u32>,
    pub(super) data_count: Option<u32>,
    pub(super) type_section: Option<TypeSectionReader<'a>>,
    pub(super) import_section: Option<ImportSectionReader<'a>>,
    pub(super) tables: Option<TableSectionReader<'a>>,
    pub(super) memories: Option<MemorySectionReader<'a>>,
    pub(super) globals: Option<GlobalSectionReader<'a>>,
    pub(super) elements: Option<ElementSectionReader<'a>>,
    pub(super) data: Option<DataSectionReader<'a>>,
    exports: Vec<Export<'a>>,
    /// Its own name.
    name: Option<&'a str>,
    /// The names of its functions, imported ones included.
    names: BTreeMap<u32, &'a str>,
}

impl<'a> Before<'a> {
    pub(super) fn read(module: &'a [u8]) -> wasmparser::Result<Self> {
        let mut read = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(section) => {
                    for group in section.clone() {
                        read.types.extend(group?.types().map(function));
                    }
                    let functions = read.types.iter().flatten();
                    let lists = functions.map(|ty| ty.results().to_vec());
                    let lists: BTreeSet<_> = lists.filter(|list| list.len() > 1).collect();
                    read.result_lists = lists.into_iter().collect();
                    read.type_section = Some(section);
                }
                Payload::ImportSection(section) => {
                    for import in section.clone().into_imports() {
                        if let TypeRef::Func(ty) | TypeRef::FuncExact(ty) = import?.ty {
                            read.imported.push(ty);
                        }
                    }
                    read.import_section = Some(section);
                }
                Payload::FunctionSection(section) => {
                    read.defined = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::TableSection(section) => read.tables = Some(section),
                Payload::MemorySection(section) => read.memories = Some(section),
                Payload::GlobalSection(section) => read.globals = Some(section),
                Payload::ExportSection(section) => {
                    read.exports = section.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::StartSection { func, .. } => read.start = Some(func),
                Payload::ElementSection(section) => read.elements = Some(section),
                Payload::DataCountSection { count, .. } => read.data_count = Some(count),
                Payload::DataSection(section) => read.data = Some(section),
                Payload::CodeSectionEntry(body) => read.bodies.push(body),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        read.read_names(names);
                    }
                }
                _ => {}
            }
        }
        Ok(read)
    }

    /// A custom section that is malformed is no fault: what was read of it until then stands.
    fn read_names(&mut self, names: NameSectionReader<'a>) {
        for name in names.into_iter().map_while(Result::ok) {
            match name {
                Name::Module { name, .. } => self.name = Some(name),
                Name::Function(map) => {
                    let names = map.into_iter().map_while(Result::ok);
                    self.names
                        .extend(names.map(|naming| (naming.index, naming.name)));
                }
                _ => {}
            }
        }
    }

    /// Adds what each defined function is called: by its name; if it has none, by what it is
    /// exported as, or by its module and its index.
    pub(super) fn name_functions(&self, place: u32, functions: &mut Vec<String>) {
        let mut bytes: usize = functions.iter().map(String::len).sum();
        let exported: BTreeMap<u32, &str> = self
            .exports()
            .filter(|export| is_function(export.kind))
            .map(|export| (export.index, export.name))
            .collect();
        let module = self.name.and_then(readable);
        let module = module.unwrap_or_else(|| format!("module[{place}]"));
        for index in (self.imported.len() as u32..).take(self.defined.len()) {
            let own = self.names.get(&index).or_else(|| exported.get(&index));
            let name = match own.and_then(|name| readable(name)) {
                _ if bytes > name::BYTES_MAX => format!("func[{index}]"),
                Some(name) => name,
                None => format!("{module}.func[{index}]"),
            };
            bytes += name.len();
            functions.push(name);
        }
    }

    pub(super) fn exports(&self) -> impl Iterator<Item = &Export<'a>> {
        self.exports.iter()
    }

    /// The type of a function; of one that is not there, one that is not there.
    pub(super) fn type_of(&self, function: u32) -> u32 {
        let functions = || self.imported.iter().chain(&self.defined);
        functions()
            .nth(function as usize)
            .copied()
            .unwrap_or(u32::MAX)
    }

    fn function_type(&self, ty: u32) -> Option<&FuncType> {
        self.types.get(ty as usize)?.as_ref()
    }

    pub(super) fn params(&self, ty: u32) -> u32 {
        let ty = self.function_type(ty);
        ty.map_or(0, |ty| ty.params().len() as u32)
    }

    pub(super) fn results(&self, ty: u32) -> &[ValType] {
        self.function_type(ty).map_or(&[], FuncType::results)
    }

    /// Where among `result_lists` a list is.
    pub(super) fn result_list(&self, results: &[ValType]) -> usize {
        self.result_lists
            .binary_search_by(|list| list.as_slice().cmp(results))
            .unwrap_or(usize::MAX)
    }
}
