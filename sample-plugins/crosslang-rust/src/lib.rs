//! The five cases of `crosslang.md`, in Rust: the same work with the same results in every language.

mod n_body;

use std::fmt::Write;

use dyno_guest::{BatchSize, Suite, plugin};
use sha2::{Digest, Sha256};

fn suite(s: &mut Suite) {
    s.case("sha256/1MiB")
        .description("Hashes a mebibyte with SHA-256")
        .group("sha256")
        .param("bytes", 1 << 20)
        .throughput_bytes(1 << 20)
        .expected(0x066b_c545_205f_ff3d)
        .run(|b| {
            let bytes: Vec<u8> = (0..1u32 << 20).map(|i| (i % 251) as u8).collect();
            b.iter(|| <[u8; 32]>::from(Sha256::digest(&bytes)))
        });

    s.case("n-body/10000")
        .description("Moves the Sun and four planets by 10,000 steps and computes the energy")
        .group("n-body")
        .param("steps", 10_000)
        .throughput_elements(10_000)
        .expected(0xbfc5_a254_abdb_ca3c)
        .run(|b| {
            let initial = n_body::initial();
            b.iter(|| n_body::energy_after(10_000, initial))
        });

    s.case("sort/100000")
        .description("Sorts 32-bit numbers in place")
        .group("sort")
        .param("elements", 100_000)
        .throughput_elements(100_000)
        .expected(0xbe58_7005_60cc_2f87)
        .run(|b| {
            let numbers: Vec<u32> = xorshift32().take(100_000).collect();
            b.iter_batched(
                || numbers.clone(),
                |mut numbers| {
                    numbers.sort();
                    Thousandths(numbers)
                },
                BatchSize::LargeInput,
            )
        });

    s.case("strings/10000")
        .description("Writes the numbers below 10,000 into one text")
        .group("strings")
        .param("numbers", 10_000)
        .throughput_bytes(48_890)
        .expected(0x60a9_e111_ada8_413f)
        .run(|b| {
            let numbers = 10_000;
            b.iter(|| numbers_as_text(numbers))
        });

    s.case("matmul/64")
        .description("Multiplies two matrices of 64 by 64 doubles with three loops")
        .group("matmul")
        .param("n", N)
        .throughput_elements((N * N * N) as u64)
        .expected(0x1_4f49_23bd)
        .run(|b| {
            let left = matrix(|i, j| (i * j) % 7 + 1);
            let right = matrix(|i, j| (i + 2 * j) % 5 + 1);
            b.iter(|| weighted_sum(&product(&left, &right)))
        });
}

/// Marsaglia's generator.
fn xorshift32() -> impl Iterator<Item = u32> {
    let mut x = 2_463_534_242_u32;
    std::iter::repeat_with(move || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x
    })
}

/// Sorted numbers, of which every thousandth is checked.
struct Thousandths(Vec<u32>);

impl dyno_guest::Checksum for Thousandths {
    fn feed(&self, hash: &mut dyno_guest::Fnv1a) {
        let checked: Vec<u32> = self.0.iter().copied().step_by(1000).collect();
        checked.feed(hash);
    }
}

fn numbers_as_text(numbers: u32) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for number in 0..numbers {
        write!(text, "{number},")?;
    }
    Ok(text)
}

const N: usize = 64;

type Matrix = [[f64; N]; N];

fn matrix(element: impl Fn(usize, usize) -> usize) -> Box<Matrix> {
    Box::new(std::array::from_fn(|i| {
        std::array::from_fn(|j| element(i, j) as f64)
    }))
}

fn product(left: &Matrix, right: &Matrix) -> Box<Matrix> {
    let mut product = Box::new([[0.0; N]; N]);
    for i in 0..N {
        for j in 0..N {
            let mut sum = 0.0;
            for k in 0..N {
                sum += left[i][k] * right[k][j];
            }
            product[i][j] = sum;
        }
    }
    product
}

/// An element that stands in the wrong place changes it.
fn weighted_sum(matrix: &Matrix) -> u64 {
    let elements = matrix.iter().flatten().enumerate();
    let sum: f64 = elements.map(|(at, value)| value * (at + 1) as f64).sum();
    sum as u64
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(5));
    }

    #[test]
    fn the_generator_is_marsaglias() {
        let numbers: Vec<u32> = xorshift32().take(3).collect();
        assert_eq!(numbers, [723_471_715, 2_497_366_906, 2_064_144_800]);
    }
}
