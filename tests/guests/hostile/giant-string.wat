;; Returns 150 MiB of text.
;;
;;   package testing:giant-string;
;;   interface guest {
;;     run: func() -> string;
;;   }
(component $giant-string
  (core module $main
    (memory (export "memory") 2401)
    (data (i32.const 16) "\00\00\01\00\00\00\60\09")
    (func (export "run") (result i32) (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result string) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:giant-string/guest" (instance $guest)))
