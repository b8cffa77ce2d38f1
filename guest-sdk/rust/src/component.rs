//! The component around a suite: the bindings generated from the contract, and the two exports that
//! [`plugin!`](crate::plugin) wires to them. Only in WebAssembly builds.

use bindings::exports::dyno::bench::suite::{BenchCase, Param, Throughput as Rate};

use crate::suite::{Case, Suite, Throughput};

/// Generated from `wit/dyno-bench.wit`.
pub mod bindings {
    #![allow(
        missing_docs,
        unsafe_code,
        unreachable_pub,
        unused_qualifications,
        clippy::all,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::undocumented_unsafe_blocks,
        reason = "generated code"
    )]

    wit_bindgen::generate!({
        path: "wit",
        world: "plugin",
        pub_export_macro: true,
        export_macro_name: "export_plugin",
        default_bindings_module: "dyno_guest::component::bindings",
    });
}

/// `suite.cases`.
///
/// # Errors
/// None so far; the contract has them for languages in which listing may fail.
pub fn cases(register: impl FnOnce(&mut Suite)) -> Result<Vec<BenchCase>, String> {
    Ok(Suite::list(register)
        .into_iter()
        .map(BenchCase::from)
        .collect())
}

/// `suite.run`.
///
/// # Errors
/// The message with which the case failed.
pub fn run(register: impl FnOnce(&mut Suite), name: &str) -> Result<(), String> {
    Suite::run(register, name)
}

impl From<Case> for BenchCase {
    fn from(case: Case) -> Self {
        let params = case.params.into_iter();
        BenchCase {
            name: case.name,
            description: case.description,
            group: case.group,
            params: params.map(|(name, value)| Param { name, value }).collect(),
            throughput: case.throughput.map(|throughput| match throughput {
                Throughput::Bytes(bytes) => Rate::Bytes(bytes),
                Throughput::Elements(elements) => Rate::Elements(elements),
            }),
            expected: case.expected,
        }
    }
}
