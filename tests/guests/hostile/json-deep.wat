;; Calls a function with a million nested arrays, 16 MiB of zeros, and a text that is no JSON.
;;
;;   package testing:json-deep;
;;   interface guest {
;;     nested: func() -> result;
;;     long: func() -> result;
;;     nonsense: func() -> result;
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
    (data (i32.const 1024) "testing:fibo/fibo")
    (data (i32.const 1100) "fibo")
    ;; the answer is an error or a result, which begins at 16
    (func $call (param $byte i32) (param $count i32) (result i32)
      (drop (memory.grow (i32.const 300)))
      (memory.fill (i32.const 65536) (local.get $byte) (local.get $count))
      (i32.store8 (i32.const 65536) (i32.const 0x5b))
      (call $call-json (i32.const 1024) (i32.const 17) (i32.const 1100) (i32.const 4) (i32.const 65536) (local.get $count) (i32.const 16))
      (i32.load8_u (i32.const 16)))
    (func (export "nested") (result i32) (call $call (i32.const 0x5b) (i32.const 1000000)))
    (func (export "long") (result i32) (call $call (i32.const 0x39) (i32.const 0x1000000)))
    (func (export "nonsense") (result i32) (call $call (i32.const 0x00) (i32.const 1000))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "call-json" (func $workflow-support.call-json))))
  ))
  (func $nested (result (result))
    (canon lift (core func $main "nested") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $long (result (result))
    (canon lift (core func $main "long") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $nonsense (result (result))
    (canon lift (core func $main "nonsense") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "nested" (func $nested))
    (export "long" (func $long))
    (export "nonsense" (func $nonsense)))
  (export "testing:json-deep/guest" (instance $exported)))
