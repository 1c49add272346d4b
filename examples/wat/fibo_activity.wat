;; An activity that computes a Fibonacci number the slow way.
;;
;;   package testing:fibo;
;;   interface fibo { fibo: func(n: u8) -> result<u64>; }
;;   world activity { export fibo; }
;;
;; fibo(0) = 0, fibo(1) = 1, and an `n` above 40 is refused with `err`, because it would take too long.
(component $fibo-activity
  (core module $main
    (memory (export "memory") 1)
    ;; A result<u64> is two values, so it is returned as an address: the discriminant at 0, the number at 8.
    (func (export "fibo") (param $n i32) (result i32)
      (if (i32.gt_u (local.get $n) (i32.const 40))
        (then (i32.store8 (i32.const 0) (i32.const 1)))
        (else
          (i32.store8 (i32.const 0) (i32.const 0))
          (i64.store (i32.const 8) (call $fibo (local.get $n)))))
      (i32.const 0))

    (func $fibo (param $n i32) (result i64)
      (if (result i64) (i32.le_u (local.get $n) (i32.const 1))
        (then (i64.extend_i32_u (local.get $n)))
        (else
          (i64.add
            (call $fibo (i32.sub (local.get $n) (i32.const 1)))
            (call $fibo (i32.sub (local.get $n) (i32.const 2))))))))
  (core instance $main (instantiate $main))

  (func $fibo (param "n" u8) (result (result u64))
    (canon lift (core func $main "fibo") (memory (core memory $main "memory"))))
  (instance $fibo (export "fibo" (func $fibo)))
  (export "testing:fibo/fibo" (instance $fibo)))
