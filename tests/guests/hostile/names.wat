;; Names things as nobody does: with control characters, or with eight megabytes. Each function traps unless it is refused.
;;
;;   package testing:names;
;;   interface guest {
;;     join-set-control: func() -> result;
;;     join-set-long: func() -> result;
;;     result-of-control: func() -> result;
;;     result-of-long: func() -> result;
;;     function-control: func() -> result;
;;     log-control: func() -> result;
;;     error-control: func() -> result<_, string>;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
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
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $guest $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $guest $schedule-json-error (type $outer-schedule-json-error))
    (export "schedule-json-error" (type $schedule-json-error (eq $outer-schedule-json-error)))
    (alias outer $guest $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (type $join-set-create-error-type (variant (case "conflict") (case "invalid-name" string)))
    (export "join-set-create-error" (type $join-set-create-error (eq $join-set-create-error-type)))
    (type $get-result-json-error-type (variant
      (case "execution-id-parsing-error" string)
      (case "not-found-in-processed-responses")))
    (export "get-result-json-error" (type $get-result-json-error (eq $get-result-json-error-type)))
    (export "join-set-create-named" (func
      (param "name" string)
      (result (result (own $join-set) (error $join-set-create-error)))))
    (export "get-result-json" (func
      (param "execution-id" $execution-id)
      (result (result (result (option string) (error (option string))) (error $get-result-json-error)))))
    (export "call-json" (func
      (param "function" $function)
      (param "params" string)
      (result (result (result (option string) (error (option string))) (error $schedule-json-error)))))))
  (alias export $workflow-support "join-set-create-error" (type $join-set-create-error))
  (alias export $workflow-support "get-result-json-error" (type $get-result-json-error))
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
  (core func $workflow-support.join-set-create-named
    (canon lower (func $workflow-support "join-set-create-named") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.get-result-json
    (canon lower (func $workflow-support "get-result-json") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.call-json
    (canon lower (func $workflow-support "call-json") (memory $memory) (realloc $realloc)))
  (core func $log.info
    (canon lower (func $log "info") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:log/log@1.0.0" "info" (func $info (param i32 i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create-named" (func $create (param i32 i32 i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "get-result-json" (func $get (param i32 i32 i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "call-json" (func $call (param i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 1024) "\1b[31mred\1b[2J\e2\80\aetxt\r\nline\1b]0;t\07")
    (data (i32.const 1110) "[]")
    (func $refused (result i32)
      (if (i32.eqz (i32.load8_u (i32.const 64))) (then (unreachable)))
      (i32.const 0))
    ;; Eight megabytes of "a".
    (func $long (result i32)
      (drop (memory.grow (i32.const 130)))
      (memory.fill (i32.const 65536) (i32.const 97) (i32.const 8000000))
      (i32.const 65536))
    (func (export "join-set-control") (result i32)
      (call $create (i32.const 1024) (i32.const 36) (i32.const 64))
      (call $refused))
    (func (export "join-set-long") (result i32)
      (call $create (call $long) (i32.const 8000000) (i32.const 64))
      (call $refused))
    (func (export "result-of-control") (result i32)
      (call $get (i32.const 1024) (i32.const 36) (i32.const 64))
      (call $refused))
    (func (export "result-of-long") (result i32)
      (call $get (call $long) (i32.const 8000000) (i32.const 64))
      (call $refused))
    (func (export "function-control") (result i32)
      (call $call (i32.const 1024) (i32.const 36) (i32.const 1024) (i32.const 36) (i32.const 1110) (i32.const 2) (i32.const 64))
      (call $refused))
    (func (export "log-control") (result i32)
      (call $info (i32.const 1024) (i32.const 36))
      (i32.const 0))
    (func (export "error-control") (result i32)
      (i32.store (i32.const 64) (i32.const 1))
      (i32.store (i32.const 68) (i32.const 1024))
      (i32.store (i32.const 72) (i32.const 36))
      (i32.const 64)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create-named" (func $workflow-support.join-set-create-named))
      (export "get-result-json" (func $workflow-support.get-result-json))
      (export "call-json" (func $workflow-support.call-json))))
    (with "obelisk:log/log@1.0.0" (instance
      (export "info" (func $log.info))))
  ))
  (func $join-set-control (result (result))
    (canon lift (core func $main "join-set-control") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $join-set-long (result (result))
    (canon lift (core func $main "join-set-long") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $result-of-control (result (result))
    (canon lift (core func $main "result-of-control") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $result-of-long (result (result))
    (canon lift (core func $main "result-of-long") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $function-control (result (result))
    (canon lift (core func $main "function-control") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $log-control (result (result))
    (canon lift (core func $main "log-control") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $error-control (result (result (error string)))
    (canon lift (core func $main "error-control") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "join-set-control" (func $join-set-control))
    (export "join-set-long" (func $join-set-long))
    (export "result-of-control" (func $result-of-control))
    (export "result-of-long" (func $result-of-long))
    (export "function-control" (func $function-control))
    (export "log-control" (func $log-control))
    (export "error-control" (func $error-control)))
  (export "testing:names/guest" (instance $exported)))
