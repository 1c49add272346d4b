;; Returns a list whose place no u64 can have.
;;
;;   package testing:list-misaligned;
;;   interface guest {
;;     run: func() -> list<u64>;
;;   }
(component $list-misaligned
  (core module $main
    (memory (export "memory") 1)
    (data (i32.const 16) "\21\00\00\00\02\00\00\00")
    (func (export "run") (result i32) (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result (list u64)) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:list-misaligned/guest" (instance $guest)))
