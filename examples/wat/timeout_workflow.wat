;; A workflow that asks many people and takes the first answer, or gives up after some days.
;;
;;   package example:timeout;
;;   interface workflow {
;;     wait-or-give-up: func(children: u32, days: u32) -> result<string>;
;;   }
;;   world any {
;;     import example:approval-obelisk-ext/approval;
;;     import obelisk:workflow/workflow-support@6.0.0;
;;     export workflow;
;;   }
;;
;; Each person is a child execution of a stub: nothing runs for it, and it ends when somebody gives its result from outside.
;;
;;   package example:approval;
;;   interface approval {
;;     ask: func(who: u32) -> result<string>;
;;   }
;;
;; The workflow starts `children` of these and one delay in the same join set, and waits for whatever responds first. It
;; returns ok("timed out") when that is the delay, else the answer of the first person. The join set is still open then.
;; The engine closes it at the return, which cancels all who have not answered, and the delay. While it waits, days long,
;; the workflow takes no thread, and need not be in memory; the process may be restarted.
(component $timeout-workflow
  ;; --- imports ---------------------------------------------------------------------------------------------------
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
    (export "execution-id" (type $execution-id (eq $execution-id-record)))
    (type $delay-id-record (record (field "id" string)))
    (export "delay-id" (type $delay-id (eq $delay-id-record)))
    (type $function-record (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-record)))
    (type $response-id-variant (variant (case "execution-id" $execution-id) (case "delay-id" $delay-id)))
    (export "response-id" (type $response-id (eq $response-id-variant)))
    (type $function-mismatch-record (record
      (field "specified-function" $function)
      (field "actual-function" (option $function))
      (field "actual-id" $response-id)))
    (export "function-mismatch" (type $function-mismatch (eq $function-mismatch-record)))
    (type $error-variant (variant (case "all-processed") (case "function-mismatch" $function-mismatch)))
    (export "await-next-extension-error" (type (eq $error-variant)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (alias export $execution "await-next-extension-error" (type $await-next-extension-error))

  (import "obelisk:types/join-set@5.0.0" (instance $join-set-interface
    (export "join-set" (type (sub resource)))))
  (alias export $join-set-interface "join-set" (type $join-set))

  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $timeout-workflow $schedule-at (type $used-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $used-schedule-at)))
    (alias outer $timeout-workflow $delay-id (type $used-delay-id))
    (export "delay-id" (type $delay-id (eq $used-delay-id)))
    (alias outer $timeout-workflow $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set)) (param "timeout" $schedule-at) (result $delay-id)))))

  (import "example:approval-obelisk-ext/approval" (instance $approval-ext
    (alias outer $timeout-workflow $execution-id (type $used-execution-id))
    (export "execution-id" (type $execution-id (eq $used-execution-id)))
    (alias outer $timeout-workflow $await-next-extension-error (type $used-error))
    (export "await-next-extension-error" (type $error (eq $used-error)))
    (alias outer $timeout-workflow $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (export "ask-submit" (func (param "join-set" (borrow $join-set)) (param "who" u32) (result $execution-id)))
    (export "ask-await-next" (func (param "join-set" (borrow $join-set))
      (result (result (result string) (error $error)))))))

  ;; --- memory ----------------------------------------------------------------------------------------------------
  ;; In a module of its own, because the lowered imports need it before the main module exists.
  ;; 0: the result of the export.  16: ids, which nobody reads.  64: the result of ask-await-next.  128: a text.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    ;; Frees everything that realloc gave out.
    (func (export "reset") (global.set $top (i32.const 1024)))
    ;; Gives out memory from the top up; what was given out before stays where it is and is copied when it grows.
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
  (core func $submit-delay (canon lower (func $support "submit-delay") (memory $memory) (realloc $realloc)))
  (core func $ask-submit (canon lower (func $approval-ext "ask-submit") (memory $memory) (realloc $realloc)))
  (core func $ask-await-next (canon lower (func $approval-ext "ask-await-next") (memory $memory) (realloc $realloc)))

  ;; --- code ------------------------------------------------------------------------------------------------------
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "host" "join-set-create" (func $join-set-create (result i32)))
    ;; schedule-at is a case and two values, as wide as its widest cases; a duration is again a case and a value.
    (import "host" "submit-delay" (func $submit-delay (param $join-set i32) (param i32 i64 i64) (param $result i32)))
    (import "host" "ask-submit" (func $ask-submit (param $join-set i32) (param $who i32) (param $result i32)))
    (import "host" "ask-await-next" (func $ask-await-next (param $join-set i32) (param $result i32)))
    (data (i32.const 128) "timed out")
    (func (export "free") (param i32) (call $reset))

    (func (export "wait-or-give-up") (param $children i32) (param $days i32) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $ask-all (local.get $join-set) (local.get $children))
      ;; in(days(days)): case 2 of schedule-at, case 4 of duration.
      (call $submit-delay
        (local.get $join-set)
        (i32.const 2) (i64.const 4) (i64.extend_i32_u (local.get $days))
        (i32.const 16))
      (call $ask-await-next (local.get $join-set) (i32.const 64))
      ;; result<result<string>, error> at 64: when it is an error, the response is none of ask, so it is the delay.
      (if (i32.load8_u (i32.const 64)) (then (return (call $timed-out))))
      ;; The result<string> at 68 is what the person answered, and what this function returns.
      (i32.const 68))

    ;; The persons are numbered from 0.
    (func $ask-all (param $join-set i32) (param $children i32)
      (local $who i32)
      (block $done
        (loop $next
          (br_if $done (i32.eq (local.get $who) (local.get $children)))
          (call $ask-submit (local.get $join-set) (local.get $who) (i32.const 16))
          (call $reset)
          (local.set $who (i32.add (local.get $who) (i32.const 1)))
          (br $next))))

    (func $timed-out (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (i32.const 128))
      (i32.store (i32.const 8) (i32.const 9))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "join-set-create" (func $join-set-create))
      (export "submit-delay" (func $submit-delay))
      (export "ask-submit" (func $ask-submit))
      (export "ask-await-next" (func $ask-await-next))))))

  ;; --- exports ---------------------------------------------------------------------------------------------------
  (func $wait-or-give-up (param "children" u32) (param "days" u32) (result (result string))
    (canon lift (core func $main "wait-or-give-up") (memory $memory) (post-return (core func $main "free"))))
  (instance $workflow (export "wait-or-give-up" (func $wait-or-give-up)))
  (export "example:timeout/workflow" (instance $workflow)))
