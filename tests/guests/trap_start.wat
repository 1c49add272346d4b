;; An activity that never comes up: its start function traps.
;;
;;   package testing:trap-start;
;;   interface start { run: func(); }
(component $trap-start
  (core module $main
    (func $start unreachable)
    (func (export "run"))
    (start $start))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $start (export "run" (func $run)))
  (export "testing:trap-start/start" (instance $start)))
