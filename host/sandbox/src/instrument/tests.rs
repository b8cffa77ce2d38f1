use super::*;
use std::collections::BTreeSet;

use crate::{Code, Conditions, FuelGauge, Linked, Program, check, compile, load, to_binary};
use dyno_job::{Build, CodeFile, Layout};
use dyno_measure::{
    Batch, NoBench, Place, ProfileSchedule, ProfileSize, Profiled, Profiler, Sampler,
};
use dyno_model::{Features, Limits, Outcome, Reach};

const EVERYTHING: &str = include_str!("everything.wat");

/// A component or module on its way through both builds, and what the functions of one are called.
struct Guest {
    metered: Code,
    profiled: Code,
    functions: Vec<String>,
}

/// What is compiled of this, loaded.
fn compiled(bytes: &[u8], build: Build, features: &Features) -> Code {
    let limits = Limits::default();
    let dir = tempfile::tempdir().unwrap();
    let code = dir.path().join("code");
    let mut file = std::fs::File::create(&code).unwrap();
    let allowed = (&limits, features);
    compile(bytes, build, Layout::PLAIN, allowed, &code, &mut file).unwrap();
    load(&CodeFile::check(&code).unwrap(), build, &limits, features).unwrap()
}

impl Guest {
    fn new(bytes: &[u8]) -> Self {
        let (limits, features) = (Limits::default(), Features::all());
        let component = to_binary(bytes).unwrap();
        check(&component, &limits, &features).unwrap();
        let instrumented = instrument(&component).unwrap();
        Self {
            metered: compiled(&component, Build::Metered, &features),
            profiled: compiled(&instrumented.component, Build::Profiled, &features),
            functions: instrumented.functions,
        }
    }

    fn wat(text: &str) -> Self {
        Self::new(text.as_bytes())
    }

    /// What the metered build uses in the batch that a profile is of.
    fn counted(&self, case: &str, size: ProfileSize) -> (Batch, Outcome) {
        let gauge = FuelGauge::default();
        let bench = Sampler::new(gauge.clone(), ProfileSchedule::new(size));
        let linked = Linked::new(&self.metered, Build::Metered, &BTreeSet::new()).unwrap();
        let finished = on(Build::Metered, |conditions| {
            linked.run(case, conditions, &gauge, bench)
        });
        let finished = finished.unwrap();
        let schedule = finished.bench.into_schedule();
        let batch = *schedule.profiled().unwrap();
        (batch, finished.ended.outcome)
    }

    fn profile(&self, case: &str, size: ProfileSize) -> (Profiled, Outcome) {
        let gauge = FuelGauge::default();
        let bench = Profiler::new(gauge.clone(), size);
        let linked = Linked::new(&self.profiled, Build::Profiled, &BTreeSet::new()).unwrap();
        let finished = on(Build::Profiled, |conditions| {
            linked.run(case, conditions, &gauge, bench)
        });
        let finished = finished.unwrap();
        (finished.bench.into_profiled(), finished.ended.outcome)
    }

    /// Self fuel and calls of a function.
    fn sum(&self, profile: &Profiled, name: &str) -> (u64, u64) {
        let sums = profile.sums.iter();
        let named = sums.filter(|sum| self.functions[sum.function as usize] == name);
        named.fold((0, 0), |(fuel, calls), sum| {
            (fuel + sum.fuel, calls + sum.calls)
        })
    }
}

