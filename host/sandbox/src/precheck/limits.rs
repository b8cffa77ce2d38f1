//! How large a component may be in each way that costs the compiler, the validator or the engine
//! more than its bytes.
//!
//! Each limit names the largest value seen in real programs, and what the compiler made of it where
//! it is not linear. The programs are StarlingMonkey (SpiderMonkey as a component, 10 MB, 12,584
//! functions), CPython 3.14 by componentize-py (18 MB, 13,357 functions) and a tool of 5.7 MB in
//! Rust; the measurements are of wasmtime 48.0.8 at its default optimisation, on one core, without
//! fuel.
//!
//! Not limited, because bytes bound them and nothing is worse than linear in them: data segments'
//! bytes, custom sections, the length of straight-line code. The size of a memory at its start is
//! left to the limiter, which sums over all of them and names the limit.

use std::sync::{Arc, Mutex, PoisonError};

use super::PrecheckError;
use dyno_job::FUNCTIONS_MAX;

/// How many times its cap a count may reach before the check stops counting. Up to there a refusal
/// says the real figure.
const COUNTED_TIMES: u64 = 64;

/// What one count may reach.
#[derive(Debug)]
pub struct Cap {
    what: &'static str,
    pub(super) limit: u64,
    /// How many times the default it is; none if it is always that.
    scale: Option<u64>,
    worst: Arc<Worst>,
}

/// The refusal of the cap that was exceeded the most.
type Worst = Mutex<Option<Exceeded>>;

/// A count that is beyond its cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exceeded {
    /// What was counted, with its unit.
    pub what: &'static str,
    /// The cap.
    pub limit: u64,
    /// The count: at least this, if it is so far beyond that counting stopped.
    pub actual: u64,
    /// How many times the default the cap is; none if nothing raises it.
    pub scale: Option<u64>,
}

impl Exceeded {
    /// How many times as large the cap would have to be.
    fn times(&self) -> u64 {
        self.actual.div_ceil(self.limit.max(1))
    }

    /// The scale of all caps at which it would be none; none where that makes no sense any more.
    pub(super) fn scale_needed(&self) -> Option<u64> {
        let default = self.limit / self.scale?.max(1);
        let scale = self.actual.div_ceil(default.max(1));
        (scale <= COUNTED_TIMES).then_some(scale)
    }
}

impl Cap {
    /// Notes a count that is beyond the cap.
    ///
    /// # Errors
    /// If it is so far beyond that counting stops.
    pub(super) fn at_most(&self, actual: u64) -> Result<(), PrecheckError> {
        if actual <= self.limit {
            return Ok(());
        }
        let exceeded = Exceeded {
            what: self.what,
            limit: self.limit,
            actual,
            scale: self.scale,
        };
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        let is_worse =
            worst.is_none_or(|it| (exceeded.times(), exceeded.actual) > (it.times(), it.actual));
        if is_worse {
            *worst = Some(exceeded);
        }
        let last = self
            .scale
            .map_or(self.limit, |_| self.limit.saturating_mul(COUNTED_TIMES));
        match actual <= last {
            true => Ok(()),
            false => Err(PrecheckError::Structure(exceeded)),
        }
    }
}

