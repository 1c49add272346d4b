;; Logs one line of 32 MiB.
;;
;;   package testing:log-giant;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $log-giant
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 513))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (func (export "run") (result i32) (call $info (i32.const 16) (i32.const 0x2000000)) (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-giant/guest" (instance $guest)))
