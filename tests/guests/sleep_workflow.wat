;; A workflow of sleeps, delays and schedules.
;;
;;   package testing:sleep-workflow;
;;   interface workflow {
;;     sleep-for: func(ms: u64) -> result;                                // err when the delay was cancelled
;;     sleep-cancellable: func(ms: u64) -> result<string>;                // "slept" or "cancelled"
;;     two-delays: func(a-ms: u64, b-ms: u64) -> result<string>;          // in one join set: the id of the first
;;     schedule-fibo: func(n: u8, ms: u64) -> result<string>;             // the id of the scheduled execution
;;     try-pending-then-found: func(ms: u64) -> result;                   // a delay: asked for before, after, and once more
;;   }
;;   package testing:fibo {
;;     interface fibo {
;;       fibo: func(n: u8) -> result<u64>;
;;     }
;;   }
(component $workflow
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
    (type $delay-id-type (record (field "id" string)))
    (export "delay-id" (type $delay-id (eq $delay-id-type)))
    (type $response-id-type (variant (case "execution-id" $execution-id) (case "delay-id" $delay-id)))
    (export "response-id" (type $response-id (eq $response-id-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (alias export $execution "response-id" (type $response-id))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (alias outer $workflow $response-id (type $outer-response-id))
    (export "response-id" (type $response-id (eq $outer-response-id)))
    (export "join-set" (type $join-set (sub resource)))
    (export "[method]join-set.last-id" (func (param "self" (borrow $join-set)) (result (option $response-id))))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $workflow $datetime (type $outer-datetime))
    (export "datetime" (type $datetime (eq $outer-datetime)))
    (alias outer $workflow $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $workflow $delay-id (type $outer-delay-id))
    (export "delay-id" (type $delay-id (eq $outer-delay-id)))
    (alias outer $workflow $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (type $join-next-error-type (variant (case "all-processed")))
    (export "join-next-error" (type $join-next-error (eq $join-next-error-type)))
    (type $join-next-try-error-type (variant (case "all-processed") (case "pending")))
    (export "join-next-try-error" (type $join-next-try-error (eq $join-next-try-error-type)))
    (export "sleep" (func
      (param "schedule-at" $schedule-at)
      (param "name" (option string))
      (result (result $datetime))))
    (export "join-set-create" (func (result (own $join-set))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set))
      (param "timeout" $schedule-at)
      (result $delay-id)))
    (export "join-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-error)))))
    (export "join-next-try" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-try-error)))))))
  (alias export $workflow-support "join-next-error" (type $join-next-error))
  (alias export $workflow-support "join-next-try-error" (type $join-next-try-error))
  (import "testing:fibo-obelisk-schedule/fibo" (instance $fibo-schedule
    (alias outer $workflow $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $workflow $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (export "fibo-schedule" (func (param "schedule-at" $schedule-at) (param "n" u8) (result $execution-id)))))
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
  (core func $join-set.method-join-set.last-id
    (canon lower (func $join-set "[method]join-set.last-id") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.sleep
    (canon lower (func $workflow-support "sleep") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-create
    (canon lower (func $workflow-support "join-set-create") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.submit-delay
    (canon lower (func $workflow-support "submit-delay") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-next
    (canon lower (func $workflow-support "join-next") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-next-try
    (canon lower (func $workflow-support "join-next-try") (memory $memory) (realloc $realloc)))
  (core func $fibo-schedule.fibo-schedule
    (canon lower (func $fibo-schedule "fibo-schedule") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 0: the result of an export.  64: what the host answered.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "sleep"
      (func $sleep (param (; schedule-at ;) i32 i64 i64) (param (; name ;) i32 i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $join-set-create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-delay"
      (func $submit-delay (param $join-set i32) (param (; schedule-at ;) i32 i64 i64) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-next"
      (func $join-next (param $join-set i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-next-try"
      (func $join-next-try (param $join-set i32) (param $answer i32)))
    (import "obelisk:types/join-set@5.0.0" "[method]join-set.last-id"
      (func $last-id (param $join-set i32) (param $answer i32)))
    (import "testing:fibo-obelisk-schedule/fibo" "fibo-schedule"
      (func $fibo-schedule (param (; schedule-at ;) i32 i64 i64) (param $n i32) (param $answer i32)))
    (data (i32.const 1024) "slept")
    (data (i32.const 1032) "cancelled")

    (func $ok (param $address i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (local.get $address))
      (i32.store (i32.const 8) (local.get $length))
      (i32.const 0))
    ;; Tells whether the delay was cancelled.
    (func $sleep-in (param $ms i64) (result i32)
      (call $sleep
        (i32.const 2) (i64.const 0) (local.get $ms)
        (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 64))
      (i32.load8_u (i32.const 64)))
    (func $delay-in (param $join-set i32) (param $ms i64)
      (call $submit-delay (local.get $join-set) (i32.const 2) (i64.const 0) (local.get $ms) (i32.const 64)))
    ;; The case of the error at 64 of a response, 2 when it is none.
    (func $error (param $join-set i32) (result i32)
      (call $join-next-try (local.get $join-set) (i32.const 64))
      (if (result i32) (i32.load8_u (i32.const 64))
        (then (i32.load8_u (i32.const 68)))
        (else (i32.const 2))))

    (func (export "sleep-for") (param $ms i64) (result i32) (call $sleep-in (local.get $ms)))

    (func (export "sleep-cancellable") (param $ms i64) (result i32)
      (if (call $sleep-in (local.get $ms)) (then (return (call $ok (i32.const 1032) (i32.const 9)))))
      (call $ok (i32.const 1024) (i32.const 5)))

    ;; last-id is an option<response-id>: the case at 68, the id at 72.
    (func (export "two-delays") (param $a-ms i64) (param $b-ms i64) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $delay-in (local.get $join-set) (local.get $a-ms))
      (call $delay-in (local.get $join-set) (local.get $b-ms))
      (call $join-next (local.get $join-set) (i32.const 64))
      (call $last-id (local.get $join-set) (i32.const 64))
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then unreachable))
      (call $ok (i32.load (i32.const 72)) (i32.load (i32.const 76))))

    (func (export "schedule-fibo") (param $n i32) (param $ms i64) (result i32)
      (call $fibo-schedule (i32.const 2) (i64.const 0) (local.get $ms) (local.get $n) (i32.const 64))
      (call $ok (i32.load (i32.const 64)) (i32.load (i32.const 68))))

    ;; Sleeps twice as long as the delay takes. The found response is at 68, ok for a delay that passed.
    (func (export "try-pending-then-found") (param $ms i64) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $delay-in (local.get $join-set) (local.get $ms))
      (if (i32.ne (call $error (local.get $join-set)) (i32.const 1)) (then (return (i32.const 1))))
      (if (call $sleep-in (i64.mul (local.get $ms) (i64.const 2))) (then (return (i32.const 1))))
      (if (i32.ne (call $error (local.get $join-set)) (i32.const 2)) (then (return (i32.const 1))))
      (if (i32.load8_u (i32.const 68)) (then (return (i32.const 1))))
      (i32.ne (call $error (local.get $join-set)) (i32.const 0))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:types/join-set@5.0.0" (instance
      (export "[method]join-set.last-id" (func $join-set.method-join-set.last-id))))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "sleep" (func $workflow-support.sleep))
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "submit-delay" (func $workflow-support.submit-delay))
      (export "join-next" (func $workflow-support.join-next))
      (export "join-next-try" (func $workflow-support.join-next-try))))
    (with "testing:fibo-obelisk-schedule/fibo" (instance
      (export "fibo-schedule" (func $fibo-schedule.fibo-schedule))))
  ))
  (func $sleep-for (param "ms" u64) (result (result))
    (canon lift (core func $main "sleep-for") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $sleep-cancellable (param "ms" u64) (result (result string))
    (canon lift (core func $main "sleep-cancellable") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $two-delays (param "a-ms" u64) (param "b-ms" u64) (result (result string))
    (canon lift (core func $main "two-delays") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $schedule-fibo (param "n" u8) (param "ms" u64) (result (result string))
    (canon lift (core func $main "schedule-fibo") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $try-pending-then-found (param "ms" u64) (result (result))
    (canon lift (core func $main "try-pending-then-found") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "sleep-for" (func $sleep-for))
    (export "sleep-cancellable" (func $sleep-cancellable))
    (export "two-delays" (func $two-delays))
    (export "schedule-fibo" (func $schedule-fibo))
    (export "try-pending-then-found" (func $try-pending-then-found)))
  (export "testing:sleep-workflow/workflow" (instance $exported)))