/// The limits of [`precheck`](super::precheck), all inclusive.
#[derive(Debug)]
pub struct StructureLimits {
    /// Components and modules within one another. Seen: 2; composed tools nest once a level.
    pub nesting: Cap,
    /// Core modules. Seen: 14, with dynamic linking.
    pub modules: Cap,
    /// Components. Seen: 2.
    pub components: Cap,
    /// Core instances that the root makes: a component that is instantiated twice counts twice.
    /// The engine unrolls nested instantiation when it compiles, so 30 components that each
    /// instantiate the one before twice are 2^30 instances in 1 KB. Seen: 14, and 38 with stubs
    /// instead of WASI. This one is a limit of the user's, and is reported as such.
    pub core_instances: u64,
    /// Component instances, counted the same way. Seen: 2.
    pub component_instances: Cap,
    /// Canonical functions (lift, lower, resource), counted the same way: each is compiled to a
    /// trampoline. Seen: 126.
    pub canonicals: Cap,
    /// Everything else that a component lists (imports, exports, aliases, instance arguments),
    /// counted the same way. Seen: 9,000.
    pub items: Cap,
    /// Bytes of component types. Seen: 10,511.
    pub component_type_bytes: Cap,
    /// Component and instance types in one section, of which each may hold the next. The parser
    /// is recursive and takes three bytes a level: without a limit a file of 32 MB would overflow the
    /// stack. Seen: 5.
    pub component_type_nesting: Cap,
    /// Types of core modules. Seen: 1,101.
    pub core_types: Cap,
    /// Parameters of a core function. Seen: 23.
    pub params: Cap,
    /// Results of a core function: two bytes of a call make so many values (3,000 calls with 100
    /// results: 0.7 s, 157 MiB from 6 KB). Seen: 1; multi-value compilers return a few.
    pub results: Cap,
    /// Imports of core modules. Seen: 2,255, with dynamic linking.
    pub imports: Cap,
    /// Exports of core modules. Seen: 4,190, with dynamic linking.
    pub exports: Cap,
    /// Bytes of one name. Mangled C++ names run to hundreds.
    pub name_bytes: Cap,
    /// Functions of core modules. Seen: 13,357.
    pub functions: Cap,
    /// Globals. Seen: 874, with dynamic linking.
    pub globals: Cap,
    /// Tables. Seen: 2.
    pub tables: Cap,
    /// Elements of one table at its start: the engine keeps an image of them. Seen: 7,688.
    pub table_elements: Cap,
    /// Memories. Each reserves 4 GiB of address space when it is instantiated. Seen: 1.
    pub memories: Cap,
    /// Element segments. Seen: 8.
    pub element_segments: Cap,
    /// Elements of all segments. Seen: 7,687.
    pub element_items: Cap,
    /// Data segments. Seen: 6,714.
    pub data_segments: Cap,
    /// Bytes of all function bodies. Seen: 9.2 MB, which took 11.6 s to compile.
    pub code_bytes: Cap,
    /// Bytes of one function body. Straight code is linear (1.2 MB: 1.3 s, 379 MiB). Seen: 426,843.
    pub body_bytes: Cap,
    /// Locals of one function, parameters not counted; three bytes declare 2^32. Seen: 483.
    pub locals: Cap,
    /// Blocks within one another. Seen: 781, a stackified `switch`.
    pub block_depth: Cap,
    /// Blocks of one function. Quadratic: 16,000 took 1.1 s and 64,000 took 16 s; loops four times
    /// that. Seen: 4,216.
    pub blocks: Cap,
    /// Loops within one another: with N locals that live across D loops the compiler makes
    /// N x D values and visits each D times. Seen: 6.
    pub loop_depth: Cap,
    /// Branches of one function, with every target of every `br_table`. Seen: 20,000.
    pub branches: Cap,
    /// Calls of one function. Linear. Seen: 3,112.
    pub calls: Cap,
    /// Indirect calls and table accesses of one function. Quadratic: 16,000 took 4.6 s and 50,000
    /// took 42 s. Seen: 256.
    pub table_accesses: Cap,
    /// Allocations, casts and whole-array operations of one function, each of which is several
    /// blocks of machine code. Quadratic: 8,000 took up to 4 s. Seen: 0.
    pub heap_operations: Cap,
    /// Fields that `struct.new_default` fills in one function: three bytes fill as many as the
    /// struct has. 100,000 took 1.4 s. Seen: 0.
    pub default_fields: Cap,
    /// Allocations in the constant expressions of globals, tables and segments: the engine makes one
    /// function of them. Quadratic: 60,000 took over 30 s. Seen: 0.
    pub constant_allocations: Cap,
    /// Fields that these fill by default: 3,000,000 took over 30 s. Seen: 0.
    pub constant_fields: Cap,
    /// Catch clauses around each call or throw of one function, summed: an edge each. Worse than
    /// linear: 100,000 took 8 s, and 1,000,000 over 2 GiB. Seen: 0.
    pub call_handlers: Cap,
    /// Blocks of one function with parameters or several results. Seen: 0.
    pub typed_blocks: Cap,
    /// Parameters and results of these, summed. 2,000 blocks of 16 took 0.8 GiB, 2,000 of 200 over
    /// 12 GiB, from 6 KB. Seen: 0.
    pub block_values: Cap,
    /// Locals times blocks and branches of one function: the worst case of values merged where
    /// control flow joins (1,000 x 1,000: 0.6 s, 133 MiB). Seen: 428,812.
    pub local_joins: Cap,
    /// Locals times the summed depth of the loops of one function (300 locals in 300 nested loops
    /// took 8 s from 4.5 KB, and 23 s as vectors: a product of 13,545,000). Seen: 123,782.
    pub local_loops: Cap,
    worst: Arc<Worst>,
}

