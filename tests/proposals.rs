//! Proposals to WebAssembly that are off, and interfaces that no plugin gets: what is not granted
//! is refused by its name, and what is granted runs within the same limits (the hostile guests of
//! `fixtures/hostile/proposals.rs`), and is known to the report.

use std::fs;

use serde_json::{Value, json};
use wasmtime::{Collector, Config, Engine, Instance, Module, Store};

use super::support::{Bench, case, plugin_of};

/// A list of 1,000 nodes, each of which the one before lets go.
const GC: &str = r#"(module
    (type $node (struct (field i32) (field (ref null $node))))
    (func $node (param i32) (result (ref $node))
        (struct.new $node (local.get 0) (ref.null $node)))
    (func (export "_start") (local $i i32)
        (loop $again
            (drop (call $node (local.get $i)))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))))"#;

/// Throws and catches 100 times.
const EXCEPTIONS: &str = r#"(module
    (tag $t (param i32))
    (func $throw (param i32) (throw $t (local.get 0)))
    (func (export "_start") (local $i i32)
        (loop $again
            (block $caught (result i32)
                (try_table (catch $t $caught) (call $throw (local.get $i)))
                (i32.const 0))
            (drop)
            (br_if $again (i32.lt_u
                (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100))))))"#;

const MEMORY64: &str = r#"(module (memory i64 1)
    (func (export "_start")
        (i64.store (i64.const 65528) (i64.const 5))
        (if (i64.ne (i64.load (i64.const 65528)) (i64.const 5)) (then unreachable))))"#;

const MULTI_MEMORY: &str = r#"(module (memory 1) (memory $b 2)
    (func (export "_start")
        (i32.store $b (i32.const 65536) (i32.const 5))
        (if (i32.ne (i32.load $b (i32.const 65536)) (i32.const 5)) (then unreachable))))"#;

const WIDE: &str = r#"(module
    (func (export "_start") (local $high i64)
        (i64.mul_wide_u (i64.const -1) (i64.const 4))
        (local.set $high)
        (drop)
        (if (i64.ne (local.get $high) (i64.const 3)) (then unreachable))))"#;

/// As compilers write it that build for threads, whether a program has any.
const ATOMICS: &str = r#"(module (memory 1)
    (func (export "_start")
        (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 5)))
        (drop (memory.atomic.notify (i32.const 8) (i32.const 1)))
        (if (i32.ne (i32.atomic.load (i32.const 8)) (i32.const 5)) (then unreachable))))"#;

const EACH: [(&str, &str); 6] = [
    ("gc", GC),
    ("exceptions", EXCEPTIONS),
    ("memory64", MEMORY64),
    ("multi-memory", MULTI_MEMORY),
    ("wide-arithmetic", WIDE),
    ("atomics", ATOMICS),
];

/// What a program uses in a bare embedding of the engine, with everything switched on.
fn bare_fuel(text: &str) -> u64 {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .wasm_gc(true)
        .wasm_exceptions(true)
        .wasm_function_references(true)
        .wasm_memory64(true)
        .wasm_multi_memory(true)
        .wasm_wide_arithmetic(true)
        .wasm_threads(true)
        .collector(Collector::Copying);
    let engine = Engine::new(&config).unwrap();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, ());
    store.set_fuel(u64::MAX).unwrap();
    let instance = Instance::new(&mut store, &module, &[]).unwrap();
    let before = store.get_fuel().unwrap();
    let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
    start.unwrap().call(&mut store, ()).unwrap();
    before - store.get_fuel().unwrap()
}

/// If this fails, a proposal is on that was not granted, or one that was granted costs what it
/// should not.
#[test]
fn each_is_refused_by_its_name_and_runs_where_it_is_granted() {
    let bench = Bench::new();
    for (name, text) in EACH {
        let file = bench.write(format!("{name}.wat"), text);
        let flag = format!("--wasm={name}");
        let run = |flags: &[&str]| {
            let args = flags.iter().map(|flag| flag.as_ref());
            bench.run(args.chain([file.as_os_str()]))
        };
        run(&[&flag]).exits(0);
        let run_with = bench.recorded("latest");
        assert_eq!(run_with["grants"], json!([flag]));
        assert_eq!(
            case(&run_with, name)["count"]["fuel_per_iteration"],
            bare_fuel(text) as f64,
            "{name}"
        );
        // Its code is in the cache by now.
        run(&[]).exits(3).says(&format!(
            "it uses the proposal {name}, which is switched off here: allow it with --wasm {name}"
        ));
        // No other grant is one of this.
        let others: Vec<_> = EACH.iter().map(|(other, _)| *other).collect();
        let others: Vec<_> = others.into_iter().filter(|other| *other != name).collect();
        run(&[&format!("--wasm={}", others.join(","))])
            .exits(3)
            .says(&format!("allow it with --wasm {name}"));
    }
    let both = GC.replace("(func $node", "(memory i64 1) (func $node");
    let file = bench.write("both.wat", both);
    bench.run([&file]).exits(3).says(
        "it uses the proposals gc, memory64, which are switched off here: allow them with --wasm gc,memory64",
    );
    bench
        .run(["both.wat", "--wasm=threads"])
        .exits(2)
        .complains("invalid value 'threads' for '--wasm");
}

