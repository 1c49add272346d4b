;; Workflows that call workflows.
;;
;;   package testing:fibo-workflow-outer;
;;   interface workflow {
;;     // Every step of the recursion is a child execution of this function; values up to 1 give 1.
;;     fibo-nested-workflow: func(n: u8) -> result<u64>;
;;     // Starts `fiboas` children of fiboa-concurrent, awaits all, and returns the sum of their values.
;;     fibo-start-fiboas: func(n: u8, fiboas: u32, iterations-per-fiboa: u32) -> result<u64>;
;;   }
;;   world any {
;;     import testing:fibo-workflow-outer/workflow;
;;     import testing:fibo-workflow-obelisk-ext/workflow;
;;     import obelisk:workflow/workflow-support@6.0.0;
;;     export workflow;
;;   }
;;
;; An `err` of a child ends the workflow with `err`.
(component $fibo-workflow-outer
  ;; --- imports ---------------------------------------------------------------------------------------------------
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
  (alias export $execution "await-next-extension-error" (type $await-next-extension-error))

  (import "obelisk:types/join-set@5.0.0" (instance $join-set-interface
    (export "join-set" (type (sub resource)))))
  (alias export $join-set-interface "join-set" (type $join-set))

  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $fibo-workflow-outer $join-set (type $used))
    (export "join-set" (type $join-set (eq $used)))
    (export "join-set-create" (func (result (own $join-set))))))

  ;; The interface that this component exports: a call through here is a child execution, not a call inside.
  (import "testing:fibo-workflow-outer/workflow" (instance $own
    (export "fibo-nested-workflow" (func (param "n" u8) (result (result u64))))))

  (import "testing:fibo-workflow-obelisk-ext/workflow" (instance $workflow-ext
    (alias outer $fibo-workflow-outer $execution-id (type $used-execution-id))
    (export "execution-id" (type $execution-id (eq $used-execution-id)))
    (alias outer $fibo-workflow-outer $await-next-extension-error (type $used-error))
    (export "await-next-extension-error" (type $error (eq $used-error)))
    (alias outer $fibo-workflow-outer $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (export "fiboa-concurrent-submit" (func
      (param "join-set" (borrow $join-set)) (param "n" u8) (param "iterations" u32) (result $execution-id)))
    (export "fiboa-concurrent-await-next" (func (param "join-set" (borrow $join-set))
      (result (result (result u64) (error $error)))))))

  ;; --- memory ----------------------------------------------------------------------------------------------------
  ;; 0: the result of an export.  16: the result of fibo-nested-workflow.  32: that of fiboa-concurrent-submit.
  ;; 64: that of fiboa-concurrent-await-next.
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

  (core func $nested-lowered (canon lower (func $own "fibo-nested-workflow") (memory (core memory $heap "memory"))))
  (core func $join-set-create (canon lower (func $support "join-set-create")))
  (core func $join-set-drop (canon resource.drop $join-set))
  (core func $submit (canon lower (func $workflow-ext "fiboa-concurrent-submit")
    (memory (core memory $heap "memory")) (realloc (core func $heap "realloc"))))
  (core func $await-next (canon lower (func $workflow-ext "fiboa-concurrent-await-next")
    (memory (core memory $heap "memory")) (realloc (core func $heap "realloc"))))

  ;; --- code ------------------------------------------------------------------------------------------------------
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "host" "nested" (func $host-nested (param $n i32) (param $result i32)))
    (import "host" "join-set-create" (func $join-set-create (result i32)))
    (import "host" "join-set-drop" (func $join-set-drop (param $join-set i32)))
    (import "host" "submit" (func $submit (param $join-set i32) (param $n i32) (param $iterations i32) (param $result i32)))
    (import "host" "await-next" (func $await-next (param $join-set i32) (param $result i32)))

    (func $ok (param $value i64) (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i64.store (i32.const 8) (local.get $value))
      (i32.const 0))
    (func $err (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.const 0))

    (func (export "fibo-nested-workflow") (param $n i32) (result i32)
      (local $first i64)
      (if (i32.le_u (local.get $n) (i32.const 1)) (then (return (call $ok (i64.const 1)))))
      (call $host-nested (i32.sub (local.get $n) (i32.const 1)) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (return (call $err))))
      (local.set $first (i64.load (i32.const 24)))
      (call $host-nested (i32.sub (local.get $n) (i32.const 2)) (i32.const 16))
      (if (i32.load8_u (i32.const 16)) (then (return (call $err))))
      (call $ok (i64.add (local.get $first) (i64.load (i32.const 24)))))

    (func (export "fibo-start-fiboas") (param $n i32) (param $fiboas i32) (param $iterations i32) (result i32)
      (local $join-set i32) (local $left i32) (local $result i32)
      (local.set $join-set (call $join-set-create))
      (local.set $left (local.get $fiboas))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $left)))
          (call $submit (local.get $join-set) (local.get $n) (local.get $iterations) (i32.const 32))
          (call $reset)
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (local.set $result (call $sum (local.get $join-set) (local.get $fiboas)))
      (call $join-set-drop (local.get $join-set))
      (local.get $result))

    ;; result<result<u64>, error>: the outer discriminant at 64, the inner one at 72, the number at 80.
    (func $sum (param $join-set i32) (param $left i32) (result i32)
      (local $total i64)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $left)))
          (call $await-next (local.get $join-set) (i32.const 64))
          ;; As many are awaited as were submitted, all of one function.
          (if (i32.load8_u (i32.const 64)) (then unreachable))
          (if (i32.load8_u (i32.const 72)) (then (return (call $err))))
          (local.set $total (i64.add (local.get $total) (i64.load (i32.const 80))))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (call $ok (local.get $total))))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "nested" (func $nested-lowered))
      (export "join-set-create" (func $join-set-create))
      (export "join-set-drop" (func $join-set-drop))
      (export "submit" (func $submit))
      (export "await-next" (func $await-next))))))

  ;; --- exports ---------------------------------------------------------------------------------------------------
  (func $fibo-nested-workflow (param "n" u8) (result (result u64))
    (canon lift (core func $main "fibo-nested-workflow") (memory (core memory $heap "memory"))))
  (func $fibo-start-fiboas (param "n" u8) (param "fiboas" u32) (param "iterations-per-fiboa" u32) (result (result u64))
    (canon lift (core func $main "fibo-start-fiboas") (memory (core memory $heap "memory"))))
  (instance $workflow
    (export "fibo-nested-workflow" (func $fibo-nested-workflow))
    (export "fibo-start-fiboas" (func $fibo-start-fiboas)))
  (export "testing:fibo-workflow-outer/workflow" (instance $workflow)))
