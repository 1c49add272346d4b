;; Returns lists that name the same memory, in three layers: 12 KB of the guest, GBs for the host.
;;
;;   package testing:list-amplification;
;;   interface guest {
;;     run: func() -> list<list<list<u64>>>;
;;   }
(component $list-amplification
  (core module $main
    (memory (export "memory") 2)
    (func $fill (param $from i32) (param $inner i32)
      (local $element i32)
      (local.set $element (local.get $from))
      (loop $next
        (i32.store (local.get $element) (local.get $inner))
        (i32.store offset=4 (local.get $element) (i32.const 500))
        (local.set $element (i32.add (local.get $element) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $element) (i32.add (local.get $from) (i32.const 4000))))))
    (func (export "run") (result i32)
      (call $fill (i32.const 4096) (i32.const 8192))
      (call $fill (i32.const 8192) (i32.const 12288))
      (i32.store (i32.const 16) (i32.const 4096))
      (i32.store (i32.const 20) (i32.const 500))
      (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result (list (list (list u64)))) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:list-amplification/guest" (instance $guest)))
