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

use dyno_job::FUNCTIONS_MAX;

/// The limits of [`precheck`](super::precheck), all inclusive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StructureLimits {
    /// Components and modules within one another. Seen: 2; composed tools nest once a level.
    pub nesting: u64,
    /// Core modules. Seen: 14, with dynamic linking.
    pub modules: u64,
    /// Components. Seen: 2.
    pub components: u64,
    /// Core instances that the root makes: a component that is instantiated twice counts twice.
    /// The engine unrolls nested instantiation when it compiles, so 30 components that each
    /// instantiate the one before twice are 2^30 instances in 1 KB. Seen: 14, and 38 with stubs
    /// instead of WASI. This one is a limit of the user's, and is reported as such.
    pub core_instances: u64,
    /// Component instances, counted the same way. Seen: 2.
    pub component_instances: u64,
    /// Canonical functions (lift, lower, resource), counted the same way: each is compiled to a
    /// trampoline. Seen: 126.
    pub canonicals: u64,
    /// Everything else that a component lists (imports, exports, aliases, instance arguments),
    /// counted the same way. Seen: 9,000.
    pub items: u64,
    /// Bytes of component types. Seen: 10,511.
    pub component_type_bytes: u64,
    /// Component and instance types in one section, of which each may hold the next. The parser
    /// is recursive and takes three bytes a level: without a limit a file of 32 MB would overflow the
    /// stack. Seen: 5.
    pub component_type_nesting: u64,
    /// Types of core modules. Seen: 1,101.
    pub core_types: u64,
    /// Parameters of a core function. Seen: 23.
    pub params: u64,
    /// Results of a core function: two bytes of a call make so many values (3,000 calls with 100
    /// results: 0.7 s, 157 MiB from 6 KB). Seen: 1; multi-value compilers return a few.
    pub results: u64,
    /// Imports of core modules. Seen: 2,255, with dynamic linking.
    pub imports: u64,
    /// Exports of core modules. Seen: 4,190, with dynamic linking.
    pub exports: u64,
    /// Bytes of one name. Mangled C++ names run to hundreds.
    pub name_bytes: u64,
    /// Functions of core modules. Seen: 13,357.
    pub functions: u64,
    /// Globals. Seen: 874, with dynamic linking.
    pub globals: u64,
    /// Tables. Seen: 2.
    pub tables: u64,
    /// Elements of one table at its start: the engine keeps an image of them. Seen: 7,688.
    pub table_elements: u64,
    /// Memories. Each reserves 4 GiB of address space when it is instantiated. Seen: 1.
    pub memories: u64,
    /// Element segments. Seen: 8.
    pub element_segments: u64,
    /// Elements of all segments. Seen: 7,687.
    pub element_items: u64,
    /// Data segments. Seen: 6,714.
    pub data_segments: u64,
    /// Bytes of all function bodies. Seen: 9.2 MB, which took 11.6 s to compile.
    pub code_bytes: u64,
    /// Bytes of one function body. Straight code is linear (1.2 MB: 1.3 s, 379 MiB). Seen: 426,843.
    pub body_bytes: u64,
    /// Locals of one function, parameters not counted; three bytes declare 2^32. Seen: 483.
    pub locals: u64,
    /// Blocks within one another. Seen: 781, a stackified `switch`.
    pub block_depth: u64,
    /// Blocks of one function. Quadratic: 16,000 took 1.1 s and 64,000 took 16 s; loops four times
    /// that. Seen: 4,216.
    pub blocks: u64,
    /// Loops within one another: with N locals that live across D loops the compiler makes
    /// N x D values and visits each D times. Seen: 6.
    pub loop_depth: u64,
    /// Branches of one function, with every target of every `br_table`. Seen: 20,000.
    pub branches: u64,
    /// Calls of one function. Linear. Seen: 3,112.
    pub calls: u64,
    /// Indirect calls and table accesses of one function. Quadratic: 16,000 took 4.6 s and 50,000
    /// took 42 s. Seen: 256.
    pub table_accesses: u64,
    /// Blocks of one function with parameters or several results. Seen: 0.
    pub typed_blocks: u64,
    /// Parameters and results of these, summed. 2,000 blocks of 16 took 0.8 GiB, 2,000 of 200 over
    /// 12 GiB, from 6 KB. Seen: 0.
    pub block_values: u64,
    /// Locals times blocks and branches of one function: the worst case of values merged where
    /// control flow joins (1,000 x 1,000: 0.6 s, 133 MiB). Seen: 428,812.
    pub local_joins: u64,
    /// Locals times the summed depth of the loops of one function (300 locals in 300 nested loops
    /// took 8 s from 4.5 KB, and 23 s as vectors: a product of 13,545,000). Seen: 123,782.
    pub local_loops: u64,
}

impl Default for StructureLimits {
    fn default() -> Self {
        Self {
            nesting: 16,
            modules: 256,
            components: 256,
            core_instances: 64,
            component_instances: 256,
            canonicals: 10_000,
            items: 100_000,
            component_type_bytes: 1 << 20,
            component_type_nesting: 256,
            core_types: 65_536,
            params: 256,
            results: 16,
            imports: 65_536,
            exports: 65_536,
            name_bytes: 4_096,
            functions: FUNCTIONS_MAX,
            globals: 65_536,
            tables: 256,
            table_elements: 1_000_000,
            memories: 64,
            element_segments: 16_384,
            element_items: 1 << 20,
            data_segments: 65_536,
            code_bytes: 32 << 20,
            body_bytes: 1 << 20,
            locals: 16_384,
            block_depth: 4_096,
            blocks: 16_384,
            loop_depth: 64,
            branches: 131_072,
            calls: 65_536,
            table_accesses: 16_384,
            typed_blocks: 1_024,
            block_values: 16_384,
            local_joins: 1 << 23,
            local_loops: 1 << 22,
        }
    }
}
