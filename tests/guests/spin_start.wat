;; An activity that never comes up: its start function does not end.
;;
;;   package testing:spin-start;
;;   interface start { run: func(); }
(component $spin-start
  (core module $main
    (func $start (loop $next (br $next)))
    (func (export "run"))
    (start $start))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $start (export "run" (func $run)))
  (export "testing:spin-start/start" (instance $start)))
