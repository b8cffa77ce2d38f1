;; A million steps of the logistic map, each of which waits for the one before.
(module
  (func (export "_start") (local $x f64) (local $i i32)
    (local.set $x (f64.const 0.3))
    (loop $next
      (local.set $x (f64.mul (f64.const 3.9)
        (f64.mul (local.get $x) (f64.sub (f64.const 1) (local.get $x)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 1000000))))
    (if (f64.gt (local.get $x) (f64.const 1)) (then unreachable))))
