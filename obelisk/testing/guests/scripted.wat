;; A workflow that runs a script, so that a test can write any workflow as data. tests/scripts.py writes scripts.
;;
;;   package testing:scripted;
;;   interface scripted {
;;     use obelisk:types/time@5.0.0.{schedule-at};
;;     variant op {
;;       create,                                   // a join set; it is open in slot 0, 1, 2, ... in order of creation
;;       create-named(string),                     // gets a slot only when it was created
;;       close(u32),                               // join-set-close of a slot
;;       drop(u32),                                // the handle of a slot is dropped
;;       set-id(u32),                              // the join set's id
;;       last-id(u32),                             // whose response a slot got last
;;       submit(tuple<u32, string, string, string>),   // slot, interface, function, params
;;       delay(tuple<u32, schedule-at>),           // submit-delay
;;       next(u32),                                // join-next
;;       try-next(u32),                            // join-next-try
;;       call(tuple<string, string, string>),      // call-json: interface, function, params
;;       schedule(tuple<u32, schedule-at, string, string, string>),   // the id is the payload of that trace entry
;;       stub(tuple<u32, string>),                 // stub-json: the payload of that trace entry is the id; result
;;       get-result(u32),                          // the payload of that trace entry is the id
;;       get-failure(u32),                         // the same
;;       last-call,
;;       last-oneoff,
;;       sleep(tuple<schedule-at, option<string>>),
;;       random(tuple<u64, u64>),
;;       random-inclusive(tuple<u64, u64>),
;;       random-string(tuple<u16, u16>),
;;       current-id,
;;       new-id,                                   // execution-id-generate
;;       text(string),                             // asks nothing, puts the text into the trace
;;       log(string),                              // at level info; no trace entry
;;       spin(u64),                                // computes so many steps; no trace entry
;;       trap,
;;       fail(string),                             // run returns err at once
;;       stop,                                     // run returns ok at once
;;     }
;;     // what the host answered, a kind and a payload for each operation that has a trace entry
;;     run: func(script: list<op>) -> result<list<tuple<string, string>>, string>;
;;     run-cancellable: func(script: list<op>) -> result<list<tuple<string, string>>, string>;
;;   }
;;
;; The kind is `ok` or `err`, or the name of an error's case (`all-processed`), of who an id belongs to (`execution-id`,
;; `delay-id`), of a failure (`timed-out`), or `none`. The payload is the text that came with it, or nothing: the JSON of a
;; result, an id, a message, a number in decimals, the second at which a sleep was due. A slot that was never opened or was
;; closed, and a trace entry that is not there yet, trap. Slots that are open at the end stay open.
(component $scripted
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
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))
    (type $response-id-type (variant (case "execution-id" $execution-id) (case "delay-id" $delay-id)))
    (export "response-id" (type $response-id (eq $response-id-type)))
    (type $execution-failure-kind-type (enum
      "timed-out"
      "nondeterminism-detected"
      "out-of-fuel"
      "cancelled"
      "uncategorized"))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $execution-failure-kind-type)))
    (type $schedule-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "schedule-json-error" (type $schedule-json-error (eq $schedule-json-error-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (alias export $execution "function" (type $function))
  (alias export $execution "response-id" (type $response-id))
  (alias export $execution "execution-failure-kind" (type $execution-failure-kind))
  (alias export $execution "schedule-json-error" (type $schedule-json-error))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (alias outer $scripted $response-id (type $outer-response-id))
    (export "response-id" (type $response-id (eq $outer-response-id)))
    (export "join-set" (type $join-set (sub resource)))
    (export "[method]join-set.id" (func (param "self" (borrow $join-set)) (result string)))
    (export "[method]join-set.last-id" (func (param "self" (borrow $join-set)) (result (option $response-id))))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $scripted $datetime (type $outer-datetime))
    (export "datetime" (type $datetime (eq $outer-datetime)))
    (alias outer $scripted $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $scripted $delay-id (type $outer-delay-id))
    (export "delay-id" (type $delay-id (eq $outer-delay-id)))
    (alias outer $scripted $execution-failure-kind (type $outer-execution-failure-kind))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $outer-execution-failure-kind)))
    (alias outer $scripted $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $scripted $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $scripted $response-id (type $outer-response-id))
    (export "response-id" (type $response-id (eq $outer-response-id)))
    (alias outer $scripted $schedule-json-error (type $outer-schedule-json-error))
    (export "schedule-json-error" (type $schedule-json-error (eq $outer-schedule-json-error)))
    (alias outer $scripted $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (type $join-set-create-error-type (variant (case "conflict") (case "invalid-name" string)))
    (export "join-set-create-error" (type $join-set-create-error (eq $join-set-create-error-type)))
    (type $submit-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "submit-json-error" (type $submit-json-error (eq $submit-json-error-type)))
    (type $get-result-json-error-type (variant
      (case "execution-id-parsing-error" string)
      (case "not-found-in-processed-responses")))
    (export "get-result-json-error" (type $get-result-json-error (eq $get-result-json-error-type)))
    (type $join-next-error-type (variant (case "all-processed")))
    (export "join-next-error" (type $join-next-error (eq $join-next-error-type)))
    (type $join-next-try-error-type (variant (case "all-processed") (case "pending")))
    (export "join-next-try-error" (type $join-next-try-error (eq $join-next-try-error-type)))
    (type $stub-json-error-type (variant
      (case "execution-id-parsing-error" string)
      (case "execution-not-found")
      (case "type-check-error" string)
      (case "conflict")))
    (export "stub-json-error" (type $stub-json-error (eq $stub-json-error-type)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "join-set-create-named" (func
      (param "name" string)
      (result (result (own $join-set) (error $join-set-create-error)))))
    (export "join-set-close" (func (param "self" (own $join-set))))
    (export "submit-json" (func
      (param "join-set" (borrow $join-set))
      (param "function" $function)
      (param "params" string)
      (result (result $execution-id (error $submit-json-error)))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set))
      (param "timeout" $schedule-at)
      (result $delay-id)))
    (export "join-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-error)))))
    (export "join-next-try" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-try-error)))))
    (export "call-json" (func
      (param "function" $function)
      (param "params" string)
      (result (result (result (option string) (error (option string))) (error $schedule-json-error)))))
    (export "schedule-json" (func
      (param "execution-id" $execution-id)
      (param "schedule-at" $schedule-at)
      (param "function" $function)
      (param "params" string)
      (result (result (error $schedule-json-error)))))
    (export "stub-json" (func
      (param "execution-id" $execution-id)
      (param "result-json" string)
      (result (result (error $stub-json-error)))))
    (export "get-result-json" (func
      (param "execution-id" $execution-id)
      (result (result (result (option string) (error (option string))) (error $get-result-json-error)))))
    (export "get-execution-failure-kind" (func
      (param "execution-id" $execution-id)
      (result (result (option $execution-failure-kind) (error $get-result-json-error)))))
    (export "last-direct-call-id" (func (result (option $execution-id))))
    (export "last-oneoff-id" (func (result (option $response-id))))
    (export "sleep" (func
      (param "schedule-at" $schedule-at)
      (param "name" (option string))
      (result (result $datetime))))
    (export "random-u64" (func (param "min" u64) (param "max-exclusive" u64) (result u64)))
    (export "random-u64-inclusive" (func (param "min" u64) (param "max-inclusive" u64) (result u64)))
    (export "random-string" (func (param "min-length" u16) (param "max-length-exclusive" u16) (result string)))
    (export "execution-id-current" (func (result $execution-id)))
    (export "execution-id-generate" (func (result $execution-id)))))
  (alias export $workflow-support "join-set-create-error" (type $join-set-create-error))
  (alias export $workflow-support "submit-json-error" (type $submit-json-error))
  (alias export $workflow-support "get-result-json-error" (type $get-result-json-error))
  (alias export $workflow-support "join-next-error" (type $join-next-error))
  (alias export $workflow-support "join-next-try-error" (type $join-next-try-error))
  (alias export $workflow-support "stub-json-error" (type $stub-json-error))
  (import "obelisk:log/log@1.0.0" (instance $log
    (export "info" (func (param "message" string)))))
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
  (core func $join-set.resource-drop-join-set (canon resource.drop $join-set))
  (core func $join-set.method-join-set.id
    (canon lower (func $join-set "[method]join-set.id") (memory $memory) (realloc $realloc)))
  (core func $join-set.method-join-set.last-id
    (canon lower (func $join-set "[method]join-set.last-id") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-create
    (canon lower (func $workflow-support "join-set-create") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-create-named
    (canon lower (func $workflow-support "join-set-create-named") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-close
    (canon lower (func $workflow-support "join-set-close") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.submit-json
    (canon lower (func $workflow-support "submit-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.submit-delay
    (canon lower (func $workflow-support "submit-delay") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-next
    (canon lower (func $workflow-support "join-next") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-next-try
    (canon lower (func $workflow-support "join-next-try") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.call-json
    (canon lower (func $workflow-support "call-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.schedule-json
    (canon lower (func $workflow-support "schedule-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.stub-json
    (canon lower (func $workflow-support "stub-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.get-result-json
    (canon lower (func $workflow-support "get-result-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.get-execution-failure-kind
    (canon lower (func $workflow-support "get-execution-failure-kind") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.last-direct-call-id
    (canon lower (func $workflow-support "last-direct-call-id") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.last-oneoff-id
    (canon lower (func $workflow-support "last-oneoff-id") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.sleep
    (canon lower (func $workflow-support "sleep") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.random-u64
    (canon lower (func $workflow-support "random-u64") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.random-u64-inclusive
    (canon lower (func $workflow-support "random-u64-inclusive") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.random-string
    (canon lower (func $workflow-support "random-string") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.execution-id-current
    (canon lower (func $workflow-support "execution-id-current") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.execution-id-generate
    (canon lower (func $workflow-support "execution-id-generate") (memory $memory) (realloc $realloc)))
  (core func $log.info
    (canon lower (func $log "info") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 0: the result of run.  64: what the host answered, zeros before each question.  256: the handles of 256 slots.
  ;; 2048: the kinds, 40 bytes for each.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $join-set-create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create-named"
      (func $join-set-create-named (param (; name ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-close" (func $join-set-close (param $join-set i32)))
    (import "obelisk:types/join-set@5.0.0" "[resource-drop]join-set" (func $join-set-drop (param $join-set i32)))
    (import "obelisk:types/join-set@5.0.0" "[method]join-set.id"
      (func $join-set-id (param $join-set i32) (param $answer i32)))
    (import "obelisk:types/join-set@5.0.0" "[method]join-set.last-id"
      (func $join-set-last-id (param $join-set i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-json"
      (func $submit-json
        (param $join-set i32) (param (; function ;) i32 i32 i32 i32) (param (; params ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-delay"
      (func $submit-delay (param $join-set i32) (param (; at ;) i32 i64 i64) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-next"
      (func $join-next (param $join-set i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-next-try"
      (func $join-next-try (param $join-set i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "call-json"
      (func $call-json (param (; function ;) i32 i32 i32 i32) (param (; params ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "schedule-json"
      (func $schedule-json
        (param (; id ;) i32 i32) (param (; at ;) i32 i64 i64) (param (; function ;) i32 i32 i32 i32)
        (param (; params ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "stub-json"
      (func $stub-json (param (; id ;) i32 i32) (param (; result ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "get-result-json"
      (func $get-result-json (param (; id ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "get-execution-failure-kind"
      (func $get-execution-failure-kind (param (; id ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "last-direct-call-id"
      (func $last-direct-call-id (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "last-oneoff-id" (func $last-oneoff-id (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "sleep"
      (func $sleep (param (; at ;) i32 i64 i64) (param (; name ;) i32 i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "random-u64"
      (func $random-u64 (param $min i64) (param $max-exclusive i64) (result i64)))
    (import "obelisk:workflow/workflow-support@6.0.0" "random-u64-inclusive"
      (func $random-u64-inclusive (param $min i64) (param $max-inclusive i64) (result i64)))
    (import "obelisk:workflow/workflow-support@6.0.0" "random-string"
      (func $random-string (param $min i32) (param $max-exclusive i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "execution-id-current"
      (func $execution-id-current (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "execution-id-generate"
      (func $execution-id-generate (param $answer i32)))
    (import "obelisk:log/log@1.0.0" "info" (func $info (param (; message ;) i32 i32)))

    ;; The cases of each error follow one another.
    (data (i32.const 2048) "ok")
    (data (i32.const 2088) "err")
    (data (i32.const 2128) "none")
    ;; join-next-error, join-next-try-error
    (data (i32.const 2168) "all-processed")
    (data (i32.const 2208) "pending")
    ;; join-set-create-error
    (data (i32.const 2248) "conflict")
    (data (i32.const 2288) "invalid-name")
    ;; submit-json-error, schedule-json-error
    (data (i32.const 2328) "ffqn-parsing-error")
    (data (i32.const 2368) "function-not-found")
    (data (i32.const 2408) "type-check-error")
    ;; get-result-json-error
    (data (i32.const 2448) "execution-id-parsing-error")
    (data (i32.const 2488) "not-found-in-processed-responses")
    ;; stub-json-error
    (data (i32.const 2528) "execution-id-parsing-error")
    (data (i32.const 2568) "execution-not-found")
    (data (i32.const 2608) "type-check-error")
    (data (i32.const 2648) "conflict")
    ;; response-id
    (data (i32.const 2688) "execution-id")
    (data (i32.const 2728) "delay-id")
    ;; execution-failure-kind
    (data (i32.const 2768) "timed-out")
    (data (i32.const 2808) "nondeterminism-detected")
    (data (i32.const 2848) "out-of-fuel")
    (data (i32.const 2888) "cancelled")
    (data (i32.const 2928) "uncategorized")
    (global $ok i32 (i32.const 2048))
    (global $err i32 (i32.const 2088))
    (global $none i32 (i32.const 2128))
    (global $join-next-error i32 (i32.const 2168))
    (global $create-error i32 (i32.const 2248))
    (global $json-error i32 (i32.const 2328))
    (global $get-error i32 (i32.const 2448))
    (global $stub-error i32 (i32.const 2528))
    (global $response-id i32 (i32.const 2688))
    (global $failure-kind i32 (i32.const 2768))

    (global $left (mut i32) (i32.const 0))
    (global $slots (mut i32) (i32.const 0))
    (global $trace (mut i32) (i32.const 0))
    (global $entries (mut i32) (i32.const 0))

    ;; An op is 64 bytes: its case, and at 8 its payload. An entry of the trace is 16: two texts.
    (func (export "run") (export "run-cancellable") (param $op i32) (param $count i32) (result i32)
      (global.set $left (local.get $count))
      (global.set $slots (i32.const 0))
      (global.set $entries (i32.const 0))
      (global.set $trace
        (call $realloc (i32.const 0) (i32.const 0) (i32.const 8) (i32.mul (local.get $count) (i32.const 16))))
      (i32.store8 (i32.const 0) (i32.const 0))
      ;; a test may add a log line here
      (block $done
        (loop $next
          (br_if $done (i32.eqz (global.get $left)))
          (global.set $left (i32.sub (global.get $left) (i32.const 1)))
          (memory.fill (i32.const 64) (i32.const 0) (i32.const 64))
          (call_indirect (type $operation)
            (i32.add (local.get $op) (i32.const 8))
            (i32.load8_u (local.get $op)))
          (local.set $op (i32.add (local.get $op) (i32.const 64)))
          (br $next)))
      (if (i32.eqz (i32.load8_u (i32.const 0)))
        (then
          (i32.store (i32.const 4) (global.get $trace))
          (i32.store (i32.const 8) (global.get $entries))))
      (i32.const 0))

    ;; Each takes the address of its payload.
    (type $operation (func (param $payload i32)))
    (table funcref (elem
      $create $create-named $close $drop $set-id $last-id $submit $delay $next $try-next $call $schedule $stub
      $get-result $get-failure $last-call $last-oneoff $do-sleep $random $random-inclusive $do-random-string
      $current-id $new-id $text $log $spin $trap $fail $stop))

    ;; --- slots and the trace ---
    (func $open (param $handle i32)
      (if (i32.ge_u (global.get $slots) (i32.const 256)) (then unreachable))
      (i32.store (i32.add (i32.const 256) (i32.mul (global.get $slots) (i32.const 4))) (local.get $handle))
      (global.set $slots (i32.add (global.get $slots) (i32.const 1))))
    (func $slot-address (param $slot i32) (result i32)
      (if (i32.ge_u (local.get $slot) (global.get $slots)) (then unreachable))
      (i32.add (i32.const 256) (i32.mul (local.get $slot) (i32.const 4))))
    ;; The handle in the slot whose number is at an address. Handles start at 1.
    (func $handle (param $number i32) (result i32)
      (local $handle i32)
      (local.set $handle (i32.load (call $slot-address (i32.load (local.get $number)))))
      (if (i32.eqz (local.get $handle)) (then unreachable))
      (local.get $handle))
    ;; The same, and the slot has none any more.
    (func $take (param $number i32) (result i32)
      (local $handle i32)
      (local.set $handle (call $handle (local.get $number)))
      (i32.store (call $slot-address (i32.load (local.get $number))) (i32.const 0))
      (local.get $handle))
    ;; The payload of the trace entry whose number is at an address.
    (func $traced (param $number i32) (result i32 i32)
      (local $entry i32)
      (if (i32.ge_u (i32.load (local.get $number)) (global.get $entries)) (then unreachable))
      (local.set $entry
        (i32.add (global.get $trace) (i32.mul (i32.load (local.get $number)) (i32.const 16))))
      (i32.load offset=8 (local.get $entry))
      (i32.load offset=12 (local.get $entry)))
    (func $text-at (param $address i32) (result i32 i32)
      (i32.load (local.get $address))
      (i32.load offset=4 (local.get $address)))
    ;; A schedule-at as parameters. Of a duration only milliseconds and seconds have 64 bits.
    (func $at (param $address i32) (result i32 i64 i64)
      (i32.load8_u (local.get $address))
      (if (result i64) (i32.eq (i32.load8_u (local.get $address)) (i32.const 1))
        (then (i64.load offset=8 (local.get $address)))
        (else (i64.load8_u offset=8 (local.get $address))))
      (if (result i64)
        (i32.and
          (i32.eq (i32.load8_u (local.get $address)) (i32.const 2))
          (i32.le_u (i32.load8_u offset=8 (local.get $address)) (i32.const 1)))
        (then (i64.load offset=16 (local.get $address)))
        (else (i64.load32_u offset=16 (local.get $address)))))

    (func $add (param $kind i32) (param (; payload ;) i32 i32)
      (local $entry i32)
      (local.set $entry (i32.add (global.get $trace) (i32.mul (global.get $entries) (i32.const 16))))
      (i32.store (local.get $entry) (local.get $kind))
      (i32.store offset=4 (local.get $entry) (call $length (local.get $kind)))
      (i32.store offset=8 (local.get $entry) (local.get 1))
      (i32.store offset=12 (local.get $entry) (local.get 2))
      (global.set $entries (i32.add (global.get $entries) (i32.const 1))))
    (func $length (param $kind i32) (result i32)
      (local $length i32)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (i32.load8_u (i32.add (local.get $kind) (local.get $length)))))
          (local.set $length (i32.add (local.get $length) (i32.const 1)))
          (br $next)))
      (local.get $length))
    (func $add-bare (param $kind i32) (call $add (local.get $kind) (i32.const 0) (i32.const 0)))
    (func $add-case (param $first i32) (param $case i32) (param (; payload ;) i32 i32)
      (call $add
        (i32.add (local.get $first) (i32.mul (local.get $case) (i32.const 40)))
        (local.get 2) (local.get 3)))
    ;; An error whose case is at 68; where it has a text, that is at 72.
    (func $add-error (param $first i32)
      (call $add-case (local.get $first) (i32.load8_u (i32.const 68)) (call $text-at (i32.const 72))))
    ;; A result without ok payload at 64.
    (func $add-unit (param $errors i32)
      (if (i32.load8_u (i32.const 64))
        (then (call $add-error (local.get $errors)))
        (else (call $add-bare (global.get $ok)))))
    ;; A result at 64 whose ok payload is a result<option<string>, option<string>>, at 68; without a text there are zeros.
    (func $add-response (param $errors i32)
      (if (i32.load8_u (i32.const 64))
        (then (call $add-error (local.get $errors)))
        (else
          (call $add-case (global.get $ok) (i32.load8_u (i32.const 68)) (call $text-at (i32.const 76))))))
    ;; A text at 64.
    (func $add-text (call $add (global.get $ok) (call $text-at (i32.const 64))))
    ;; An option<response-id> at 64.
    (func $add-response-id
      (if (i32.load8_u (i32.const 64))
        (then
          (call $add-case
            (global.get $response-id) (i32.load8_u (i32.const 68)) (call $text-at (i32.const 72))))
        (else (call $add-bare (global.get $none)))))
    ;; A number in decimals, written from its end.
    (func $add-number (param $number i64)
      (local $end i32) (local $digit i32)
      (local.set $digit
        (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20)))
      (local.set $digit (i32.add (local.get $digit) (i32.const 20)))
      (local.set $end (local.get $digit))
      (loop $next
        (local.set $digit (i32.sub (local.get $digit) (i32.const 1)))
        (i64.store8 (local.get $digit)
          (i64.add (i64.const 48) (i64.rem_u (local.get $number) (i64.const 10))))
        (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
        (br_if $next (i64.ne (local.get $number) (i64.const 0))))
      (call $add (global.get $ok) (local.get $digit) (i32.sub (local.get $end) (local.get $digit))))

    ;; --- operations ---
    (func $create (param $payload i32)
      (call $open (call $join-set-create))
      (call $add-bare (global.get $ok)))
    (func $create-named (param $payload i32)
      (call $join-set-create-named (call $text-at (local.get $payload)) (i32.const 64))
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then (call $open (i32.load (i32.const 68)))))
      (call $add-unit (global.get $create-error)))
    (func $close (param $payload i32)
      (call $join-set-close (call $take (local.get $payload)))
      (call $add-bare (global.get $ok)))
    (func $drop (param $payload i32)
      (call $join-set-drop (call $take (local.get $payload)))
      (call $add-bare (global.get $ok)))
    (func $set-id (param $payload i32)
      (call $join-set-id (call $handle (local.get $payload)) (i32.const 64))
      (call $add-text))
    (func $last-id (param $payload i32)
      (call $join-set-last-id (call $handle (local.get $payload)) (i32.const 64))
      (call $add-response-id))
    (func $submit (param $payload i32)
      (call $submit-json
        (call $handle (local.get $payload))
        (call $text-at (i32.add (local.get $payload) (i32.const 4)))
        (call $text-at (i32.add (local.get $payload) (i32.const 12)))
        (call $text-at (i32.add (local.get $payload) (i32.const 20)))
        (i32.const 64))
      (if (i32.load8_u (i32.const 64))
        (then (call $add-error (global.get $json-error)))
        (else (call $add (global.get $ok) (call $text-at (i32.const 68))))))
    (func $delay (param $payload i32)
      (call $submit-delay
        (call $handle (local.get $payload))
        (call $at (i32.add (local.get $payload) (i32.const 8)))
        (i32.const 64))
      (call $add-text))
    (func $next (param $payload i32)
      (call $join-next (call $handle (local.get $payload)) (i32.const 64))
      (call $add-response (global.get $join-next-error)))
    (func $try-next (param $payload i32)
      (call $join-next-try (call $handle (local.get $payload)) (i32.const 64))
      (call $add-response (global.get $join-next-error)))
    (func $call (param $payload i32)
      (call $call-json
        (call $text-at (local.get $payload))
        (call $text-at (i32.add (local.get $payload) (i32.const 8)))
        (call $text-at (i32.add (local.get $payload) (i32.const 16)))
        (i32.const 64))
      (call $add-response (global.get $json-error)))
    (func $schedule (param $payload i32)
      (call $schedule-json
        (call $traced (local.get $payload))
        (call $at (i32.add (local.get $payload) (i32.const 8)))
        (call $text-at (i32.add (local.get $payload) (i32.const 32)))
        (call $text-at (i32.add (local.get $payload) (i32.const 40)))
        (call $text-at (i32.add (local.get $payload) (i32.const 48)))
        (i32.const 64))
      (call $add-unit (global.get $json-error)))
    (func $stub (param $payload i32)
      (call $stub-json
        (call $traced (local.get $payload))
        (call $text-at (i32.add (local.get $payload) (i32.const 4)))
        (i32.const 64))
      (call $add-unit (global.get $stub-error)))
    (func $get-result (param $payload i32)
      (call $get-result-json (call $traced (local.get $payload)) (i32.const 64))
      (call $add-response (global.get $get-error)))
    ;; result<option<execution-failure-kind>, ...>: whether there is a kind at 68, the kind at 69.
    (func $get-failure (param $payload i32)
      (call $get-execution-failure-kind (call $traced (local.get $payload)) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (call $add-error (global.get $get-error)))))
      (if (i32.load8_u (i32.const 68))
        (then
          (call $add-case (global.get $failure-kind) (i32.load8_u (i32.const 69)) (i32.const 0) (i32.const 0)))
        (else (call $add-bare (global.get $none)))))
    (func $last-call (param $payload i32)
      (call $last-direct-call-id (i32.const 64))
      (if (i32.load8_u (i32.const 64))
        (then (call $add (global.get $response-id) (call $text-at (i32.const 68))))
        (else (call $add-bare (global.get $none)))))
    (func $last-oneoff (param $payload i32)
      (call $last-oneoff-id (i32.const 64))
      (call $add-response-id))
    ;; The result<datetime> has its seconds at 72.
    (func $do-sleep (param $payload i32)
      (call $sleep
        (call $at (local.get $payload))
        (i32.load8_u offset=24 (local.get $payload))
        (call $text-at (i32.add (local.get $payload) (i32.const 28)))
        (i32.const 64))
      (if (i32.load8_u (i32.const 64))
        (then (call $add-bare (global.get $err)))
        (else (call $add-number (i64.load (i32.const 72))))))
    (func $random (param $payload i32)
      (call $add-number
        (call $random-u64 (i64.load (local.get $payload)) (i64.load offset=8 (local.get $payload)))))
    (func $random-inclusive (param $payload i32)
      (call $add-number
        (call $random-u64-inclusive (i64.load (local.get $payload)) (i64.load offset=8 (local.get $payload)))))
    (func $do-random-string (param $payload i32)
      (call $random-string
        (i32.load16_u (local.get $payload)) (i32.load16_u offset=2 (local.get $payload)) (i32.const 64))
      (call $add-text))
    (func $current-id (param $payload i32)
      (call $execution-id-current (i32.const 64))
      (call $add-text))
    (func $new-id (param $payload i32)
      (call $execution-id-generate (i32.const 64))
      (call $add-text))
    (func $text (param $payload i32)
      (call $add (global.get $ok) (call $text-at (local.get $payload))))
    (func $log (param $payload i32)
      (call $info (call $text-at (local.get $payload))))
    (func $spin (param $payload i32)
      (local $steps i64)
      (local.set $steps (i64.load (local.get $payload)))
      (block $done
        (loop $next
          (br_if $done (i64.eqz (local.get $steps)))
          (local.set $steps (i64.sub (local.get $steps) (i64.const 1)))
          (br $next))))
    (func $trap (param $payload i32) unreachable)
    (func $fail (param $payload i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i64.store offset=4 align=4 (i32.const 0) (i64.load align=4 (local.get $payload)))
      (global.set $left (i32.const 0)))
    (func $stop (param $payload i32)
      (global.set $left (i32.const 0))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:types/join-set@5.0.0" (instance
      (export "[resource-drop]join-set" (func $join-set.resource-drop-join-set))
      (export "[method]join-set.id" (func $join-set.method-join-set.id))
      (export "[method]join-set.last-id" (func $join-set.method-join-set.last-id))))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "join-set-create-named" (func $workflow-support.join-set-create-named))
      (export "join-set-close" (func $workflow-support.join-set-close))
      (export "submit-json" (func $workflow-support.submit-json))
      (export "submit-delay" (func $workflow-support.submit-delay))
      (export "join-next" (func $workflow-support.join-next))
      (export "join-next-try" (func $workflow-support.join-next-try))
      (export "call-json" (func $workflow-support.call-json))
      (export "schedule-json" (func $workflow-support.schedule-json))
      (export "stub-json" (func $workflow-support.stub-json))
      (export "get-result-json" (func $workflow-support.get-result-json))
      (export "get-execution-failure-kind" (func $workflow-support.get-execution-failure-kind))
      (export "last-direct-call-id" (func $workflow-support.last-direct-call-id))
      (export "last-oneoff-id" (func $workflow-support.last-oneoff-id))
      (export "sleep" (func $workflow-support.sleep))
      (export "random-u64" (func $workflow-support.random-u64))
      (export "random-u64-inclusive" (func $workflow-support.random-u64-inclusive))
      (export "random-string" (func $workflow-support.random-string))
      (export "execution-id-current" (func $workflow-support.execution-id-current))
      (export "execution-id-generate" (func $workflow-support.execution-id-generate))))
    (with "obelisk:log/log@1.0.0" (instance
      (export "info" (func $log.info))))
  ))
  (type $op (variant
      (case "create")
      (case "create-named" string)
      (case "close" u32)
      (case "drop" u32)
      (case "set-id" u32)
      (case "last-id" u32)
      (case "submit" (tuple u32 string string string))
      (case "delay" (tuple u32 $schedule-at))
      (case "next" u32)
      (case "try-next" u32)
      (case "call" (tuple string string string))
      (case "schedule" (tuple u32 $schedule-at string string string))
      (case "stub" (tuple u32 string))
      (case "get-result" u32)
      (case "get-failure" u32)
      (case "last-call")
      (case "last-oneoff")
      (case "sleep" (tuple $schedule-at (option string)))
      (case "random" (tuple u64 u64))
      (case "random-inclusive" (tuple u64 u64))
      (case "random-string" (tuple u16 u16))
      (case "current-id")
      (case "new-id")
      (case "text" string)
      (case "log" string)
      (case "spin" u64)
      (case "trap")
      (case "fail" string)
      (case "stop")))
  (func $run
      (param "script" (list $op))
      (result (result (list (tuple string string)) (error string)))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $run-cancellable
      (param "script" (list $op))
      (result (result (list (tuple string string)) (error string)))
    (canon lift (core func $main "run-cancellable") (memory $memory) (realloc $realloc) (post-return $free)))
  (component $interface
    (type $time-duration-type (variant
      (case "milliseconds" u64)
      (case "seconds" u64)
      (case "minutes" u32)
      (case "hours" u32)
      (case "days" u32)))
    (import "time-duration" (type $time-duration (eq $time-duration-type)))
    (type $time-datetime-type (record (field "seconds" u64) (field "nanoseconds" u32)))
    (import "time-datetime" (type $time-datetime (eq $time-datetime-type)))
    (type $time-schedule-at-type (variant (case "now") (case "at" $time-datetime) (case "in" $time-duration)))
    (import "time-schedule-at" (type $time-schedule-at (eq $time-schedule-at-type)))
    (type $scripted-op-type (variant
      (case "create")
      (case "create-named" string)
      (case "close" u32)
      (case "drop" u32)
      (case "set-id" u32)
      (case "last-id" u32)
      (case "submit" (tuple u32 string string string))
      (case "delay" (tuple u32 $time-schedule-at))
      (case "next" u32)
      (case "try-next" u32)
      (case "call" (tuple string string string))
      (case "schedule" (tuple u32 $time-schedule-at string string string))
      (case "stub" (tuple u32 string))
      (case "get-result" u32)
      (case "get-failure" u32)
      (case "last-call")
      (case "last-oneoff")
      (case "sleep" (tuple $time-schedule-at (option string)))
      (case "random" (tuple u64 u64))
      (case "random-inclusive" (tuple u64 u64))
      (case "random-string" (tuple u16 u16))
      (case "current-id")
      (case "new-id")
      (case "text" string)
      (case "log" string)
      (case "spin" u64)
      (case "trap")
      (case "fail" string)
      (case "stop")))
    (import "scripted-op" (type $scripted-op (eq $scripted-op-type)))
    (import "run" (func $run
      (param "script" (list $scripted-op))
      (result (result (list (tuple string string)) (error string)))))
    (import "run-cancellable" (func $run-cancellable
      (param "script" (list $scripted-op))
      (result (result (list (tuple string string)) (error string)))))
    (export $exported-schedule-at "schedule-at" (type $time-schedule-at))
    (export $exported-op "op" (type $scripted-op))
    (export "run" (func $run) (func
      (param "script" (list $exported-op))
      (result (result (list (tuple string string)) (error string)))))
    (export "run-cancellable" (func $run-cancellable) (func
      (param "script" (list $exported-op))
      (result (result (list (tuple string string)) (error string))))))
  (instance $exported (instantiate $interface
    (with "time-duration" (type $duration))
    (with "time-datetime" (type $datetime))
    (with "time-schedule-at" (type $schedule-at))
    (with "scripted-op" (type $op))
    (with "run" (func $run))
    (with "run-cancellable" (func $run-cancellable))
  ))
  (export "testing:scripted/scripted" (instance $exported)))
