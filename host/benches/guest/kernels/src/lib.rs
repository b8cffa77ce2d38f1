//! Five kernels, each leaning on another part of the machine: integer arithmetic, branches, the
//! host's `memory.copy`, floating point, and an allocator in linear memory.

use dyno_guest::{BatchSize, SplitMix64, Suite, black_box, plugin};
use sha2::{Digest as _, Sha256};

mod n_body;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn suite(s: &mut Suite) {
    for (name, bytes) in [("64KiB", 64 * KIB), ("1MiB", MIB)] {
        s.case(format!("sha256/{name}"))
            .throughput_bytes(bytes as u64)
            .run(move |b| {
                let data = random_bytes(bytes);
                b.iter(|| first_word(&Sha256::digest(black_box(&data[..]))))
            });
    }
    s.case("sort/100000").throughput_elements(100_000).run(|b| {
        let mut random = SplitMix64::new(1);
        let numbers: Vec<u32> = (0..100_000).map(|_| random.next_u64() as u32).collect();
        let sort = |mut numbers: Vec<u32>| {
            numbers.sort_unstable();
            u64::from(numbers[numbers.len() / 2])
        };
        b.iter_batched(|| numbers.clone(), sort, BatchSize::LargeInput)
    });
    s.case("copy/4MiB")
        .throughput_bytes(4 * MIB as u64)
        .run(|b| {
            let from = random_bytes(4 * MIB);
            let mut to = vec![0; from.len()];
            b.iter(|| {
                to.copy_from_slice(black_box(&from));
                u64::from(black_box(&to)[from.len() - 1])
            })
        });
    s.case("n-body/1000").throughput_elements(1000).run(|b| {
        // Every iteration starts from the same sky, so that all of them do the same work.
        b.iter(|| n_body::energy_after(black_box(1000)))
    });
    s.case("allocation/10000")
        .throughput_elements(10_000)
        .run(|b| b.iter(|| churn(10_000)));
}

fn random_bytes(bytes: usize) -> Vec<u8> {
    let mut random = SplitMix64::new(7);
    (0..bytes).map(|_| random.next_u64() as u8).collect()
}

fn first_word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .take(8)
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// As many allocations of 8 to 519 bytes, of which 256 live at any time, freed in another order.
fn churn(allocations: u64) -> u64 {
    let mut random = SplitMix64::new(3);
    let mut alive: Vec<Vec<u8>> = vec![Vec::new(); 256];
    let mut sum = 0;
    for number in 0..allocations {
        let bits = random.next_u64();
        let mut block = Vec::with_capacity(8 + (bits % 512) as usize);
        block.push(number as u8);
        let freed = std::mem::replace(&mut alive[(bits >> 32) as usize % 256], black_box(block));
        sum += freed.first().map_or(0, |byte| u64::from(*byte));
    }
    sum
}

plugin!(suite);

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(super::suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(6));
    }
}
