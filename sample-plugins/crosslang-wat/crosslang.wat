;; Four of the five cases of crosslang.md, written by hand: WebAssembly has no library, so that each is
;; what its instructions are. ../fib-wat/fib.wat explains the shape of such a plugin.
;;
;; The memory, by address:
;;        0   what `next` answers: a byte, 7 unused, 8 of the number
;;       16   what `cases` answers: ok, the list at 32
;;       32   the four bench-cases, 80 bytes each, their params from 352 on
;;      448   what `run` answers
;;     1024   the texts
;;     2048   free, for the name that the host passes in
;;     4096   SHA-256: 64 round constants, 8 words of the initial state, 8 of the state, 64 of the schedule
;;    65536   the input, or the first matrix; behind it what is computed

(module
  (import "dyno:bench/bench@0.1.0" "next" (func $next (param $checksum i64) (param $answer i32)))
  (import "dyno:bench/bench@0.1.0" "start" (func $start))
  (import "dyno:bench/bench@0.1.0" "stop" (func $stop))

  (memory (export "memory") 18)

  ;; ---- The cases ----

  (data (i32.const 16) "\00\00\00\00\20\00\00\00\04\00\00\00")
  (data (i32.const 32)
    "\00\04\00\00\0b\00\00\00"  ;; name: sha256/1MiB
    "\10\04\00\00\10\00\00\00"  ;; description
    "\01\00\00\00\20\04\00\00\06\00\00\00"  ;; group: some
    "\60\01\00\00\01\00\00\00\00\00\00\00"  ;; params: one, at 352
    "\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\10\00\00\00\00\00"  ;; throughput: some, bytes, 1,048,576
    "\01\00\00\00\00\00\00\00\3d\ff\5f\20\45\c5\6b\06"  ;; expected: some
    "\50\04\00\00\0b\00\00\00"  ;; name: sort/100000
    "\60\04\00\00\23\00\00\00"  ;; description
    "\01\00\00\00\90\04\00\00\04\00\00\00"  ;; group: some
    "\70\01\00\00\01\00\00\00\00\00\00\00"  ;; params: one, at 368
    "\01\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\a0\86\01\00\00\00\00\00"  ;; throughput: some, elements, 100,000
    "\01\00\00\00\00\00\00\00\87\2f\cc\60\05\70\58\be"  ;; expected: some
    "\c0\04\00\00\0d\00\00\00"  ;; name: strings/10000
    "\d0\04\00\00\21\00\00\00"  ;; description
    "\01\00\00\00\00\05\00\00\07\00\00\00"  ;; group: some
    "\80\01\00\00\01\00\00\00\00\00\00\00"  ;; params: one, at 384
    "\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\fa\be\00\00\00\00\00\00"  ;; throughput: some, bytes, 48,890
    "\01\00\00\00\00\00\00\00\3f\41\a8\ad\11\e1\a9\60"  ;; expected: some
    "\30\05\00\00\09\00\00\00"  ;; name: matmul/64
    "\40\05\00\00\2b\00\00\00"  ;; description
    "\01\00\00\00\70\05\00\00\06\00\00\00"  ;; group: some
    "\90\01\00\00\01\00\00\00\00\00\00\00"  ;; params: one, at 400
    "\01\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\00\04\00\00\00\00\00"  ;; throughput: some, elements, 262,144
    "\01\00\00\00\00\00\00\00\bd\23\49\4f\01\00\00\00"  ;; expected: some
  )
  (data (i32.const 352)
    "\30\04\00\00\05\00\00\00\40\04\00\00\07\00\00\00"  ;; bytes = 1048576
    "\a0\04\00\00\08\00\00\00\b0\04\00\00\06\00\00\00"  ;; elements = 100000
    "\10\05\00\00\07\00\00\00\20\05\00\00\05\00\00\00"  ;; numbers = 10000
    "\80\05\00\00\01\00\00\00\90\05\00\00\02\00\00\00"  ;; n = 64
  )
  (data (i32.const 1024) "sha256/1MiB")
  (data (i32.const 1040) "SHA-256 of 1 MiB")
  (data (i32.const 1056) "sha256")
  (data (i32.const 1072) "bytes")
  (data (i32.const 1088) "1048576")
  (data (i32.const 1104) "sort/100000")
  (data (i32.const 1120) "Sorts 100,000 random 32-bit numbers")
  (data (i32.const 1168) "sort")
  (data (i32.const 1184) "elements")
  (data (i32.const 1200) "100000")
  (data (i32.const 1216) "strings/10000")
  (data (i32.const 1232) "Builds the text of 10,000 numbers")
  (data (i32.const 1280) "strings")
  (data (i32.const 1296) "numbers")
  (data (i32.const 1312) "10000")
  (data (i32.const 1328) "matmul/64")
  (data (i32.const 1344) "Multiplies two matrices of 64 by 64 doubles")
  (data (i32.const 1392) "matmul")
  (data (i32.const 1408) "n")
  (data (i32.const 1424) "64")
  (data (i32.const 1440) "there is no such case")

  ;; What each case does, in the order of the list: prepare its input, one iteration, and the checksum
  ;; of its result.
  (type $prepare (func))
  (type $work (func))
  (type $checksum (func (result i64)))
  (table $prepare funcref (elem $sha256_prepare $sort_prepare $nothing $matmul_prepare))
  (table $work funcref (elem $sha256 $sort_copy $strings $matmul))
  (table $checksum funcref (elem $sha256_checksum $sort_checksum $strings_checksum $matmul_checksum))

  (func $nothing)

  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (i32.const 2048))

  (func (export "dyno:bench/suite@0.1.0#cases") (result i32)
    (i32.const 16))

  (func (export "dyno:bench/suite@0.1.0#run") (param $name i32) (param $length i32) (result i32)
    (local $case i32)
    (loop $next_case
      (if (call $is_named (local.get $case) (local.get $name) (local.get $length))
        (then
          (call $batches (local.get $case))
          (return (i32.const 448))))
      (local.set $case (i32.add (local.get $case) (i32.const 1)))
      (br_if $next_case (i32.lt_u (local.get $case) (i32.const 4))))
    (i32.store (i32.const 448) (i32.const 1))
    (i32.store (i32.const 452) (i32.const 1440))
    (i32.store (i32.const 456) (i32.const 21))
    (i32.const 448))

  (func $is_named (param $case i32) (param $name i32) (param $length i32) (result i32)
    (local $entry i32)
    (local $at i32)
    (local.set $entry (i32.add (i32.const 32) (i32.mul (local.get $case) (i32.const 80))))
    (if (i32.ne (local.get $length) (i32.load offset=4 (local.get $entry)))
      (then (return (i32.const 0))))
    (loop $byte
      (if (i32.ne
            (i32.load8_u (i32.add (local.get $name) (local.get $at)))
            (i32.load8_u (i32.add (i32.load (local.get $entry)) (local.get $at))))
        (then (return (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $byte (i32.lt_u (local.get $at) (local.get $length))))
    (i32.const 1))

  (func $batches (param $case i32)
    (local $checksum i64)
    (local $left i64)
    (call_indirect $prepare (type $prepare) (local.get $case))
    (loop $batch
      (call $next (local.get $checksum) (i32.const 0))
      (if (i32.eqz (i32.load8_u (i32.const 0)))
        (then (return)))
      (local.set $left (i64.load (i32.const 8)))
      (call $start)
      (loop $iteration
        (call_indirect $work (type $work) (local.get $case))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br_if $iteration (i64.ne (local.get $left) (i64.const 0))))
      (call $stop)
      (local.set $checksum (call_indirect $checksum (type $checksum) (local.get $case)))
      (br $batch)))

  ;; ---- Checksums: FNV-1a over words of 8 bytes and over bytes ----

  (func $hash_byte (param $hash i64) (param $byte i64) (result i64)
    (i64.mul (i64.xor (local.get $hash) (local.get $byte)) (i64.const 0x100000001b3)))

  (func $hash_word (param $hash i64) (param $word i64) (result i64)
    (local $left i32)
    (local.set $left (i32.const 8))
    (loop $byte
      (local.set $hash (call $hash_byte (local.get $hash) (i64.and (local.get $word) (i64.const 255))))
      (local.set $word (i64.shr_u (local.get $word) (i64.const 8)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $byte (local.get $left)))
    (local.get $hash))

  ;; The checksum of a byte string: its length, then its bytes.
  (func $checksum_of_bytes (param $at i32) (param $length i32) (result i64)
    (local $hash i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (local.set $hash (call $hash_word (i64.const 0xcbf29ce484222325) (i64.extend_i32_u (local.get $length))))
    (loop $byte
      (local.set $hash (call $hash_byte (local.get $hash) (i64.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $byte (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $hash))

  ;; ---- sha256/1MiB: the input from 65536 to 1114112, then the block that pads it ----

  (data (i32.const 4096)
    "\98\2f\8a\42\91\44\37\71\cf\fb\c0\b5\a5\db\b5\e9\5b\c2\56\39\f1\11\f1\59"
    "\a4\82\3f\92\d5\5e\1c\ab\98\aa\07\d8\01\5b\83\12\be\85\31\24\c3\7d\0c\55"
    "\74\5d\be\72\fe\b1\de\80\a7\06\dc\9b\74\f1\9b\c1\c1\69\9b\e4\86\47\be\ef"
    "\c6\9d\c1\0f\cc\a1\0c\24\6f\2c\e9\2d\aa\84\74\4a\dc\a9\b0\5c\da\88\f9\76"
    "\52\51\3e\98\6d\c6\31\a8\c8\27\03\b0\c7\7f\59\bf\f3\0b\e0\c6\47\91\a7\d5"
    "\51\63\ca\06\67\29\29\14\85\0a\b7\27\38\21\1b\2e\fc\6d\2c\4d\13\0d\38\53"
    "\54\73\0a\65\bb\0a\6a\76\2e\c9\c2\81\85\2c\72\92\a1\e8\bf\a2\4b\66\1a\a8"
    "\70\8b\4b\c2\a3\51\6c\c7\19\e8\92\d1\24\06\99\d6\85\35\0e\f4\70\a0\6a\10"
    "\16\c1\a4\19\08\6c\37\1e\4c\77\48\27\b5\bc\b0\34\b3\0c\1c\39\4a\aa\d8\4e"
    "\4f\ca\9c\5b\f3\6f\2e\68\ee\82\8f\74\6f\63\a5\78\14\78\c8\84\08\02\c7\8c"
    "\fa\ff\be\90\eb\6c\50\a4\f7\a3\f9\be\f2\78\71\c6"
  )
  (data (i32.const 4352)
    "\67\e6\09\6a\85\ae\67\bb\72\f3\6e\3c\3a\f5\4f\a5\7f\52\0e\51\8c\68\05\9b\ab\d9\83\1f\19\cd\e0\5b"
  )

  ;; Byte i is i mod 251. The padding is a one and, at its end, the length in bits, big-endian:
  ;; 0x800000.
  (func $sha256_prepare
    (local $i i32)
    (loop $byte
      (i32.store8 offset=65536 (local.get $i) (i32.rem_u (local.get $i) (i32.const 251)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $byte (i32.lt_u (local.get $i) (i32.const 1048576))))
    (i32.store8 (i32.const 1114112) (i32.const 0x80))
    (i32.store8 (i32.const 1114173) (i32.const 0x80)))

  (func $sha256
    (local $block i32)
    (memory.copy (i32.const 4384) (i32.const 4352) (i32.const 32))
    (local.set $block (i32.const 65536))
    (loop $next_block
      (call $schedule (local.get $block))
      (call $rounds)
      (local.set $block (i32.add (local.get $block) (i32.const 64)))
      (br_if $next_block (i32.le_u (local.get $block) (i32.const 1114112)))))

  ;; Extends the 16 words of a block to 64, from 4416 on.
  (func $schedule (param $block i32)
    (local $i i32)
    (local $x i32)
    (local $y i32)
    (loop $word
      (i32.store offset=4416 (local.get $i)
        (call $swapped (i32.load (i32.add (local.get $block) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (i32.const 64))))
    (local.set $i (i32.const 4416))
    (loop $word
      (local.set $x (i32.load offset=4 (local.get $i)))
      (local.set $y (i32.load offset=56 (local.get $i)))
      (i32.store offset=64 (local.get $i)
        (i32.add
          (i32.add
            (i32.load (local.get $i))
            (i32.xor
              (i32.xor (i32.rotr (local.get $x) (i32.const 7)) (i32.rotr (local.get $x) (i32.const 18)))
              (i32.shr_u (local.get $x) (i32.const 3))))
          (i32.add
            (i32.load offset=36 (local.get $i))
            (i32.xor
              (i32.xor (i32.rotr (local.get $y) (i32.const 17)) (i32.rotr (local.get $y) (i32.const 19)))
              (i32.shr_u (local.get $y) (i32.const 10))))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (i32.const 4608)))))

  ;; The 64 rounds, on the state at 4384.
  (func $rounds
    (local $i i32)
    (local $t i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32)
    (local $e i32) (local $f i32) (local $g i32) (local $h i32)
    (local.set $a (i32.load (i32.const 4384)))
    (local.set $b (i32.load (i32.const 4388)))
    (local.set $c (i32.load (i32.const 4392)))
    (local.set $d (i32.load (i32.const 4396)))
    (local.set $e (i32.load (i32.const 4400)))
    (local.set $f (i32.load (i32.const 4404)))
    (local.set $g (i32.load (i32.const 4408)))
    (local.set $h (i32.load (i32.const 4412)))
    (loop $round
      ;; t = h + S1(e) + choice(e, f, g) + constant + word
      (local.set $t
        (i32.add
          (i32.add
            (i32.add (local.get $h) (i32.load offset=4096 (local.get $i)))
            (i32.load offset=4416 (local.get $i)))
          (i32.add
            (i32.xor
              (i32.xor (i32.rotr (local.get $e) (i32.const 6)) (i32.rotr (local.get $e) (i32.const 11)))
              (i32.rotr (local.get $e) (i32.const 25)))
            (i32.xor (i32.and (local.get $e) (i32.xor (local.get $f) (local.get $g))) (local.get $g)))))
      (local.set $h (local.get $g))
      (local.set $g (local.get $f))
      (local.set $f (local.get $e))
      (local.set $e (i32.add (local.get $d) (local.get $t)))
      (local.set $d (local.get $c))
      ;; a = t + S0(a) + majority(a, b, c)
      (local.set $t
        (i32.add (local.get $t)
          (i32.add
            (i32.xor
              (i32.xor (i32.rotr (local.get $a) (i32.const 2)) (i32.rotr (local.get $a) (i32.const 13)))
              (i32.rotr (local.get $a) (i32.const 22)))
            (i32.or
              (i32.and (local.get $a) (i32.or (local.get $b) (local.get $c)))
              (i32.and (local.get $b) (local.get $c))))))
      (local.set $c (local.get $b))
      (local.set $b (local.get $a))
      (local.set $a (local.get $t))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $round (i32.lt_u (local.get $i) (i32.const 256))))
    (call $add_to (i32.const 4384) (local.get $a))
    (call $add_to (i32.const 4388) (local.get $b))
    (call $add_to (i32.const 4392) (local.get $c))
    (call $add_to (i32.const 4396) (local.get $d))
    (call $add_to (i32.const 4400) (local.get $e))
    (call $add_to (i32.const 4404) (local.get $f))
    (call $add_to (i32.const 4408) (local.get $g))
    (call $add_to (i32.const 4412) (local.get $h)))

  (func $add_to (param $at i32) (param $amount i32)
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (local.get $amount))))

  ;; The digest is the state, big-endian, which is put where the schedule was.
  (func $sha256_checksum (result i64)
    (local $i i32)
    (loop $word
      (i32.store offset=4416 (local.get $i) (call $swapped (i32.load offset=4384 (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $word (i32.lt_u (local.get $i) (i32.const 32))))
    (call $checksum_of_bytes (i32.const 4416) (i32.const 32)))

  ;; The four bytes of a word in the other order.
  (func $swapped (param $x i32) (result i32)
    (i32.or
      (i32.and (i32.rotl (local.get $x) (i32.const 8)) (i32.const 0x00ff00ff))
      (i32.and (i32.rotr (local.get $x) (i32.const 8)) (i32.const 0xff00ff00))))

  ;; ---- sort/100000: the numbers from 65536 to 465536, then their copy up to 865536 ----

  ;; Marsaglia's xorshift32.
  (func $sort_prepare
    (local $at i32)
    (local $x i32)
    (local.set $at (i32.const 65536))
    (local.set $x (i32.const 2463534242))
    (loop $number
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
      (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
      (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))
      (i32.store (local.get $at) (local.get $x))
      (local.set $at (i32.add (local.get $at) (i32.const 4)))
      (br_if $number (i32.lt_u (local.get $at) (i32.const 465536)))))

  ;; Copying is not timed.
  (func $sort_copy
    (call $stop)
    (memory.copy (i32.const 465536) (i32.const 65536) (i32.const 400000))
    (call $start)
    (call $sort (i32.const 465536) (i32.const 865532)))

  ;; Hoare's quicksort of the numbers at $first, …, $last, around the one in the middle.
  (func $sort (param $first i32) (param $last i32)
    (local $left i32)
    (local $right i32)
    (local $pivot i32)
    (local $x i32)
    (if (i32.ge_u (local.get $first) (local.get $last))
      (then (return)))
    ;; Half the distance, without its last two bits, is the place of a number.
    (local.set $pivot
      (i32.load
        (i32.add (local.get $first)
          (i32.and (i32.shr_u (i32.sub (local.get $last) (local.get $first)) (i32.const 1)) (i32.const -4)))))
    (local.set $left (i32.sub (local.get $first) (i32.const 4)))
    (local.set $right (i32.add (local.get $last) (i32.const 4)))
    (loop $exchange
      (loop $rightwards
        (local.set $left (i32.add (local.get $left) (i32.const 4)))
        (br_if $rightwards (i32.lt_u (i32.load (local.get $left)) (local.get $pivot))))
      (loop $leftwards
        (local.set $right (i32.sub (local.get $right) (i32.const 4)))
        (br_if $leftwards (i32.gt_u (i32.load (local.get $right)) (local.get $pivot))))
      (if (i32.lt_u (local.get $left) (local.get $right))
        (then
          (local.set $x (i32.load (local.get $left)))
          (i32.store (local.get $left) (i32.load (local.get $right)))
          (i32.store (local.get $right) (local.get $x))
          (br $exchange))))
    (call $sort (local.get $first) (local.get $right))
    (call $sort (i32.add (local.get $right) (i32.const 4)) (local.get $last)))

  ;; The checksum of every 1000th number: 100 words behind their count.
  (func $sort_checksum (result i64)
    (local $hash i64)
    (local $at i32)
    (local.set $hash (call $hash_word (i64.const 0xcbf29ce484222325) (i64.const 100)))
    (local.set $at (i32.const 465536))
    (loop $number
      (local.set $hash (call $hash_word (local.get $hash) (i64.load32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 4000)))
      (br_if $number (i32.lt_u (local.get $at) (i32.const 865536))))
    (local.get $hash))

  ;; ---- strings/10000: the text from 65536 on ----

  (global $text_end (mut i32) (i32.const 0))

  (func $strings
    (local $number i32)
    (global.set $text_end (i32.const 65536))
    (loop $next_number
      (call $append_digits (local.get $number))
      (call $append (i32.const 44))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (br_if $next_number (i32.lt_u (local.get $number) (i32.const 10000)))))

  ;; The digits before the last one, then the last one.
  (func $append_digits (param $number i32)
    (if (i32.ge_u (local.get $number) (i32.const 10))
      (then (call $append_digits (i32.div_u (local.get $number) (i32.const 10)))))
    (call $append (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

  (func $append (param $character i32)
    (i32.store8 (global.get $text_end) (local.get $character))
    (global.set $text_end (i32.add (global.get $text_end) (i32.const 1))))

  (func $strings_checksum (result i64)
    (call $checksum_of_bytes (i32.const 65536) (i32.sub (global.get $text_end) (i32.const 65536))))

  ;; ---- matmul/64: A from 65536, B from 98304, C from 131072 on, rows of 512 bytes ----

  ;; The place of the element in row i and column j, from the beginning of its matrix.
  (func $place (param $i i32) (param $j i32) (result i32)
    (i32.shl (i32.add (i32.shl (local.get $i) (i32.const 6)) (local.get $j)) (i32.const 3)))

  (func $matmul_prepare
    (local $i i32)
    (local $j i32)
    (loop $row
      (local.set $j (i32.const 0))
      (loop $column
        (f64.store offset=65536 (call $place (local.get $i) (local.get $j))
          (f64.convert_i32_u (i32.add (i32.const 1)
            (i32.rem_u (i32.mul (local.get $i) (local.get $j)) (i32.const 7)))))
        (f64.store offset=98304 (call $place (local.get $i) (local.get $j))
          (f64.convert_i32_u (i32.add (i32.const 1)
            (i32.rem_u (i32.add (local.get $i) (i32.shl (local.get $j) (i32.const 1))) (i32.const 5)))))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $column (i32.lt_u (local.get $j) (i32.const 64))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $row (i32.lt_u (local.get $i) (i32.const 64)))))

  (func $matmul
    (local $i i32)
    (local $j i32)
    (local $k i32)
    (local $in_a i32)
    (local $in_b i32)
    (local $sum f64)
    (loop $row
      (local.set $j (i32.const 0))
      (loop $column
        (local.set $sum (f64.const 0))
        (local.set $in_a (call $place (local.get $i) (i32.const 0)))
        (local.set $in_b (call $place (i32.const 0) (local.get $j)))
        (local.set $k (i32.const 64))
        (loop $product
          (local.set $sum (f64.add (local.get $sum)
            (f64.mul (f64.load offset=65536 (local.get $in_a)) (f64.load offset=98304 (local.get $in_b)))))
          (local.set $in_a (i32.add (local.get $in_a) (i32.const 8)))
          (local.set $in_b (i32.add (local.get $in_b) (i32.const 512)))
          (local.set $k (i32.sub (local.get $k) (i32.const 1)))
          (br_if $product (local.get $k)))
        (f64.store offset=131072 (call $place (local.get $i) (local.get $j)) (local.get $sum))
        (local.set $j (i32.add (local.get $j) (i32.const 1)))
        (br_if $column (i32.lt_u (local.get $j) (i32.const 64))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $row (i32.lt_u (local.get $i) (i32.const 64)))))

  ;; The sum of the elements, each times its place, counted from 1.
  (func $matmul_checksum (result i64)
    (local $place i32)
    (local $sum f64)
    (loop $element
      (local.set $sum (f64.add (local.get $sum)
        (f64.mul
          (f64.load offset=131072 (i32.shl (local.get $place) (i32.const 3)))
          (f64.convert_i32_u (i32.add (local.get $place) (i32.const 1))))))
      (local.set $place (i32.add (local.get $place) (i32.const 1)))
      (br_if $element (i32.lt_u (local.get $place) (i32.const 4096))))
    (i64.trunc_f64_u (local.get $sum))))
