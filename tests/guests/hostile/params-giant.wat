;; Submits itself with a text of eight megabytes, four times.
;;
;;   package testing:params-giant;
;;   interface guest {
;;     run: func() -> result;
;;     take: func(text: string) -> result;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-type (record (field "id" string)))
    (export "execution-id" (type $execution-id (eq $execution-id-type)))
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "function" (type $function))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $guest $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $guest $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (type $submit-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "submit-json-error" (type $submit-json-error (eq $submit-json-error-type)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "submit-json" (func
      (param "join-set" (borrow $join-set))
      (param "function" $function)
      (param "params" string)
      (result (result $execution-id (error $submit-json-error)))))))
  (alias export $workflow-support "submit-json-error" (type $submit-json-error))
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
  (core func $workflow-support.submit-json
    (canon lower (func $workflow-support "submit-json") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "submit-json"
      (func $submit (param i32 i32 i32 i32 i32 i32 i32 i32)))
    (data (i32.const 1024) "testing:params-giant/guest")
    (data (i32.const 1100) "take")
    (func (export "run") (result i32)
      (local $set i32) (local $left i32)
      (drop (memory.grow (i32.const 130)))
      ;; ["aaa...aaa"]
      (memory.fill (i32.const 65536) (i32.const 97) (i32.const 8000000))
      (i32.store16 (i32.const 65536) (i32.const 0x225b))
      (i32.store16 (i32.const 8065534) (i32.const 0x5d22))
      (local.set $set (call $create))
      (local.set $left (i32.const 4))
      (loop $next
        (call $reset)
        (call $submit (local.get $set) (i32.const 1024) (i32.const 26) (i32.const 1100) (i32.const 4)
          (i32.const 65536) (i32.const 8000000) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then (unreachable)))
        (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (i32.const 0))
    (func (export "take") (param i32 i32) (result i32) (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "submit-json" (func $workflow-support.submit-json))))
  ))
  (func $run (result (result))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $take (param "text" string) (result (result))
    (canon lift (core func $main "take") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "run" (func $run))
    (export "take" (func $take)))
  (export "testing:params-giant/guest" (instance $exported)))
