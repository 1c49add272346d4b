;; Gives up.
;;
;;   package testing:trap;
;;   interface guest {
;;     run: func();
;;   }
(component $trap
  (core module $main
    (func (export "run") unreachable))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:trap/guest" (instance $guest)))
