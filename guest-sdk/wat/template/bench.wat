;; A benchmark with one case: it adds 1,000 numbers. To make it yours, change the work in part 6, the
;; input in part 5 and the description in part 2. The comments name the type that each part stands
;; for in Dyno's contract:
;;
;;     cases: func() -> result<list<bench-case>, string>
;;     run:   func(name: string) -> result<_, string>
;;     next:  func(checksum: u64) -> option<u64>

(module

  ;; 1. What the host offers. `next` ends the batch just done and asks for the next one. The host
  ;; stores its answer at the address $answer: a byte (0 none, 1 some), and 8 bytes further the number
  ;; of iterations. Only what lies between `start` and `stop` is timed.
  (import "dyno:bench/bench@0.1.0" "next" (func $next (param $checksum i64) (param $answer i32)))
  (import "dyno:bench/bench@0.1.0" "start" (func $start))
  (import "dyno:bench/bench@0.1.0" "stop" (func $stop))

  ;; 2. The memory, one page of 64 KiB, by address:
  ;;        0   what `next` answers: a byte, 7 unused, 8 of the number
  ;;       16   what `cases` answers
  ;;       32   the list of cases: one, of 80 bytes
  ;;      112   what `run` answers
  ;;      256   the texts
  ;;     4096   the numbers to add, 4,000 bytes
  ;;     8192   free, for what the host passes in
  ;; A string or list is its address and its length, 4 bytes each. All numbers are little-endian.
  (memory (export "memory") 1)
  (data (i32.const 16)
    "\00\00\00\00"                          ;; ok
    "\20\00\00\00\01\00\00\00")             ;; the list: at 32, 1 case
  (data (i32.const 32)
    "\00\01\00\00\08\00\00\00"              ;; name: at 256, 8 bytes
    "\10\01\00\00\12\00\00\00"              ;; description: at 272, 18 bytes
    "\00\00\00\00\00\00\00\00\00\00\00\00"  ;; group: none (some is 1, address, length)
    "\00\00\00\00\00\00\00\00"              ;; params: an empty list (an element is two strings)
    "\00\00\00\00"                          ;; unused: what follows lies at a multiple of 8
    "\01\00\00\00\00\00\00\00"              ;; throughput: some …
    "\01\00\00\00\00\00\00\00"              ;; … elements (bytes is 0) …
    "\e8\03\00\00\00\00\00\00"              ;; … 1,000 in one iteration
    "\01\00\00\00\00\00\00\00"              ;; expected checksum: some …
    "\2c\9f\07\00\00\00\00\00")             ;; … 0 + 1 + … + 999 = 499,500
  (data (i32.const 112) "\00\00\00\00")     ;; ok (err is 1, address, length)
  (data (i32.const 256) "sum/1000")
  (data (i32.const 272) "Adds 1,000 numbers")

  ;; 3. Where the host puts the name that it passes to `run`. It calls this once, with $align = 1.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (i32.const 8192))

  ;; 4. Lists the cases.
  (func (export "dyno:bench/suite@0.1.0#cases") (result i32)
    (i32.const 16))

  ;; 5. Runs the case named so. There is only one; with several, compare the name.
  (func (export "dyno:bench/suite@0.1.0#run") (param $name i32) (param $length i32) (result i32)
    (call $fill)
    (call $batches)
    (i32.const 112))

  ;; Stores the numbers 0 to 999 from address 4096 on. Not timed.
  (func $fill
    (local $i i32)
    (loop $number
      (i32.store offset=4096 (i32.shl (local.get $i) (i32.const 2)) (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $number (i32.lt_u (local.get $i) (i32.const 1000)))))

  ;; Does the batches: as many iterations as `next` says, until it says none.
  (func $batches
    (local $checksum i64)
    (local $left i64)
    (loop $batch
      (call $next (local.get $checksum) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0)))
        (then (return)))
      (local.set $left (i64.load (i32.const 8)))
      (call $start)
      (loop $iteration
        (local.set $checksum (call $sum))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br_if $iteration (i64.ne (local.get $left) (i64.const 0))))
      (call $stop)
      (br $batch)))

  ;; 6. The work: one iteration. Its result is the checksum by which the host verifies it; a number is
  ;; its own checksum.
  (func $sum (result i64)
    (local $i i32)
    (local $sum i64)
    (loop $number
      (local.set $sum (i64.add (local.get $sum)
        (i64.load32_u offset=4096 (i32.shl (local.get $i) (i32.const 2)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $number (i32.lt_u (local.get $i) (i32.const 1000))))
    (local.get $sum)))
