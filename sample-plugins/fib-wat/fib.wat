;; A benchmark plugin written by hand, as text. It has one case, `fib/20`, and needs no toolchain:
;; the host assembles the text. It shows what the guest libraries do for you.
;;
;; It is a core module. Core WebAssembly knows only numbers and memory; the canonical ABI says how
;; strings, lists and records lie in that memory, and under which names the host looks for things.
;; What follows is wit/dyno-bench.wit in these terms.

(module

  ;; 1. What the host offers. `option<u64>` does not fit one result, so `next` has a second parameter,
  ;; the address at which the host stores the answer: a byte (0 none, 1 some), and the number 8 bytes
  ;; further.
  (import "dyno:bench/bench@0.1.0" "next" (func $next (param $checksum i64) (param $answer i32)))
  (import "dyno:bench/bench@0.1.0" "start" (func $start))
  (import "dyno:bench/bench@0.1.0" "stop" (func $stop))

  ;; 2. The memory, one page of 64 KiB, by address:
  ;;       0    what `next` answers: a byte, 7 unused, 8 of the number
  ;;      16    what `cases` answers: result<list<bench-case>, string>
  ;;      32    the one bench-case, 80 bytes
  ;;     112    its one param
  ;;     128    what `run` answers: result<_, string>
  ;;     256    the texts
  ;;    1024    free, for what the host passes in
  ;; A string is its address and its length; a list is the address of its elements and their number; a
  ;; variant is a byte for the alternative, then the payload, aligned.
  (memory (export "memory") 1)
  (data (i32.const 16)
    "\00\00\00\00"                          ;; ok (err would be 1)
    "\20\00\00\00\01\00\00\00")             ;; list at 32, 1 case
  (data (i32.const 32)
    "\00\01\00\00\06\00\00\00"              ;; name: 6 bytes at 256
    "\10\01\00\00\1b\00\00\00"              ;; description: 27 bytes at 272
    "\01\00\00\00\30\01\00\00\03\00\00\00"  ;; group: some, 3 bytes at 304
    "\70\00\00\00\01\00\00\00"              ;; params: list at 112, 1 param
    "\00\00\00\00"                          ;; 4 unused: what follows is aligned to 8
    "\00\00\00\00\00\00\00\00"              ;; throughput: none …
    "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"  ;; … whose variant would stand here
    "\01\00\00\00\00\00\00\00"              ;; expected: some …
    "\6d\1a\00\00\00\00\00\00")             ;; … 6765
  (data (i32.const 112)
    "\40\01\00\00\01\00\00\00"              ;; name: 1 byte at 320
    "\50\01\00\00\02\00\00\00")             ;; value: 2 bytes at 336
  (data (i32.const 256) "fib/20")
  (data (i32.const 272) "Recursive Fibonacci numbers")
  (data (i32.const 304) "fib")
  (data (i32.const 320) "n")
  (data (i32.const 336) "20")
  (data (i32.const 352) "there is no such case")

  ;; 3. Where the host puts what it passes in: the string `name`, once in the life of an instance.
  (global $free (mut i32) (i32.const 1024))
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    ;; Round up to the alignment, a power of two.
    (local.set $at
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    ;; A longer text than one page of memory holds cannot be the name of our case.
    (if (i32.gt_u (local.get $size) (i32.sub (i32.const 65536) (local.get $at)))
      (then (unreachable)))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))

  ;; 4. cases: func() -> result<list<bench-case>, string>
  (func (export "dyno:bench/suite@0.1.0#cases") (result i32)
    (i32.const 16))

  ;; 5. run: func(name: string) -> result<_, string>
  ;; The answer at 128: a byte (0 ok, 1 err), and 4 bytes further the string of the error.
  (func (export "dyno:bench/suite@0.1.0#run") (param $name i32) (param $length i32) (result i32)
    (if (call $is_fib_20 (local.get $name) (local.get $length))
      (then
        (call $batches)
        (i32.store8 (i32.const 128) (i32.const 0)))
      (else
        (i32.store8 (i32.const 128) (i32.const 1))
        (i32.store (i32.const 132) (i32.const 352))
        (i32.store (i32.const 136) (i32.const 21))))
    (i32.const 128))

  ;; Compares a name with "fib/20": its length, then its first four bytes and its last two.
  (func $is_fib_20 (param $name i32) (param $length i32) (result i32)
    (if (i32.ne (local.get $length) (i32.const 6))
      (then (return (i32.const 0))))
    (i32.and
      (i32.eq (i32.load align=1 (local.get $name)) (i32.load align=1 (i32.const 256)))
      (i32.eq (i32.load16_u offset=4 align=1 (local.get $name)) (i32.load16_u offset=4 align=1 (i32.const 256)))))

  ;; 6. What every plugin does:
  ;;     while n = next(checksum):
  ;;         start();  repeat n times: checksum = fib(20);  stop()
  (func $batches
    (local $checksum i64)
    (local $left i64)
    (loop $batch
      (call $next (local.get $checksum) (i32.const 0))
      ;; None: no batch is left.
      (if (i32.eqz (i32.load8_u (i32.const 0)))
        (then (return)))
      (local.set $left (i64.load (i32.const 8)))
      (call $start)
      (loop $iteration
        (local.set $checksum (call $fib (i32.const 20)))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br_if $iteration (i64.ne (local.get $left) (i64.const 0))))
      (call $stop)
      (br $batch)))

  ;; fib(n) = n if n < 2, else fib(n - 1) + fib(n - 2): 21,891 calls for n = 20.
  (func $fib (param $n i32) (result i64)
    (if (result i64) (i32.lt_u (local.get $n) (i32.const 2))
      (then (i64.extend_i32_u (local.get $n)))
      (else
        (i64.add
          (call $fib (i32.sub (local.get $n) (i32.const 1)))
          (call $fib (i32.sub (local.get $n) (i32.const 2))))))))
