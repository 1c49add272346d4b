;; An activity that logs.
;;
;;   package testing:logger;
;;   interface logger {
;;     log: func(message: string) -> result;        // once at each level, from trace to error
;;     log-many: func(count: u32) -> result;        // "a line" at level info, `count` times
;;   }
(component $logger
  (import "obelisk:log/log@1.0.0" (instance $log
    (export "trace" (func (param "message" string)))
    (export "debug" (func (param "message" string)))
    (export "info" (func (param "message" string)))
    (export "warn" (func (param "message" string)))
    (export "error" (func (param "message" string)))))

  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $top (i32.const 1024)))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $address i32)
      (local.set $address
        (i32.and
          (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $address) (local.get $size)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
      (memory.copy (local.get $address) (local.get $old) (local.get $old-size))
      (local.get $address)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (core func $trace (canon lower (func $log "trace") (memory $memory)))
  (core func $debug (canon lower (func $log "debug") (memory $memory)))
  (core func $info (canon lower (func $log "info") (memory $memory)))
  (core func $warn (canon lower (func $log "warn") (memory $memory)))
  (core func $error (canon lower (func $log "error") (memory $memory)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "log" "trace" (func $trace (param $address i32) (param $length i32)))
    (import "log" "debug" (func $debug (param $address i32) (param $length i32)))
    (import "log" "info" (func $info (param $address i32) (param $length i32)))
    (import "log" "warn" (func $warn (param $address i32) (param $length i32)))
    (import "log" "error" (func $error (param $address i32) (param $length i32)))
    (data (i32.const 16) "a line")
    (func (export "log") (param $address i32) (param $length i32) (result i32)
      (call $trace (local.get $address) (local.get $length))
      (call $debug (local.get $address) (local.get $length))
      (call $info (local.get $address) (local.get $length))
      (call $warn (local.get $address) (local.get $length))
      (call $error (local.get $address) (local.get $length))
      (call $reset)
      (i32.const 0))
    (func (export "log-many") (param $count i32) (result i32)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $count)))
          (call $info (i32.const 16) (i32.const 6))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $next)))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "log" (instance
      (export "trace" (func $trace))
      (export "debug" (func $debug))
      (export "info" (func $info))
      (export "warn" (func $warn))
      (export "error" (func $error))))))

  (func $log-each (param "message" string) (result (result))
    (canon lift (core func $main "log") (memory $memory) (realloc $realloc)))
  (func $log-many (param "count" u32) (result (result)) (canon lift (core func $main "log-many")))
  (instance $logger (export "log" (func $log-each)) (export "log-many" (func $log-many)))
  (export "testing:logger/logger" (instance $logger)))
