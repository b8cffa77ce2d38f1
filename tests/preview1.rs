//! Core modules with WASI preview 1: they run as they are, with nothing of ours in their memory, and
//! do and see the same as components with WASI 0.2.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};
use wasmtime::{Config, Engine, Linker, Module, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

use super::support::{Bench, build, case, plugin_of, repository};

/// A module whose `_start` has this body, with these imports of preview 1, each with its type.
fn module(imports: &[(&str, &str)], memory: &str, body: &str) -> String {
    let imports = imports.iter().map(|(name, ty)| {
        format!(r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} {ty}))"#)
    });
    let imports: String = imports.collect();
    format!(
        r#"(module {imports} (memory (export "memory") {memory})
            (func $check (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
            (func (export "_start") (local $i i32) {body}))"#
    )
}

const FD_WRITE: (&str, &str) = ("fd_write", "(param i32 i32 i32 i32) (result i32)");
const PROC_EXIT: (&str, &str) = ("proc_exit", "(param i32)");
const CLOCK: (&str, &str) = ("clock_time_get", "(param i32 i64 i32) (result i32)");
const POLL: (&str, &str) = ("poll_oneoff", "(param i32 i32 i32 i32) (result i32)");
const RANDOM: (&str, &str) = ("random_get", "(param i32 i32) (result i32)");

