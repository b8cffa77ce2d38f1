;; Six kernels whose work is a number in the text, so that an exact share of it can be injected. The host puts
;; {{list}} (the answer to `cases`), {{texts}} and {{rounds}} in; what the contract looks like as text is
;; explained in sample-plugins/fib-wat.
(module
  (import "dyno:bench/bench@0.1.0" "next" (func $next (param $checksum i64) (param $answer i32)))
  (import "dyno:bench/bench@0.1.0" "start" (func $start))
  (import "dyno:bench/bench@0.1.0" "stop" (func $stop))

  ;; 0 what `next` answers · 16 what `cases` answers · 32 the cases · 1024 what `run` answers · 2048 texts ·
  ;; 4096 what the host passes in · 65536 a megabyte of data
  (memory (export "memory") 17)
  (data (i32.const 16) "{{list}}")
  (data (i32.const 2048) "{{texts}}")
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "dyno:bench/suite@0.1.0#cases") (result i32) (i32.const 16))

  ;; Case names begin with different letters.
  (func (export "dyno:bench/suite@0.1.0#run") (param $name i32) (param $length i32) (result i32)
    (call $fill)
    (call $batches (i32.load8_u (local.get $name)))
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.const 1024))

  (func $batches (param $kernel i32)
    (local $checksum i64) (local $left i64)
    (loop $batch
      (call $next (local.get $checksum) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0))) (then (return)))
      (local.set $left (i64.load (i32.const 8)))
      (call $start)
      (loop $iteration
        (local.set $checksum (call $once (local.get $kernel)))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br_if $iteration (i64.ne (local.get $left) (i64.const 0))))
      (call $stop)
      (br $batch)))

  ;; One iteration: {{rounds}} rounds of a kernel.
  (func $once (param $kernel i32) (result i64)
    (local $round i32) (local $sum i64)
    (local.set $round (i32.const {{rounds}}))
    (loop $more
      (local.set $sum (i64.add (local.get $sum)
        (if (result i64) (i32.eq (local.get $kernel) (i32.const 105))       ;; i
          (then (call $integer (local.get $round)))
          (else (if (result i64) (i32.eq (local.get $kernel) (i32.const 102)) ;; f
            (then (call $float (local.get $round)))
            (else (if (result i64) (i32.eq (local.get $kernel) (i32.const 115)) ;; s
              (then (call $stream (local.get $round)))
              (else (if (result i64) (i32.eq (local.get $kernel) (i32.const 114)) ;; r
                (then (call $random (local.get $round)))
                (else (if (result i64) (i32.eq (local.get $kernel) (i32.const 98)) ;; b
                  (then (call $branches (local.get $round)))
                  (else (call $fib (i32.const 7))))))))))))))
      (local.set $round (i32.sub (local.get $round) (i32.const 1)))
      (br_if $more (local.get $round)))
    (local.get $sum))

  ;; Marsaglia's xorshift64, 40 steps.
  (func $integer (param $seed i32) (result i64)
    (local $x i64) (local $i i32)
    (local.set $x (i64.add (i64.extend_i32_u (local.get $seed)) (i64.const 88172645463325252)))
    (local.set $i (i32.const 40))
    (loop $more
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
      (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
      (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17))))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $x))

  ;; Horner's rule over a chain of 40 products and sums.
  (func $float (param $seed i32) (result i64)
    (local $x f64) (local $y f64) (local $i i32)
    (local.set $x (f64.div (f64.convert_i32_u (local.get $seed)) (f64.const 65536)))
    (local.set $i (i32.const 40))
    (loop $more
      (local.set $y (f64.add (f64.mul (local.get $y) (local.get $x)) (f64.const 0.75)))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.reinterpret_f64 (local.get $y)))

  ;; A sum over 512 bytes of the data, one after the other.
  (func $stream (param $seed i32) (result i64)
    (local $at i32) (local $end i32) (local $sum i64)
    (local.set $at (i32.add (i32.const 65536) (i32.and (i32.mul (local.get $seed) (i32.const 512)) (i32.const 0xffe00))))
    (local.set $end (i32.add (local.get $at) (i32.const 512)))
    (loop $more
      (local.set $sum (i64.add (local.get $sum) (i64.load (local.get $at))))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
    (local.get $sum))

  ;; 12 loads, each from where the one before says, over a megabyte.
  (func $random (param $seed i32) (result i64)
    (local $at i32) (local $i i32)
    (local.set $at (i32.mul (local.get $seed) (i32.const 2654435761)))
    (local.set $i (i32.const 12))
    (loop $more
      (local.set $at (i32.load offset=65536 (i32.and (local.get $at) (i32.const 0xffffc))))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.extend_i32_u (local.get $at)))

  ;; Collatz's sequence, at most 30 steps: branches that no predictor knows.
  (func $branches (param $seed i32) (result i64)
    (local $x i32) (local $i i32)
    (local.set $x (i32.or (local.get $seed) (i32.const 27)))
    (local.set $i (i32.const 30))
    (loop $more
      (if (i32.and (local.get $x) (i32.const 1))
        (then (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 3)) (i32.const 1))))
        ;; As much fuel as above, so that each round has the same.
        (else (local.set $x (i32.shr_u (i32.add (local.get $x) (i32.const 0)) (i32.const 1)))))
      (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (i64.extend_i32_u (local.get $x)))

  ;; Calls.
  (func $fib (param $n i32) (result i64)
    (if (result i64) (i32.lt_u (local.get $n) (i32.const 2))
      (then (i64.extend_i32_u (local.get $n)))
      (else (i64.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (local.get $n) (i32.const 2)))))))

  ;; Random numbers into the data.
  (func $fill
    (local $at i32) (local $x i32)
    (local.set $x (i32.const 2463534242))
    (loop $more
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (i32.store offset=65536 (local.get $at) (local.get $x))
      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (i32.const 0x100000))))))
