;; A workflow that starts stubs and gives their results, with the extension functions of their types.
;;
;;   package testing:stub-workflow;
;;   interface workflow {
;;     submit-stub-await: func(arg: string) -> result<string>;            // starts foo, stubs it with ok(arg), awaits it
;;     submit-await: func(arg: string) -> result<string>;                 // somebody else stubs foo
;;     noret-submit-await: func() -> result;                              // somebody else stubs noret
;;     submit-race-delay: func(arg: string, ms: u64) -> result<string>;   // foo and a delay: "child" or "delay" is first
;;     stub-not-found: func() -> result;                                  // stubs what there is not
;;     stub-twice: func(arg: string) -> result<string>;                   // one value twice, then another
;;     await-next-all-processed: func() -> result;
;;     mismatch: func() -> result;                                        // awaits foo where noret is the response
;;     get-after-await: func(arg: string) -> result<string>;              // asks for foo's result before and after
;;     close-order: func() -> result;                                     // closes a join set with three stubs and a delay
;;     named-twice: func() -> result;                                     // two join sets of one name, and a wrong name
;;   }
;;   package testing:stub-activity {
;;     interface activity {
;;       foo: func(arg: string) -> result<string>;
;;       noret: func() -> result;
;;     }
;;   }
;;
;; What is answered otherwise than the name of a function says makes it return err. Nothing is dropped or closed before the
;; return, except in close-order.
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
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))
    (type $response-id-type (variant (case "execution-id" $execution-id) (case "delay-id" $delay-id)))
    (export "response-id" (type $response-id (eq $response-id-type)))
    (type $function-mismatch-type (record
      (field "specified-function" $function)
      (field "actual-function" (option $function))
      (field "actual-id" $response-id)))
    (export "function-mismatch" (type $function-mismatch (eq $function-mismatch-type)))
    (type $await-next-extension-error-type (variant (case "all-processed") (case "function-mismatch" $function-mismatch)))
    (export "await-next-extension-error" (type $await-next-extension-error (eq $await-next-extension-error-type)))
    (type $get-extension-error-type (variant
      (case "function-mismatch" $function-mismatch)
      (case "not-found-in-processed-responses")))
    (export "get-extension-error" (type $get-extension-error (eq $get-extension-error-type)))
    (type $stub-error-type (variant
      (case "execution-not-found")
      (case "type-check-error" string)
      (case "conflict")))
    (export "stub-error" (type $stub-error (eq $stub-error-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (alias export $execution "function" (type $function))
  (alias export $execution "response-id" (type $response-id))
  (alias export $execution "function-mismatch" (type $function-mismatch))
  (alias export $execution "await-next-extension-error" (type $await-next-extension-error))
  (alias export $execution "get-extension-error" (type $get-extension-error))
  (alias export $execution "stub-error" (type $stub-error))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (alias outer $workflow $response-id (type $outer-response-id))
    (export "response-id" (type $response-id (eq $outer-response-id)))
    (export "join-set" (type $join-set (sub resource)))
    (export "[method]join-set.last-id" (func (param "self" (borrow $join-set)) (result (option $response-id))))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $workflow $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $workflow $delay-id (type $outer-delay-id))
    (export "delay-id" (type $delay-id (eq $outer-delay-id)))
    (alias outer $workflow $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (type $join-set-create-error-type (variant (case "conflict") (case "invalid-name" string)))
    (export "join-set-create-error" (type $join-set-create-error (eq $join-set-create-error-type)))
    (type $join-next-error-type (variant (case "all-processed")))
    (export "join-next-error" (type $join-next-error (eq $join-next-error-type)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "join-set-create-named" (func
      (param "name" string)
      (result (result (own $join-set) (error $join-set-create-error)))))
    (export "join-set-close" (func (param "self" (own $join-set))))
    (export "submit-delay" (func
      (param "join-set" (borrow $join-set))
      (param "timeout" $schedule-at)
      (result $delay-id)))
    (export "join-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (option string) (error (option string))) (error $join-next-error)))))))
  (alias export $workflow-support "join-set-create-error" (type $join-set-create-error))
  (alias export $workflow-support "join-next-error" (type $join-next-error))
  (import "testing:stub-activity-obelisk-ext/activity" (instance $activity-ext
    (alias outer $workflow $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (alias outer $workflow $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $workflow $await-next-extension-error (type $outer-await-next-extension-error))
    (export "await-next-extension-error" (type $await-next-extension-error (eq $outer-await-next-extension-error)))
    (alias outer $workflow $get-extension-error (type $outer-get-extension-error))
    (export "get-extension-error" (type $get-extension-error (eq $outer-get-extension-error)))
    (export "foo-submit" (func
      (param "join-set" (borrow $join-set))
      (param "arg" string)
      (result $execution-id)))
    (export "foo-await-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result string) (error $await-next-extension-error)))))
    (export "foo-get" (func
      (param "execution-id" $execution-id)
      (result (result (result string) (error $get-extension-error)))))
    (export "noret-submit" (func (param "join-set" (borrow $join-set)) (result $execution-id)))
    (export "noret-await-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result) (error $await-next-extension-error)))))))
  (import "testing:stub-activity-obelisk-stub/activity" (instance $activity-stub
    (alias outer $workflow $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $workflow $stub-error (type $outer-stub-error))
    (export "stub-error" (type $stub-error (eq $outer-stub-error)))
    (export "foo-stub" (func
      (param "execution-id" $execution-id)
      (param "execution-result" (result string))
      (result (result (error $stub-error)))))
    (export "noret-stub" (func
      (param "execution-id" $execution-id)
      (param "execution-result" (result))
      (result (result (error $stub-error)))))))
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
  (core func $workflow-support.join-set-create
    (canon lower (func $workflow-support "join-set-create") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-create-named
    (canon lower (func $workflow-support "join-set-create-named") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-close
    (canon lower (func $workflow-support "join-set-close") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.submit-delay
    (canon lower (func $workflow-support "submit-delay") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-next
    (canon lower (func $workflow-support "join-next") (memory $memory) (realloc $realloc)))
  (core func $activity-ext.foo-submit
    (canon lower (func $activity-ext "foo-submit") (memory $memory) (realloc $realloc)))
  (core func $activity-ext.foo-await-next
    (canon lower (func $activity-ext "foo-await-next") (memory $memory) (realloc $realloc)))
  (core func $activity-ext.foo-get
    (canon lower (func $activity-ext "foo-get") (memory $memory) (realloc $realloc)))
  (core func $activity-ext.noret-submit
    (canon lower (func $activity-ext "noret-submit") (memory $memory) (realloc $realloc)))
  (core func $activity-ext.noret-await-next
    (canon lower (func $activity-ext "noret-await-next") (memory $memory) (realloc $realloc)))
  (core func $activity-stub.foo-stub
    (canon lower (func $activity-stub "foo-stub") (memory $memory) (realloc $realloc)))
  (core func $activity-stub.noret-stub
    (canon lower (func $activity-stub "noret-stub") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 0: the result of an export.  16: the id of a child.  64: what the host answered.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $join-set-create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create-named"
      (func $join-set-create-named (param (; name ;) i32 i32) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-close" (func $join-set-close (param $join-set i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-delay"
      (func $submit-delay (param $join-set i32) (param (; schedule-at ;) i32 i64 i64) (param $answer i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-next"
      (func $join-next (param $join-set i32) (param $answer i32)))
    (import "obelisk:types/join-set@5.0.0" "[method]join-set.last-id"
      (func $last-id (param $join-set i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-ext/activity" "foo-submit"
      (func $foo-submit (param $join-set i32) (param (; arg ;) i32 i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-ext/activity" "foo-await-next"
      (func $foo-await-next (param $join-set i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-ext/activity" "foo-get"
      (func $foo-get (param (; id ;) i32 i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-ext/activity" "noret-submit"
      (func $noret-submit (param $join-set i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-ext/activity" "noret-await-next"
      (func $noret-await-next (param $join-set i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-stub/activity" "foo-stub"
      (func $foo-stub (param (; id ;) i32 i32) (param (; result ;) i32 i32 i32) (param $answer i32)))
    (import "testing:stub-activity-obelisk-stub/activity" "noret-stub"
      (func $noret-stub (param (; id ;) i32 i32) (param (; result ;) i32) (param $answer i32)))
    (data (i32.const 1024) "child")
    (data (i32.const 1032) "delay")
    (data (i32.const 1040) "another")
    (data (i32.const 1048) "a")
    (data (i32.const 1056) "a_b")
    (data (i32.const 1064) "E_00000000000000000000000000.n:fake_1")

    ;; --- results: result<string> at 0, a bare result as 0 or 1 ---
    (func $ok (param $address i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (local.get $address))
      (i32.store (i32.const 8) (local.get $length))
      (i32.const 0))
    (func $err (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.const 0))

    ;; --- steps ---
    (func $submit-foo (param $join-set i32) (param $arg i32) (param $length i32)
      (call $foo-submit (local.get $join-set) (local.get $arg) (local.get $length) (i32.const 16)))
    (func $id (result i32 i32)
      (i32.load (i32.const 16))
      (i32.load (i32.const 20)))
    ;; foo-stub with ok(text): a result<_, stub-error> at 64, whose error has its case at 68.
    (func $stub-foo (param $text i32) (param $length i32)
      (call $foo-stub (call $id) (i32.const 0) (local.get $text) (local.get $length) (i32.const 64)))
    ;; result<result<string>, ...> at 64: whether it is an error at 64 and 68, a text at 72. An error's case is at 68.
    (func $answer (result i32)
      (if (i32.or (i32.load8_u (i32.const 64)) (i32.load8_u (i32.const 68))) (then (return (call $err))))
      (call $ok (i32.load (i32.const 72)) (i32.load (i32.const 76))))
    (func $is-error (param $case i32) (result i32)
      (i32.and
        (i32.load8_u (i32.const 64))
        (i32.eq (i32.load8_u (i32.const 68)) (local.get $case))))
    ;; A response as a bare result.
    (func $noret-answer (result i32)
      (i32.or (i32.load8_u (i32.const 64)) (i32.load8_u (i32.const 68))))

    ;; --- exports ---
    (func (export "submit-stub-await") (param $arg i32) (param $length i32) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-foo (local.get $join-set) (local.get $arg) (local.get $length))
      (call $stub-foo (local.get $arg) (local.get $length))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (call $foo-await-next (local.get $join-set) (i32.const 64))
      (call $answer))

    (func (export "submit-await") (param $arg i32) (param $length i32) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-foo (local.get $join-set) (local.get $arg) (local.get $length))
      (call $foo-await-next (local.get $join-set) (i32.const 64))
      (call $answer))

    (func (export "noret-submit-await") (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $noret-submit (local.get $join-set) (i32.const 16))
      (call $noret-await-next (local.get $join-set) (i32.const 64))
      (call $noret-answer))

    ;; last-id is an option<response-id>, whose case is at 68.
    (func (export "submit-race-delay") (param $arg i32) (param $length i32) (param $ms i64) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-foo (local.get $join-set) (local.get $arg) (local.get $length))
      (call $submit-delay (local.get $join-set) (i32.const 2) (i64.const 0) (local.get $ms) (i32.const 64))
      (call $join-next (local.get $join-set) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (call $last-id (local.get $join-set) (i32.const 64))
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then (return (call $err))))
      (if (i32.load8_u (i32.const 68)) (then (return (call $ok (i32.const 1032) (i32.const 5)))))
      (call $ok (i32.const 1024) (i32.const 5)))

    (func (export "stub-not-found") (result i32)
      (call $foo-stub
        (i32.const 1064) (i32.const 37)
        (i32.const 0) (i32.const 1024) (i32.const 5)
        (i32.const 64))
      (i32.eqz (call $is-error (i32.const 0))))

    (func (export "stub-twice") (param $arg i32) (param $length i32) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-foo (local.get $join-set) (local.get $arg) (local.get $length))
      (call $stub-foo (local.get $arg) (local.get $length))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (call $stub-foo (local.get $arg) (local.get $length))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (call $stub-foo (i32.const 1040) (i32.const 7))
      (if (i32.eqz (call $is-error (i32.const 2))) (then (return (call $err))))
      (call $foo-await-next (local.get $join-set) (i32.const 64))
      (call $answer))

    (func (export "await-next-all-processed") (result i32)
      (call $foo-await-next (call $join-set-create) (i32.const 64))
      (i32.eqz (call $is-error (i32.const 0))))

    ;; The response is consumed.
    (func (export "mismatch") (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $noret-submit (local.get $join-set) (i32.const 16))
      (call $noret-stub (call $id) (i32.const 0) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 1))))
      (call $foo-await-next (local.get $join-set) (i32.const 64))
      (if (i32.eqz (call $is-error (i32.const 1))) (then (return (i32.const 1))))
      (call $noret-await-next (local.get $join-set) (i32.const 64))
      (i32.eqz (call $is-error (i32.const 0))))

    (func (export "get-after-await") (param $arg i32) (param $length i32) (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-foo (local.get $join-set) (local.get $arg) (local.get $length))
      (call $stub-foo (local.get $arg) (local.get $length))
      (call $foo-get (call $id) (i32.const 64))
      (if (i32.eqz (call $is-error (i32.const 1))) (then (return (call $err))))
      (call $foo-await-next (local.get $join-set) (i32.const 64))
      (call $foo-get (call $id) (i32.const 64))
      (call $answer))

    ;; result<join-set, ...>: the handle at 68. The delay is an hour.
    (func (export "close-order") (result i32)
      (local $join-set i32)
      (call $join-set-create-named (i32.const 1048) (i32.const 1) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 1))))
      (local.set $join-set (i32.load (i32.const 68)))
      (call $submit-foo (local.get $join-set) (i32.const 1048) (i32.const 1))
      (call $submit-foo (local.get $join-set) (i32.const 1048) (i32.const 1))
      (call $submit-foo (local.get $join-set) (i32.const 1048) (i32.const 1))
      (call $submit-delay (local.get $join-set) (i32.const 2) (i64.const 3) (i64.const 1) (i32.const 64))
      (call $join-set-close (local.get $join-set))
      (i32.const 0))

    (func (export "named-twice") (result i32)
      (call $join-set-create-named (i32.const 1048) (i32.const 1) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (i32.const 1))))
      (call $join-set-create-named (i32.const 1048) (i32.const 1) (i32.const 64))
      (if (i32.eqz (call $is-error (i32.const 0))) (then (return (i32.const 1))))
      (call $join-set-create-named (i32.const 1056) (i32.const 3) (i32.const 64))
      (i32.eqz (call $is-error (i32.const 1)))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:types/join-set@5.0.0" (instance
      (export "[method]join-set.last-id" (func $join-set.method-join-set.last-id))))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "join-set-create-named" (func $workflow-support.join-set-create-named))
      (export "join-set-close" (func $workflow-support.join-set-close))
      (export "submit-delay" (func $workflow-support.submit-delay))
      (export "join-next" (func $workflow-support.join-next))))
    (with "testing:stub-activity-obelisk-ext/activity" (instance
      (export "foo-submit" (func $activity-ext.foo-submit))
      (export "foo-await-next" (func $activity-ext.foo-await-next))
      (export "foo-get" (func $activity-ext.foo-get))
      (export "noret-submit" (func $activity-ext.noret-submit))
      (export "noret-await-next" (func $activity-ext.noret-await-next))))
    (with "testing:stub-activity-obelisk-stub/activity" (instance
      (export "foo-stub" (func $activity-stub.foo-stub))
      (export "noret-stub" (func $activity-stub.noret-stub))))
  ))
  (func $submit-stub-await (param "arg" string) (result (result string))
    (canon lift (core func $main "submit-stub-await") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $submit-await (param "arg" string) (result (result string))
    (canon lift (core func $main "submit-await") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $noret-submit-await (result (result))
    (canon lift (core func $main "noret-submit-await") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $submit-race-delay (param "arg" string) (param "ms" u64) (result (result string))
    (canon lift (core func $main "submit-race-delay") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $stub-not-found (result (result))
    (canon lift (core func $main "stub-not-found") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $stub-twice (param "arg" string) (result (result string))
    (canon lift (core func $main "stub-twice") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $await-next-all-processed (result (result))
    (canon lift (core func $main "await-next-all-processed") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $mismatch (result (result))
    (canon lift (core func $main "mismatch") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $get-after-await (param "arg" string) (result (result string))
    (canon lift (core func $main "get-after-await") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $close-order (result (result))
    (canon lift (core func $main "close-order") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $named-twice (result (result))
    (canon lift (core func $main "named-twice") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "submit-stub-await" (func $submit-stub-await))
    (export "submit-await" (func $submit-await))
    (export "noret-submit-await" (func $noret-submit-await))
    (export "submit-race-delay" (func $submit-race-delay))
    (export "stub-not-found" (func $stub-not-found))
    (export "stub-twice" (func $stub-twice))
    (export "await-next-all-processed" (func $await-next-all-processed))
    (export "mismatch" (func $mismatch))
    (export "get-after-await" (func $get-after-await))
    (export "close-order" (func $close-order))
    (export "named-twice" (func $named-twice)))
  (export "testing:stub-workflow/workflow" (instance $exported)))
