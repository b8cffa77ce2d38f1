//! What a new plugin consists of, in each language: the files of its template, and those of the
//! SDK, all of which are part of this program.

use super::Language;

/// Paths in the new plugin, each with a file below `guest-sdk`.
macro_rules! table {
    ($($to:literal = $from:literal),* $(,)?) => {
        &[$(($to, include_str!(concat!("../../../../guest-sdk/", $from)))),*]
    };
}

type Files = &'static [(&'static str, &'static str)];

const RUST: Files = table![
    "plugin.toml" = "rust/template/plugin.toml",
    ".gitignore" = "rust/template/.gitignore",
    "Cargo.lock" = "rust/template/Cargo.lock",
    "Cargo.toml" = "rust/template/Cargo.toml",
    "src/lib.rs" = "rust/template/src/lib.rs",
];

const CRITERION: Files = table![
    "plugin.toml" = "rust/template-criterion/plugin.toml",
    ".gitignore" = "rust/template-criterion/.gitignore",
    "Cargo.lock" = "rust/template-criterion/Cargo.lock",
    "Cargo.toml" = "rust/template-criterion/Cargo.toml",
    "benches/words.rs" = "rust/template-criterion/benches/words.rs",
    "dyno/criterion/Cargo.toml" = "rust/criterion/Cargo.toml",
    "dyno/criterion/README.md" = "rust/criterion/README.md",
    "dyno/criterion/src/lib.rs" = "rust/criterion/src/lib.rs",
];

const RUST_SDK: Files = table![
    "dyno/Cargo.toml" = "rust/Cargo.toml",
    "dyno/README.md" = "rust/README.md",
    "dyno/NOT-FOOLING-YOURSELF.md" = "rust/NOT-FOOLING-YOURSELF.md",
    "dyno/src/bencher.rs" = "rust/src/bencher.rs",
    "dyno/src/checksum.rs" = "rust/src/checksum.rs",
    "dyno/src/component.rs" = "rust/src/component.rs",
    "dyno/src/criterion.rs" = "rust/src/criterion.rs",
    "dyno/src/criterion/async_executor.rs" = "rust/src/criterion/async_executor.rs",
    "dyno/src/criterion/bencher.rs" = "rust/src/criterion/bencher.rs",
    "dyno/src/criterion/group.rs" = "rust/src/criterion/group.rs",
    "dyno/src/criterion/macros.rs" = "rust/src/criterion/macros.rs",
    "dyno/src/criterion/measurement.rs" = "rust/src/criterion/measurement.rs",
    "dyno/src/criterion/runner.rs" = "rust/src/criterion/runner.rs",
    "dyno/src/criterion/session.rs" = "rust/src/criterion/session.rs",
    "dyno/src/criterion/settings.rs" = "rust/src/criterion/settings.rs",
    "dyno/src/criterion/tests.rs" = "rust/src/criterion/tests.rs",
    "dyno/src/host.rs" = "rust/src/host.rs",
    "dyno/src/lib.rs" = "rust/src/lib.rs",
    "dyno/src/random.rs" = "rust/src/random.rs",
    "dyno/src/suite.rs" = "rust/src/suite.rs",
    "dyno/src/test.rs" = "rust/src/test.rs",
    "dyno/wit/dyno-bench.wit" = "rust/wit/dyno-bench.wit",
];

const C: Files = table![
    "plugin.toml" = "c/template/plugin.toml",
    ".gitignore" = "c/template/.gitignore",
    "bench.c" = "c/template/bench.c",
];

const CPP: Files = table![
    "plugin.toml" = "c/template-cpp/plugin.toml",
    ".gitignore" = "c/template-cpp/.gitignore",
    "bench.cpp" = "c/template-cpp/bench.cpp",
    "dyno/dyno.hpp" = "c/dyno.hpp",
    "dyno/dyno_checksum.hpp" = "c/dyno_checksum.hpp",
];

const C_SDK: Files = table![
    "dyno/dyno.h" = "c/dyno.h",
    "dyno/dyno.c" = "c/dyno.c",
    "dyno/bindings/plugin.h" = "c/bindings/plugin.h",
    "dyno/bindings/plugin.c" = "c/bindings/plugin.c",
];

