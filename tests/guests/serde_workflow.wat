;; A workflow that is told of children's failures in the ways that their types allow.
;;
;;   package testing:serde-workflow;
;;   interface workflow {
;;     expect-trap: func() -> result;                        // ok when the call of trap returned err(execution-failed)
;;     call-trap-u64: func() -> result<u64, string>;         // a direct call that cannot return a failure, so this traps
;;     await-trap-u64: func() -> result<string>;             // the kind of the failure
;;     await-code-err: func() -> result<u32>;                // the error that code-err returned
;;   }
;;   package testing:serde {
;;     interface serde {
;;       variant my-error {
;;         foo,
;;         execution-failed,
;;       }
;;       trap: func() -> result<_, my-error>;
;;       code-err: func() -> result<u32, u32>;
;;       trap-u64: func() -> u64;
;;     }
;;   }
(component $workflow
  ;; --- imports and memory, written by tests/guests/build.py ---
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
    (type $execution-failure-kind-type (enum
      "timed-out"
      "nondeterminism-detected"
      "out-of-fuel"
      "cancelled"
      "uncategorized"))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $execution-failure-kind-type)))
    (type $await-next-extension-error-type (variant (case "all-processed") (case "function-mismatch" $function-mismatch)))
    (export "await-next-extension-error" (type $await-next-extension-error (eq $await-next-extension-error-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "delay-id" (type $delay-id))
  (alias export $execution "function" (type $function))
  (alias export $execution "response-id" (type $response-id))
  (alias export $execution "function-mismatch" (type $function-mismatch))
  (alias export $execution "execution-failure-kind" (type $execution-failure-kind))
  (alias export $execution "await-next-extension-error" (type $await-next-extension-error))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $workflow $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (export "join-set-create" (func (result (own $join-set))))))
  (import "testing:serde/serde" (instance $serde
    (type $my-error-type (variant (case "foo") (case "execution-failed")))
    (export "my-error" (type $my-error (eq $my-error-type)))
    (export "trap" (func (result (result (error $my-error)))))
    (export "trap-u64" (func (result u64)))))
  (alias export $serde "my-error" (type $my-error))
  (import "testing:serde-obelisk-ext/serde" (instance $serde-ext
    (alias outer $workflow $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (alias outer $workflow $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $workflow $await-next-extension-error (type $outer-await-next-extension-error))
    (export "await-next-extension-error" (type $await-next-extension-error (eq $outer-await-next-extension-error)))
    (alias outer $workflow $execution-failure-kind (type $outer-execution-failure-kind))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $outer-execution-failure-kind)))
    (export "trap-u64-submit" (func (param "join-set" (borrow $join-set)) (result $execution-id)))
    (export "trap-u64-await-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result u64 (error $execution-failure-kind)) (error $await-next-extension-error)))))
    (export "code-err-submit" (func (param "join-set" (borrow $join-set)) (result $execution-id)))
    (export "code-err-await-next" (func
      (param "join-set" (borrow $join-set))
      (result (result (result (result u32 (error u32)) (error $execution-failure-kind)) (error $await-next-extension-error)))))))
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
  (core func $serde.trap
    (canon lower (func $serde "trap") (memory $memory) (realloc $realloc)))
  (core func $serde.trap-u64
    (canon lower (func $serde "trap-u64") (memory $memory) (realloc $realloc)))
  (core func $serde-ext.trap-u64-submit
    (canon lower (func $serde-ext "trap-u64-submit") (memory $memory) (realloc $realloc)))
  (core func $serde-ext.trap-u64-await-next
    (canon lower (func $serde-ext "trap-u64-await-next") (memory $memory) (realloc $realloc)))
  (core func $serde-ext.code-err-submit
    (canon lower (func $serde-ext "code-err-submit") (memory $memory) (realloc $realloc)))
  (core func $serde-ext.code-err-await-next
    (canon lower (func $serde-ext "code-err-await-next") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  ;; 0: the result of an export.  32: the id of a child.  64: what the host answered.  1024: kinds, 24 bytes for each.
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $join-set-create (result i32)))
    (import "testing:serde/serde" "trap" (func $trap (param $answer i32)))
    (import "testing:serde/serde" "trap-u64" (func $trap-u64 (result i64)))
    (import "testing:serde-obelisk-ext/serde" "trap-u64-submit"
      (func $trap-u64-submit (param $join-set i32) (param $answer i32)))
    (import "testing:serde-obelisk-ext/serde" "trap-u64-await-next"
      (func $trap-u64-await-next (param $join-set i32) (param $answer i32)))
    (import "testing:serde-obelisk-ext/serde" "code-err-submit"
      (func $code-err-submit (param $join-set i32) (param $answer i32)))
    (import "testing:serde-obelisk-ext/serde" "code-err-await-next"
      (func $code-err-await-next (param $join-set i32) (param $answer i32)))
    (data (i32.const 1024) "timed-out")
    (data (i32.const 1048) "nondeterminism-detected")
    (data (i32.const 1072) "out-of-fuel")
    (data (i32.const 1096) "cancelled")
    (data (i32.const 1120) "uncategorized")
    ;; The lengths of the kinds.
    (data (i32.const 1144) "\09\17\0b\09\0d")

    (func $err (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.const 0))

    ;; result<_, my-error>: whether it is an error at 64, its case at 65.
    (func (export "expect-trap") (result i32)
      (call $trap (i32.const 64))
      (i32.eqz
        (i32.and
          (i32.load8_u (i32.const 64))
          (i32.eq (i32.load8_u (i32.const 65)) (i32.const 1)))))

    (func (export "call-trap-u64") (result i32)
      (i64.store (i32.const 8) (call $trap-u64))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.const 0))

    ;; result<result<u64, execution-failure-kind>, ...>: whether it is an error at 64, the inner one at 72, the kind at 80.
    (func (export "await-trap-u64") (result i32)
      (local $join-set i32) (local $kind i32)
      (local.set $join-set (call $join-set-create))
      (call $trap-u64-submit (local.get $join-set) (i32.const 32))
      (call $trap-u64-await-next (local.get $join-set) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (if (i32.eqz (i32.load8_u (i32.const 72))) (then (return (call $err))))
      (local.set $kind (i32.load8_u (i32.const 80)))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (i32.add (i32.const 1024) (i32.mul (local.get $kind) (i32.const 24))))
      (i32.store (i32.const 8) (i32.load8_u offset=1144 (local.get $kind)))
      (i32.const 0))

    ;; result<result<result<u32, u32>, ...>, ...>: errors at 64, 68 and 72, the number at 76.
    (func (export "await-code-err") (result i32)
      (local $join-set i32)
      (local.set $join-set (call $join-set-create))
      (call $code-err-submit (local.get $join-set) (i32.const 32))
      (call $code-err-await-next (local.get $join-set) (i32.const 64))
      (if (i32.load8_u (i32.const 64)) (then (return (call $err))))
      (if (i32.load8_u (i32.const 68)) (then (return (call $err))))
      (if (i32.eqz (i32.load8_u (i32.const 72))) (then (return (call $err))))
      (i32.store8 (i32.const 0) (i32.const 0))
      (i32.store (i32.const 4) (i32.load (i32.const 76)))
      (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))))
    (with "testing:serde/serde" (instance
      (export "trap" (func $serde.trap))
      (export "trap-u64" (func $serde.trap-u64))))
    (with "testing:serde-obelisk-ext/serde" (instance
      (export "trap-u64-submit" (func $serde-ext.trap-u64-submit))
      (export "trap-u64-await-next" (func $serde-ext.trap-u64-await-next))
      (export "code-err-submit" (func $serde-ext.code-err-submit))
      (export "code-err-await-next" (func $serde-ext.code-err-await-next))))
  ))
  (func $expect-trap (result (result))
    (canon lift (core func $main "expect-trap") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $call-trap-u64 (result (result u64 (error string)))
    (canon lift (core func $main "call-trap-u64") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $await-trap-u64 (result (result string))
    (canon lift (core func $main "await-trap-u64") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $await-code-err (result (result u32))
    (canon lift (core func $main "await-code-err") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "expect-trap" (func $expect-trap))
    (export "call-trap-u64" (func $call-trap-u64))
    (export "await-trap-u64" (func $await-trap-u64))
    (export "await-code-err" (func $await-code-err)))
  (export "testing:serde-workflow/workflow" (instance $exported)))
