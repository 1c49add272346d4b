;; Computes for ever.
;;
;;   package testing:spin;
;;   interface guest {
;;     run: func();
;;   }
(component $spin
  (core module $main
    (func (export "run") (loop $next (br $next))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:spin/guest" (instance $guest)))
