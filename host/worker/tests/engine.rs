//! The engine itself, confined: what a compile worker and a run worker do, in the order in which
//! they do it. If a layer denies something that the engine needs, it shows here.
//!
//! Confinement is for good and for a whole process, so each test starts this test binary again, on
//! the one test [`child`]. That forks, because the harness keeps a second thread, and the fork,
//! which has one, plays the part that a variable names. It ends with exit code 101 (a panic) if
//! something is not as it should be.

// Not unit tests, so clippy's exemption for `#[test]` does not reach the helpers.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use dyno_system::confine::{Confined, Confinement, Stripped, strip};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};
use wasmtime::component::{Component, Instance, Linker};
use wasmtime::{Config, Engine, Store, Trap};

/// The part that a child plays, and the directory that it plays in.
const PART: &str = "DYNO_TEST_PART";
const PLACE: &str = "DYNO_TEST_PLACE";

/// Eight memories that reserve 4 GiB each, with an image; traps by signal and by instruction.
const PLUGIN: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (data (i32.const 0) "dyno")
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "store") (param i32) (result i32)
            (i32.store8 (local.get 0) (i32.const 7)) (i32.load8_u (local.get 0)))
        (func (export "divide") (param i32) (result i32)
            (i32.div_u (i32.const 42) (local.get 0)))
        (func (export "stop") (param i32) (result i32) (unreachable))
        (func $recurse (export "recurse") (param i32) (result i32)
            (i32.add (call $recurse (local.get 0)) (i32.const 1)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))
    (core instance $a (instantiate $m)) (core instance $b (instantiate $m))
    (core instance $c (instantiate $m)) (core instance $d (instantiate $m))
    (core instance $e (instantiate $m)) (core instance $f (instantiate $m))
    (core instance $g (instantiate $m)) (core instance $h (instantiate $m))
    (func (export "load") (param "x" u32) (result u32) (canon lift (core func $h "load")))
    (func (export "store") (param "x" u32) (result u32) (canon lift (core func $h "store")))
    (func (export "divide") (param "x" u32) (result u32) (canon lift (core func $h "divide")))
    (func (export "stop") (param "x" u32) (result u32) (canon lift (core func $h "stop")))
    (func (export "recurse") (param "x" u32) (result u32) (canon lift (core func $h "recurse")))
    (func (export "grow") (param "x" u32) (result s32) (canon lift (core func $h "grow"))))"#;

/// Not a test of its own: what a child runs.
#[test]
fn child() {
    let (Ok(part), Some(place)) = (std::env::var(PART), std::env::var_os(PLACE)) else {
        return;
    };
    // SAFETY: the harness's other thread waits for this one and holds no lock meanwhile; the C
    // library makes its allocator usable after a fork.
    #[allow(unsafe_code)]
    let forked = unsafe { fork() }.unwrap();
    let code = match forked {
        ForkResult::Child => {
            let played = std::panic::catch_unwind(|| play(&part, Path::new(&place)));
            if played.is_ok() { 0 } else { 101 }
        }
        ForkResult::Parent { child } => match waitpid(child, None).unwrap() {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as i32,
            other => panic!("{other:?}"),
        },
    };
    std::process::exit(code);
}

fn play(part: &str, place: &Path) {
    match part {
        "compile-worker" => compile_worker(place),
        "run-worker" => run_worker(place),
        "unloadable" => unloadable(place),
        other => panic!("there is no part {other}"),
    }
}

/// Plays `part` in a directory and asserts that it found everything as it should be.
fn passes(part: &str, place: &Path) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(PART, part)
        .env(PLACE, place)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(
        output.status.success(),
        "{part}: {}\n{stdout}\n{stderr}",
        output.status
    );
}

/// The first step, as a worker does it.
fn stripped() -> Stripped {
    strip(std::os::unix::process::parent_id(), &[PART, PLACE]).unwrap()
}

/// Both steps.
fn confined(what: &Confinement) -> Confined {
    stripped().confine(what).unwrap()
}

fn engine() -> Engine {
    let mut config = Config::new();
    config
        .memory_reservation(4 << 30)
        .memory_may_move(false)
        .memory_init_cow(true);
    Engine::new(&config).unwrap()
}

#[test]
fn a_confined_compile_worker_compiles_and_a_confined_run_worker_runs() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("plugin.wat"), PLUGIN).unwrap();
    std::fs::create_dir(place.path().join("cache")).unwrap();
    for part in ["compile-worker", "run-worker"] {
        passes(part, place.path());
    }
}

