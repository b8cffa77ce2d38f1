//! Plugins made to order, and the samples.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::repository;

/// A plugin with cases of these names, as text. What a case does is said by its first letter, see
/// `fixtures/letters.wat`.
pub(crate) fn plugin(cases: &[&str]) -> String {
    plugin_expecting(&cases.iter().map(|name| (*name, None)).collect::<Vec<_>>())
}

/// The same, with the checksum that each case announces.
pub(crate) fn plugin_expecting(cases: &[(&str, Option<u64>)]) -> String {
    const RECORDS: usize = 64;
    const RECORD_BYTES: usize = 80;
    const TEXTS: usize = 16384;
    let mut data = vec![segment(
        16,
        &[&[0; 4][..], &word(RECORDS), &word(cases.len())].concat(),
    )];
    let mut text = TEXTS;
    for (index, (name, expected)) in cases.iter().enumerate() {
        let record = RECORDS + index * RECORD_BYTES;
        assert!(record + RECORD_BYTES <= TEXTS, "too many cases");
        data.push(segment(record, &[word(text), word(name.len())].concat()));
        data.push(segment(text, name.as_bytes()));
        text += name.len();
        if let Some(sum) = expected {
            data.push(segment(record + 64, &[1]));
            data.push(segment(record + 72, &sum.to_le_bytes()));
        }
    }
    include_str!("../fixtures/letters.wat").replace("@DATA@", &data.join("\n"))
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

fn segment(at: usize, bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("    (data (i32.const {at}) \"{escaped}\")")
}

/// Samples whose toolchains are large: the tests of `toolchains.rs` build them.
const HEAVY_SAMPLES: [&str; 4] = [
    "crosslang-go",
    "crosslang-js",
    "crosslang-python",
    "crosslang-zig",
];

/// The sample plugins in Rust, C, C++ and WebAssembly text, built once for all tests.
pub(crate) fn samples() -> &'static [PathBuf] {
    static BUILT: OnceLock<Vec<PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let directories = fs::read_dir(repository().join("sample-plugins")).unwrap();
        let mut paths: Vec<PathBuf> = directories
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("plugin.toml").is_file())
            .filter(|path| !HEAVY_SAMPLES.iter().any(|heavy| path.ends_with(heavy)))
            .collect();
        paths.sort();
        let mut build = Command::new(env!("CARGO_BIN_EXE_dyno"));
        build.arg("build").args(&paths);
        super::build(build).exits(0);
        paths
    })
}
