;; A workflow that sleeps.
;;
;;   package testing:sleepy;
;;   interface sleepy {
;;     sleep-ms: func(ms: u64) -> result;                                // err when the delay was cancelled
;;     sleep-named: func(ms: u64, name: string) -> result;               // in a one-off join set of that name
;;     sleep-many: func(ms: u64, times: u32) -> result;                  // one sleep after another
;;     wake-time: func(ms: u64) -> result<tuple<u64, u32>>;              // the datetime that sleep returned
;;     sleep-until: func(seconds: u64, nanoseconds: u32) -> result;      // until a time
;;   }
(component $sleepy
  (import "obelisk:types/time@5.0.0" (instance $time
    (type $duration-variant (variant
      (case "milliseconds" u64) (case "seconds" u64) (case "minutes" u32) (case "hours" u32) (case "days" u32)))
    (export "duration" (type $duration (eq $duration-variant)))
    (type $datetime-record (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $datetime-record)))
    (type $schedule-at-variant (variant (case "now") (case "at" $datetime) (case "in" $duration)))
    (export "schedule-at" (type (eq $schedule-at-variant)))))
  (alias export $time "datetime" (type $datetime))
  (alias export $time "schedule-at" (type $schedule-at))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $sleepy $schedule-at (type $used-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $used-schedule-at)))
    (alias outer $sleepy $datetime (type $used-datetime))
    (export "datetime" (type $datetime (eq $used-datetime)))
    (export "sleep" (func
      (param "schedule-at" $schedule-at) (param "name" (option string)) (result (result $datetime))))))

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
  (core func $sleep (canon lower (func $support "sleep") (memory $memory)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    ;; schedule-at is a case and two values, as wide as its widest cases; name is a case, an address and a length.
    (import "host" "sleep" (func $sleep (param i32 i64 i64) (param i32 i32 i32) (param $result i32)))

    ;; Sleeps in(milliseconds(ms)); the result<datetime> is at 16, its seconds at 24, its nanoseconds at 32.
    (func $sleep-in (param $ms i64) (param $named i32) (param $name i32) (param $name-length i32)
      (call $sleep
        (i32.const 2) (i64.const 0) (local.get $ms)
        (local.get $named) (local.get $name) (local.get $name-length)
        (i32.const 16)))
    (func (export "sleep-ms") (param $ms i64) (result i32)
      (call $sleep-in (local.get $ms) (i32.const 0) (i32.const 0) (i32.const 0))
      (i32.load8_u (i32.const 16)))
    (func (export "sleep-named") (param $ms i64) (param $name i32) (param $name-length i32) (result i32)
      (call $sleep-in (local.get $ms) (i32.const 1) (local.get $name) (local.get $name-length))
      (call $reset)
      (i32.load8_u (i32.const 16)))
    (func (export "sleep-many") (param $ms i64) (param $times i32) (result i32)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $times)))
          (call $sleep-in (local.get $ms) (i32.const 0) (i32.const 0) (i32.const 0))
          (if (i32.load8_u (i32.const 16)) (then (return (i32.const 1))))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $next)))
      (i32.const 0))
    (func (export "wake-time") (param $ms i64) (result i32)
      (call $sleep-in (local.get $ms) (i32.const 0) (i32.const 0) (i32.const 0))
      (i32.const 16))
    (func (export "sleep-until") (param $seconds i64) (param $nanoseconds i32) (result i32)
      (call $sleep
        (i32.const 1) (local.get $seconds) (i64.extend_i32_u (local.get $nanoseconds))
        (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 16))
      (i32.load8_u (i32.const 16))))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance (export "sleep" (func $sleep))))))

  (func $sleep-ms (param "ms" u64) (result (result)) (canon lift (core func $main "sleep-ms")))
  (func $sleep-named (param "ms" u64) (param "name" string) (result (result))
    (canon lift (core func $main "sleep-named") (memory $memory) (realloc $realloc)))
  (func $sleep-many (param "ms" u64) (param "times" u32) (result (result)) (canon lift (core func $main "sleep-many")))
  (func $wake-time (param "ms" u64) (result (result (tuple u64 u32)))
    (canon lift (core func $main "wake-time") (memory $memory)))
  (func $sleep-until (param "seconds" u64) (param "nanoseconds" u32) (result (result))
    (canon lift (core func $main "sleep-until")))
  (instance $sleepy
    (export "sleep-ms" (func $sleep-ms))
    (export "sleep-named" (func $sleep-named))
    (export "sleep-many" (func $sleep-many))
    (export "wake-time" (func $wake-time))
    (export "sleep-until" (func $sleep-until)))
  (export "testing:sleepy/sleepy" (instance $sleepy)))
