;; Never comes up: its start function does not end.
;;
;;   package testing:spin-in-start;
;;   interface guest {
;;     run: func();
;;   }
(component $spin-in-start
  (core module $main
    (func $start (loop $next (br $next)))
    (func (export "run"))
    (start $start))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:spin-in-start/guest" (instance $guest)))
