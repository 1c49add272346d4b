;; Makes room for u64 numbers where no u64 can be.
;;
;;   package testing:realloc-misaligned;
;;   interface guest {
;;     run: func(numbers: list<u64>);
;;   }
(component $realloc-misaligned
  (core module $main
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 33))
    (func (export "run") (param i32 i32)))
  (core instance $main (instantiate $main))
  (func $run (param "numbers" (list u64)) (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:realloc-misaligned/guest" (instance $guest)))
