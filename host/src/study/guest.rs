//! The plugins of a study: six kernels as text, with an exact share of work added.

const KERNELS: &str = include_str!("kernels.wat");

/// The cases: each a bottleneck of its own. `run` tells them apart by their first letters.
pub const CASES: [&str; 6] = ["integer", "float", "stream", "random", "branches", "calls"];

/// Rounds of a kernel in one iteration without added work: some tens of microseconds.
pub const ROUNDS: u32 = 1000;

/// Where the case records and the texts lie in the guest's memory, and how long a record is.
const RECORDS: u32 = 32;
const TEXTS: u32 = 2048;
const RECORD_BYTES: usize = 80;

/// The text of the plugin that does `rounds` rounds an iteration.
#[must_use]
pub fn plugin(rounds: u32) -> String {
    let mut list = Vec::new();
    // result<list<bench-case>, string>: ok, the address of the records and their number.
    for word in [0, RECORDS, CASES.len() as u32, 0] {
        list.extend(word.to_le_bytes());
    }
    let mut texts = Vec::new();
    for case in CASES {
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
    KERNELS
        .replace("{{list}}", &escaped(&list))
        .replace("{{texts}}", &escaped(&texts))
        .replace("{{rounds}}", &rounds.to_string())
}
