;; Says that its result lies beyond the end of its memory.
;;
;;   package testing:result-outside;
;;   interface guest {
;;     run: func() -> string;
;;   }
(component $result-outside
  (core module $main
    (memory (export "memory") 1)
    (func (export "run") (result i32) (i32.const 0x7ffffff0)))
  (core instance $main (instantiate $main))
  (func $run (result string) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:result-outside/guest" (instance $guest)))
