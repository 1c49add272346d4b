;; Logs 100,000 lines.
;;
;;   package testing:log-flood;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $log-flood
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (func (export "run") (result i32)
      (local $left i32)
      (local.set $left (i32.const 100000))
      (loop $next
        (call $info (i32.const 16) (i32.const 32))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-flood/guest" (instance $guest)))
