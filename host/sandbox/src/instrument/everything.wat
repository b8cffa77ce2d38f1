;; A suite in which everything occurs that rewriting must not change: recursion, tables (with an import
;; in one), a start function, several results, every way out of a function, tail calls, and a host that
;; calls back for memory within the timed part and to clean up after it. Its checksum mixes in the clock,
;; which reads consumed fuel: if a single unit were off at any of its readings, the checksum would be.
(component
  (import "dyno:bench/bench@0.1.0" (instance $bench
    (export "next" (func (param "checksum" u64) (result (option u64))))
    (export "start" (func))
    (export "stop" (func))))
  (import "wasi:clocks/monotonic-clock@0.2.3" (instance $clock (export "now" (func (result u64)))))
  (import "wasi:random/random@0.2.3" (instance $random
    (export "get-random-bytes" (func (param "len" u64) (result (list u8))))))
  (core func $start (canon lower (func $bench "start")))
  (core func $stop (canon lower (func $bench "stop")))
  (core func $now (canon lower (func $clock "now")))

  ;; What needs the guest's memory to be lowered is called through a table that is filled later.
  (core module $shim
    (type $pair (func (param i64 i32)))
    (table (export "table") 2 funcref)
    (func (export "next") (param i64 i32)
      (call_indirect (type $pair) (local.get 0) (local.get 1) (i32.const 0)))
    (func (export "random") (param i64 i32)
      (call_indirect (type $pair) (local.get 0) (local.get 1) (i32.const 1))))
  (core instance $shim (instantiate $shim))

  (core module $guest
    (import "shim" "next" (func $next (param i64 i32)))
    (import "host" "start" (func $start))
    (import "host" "stop" (func $stop))
    (import "host" "now" (func $now (result i64)))
    (import "shim" "random" (func $random (param i64 i32)))
    (type $binary (func (param i64) (result i64)))
    (type $clock (func (result i64)))
    (memory (export "memory") 2)
    (data (i32.const 16) "\00\00\00\00\20\00\00\00\01\00\00\00")
    (data (i32.const 32) "\00\01\00\00\03\00\00\00")
    (data (i32.const 256) "all")
    (global $free (mut i32) (i32.const 1024))
    (global $started (mut i64) (i64.const 0))
    (global $calls (mut i64) (i64.const 0))
    (table funcref (elem $twice $fib $now))

    (start $begin)
    (func $begin (global.set $started (call $now)))

    ;; The host calls it for memory. It calls directly, through the table, and takes a reference.
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (call $align (global.get $free)))
      (drop (call_indirect (type $binary) (i64.const 3) (i32.const 0)))
      (if (ref.is_null (ref.func $realloc)) (then (unreachable)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func $align (param i32) (result i32)
      (i32.and (i32.add (local.get 0) (i32.const 7)) (i32.const -8)))

    (func (export "cases") (result i32) (i32.const 16))
    (func (export "clean") (param i32)
      (global.set $free (i32.const 1024))
      (drop (call $twice (i64.const 1))))

    (func (export "run") (param i32 i32) (result i32)
      (local $sum i64) (local $left i64)
      (local.set $sum (global.get $started))
      (loop $batch
        (call $next (local.get $sum) (i32.const 0))
        (if (i32.eqz (i32.load8_u (i32.const 0))) (then (return (i32.const 128))))
        (local.set $left (i64.load (i32.const 8)))
        (call $start)
        (loop $iteration
          (global.set $free (i32.const 1024))
          (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 3)) (call $work)))
          (local.set $left (i64.sub (local.get $left) (i64.const 1)))
          (br_if $iteration (i64.ne (local.get $left) (i64.const 0))))
        (call $stop)
        (br $batch))
      (unreachable))

    (func $work (result i64)
      (local $sum i64)
      (local.set $sum (call $now))
      (call $random (i64.const 40) (i32.const 64))
      ;; What the realloc used is known at once.
      (local.set $sum (i64.add (local.get $sum) (call $now)))
      (local.set $sum (i64.add (local.get $sum) (call_indirect (type $clock) (i32.const 2))))
      (local.set $sum (i64.xor (local.get $sum) (call_indirect (type $binary) (i64.const 12) (i32.const 1))))
      (local.set $sum (i64.xor (local.get $sum) (call $count_down (i64.const 50000))))
      (local.set $sum (i64.xor (local.get $sum) (call $ping (i64.const 20000))))
      (call $swapped (local.get $sum) (i64.const 5))
      i64.sub
      (i64.extend_i32_u (call $exits (i32.const 0)))
      (i64.extend_i32_u (call $exits (i32.const 1)))
      (i64.extend_i32_u (call $exits (i32.const 2)))
      (i64.extend_i32_u (call $exits (i32.const 3)))
      (i64.extend_i32_u (call $exits (i32.const 9)))
      i64.add i64.add i64.add i64.add i64.add
      (call $late_clock)
      i64.add)

    (func $twice (type $binary) (i64.mul (local.get 0) (i64.const 2)))
    (func $fib (type $binary)
      (if (i64.lt_u (local.get 0) (i64.const 2)) (then (return (local.get 0))))
      (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1)))
               (call $fib (i64.sub (local.get 0) (i64.const 2)))))

    ;; Deeper than any stack, if a tail call were none: to itself, and through a table.
    (func $count_down (type $binary)
      (if (i64.eqz (local.get 0)) (then (return_call $twice (i64.const 21))))
      (return_call $count_down (i64.sub (local.get 0) (i64.const 1))))
    (table $pong funcref (elem $ping))
    (func $ping (type $binary)
      (if (i64.eqz (local.get 0)) (then (return (i64.const 4))))
      (return_call_indirect $pong (type $binary) (i64.sub (local.get 0) (i64.const 1)) (i32.const 0)))
    ;; A tail call of an import.
    (func $late_clock (result i64) (return_call $now))

    (func $swapped (param i64 i64) (result i64 i64)
      (if (i64.eqz (local.get 0)) (then (br 1 (local.get 0) (local.get 0))))
      (local.get 1) (local.get 0))

    ;; Out by a branch, by a table of branches, by a return within blocks, by the end.
    (func $exits (param i32) (result i32)
      (block $a (result i32)
        (block $b (result i32)
          (block $c
            (br_if $c (i32.ne (local.get 0) (i32.const 0)))
            (return (i32.const 100)))
          (i32.const 7)
          (br_table $b $a 2 2 $b (local.get 0)))
        (i32.const 1)
        i32.add)
      (i32.const 10)
      i32.mul))
  (core instance $guest (instantiate $guest
    (with "shim" (instance $shim))
    (with "host" (instance
      (export "start" (func $start)) (export "stop" (func $stop)) (export "now" (func $now))))))
  (alias core export $guest "memory" (core memory $memory))
  ;; By way of an instance of exports, as some tools do.
  (core instance $bag (export "memory-for-the-host" (func $guest "realloc")))
  (alias core export $bag "memory-for-the-host" (core func $realloc))
  (core func $next (canon lower (func $bench "next") (memory $memory)))
  (core func $random (canon lower (func $random "get-random-bytes") (memory $memory) (realloc $realloc)))
  (core module $fill
    (import "shim" "table" (table 2 funcref))
    (import "host" "next" (func $next (param i64 i32)))
    (import "host" "random" (func $random (param i64 i32)))
    (elem (i32.const 0) $next $random))
  (core instance (instantiate $fill
    (with "shim" (instance $shim))
    (with "host" (instance (export "next" (func $next)) (export "random" (func $random))))))
  (type $param (record (field "name" string) (field "value" string)))
  (type $throughput (variant (case "bytes" u64) (case "elements" u64)))
  (type $bench-case (record
    (field "name" string) (field "description" string) (field "group" (option string))
    (field "params" (list $param)) (field "throughput" (option $throughput)) (field "expected" (option u64))))
  (func $cases (result (result (list $bench-case) (error string)))
    (canon lift (core func $guest "cases") (memory $memory)))
  (func $run (param "name" string) (result (result (error string)))
    (canon lift (core func $guest "run") (memory $memory) (realloc $realloc) (post-return (core func $guest "clean"))))
  (component $suite
    (type $param' (record (field "name" string) (field "value" string)))
    (import "type-param" (type $param (eq $param')))
    (type $throughput' (variant (case "bytes" u64) (case "elements" u64)))
    (import "type-throughput" (type $throughput (eq $throughput')))
    (type $bench-case' (record
      (field "name" string) (field "description" string) (field "group" (option string))
      (field "params" (list $param)) (field "throughput" (option $throughput)) (field "expected" (option u64))))
    (import "type-bench-case" (type $bench-case (eq $bench-case')))
    (import "func-cases" (func $cases (result (result (list $bench-case) (error string)))))
    (import "func-run" (func $run (param "name" string) (result (result (error string)))))
    (export $param-out "param" (type $param'))
    (export $throughput-out "throughput" (type $throughput'))
    (type $bench-case-out' (record
      (field "name" string) (field "description" string) (field "group" (option string))
      (field "params" (list $param-out)) (field "throughput" (option $throughput-out)) (field "expected" (option u64))))
    (export $bench-case-out "bench-case" (type $bench-case-out'))
    (export "cases" (func $cases) (func (result (result (list $bench-case-out) (error string)))))
    (export "run" (func $run)))
  (instance $exported (instantiate $suite
    (with "type-param" (type $param)) (with "type-throughput" (type $throughput))
    (with "type-bench-case" (type $bench-case))
    (with "func-cases" (func $cases)) (with "func-run" (func $run))))
  (export "dyno:bench/suite@0.1.0" (instance $exported)))
