;; A workflow that gets Fibonacci numbers in three ways.
;;
;;   package testing:fibo-workflow;
;;   interface workflow {
;;     fibow: func(n: u8, iterations: u32) -> result<u64>;              // computes by itself
;;     fiboa: func(n: u8, iterations: u32) -> result<u64>;              // calls the activity, one call after another
;;     fiboa-concurrent: func(n: u8, iterations: u32) -> result<u64>;   // starts all calls, then awaits all
;;   }
;;   world any {
;;     import testing:fibo/fibo;
;;     import testing:fibo-obelisk-ext/fibo;
;;     import obelisk:workflow/workflow-support@6.0.0;
;;     export workflow;
;;   }
;;
;; Each does its work `iterations` times and returns the last value, or 0 when there was nothing to do. An `err` of the
;; activity ends the workflow with `err`.
(component $fibo-workflow
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
    (alias outer $fibo-workflow $join-set (type $used))
    (export "join-set" (type $join-set (eq $used)))
    (export "join-set-create" (func (result (own $join-set))))))

  (import "testing:fibo/fibo" (instance $fibo
    (export "fibo" (func (param "n" u8) (result (result u64))))))

  (import "testing:fibo-obelisk-ext/fibo" (instance $fibo-ext
    (alias outer $fibo-workflow $execution-id (type $used-execution-id))
    (export "execution-id" (type $execution-id (eq $used-execution-id)))
    (alias outer $fibo-workflow $await-next-extension-error (type $used-error))
    (export "await-next-extension-error" (type $error (eq $used-error)))
    (alias outer $fibo-workflow $join-set (type $used-join-set))
    (export "join-set" (type $join-set (eq $used-join-set)))
    (export "fibo-submit" (func (param "join-set" (borrow $join-set)) (param "n" u8) (result $execution-id)))
    (export "fibo-await-next" (func (param "join-set" (borrow $join-set))
      (result (result (result u64) (error $error)))))))

  ;; --- memory ----------------------------------------------------------------------------------------------------
  ;; In a module of its own, because the lowered imports need it before the main module exists.
  ;; 0: the result of an export.  16: the result of fibo.  32: that of fibo-submit.  64: that of fibo-await-next.
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

  (core func $fibo-lowered (canon lower (func $fibo "fibo") (memory (core memory $heap "memory"))))
  (core func $join-set-create (canon lower (func $support "join-set-create")))
  (core func $join-set-drop (canon resource.drop $join-set))
  (core func $fibo-submit (canon lower (func $fibo-ext "fibo-submit")
    (memory (core memory $heap "memory")) (realloc (core func $heap "realloc"))))
  (core func $fibo-await-next (canon lower (func $fibo-ext "fibo-await-next")
    (memory (core memory $heap "memory")) (realloc (core func $heap "realloc"))))

  ;; --- code ------------------------------------------------------------------------------------------------------
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "host" "fibo" (func $host-fibo (param $n i32) (param $result i32)))
    (import "host" "join-set-create" (func $join-set-create (result i32)))
    (import "host" "join-set-drop" (func $join-set-drop (param $join-set i32)))
    (import "host" "fibo-submit" (func $fibo-submit (param $join-set i32) (param $n i32) (param $result i32)))
    (import "host" "fibo-await-next" (func $fibo-await-next (param $join-set i32) (param $result i32)))

    (func $ok (param $value i64) (result i32)
      (i32.store8 (i32.const 0) (i32.const 0))
      (i64.store (i32.const 8) (local.get $value))
      (i32.const 0))
    (func $err (result i32)
      (i32.store8 (i32.const 0) (i32.const 1))
      (i32.const 0))

    (func $compute (param $n i32) (result i64)
      (if (result i64) (i32.le_u (local.get $n) (i32.const 1))
        (then (i64.extend_i32_u (local.get $n)))
        (else
          (i64.add
            (call $compute (i32.sub (local.get $n) (i32.const 1)))
            (call $compute (i32.sub (local.get $n) (i32.const 2)))))))

    (func (export "fibow") (param $n i32) (param $iterations i32) (result i32)
      (local $last i64)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $iterations)))
          (local.set $last (call $compute (local.get $n)))
          (local.set $iterations (i32.sub (local.get $iterations) (i32.const 1)))
          (br $next)))
      (call $ok (local.get $last)))

    (func (export "fiboa") (param $n i32) (param $iterations i32) (result i32)
      (local $last i64)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $iterations)))
          (call $host-fibo (local.get $n) (i32.const 16))
          (if (i32.load8_u (i32.const 16)) (then (return (call $err))))
          (local.set $last (i64.load (i32.const 24)))
          (local.set $iterations (i32.sub (local.get $iterations) (i32.const 1)))
          (br $next)))
      (call $ok (local.get $last)))

    (func (export "fiboa-concurrent") (param $n i32) (param $iterations i32) (result i32)
      (local $join-set i32) (local $result i32)
      (local.set $join-set (call $join-set-create))
      (call $submit-all (local.get $join-set) (local.get $n) (local.get $iterations))
      (local.set $result (call $await-all (local.get $join-set) (local.get $iterations)))
      (call $join-set-drop (local.get $join-set))
      (local.get $result))

    (func $submit-all (param $join-set i32) (param $n i32) (param $left i32)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $left)))
          (call $fibo-submit (local.get $join-set) (local.get $n) (i32.const 32))
          (call $reset)
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next))))

    ;; result<result<u64>, error>: the outer discriminant at 64, the inner one at 72, the number at 80.
    (func $await-all (param $join-set i32) (param $left i32) (result i32)
      (local $last i64)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $left)))
          (call $fibo-await-next (local.get $join-set) (i32.const 64))
          ;; As many are awaited as were submitted, all of one function.
          (if (i32.load8_u (i32.const 64)) (then unreachable))
          (if (i32.load8_u (i32.const 72)) (then (return (call $err))))
          (local.set $last (i64.load (i32.const 80)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (call $ok (local.get $last))))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "fibo" (func $fibo-lowered))
      (export "join-set-create" (func $join-set-create))
      (export "join-set-drop" (func $join-set-drop))
      (export "fibo-submit" (func $fibo-submit))
      (export "fibo-await-next" (func $fibo-await-next))))))

  ;; --- exports ---------------------------------------------------------------------------------------------------
  (func $fibow (param "n" u8) (param "iterations" u32) (result (result u64))
    (canon lift (core func $main "fibow") (memory (core memory $heap "memory"))))
  (func $fiboa (param "n" u8) (param "iterations" u32) (result (result u64))
    (canon lift (core func $main "fiboa") (memory (core memory $heap "memory"))))
  (func $fiboa-concurrent (param "n" u8) (param "iterations" u32) (result (result u64))
    (canon lift (core func $main "fiboa-concurrent") (memory (core memory $heap "memory"))))
  (instance $workflow
    (export "fibow" (func $fibow))
    (export "fiboa" (func $fiboa))
    (export "fiboa-concurrent" (func $fiboa-concurrent)))
  (export "testing:fibo-workflow/workflow" (instance $workflow)))