impl Default for StructureLimits {
    fn default() -> Self {
        Self::scaled(1)
    }
}

impl StructureLimits {
    /// Where nothing is compiled: as large as a figure can be said to be.
    #[must_use]
    pub fn for_reading() -> Self {
        Self::scaled(COUNTED_TIMES)
    }

    /// Every cap so many times as large, but for those on what the parser, the validator or the
    /// address space has no room for.
    #[must_use]
    pub fn scaled(factor: u64) -> Self {
        let factor = factor.max(1);
        let worst = Arc::<Worst>::default();
        let bounded = |what, limit, scale| Cap {
            what,
            limit,
            scale,
            worst: Arc::clone(&worst),
        };
        let fixed = |what, limit| bounded(what, limit, None);
        let cap = |what, limit: u64| bounded(what, limit.saturating_mul(factor), Some(factor));
        Self {
            nesting: fixed("levels of nested components", 16),
            modules: cap("core modules", 256),
            components: cap("components", 256),
            core_instances: 64,
            component_instances: cap("component instances", 256),
            canonicals: cap("canonical functions", 10_000),
            items: cap(
                "imports, exports, aliases and arguments of components",
                100_000,
            ),
            component_type_bytes: cap("bytes of component types", 1 << 20),
            component_type_nesting: fixed("component types within another", 256),
            core_types: cap("types of core modules", 65_536),
            params: fixed("parameters of a function", 256),
            results: fixed("results of a function", 16),
            imports: cap("imports of core modules", 65_536),
            exports: cap("exports of core modules", 65_536),
            name_bytes: fixed("bytes in a name", 4_096),
            functions: cap("functions", FUNCTIONS_MAX),
            globals: cap("globals", 65_536),
            tables: cap("tables", 256),
            table_elements: cap("elements of a table", 1_000_000),
            memories: fixed("memories", 64),
            element_segments: cap("element segments", 16_384),
            element_items: cap("elements of segments", 1 << 20),
            data_segments: cap("data segments", 100_000),
            code_bytes: cap("bytes of functions", 32 << 20),
            body_bytes: cap("bytes in a function", 1 << 20),
            locals: cap("locals in a function", 16_384),
            block_depth: cap("nested blocks in a function", 4_096),
            blocks: cap("blocks in a function", 16_384),
            loop_depth: cap("nested loops in a function", 64),
            branches: cap("branches and branch table targets in a function", 131_072),
            calls: cap("calls in a function", 65_536),
            table_accesses: cap("indirect calls and table accesses in a function", 16_384),
            heap_operations: cap(
                "allocations, casts and whole-array operations in a function",
                8_192,
            ),
            default_fields: cap("fields that are filled by default in a function", 131_072),
            constant_allocations: cap("allocations in constant expressions", 16_384),
            constant_fields: cap("fields that constant expressions fill by default", 131_072),
            call_handlers: cap("catch clauses around the calls of a function", 65_536),
            typed_blocks: cap("blocks with parameters in a function", 1_024),
            block_values: cap("parameters of blocks in a function", 16_384),
            local_joins: cap("locals x branches in a function", 1 << 23),
            local_loops: cap("locals x nested loops in a function", 1 << 22),
            worst: Arc::clone(&worst),
        }
    }

    /// A reading begins: nothing was exceeded yet.
    pub(super) fn begin(&self) {
        *self.worst.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What was exceeded the most since then.
    pub(super) fn exceeded(&self) -> Option<Exceeded> {
        *self.worst.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
