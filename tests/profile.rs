//! `dyno profile`: functions, their fuel, and which of them are responsible for a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::support::{Bench, case, fib, line_of, plugin};

/// Stacks and their fuel.
fn folded(path: impl AsRef<Path>) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let (stack, fuel) = line.rsplit_once(' ').unwrap();
        (stack.to_owned(), fuel.parse().unwrap())
    };
    text.lines().map(line).collect()
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// A copy of the sample whose `fib` does three operators more each time: two constants and a
/// product.
fn slower_fib(bench: &Bench) {
    let text = fs::read_to_string(fib().join("fib.wat")).unwrap();
    let begins = "(func $fib (param $n i32) (result i64)";
    assert!(text.contains(begins));
    let more = "(drop (i64.mul (i64.const 3) (i64.const 4)))";
    bench.write("before.wat", &text);
    bench.write(
        "after.wat",
        text.replace(begins, &format!("{begins} {more}")),
    );
}

/// If this fails, people look for a regression where there is none.
#[test]
fn the_difference_names_the_function_that_does_more_and_by_exactly_how_much() {
    let bench = Bench::new();
    slower_fib(&bench);
    let said = bench.dyno(["profile", "before.wat", "after.wat"]).exits(0);
    // fib(20) is 21,891 calls: three more operators in each, and no other function is named.
    let rows: Vec<&str> = said
        .stdout
        .lines()
        .skip(3)
        .take_while(|line| !line.contains('/'))
        .collect();
    assert_eq!(rows.len(), 1, "{said}");
    let row = words(line_of(&said.stdout, "fib").unwrap());
    assert_eq!(
        row,
        ["fib", "229852", "295525", "+65673", "100.00", "%", "21891"]
    );
    assert_eq!(295_525 - 229_852, 3 * 21_891);

    let dir = bench.path(".dyno/profiles/after/fib+20");
    let (base, candidate) = (
        folded(dir.join("base.folded")),
        folded(dir.join("candidate.folded")),
    );
    let changed = base
        .iter()
        .filter(|(stack, fuel)| candidate[*stack] != **fuel);
    assert!(
        changed.clone().count() > 10 && changed.clone().all(|(stack, _)| stack.ends_with("fib"))
    );
    let svg = fs::read_to_string(dir.join("difference.svg")).unwrap();
    assert!(svg.contains("red uses more than before") && svg.contains("fib ("));

    // The other way round it is less; and with itself there is nothing to say.
    let said = bench.dyno(["profile", "after.wat", "before.wat"]).exits(0);
    assert!(said.stdout.contains("-65673"), "{said}");
    bench
        .dyno(["profile", "after.wat", "after.wat"])
        .exits(0)
        .says("every function uses what it used before");
}

/// If this fails, a profile is a matter of chance.
#[test]
fn two_profiles_are_equal_to_the_byte_and_each_is_the_fuel_that_is_counted() {
    let bench = Bench::new();
    bench.write(
        "all.wat",
        include_str!("../host/sandbox/src/instrument/everything.wat"),
    );
    for (out, plugin) in [("a", "all.wat"), ("b", "all.wat")] {
        bench.dyno(["profile", "--out", out, plugin]).exits(0);
    }
    for file in ["profile.svg", "profile.folded"] {
        let read = |dir: &str| fs::read(bench.path(dir).join("all/all").join(file)).unwrap();
        assert_eq!(read("a"), read("b"), "{file}");
    }

    // One iteration of a program is one run of it: its profile is what `check` counts.
    let text = r#"(module
        (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $twice) (call $twice))
        (func $twice (drop (call $sizes (i32.const 0) (i32.const 4)))))"#;
    bench.write("program.wat", text);
    let json = bench
        .dyno(["check", "--format", "json", "program.wat"])
        .exits(0)
        .json();
    let count = &case(&json, "program")["count"];
    let said = bench.dyno(["profile", "program.wat"]).exits(0);
    let stacks = folded(bench.path(".dyno/profiles/program/program/profile.folded"));
    let sum: u64 = stacks.values().sum();
    assert_eq!(
        count["fuel_per_iteration"].as_f64(),
        Some(sum as f64),
        "{said}"
    );
    assert!(
        said.stdout
            .contains(&format!("{sum} fuel per iteration · over 1 iteration")),
        "{said}"
    );
}

