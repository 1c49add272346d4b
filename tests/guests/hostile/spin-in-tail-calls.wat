;; Calls itself for ever without a loop, in a stack that does not grow.
;;
;;   package testing:spin-in-tail-calls;
;;   interface guest {
;;     run: func();
;;   }
(component $spin-in-tail-calls
  (core module $main
    (func $run (export "run") (return_call $run)))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:spin-in-tail-calls/guest" (instance $guest)))
