;; Returns a text that lies beyond the end of its memory.
;;
;;   package testing:text-outside;
;;   interface guest {
;;     run: func() -> string;
;;   }
(component $text-outside
  (core module $main
    (memory (export "memory") 1)
    (data (i32.const 16) "\00\00\00\ff\00\00\00\01")
    (func (export "run") (result i32) (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result string) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:text-outside/guest" (instance $guest)))