/// If this fails, whoever writes a plugin writes into our files, file names or terminal.
#[test]
fn names_of_strangers_are_only_names() {
    let bench = Bench::new();
    let names = ["add/.x;y 9", "add</script><i>:|' 9", "add:.x;y 9"];
    let text = plugin(&names).replace(
        r#"(export "run") (param $name"#,
        r#"$"</text><script>a</script>;b\0a\1b[2J 7" (export "run") (param $name"#,
    );
    assert!(text.contains("script"));
    bench.write("bad.wat", text);
    let said = bench.dyno(["profile", "bad.wat", "-o", "out"]).exits(0);
    assert!(!said.stdout.contains('\u{1b}'), "{said}");
    let mut dirs: Vec<_> = fs::read_dir(bench.path("out/bad"))
        .unwrap()
        .map(|dir| dir.unwrap().path())
        .collect();
    dirs.sort();
    assert_eq!(dirs.len(), 3, "{said}");
    for dir in dirs {
        let svg = fs::read_to_string(dir.join("profile.svg")).unwrap();
        assert!(!svg.contains("<script>a") && !svg.contains('\u{1b}'));
        // One stack, one line, one number: that of the function that has them all.
        let stacks = folded(dir.join("profile.folded"));
        let [(stack, fuel)] = &Vec::from_iter(stacks)[..] else {
            panic!("{said}")
        };
        assert!(
            !stack.contains(';') && stack.ends_with("[2J_7") && *fuel > 1000,
            "{stack}"
        );
    }
    assert_eq!(fs::read_dir(bench.path("out")).unwrap().count(), 1);
}

/// If this fails, scripts are misled, or a failed case has a profile of something else.
#[test]
fn exit_codes_are_those_of_the_other_verbs() {
    let bench = Bench::new();
    bench.write("cases.wat", plugin(&["trap", "add"]));
    bench.write("fewer.wat", plugin(&["add"]));
    bench.write("bad.wasm", "bad");
    for (args, code, text) in [
        (&["cases.wat"][..], 5, "cases trap trapped"),
        (&["cases.wat", "--case", "add"], 0, "over "),
        (
            &["cases.wat", "fewer.wat"],
            5,
            "every function uses what it used before",
        ),
        (&["cases.wat", "--case", "nothing"], 4, ""),
        (&["bad.wasm"], 3, "refused"),
        (
            &["cases.wat", "--fuel", "1000", "--case", "add"],
            5,
            "--fuel",
        ),
    ] {
        let said = bench.dyno([&["profile"], args].concat()).exits(code);
        assert!(said.stdout.contains(text), "{said}");
    }
    for args in [
        &["fewer.wat", "fewer.wat", "fewer.wat"][..],
        &["fewer.wat", "."],
    ] {
        bench.dyno([&["profile"], args].concat()).exits(2);
    }
    assert!(!bench.path(".dyno/profiles/cases/trap").exists());
}

/// If this fails, a plugin can tell when it is profiled, or tell the host of functions it has not.
#[test]
fn a_plugin_that_asks_for_the_hooks_is_refused_by_every_verb() {
    let bench = Bench::new();
    bench.write(
        "asks.wat",
        r#"(component
            (import "dyno:profile/hooks" (instance (export "leave" (func (param "owed" u64)))))
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#,
    );
    for verb in ["list", "check", "run", "profile"] {
        let said = bench.dyno([verb, "asks.wat"]).exits(3);
        assert!(
            said.stdout.contains("imports `dyno:profile/hooks`"),
            "{said}"
        );
    }
}

/// If this fails, what fits into the limits without a profile does not fit with it.
#[test]
fn profiling_needs_no_more_of_the_limits() {
    let bench = Bench::new();
    // Deep enough for most of the stack; one core instance, which is all that is allowed.
    bench.write(
        "deep.wat",
        r#"(component
            (core module $m
                (func $deep (param i64) (result i64)
                    (if (i64.eqz (local.get 0)) (then (return (i64.const 1))))
                    (i64.add (call $deep (i64.sub (local.get 0) (i64.const 1))) (local.get 0)))
                (func (export "run") (result i32) (drop (call $deep (i64.const 15000))) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#,
    );
    for verb in ["check", "profile"] {
        bench.dyno([verb, "deep.wat", "--instances", "1"]).exits(0);
    }
    let stacks = folded(bench.path(".dyno/profiles/deep/deep/profile.folded"));
    assert!(
        stacks.contains_key("[truncated]"),
        "15,000 functions within one another"
    );
}
