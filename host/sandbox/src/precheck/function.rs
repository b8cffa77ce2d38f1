//! One function body: validated operator by operator while its costs are counted, because a body
//! of a few kilobytes can cost the compiler minutes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use wasmparser::{
    BlockType, FuncToValidate, FuncValidatorAllocations, FunctionBody, Operator, OperatorsReader,
    ValidatorResources, WasmModuleResources,
};

use super::{PrecheckError, StructureLimits};

/// A function and its body.
type Body<'a> = (FuncToValidate<ValidatorResources>, FunctionBody<'a>);

/// Bodies that a thread takes at a time: some 100 KB of code.
const BODIES_AT_A_TIME: usize = 64;

/// Validates all bodies within the limits, on as many threads as there are cores: nearly all the time
/// of the check is spent here. Where no thread can be made, this one does it alone.
pub(super) fn check_all(
    bodies: Vec<Body<'_>>,
    limits: &StructureLimits,
) -> Result<(), PrecheckError> {
    let rest = Mutex::new(bodies.into_iter().enumerate());
    // The first error in the order of the file, whichever thread found it.
    let first: Mutex<Option<(usize, PrecheckError)>> = Mutex::new(None);
    let work = || {
        let mut allocations = FuncValidatorAllocations::default();
        loop {
            let mut some = lock(&rest);
            let taken: Vec<_> = some.by_ref().take(BODIES_AT_A_TIME).collect();
            drop(some);
            if taken.is_empty() {
                return;
            }
            for (index, (function, body)) in taken {
                match check(function, &body, limits, std::mem::take(&mut allocations)) {
                    Ok(again) => allocations = again,
                    Err(error) => {
                        let mut first = lock(&first);
                        if first.as_ref().is_none_or(|(found, _)| index < *found) {
                            *first = Some((index, error));
                        }
                        // What comes after it does not matter any more.
                        lock(&rest).by_ref().for_each(drop);
                        return;
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        let others = thread::available_parallelism().map_or(0, |cores| cores.get() - 1);
        for _ in 0..others.min(THREADS_MAX) {
            let _ = thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    match first.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

/// More than these find nothing to do.
const THREADS_MAX: usize = 7;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Validates a body within the limits, and hands the allocations on to the next.
fn check(
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
    limits: &StructureLimits,
    allocations: FuncValidatorAllocations,
) -> Result<FuncValidatorAllocations, PrecheckError> {
    let mut costs = Costs::new(limits);
    for local in body.get_locals_reader()? {
        costs.locals(u64::from(local?.0))?;
    }

    let resources = function.resources.clone();
    let mut validator = function.into_validator(allocations);
    let mut reader = body.get_binary_reader();
    validator.read_locals(&mut reader)?;
    let mut operators = OperatorsReader::new(reader);
    while !operators.eof() {
        let (operator, offset) = operators.read_with_offset()?;
        validator.op(offset, &operator)?;
        costs.operator(&operator, &resources)?;
    }
    operators.finish()?;
    Ok(validator.into_allocations())
}

/// An open block.
struct Open {
    is_loop: bool,
    /// Its catch clauses.
    handlers: u64,
}

/// What one body has cost so far.
struct Costs<'a> {
    limits: &'a StructureLimits,
    locals: u64,
    open: Vec<Open>,
    open_loops: u64,
    /// The catch clauses around what comes next.
    handlers: u64,
    call_handlers: u64,
    heap_operations: u64,
    default_fields: u64,
    blocks: u64,
    branches: u64,
    calls: u64,
    table_accesses: u64,
    typed_blocks: u64,
    block_values: u64,
    loop_depths: u64,
}

impl<'a> Costs<'a> {
    fn new(limits: &'a StructureLimits) -> Self {
        Self {
            limits,
            locals: 0,
            open: Vec::new(),
            open_loops: 0,
            handlers: 0,
            call_handlers: 0,
            heap_operations: 0,
            default_fields: 0,
            blocks: 0,
            branches: 0,
            calls: 0,
            table_accesses: 0,
            typed_blocks: 0,
            block_values: 0,
            loop_depths: 0,
        }
    }

    fn locals(&mut self, more: u64) -> Result<(), PrecheckError> {
        self.locals = self.locals.saturating_add(more);
        self.limits.locals.at_most(self.locals)
    }

    fn operator(
        &mut self,
        operator: &Operator<'_>,
        types: &ValidatorResources,
    ) -> Result<(), PrecheckError> {
        use Operator as O;
        match operator {
            O::Block { blockty } | O::If { blockty } => self.block(*blockty, false, types),
            O::Loop { blockty } => self.block(*blockty, true, types),
            O::TryTable { try_table } => {
                self.block(try_table.ty, false, types)?;
                let handlers = try_table.catches.len() as u64;
                if let Some(open) = self.open.last_mut() {
                    open.handlers = handlers;
                }
                self.handlers += handlers;
                self.branch(handlers)
            }
            O::End => {
                if let Some(closed) = self.open.pop() {
                    self.open_loops -= u64::from(closed.is_loop);
                    self.handlers -= closed.handlers;
                }
                Ok(())
            }
            O::Br { .. } | O::BrIf { .. } | O::BrOnNull { .. } | O::BrOnNonNull { .. } => {
                self.branch(1)
            }
            O::BrOnCast { .. } | O::BrOnCastFail { .. } => {
                self.heap_operation()?;
                self.branch(1)
            }
            O::BrTable { targets } => self.branch(u64::from(targets.len()) + 1),
            O::Throw { .. } | O::ThrowRef => self.caught(),
            O::Call { .. } | O::ReturnCall { .. } | O::CallRef { .. } | O::ReturnCallRef { .. } => {
                self.calls += 1;
                self.limits.calls.at_most(self.calls)?;
                self.caught()
            }
            O::CallIndirect { .. } | O::ReturnCallIndirect { .. } => {
                self.table_access()?;
                self.caught()
            }
            O::TableGet { .. } | O::TableSet { .. } => self.table_access(),
            O::StructNewDefault { struct_type_index } => {
                self.default_fields(*struct_type_index, types)?;
                self.heap_operation()
            }
            O::StructNew { .. }
            | O::ArrayNew { .. }
            | O::ArrayNewDefault { .. }
            | O::ArrayNewFixed { .. }
            | O::ArrayNewData { .. }
            | O::ArrayNewElem { .. }
            | O::ArrayFill { .. }
            | O::ArrayCopy { .. }
            | O::ArrayInitData { .. }
            | O::ArrayInitElem { .. }
            | O::RefTestNonNull { .. }
            | O::RefTestNullable { .. }
            | O::RefCastNonNull { .. }
            | O::RefCastNullable { .. } => self.heap_operation(),
            _ => Ok(()),
        }
    }

    fn table_access(&mut self) -> Result<(), PrecheckError> {
        self.table_accesses += 1;
        self.limits.table_accesses.at_most(self.table_accesses)
    }

    fn heap_operation(&mut self) -> Result<(), PrecheckError> {
        self.heap_operations += 1;
        self.limits.heap_operations.at_most(self.heap_operations)
    }

    fn default_fields(
        &mut self,
        index: u32,
        types: &ValidatorResources,
    ) -> Result<(), PrecheckError> {
        // The validator has accepted the index as a struct.
        if let Some(ty) = types.sub_type_at(index) {
            self.default_fields += ty.unwrap_struct().fields.len() as u64;
        }
        self.limits.default_fields.at_most(self.default_fields)
    }

    /// Something that may throw.
    fn caught(&mut self) -> Result<(), PrecheckError> {
        self.call_handlers += self.handlers;
        self.limits.call_handlers.at_most(self.call_handlers)
    }

    fn block(
        &mut self,
        ty: BlockType,
        is_loop: bool,
        types: &ValidatorResources,
    ) -> Result<(), PrecheckError> {
        let limits = self.limits;
        self.blocks += 1;
        limits.blocks.at_most(self.blocks)?;
        self.open.push(Open {
            is_loop,
            handlers: 0,
        });
        let depth = self.open.len() as u64;
        limits.block_depth.at_most(depth)?;
        if is_loop {
            self.open_loops += 1;
            limits.loop_depth.at_most(self.open_loops)?;
            self.loop_depths += self.open_loops;
            limits
                .local_loops
                .at_most(self.locals.saturating_mul(self.loop_depths))?;
        }
        if let BlockType::FuncType(index) = ty {
            self.typed_block(index, types)?;
        }
        self.joins()
    }

    fn typed_block(&mut self, index: u32, types: &ValidatorResources) -> Result<(), PrecheckError> {
        let limits = self.limits;
        self.typed_blocks += 1;
        limits.typed_blocks.at_most(self.typed_blocks)?;
        // The validator has accepted the index as a function type.
        if let Some(ty) = types.sub_type_at(index) {
            let ty = ty.unwrap_func();
            self.block_values += (ty.params().len() + ty.results().len()) as u64;
        }
        limits.block_values.at_most(self.block_values)
    }

    fn branch(&mut self, targets: u64) -> Result<(), PrecheckError> {
        self.branches += targets;
        self.limits.branches.at_most(self.branches)?;
        self.joins()
    }

    fn joins(&self) -> Result<(), PrecheckError> {
        self.limits
            .local_joins
            .at_most(self.locals.saturating_mul(self.blocks + self.branches))
    }
}