fn on<T>(build: Build, run: impl FnOnce(Conditions<'_>) -> T) -> T {
    let (limits, grants) = (Limits::default(), Reach::default());
    let program = Program {
        name: "program".into(),
        ..Program::default()
    };
    run(Conditions {
        build,
        limits: &limits,
        grants: &grants,
        program: &program,
        seed: 5,
    })
}

/// The sums over all functions and over all stacks are what the metered build uses, to the unit.
#[track_caller]
fn is_exact(guest: &Guest, case: &str, size: ProfileSize) -> Profiled {
    let (batch, outcome) = guest.counted(case, size);
    let (profile, profile_outcome) = guest.profile(case, size);
    // The fuel without the timed part and the checksum are the same, too.
    assert_eq!((profile.batch, profile_outcome), (Some(batch), outcome));
    let nodes: u64 = profile.nodes.iter().map(|node| node.fuel).sum();
    let sums: u64 = profile.sums.iter().map(|sum| sum.fuel).sum();
    let host: u64 = profile.nodes[0].fuel;
    assert_eq!((nodes, sums + host), (batch.timed, batch.timed));
    let (again, ..) = guest.profile(case, size);
    assert_eq!(
        (again.nodes, again.sums),
        (profile.nodes.clone(), profile.sums.clone())
    );
    profile
}

#[test]
fn a_guest_that_does_everything_uses_the_same_fuel_and_sees_the_same_clock() {
    let guest = Guest::wat(EVERYTHING);
    let profile = is_exact(&guest, "all", ProfileSize::Iterations(4));
    assert_eq!(profile.nodes[0].fuel, 0, "everything happens in a function");
    assert_eq!(guest.sum(&profile, "fib").1, 4 * 465);
    assert_eq!(guest.sum(&profile, "count_down").1, 4 * 50_001);
    assert_eq!(guest.sum(&profile, "ping").1, 4 * 20_001);
    assert_eq!(guest.sum(&profile, "exits").1, 4 * 5);
    // Called by the host, which must not be told: it counts for the function that called the host.
    assert_eq!(guest.sum(&profile, "realloc"), (0, 0));
}

#[test]
fn a_tail_call_takes_the_place_of_its_function() {
    let guest = Guest::wat(EVERYTHING);
    let profile = is_exact(&guest, "all", ProfileSize::Iterations(1));
    let parents = |name: &str| -> Vec<u32> {
        let is_named =
            |place| matches!(place, Place::Function(id) if guest.functions[id as usize] == name);
        let nodes = profile.nodes.iter().filter(|node| is_named(node.place));
        nodes.map(|node| node.parent).collect()
    };
    // One context each, not fifty thousand within one another.
    let [work] = parents("count_down")[..] else {
        panic!("{:?}", parents("count_down"));
    };
    assert_eq!(parents("ping"), [work]);
    assert!(parents("twice").contains(&work));
}

#[test]
fn a_profile_is_exact_where_functions_are_many_and_small() {
    let fib = include_str!("../../../../sample-plugins/fib-wat/fib.wat");
    let guest = Guest::wat(fib);
    let profile = is_exact(&guest, "fib/20", ProfileSize::Enough);
    let iterations = profile.batch.unwrap().order.iterations;
    assert_eq!(guest.sum(&profile, "fib").1, iterations * 21_891);
}

/// A function's fuel by hand: its beginning, and one for each operator but `end`.
#[test]
fn fuel_is_given_to_the_function_that_used_it() {
    let guest = Guest::wat(&EVERYTHING.replace("i64.const 50000", "i64.const 0"));
    let profile = is_exact(&guest, "all", ProfileSize::Iterations(1));
    // local.get, i64.const, i64.mul; once through `count_down`.
    assert_eq!(guest.sum(&profile, "twice"), (4, 1));
    // exits(0): i32.const, i32.ne, local.get, br_if, i32.const, and a return, which is free.
    // exits(1..): as far as br_if, then 7, its index and br_table; to $a they go by 10 and *, the
    // others to the end.
    let to_branch = 1 + 4;
    let expected = [
        to_branch + 1,
        to_branch + 3 + 2,
        to_branch + 3,
        to_branch + 3,
        to_branch + 3 + 4,
    ];
    assert_eq!(guest.sum(&profile, "exits"), (expected.iter().sum(), 5));
}

#[test]
fn a_program_with_wasi_is_exact() {
    // A module of preview 1, so an adapter, a shim and `cabi_realloc` of both.
    let guest = Guest::wat(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 0) "\10\00\00\00\08\00\00\00")
            (func (export "_start")
                (local $left i32)
                (local.set $left (i32.const 20))
                (loop $again
                    (drop (call $random (i32.const 100) (i32.const 32)))
                    (drop (call $sizes (i32.const 200) (i32.const 204)))
                    (drop (call $args (i32.const 208) (i32.const 300)))
                    (drop (call $clock (i32.const 1) (i64.const 0) (i32.const 16)))
                    (drop (call $print))
                    (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
            (func $print (result i32)
                (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))"#,
    );
    let profile = is_exact(&guest, "program", ProfileSize::First);
    assert_eq!(guest.sum(&profile, "print").1, 20);
}

#[test]
fn functions_without_names_are_numbered_and_hostile_names_are_harmless() {
    let guest = Guest::wat(
        r#"(component
            (core module $m
                (func (export "run") (result i32) (call $"a;b\0a\1b[2J</script>") (call 2) i32.const 0)
                (func $"a;b\0a\1b[2J</script>")
                (func))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#,
    );
    assert_eq!(
        guest.functions,
        ["run", "a:b \\u{1b}[2J</script>", "m.func[2]"]
    );
    is_exact(&guest, "program", ProfileSize::First);
}

/// What a worker says is limited, so names must not be able to fill it.
#[test]
fn names_have_an_end_however_many_there_are() {
    let functions = "(func)".repeat(40_000);
    let module = "x".repeat(1000);
    let text = format!(
        r#"(component
            (core module ${module} {functions} (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate 0))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#
    );
    let component = to_binary(text.as_bytes()).unwrap();
    let functions = instrument(&component).unwrap().functions;
    let bytes: usize = functions.iter().map(String::len).sum();
    assert_eq!(functions.len(), 40_001);
    assert!(functions[0].ends_with("….func[0]") && functions[40_000] == "func[40000]");
    assert!(bytes < name::BYTES_MAX + (1 << 20), "{bytes}");
}

/// A plugin that knows of the hooks gets them as little as one that does not.
#[test]
fn nobody_but_our_own_module_gets_the_hooks() {
    let text = format!(
        r#"(component
            (import "{HOOKS}" (instance (export "enter" (func (param "function" u32) (param "owed" u64)))))
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#
    );
    let (limits, features) = (Limits::default(), Features::default());
    let component = to_binary(text.as_bytes()).unwrap();
    let refused = check(&component, &limits, &features)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("which this host does not offer"),
        "{refused}"
    );
    // And if it got past the check, neither of the other builds would link it.
    for build in Build::ALL {
        let component = compiled(&component, build, &features);
        assert!(matches!(
            Linked::<NoBench>::new(&component, build, &BTreeSet::new()),
            Err(Outcome::Refused { .. })
        ));
    }
}

/// What is nested keeps its meaning, its view of what is around it included; it is not looked into.
#[test]
fn what_is_nested_is_nobodys() {
    let guest = Guest::wat(
        r#"(component
            (type $number u32)
            (core module $around (func $unused))
            (component $two
                (alias outer 1 $number (type $n))
                (alias outer 1 $around (core module $a))
                (core instance (instantiate $a))
                (core module $m (func (export "f") (result i32) i32.const 2 i32.const 2 i32.add))
                (core instance $i (instantiate $m))
                (func (export "two") (result $n) (canon lift (core func $i "f"))))
            (component $program
                (import "two" (func $two (result u32)))
                (core func $two (canon lower (func $two)))
                (core module $m
                    (import "" "two" (func $two (result i32)))
                    (func (export "run") (result i32) (i32.sub (call $two) (i32.const 4))))
                (core instance $i (instantiate $m (with "" (instance (export "two" (func $two))))))
                (func (export "run") (result (result)) (canon lift (core func $i "run"))))
            (instance $two (instantiate $two))
            (instance $program (instantiate $program (with "two" (func $two "two"))))
            (export "wasi:cli/run@0.2.3" (instance $program)))"#,
    );
    let profile = is_exact(&guest, "program", ProfileSize::First);
    assert_eq!(profile.nodes[0].fuel, profile.batch.unwrap().timed);
}

/// A program that is a core module tells of its functions without a module of ours in between.
#[test]
fn a_module_is_profiled_as_it_is() {
    let guest = Guest::wat(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (func $three (param $rounds i32)
                (loop $again
                    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                    (local.set $rounds (i32.sub (local.get $rounds) (i32.const 1)))
                    (br_if $again (local.get $rounds))))
            (func $early (param i32) (result i32)
                (if (local.get 0) (then (return (i32.const 7))))
                (i32.const 8))
            (func (export "_start")
                (call $three (i32.const 3))
                (drop (call $early (i32.const 1)))
                (drop (call $early (i32.const 0)))))"#,
    );
    let profile = is_exact(&guest, "program", ProfileSize::First);
    assert_eq!(guest.sum(&profile, "three").1, 1);
    assert_eq!(guest.sum(&profile, "early").1, 2);
}
