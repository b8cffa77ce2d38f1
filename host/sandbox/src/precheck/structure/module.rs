//! The sections of core modules.

use wasmparser::{
    CompositeInnerType, ConstExpr, ElementItems, Operator, Payload, RecGroup, SectionLimited,
    TableInit,
};

use super::{Cap, PrecheckError, Structure};

/// Totals over all modules that only the limits need.
#[derive(Default)]
pub(super) struct Totals {
    core_types: u64,
    imports: u64,
    exports: u64,
    globals: u64,
    element_segments: u64,
    element_items: u64,
    data_segments: u64,
    constant_allocations: u64,
    constant_fields: u64,
    /// Of the module that is being read, by type: the fields of each struct.
    fields: Vec<u64>,
}

impl Totals {
    /// Another module begins.
    pub(super) fn begin(&mut self) {
        self.fields.clear();
    }
}

/// Adds a section's count to a total, and holds that against its cap.
fn add(total: &mut u64, count: u32, cap: &Cap) -> Result<(), PrecheckError> {
    *total += u64::from(count);
    cap.at_most(*total)
}

impl Structure<'_> {
    pub(super) fn count_in_module(&mut self, payload: &Payload<'_>) -> Result<(), PrecheckError> {
        let (limits, numbers) = (self.limits, &mut self.seen.numbers);
        let totals = &mut self.module_totals;
        match payload {
            Payload::TypeSection(section) => self.signatures(section.clone()),
            Payload::ImportSection(section) => self.module_imports(section.clone()),
            Payload::ExportSection(section) => self.module_exports(section.clone()),
            Payload::TableSection(section) => self.tables(section.clone()),
            Payload::MemorySection(section) => self.memories(section.clone()),
            Payload::ElementSection(section) => self.elements(section.clone()),
            Payload::FunctionSection(section) => {
                add(&mut numbers.functions, section.count(), &limits.functions)
            }
            Payload::GlobalSection(section) => {
                add(&mut totals.globals, section.count(), &limits.globals)?;
                for global in section.clone() {
                    self.constant(&global?.init_expr)?;
                }
                Ok(())
            }
            Payload::DataSection(section) => {
                add(
                    &mut totals.data_segments,
                    section.count(),
                    &limits.data_segments,
                )?;
                for segment in section.clone() {
                    numbers.data_bytes += segment?.data.len() as u64;
                }
                Ok(())
            }
            Payload::CodeSectionEntry(body) => {
                let bytes = body.range().len() as u64;
                limits.body_bytes.at_most(bytes)?;
                numbers.body_bytes_largest = numbers.body_bytes_largest.max(bytes);
                numbers.code_bytes += bytes;
                limits.code_bytes.at_most(numbers.code_bytes)
            }
            _ => Ok(()),
        }
    }

    /// Counts types of core modules, wherever they are declared.
    pub(super) fn core_types(&mut self, count: u32) -> Result<(), PrecheckError> {
        add(
            &mut self.module_totals.core_types,
            count,
            &self.limits.core_types,
        )
    }

    fn signatures(&mut self, section: SectionLimited<'_, RecGroup>) -> Result<(), PrecheckError> {
        for group in section {
            let group = group?;
            self.core_types(u32::try_from(group.types().len()).unwrap_or(u32::MAX))?;
            for ty in group.types() {
                let fields = match &ty.composite_type.inner {
                    CompositeInnerType::Struct(ty) => ty.fields.len() as u64,
                    _ => 0,
                };
                self.module_totals.fields.push(fields);
                if let CompositeInnerType::Func(ty) = &ty.composite_type.inner {
                    let (params, results) = (ty.params().len(), ty.results().len());
                    self.limits.params.at_most(params as u64)?;
                    self.limits.results.at_most(results as u64)?;
                }
            }
        }
        Ok(())
    }

    /// What a constant expression makes on the collected heap.
    fn constant(&mut self, expression: &ConstExpr<'_>) -> Result<(), PrecheckError> {
        let (limits, totals) = (self.limits, &mut self.module_totals);
        for operator in expression.get_operators_reader() {
            match operator? {
                Operator::StructNewDefault { struct_type_index } => {
                    // An index that is not there the validator refuses.
                    let fields = totals.fields.get(struct_type_index as usize);
                    totals.constant_fields += fields.copied().unwrap_or_default();
                    totals.constant_allocations += 1;
                }
                Operator::StructNew { .. }
                | Operator::ArrayNew { .. }
                | Operator::ArrayNewDefault { .. }
                | Operator::ArrayNewFixed { .. } => totals.constant_allocations += 1,
                _ => {}
            }
        }
        limits.constant_fields.at_most(totals.constant_fields)?;
        (limits.constant_allocations).at_most(totals.constant_allocations)
    }

    fn module_imports(
        &mut self,
        section: wasmparser::ImportSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        add(
            &mut self.module_totals.imports,
            section.count(),
            &self.limits.imports,
        )?;
        for import in section.into_imports() {
            let import = import?;
            self.name(import.module)?;
            self.name(import.name)?;
            let imports = &mut self.seen.imports;
            if self.open.len() == 1 && imports.iter().all(|it| it != import.module) {
                imports.push(import.module.to_owned());
            }
        }
        Ok(())
    }

    fn module_exports(
        &mut self,
        section: wasmparser::ExportSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        add(
            &mut self.module_totals.exports,
            section.count(),
            &self.limits.exports,
        )?;
        for export in section {
            let name = export?.name;
            self.name(name)?;
            if self.open.len() == 1 {
                self.seen.exports.push(name.to_owned());
            }
        }
        Ok(())
    }

    fn tables(&mut self, section: wasmparser::TableSectionReader<'_>) -> Result<(), PrecheckError> {
        let (limits, numbers) = (self.limits, &mut self.seen.numbers);
        add(&mut numbers.tables, section.count(), &limits.tables)?;
        let mut expressions = Vec::new();
        for table in section {
            let table = table?;
            let initial = table.ty.initial;
            limits.table_elements.at_most(initial)?;
            numbers.table_elements_initial = numbers.table_elements_initial.saturating_add(initial);
            if let TableInit::Expr(expression) = &table.init {
                expressions.push(expression.clone());
            }
        }
        let mut expressions = expressions.iter();
        expressions.try_for_each(|expression| self.constant(expression))
    }

    fn memories(
        &mut self,
        section: wasmparser::MemorySectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        let (limits, numbers) = (self.limits, &mut self.seen.numbers);
        add(&mut numbers.memories, section.count(), &limits.memories)?;
        for memory in section.into_iter_with_offsets() {
            let (offset, memory) = memory?;
            if memory.shared {
                return Err(PrecheckError::Unsupported {
                    feature: "the proposal threads".to_owned(),
                    offset,
                    message: "a memory is shared".to_owned(),
                });
            }
            // Pages of 64 KiB: the proposal for other sizes is off. The validator refuses what
            // the memory's addresses do not reach, but it comes after.
            let bytes = memory.initial.saturating_mul(64 << 10);
            numbers.memory_bytes_initial = numbers.memory_bytes_initial.saturating_add(bytes);
        }
        Ok(())
    }

    fn elements(
        &mut self,
        section: wasmparser::ElementSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        let (limits, totals) = (self.limits, &mut self.module_totals);
        add(
            &mut totals.element_segments,
            section.count(),
            &limits.element_segments,
        )?;
        for segment in section {
            let items = segment?.items;
            let count = match &items {
                ElementItems::Functions(items) => items.count(),
                ElementItems::Expressions(_, items) => items.count(),
            };
            add(
                &mut self.module_totals.element_items,
                count,
                &limits.element_items,
            )?;
            if let ElementItems::Expressions(_, items) = items {
                for expression in items {
                    self.constant(&expression?)?;
                }
            }
        }
        Ok(())
    }
}
