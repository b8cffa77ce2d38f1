//! The targets under libFuzzer, which has `main`: the target is named by `DYNO_FUZZ_TARGET`. With
//! `DYNO_FUZZ_SEEDS` it writes what to begin from into that directory first.

#![no_main]
// The macro below defines the function that libFuzzer calls.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use dyno_fuzz::{TARGETS, Target, target};
use libfuzzer_sys::{Corpus, fuzz_target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn chosen() -> &'static Target {
    TARGET.get_or_init(|| {
        let name = std::env::var("DYNO_FUZZ_TARGET").unwrap_or_default();
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        let target = target(&name);
        target.unwrap_or_else(|| panic!("DYNO_FUZZ_TARGET is one of {}", names.join(", ")))
    })
}

fn write_seeds() {
    let Some(dir) = std::env::var_os("DYNO_FUZZ_SEEDS") else {
        return;
    };
    for (number, seed) in (chosen().seeds)().iter().enumerate() {
        let path = std::path::Path::new(&dir).join(format!("seed-{number}"));
        std::fs::write(&path, seed).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}

fuzz_target!(init: write_seeds(), |data: &[u8]| -> Corpus {
    // What is refused is kept as well: it may be refused by another check than before.
    let _ = (chosen().run)(data);
    Corpus::Keep
});
