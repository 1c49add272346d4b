;; Logs before it is there, which it may.
;;
;;   package testing:log-in-start;
;;   interface guest {
;;     run: func();
;;   }
(component $log-in-start
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (func $start (call $info (i32.const 16) (i32.const 4)))
    (func (export "run"))
    (start $start))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-in-start/guest" (instance $guest)))
