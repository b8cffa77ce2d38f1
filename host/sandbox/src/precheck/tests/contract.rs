//! What a component must export, and may import.

use super::*;

/// A plugin of the first kind, as far as names and types go.
fn suite(name: &str, functions: &str, more: &str) -> String {
    suite_with(name, functions, more, "u64")
}

/// The same, whose cases expect a checksum of another type.
fn suite_with(name: &str, functions: &str, more: &str, expected: &str) -> String {
    command_with(&format!(
        r#"{more}
        (core module $libc (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "cases") (result i32) i32.const 0)
            (func (export "run") (param i32 i32) (result i32) i32.const 0))
        (core instance $libc (instantiate $libc))
        (type $param' (record (field "name" string) (field "value" string)))
        (type $throughput' (variant (case "bytes" u64) (case "elements" u64)))
        (type $case' (record (field "name" string) (field "description" string)
            (field "group" (option string)) (field "params" (list $param'))
            (field "throughput" (option $throughput')) (field "expected" (option {expected}))))
        (func $cases (result (result (list $case') (error string)))
            (canon lift (core func $libc "cases") (memory $libc "memory")))
        (func $run-case (param "name" string) (result (result (error string)))
            (canon lift (core func $libc "run") (memory $libc "memory") (realloc (func $libc "realloc"))))
        (instance $suite
            (export "param" (type $param')) (export "throughput" (type $throughput'))
            (export "bench-case" (type $case')) {functions})
        (export "{name}" (instance $suite))"#
    ))
}

const BOTH: &str = r#"(export "cases" (func $cases)) (export "run" (func $run-case))"#;

/// If this fails, a plugin traps that was built for something else, after some of it has run.
#[test]
fn a_function_of_another_type_is_told_so() {
    let suite_of = |functions: &str| suite("dyno:bench/suite@0.1.0", functions, "");
    let swapped = refusal(&suite_of(
        r#"(export "cases" (func $cases)) (export "run" (func $run))"#,
    ));
    assert_eq!(
        swapped,
        "exports the function `run` of `dyno:bench/suite@0.1.0` as func() -> result, which must be func(string) -> result<_, string>"
    );
    let field = refusal(&suite_with("dyno:bench/suite@0.1.0", BOTH, "", "u32"));
    assert!(
        field.contains("`cases`")
            && field.contains("expected: option<u32> }>, string>, which must be"),
        "{field}"
    );
    let command = command_with("").replace(
        r#"(func $run (result (result)) (canon"#,
        r#"(func $run (result u32) (canon"#,
    );
    assert_eq!(
        refusal(&command),
        "exports the function `run` of `wasi:cli/run@0.2.3` as func() -> u32, which must be func() -> result"
    );
}

/// If this fails, a small file makes a message that fills the memory.
#[test]
fn a_type_that_doubles_at_every_level_is_shown_as_far_as_it_fits() {
    let mut types = String::from("(type $t0 (tuple u8 u8))");
    for level in 1..15 {
        let last = level - 1;
        types.push_str(&format!("(type $t{level} (tuple $t{last} $t{last}))"));
    }
    let wat = suite(
        "dyno:bench/suite@0.1.0",
        r#"(export "cases" (func $cases)) (export "run" (func $huge))"#,
        &format!(
            r#"{types}
        (core module $m2 (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) i32.const 0)
            (func (export "run") (param i32 i32)))
        (core instance $i2 (instantiate $m2))
        (func $huge (param "p" (list $t14))
            (canon lift (core func $i2 "run") (memory $i2 "memory") (realloc (func $i2 "realloc"))))"#
        ),
    );
    let refusal = refusal(&wat);
    assert!(
        refusal.len() < 2048 && refusal.contains("tuple<tuple<"),
        "{refusal}"
    );
}

#[test]
fn both_kinds_are_told_apart_and_a_suite_comes_first() {
    let kind = |wat: &str| check(wat).unwrap().kind;
    assert_eq!(
        kind(&suite("dyno:bench/suite@0.1.0", BOTH, "")),
        PluginKind::Suite
    );
    assert_eq!(
        kind(&suite("dyno:bench/suite@0.1.17", BOTH, "")),
        PluginKind::Suite
    );
    assert_eq!(kind(&command_with("")), PluginKind::Command);
}

#[test]
fn a_plugin_of_another_version_is_told_so() {
    let imports = r#"(import "dyno:bench/bench@0.2.0" (instance (export "next" (func))))
        (import "wasi:http/types@0.2.0" (instance (export "f" (func))))"#;
    for wat in [
        suite("dyno:bench/suite@0.2.0", BOTH, ""),
        suite("dyno:bench/suite@0.1.0", BOTH, imports),
        command_with(imports),
    ] {
        assert_eq!(
            refusal(&wat),
            "speaks dyno:bench 0.2.0, this host speaks 0.1: rebuild it with the 0.1 SDK, or use a dyno that speaks 0.2.0"
        );
    }
    for version in ["0.1.0-rc.1", "0.10.0", "1.0.0"] {
        let refusal = refusal(&suite(&format!("dyno:bench/suite@{version}"), BOTH, ""));
        assert!(
            refusal.starts_with(&format!("speaks dyno:bench {version}, ")),
            "{refusal}"
        );
    }
    assert!(
        refusal(&suite("dyno:bench/suite", BOTH, ""))
            .starts_with("speaks dyno:bench without a version")
    );
}

#[test]
fn a_suite_without_its_functions_is_told_so() {
    assert_eq!(
        refusal(&suite(
            "dyno:bench/suite@0.1.0",
            r#"(export "cases" (func $cases))"#,
            ""
        )),
        "exports `dyno:bench/suite@0.1.0` without its function `run`"
    );
    assert_eq!(
        refusal(r#"(component (instance $i) (export "wasi:cli/run@0.2.0" (instance $i)))"#),
        "exports `wasi:cli/run@0.2.0` without its function `run`"
    );
}

#[test]
fn what_exports_nothing_to_run_is_no_plugin() {
    for wat in [
        "(component)",
        r#"(component (instance $i) (export "wasi:cli/run@0.3.0" (instance $i)))"#,
        r#"(component (instance $i) (export "wasi:cli/run@0.2.0-rc-2023-11-10" (instance $i)))"#,
    ] {
        assert_eq!(check(wat), Err(PrecheckError::NotAPlugin), "{wat}");
    }
}

#[test]
fn only_the_interfaces_on_the_list_may_be_imported() {
    let importing = |name: &str| {
        command_with(&format!(
            r#"(import "{name}" (instance (export "f" (func))))"#
        ))
    };
    for name in [
        "dyno:bench/bench@0.1.0",
        "wasi:cli/stdout@0.2.0",
        "wasi:cli/terminal-stderr@0.2.12",
        "wasi:filesystem/types@0.2.9",
        "wasi:random/insecure-seed@0.2.3",
    ] {
        assert_eq!(check(&importing(name)).unwrap().imports, [name]);
    }
    for name in [
        "wasi:sockets/tcp@0.2.0",
        "wasi:sockets/tcp@0.3.0",
        "wasi:http/outgoing-handler@0.2.0",
    ] {
        let what = if name.contains("http") {
            "HTTP"
        } else {
            "sockets"
        };
        let refusal = refusal(&importing(name));
        assert!(
            refusal.starts_with(&format!("imports `{name}`: plugins never get {what}; ")),
            "{refusal}"
        );
    }
    for name in [
        "wasi:cli/stdout@0.3.0",
        "wasi:cli/stdout@0.2.0-rc-2023-11-10",
        "wasi:cli/stdout",
        "wasi:cli/run@0.2.0",
        "wasi:cli/command@0.2.0",
        "wasi:config/store@0.2.0",
        "evil:cli/stdout@0.2.0",
        "env",
    ] {
        assert_eq!(
            refusal(&importing(name)),
            format!(
                "imports `{name}`, which this host does not offer: it offers dyno:bench/bench@0.1, the stopwatch `bench`, and, of WASI 0.2, cli, clocks, filesystem, io and random"
            )
        );
    }
}

#[test]
fn an_import_of_nothing_but_types_needs_no_host() {
    check(&command_with(
        r#"(import "dyno:bench/suite@0.1.0" (instance $suite
            (type $p (record (field "name" string))) (export "param" (type (eq $p)))))
        (alias export $suite "param" (type $param))
        (import "param" (type (eq $param)))
        (import "evil:types/types" (instance (type $t (tuple u8)) (export "t" (type (eq $t)))))"#,
    ))
    .unwrap();
    // A resource is a type that the host would have to make.
    for more in [
        r#"(import "evil:types/types" (instance (export "r" (type (sub resource)))))"#,
        r#"(import "r" (type (sub resource)))"#,
        r#"(import "f" (func))"#,
        r#"(import "m" (core module))"#,
        r#"(import "c" (component))"#,
    ] {
        assert!(
            refusal(&command_with(more)).contains("which this host does not offer"),
            "{more}"
        );
    }
}

#[test]
fn guest_strings_in_refusals_are_escaped_and_cut() {
    // The names of a core module may hold anything.
    let name = format!(r"\1b[2J\0a::error::\e2\80\ae{}", "x".repeat(500));
    let refusal = refusal(&module_with(&format!(
        r#"(func (export "{name}") (export "{name}"))"#
    )));
    assert!(
        refusal.starts_with("is not a valid component: "),
        "{refusal}"
    );
    assert!(refusal.len() < 400, "{refusal}");
    assert!(
        !refusal
            .chars()
            .any(|char| char.is_control() || char == '\u{202e}'),
        "{refusal}"
    );
    assert_eq!(
        quoted("a\u{1b}[2J\n\u{202e}'ü\""),
        r#"a\u{1b}[2J\n\u{202e}'ü""#
    );
    assert_eq!(quoted(&"ü".repeat(161)), "ü".repeat(160) + "…");
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = precheck(&bytes, &StructureLimits::default(), &Features::default());
        for header in [&b"\0asm\x0d\0\x01\0"[..], b"\0asm\x0d\0\x01\0\x01\x80\x03\0asm\x01\0\0\0"] {
            let _ = precheck(&[header, &bytes].concat(), &StructureLimits::default(), &Features::default());
        }
    }

    #[test]
    fn flipped_bits_never_panic(flips in proptest::collection::vec(any::<(u16, u8)>(), 1..6)) {
        let mut bytes = binary(&suite("dyno:bench/suite@0.1.0", BOTH, r#"
            (component $c (import "t" (type (sub resource))))
            (type $r (resource (rep i32)))
            (instance (instantiate $c (with "t" (type $r))))
            (type (component (type (instance (export "f" (func))))))
            (core module (memory 1) (table 1 funcref) (func $f (local i64)
                loop (param) i32.const 0 br_table 0 0 1 end)
                (elem (i32.const 0) func $f) (data (i32.const 0) "x"))"#));
        for (at, mask) in flips {
            let at = usize::from(at) % bytes.len();
            bytes[at] ^= mask;
        }
        let _ = precheck(&bytes, &StructureLimits::default(), &Features::default());
    }
}
