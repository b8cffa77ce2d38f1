use dyno_job::Numbers;
use dyno_model::PluginKind;
use proptest::prelude::*;

use super::*;

mod contract;
mod limits;

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
    precheck(
        &binary(wat),
        &StructureLimits::default(),
        &Features::default(),
    )
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
    let error = precheck(
        &locals(&billions),
        &StructureLimits::default(),
        &Features::default(),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "has too many or too large locals in a function: 4294967295, the cap is 16384"
    );
    assert_eq!(
        precheck(
            &locals(&[1]),
            &StructureLimits::default(),
            &Features::default()
        ),
        Err(PrecheckError::NotAPlugin)
    );

    // Counts of sections: of a module 1 types, 2 imports, 3 functions, 4 tables, 5 memories,
    // 6 globals, 7 exports, 9 elements, 10 bodies, 11 data; of a component 2 to 11.
    for id in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11] {
        let module = [b"\0asm\x01\0\0\0", &[id, 5][..], &billions].concat();
        precheck(
            &component_section(1, &module),
            &StructureLimits::default(),
            &Features::default(),
        )
        .unwrap_err();
    }
    for id in [2, 3, 5, 6, 7, 8, 10, 11] {
        precheck(
            &component_section(id, &billions),
            &StructureLimits::default(),
            &Features::default(),
        )
        .unwrap_err();
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
    let mut limits = StructureLimits::default();
    limits.component_type_bytes.limit = u64::MAX;
    assert!(matches!(
        precheck(&nested(1_000_000), &limits, &Features::default()),
        Err(PrecheckError::Structure(Exceeded {
            what: "component types within another",
            scale: None,
            ..
        }))
    ));
    // As deep as the limit allows, parser and validator answer on the 2 MiB of a test's stack.
    assert_eq!(
        precheck(&nested(255), &limits, &Features::default()),
        Err(PrecheckError::NotAPlugin)
    );
}

#[test]
fn what_is_no_component_is_told_apart() {
    let limits = StructureLimits::default();
    let refusal = |bytes: &[u8]| {
        precheck(bytes, &limits, &Features::default())
            .unwrap_err()
            .to_string()
    };
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
    assert!(refusal(&binary("(module)")).ends_with("it is not a benchmark plugin"));
    // A program is a module, in a package, too.
    let program = binary(r#"(module (func (export "_start")))"#);
    let described = crate::describe(&program, &dyno_model::Limits::default()).unwrap();
    assert_eq!(described.shape.kind, PluginKind::Command);
    assert_eq!(described.shape.numbers.components, 0);

    let nested = [&[0, 8][..], b"\x7fELF\x02\x01\0\0"].concat();
    for id in [1, 4] {
        let bytes = component_section(id, &nested[2..]);
        assert_eq!(
            precheck(&bytes, &limits, &Features::default()),
            Err(PrecheckError::Compiled { offset: 10 })
        );
    }
}

#[test]
fn a_truncated_file_names_the_offset() {
    let bytes = binary(&function_with("nop"));
    assert_eq!(
        precheck(
            &bytes[..bytes.len() - 5],
            &StructureLimits::default(),
            &Features::default()
        )
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
        ("(memory i64 0x1000000000000)", "memory64"),
        (
            "(memory i64 1) (func (drop (i32.load offset=0x100000000 (i64.const 0))))",
            "memory64",
        ),
        ("(memory 1) (memory 1)", "multi-memory"),
        (
            "(memory 1) (memory $m 1) (func (drop (memory.size $m)))",
            "multi-memory",
        ),
        ("(memory 1 2 shared)", "threads"),
        ("(memory 1 (pagesize 1))", "custom-page-sizes"),
        ("(type (struct (field i32)))", "gc"),
        ("(table 1 externref)", "gc"),
        ("(type $f (func)) (func (param (ref $f)))", "gc"),
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
    for (root, feature) in [
        ("(type (stream u8))", "cm-async (WASI 0.3)"),
        ("(type (future u8))", "cm-async (WASI 0.3)"),
        (
            "(core func (canon backpressure.inc))",
            "cm-async (WASI 0.3)",
        ),
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
