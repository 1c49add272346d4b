;; Returns a text whose bytes are none.
;;
;;   package testing:text-not-utf8;
;;   interface guest {
;;     run: func() -> string;
;;   }
(component $text-not-utf8
  (core module $main
    (memory (export "memory") 1)
    (data (i32.const 16) "\20\00\00\00\02\00\00\00")
    (data (i32.const 32) "\ff\fe")
    (func (export "run") (result i32) (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result string) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:text-not-utf8/guest" (instance $guest)))
