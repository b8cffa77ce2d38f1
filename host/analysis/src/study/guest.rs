//! Plugins as text, so that they need no toolchain: the kernels that `doctor` measures the noise
//! with, and the versions of a study, which differ by an exact share of work and by where their
//! machine code lies.

use std::fmt::Write as _;

use rand_chacha::ChaCha12Rng;
use rand_core::{Rng as _, SeedableRng as _};

const KERNELS: &str = include_str!("kernels.wat");
const KNOWN: &str = include_str!("known.wat");

/// The cases of [`plugin`]: each a bottleneck of its own. `run` tells them apart by their first
/// letters.
const BOTTLENECKS: [&str; 6] = ["integer", "float", "stream", "random", "branches", "calls"];

/// Rounds of a kernel in one iteration: some tens of microseconds.
pub const ROUNDS: u32 = 1000;

/// The cases of a [`version`], by how their cost grows with work and iterations. `run` tells them
/// apart by their first letters.
pub const CASES: [&str; 5] = [
    "proportional",
    "memory",
    "amortised",
    "quadratic",
    "waiting",
];

/// Units of work of the base: the least of which 5 % is a whole one.
pub const UNITS: u32 = 20;

/// What separates the parts of [`KNOWN`] that lie in any order.
const PARTS: &str = "  ;; ----\n";

/// Instructions of a function that nothing calls, at most: some hundred bytes of machine code.
const UNUSED_MAX: u32 = 60;

/// Where the case records and the texts lie in the guest's memory, and how long a record is.
const RECORDS: u32 = 32;
const TEXTS: u32 = 2048;
const RECORD_BYTES: usize = 80;

/// The text of the plugin of kernels that does `rounds` rounds an iteration.
#[must_use]
pub fn plugin(rounds: u32) -> String {
    with_cases(KERNELS, &BOTTLENECKS).replace("{{rounds}}", &rounds.to_string())
}

/// The text of the version that does `units` of work. Versions of one number are equal but for
/// their layout, and every layout has other bytes: another order of the functions, others between
/// them that nothing calls, and a section that says which it is. None of that costs fuel.
#[must_use]
pub fn version(units: u32, layout: u64) -> String {
    let mut random = ChaCha12Rng::seed_from_u64(layout);
    let text = with_cases(KNOWN, &CASES)
        .replace("{{units}}", &units.to_string())
        .replace("{{layout}}", &format!("(@custom \"layout\" \"{layout}\")"));
    let mut parts: Vec<&str> = text.split(PARTS).collect();
    // The head and the end stay where they are.
    for last in (2..parts.len() - 1).rev() {
        let other = 1 + (random.next_u64() % last as u64) as usize;
        parts.swap(last, other);
    }
    let mut version = String::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            unused(&mut version, &mut random);
        }
        version.push_str(part);
    }
    version
}

/// A function that nothing calls.
fn unused(text: &mut String, random: &mut ChaCha12Rng) {
    text.push_str("  (func (param i64) (result i64) (local.get 0)");
    for _ in 0..random.next_u32() % UNUSED_MAX {
        // Writing into a string cannot fail.
        let _ = write!(text, " (i64.mul (i64.const {}))", random.next_u32());
    }
    text.push_str(")\n");
}

/// A text with the answer to `cases` in it.
fn with_cases(text: &str, cases: &[&str]) -> String {
    let mut list = Vec::new();
    // result<list<bench-case>, string>: ok, the address of the records and their number.
    for word in [0, RECORDS, cases.len() as u32, 0] {
        list.extend(word.to_le_bytes());
    }
    let mut texts = Vec::new();
    for case in cases {
        let mut record = Vec::with_capacity(RECORD_BYTES);
        let at = TEXTS + texts.len() as u32;
        record.extend(at.to_le_bytes());
        record.extend((case.len() as u32).to_le_bytes());
        // No description, group, parameters, throughput or expected checksum: all zero.
        record.resize(RECORD_BYTES, 0);
        list.extend(record);
        texts.extend(case.as_bytes());
    }
    let escaped = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|byte| format!("\\{byte:02x}"))
            .collect::<String>()
    };
    text.replace("{{list}}", &escaped(&list))
        .replace("{{texts}}", &escaped(&texts))
}

#[cfg(test)]
mod tests;
