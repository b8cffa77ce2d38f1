//! Transactions on a document of 10,000 nodes: a number of steps that all happen or do not happen at
//! all. With rpds, a new version of the document shares what did not change with the old one, which
//! stays as it was; beside it the same with a copy of everything. Throughput is in steps. Both
//! documents expect the same checksum, and a transaction that was rolled back that of the document
//! before it.

mod document;
mod transaction;

use std::collections::HashMap;

use document::{Document, Id, Node, Nodes};
use dyno_guest::{BatchSize, Suite, plugin};
use rpds::HashTrieMap;
use transaction::{Step, commit, steps};

const NODES: u64 = 10_000;

/// The checksum of the document before any transaction.
const UNCHANGED: u64 = 0x4b04_bcb1_bd7e_634d;

/// Numbers of steps, each with the checksum of the document after them.
const TRANSACTIONS: [(usize, u64); 4] = [
    (1, 0xabb4_8dc8_c0ea_f5b0),
    (10, 0x6b51_e635_d297_bf6e),
    (100, 0x526d_a409_c44b_41b8),
    (1_000, 0x93f7_562c_158e_9e5f),
];

fn suite(s: &mut Suite) {
    kind::<HashTrieMap<Id, Node>>(s, "persistent");
    kind::<HashMap<Id, Node>>(s, "copied");
}

/// The cases of one kind of document.
fn kind<N: Nodes>(s: &mut Suite, kind: &'static str) {
    for (count, checksum) in TRANSACTIONS {
        s.case(format!("commit/{kind}/{count}"))
            .description("Applies all steps to a new version of the document")
            .group("commit")
            .param("document", kind)
            .param("steps", count)
            .throughput_elements(count as u64)
            .expected(checksum)
            .run(move |b| {
                let document = Document::<N>::generate(NODES);
                let steps = steps(count);
                b.iter_batched(|| (), |()| commit(&document, &steps), BatchSize::LargeInput)
            });

        s.case(format!("rollback/{kind}/{count}"))
            .description("Applies steps of which the last one fails, and keeps the old version")
            .group("rollback")
            .param("document", kind)
            .param("steps", count)
            .throughput_elements(count as u64)
            .expected(UNCHANGED)
            .run(move |b| {
                let document = Document::<N>::generate(NODES);
                let mut steps = steps(count);
                steps.pop();
                steps.push(Step::SetText(Id::MAX, String::new()));
                b.iter_batched(
                    || document.clone(),
                    |document| commit(&document, &steps).unwrap_or(document),
                    BatchSize::LargeInput,
                )
            });
    }
}

plugin!(suite);

#[cfg(test)]
mod tests;
