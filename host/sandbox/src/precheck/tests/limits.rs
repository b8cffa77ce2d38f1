//! How large a component may be.

use super::*;

#[expect(clippy::too_many_lines, reason = "a table")]
#[test]
fn every_limit_lets_its_value_pass_and_refuses_one_more() {
    type Set = fn(&mut StructureLimits, u64);
    let cases: Vec<(&str, Set, u64, String)> = vec![
        (
            "levels of nested components",
            |limits, n| limits.nesting.limit = n,
            4,
            command_with("(component (component (core module)))"),
        ),
        (
            "core modules",
            |limits, n| limits.modules.limit = n,
            3,
            command_with("(core module) (core module)"),
        ),
        (
            "components",
            |limits, n| limits.components.limit = n,
            3,
            command_with("(component) (component)"),
        ),
        (
            "core instances",
            |limits, n| limits.core_instances = n,
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
            |limits, n| limits.component_instances.limit = n,
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
            |limits, n| limits.canonicals.limit = n,
            2,
            command_with("(type $r (resource (rep i32))) (core func (canon resource.drop $r))"),
        ),
        (
            "imports, exports, aliases and arguments of components",
            |limits, n| limits.items.limit = n,
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
            |limits, n| limits.component_type_bytes.limit = n,
            // The section with the types of `run` takes 8, that of the three strings 6.
            8 + 6,
            command_with("(type (tuple string string string))"),
        ),
        (
            "component types within another",
            |limits, n| limits.component_type_nesting.limit = n,
            3,
            command_with("(type (component (type (instance (type (component))))))"),
        ),
        (
            "types of core modules",
            |limits, n| limits.core_types.limit = n,
            4,
            command_with(
                "(core module (type (func)) (type (func (param i32)))) (core type (func))",
            ),
        ),
        (
            "parameters of a function",
            |limits, n| limits.params.limit = n,
            3,
            module_with("(type (func (param i32 i32 i64)))"),
        ),
        (
            "results of a function",
            |limits, n| limits.results.limit = n,
            3,
            module_with("(type (func (result i32 i32 i64)))"),
        ),
        (
            "imports of core modules",
            |limits, n| limits.imports.limit = n,
            2,
            module_with(r#"(import "a" "b" (func)) (import "a" "c" (func))"#),
        ),
        (
            "exports of core modules",
            |limits, n| limits.exports.limit = n,
            3,
            module_with(r#"(func (export "a") (export "b"))"#),
        ),
        (
            "bytes in a name",
            |limits, n| limits.name_bytes.limit = n,
            30,
            module_with(&format!(r#"(func (export "{}"))"#, "n".repeat(30))),
        ),
        (
            "functions",
            |limits, n| limits.functions.limit = n,
            3,
            module_with("(func) (func)"),
        ),
        (
            "globals",
            |limits, n| limits.globals.limit = n,
            2,
            module_with("(global i32 (i32.const 0)) (global i32 (i32.const 0))"),
        ),
        (
            "tables",
            |limits, n| limits.tables.limit = n,
            2,
            module_with("(table 1 funcref) (table 1 funcref)"),
        ),
        (
            "elements of a table",
            |limits, n| limits.table_elements.limit = n,
            77,
            module_with("(table 3 funcref) (table 77 funcref)"),
        ),
        (
            "memories",
            |limits, n| limits.memories.limit = n,
            2,
            command_with("(core module (memory 1)) (core module (memory 1))"),
        ),
        (
            "element segments",
            |limits, n| limits.element_segments.limit = n,
            2,
            module_with("(func $f) (elem func $f) (elem funcref (ref.func $f))"),
        ),
        (
            "elements of segments",
            |limits, n| limits.element_items.limit = n,
            3,
            module_with("(func $f) (elem func $f $f) (elem funcref (ref.func $f))"),
        ),
        (
            "data segments",
            |limits, n| limits.data_segments.limit = n,
            2,
            module_with(r#"(data "a") (data "b")"#),
        ),
        (
            "bytes of functions",
            |limits, n| limits.code_bytes.limit = n,
            4 + 3 + 2,
            module_with("(func nop) (func)"),
        ),
        (
            "bytes in a function",
            |limits, n| limits.body_bytes.limit = n,
            12,
            function_with(&"nop ".repeat(10)),
        ),
        (
            "locals in a function",
            |limits, n| limits.locals.limit = n,
            5,
            function_with("(local i32 i32 i64 i64 f32)"),
        ),
        (
            "nested blocks in a function",
            |limits, n| limits.block_depth.limit = n,
            3,
            function_with("block end block loop local.get 0 if end end end"),
        ),
        (
            "blocks in a function",
            |limits, n| limits.blocks.limit = n,
            4,
            function_with("block end block loop local.get 0 if end end end"),
        ),
        (
            "nested loops in a function",
            |limits, n| limits.loop_depth.limit = n,
            2,
            function_with("loop end loop block loop end end loop end end"),
        ),
        (
            "branches and branch table targets in a function",
            |limits, n| limits.branches.limit = n,
            1 + 1 + 4,
            function_with("local.get 0 br_if 0 local.get 0 br_table 0 0 0 0 br 0"),
        ),
        (
            "calls in a function",
            |limits, n| limits.calls.limit = n,
            2,
            module_with("(func $f) (func call $f return_call $f)"),
        ),
        (
            "indirect calls and table accesses in a function",
            |limits, n| limits.table_accesses.limit = n,
            4,
            module_with(
                "(table $t 1 funcref) (type $v (func))
                (func i32.const 0 i32.const 0 table.get $t table.set $t
                    i32.const 0 call_indirect (type $v)
                    i32.const 0 return_call_indirect (type $v))",
            ),
        ),
        (
            "allocations, casts and whole-array operations in a function",
            |limits, n| limits.heap_operations.limit = n,
            5,
            module_with(
                "(type $s (struct (field i32))) (type $a (array (mut i32)))
                (func (local $r anyref) (local $a (ref null $a))
                    struct.new_default $s local.set $r i32.const 1 struct.new $s drop
                    i32.const 1 array.new_default $a local.set $a
                    local.get $a i32.const 0 i32.const 1 i32.const 1 array.fill $a
                    local.get $r ref.test (ref $s) drop)",
            ),
        ),
        (
            "fields that are filled by default in a function",
            |limits, n| limits.default_fields.limit = n,
            4,
            module_with(
                "(type $s (struct (field i32) (field i64)))
                (func struct.new_default $s drop struct.new_default $s drop)",
            ),
        ),
        (
            "allocations in constant expressions",
            |limits, n| limits.constant_allocations.limit = n,
            4,
            module_with(
                "(type $s (struct (field i32))) (type $a (array i32))
                (global (ref $s) (struct.new_default $s))
                (global (ref $a) (array.new $a (i32.const 1) (i32.const 1)))
                (table 1 anyref (struct.new_default $s))
                (elem anyref (item struct.new_default $s) (item ref.null any))",
            ),
        ),
        (
            "fields that constant expressions fill by default",
            |limits, n| limits.constant_fields.limit = n,
            5,
            module_with(
                "(type $s (struct (field i32) (field i32))) (type $t (struct (field i64)))
                (global (ref $s) (struct.new_default $s))
                (global (ref $t) (struct.new_default $t))
                (elem anyref (item struct.new_default $s))",
            ),
        ),
        (
            "catch clauses around the calls of a function",
            |limits, n| limits.call_handlers.limit = n,
            // One call in two clauses, one in three, a throw in three, and a call in none.
            8,
            module_with(
                "(tag $t) (func $f)
                (func (block $h
                    (try_table (catch $t $h) (catch_all $h)
                        (call $f)
                        (try_table (catch $t $h) (call $f) (throw $t))))
                    (call $f))",
            ),
        ),
        (
            "blocks with parameters in a function",
            |limits, n| limits.typed_blocks.limit = n,
            2,
            function_with(
                "i32.const 0 loop (param i32) (result i32) end
                block (param i32) drop end block end",
            ),
        ),
        (
            "parameters of blocks in a function",
            |limits, n| limits.block_values.limit = n,
            3,
            function_with(
                "i32.const 0 loop (param i32) (result i32) end
                block (param i32) drop end block end",
            ),
        ),
        (
            "locals x branches in a function",
            |limits, n| limits.local_joins.limit = n,
            // 3 locals x (2 blocks + 2 branches).
            12,
            function_with("(local i32 i32 i32) block loop local.get 0 br_if 0 br 1 end end"),
        ),
        (
            "locals x nested loops in a function",
            |limits, n| limits.local_loops.limit = n,
            // 3 locals x depths of 1, 2, 2 and 1.
            18,
            function_with("(local i32 i32 i32) loop loop end loop end end loop end"),
        ),
    ];
    for (what, set, actual, wat) in cases {
        let bytes = binary(&wat);
        let mut limits = StructureLimits::default();
        set(&mut limits, actual);
        precheck(&bytes, &limits, &Features::all())
            .unwrap_or_else(|error| panic!("{what}: {error}\n{wat}"));
        let limit = actual - 1;
        set(&mut limits, limit);
        let refused = precheck(&bytes, &limits, &Features::all()).expect_err(&wat);
        let found = match refused {
            PrecheckError::Instances { limit, actual } => ("core instances", limit, actual),
            PrecheckError::Structure(it) => (it.what, it.limit, it.actual),
            other => panic!("{what}: {other}"),
        };
        assert_eq!(found, (what, limit, actual), "{wat}");
    }
}

#[test]
fn the_test_of_the_limits_knows_every_limit() {
    // Adding a cap means adding it there: `Debug` names each once, and the instances are none.
    let shown = format!("{:?}", StructureLimits::default());
    assert_eq!(shown.matches("Cap {").count() + 1, 41);
}