/// If this fails, a user looks for an error in a program that no flag makes run.
#[test]
fn what_nothing_switches_on_is_named_too() {
    let bench = Bench::new();
    for (text, named) in [
        (
            r#"(module (memory 1 1 shared) (func (export "_start")))"#,
            "uses the proposal threads, which is switched off here",
        ),
        (
            r#"(module (tag $t) (func (export "_start") try catch $t end))"#,
            "uses the proposal legacy-exceptions, which is switched off here",
        ),
        (
            r#"(module (memory 1 (pagesize 1)) (func (export "_start")))"#,
            "uses the proposal custom-page-sizes, which is switched off here",
        ),
    ] {
        let file = bench.write("other.wat", text);
        let flags = ["--wasm=gc,exceptions,memory64,multi-memory,wide-arithmetic,atomics"];
        let args = flags.iter().map(|flag| flag.as_ref());
        bench
            .run(args.chain([file.as_os_str()]))
            .exits(3)
            .says(named);
        bench.run([&file]).exits(3).says(named);
    }
}

/// If this fails, a plugin decides itself what is switched on, or its users guess.
#[test]
fn a_manifest_asks_and_the_user_grants() {
    let bench = Bench::new();
    bench.write(
        "p/plugin.toml",
        "[plugin]\nname = 'p'\n[build]\ncomponent = 'p.wat'\n[features]\nwasm = ['gc']\n",
    );
    bench.write("p/p.wat", GC);
    bench
        .run(["p"])
        .exits(3)
        .says("it asks for more than is allowed: grant it with --wasm=gc");
    bench.run(["p", "--wasm", "gc"]).exits(0);
    // What a baseline kept of it asks for the same.
    bench
        .run(["p", "--wasm", "gc", "--save-baseline", "main"])
        .exits(0);
    bench.compare(["main", "p"]).exits(3);
    bench.compare(["main", "p", "--wasm=gc"]).exits(0);
    bench.write(
        "dyno.toml",
        "[phases.baseline]\n[[plugins]]\npath = 'p'\n[grants]\nwasm = ['gc']\n",
    );
    bench.dyno(["suite", "run"]).exits(0);
    let refused = "[phases.baseline]\n[[plugins]]\npath = 'p'\n[grants]\nwasm = ['gcc']\n";
    bench.write("dyno.toml", refused);
    bench.dyno(["suite", "run"]).exits(2).complains("gcc");
}

/// If this fails, two runs under different engines' settings are called equal.
#[test]
fn what_was_granted_is_a_condition_of_a_comparison() {
    let bench = Bench::new();
    let file = bench.write(
        "same.wat",
        MEMORY64
            .replace("i64 1)", "1)")
            .replace("i64.const 65528", "i32.const 65528"),
    );
    let file = file.to_str().unwrap();
    bench.run([file]).exits(0);
    bench.run([file, "--wasm=gc"]).exits(0);
    let runs = bench.runs();
    let said = bench.dyno([
        "compare",
        &format!("run:{}", runs[0]),
        &format!("run:{}", runs[1]),
        "--format=json",
    ]);
    let differences = said.json()["comparison"]["conditions"]["differences"].clone();
    let is_it = |it: &Value| it.to_string().contains("--wasm");
    assert!(
        differences.as_array().unwrap().iter().any(is_it),
        "{differences}"
    );
}

/// If this fails, a profile is of something else, or is wrong in silence.
#[test]
fn a_profile_sees_a_collected_heap_and_refuses_exceptions() {
    let bench = Bench::new();
    bench.write("gc.wat", GC);
    let said = bench.dyno(["profile", "gc.wat", "--wasm=gc"]).exits(0);
    said.says("node");
    bench.write("exceptions.wat", EXCEPTIONS);
    let flags = ["profile", "exceptions.wat", "--wasm=exceptions"];
    bench
        .dyno(flags)
        .exits(3)
        .says("it cannot be profiled: it uses exceptions, which leave functions unseen");
}