/// Ten thousand times one byte to stdout.
const MANY_WRITES: &str = "
    (i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const 1))
    (loop $again
        (call $check (i32.eqz
            (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        (br_if $again (i32.lt_u
            (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))";

/// What a program uses in a bare embedding of the engine.
fn bare_fuel(text: &str) -> u64 {
    let mut config = Config::new();
    config.consume_fuel(true);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut linker = Linker::<WasiP1Ctx>::new(&engine);
    add_to_linker_sync(&mut linker, |wasi| wasi).unwrap();
    let wasi = WasiCtxBuilder::new().arg("program").build_p1();
    let mut store = Store::new(&engine, wasi);
    store.set_fuel(u64::MAX).unwrap();
    let instance = linker.instantiate(&mut store, &module).unwrap();
    let before = store.get_fuel().unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
    if let Err(error) = start.unwrap().call(&mut store, ()) {
        assert_eq!(error.downcast_ref::<I32Exit>().unwrap().0, 0, "{error:?}");
    }
    before - store.get_fuel().unwrap()
}

/// If this fails, the host's own work is counted as the program's.
#[test]
fn the_fuel_of_a_module_is_that_of_its_own_instructions() {
    let bench = Bench::new();
    let clock = "
        (loop $again
            (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
            (br_if $again (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))";
    for (name, text) in [
        ("writes", module(&[FD_WRITE], "1", MANY_WRITES)),
        ("clock", module(&[CLOCK], "1", clock)),
        (
            "exits",
            module(&[PROC_EXIT], "1", "(call $proc_exit (i32.const 0))"),
        ),
        (
            "nothing",
            r#"(module (func (export "_start") (drop (i32.const 1))))"#.to_owned(),
        ),
    ] {
        let file = bench.write(format!("{name}.wat"), &text);
        bench.run([&file]).exits(0);
        let run = bench.recorded("latest");
        let count = &case(&run, name)["count"];
        assert_eq!(
            count["fuel_per_iteration"],
            bare_fuel(&text) as f64,
            "{name}"
        );
        assert_eq!(plugin_of(&run, name)["kind"], "command");
    }
}

/// If this fails, there is something of the host's in a program's memory: it is overwritten, or it
/// needs room that the program does not leave.
#[test]
fn the_memory_of_a_module_is_its_own() {
    let bench = Bench::new();
    let fill = format!(
        "(memory.fill (i32.const 0) (i32.const 255) (i32.const 65536)) {MANY_WRITES}
         (memory.fill (i32.const 0) (i32.const 255) (i32.const 65536))"
    );
    for (name, text) in [
        ("filled", module(&[FD_WRITE], "1 1", &fill)),
        ("fixed", module(&[FD_WRITE], "128 128", MANY_WRITES)),
        (
            "empty",
            module(&[PROC_EXIT], "0 0", "(call $proc_exit (i32.const 0))"),
        ),
    ] {
        let file = bench.write(format!("{name}.wat"), text);
        bench.run([&file]).exits(0);
    }
    // All memory behind its data is the runtime's, of Go's own compiler.
    let go = module(&[FD_WRITE], "1", MANY_WRITES);
    let go = go.replace(
        "(module",
        r#"(module (@producers (processed-by "Go cmd/compile" "go1.27.3"))"#,
    );
    let file = bench.write("go.wat", go);
    bench.run([&file]).exits(0);
}

/// If this fails, a program is not told what is wrong with a call, or its status is lost.
#[test]
fn what_a_module_does_wrong_is_told_by_the_code_that_wasi_has_for_it() {
    let bench = Bench::new();
    // Nothing to write, and nowhere to write it to: EBADF.
    let nowhere = "(call $check (i32.eq (i32.const 8)
        (call $fd_write (i32.const 77) (i32.const 0) (i32.const 0) (i32.const 8))))";
    let file = bench.write("nowhere.wat", module(&[FD_WRITE], "1", nowhere));
    bench.run([&file]).exits(0);
    for status in [1, 125, 126, 255] {
        let exit = format!("(call $proc_exit (i32.const {status}))");
        let file = bench.write("exit.wat", module(&[PROC_EXIT], "1", &exit));
        let said = bench.run([&file]).exits(5);
        said.says(&format!("exit failed: exited with status {status}"));
    }
    let file = bench.write(
        "seven.wat",
        module(&[PROC_EXIT], "1", "(call $proc_exit (i32.const 7))"),
    );
    let flag = "--expected-status=7";
    bench.run([file.as_os_str(), flag.as_ref()]).exits(0);
    assert_eq!(
        bench.recorded("latest")["grants"],
        serde_json::json!([flag])
    );
    let said = bench
        .run([file.as_os_str(), "--expected-status=8".as_ref()])
        .exits(5);
    said.says("exited with status 7, and 8 was expected");
    let manifest =
        "[plugin]\nname='d'\n[build]\ncomponent='seven.wat'\n[program]\nexpected-status=7\n";
    bench.write("d/plugin.toml", manifest);
    fs::copy(&file, bench.path("d/seven.wat")).unwrap();
    bench.run(["d", "--save-baseline", "main"]).exits(0);
    bench.compare(["main", "d"]).exits(0);
    let fine = bench.write("fine.wat", module(&[PROC_EXIT], "1", ""));
    let said = bench.run([fine.as_os_str(), flag.as_ref()]).exits(5);
    said.says("exited with status 0, and 7 was expected");
    let unknown = module(&[("sock_open", "(param i32) (result i32)")], "1", "");
    let file = bench.write("unknown.wat", unknown);
    bench.run([&file]).exits(3).says("sock_open");
    let hidden = module(
        &[FD_WRITE],
        "1",
        "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 8)))",
    );
    let file = bench.write("hidden.wat", hidden.replace(r#"(export "memory")"#, ""));
    bench
        .run([&file])
        .exits(5)
        .says("exports no memory of the name `memory`");
    let other = module(&[], "1", "").replace(
        "(func (export \"_start\")",
        "(func (export \"_start\") (param i32)",
    );
    let file = bench.write("other.wat", other);
    bench
        .run([&file])
        .exits(3)
        .says("not a function without parameters and results");
}

/// If this fails, a count takes as long as a program sleeps, or differs from machine to machine.
#[test]
fn a_module_that_waits_is_counted_without_waiting() {
    let bench = Bench::new();
    // One hour, by a clock that is asked before and after it. A subscription: user data, tag,
    // clock, timeout, precision, flags.
    let sleep = |flags: u32| {
        format!(
            "(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
            (i64.store (i32.const 104) (i64.const 77))
            (i32.store (i32.const 120) (i32.const 1))
            (i64.store (i32.const 128) (i64.add (i64.const 2000000)
                (i64.mul (i64.const {flags}) (i64.load (i32.const 0)))))
            (i32.store16 (i32.const 144) (i32.const {flags}))
            (call $check (i32.eqz
                (call $poll_oneoff (i32.const 104) (i32.const 200) (i32.const 1) (i32.const 300))))
            (call $check (i32.eq (i32.load (i32.const 300)) (i32.const 1)))
            (call $check (i64.eq (i64.load (i32.const 200)) (i64.const 77)))
            (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
            (call $check (i64.ge_u
                (i64.sub (i64.load (i32.const 8)) (i64.load (i32.const 0))) (i64.const 2000000)))"
        )
    };
    for (name, flags) in [("relative", 0), ("absolute", 1)] {
        let file = bench.write(
            format!("{name}.wat"),
            module(&[CLOCK, POLL], "1", &sleep(flags)),
        );
        bench.run([&file]).exits(0);
        let run = bench.recorded("latest");
        let count = &case(&run, name)["count"];
        assert_eq!(count["deterministic"], true);
        assert!(
            count["fuel_per_iteration"].as_f64().unwrap() < 1000.0,
            "{count}"
        );
    }
    // A clock that has come to its end stands still.
    let endless =
        "(i32.store (i32.const 120) (i32.const 1)) (i64.store (i32.const 128) (i64.const -1))
        (drop (call $poll_oneoff (i32.const 104) (i32.const 200) (i32.const 1) (i32.const 300)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0)))
        (i64.store (i32.const 128) (i64.const 2))
        (drop (call $poll_oneoff (i32.const 104) (i32.const 200) (i32.const 1) (i32.const 300)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
        (call $check (i64.ge_u (i64.load (i32.const 8)) (i64.load (i32.const 0))))";
    let file = bench.write("endless.wat", module(&[CLOCK, POLL], "1", endless));
    bench.dyno(["check".as_ref(), file.as_os_str()]).exits(0);
    // What is there to be read or written is there at once, whatever clock is asked beside it.
    let both =
        "(i32.store8 (i32.const 112) (i32.const 2)) (i32.store (i32.const 120) (i32.const 1))
        (i64.store (i32.const 152) (i64.const 5)) (i32.store (i32.const 168) (i32.const 1))
        (i64.store (i32.const 176) (i64.const 3600000000000))
        (call $check (i32.eqz
            (call $poll_oneoff (i32.const 104) (i32.const 200) (i32.const 2) (i32.const 300))))
        (call $check (i32.eq (i32.load (i32.const 300)) (i32.const 1)))
        (call $check (i32.eq (i32.load8_u (i32.const 210)) (i32.const 2)))";
    let file = bench.write("both.wat", module(&[POLL], "1", both));
    bench.run([&file]).exits(0);
}

/// If this fails, a module takes more than a component may.
#[test]
fn a_module_gets_random_numbers_up_to_the_limit_and_the_same_each_time() {
    let bench = Bench::new();
    let text = |bytes: u32| {
        let body = format!(
            "(call $check (i32.eqz (call $random_get (i32.const 64) (i32.const {bytes}))))
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 32))
            (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))"
        );
        module(&[RANDOM, FD_WRITE], "10", &body)
    };
    let file = bench.write("random.wat", text(1000));
    bench.run([&file]).exits(0);
    let first = case(&bench.recorded("latest"), "random")["checksum"].clone();
    bench.run([&file]).exits(0);
    assert_eq!(case(&bench.recorded("latest"), "random")["checksum"], first);
    bench.run([file.as_os_str(), "--seed=7".as_ref()]).exits(0);
    assert_ne!(case(&bench.recorded("latest"), "random")["checksum"], first);
    let file = bench.write("greedy.wat", text(70_000));
    bench
        .run([&file])
        .exits(5)
        .says("hit the random limit of 64KiB, 70000B wanted");
}

/// The program that tells all that it sees, for both versions of WASI.
fn files() -> &'static [PathBuf; 2] {
    static BUILT: OnceLock<[PathBuf; 2]> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut dyno = Command::new(env!("CARGO_BIN_EXE_dyno"));
        dyno.arg("build")
            .arg(repository().join("tests/fixtures/programs/files"));
        build(dyno).exits(0);
        let guests = repository().join("target/guests");
        let built = |target: &str| guests.join(target).join("release/files.wasm");
        [built("wasm32-wasip1"), built("wasm32-wasip2")]
    })
}

fn with_directories(bench: &Bench) -> [String; 2] {
    for name in ["c", "b", "a/d"] {
        bench.write(Path::new("in").join(name), name);
    }
    fs::hard_link(bench.path("in/b"), bench.path("other-name-of-b")).unwrap();
    fs::create_dir_all(bench.path("out")).unwrap();
    ["--dir=in::/in".into(), "--dir-rw=out::/out".into()]
}

/// If this fails, what a program does and sees depends on the version of WASI that it was compiled
/// for, or on the machine.
#[test]
fn a_module_sees_of_files_and_clocks_what_a_component_sees() {
    let bench = Bench::new();
    let grants = with_directories(&bench);
    let mut seen = Vec::new();
    for program in files() {
        let mut args: Vec<_> = grants.iter().map(AsRef::as_ref).collect();
        args.push(program.as_os_str());
        bench.run(args).exits(0);
        let run = bench.recorded("latest");
        let case = case(&run, "files");
        assert_eq!(case["count"]["deterministic"], true, "{case}");
        seen.push(case["checksum"].clone());
    }
    assert_eq!(seen[0], seen[1]);
    let expected = include_str!("fixtures/programs/files/expected.txt");
    let digest = Sha256::digest(expected);
    let digest: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(seen[0], format!("0x{digest}"));
    assert!(fs::read_dir(bench.path("out")).unwrap().next().is_none());
}

/// If this fails, a module fills the disk.
#[test]
fn a_module_fills_no_more_of_a_scratch_copy_than_it_may() {
    let bench = Bench::new();
    let grants = with_directories(&bench);
    for (what, flag, limit) in [
        ("grow", "--scratch-bytes=1MiB", "scratch-bytes"),
        ("hole", "--scratch-bytes=1MiB", "scratch-bytes"),
        ("entries", "--scratch-files=100", "scratch-files"),
    ] {
        for program in files() {
            let arg = format!("--arg={what}");
            let args = [
                grants[0].as_ref(),
                grants[1].as_ref(),
                arg.as_ref(),
                flag.as_ref(),
                program.as_os_str(),
            ];
            let said = bench.run(args).exits(5);
            said.says(&format!("hit the {limit} limit of "));
        }
    }
}

/// If this fails, a plugin that overwrote what its adapter keeps is told nothing, or the wrong thing.
#[test]
fn an_adapter_that_was_overwritten_is_named_as_the_cause() {
    let text = fs::read_to_string(repository().join("sample-plugins/fib-wat/fib.wat")).unwrap();
    let write = "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))";
    let overwrites = format!(
        "{write} (memory.fill (i32.const 65536) (i32.const 255)
            (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536))) {write}
        (call $batches)"
    );
    let large = "(if (i32.ge_u (local.get $size) (i32.const 32768))
        (then (return (i32.mul (memory.grow (i32.const 2)) (i32.const 65536)))))
        ;; Round up";
    let import = r#"(import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
        (import "dyno:bench/bench@0.1.0" "start""#;
    let text = text
        .replace(r#"(import "dyno:bench/bench@0.1.0" "start""#, import)
        .replace(";; Round up", large)
        .replace("(call $batches)", &overwrites);
    let bench = Bench::new();
    let file = bench.write("plugin.wat", text);
    bench.run([&file]).exits(5).says(
        "the adapter from WASI preview 1 to 0.2, which this component carries in its own memory",
    );
}

/// If this fails, why a program failed drowns in what it logged.
#[test]
fn the_last_lines_of_a_program_that_failed_are_shown() {
    let log: String = (0..600).map(|line| format!("line {line}\\0a")).collect();
    let said = format!("{log}thread 'main' panicked at src/main.rs:1:1:\\0athe cause\\0a");
    let length = said.replace("\\0a", "x").len();
    let text = module(
        &[FD_WRITE],
        &format!("1) (data (i32.const 100) \"{said}\""),
        &format!(
            "(i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const {length}))
            (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
            (unreachable)"
        ),
    );
    let bench = Bench::new();
    let file = bench.write("panics.wat", text);
    let shown = bench.run([&file]).exits(5);
    for line in [
        "line 599",
        "panicked at src/main.rs:1:1:",
        "the cause",
        "more lines, and then:",
    ] {
        assert!(shown.stdout.contains(line), "{line} is missing: {shown}");
    }
    assert!(!shown.stdout.contains("line 0\n"), "{shown}");
}