fn compile_worker(place: &Path) {
    use std::io::{Read as _, Write as _};
    let stripped = stripped();
    // As the worker does: it opens nothing afterwards.
    let mut text = File::open(place.join("plugin.wat")).unwrap();
    let mut file = File::create(place.join("cache/plugin.cwasm")).unwrap();
    let what = Confinement {
        file_bytes: 64 << 20,
        ..Confinement::compile(2 << 30, 30_000)
    };
    stripped.confine(&what).unwrap();
    let mut plugin = String::new();
    text.read_to_string(&mut plugin).unwrap();
    let component = wat::parse_str(plugin).unwrap();
    let code = engine().precompile_component(&component).unwrap();
    file.write_all(&code).unwrap();
}

fn run_worker(place: &Path) {
    let code = place.join("cache/plugin.cwasm");
    let done = confined(&Confinement {
        read: vec![code.clone()],
        ..Confinement::run(256 << 20)
    });
    runtime();
    let engine = engine();
    // SAFETY: the file was made by the compile worker of this test.
    #[allow(unsafe_code)]
    let from_file = unsafe { Component::deserialize_file(&engine, &code) }.unwrap();
    // From bytes, the memory images would be copied to anonymous files, and are copied into each
    // memory here.
    let bytes = std::fs::read(&code).unwrap();
    // SAFETY: as above.
    #[allow(unsafe_code)]
    let from_bytes = unsafe { Component::deserialize(&engine, bytes) }.unwrap();
    // On another thread, which has its own signal stack.
    let meeting = std::sync::Arc::new(std::sync::Barrier::new(2));
    let other = std::sync::Arc::clone(&meeting);
    let shared = (engine.clone(), from_bytes.clone());
    let thread = std::thread::spawn(move || {
        other.wait();
        other.wait();
        exercise(&shared.0, &shared.1);
    });
    meeting.wait();
    done.seal().unwrap();
    exercise(&engine, &from_file);
    exercise(&engine, &from_bytes);
    meeting.wait();
    thread.join().unwrap();
}

fn exercise(engine: &Engine, component: &Component) {
    let call = |name: &str, argument: u32| {
        let mut store = Store::new(engine, ());
        let instance = Linker::new(engine)
            .instantiate(&mut store, component)
            .unwrap();
        call(&mut store, &instance, name, argument)
    };
    assert_eq!(call("load", 0), Ok(u32::from(b'd')));
    assert_eq!(call("store", 0), Ok(7), "the image is not copied on write");
    assert_eq!(
        call("load", 0),
        Ok(u32::from(b'd')),
        "the image was changed"
    );
    assert_eq!(call("divide", 6), Ok(7));
    assert_eq!(call("divide", 0), Err(Trap::IntegerDivisionByZero));
    assert_eq!(call("load", 1 << 31), Err(Trap::MemoryOutOfBounds));
    assert_eq!(call("stop", 0), Err(Trap::UnreachableCodeReached));
    assert_eq!(call("recurse", 0), Err(Trap::StackOverflow));
    // 16 MiB are granted; 1 GiB is beyond the limit on data: the guest sees -1, nothing dies.
    let mut store = Store::new(engine, ());
    let instance = Linker::new(engine)
        .instantiate(&mut store, component)
        .unwrap();
    let grow = instance
        .get_typed_func::<(u32,), (i32,)>(&mut store, "grow")
        .unwrap();
    assert_eq!(grow.call(&mut store, (256,)).unwrap(), (1,));
    assert_eq!(grow.call(&mut store, (16_384,)).unwrap(), (-1,));
}

fn call(
    store: &mut Store<()>,
    instance: &Instance,
    name: &str,
    argument: u32,
) -> Result<u32, Trap> {
    let function = instance
        .get_typed_func::<(u32,), (u32,)>(&mut *store, name)
        .unwrap();
    match function.call(store, (argument,)) {
        Ok((value,)) => Ok(value),
        Err(error) => Err(*error.downcast_ref::<Trap>().unwrap()),
    }
}

/// As the WASI implementation makes one for itself.
fn runtime() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let slept = runtime.block_on(async {
        tokio::spawn(async {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            tokio::task::spawn_blocking(|| 7).await.unwrap()
        })
        .await
        .unwrap()
    });
    assert_eq!(slept, 7);
}

/// A component that is refused, or code that was damaged, must not run into a denied call either.
#[test]
fn a_confined_worker_reports_what_it_cannot_load() {
    passes("unloadable", tempfile::tempdir().unwrap().path());
}

fn unloadable(place: &Path) {
    let code = place.join("x.cwasm");
    std::fs::write(&code, b"\0asm no code at all").unwrap();
    confined(&Confinement {
        read: vec![code.clone()],
        ..Confinement::run(256 << 20)
    });
    let engine = engine();
    // SAFETY: it is refused before any of it runs.
    #[allow(unsafe_code)]
    let refused = unsafe { Component::deserialize_file(&engine, &code) };
    assert!(refused.is_err());
    assert!(engine.precompile_component(b"\0asm").is_err());
}
