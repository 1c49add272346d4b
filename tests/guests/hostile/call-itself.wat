;; Calls itself as a child for ever: executions in executions.
;;
;;   package testing:call-itself;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))
    (type $schedule-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "schedule-json-error" (type $schedule-json-error (eq $schedule-json-error-type)))))
  (alias export $execution "function" (type $function))
  (alias export $execution "schedule-json-error" (type $schedule-json-error))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $guest $schedule-json-error (type $outer-schedule-json-error))
    (export "schedule-json-error" (type $schedule-json-error (eq $outer-schedule-json-error)))
    (export "call-json" (func
      (param "function" $function)
      (param "params" string)
      (result (result (result (option string) (error (option string))) (error $schedule-json-error)))))))
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
  (core func $workflow-support.call-json
    (canon lower (func $workflow-support "call-json") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "call-json" (func $call-json (param i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 1024) "testing:call-itself/guest")
    (data (i32.const 1100) "run")
    (data (i32.const 1110) "[]")
    (func (export "run") (result i32)
      (call $call-json (i32.const 1024) (i32.const 25) (i32.const 1100) (i32.const 3) (i32.const 1110) (i32.const 2) (i32.const 16))
      (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "call-json" (func $workflow-support.call-json))))
  ))
  (func $run (result (result))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "run" (func $run)))
  (export "testing:call-itself/guest" (instance $exported)))
