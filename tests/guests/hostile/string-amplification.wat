;; Returns the same MiB of text a thousand times: 8 KB of the guest, a GB for the host.
;;
;;   package testing:string-amplification;
;;   interface guest {
;;     run: func() -> list<string>;
;;   }
(component $string-amplification
  (core module $main
    (memory (export "memory") 34)
    (func (export "run") (result i32)
      (local $element i32)
      (i32.store (i32.const 16) (i32.const 65536))
      (i32.store (i32.const 20) (i32.const 1000))
      (local.set $element (i32.const 65536))
      (loop $next
        (i32.store (local.get $element) (i32.const 0x100000))
        (i32.store offset=4 (local.get $element) (i32.const 0x100000))
        (local.set $element (i32.add (local.get $element) (i32.const 8)))
        (br_if $next (i32.lt_u (local.get $element) (i32.const 73536))))
      (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result (list string)) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:string-amplification/guest" (instance $guest)))
