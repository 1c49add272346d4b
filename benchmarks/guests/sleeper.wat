;; A workflow that waits for a moment, so that any number of them go on at once.
;;
;;   package benchmark:sleeper;
;;   interface sleeper {
;;     sleep-until: func(seconds: u64) -> result;   // since the epoch; err when the delay was cancelled
;;   }
(component $sleeper
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:types/time@5.0.0" (instance $time
    (type $duration-type (variant
      (case "milliseconds" u64)
      (case "seconds" u64)
      (case "minutes" u32)
      (case "hours" u32)
      (case "days" u32)))
    (export "duration" (type $duration (eq $duration-type)))
    (type $datetime-type (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $datetime-type)))
    (type $schedule-at-type (variant (case "now") (case "at" $datetime) (case "in" $duration)))
    (export "schedule-at" (type $schedule-at (eq $schedule-at-type)))))
  (alias export $time "duration" (type $duration))
  (alias export $time "datetime" (type $datetime))
  (alias export $time "schedule-at" (type $schedule-at))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $sleeper $datetime (type $outer-datetime))
    (export "datetime" (type $datetime (eq $outer-datetime)))
    (alias outer $sleeper $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (export "sleep" (func
      (param "schedule-at" $schedule-at)
      (param "name" (option string))
      (result (result $datetime))))))
  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 8192))
    (func (export "reset") (global.set $top (i32.const 8192)))
    (func (export "free") (param i32) (global.set $top (i32.const 8192)))
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
  (alias core export $heap "free" (core func $free))
  (core func $workflow-support.sleep
    (canon lower (func $workflow-support "sleep") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 64: what the host answered.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "sleep"
      (func $sleep (param (; schedule-at ;) i32 i64 i64) (param (; name ;) i32 i32 i32) (param $answer i32)))
    ;; at(datetime): case 1 of schedule-at, then seconds and nanoseconds.
    (func (export "sleep-until") (param $seconds i64) (result i32)
      (call $sleep
        (i32.const 1) (local.get $seconds) (i64.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 64))
      (i32.load8_u (i32.const 64))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "sleep" (func $workflow-support.sleep))))
  ))
  (func $sleep-until (param "seconds" u64) (result (result))
    (canon lift (core func $main "sleep-until") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "sleep-until" (func $sleep-until)))
  (export "benchmark:sleeper/sleeper" (instance $exported)))
