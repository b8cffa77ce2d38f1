//! Toolchains, by what the modules that they make for other hosts import.

use wasmparser::{Import, TypeRef};

/// What a toolchain makes for another host, and what makes it a program or plugin.
pub(super) struct Toolchain {
    /// Part of a sentence: `it is a module for JavaScript by wasm-bindgen`.
    pub(super) about: &'static str,
    /// What to do, if there is something.
    pub(super) advice: &'static str,
    is_its: fn(&Import<'_>) -> bool,
}

/// The most telling first: a program with threads imports its memory, whoever made it.
const TOOLCHAINS: [Toolchain; 13] = [
    Toolchain {
        about: "a module for JavaScript by wasm-bindgen",
        advice: "build its crate for the target wasm32-wasip2, without wasm-bindgen",
        is_its: |import| {
            import.module == "wbg"
                || import.module.starts_with("__wbindgen_")
                || import.module.ends_with("_bg.js")
        },
    },
    Toolchain {
        about: "a program for JavaScript by Go (GOOS=js)",
        advice: "build it with GOOS=wasip1",
        is_its: |import| matches!(import.module, "gojs" | "go"),
    },
    Toolchain {
        about: "a program for JavaScript by .NET",
        advice: "build it for wasi-wasm",
        is_its: |import| {
            import.module == "webcil"
                || import.name.starts_with("mono_")
                || import.name.starts_with("dotnet_")
        },
    },
    Toolchain {
        about: "a program for JavaScript by Kotlin",
        advice: "build it for the target wasmWasi",
        is_its: |import| import.module == "js_code" || import.name.starts_with("kotlin."),
    },
    Toolchain {
        about: "a program for JavaScript by Dart",
        advice: "",
        is_its: |import| import.module == "dart2wasm",
    },
    Toolchain {
        about: "a module for Node.js (napi-rs)",
        advice: "build its crate for the target wasm32-wasip1, without napi",
        is_its: |import| import.module == "emnapi" || import.name.starts_with("napi_"),
    },
    Toolchain {
        about: "a dynamic library (a side module of Emscripten or of the WASI SDK)",
        advice: "link it into a program",
        is_its: |import| {
            import.module.starts_with("GOT.")
                || matches!(import.name, "__memory_base" | "__table_base")
        },
    },
    Toolchain {
        about: "a module for JavaScript by Emscripten",
        advice: "build it with -sSTANDALONE_WASM, or with the WASI SDK",
        is_its: |import| {
            let prefixes = [
                "emscripten_",
                "_emscripten_",
                "invoke_",
                "__cxa_",
                "__syscall_",
                "_embind_",
            ];
            let starts = |prefix: &&str| import.name.starts_with(*prefix);
            // Its optimiser takes names of one letter.
            import.module == "a" || import.module == "env" && prefixes.iter().any(starts)
        },
    },
    Toolchain {
        about: "a module by AssemblyScript for a host that has `abort`",
        advice: "build it with --use abort=, or with a WASI shim",
        is_its: |import| {
            import.module == "env" && matches!(import.name, "abort" | "trace" | "seed")
        },
    },
    Toolchain {
        about: "a program for the first preview of WASI (wasi_unstable)",
        advice: "build it with a toolchain of 2020 or later",
        is_its: |import| import.module == "wasi_unstable",
    },
    Toolchain {
        about: "a program that asks the host to run neural networks (wasi-nn)",
        advice: "",
        is_its: |import| import.module.starts_with("wasi_ephemeral_nn"),
    },
    Toolchain {
        about: "a program with threads",
        advice: "build it without them",
        is_its: |import| {
            import.name == "thread-spawn"
                || matches!(import.ty, TypeRef::Memory(memory) if memory.shared)
        },
    },
    Toolchain {
        about: "a library that takes its memory from another module",
        advice: "link it to a program of its own",
        is_its: |import| matches!(import.ty, TypeRef::Memory(_)),
    },
];

/// The toolchain that a module with these imports is by, if it can be told: as a place in a list, the
/// most telling first.
pub(super) fn recognise(import: &Import<'_>) -> Option<usize> {
    TOOLCHAINS
        .iter()
        .position(|toolchain| (toolchain.is_its)(import))
}

pub(super) fn at(place: usize) -> &'static Toolchain {
    &TOOLCHAINS[place]
}
