;; Calls itself until there is no stack left.
;;
;;   package testing:recursion;
;;   interface guest {
;;     run: func();
;;   }
(component $recursion
  (core module $main
    (func (export "run") (drop (call $deeper (i32.const 0))))
    (func $deeper (param $depth i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (local.get $depth))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:recursion/guest" (instance $guest)))
