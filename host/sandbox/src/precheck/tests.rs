use dyno_job::Numbers;
use dyno_model::PluginKind;
use proptest::prelude::*;

use super::*;

/// A command plugin with more text in its root component.
fn command_with(more: &str) -> String {
    format!(
        r#"(component
            (core module $m (func (export "run") (result i32) i32.const 0))
            (core instance $i (instantiate $m))
            (func $run (result (result)) (canon lift (core func $i "run")))
            (instance $exported (export "run" (func $run)))
            {more}
            (export "wasi:cli/run@0.2.3" (instance $exported)))"#
    )
}

/// The same with a core module beside it that is not instantiated, but would be compiled.
fn module_with(fields: &str) -> String {
    command_with(&format!("(core module {fields})"))
}

fn function_with(body: &str) -> String {
    module_with(&format!("(func (param i32) {body})"))
}

fn binary(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn check(wat: &str) -> Result<Shape, PrecheckError> {
    precheck(&binary(wat), &StructureCaps::default())
}

/// The refusal as the user reads it.
fn refusal(wat: &str) -> String {
    check(wat).expect_err(wat).to_string()
}

/// A binary of the component layer: the header and one section.
fn component_section(id: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.push(id);
    leb(content.len(), &mut bytes);
    bytes.extend(content);
    bytes
}

fn leb(mut value: usize, out: &mut Vec<u8>) {
    while value > 0x7f {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[test]
fn a_plain_command_passes_and_is_counted() {
    let shape = check(&module_with(
        r#"(memory 3) (table 10 funcref) (func) (func (local i64) nop) (data "abc")"#,
    ))
    .unwrap();
    assert_eq!(shape.kind, PluginKind::Command);
    assert_eq!(shape.imports, [""; 0]);
    assert_eq!(shape.exports, ["wasi:cli/run@0.2.3"]);
    assert_eq!(
        Numbers {
            custom_bytes: 0,
            ..shape.numbers
        },
        Numbers {
            modules: 2,
            components: 1,
            core_instances: 1,
            functions: 3,
            code_bytes: 4 + 2 + 5,
            body_bytes_largest: 5,
            data_bytes: 3,
            custom_bytes: 0,
            memories: 1,
            memory_bytes_initial: 3 << 16,
            tables: 1,
            table_elements_initial: 10,
        }
    );
}

#[test]
fn every_cap_lets_its_value_pass_and_refuses_one_more() {
    type Set = fn(&mut StructureCaps, u64);
    let cases: Vec<(&str, Set, u64, String)> = vec![
        (
            "levels of nested components",
            |caps, n| caps.nesting = n,
            4,
            command_with("(component (component (core module)))"),
        ),
        (
            "core modules",
            |caps, n| caps.modules = n,
            3,
            command_with("(core module) (core module)"),
        ),
        (
            "components",
            |caps, n| caps.components = n,
            3,
            command_with("(component) (component)"),
        ),
        (
            "core instances",
            |caps, n| caps.core_instances = n,
            // 1 of the plugin's own, and 2 x (1 + 2).
            7,
            command_with(
                r#"(component $twice
                    (core module $m) (core instance (instantiate $m))
                    (component $two (core module $m)
                        (core instance (instantiate $m)) (core instance (instantiate $m)))
                    (instance (instantiate $two)))
                (instance (instantiate $twice)) (instance (instantiate $twice))"#,
            ),
        ),
        (
            "component instances",
            |caps, n| caps.component_instances = n,
            4,
            // Through an outer alias and an index made by an export.
            command_with(
                r#"(component $c)
                (component $d (alias outer 1 $c (component $e))
                    (export $f "f" (component $e))
                    (instance (instantiate $f)))
                (instance (instantiate $d)) (instance (instantiate $d))"#,
            ),
        ),
        (
            "canonical functions",
            |caps, n| caps.canonicals = n,
            2,
            command_with("(type $r (resource (rep i32))) (core func (canon resource.drop $r))"),
        ),
        (
            "imports, exports, aliases and arguments of components",
            |caps, n| caps.items = n,
            // Own: instantiation, alias of `run`, instance with one export, export. More: instance
            // of a module, the alias of it, a bag of two.
            5 + 1 + 1 + 3,
            command_with(
                r#"(core module $n (func (export "f")))
                (core instance $j (instantiate $n))
                (alias core export $j "f" (core func $f))
                (core instance (export "a" (func $f)) (export "b" (func $f)))"#,
            ),
        ),
        (
            "bytes of component types",
            |caps, n| caps.component_type_bytes = n,
            // The section with the types of `run` takes 8, that of the three strings 6.
            8 + 6,
            command_with("(type (tuple string string string))"),
        ),
        (
            "component types within another",
            |caps, n| caps.component_type_nesting = n,
            3,
            command_with("(type (component (type (instance (type (component))))))"),
        ),
        (
            "types of core modules",
            |caps, n| caps.core_types = n,
            4,
            command_with(
                "(core module (type (func)) (type (func (param i32)))) (core type (func))",
            ),
        ),
        (
            "parameters of a function",
            |caps, n| caps.params = n,
            3,
            module_with("(type (func (param i32 i32 i64)))"),
        ),
        (
            "results of a function",
            |caps, n| caps.results = n,
            3,
            module_with("(type (func (result i32 i32 i64)))"),
        ),
        (
            "imports of core modules",
            |caps, n| caps.imports = n,
            2,
            module_with(r#"(import "a" "b" (func)) (import "a" "c" (func))"#),
        ),
        (
            "exports of core modules",
            |caps, n| caps.exports = n,
            3,
            module_with(r#"(func (export "a") (export "b"))"#),
        ),
        (
            "bytes in a name",
            |caps, n| caps.name_bytes = n,
            30,
            module_with(&format!(r#"(func (export "{}"))"#, "n".repeat(30))),
        ),
        (
            "functions",
            |caps, n| caps.functions = n,
            3,
            module_with("(func) (func)"),
        ),
        (
            "globals",
            |caps, n| caps.globals = n,
            2,
            module_with("(global i32 (i32.const 0)) (global i32 (i32.const 0))"),
        ),
        (
            "tables",
            |caps, n| caps.tables = n,
            2,
            module_with("(table 1 funcref) (table 1 funcref)"),
        ),
        (
            "elements of a table",
            |caps, n| caps.table_elements = n,
            77,
            module_with("(table 3 funcref) (table 77 funcref)"),
        ),
        (
            "memories",
            |caps, n| caps.memories = n,
            2,
            command_with("(core module (memory 1)) (core module (memory 1))"),
        ),
        (
            "element segments",
            |caps, n| caps.element_segments = n,
            2,
            module_with("(func $f) (elem func $f) (elem funcref (ref.func $f))"),
        ),
        (
            "elements of segments",
            |caps, n| caps.element_items = n,
            3,
            module_with("(func $f) (elem func $f $f) (elem funcref (ref.func $f))"),
        ),
        (
            "data segments",
            |caps, n| caps.data_segments = n,
            2,
            module_with(r#"(data "a") (data "b")"#),
        ),
        (
            "bytes of functions",
            |caps, n| caps.code_bytes = n,
            4 + 3 + 2,
            module_with("(func nop) (func)"),
        ),
        (
            "bytes in a function",
            |caps, n| caps.body_bytes = n,
            12,
            function_with(&"nop ".repeat(10)),
        ),
        (
            "locals in a function",
            |caps, n| caps.locals = n,
            5,
            function_with("(local i32 i32 i64 i64 f32)"),
        ),
        (
            "nested blocks in a function",
            |caps, n| caps.block_depth = n,
            3,
            function_with("block end block loop local.get 0 if end end end"),
        ),
        (
            "blocks in a function",
            |caps, n| caps.blocks = n,
            4,
            function_with("block end block loop local.get 0 if end end end"),
        ),
        (
            "nested loops in a function",
            |caps, n| caps.loop_depth = n,
            2,
            function_with("loop end loop block loop end end loop end end"),
        ),
        (
            "branches and branch table targets in a function",
            |caps, n| caps.branches = n,
            1 + 1 + 4,
            function_with("local.get 0 br_if 0 local.get 0 br_table 0 0 0 0 br 0"),
        ),
        (
            "calls in a function",
            |caps, n| caps.calls = n,
            2,
            module_with("(func $f) (func call $f return_call $f)"),
        ),
        (
            "indirect calls and table accesses in a function",
            |caps, n| caps.table_accesses = n,
            4,
            module_with(
                "(table $t 1 funcref) (type $v (func))
                (func i32.const 0 i32.const 0 table.get $t table.set $t
                    i32.const 0 call_indirect (type $v)
                    i32.const 0 return_call_indirect (type $v))",
            ),
        ),
        (
            "blocks with parameters in a function",
            |caps, n| caps.typed_blocks = n,
            2,
            function_with(
                "i32.const 0 loop (param i32) (result i32) end
                block (param i32) drop end block end",
            ),
        ),
        (
            "parameters of blocks in a function",
            |caps, n| caps.block_values = n,
            3,
            function_with(
                "i32.const 0 loop (param i32) (result i32) end
                block (param i32) drop end block end",
            ),
        ),
        (
            "locals x branches in a function",
            |caps, n| caps.local_joins = n,
            // 3 locals x (2 blocks + 2 branches).
            12,
            function_with("(local i32 i32 i32) block loop local.get 0 br_if 0 br 1 end end"),
        ),
        (
            "locals x nested loops in a function",
            |caps, n| caps.local_loops = n,
            // 3 locals x depths of 1, 2, 2 and 1.
            18,
            function_with("(local i32 i32 i32) loop loop end loop end end loop end"),
        ),
    ];
    for (what, set, actual, wat) in cases {
        let bytes = binary(&wat);
        let mut caps = StructureCaps::default();
        set(&mut caps, actual);
        precheck(&bytes, &caps).unwrap_or_else(|error| panic!("{what}: {error}\n{wat}"));
        let cap = actual - 1;
        set(&mut caps, cap);
        let refusal = match what {
            "core instances" => PrecheckError::Instances { cap, actual },
            _ => PrecheckError::Structure { what, cap, actual },
        };
        assert_eq!(precheck(&bytes, &caps), Err(refusal), "{wat}");
    }
}

#[test]
fn the_test_of_the_caps_knows_every_cap() {
    // Adding a cap means adding it there: Debug prints one line for each.
    assert_eq!(
        format!("{:#?}", StructureCaps::default()).lines().count(),
        2 + 36
    );
}

#[test]
fn instantiation_that_doubles_at_each_level_is_counted_without_doing_it() {
    let mut wat = "(component $c0 (core module $m) (core instance (instantiate $m)))".to_owned();
    for level in 1..80 {
        let before = level - 1;
        wat += &format!(
            "(component $c{level} (alias outer 1 $c{before} (component $c))
                (instance (instantiate $c)) (instance (instantiate $c)))"
        );
    }
    wat += "(instance (instantiate $c79))";
    assert_eq!(
        refusal(&command_with(&wat)),
        "has 128 core instances, the limit is 64"
    );
}

#[test]
fn components_as_values_are_refused() {
    for wat in [
        r#"(component (import "c" (component $c)) (instance (instantiate $c)))"#,
        r#"(component $d (component $c) (export "c" (component $c)))
            (instance $i (instantiate $d))
            (alias export $i "c" (component $c)) (instance (instantiate $c))"#,
    ] {
        let refusal = refusal(&command_with(wat));
        assert!(
            refusal.starts_with("uses a component as an import or result"),
            "{refusal}"
        );
    }
}

#[test]
fn a_few_bytes_that_declare_billions_are_refused_before_anything_is_allocated() {
    let locals = |count: &[u8]| {
        let body = [&[1][..], count, &[0x7f, 0x0b]].concat();
        let mut module = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0".to_vec();
        module.extend([0x0a, body.len() as u8 + 2, 1, body.len() as u8]);
        module.extend(body);
        component_section(1, &module)
    };
    let billions = [0xff, 0xff, 0xff, 0xff, 0x0f];
    let error = precheck(&locals(&billions), &StructureCaps::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "has too many or too large locals in a function: 4294967295, the cap is 16384"
    );
    assert_eq!(
        precheck(&locals(&[1]), &StructureCaps::default()),
        Err(PrecheckError::NotAPlugin)
    );

    // Counts of sections: of a module 1 types, 2 imports, 3 functions, 4 tables, 5 memories,
    // 6 globals, 7 exports, 9 elements, 10 bodies, 11 data; of a component 2 to 11.
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11] {
        let module = [b"\0asm\x01\0\0\0", &[id, 5][..], &billions].concat();
        precheck(&component_section(1, &module), &StructureCaps::default()).unwrap_err();
    }
    for id in [2, 3, 5, 6, 7, 8, 10, 11] {
        precheck(&component_section(id, &billions), &StructureCaps::default()).unwrap_err();
    }
}

#[test]
fn types_nested_to_overflow_a_recursive_parser_are_refused() {
    // Each level is: a component type of one declaration, which is a type.
    let nested = |levels: usize| {
        let mut content = vec![1];
        content.extend([0x41, 0x01, 0x01].repeat(levels));
        content.extend([0x41, 0x00]);
        component_section(7, &content)
    };
    let caps = StructureCaps {
        component_type_bytes: u64::MAX,
        ..StructureCaps::default()
    };
    assert!(matches!(
        precheck(&nested(1_000_000), &caps),
        Err(PrecheckError::Structure {
            what: "component types within another",
            ..
        })
    ));
    // As deep as the cap allows, parser and validator answer on the 2 MiB of a test's stack.
    assert_eq!(
        precheck(&nested(255), &caps),
        Err(PrecheckError::NotAPlugin)
    );
}

#[test]
fn what_is_no_component_is_told_apart() {
    let caps = StructureCaps::default();
    let refusal = |bytes: &[u8]| precheck(bytes, &caps).unwrap_err().to_string();
    assert_eq!(refusal(b""), "is empty");
    assert_eq!(
        refusal(b"#!/bin/sh\n"),
        "is not WebAssembly: it begins with `#!/b`, not with `\\0asm`"
    );
    assert_eq!(
        refusal(b"\x1b["),
        "is not WebAssembly: it begins with `\\x1b[`, not with `\\0asm`"
    );
    assert!(refusal(b"\x7fELF\x02\x01").contains("compiled machine code"));
    assert!(
        refusal(&binary("(module)")).starts_with("is a core module where a component is expected")
    );

    let nested = [&[0, 8][..], b"\x7fELF\x02\x01\0\0"].concat();
    for id in [1, 4] {
        let bytes = component_section(id, &nested[2..]);
        assert_eq!(
            precheck(&bytes, &caps),
            Err(PrecheckError::Compiled { offset: 10 })
        );
    }
}

#[test]
fn a_truncated_file_names_the_offset() {
    let bytes = binary(&function_with("nop"));
    assert_eq!(
        precheck(&bytes[..bytes.len() - 5], &StructureCaps::default())
            .unwrap_err()
            .to_string()
            .split_once("(at byte ")
            .map(|(message, _)| message),
        Some("is not a valid component: unexpected end-of-file ")
    );
}

#[test]
fn proposals_that_are_off_are_named() {
    for (module, feature) in [
        ("(memory i64 1)", "memory64"),
        ("(memory 1 2 shared)", "threads"),
        ("(memory 1 (pagesize 1))", "custom-page-sizes"),
        ("(type (struct (field i32)))", "gc"),
        ("(table 1 externref)", "gc-types"),
        (
            "(type $f (func)) (func (param (ref $f)))",
            "function-references",
        ),
        ("(tag)", "exceptions"),
        (
            "(func (result i64 i64) i64.const 0 i64.const 0 i64.const 0 i64.const 0 i64.add128)",
            "wide-arithmetic",
        ),
    ] {
        let refusal = refusal(&module_with(module));
        assert!(
            refusal.starts_with(&format!("uses the proposal {feature}, ")),
            "{module}: {refusal}"
        );
    }
    assert!(refusal(&module_with("(memory 1) (memory 1)")).contains("multiple memories"));
    for (root, feature) in [
        ("(type (stream u8))", "cm-async"),
        ("(type (future u8))", "cm-async"),
        ("(core func (canon backpressure.inc))", "cm-async"),
        (
            "(core func (canon thread.available_parallelism))",
            "shared-everything-threads",
        ),
        ("(type (list u8 4))", "cm-fixed-length-lists"),
        (r#"(import "v" (value string))"#, "cm-values"),
    ] {
        let refusal = refusal(&command_with(root));
        assert!(
            refusal.starts_with(&format!("uses the proposal {feature}, ")),
            "{root}: {refusal}"
        );
    }
}

#[test]
fn proposals_that_compilers_use_are_on() {
    check(&module_with(
        r#"(memory 1) (table 1 funcref) (data $d "x")
        (global i32 (i32.add (i32.const 1) (i32.const 2)))
        (func $two (result i32 i32) i32.const 1 i32.const 2)
        (func (result v128) v128.const i64x2 0 0 v128.const i64x2 0 0 v128.const i64x2 0 0
            i32x4.relaxed_laneselect)
        (func (result f32 f32) f32.const 1 f32.const 2)
        (func (param i32) (result i32)
            local.get 0 i32.extend8_s f32.convert_i32_s i32.trunc_sat_f32_s drop
            i32.const 0 i32.const 0 i32.const 1 memory.init $d
            i32.const 0 i32.const 0 i32.const 1 memory.copy
            i32.const 0 i32.const 0 i32.const 1 memory.fill
            local.get 0)
        (func (result i32 i32) return_call $two)"#,
    ))
    .unwrap();
}

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
            refusal.starts_with(&format!("imports `{name}`: plugins never get {what}, ")),
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
        let _ = precheck(&bytes, &StructureCaps::default());
        for header in [&b"\0asm\x0d\0\x01\0"[..], b"\0asm\x0d\0\x01\0\x01\x80\x03\0asm\x01\0\0\0"] {
            let _ = precheck(&[header, &bytes].concat(), &StructureCaps::default());
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
        let _ = precheck(&bytes, &StructureCaps::default());
    }
}
