//! The component around the cases: the bindings generated from the contract, and the two exports that
//! [`plugin!`](crate::plugin) and [`criterion_main!`](crate::criterion_main) wire to them. Only in
//! WebAssembly builds.

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

/// What `suite.cases` answers for a suite.
pub fn cases(register: impl FnOnce(&mut Suite)) -> Vec<BenchCase> {
    listed(Suite::list(register))
}

/// What `suite.run` does for a suite.
///
/// # Errors
/// The message with which the case failed.
pub fn run(register: impl FnOnce(&mut Suite), name: &str) -> Result<(), String> {
    Suite::run(register, name)
}

/// Cases as the contract has them.
pub fn listed(cases: Vec<Case>) -> Vec<BenchCase> {
    cases.into_iter().map(BenchCase::from).collect()
}

/// Exports the two functions of the contract, which are closures without captures. Listing cannot
/// fail in Rust; the contract has the error for languages in which it may.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    (cases: $cases:expr, run: $run:expr) => {
        const _: () = {
            struct Plugin;

            impl $crate::component::bindings::exports::dyno::bench::suite::Guest for Plugin {
                fn cases() -> ::std::result::Result<
                    ::std::vec::Vec<$crate::component::bindings::exports::dyno::bench::suite::BenchCase>,
                    ::std::string::String,
                > {
                    ::std::result::Result::Ok($cases())
                }

                fn run(name: ::std::string::String) -> ::std::result::Result<(), ::std::string::String> {
                    $run(&name)
                }
            }

            $crate::component::bindings::export_plugin!(Plugin with_types_in $crate::component::bindings);
        };
    };
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
