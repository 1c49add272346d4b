;; Gives up before it is there.
;;
;;   package testing:trap-in-start;
;;   interface guest {
;;     run: func();
;;   }
(component $trap-in-start
  (core module $main
    (func $start unreachable)
    (func (export "run"))
    (start $start))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:trap-in-start/guest" (instance $guest)))
