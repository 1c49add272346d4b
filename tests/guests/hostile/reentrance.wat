;; Calls a function of its own through its outside, while it runs.
;;
;;   package testing:reentrance;
;;   interface guest { run: func(); }
(component $reentrance
  (core module $inner (func (export "again")))
  (core instance $inner (instantiate $inner))
  (func $again (canon lift (core func $inner "again")))
  (core func $again-from-outside (canon lower (func $again)))
  (core module $main
    (import "host" "again" (func $again))
    (func (export "run") (call $again)))
  (core instance $main (instantiate $main (with "host" (instance (export "again" (func $again-from-outside))))))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:reentrance/guest" (instance $guest)))
