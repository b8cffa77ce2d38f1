use super::super::precheck::{PrecheckError, StructureLimits, precheck};
use super::*;
use dyno_job::Shape;
use dyno_model::{Features, PluginKind};

fn module(text: &str) -> Result<Vec<u8>, ModuleError> {
    let module = wat::parse_str(text).unwrap();
    Ok(componentize(&module)?.unwrap_or(module))
}

fn shape(text: &str) -> Result<Shape, PrecheckError> {
    precheck(
        &module(text).unwrap(),
        &StructureLimits::default(),
        &Features::default(),
    )
}

#[test]
fn a_module_becomes_what_its_names_say() {
    let shape = |text| shape(text).unwrap();
    let plain = shape(r#"(module (func (export "_start")))"#);
    assert_eq!((plain.kind, plain.imports), (PluginKind::Command, vec![]));
    let stopwatch = shape(r#"(module (import "bench" "end" (func)) (func (export "_start")))"#);
    assert_eq!(stopwatch.kind, PluginKind::Command);
    assert_eq!(stopwatch.imports, ["bench"]);
    let preview1 = shape(
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
            (memory (export "memory") 1) (func (export "_start")))"#,
    );
    assert_eq!(preview1.kind, PluginKind::Command);
    assert_eq!(preview1.imports, [PREVIEW1]);
    let suite = shape(
        r#"(module (memory (export "memory") 1)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
            (func (export "dyno:bench/suite@0.1.0#cases") (result i32) unreachable)
            (func (export "dyno:bench/suite@0.1.0#run") (param i32 i32) (result i32) unreachable))"#,
    );
    assert_eq!(suite.kind, PluginKind::Suite);
}

#[test]
fn what_is_no_program_or_one_for_another_host_is_told_apart() {
    let error = |text| module(text).unwrap_err();
    assert_eq!(error("(module)"), ModuleError::Library);
    let other = error(r#"(module (import "env" "f\n" (func)) (func (export "_start")))"#);
    assert!(
        other.to_string().contains("imports `f\\n` of `env`"),
        "{other}"
    );
    let later = error(r#"(module (import "dyno:bench/bench@0.9.0" "next" (func)))"#);
    assert!(
        later.to_string().starts_with("speaks dyno:bench 0.9.0"),
        "{later}"
    );
    let old = error(r#"(module (import "wasi_unstable" "f" (func)) (func (export "_start")))"#);
    assert!(matches!(old, ModuleError::Import { .. }), "{old}");
    let cut = componentize(b"\0asm\x01\0\0\0\x02\x7f").unwrap_err();
    assert!(matches!(cut, ModuleError::Malformed { .. }), "{cut}");
    // What is taken for a program by its names, the structural check looks at.
    let wrong = shape(r#"(module (func (export "_start") (param i32)))"#);
    assert!(matches!(wrong, Err(PrecheckError::StartType)), "{wrong:?}");
    let half = error(r#"(module (func (export "dyno:bench/suite@0.1.0#run")))"#);
    assert!(matches!(half, ModuleError::Encode(_)), "{half}");
}

/// If this fails, a Go plugin and the adapter overwrite each other's memory.
#[test]
fn a_plugin_by_gos_compiler_is_refused_unless_it_gives_the_adapter_memory() {
    let go = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
        (memory (export "memory") 1)
        (func (export "dyno:bench/suite@0.1.0#cases") (result i32) unreachable)
        (func (export "dyno:bench/suite@0.1.0#run") (param i32 i32) (result i32) unreachable)
        REALLOC
        (@producers (processed-by "Go cmd/compile" "go1.27.3")))"#;
    assert_eq!(module(&go.replace("REALLOC", "")), Err(ModuleError::Go));
    let realloc =
        r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)"#;
    module(&go.replace("REALLOC", realloc)).unwrap();
    let start = r#"(func (export "_start"))"#;
    let program = go.replace("dyno:bench", "x").replace("REALLOC", start);
    let program = wat::parse_str(program).unwrap();
    assert_eq!(componentize(&program), Ok(None));
}

/// If this fails, somebody whose program is for another host is not told which, nor what to do.
#[test]
fn what_is_for_another_host_is_told_by_its_toolchain() {
    let import = |module: &str, name: &str, what: &str| {
        let import = format!(r#"(import "{module}" "{name}" {what})"#);
        let text =
            format!(r#"(module (import "env" "f" (func)) {import} (func (export "_start")))"#);
        componentize(&wat::parse_str(text).unwrap())
            .unwrap_err()
            .to_string()
    };
    for (module, name, told) in [
        (
            "wbg",
            "__wbindgen_throw",
            "wasm-bindgen; build its crate for the target wasm32-wasip2",
        ),
        ("./x_bg.js", "f", "wasm-bindgen"),
        ("__wbindgen_placeholder__", "f", "wasm-bindgen"),
        (
            "gojs",
            "runtime.wasmExit",
            "Go (GOOS=js); build it with GOOS=wasip1",
        ),
        ("env", "mono_wasm_f", ".NET; build it for wasi-wasm"),
        (
            "env",
            "emscripten_resize_heap",
            "Emscripten; build it with -sSTANDALONE_WASM",
        ),
        ("env", "invoke_vii", "Emscripten"),
        ("env", "__syscall_openat", "Emscripten"),
        ("a", "b", "Emscripten"),
        ("GOT.mem", "stdout", "a dynamic library"),
        ("env", "__memory_base", "a dynamic library"),
        ("webcil", "memory", ".NET"),
        ("js_code", "kotlin.captureStackTrace", "Kotlin"),
        ("dart2wasm", "_100", "Dart"),
        ("env", "napi_create_function", "Node.js (napi-rs)"),
        ("env", "abort", "AssemblyScript"),
        (
            "wasi_unstable",
            "fd_write",
            "first preview of WASI (wasi_unstable)",
        ),
        ("wasi_ephemeral_nn", "load", "neural networks (wasi-nn)"),
        (
            "wasi",
            "thread-spawn",
            "a program with threads; build it without them",
        ),
    ] {
        let error = import(module, name, "(func)");
        assert!(
            error.contains(&format!("imports `{name}` of `{module}`")) && error.contains(told),
            "{error}"
        );
    }
    let shared = import("env", "memory", "(memory 1 2 shared)");
    assert!(shared.contains("a program with threads"), "{shared}");
    // The toolchain says more than the threads.
    let shared = import("a", "b", "(memory 1 2 shared)");
    assert!(shared.contains("Emscripten"), "{shared}");
    let memory = import("env", "memory", "(memory 1)");
    assert!(
        memory.contains("takes its memory from another module"),
        "{memory}"
    );
    let unknown = import("env", "g", "(func)");
    assert!(
        unknown.contains("imports `f` of `env`") && unknown.contains("it offers"),
        "{unknown}"
    );
}
