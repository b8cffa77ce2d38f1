//! Everything outside of function bodies: counted section by section, over the root and all that is
//! nested in it, each section before the validator sees it.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind, Encoding,
    Instance, Payload, SectionLimited,
};

use super::limits::Cap;
use super::{PrecheckError, StructureLimits};
use dyno_job::{Numbers, is_compiled};

mod module;

/// The counts of one pass over a file.
pub(super) struct Structure<'a> {
    bytes: &'a [u8],
    limits: &'a StructureLimits,
    /// The components, and the module, that the parser is in; the root is the first.
    open: Vec<Frame>,
    seen: Seen,
    module_totals: module::Totals,
    component_type_bytes: u64,
}

/// What is left of a pass when it is done.
#[derive(Default)]
pub(super) struct Seen {
    /// Names imported by the root; of a module, those of other modules.
    pub(super) imports: Vec<String>,
    /// Names exported by the root.
    pub(super) exports: Vec<String>,
    pub(super) numbers: Numbers,
}

/// A component or module that is being read.
struct Frame {
    encoding: Encoding,
    /// What instantiating it makes.
    cost: Cost,
    /// The same for every component that it can instantiate, by index.
    components: Vec<Cost>,
}

/// What instantiating a component once makes, with all that it instantiates in turn.
#[derive(Clone, Copy, Default)]
struct Cost {
    core_instances: u64,
    component_instances: u64,
    canonicals: u64,
    items: u64,
}

impl Cost {
    /// Saturates, because doubling at each level overflows after 64 of them.
    fn add(&mut self, other: Self) {
        self.core_instances = self.core_instances.saturating_add(other.core_instances);
        self.component_instances = self
            .component_instances
            .saturating_add(other.component_instances);
        self.canonicals = self.canonicals.saturating_add(other.canonicals);
        self.items = self.items.saturating_add(other.items);
    }
}

impl<'a> Structure<'a> {
    pub(super) fn new(bytes: &'a [u8], limits: &'a StructureLimits) -> Self {
        Self {
            bytes,
            limits,
            open: Vec::new(),
            seen: Seen::default(),
            module_totals: module::Totals::default(),
            component_type_bytes: 0,
        }
    }

    pub(super) fn finish(self) -> Seen {
        self.seen
    }

    /// Counts one payload of the parser.
    pub(super) fn count(&mut self, payload: &Payload<'_>) -> Result<(), PrecheckError> {
        match payload {
            Payload::Version { encoding, .. } => self.enter(*encoding),
            Payload::End(_) => {
                self.leave();
                Ok(())
            }
            Payload::ModuleSection {
                unchecked_range: range,
                ..
            }
            | Payload::ComponentSection {
                unchecked_range: range,
                ..
            } => self.not_compiled(range.start),
            Payload::CustomSection(section) => {
                self.seen.numbers.custom_bytes += section.data().len() as u64;
                self.name(section.name())
            }
            _ => match self.open.last().map(|frame| frame.encoding) {
                Some(Encoding::Component) => self.count_in_component(payload),
                Some(Encoding::Module) => self.count_in_module(payload),
                None => Ok(()),
            },
        }
    }

    fn enter(&mut self, encoding: Encoding) -> Result<(), PrecheckError> {
        self.open.push(Frame {
            encoding,
            cost: Cost::default(),
            components: Vec::new(),
        });
        let depth = self.open.len() as u64;
        self.limits.nesting.at_most(depth)?;
        let numbers = &mut self.seen.numbers;
        match encoding {
            Encoding::Module => {
                self.module_totals.begin();
                numbers.modules += 1;
                self.limits.modules.at_most(numbers.modules)
            }
            Encoding::Component => {
                numbers.components += 1;
                self.limits.components.at_most(numbers.components)
            }
        }
    }

    /// A component that ends becomes one that its parent can instantiate.
    fn leave(&mut self) {
        let Some(frame) = self.open.pop() else { return };
        match (self.open.last_mut(), frame.encoding) {
            (Some(parent), Encoding::Component) => parent.components.push(frame.cost),
            (Some(_), Encoding::Module) => {}
            (None, Encoding::Component) => {
                self.seen.numbers.core_instances = frame.cost.core_instances;
            }
            (None, Encoding::Module) => self.seen.numbers.core_instances = 1,
        }
    }

    /// Machine code in the place of a nested module or component.
    fn not_compiled(&self, offset: usize) -> Result<(), PrecheckError> {
        match self.bytes.get(offset..) {
            Some(nested) if is_compiled(nested) => Err(PrecheckError::Compiled { offset }),
            _ => Ok(()),
        }
    }

    fn name(&self, name: &str) -> Result<(), PrecheckError> {
        self.limits.name_bytes.at_most(name.len() as u64)
    }

    /// The sections of a component but for those nested in it.
    fn count_in_component(&mut self, payload: &Payload<'_>) -> Result<(), PrecheckError> {
        match payload {
            Payload::InstanceSection(section) => self.core_instances(section.clone()),
            Payload::ComponentInstanceSection(section) => self.instances(section.clone()),
            Payload::ComponentAliasSection(section) => self.aliases(section.clone()),
            Payload::ComponentImportSection(section) => self.imports(section.clone()),
            Payload::ComponentExportSection(section) => self.exports(section.clone()),
            Payload::ComponentCanonicalSection(section) => self.spend(Cost {
                canonicals: u64::from(section.count()),
                ..Cost::default()
            }),
            Payload::CoreTypeSection(section) => self.core_types(section.count()),
            Payload::ComponentTypeSection(section) => self.component_types(section),
            _ => Ok(()),
        }
    }

