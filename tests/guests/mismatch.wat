;; A workflow that imports testing:fibo/fibo with types that the activity does not have.
;;
;;   package testing:mismatch;
;;   interface mismatch { run: func() -> result<u32>; }
;;
;; It takes `fibo: func(n: u32) -> result<u32>`, the activity exports `fibo: func(n: u8) -> result<u64>`.
(component $mismatch
  (import "testing:fibo/fibo" (instance $fibo
    (export "fibo" (func (param "n" u32) (result (result u32))))))
  (core module $heap (memory (export "memory") 1))
  (core instance $heap (instantiate $heap))
  (core func $fibo-lowered (canon lower (func $fibo "fibo") (memory (core memory $heap "memory"))))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "host" "fibo" (func $fibo (param $n i32) (param $result i32)))
    (func (export "run") (result i32) (call $fibo (i32.const 10) (i32.const 16)) (i32.const 16)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance (export "fibo" (func $fibo-lowered))))))
  (func $run (result (result u32)) (canon lift (core func $main "run") (memory (core memory $heap "memory"))))
  (instance $mismatch (export "run" (func $run)))
  (export "testing:mismatch/mismatch" (instance $mismatch)))
