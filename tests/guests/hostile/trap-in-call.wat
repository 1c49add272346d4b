;; Calls a function of another type than it says.
;;
;;   package testing:trap-in-call;
;;   interface guest {
;;     run: func();
;;   }
(component $trap-in-call
  (core module $main
    (type $other (func (param i64)))
    (table 1 1 funcref)
    (elem (i32.const 0) $run)
    (func $run (export "run") (call_indirect (type $other) (i64.const 1) (i32.const 0))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:trap-in-call/guest" (instance $guest)))