const JS: Files = table![
    "plugin.toml" = "js/template/plugin.toml",
    ".gitignore" = "js/template/.gitignore",
    "package-lock.json" = "js/template/package-lock.json",
    "package.json" = "js/template/package.json",
    "src/bench.js" = "js/template/src/bench.js",
    "dyno/build.js" = "js/build.js",
    "dyno/componentize/bundle.js" = "js/componentize/bundle.js",
    "dyno/componentize/failure.js" = "js/componentize/failure.js",
    "dyno/componentize/inputs.js" = "js/componentize/inputs.js",
    "dyno/componentize/tools.js" = "js/componentize/tools.js",
    "dyno/index.d.ts" = "js/index.d.ts",
    "dyno/install.js" = "js/install.js",
    "dyno/package.json" = "js/package.json",
    "dyno/src/bench.js" = "js/src/bench.js",
    "dyno/src/black-box.js" = "js/src/black-box.js",
    "dyno/src/checksum.js" = "js/src/checksum.js",
    "dyno/src/component.js" = "js/src/component.js",
    "dyno/src/failure.js" = "js/src/failure.js",
    "dyno/src/fnv1a.js" = "js/src/fnv1a.js",
    "dyno/src/index.js" = "js/src/index.js",
    "dyno/src/options.js" = "js/src/options.js",
    "dyno/src/runner.js" = "js/src/runner.js",
    "dyno/src/splitmix.js" = "js/src/splitmix.js",
    "dyno/src/testing.js" = "js/src/testing.js",
    "dyno/testing.d.ts" = "js/testing.d.ts",
    "dyno/wit/dyno-bench.wit" = "js/wit/dyno-bench.wit",
];

const PYTHON: Files = table![
    "plugin.toml" = "python/template/plugin.toml",
    ".gitignore" = "python/template/.gitignore",
    "bench.py" = "python/template/bench.py",
    "requirements.txt" = "python/template/requirements.txt",
    "dyno/dyno_componentize/__init__.py" = "python/dyno_componentize/__init__.py",
    "dyno/dyno_componentize/__main__.py" = "python/dyno_componentize/__main__.py",
    "dyno/dyno_componentize/binary.py" = "python/dyno_componentize/binary.py",
    "dyno/dyno_componentize/inputs.py" = "python/dyno_componentize/inputs.py",
    "dyno/dyno_componentize/sockets.py" = "python/dyno_componentize/sockets.py",
    "dyno/dyno_componentize/traps.py" = "python/dyno_componentize/traps.py",
    "dyno/dyno_guest/__init__.py" = "python/dyno_guest/__init__.py",
    "dyno/dyno_guest/black_box.py" = "python/dyno_guest/black_box.py",
    "dyno/dyno_guest/case.py" = "python/dyno_guest/case.py",
    "dyno/dyno_guest/checksum.py" = "python/dyno_guest/checksum.py",
    "dyno/dyno_guest/component.py" = "python/dyno_guest/component.py",
    "dyno/dyno_guest/py.typed" = "python/dyno_guest/py.typed",
    "dyno/dyno_guest/registry.py" = "python/dyno_guest/registry.py",
    "dyno/dyno_guest/runner.py" = "python/dyno_guest/runner.py",
    "dyno/dyno_guest/splitmix.py" = "python/dyno_guest/splitmix.py",
    "dyno/dyno_guest/testing.py" = "python/dyno_guest/testing.py",
    "dyno/install.py" = "python/install.py",
    "dyno/wit/dyno-bench.wit" = "python/wit/dyno-bench.wit",
];

const GO: Files = table![
    "plugin.toml" = "go/template/plugin.toml",
    ".gitignore" = "go/template/.gitignore",
    "go.mod" = "go/template/go.mod",
    "main.go" = "go/template/main.go",
    "main_test.go" = "go/template/main_test.go",
    "dyno/abi.go" = "go/dyno/abi.go",
    "dyno/arena.go" = "go/dyno/arena.go",
    "dyno/b.go" = "go/dyno/b.go",
    "dyno/checksum.go" = "go/dyno/checksum.go",
    "dyno/collector.go" = "go/dyno/collector.go",
    "dyno/component.go" = "go/dyno/component.go",
    "dyno/dyno.go" = "go/dyno/dyno.go",
    "dyno/go.mod" = "go/dyno/go.mod",
    "dyno/native.go" = "go/dyno/native.go",
    "dyno/random.go" = "go/dyno/random.go",
];

const ZIG: Files = table![
    "plugin.toml" = "zig/template/plugin.toml",
    ".gitignore" = "zig/template/.gitignore",
    "bench.zig" = "zig/template/bench.zig",
    "dyno/checksum.zig" = "zig/checksum.zig",
    "dyno/contract.zig" = "zig/contract.zig",
    "dyno/dyno.zig" = "zig/dyno.zig",
];

const WAT: Files = table![
    "plugin.toml" = "wat/template/plugin.toml",
    ".gitignore" = "wat/template/.gitignore",
    "bench.wat" = "wat/template/bench.wat",
];

/// The files of a new plugin in a language: path in the plugin, content.
#[must_use]
pub fn files(language: Language) -> Vec<(&'static str, &'static str)> {
    let parts: &[Files] = match language {
        Language::Rust => &[RUST, RUST_SDK],
        Language::Criterion => &[CRITERION, RUST_SDK],
        Language::C => &[C, C_SDK],
        Language::Cpp => &[CPP, C_SDK],
        Language::Js => &[JS],
        Language::Python => &[PYTHON],
        Language::Go => &[GO],
        Language::Zig => &[ZIG],
        Language::Wat => &[WAT],
    };
    parts.concat()
}