/// A command that imports HTTP and sockets, and calls this.
fn networked(body: &str) -> String {
    format!(
        r#"(component
            (import "wasi:io/streams@0.2.3" (instance $streams
                (export "input-stream" (type (sub resource)))))
            (alias export $streams "input-stream" (type $stream))
            (import "wasi:http/types@0.2.3" (instance $http
                (export "input-stream" (type (eq $stream)))
                (export "fields" (type $fields (sub resource)))
                (export "[constructor]fields" (func (result (own $fields))))))
            (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "f" (func))))
            (alias export $http "[constructor]fields" (func $new))
            (core func $new (canon lower (func $new)))
            (core module $m
                (import "" "new" (func $new (result i32)))
                (func (export "run") (result i32) {body} (i32.const 0)))
            (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#
    )
}

/// If this fails, tools that import the network and never call it cannot be run, or one that calls
/// it is not known by that.
#[test]
fn what_is_imported_and_never_called_runs_and_a_call_ends_it() {
    let bench = Bench::new();
    bench.write("quiet.wat", networked(""));
    bench.write("loud.wat", networked("(drop (call $new))"));
    bench.run(["quiet.wat"]).exits(3).says(
        "imports `wasi:http/types@0.2.3`: plugins never get HTTP; \
         one that never calls it runs with --deny-stubs http",
    );
    bench
        .run(["quiet.wat", "--deny-stubs=http"])
        .exits(3)
        .says("plugins never get sockets; one that never calls it runs with --deny-stubs sockets");
    let stubs = "--deny-stubs=http,sockets";
    bench.run(["quiet.wat", stubs]).exits(0);
    let run = bench.recorded("latest");
    assert_eq!(run["grants"], json!(["--deny-stubs=sockets,http"]));
    assert_eq!(plugin_of(&run, "quiet")["outcome"]["kind"], "ok");
    bench.run(["loud.wat", stubs]).exits(5).says(
        "it called `[constructor]fields` of `wasi:http/types@0.2.3`, which --deny-stubs http denies",
    );
    let server = r#"(component
        (import "wasi:http/types@0.2.3" (instance $http (export "f" (func))))
        (export "wasi:http/incoming-handler@0.2.3" (instance $http)))"#;
    bench.write("server.wat", server);
    bench
        .run(["server.wat", stubs])
        .exits(3)
        .says("it is an HTTP server (`wasi:http/proxy`)");
}

/// If this fails, a real program that is a little larger than others cannot be run, or the user
/// raises a cap again and again.
#[test]
fn a_structure_that_is_too_large_is_said_to_its_real_size_and_can_be_allowed() {
    let bench = Bench::new();
    let deep = |depth: usize| {
        let body = "(block ".repeat(depth) + &")".repeat(depth);
        format!(r#"(module (func (export "_start") (nop)) (func {body}))"#)
    };
    bench.write("deep.wat", deep(5_000));
    bench.run(["deep.wat"]).exits(3).says(
        "it has too many or too large nested blocks in a function: 5000, the cap is 4096: \
         raise such caps with --structure 2",
    );
    bench.run(["deep.wat", "--structure=2"]).exits(0);
    // The largest of all functions counts, and how far it is from the cap that it exceeds.
    let two = deep(9_000).replace("(nop)", &("(block ".repeat(5_000) + &")".repeat(5_000)));
    bench.write("two.wat", two);
    bench.run(["two.wat"]).exits(3).says(
        "nested blocks in a function: 9000, the cap is 4096: raise such caps with --structure 3",
    );
    bench.run(["two.wat", "--structure=3"]).exits(0);
    // The order of the functions does not matter, nor that its code is in the cache by now.
    let file = fs::read_to_string(bench.path("two.wat")).unwrap();
    let blocks = |depth: usize| "(block ".repeat(depth) + &")".repeat(depth);
    let other = file
        .replace(&blocks(9_000), "(call $last)")
        .replace(
            "(module",
            &format!("(module (func $first {})", blocks(9_000)),
        )
        .replace("(func (call $last))", "(func $last)");
    bench.write("two.wat", other);
    for _ in 0..2 {
        bench
            .run(["two.wat"])
            .exits(3)
            .says("in a function: 9000, the cap is 4096");
        bench.run(["two.wat", "--structure=3"]).exits(0);
    }
    bench.run(["two.wat", "--structure=0"]).exits(3);
    fs::remove_file(bench.path("two.wat")).unwrap();
}
