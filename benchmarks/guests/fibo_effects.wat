;; The activity of examples/wat/fibo_activity.wat, but one that could do something outside: it asks for a random number, which
;; it does not use.
;;
;;   package testing:fibo;
;;   interface fibo {
;;     fibo: func(n: u8) -> result<u64>;
;;   }
(component $fibo
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "wasi:random/insecure@0.2.12" (instance $insecure
    (export "get-insecure-random-u64" (func (result u64)))))
  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 8192))
    (func (export "reset") (global.set $top (i32.const 8192)))
    (func (export "free") (param i32) (global.set $top (i32.const 8192)))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $address i32)
      (local.set $address
        (i32.and
          (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $address) (local.get $size)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
      (memory.copy (local.get $address) (local.get $old) (local.get $old-size))
      (local.get $address)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (alias core export $heap "free" (core func $free))
  (core func $insecure.get-insecure-random-u64
    (canon lower (func $insecure "get-insecure-random-u64") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 0: the result of the export, the number at 8.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "wasi:random/insecure@0.2.12" "get-insecure-random-u64" (func $random (result i64)))
    (func (export "fibo") (param $n i32) (result i32)
      (drop (call $random))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i64.store (i32.const 8) (call $fibo (local.get $n)))
      (i32.const 0))
    (func $fibo (param $n i32) (result i64)
      (if (result i64) (i32.le_u (local.get $n) (i32.const 1))
        (then (i64.extend_i32_u (local.get $n)))
        (else
          (i64.add
            (call $fibo (i32.sub (local.get $n) (i32.const 1)))
            (call $fibo (i32.sub (local.get $n) (i32.const 2))))))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "wasi:random/insecure@0.2.12" (instance
      (export "get-insecure-random-u64" (func $insecure.get-insecure-random-u64))))
  ))
  (func $fibo (param "n" u8) (result (result u64))
    (canon lift (core func $main "fibo") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "fibo" (func $fibo)))
  (export "testing:fibo/fibo" (instance $exported)))
