;; The one module that is added to a profiled component. Every function of the guest calls `enter`
;; and `leave`, which call the host and tell it the fuel that profiling itself has used, so that the
;; host can put it back: the guest never has more or less than without.
;;
;; While the host calls the guest back for memory or to clean up (`cabi_realloc`, post-return), a
;; component must not call out (the canonical ABI, `may_leave`). Then `muted` is set, nothing is told,
;; and what profiling uses adds up in `owed` until the next call out.
;;
;; The numbers are what the engine charges: 1 for an operator, nothing for `else` and `end`, and 1 for
;; beginning a function. Each counts its function, the call of it, and the operands of that call. What
;; it costs to call the host is counted before, since nothing else is done after.
(module
  (import "host" "enter" (func $host-enter (param i32 i64)))
  (import "host" "leave" (func $host-leave (param i64)))
  (import "host" "settle" (func $host-settle (param i64)))
  (global $muted (mut i32) (i32.const 0))
  (global $owed (mut i64) (i64.const 0))

  ;; A function begins.
  (func (export "enter") (param $function i32)
    global.get $muted
    if
      global.get $owed
      i64.const 9
      i64.add
      global.set $owed
    else
      local.get $function
      global.get $owed
      i64.const 12
      i64.add
      i64.const 0
      global.set $owed
      call $host-enter
    end)

  ;; The function that began last ends.
  (func (export "leave")
    global.get $muted
    if
      global.get $owed
      i64.const 8
      i64.add
      global.set $owed
    else
      global.get $owed
      i64.const 10
      i64.add
      i64.const 0
      global.set $owed
      call $host-leave
    end)

  ;; Before anything is called that is imported: the host, which may read the fuel. `cost` is what
  ;; the thunk around the call costs, with the call of this.
  (func (export "settle") (param $cost i64)
    global.get $muted
    if
      global.get $owed
      local.get $cost
      i64.add
      i64.const 9
      i64.add
      global.set $owed
    else
      global.get $owed
      local.get $cost
      i64.add
      i64.const 11
      i64.add
      i64.const 0
      global.set $owed
      call $host-settle
    end)

  ;; A function begins that must not call out. What it was before is for `unmute`.
  (func (export "mute") (result i32)
    global.get $muted
    i32.const 1
    global.set $muted)

  ;; It ends; `cost` is what the wrapper around it costs, with both calls.
  (func (export "unmute") (param $was i32) (param $cost i64)
    local.get $was
    global.set $muted
    global.get $owed
    local.get $cost
    i64.add
    global.set $owed))
