;; Five kinds of cost, all of them in proportion to {{units}}, so that an exact share of it can be injected. The host
;; puts {{list}} (the answer to `cases`), {{texts}}, {{units}} and {{layout}} in. It shuffles the parts between the
;; lines of dashes and puts functions that nothing calls between them: so the same work lies at other addresses.
(module
  (import "dyno:bench/bench@0.1.0" "next" (func $next (param $checksum i64) (param $answer i32)))
  (import "dyno:bench/bench@0.1.0" "start" (func $start))
  (import "dyno:bench/bench@0.1.0" "stop" (func $stop))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))

  ;; 0 what `next` answers · 16 what `cases` answers · 32 the cases · 1024 what `run` answers · 1040 where sums go ·
  ;; 1104 what WASI is asked · 1168 what it answers · 2048 texts · 65536 what is passed in, and WASI's adapter ·
  ;; 0x50000 eight megabytes of data
  (memory (export "memory") 133)
  (data (i32.const 16) "{{list}}")
  (data (i32.const 2048) "{{texts}}")
  (global $free (mut i32) (i32.const 65536))
  (global $elements (mut i32) (i32.const 0))
  (global $room (mut i32) (i32.const 1))
  {{layout}}
  ;; ----
  (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and
      (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
      (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $free) (i32.const 0x50000)) (then (unreachable)))
    (local.get $at))
  ;; ----
  (func (export "dyno:bench/suite@0.1.0#cases") (result i32) (i32.const 16))
  ;; ----
  ;; Case names begin with different letters.
  (func (export "dyno:bench/suite@0.1.0#run") (param $name i32) (param $length i32) (result i32)
    (local $kind i32)
    (local.set $kind (i32.load8_u (local.get $name)))
    (if (i32.eq (local.get $kind) (i32.const 109)) (then (call $fill)))
    (call $batches (local.get $kind))
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.const 1024))
  ;; ----
  ;; The checksum is always the same, since versions do the same in more or fewer steps; sums are kept in memory.
  (func $batches (param $kind i32)
    (local $left i64) (local $number i64)
    (loop $batch
      (call $next (i64.const 42) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0))) (then (return)))
      (local.set $left (i64.load (i32.const 8)))
      (local.set $number (i64.const 0))
      (global.set $elements (i32.const 0))
      (global.set $room (i32.const 1))
      (call $start)
      (loop $iteration
        (local.set $number (i64.add (local.get $number) (i64.const 1)))
        (i64.store (i32.const 1040) (i64.add (i64.load (i32.const 1040))
          (call $once (local.get $kind) (local.get $number))))
        (br_if $iteration (i64.lt_u (local.get $number) (local.get $left))))
      (call $stop)
      (br $batch)))
  ;; ----
  (func $once (param $kind i32) (param $number i64) (result i64)
    (if (result i64) (i32.eq (local.get $kind) (i32.const 112))              ;; p
      (then (call $mixed (i64.const 500) (local.get $number)))
      (else (if (result i64) (i32.eq (local.get $kind) (i32.const 109))      ;; m
        (then (call $chased (local.get $number)))
        (else (if (result i64) (i32.eq (local.get $kind) (i32.const 97))     ;; a
          (then (call $appended (local.get $number)))
          (else (if (result i64) (i32.eq (local.get $kind) (i32.const 113))  ;; q
            (then (call $mixed (local.get $number) (local.get $number)))
            (else (call $waited (local.get $number)))))))))))
  ;; ----
  ;; {{units}} times as many steps of Marsaglia's xorshift64: in proportion, or quadratic if the number of the
  ;; iteration says how many.
  (func $mixed (param $steps i64) (param $seed i64) (result i64)
    (local $x i64)
    (local.set $x (i64.add (local.get $seed) (i64.const 88172645463325252)))
    (local.set $steps (i64.mul (local.get $steps) (i64.const {{units}})))
    (loop $more
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
      (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
      (local.set $steps (i64.sub (local.get $steps) (i64.const 1)))
      (br_if $more (i64.ne (local.get $steps) (i64.const 0))))
    (local.get $x))
  ;; ----
  ;; 200 x {{units}} loads, each from where the one before says, over eight megabytes.
  (func $chased (param $number i64) (result i64)
    (local $at i32) (local $left i32)
    (local.set $at (i32.mul (i32.wrap_i64 (local.get $number)) (i32.const 2654435761)))
    (local.set $left (i32.mul (i32.const 200) (i32.const {{units}})))
    (loop $more
      (local.set $at (i32.load offset=0x50000 (i32.and (local.get $at) (i32.const 0x7ffffc))))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (i64.extend_i32_u (local.get $at)))
  ;; ----
  ;; One element more. Where there is no room, room is doubled and each element moved, which costs half of what an
  ;; element did when it came.
  (func $appended (param $number i64) (result i64)
    (local $moved i32)
    (if (i32.eq (global.get $elements) (global.get $room))
      (then
        (loop $move
          (call $put (local.get $moved) (call $mixed (i64.const 50) (local.get $number)))
          (local.set $moved (i32.add (local.get $moved) (i32.const 1)))
          (br_if $move (i32.lt_u (local.get $moved) (global.get $elements))))
        (global.set $room (i32.shl (global.get $room) (i32.const 1)))))
    (call $put (global.get $elements) (call $mixed (i64.const 100) (local.get $number)))
    (global.set $elements (i32.add (global.get $elements) (i32.const 1)))
    (local.get $number))
  ;; ----
  (func $put (param $element i32) (param $value i64)
    (i64.store offset=0x50000
      (i32.and (i32.shl (local.get $element) (i32.const 3)) (i32.const 0x7ffff8))
      (local.get $value)))
  ;; ----
  ;; {{units}} waits. Each is for a tenth of a millisecond, of which the host's timer makes a whole one, since it counts
  ;; in those: so the time is in proportion to their number, with all that a wait costs.
  (func $waited (param $number i64) (result i64)
    (local $left i32)
    (i64.store (i32.const 1104) (i64.const 0))
    (i32.store8 (i32.const 1112) (i32.const 0))
    (i32.store (i32.const 1120) (i32.const 1))
    (i64.store (i32.const 1128) (i64.const 100000))
    (i64.store (i32.const 1136) (i64.const 0))
    (i32.store16 (i32.const 1144) (i32.const 0))
    (local.set $left (i32.const {{units}}))
    (loop $more
      (if (call $poll (i32.const 1104) (i32.const 1168) (i32.const 1) (i32.const 1152)) (then (unreachable)))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $mixed (i64.const 100) (local.get $number)))
  ;; ----
  ;; Random numbers into the data.
  (func $fill
    (local $at i32) (local $x i32)
    (local.set $x (i32.const 2463534242))
    (loop $more
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (i32.store offset=0x50000 (local.get $at) (local.get $x))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 0x800000)))))
  ;; ----
)
