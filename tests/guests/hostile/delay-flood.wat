;; Starts 10,000 delays of many years in one join set, and leaves them open.
;;
;;   package testing:delay-flood;
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
    (type $delay-id-type (record (field "id" string)))
    (export "delay-id" (type $delay-id (eq $delay-id-type)))))
  (alias export $execution "delay-id" (type $delay-id))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $guest $delay-id (type $outer-delay-id))
    (export "delay-id" (type $delay-id (eq $outer-delay-id)))
    (alias outer $guest $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set))
      (param "timeout" $schedule-at)
      (result $delay-id)))))
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
  (core func $workflow-support.join-set-create
    (canon lower (func $workflow-support "join-set-create") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.submit-delay
    (canon lower (func $workflow-support "submit-delay") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-delay" (func $submit-delay (param i32 i32 i64 i64 i32)))
    (func (export "run") (result i32)
      (local $left i32) (local $set i32)
      (local.set $set (call $create))
      (local.set $left (i32.const 10000))
      (loop $next
        (call $submit-delay (local.get $set) (i32.const 2) (i64.const 4) (i64.const 0xffffffff) (i32.const 16))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "submit-delay" (func $workflow-support.submit-delay))))
  ))
  (func $run (result (result))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "run" (func $run)))
  (export "testing:delay-flood/guest" (instance $exported)))
