;; A workflow that races a child execution against a delay in one join set.
;;
;;   package testing:delayer;
;;   interface delayer {
;;     // ok(some(json)) when the child was first, ok(none) when the delay was, err when the first of them failed
;;     race: func(n: u8, timeout-ms: u64) -> result<option<string>, string>;
;;   }
(component $delayer
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
    (export "execution-id" (type (eq $execution-id-record)))
    (type $delay-id-record (record (field "id" string)))
    (export "delay-id" (type (eq $delay-id-record)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set-interface
    (export "join-set" (type (sub resource)))))
  (alias export $join-set-interface "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $delayer $schedule-at (type $used-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $used-schedule-at)))
    (alias outer $delayer $delay-id (type $used-delay-id))
    (export "delay-id" (type $delay-id (eq $used-delay-id)))
    (alias outer $delayer $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (type $join-next-error-variant (variant (case "all-processed")))
    (export "join-next-error" (type $join-next-error (eq $join-next-error-variant)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set)) (param "timeout" $schedule-at) (result $delay-id)))
    (export "join-next" (func (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-error)))))))
  (import "testing:fibo-obelisk-ext/fibo" (instance $fibo-ext
    (alias outer $delayer $execution-id (type $used-execution-id))
    (export "execution-id" (type $execution-id (eq $used-execution-id)))
    (alias outer $delayer $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (export "fibo-submit" (func (param "join-set" (borrow $join-set)) (param "n" u8) (result $execution-id)))))

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
  (core func $join-set-create (canon lower (func $support "join-set-create")))
  (core func $join-set-drop (canon resource.drop $join-set))
  (core func $submit-delay (canon lower (func $support "submit-delay") (memory $memory) (realloc $realloc)))
  (core func $join-next (canon lower (func $support "join-next") (memory $memory) (realloc $realloc)))
  (core func $fibo-submit (canon lower (func $fibo-ext "fibo-submit") (memory $memory) (realloc $realloc)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "host" "join-set-create" (func $join-set-create (result i32)))
    (import "host" "join-set-drop" (func $join-set-drop (param i32)))
    (import "host" "submit-delay" (func $submit-delay (param $join-set i32) (param i32 i64 i64) (param $result i32)))
    (import "host" "join-next" (func $join-next (param $join-set i32) (param $result i32)))
    (import "host" "fibo-submit" (func $fibo-submit (param $join-set i32) (param $n i32) (param $result i32)))
    (data (i32.const 128) "the first response was a failure")
    (func (export "free") (param i32) (call $reset))

    (func (export "race") (param $n i32) (param $timeout i64) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-delay (local.get $join-set) (i32.const 2) (i64.const 0) (local.get $timeout) (i32.const 32))
      (call $fibo-submit (local.get $join-set) (local.get $n) (i32.const 32))
      ;; At 64 whether there was a response at all, at 68 whether it was a failure, at 72 its option<string>.
      (call $join-next (local.get $join-set) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then unreachable))
      (call $join-set-drop (local.get $join-set))
      (if (i32.load8_u (i32.const 68)) (then (return (call $failed))))
      (i32.const 68))
    ;; The result<option<string>, string> of the export has the layout of the response at 68, but for its err.
    (func $failed (result i32)
      (i32.store (i32.const 72) (i32.const 128))
      (i32.store (i32.const 76) (i32.const 32))
      (i32.const 68)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "join-set-create" (func $join-set-create))
      (export "join-set-drop" (func $join-set-drop))
      (export "submit-delay" (func $submit-delay))
      (export "join-next" (func $join-next))
      (export "fibo-submit" (func $fibo-submit))))))

  (func $race (param "n" u8) (param "timeout-ms" u64) (result (result (option string) (error string)))
    (canon lift (core func $main "race") (memory $memory) (post-return (core func $main "free"))))
  (instance $delayer (export "race" (func $race)))
  (export "testing:delayer/delayer" (instance $delayer)))
