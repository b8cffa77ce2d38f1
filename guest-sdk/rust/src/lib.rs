//! Write [Dyno](https://github.com/dyno-bench/dyno) benchmark plugins in Rust. A plugin is a
//! `cdylib` built for `wasm32-wasip2`: a function that registers cases, and one line that makes it
//! a plugin.
//!
//! ```
//! use dyno_guest::{BatchSize, SplitMix64, Suite, black_box, plugin};
//!
//! fn fib(n: u32) -> u64 {
//!     if n < 2 { n.into() } else { fib(n - 1) + fib(n - 2) }
//! }
//!
//! fn suite(s: &mut Suite) {
//!     s.bench("fib/20", |b| b.iter(|| fib(black_box(20))));
//!
//!     for numbers in [1_000, 100_000] {
//!         s.case(format!("sort/random/{numbers}"))
//!             .description("Sorts random 64-bit numbers")
//!             .group("sort")
//!             .param("numbers", numbers)
//!             .throughput_elements(numbers)
//!             .run(move |b| {
//!                 let mut random = SplitMix64::new(numbers);
//!                 let input: Vec<u64> = (0..numbers).map(|_| random.next_u64()).collect();
//!                 let sort = |mut data: Vec<u64>| {
//!                     data.sort();
//!                     data
//!                 };
//!                 b.iter_batched(|| input.clone(), sort, BatchSize::LargeInput)
//!             });
//!     }
//! }
//!
//! plugin!(suite);
//!
//! // In a `#[test]` of the plugin; runs natively.
//! # fn main() {
//! assert_eq!(dyno_guest::test::run(suite, "fib/20"), Ok(6765));
//! # }
//! ```
//!
//! The closure of a case prepares its input, which is not timed, and ends with [`Bencher::iter`],
//! or with [`Bencher::iter_batched`] where an iteration consumes its input. What the routine
//! returns becomes the [checksum] by which the host verifies the work.
//!
//! Benches that were written for Criterion are plugins as they are: see [criterion].
//!
//! Before you trust a number, read
//! [how not to fool yourself](https://github.com/dyno-bench/dyno/blob/main/guest-sdk/rust/NOT-FOOLING-YOURSELF.md).

mod bencher;
pub mod checksum;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod component;
pub mod criterion;
mod host;
mod random;
mod suite;
#[cfg(not(target_family = "wasm"))]
pub mod test;

pub use std::hint::black_box;

pub use bencher::{BatchSize, Bencher, Measured, Outcome};
pub use checksum::{Checksum, Fnv1a};
pub use random::SplitMix64;
pub use suite::{Case, CaseBuilder, Suite, Throughput};

/// Makes a plugin of a function that takes [`&mut Suite`](Suite) and registers cases. Once in a
/// crate, at its root. In a native build it only checks the function's type.
#[macro_export]
macro_rules! plugin {
    ($suite:path) => {
        const _: fn(&mut $crate::Suite) = $suite;

        #[cfg(target_family = "wasm")]
        $crate::__export! {
            cases: || $crate::component::cases($suite),
            run: |name: &str| $crate::component::run($suite, name)
        }
    };
}

/// Compiles and runs the code in the pages beside this crate.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[doc = include_str!("../NOT-FOOLING-YOURSELF.md")]
mod pages {}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// The published crate has only its copy of the contract; in the repository the two must be
    /// one, or guests would be built against another contract than the host serves.
    #[test]
    fn the_contract_is_the_one_of_the_repository() -> std::io::Result<()> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let original = root.join("../../wit/dyno-bench.wit");
        if original.exists() {
            let copy = std::fs::read_to_string(root.join("wit/dyno-bench.wit"))?;
            assert_eq!(copy, std::fs::read_to_string(original)?);
        }
        Ok(())
    }
}
