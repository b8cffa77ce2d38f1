//! Sorts 1,000 and 100,000 numbers, random, sorted and reversed, with the standard library's stable
//! and unstable sorts. Each iteration gets a copy of the numbers, made outside the timed part. All
//! six cases of a size expect the same checksum: that of the sorted numbers.

use dyno_guest::{BatchSize, SplitMix64, Suite, plugin};

/// The sizes, each with the checksum of its sorted numbers and with how many copies are prepared at
/// a time.
const SIZES: [(u32, u64, BatchSize); 2] = [
    (1_000, 0xe96c_e0ba_3d9b_7efc, BatchSize::SmallInput),
    (100_000, 0x7224_6c80_ddd7_520a, BatchSize::LargeInput),
];

/// In which order the numbers come.
#[derive(Clone, Copy)]
enum Order {
    Random,
    Sorted,
    Reversed,
}

fn suite(s: &mut Suite) {
    for (elements, checksum, size) in SIZES {
        for (order, order_name) in [
            (Order::Random, "random"),
            (Order::Sorted, "sorted"),
            (Order::Reversed, "reversed"),
        ] {
            for (sort, sort_name) in [
                (<[u32]>::sort as fn(&mut [u32]), "sort"),
                (<[u32]>::sort_unstable, "sort_unstable"),
            ] {
                s.case(format!("{order_name}/{sort_name}/{elements}"))
                    .description("Sorts 32-bit numbers in place")
                    .group(order_name)
                    .param("sort", sort_name)
                    .param("elements", elements)
                    .throughput_elements(elements.into())
                    .expected(checksum)
                    .run(move |b| {
                        let numbers = numbers(elements, order);
                        let routine = |mut numbers: Vec<u32>| {
                            sort(&mut numbers);
                            numbers
                        };
                        b.iter_batched(|| numbers.clone(), routine, size)
                    });
            }
        }
    }
}

/// The numbers from 0 on, each once: a reversed run with a number twice in it would be no run to
/// the unstable sort.
fn numbers(elements: u32, order: Order) -> Vec<u32> {
    match order {
        Order::Random => shuffled(elements),
        Order::Sorted => (0..elements).collect(),
        Order::Reversed => (0..elements).rev().collect(),
    }
}

/// Fisher and Yates' shuffle; always the same one.
fn shuffled(elements: u32) -> Vec<u32> {
    let mut random = SplitMix64::new(u64::from(elements));
    let mut numbers: Vec<u32> = (0..elements).collect();
    for last in (1..elements).rev() {
        numbers.swap(last as usize, random.below(last + 1) as usize);
    }
    numbers
}

plugin!(suite);

#[cfg(test)]
mod tests {
    use dyno_guest::Checksum;

    use super::*;

    #[test]
    fn every_case_runs() {
        let checksums = dyno_guest::test::run_all(suite);
        assert_eq!(checksums.map(|cases| cases.len()), Ok(12));
    }

    #[test]
    fn expected_are_the_sorted_numbers() {
        for (elements, checksum, _) in SIZES {
            assert_eq!(numbers(elements, Order::Sorted).checksum(), checksum);
        }
    }
}
