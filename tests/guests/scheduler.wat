;; A workflow that schedules the activity as an execution of its own, and returns its id without waiting for it.
;;
;;   package testing:scheduler;
;;   interface scheduler {
;;     schedule-now: func(n: u8) -> result<string>;
;;     schedule-in: func(n: u8, ms: u64) -> result<string>;
;;   }
(component $scheduler
  (import "obelisk:types/time@5.0.0" (instance $time
    (type $duration-variant (variant
      (case "milliseconds" u64) (case "seconds" u64) (case "minutes" u32) (case "hours" u32) (case "days" u32)))
    (export "duration" (type $duration (eq $duration-variant)))
    (type $datetime-record (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $datetime-record)))
    (type $schedule-at-variant (variant (case "now") (case "at" $datetime) (case "in" $duration)))
    (export "schedule-at" (type (eq $schedule-at-variant)))))
  (alias export $time "schedule-at" (type $schedule-at))
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-record (record (field "id" string)))
    (export "execution-id" (type (eq $execution-id-record)))))
  (alias export $execution "execution-id" (type $execution-id))
  (import "testing:fibo-obelisk-schedule/fibo" (instance $schedule
    (alias outer $scheduler $execution-id (type $used-execution-id))
    (export "execution-id" (type $execution-id (eq $used-execution-id)))
    (alias outer $scheduler $schedule-at (type $used-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $used-schedule-at)))
    (export "fibo-schedule" (func (param "schedule-at" $schedule-at) (param "n" u8) (result $execution-id)))))

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
  (core func $fibo-schedule (canon lower (func $schedule "fibo-schedule") (memory $memory) (realloc $realloc)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    ;; schedule-at is a case and two values, as wide as its widest cases.
    (import "host" "fibo-schedule" (func $fibo-schedule (param i32 i64 i64) (param $n i32) (param $result i32)))
    (func (export "free") (param i32) (call $reset))
    ;; The result<string> lies at 16, always ok; its text at 20 is the one of the execution-id.
    (func (export "schedule-now") (param $n i32) (result i32)
      (call $fibo-schedule (i32.const 0) (i64.const 0) (i64.const 0) (local.get $n) (i32.const 20))
      (i32.const 16))
    (func (export "schedule-in") (param $n i32) (param $ms i64) (result i32)
      (call $fibo-schedule (i32.const 2) (i64.const 0) (local.get $ms) (local.get $n) (i32.const 20))
      (i32.const 16)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance (export "fibo-schedule" (func $fibo-schedule))))))

  (func $schedule-now (param "n" u8) (result (result string))
    (canon lift (core func $main "schedule-now") (memory $memory) (post-return (core func $main "free"))))
  (func $schedule-in (param "n" u8) (param "ms" u64) (result (result string))
    (canon lift (core func $main "schedule-in") (memory $memory) (post-return (core func $main "free"))))
  (instance $scheduler (export "schedule-now" (func $schedule-now)) (export "schedule-in" (func $schedule-in)))
  (export "testing:scheduler/scheduler" (instance $scheduler)))
