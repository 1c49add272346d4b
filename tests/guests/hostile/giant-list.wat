;; Returns four million bytes, each of which takes 32 on the host.
;;
;;   package testing:giant-list;
;;   interface guest {
;;     run: func() -> list<u8>;
;;   }
(component $giant-list
  (core module $main
    (memory (export "memory") 100)
    (data (i32.const 16) "\00\00\01\00\00\09\3d\00")
    (func (export "run") (result i32) (i32.const 16)))
  (core instance $main (instantiate $main))
  (func $run (result (list u8)) (canon lift (core func $main "run") (memory (core memory $main "memory"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:giant-list/guest" (instance $guest)))
