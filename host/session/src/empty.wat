;; A guest that does nothing, by which a run measures what measuring costs on this machine.
;; `empty`: batches without any work between `start` and `stop`. `loop`: an empty loop.
(component
  (import "dyno:bench/bench@0.1.0" (instance $bench
    (export "next" (func (param "checksum" u64) (result (option u64))))
    (export "start" (func))
    (export "stop" (func))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (alias core export $memory "memory" (core memory $mem))
  (core func $next (canon lower (func $bench "next") (memory $mem)))
  (core func $start (canon lower (func $bench "start")))
  (core func $stop (canon lower (func $bench "stop")))
  (core module $guest
    (import "env" "memory" (memory 1))
    (import "bench" "next" (func $next (param i64 i32)))
    (import "bench" "start" (func $start))
    (import "bench" "stop" (func $stop))
    ;; 0: what `next` answers. 16: what `cases` answers: a list of two records of 80 bytes at 64.
    (data (i32.const 16) "\00\00\00\00\40\00\00\00\02\00\00\00")
    (data (i32.const 64) "\00\01\00\00\05\00\00\00")
    (data (i32.const 144) "\08\01\00\00\04\00\00\00")
    (data (i32.const 256) "empty")
    (data (i32.const 264) "loop")
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "cases") (result i32) (i32.const 16))
    ;; The name lies at 1024: `e` or `l`. The answer, ok, is a zero byte at 48.
    (func (export "run") (param $name i32) (param $length i32) (result i32)
      (local $left i64)
      (loop $batch
        (call $next (i64.const 0) (i32.const 0))
        (if (i32.eqz (i32.load8_u (i32.const 0))) (then (return (i32.const 48))))
        (local.set $left (i64.load (i32.const 8)))
        (call $start)
        (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 108))
          (then
            (loop $iteration
              (br_if $iteration
                (i64.ne (local.tee $left (i64.sub (local.get $left) (i64.const 1))) (i64.const 0))))))
        (call $stop)
        (br $batch))
      (unreachable)))
  (core instance $guest (instantiate $guest
    (with "env" (instance $memory))
    (with "bench" (instance
      (export "next" (func $next)) (export "start" (func $start)) (export "stop" (func $stop))))))
  (type $param (record (field "name" string) (field "value" string)))
  (type $throughput (variant (case "bytes" u64) (case "elements" u64)))
  (type $bench-case (record
    (field "name" string) (field "description" string) (field "group" (option string))
    (field "params" (list $param)) (field "throughput" (option $throughput)) (field "expected" (option u64))))
  (func $cases (result (result (list $bench-case) (error string)))
    (canon lift (core func $guest "cases") (memory $mem)))
  (func $run (param "name" string) (result (result (error string)))
    (canon lift (core func $guest "run") (memory $mem) (realloc (core func $guest "realloc"))))
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
