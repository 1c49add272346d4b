;; The activity of the simulator.
;;
;;   package testing:worker;
;;   interface worker { work: func(n: u64) -> result<u64>; }
;;   world activity { export worker; }
;;
;; work(n) is 3 n + 1, and err for 0.
(component $worker
  (core module $main
    (memory (export "memory") 1)
    ;; A result<u64> is two values, so it is returned as an address: the discriminant at 0, the number at 8.
    (func (export "work") (param $n i64) (result i32)
      (i32.store8 (i32.const 0) (i64.eqz (local.get $n)))
      (i64.store (i32.const 8) (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1)))
      (i32.const 0)))
  (core instance $main (instantiate $main))

  (func $work (param "n" u64) (result (result u64))
    (canon lift (core func $main "work") (memory (core memory $main "memory"))))
  (instance $worker (export "work" (func $work)))
  (export "testing:worker/worker" (instance $worker)))