    /// Adds to what instantiating the component makes that is being read.
    fn spend(&mut self, cost: Cost) -> Result<(), PrecheckError> {
        let Some(frame) = self.open.last_mut() else {
            return Ok(());
        };
        frame.cost.add(cost);
        let (cost, limits) = (&frame.cost, self.limits);
        if cost.core_instances > limits.core_instances {
            return Err(PrecheckError::Instances {
                limit: limits.core_instances,
                actual: cost.core_instances,
            });
        }
        limits
            .component_instances
            .at_most(cost.component_instances)?;
        limits.canonicals.at_most(cost.canonicals)?;
        limits.items.at_most(cost.items)
    }

    fn items(&mut self, items: u64) -> Result<(), PrecheckError> {
        self.spend(Cost {
            items,
            ..Cost::default()
        })
    }

    fn core_instances(
        &mut self,
        section: SectionLimited<'_, Instance<'_>>,
    ) -> Result<(), PrecheckError> {
        for instance in section {
            let (core_instances, items) = match instance? {
                Instance::Instantiate { args, .. } => (1, args.len()),
                Instance::FromExports(exports) => (0, exports.len()),
            };
            self.spend(Cost {
                core_instances,
                items: items as u64 + 1,
                ..Cost::default()
            })?;
        }
        Ok(())
    }

    fn instances(
        &mut self,
        section: SectionLimited<'_, ComponentInstance<'_>>,
    ) -> Result<(), PrecheckError> {
        for instance in section {
            match instance? {
                ComponentInstance::Instantiate {
                    component_index,
                    args,
                } => {
                    let mut cost = self.component(0, component_index);
                    cost.add(Cost {
                        component_instances: 1,
                        items: args.len() as u64 + 1,
                        ..Cost::default()
                    });
                    self.spend(cost)?;
                }
                ComponentInstance::FromExports(exports) => self.items(exports.len() as u64 + 1)?,
            }
        }
        Ok(())
    }

    /// What a component costs, by its index in the component `outward` levels out. An index that is
    /// not there costs nothing here, and the validator refuses it.
    fn component(&self, outward: u32, index: u32) -> Cost {
        (self.open.len().checked_sub(1 + outward as usize))
            .and_then(|at| self.open[at].components.get(index as usize))
            .copied()
            .unwrap_or_default()
    }

    fn define_component(&mut self, cost: Cost) {
        if let Some(frame) = self.open.last_mut() {
            frame.components.push(cost);
        }
    }

    fn aliases(
        &mut self,
        section: SectionLimited<'_, ComponentAlias<'_>>,
    ) -> Result<(), PrecheckError> {
        self.items(u64::from(section.count()))?;
        for alias in section.into_iter_with_offsets() {
            let (offset, alias) = alias?;
            match alias {
                ComponentAlias::Outer {
                    kind: ComponentOuterAliasKind::Component,
                    count,
                    index,
                } => self.define_component(self.component(count, index)),
                ComponentAlias::InstanceExport {
                    kind: ComponentExternalKind::Component,
                    ..
                } => return Err(component_as_value(offset)),
                ComponentAlias::InstanceExport { name, .. }
                | ComponentAlias::CoreInstanceExport { name, .. } => self.name(name)?,
                ComponentAlias::Outer { .. } => {}
            }
        }
        Ok(())
    }

    fn imports(
        &mut self,
        section: wasmparser::ComponentImportSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        self.items(u64::from(section.count()))?;
        for import in section.into_iter_with_offsets() {
            let (offset, import) = import?;
            let name = import.name.name;
            self.name(name)?;
            if self.open.len() == 1 {
                self.seen.imports.push(name.to_owned());
            } else if import.ty.kind() == ComponentExternalKind::Component {
                return Err(component_as_value(offset));
            }
        }
        Ok(())
    }

    fn exports(
        &mut self,
        section: wasmparser::ComponentExportSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        self.items(u64::from(section.count()))?;
        for export in section {
            let export = export?;
            let name = export.name.name;
            self.name(name)?;
            if export.kind == ComponentExternalKind::Component {
                // What is exported gets a new index as well.
                self.define_component(self.component(0, export.index));
            }
            if self.open.len() == 1 {
                self.seen.exports.push(name.to_owned());
            }
        }
        Ok(())
    }

    fn component_types(
        &mut self,
        section: &wasmparser::ComponentTypeSectionReader<'_>,
    ) -> Result<(), PrecheckError> {
        let limits = self.limits;
        let range = section.range();
        self.component_type_bytes += range.len() as u64;
        limits
            .component_type_bytes
            .at_most(self.component_type_bytes)?;
        // A type within a type is written as the tag 0x01 and the opcode of a component (0x41) or
        // instance (0x42). Other bytes can look like that, so this is a bound from above, and the
        // only one that can be had without the recursion that it is to bound.
        let bytes = self.bytes.get(range).unwrap_or_default();
        let nested = (bytes.windows(2))
            .filter(|pair| matches!(pair, [0x01, 0x41 | 0x42]))
            .count();
        limits.component_type_nesting.at_most(nested as u64)
    }
}

/// A component that arrives as an argument or result could be instantiated any number of times
/// without this pass seeing what that costs. No tool makes such components.
fn component_as_value(offset: usize) -> PrecheckError {
    PrecheckError::Unsupported {
        feature: "a component as an import or result".to_owned(),
        offset,
        message: "only components that are written in this file can be instantiated".to_owned(),
    }
}
