;; Logs for ever.
;;
;;   package testing:log-forever;
;;   interface guest {
;;     run: func();
;;   }
(component $log-forever
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (func (export "run")
      (loop $next
        (call $info (i32.const 16) (i32.const 32))
        (br $next))))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-forever/guest" (instance $guest)))
