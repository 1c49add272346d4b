;; Schedules itself for tomorrow, for ever.
;;
;;   package testing:schedule-flood;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $guest
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
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-type (record (field "id" string)))
    (export "execution-id" (type $execution-id (eq $execution-id-type)))
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))
    (type $schedule-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "schedule-json-error" (type $schedule-json-error (eq $schedule-json-error-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "function" (type $function))
  (alias export $execution "schedule-json-error" (type $schedule-json-error))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $guest $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $guest $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $guest $schedule-json-error (type $outer-schedule-json-error))
    (export "schedule-json-error" (type $schedule-json-error (eq $outer-schedule-json-error)))
    (export "execution-id-generate" (func (result $execution-id)))
    (export "schedule-json" (func
      (param "execution-id" $execution-id)
      (param "schedule-at" $schedule-at)
      (param "function" $function)
      (param "params" string)
      (result (result (error $schedule-json-error)))))))
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
  (core func $workflow-support.execution-id-generate
    (canon lower (func $workflow-support "execution-id-generate") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.schedule-json
    (canon lower (func $workflow-support "schedule-json") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "obelisk:workflow/workflow-support@6.0.0" "execution-id-generate" (func $generate (param i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "schedule-json"
      (func $schedule (param i32 i32 i32 i64 i64 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 1024) "testing:schedule-flood/guest")
    (data (i32.const 1100) "run")
    (data (i32.const 1110) "[]")
    (func (export "run") (result i32)
      (loop $next
        (call $reset)
        (call $generate (i32.const 96))
        ;; in(days(1))
        (call $schedule (i32.load (i32.const 96)) (i32.load (i32.const 100)) (i32.const 2) (i64.const 4) (i64.const 1)
          (i32.const 1024) (i32.const 28) (i32.const 1100) (i32.const 3) (i32.const 1110) (i32.const 2) (i32.const 64))
        (br $next))
      (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "execution-id-generate" (func $workflow-support.execution-id-generate))
      (export "schedule-json" (func $workflow-support.schedule-json))))
  ))
  (func $run (result (result))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "run" (func $run)))
  (export "testing:schedule-flood/guest" (instance $exported)))
