;; A workflow that drops its join sets, and one that computes after a host call.
;;
;;   package testing:dropper;
;;   interface dropper {
;;     drop-then-draw: func() -> result<u64>;      // drops a join set, then draws a number
;;     drop-two: func() -> result;                 // makes two join sets, drops the first, then the second
;;     drop-then-trap: func() -> result;
;;     draw-then-spin: func(steps: u64) -> u64;    // draws a number, then computes for a while
;;     ask-often: func(times: u32) -> result;      // asks what needs no event, one time after another
;;   }
(component $dropper
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-record (record (field "id" string)))
    (export "execution-id" (type (eq $execution-id-record)))))
  (alias export $execution "execution-id" (type $execution-id))
  (import "obelisk:types/join-set@5.0.0" (instance $join-set-interface
    (export "join-set" (type (sub resource)))))
  (alias export $join-set-interface "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $dropper $join-set (type $used))
    (export "join-set" (type $join-set (eq $used)))
    (alias outer $dropper $execution-id (type $used-id))
    (export "execution-id" (type $execution-id (eq $used-id)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "random-u64" (func (param "min" u64) (param "max-exclusive" u64) (result u64)))
    (export "last-direct-call-id" (func (result (option $execution-id))))))

  (core module $heap
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (core func $create (canon lower (func $support "join-set-create")))
  (core func $drop (canon resource.drop $join-set))
  (core func $draw (canon lower (func $support "random-u64")))
  (core func $last (canon lower (func $support "last-direct-call-id") (memory $memory) (realloc $realloc)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "host" "create" (func $create (result i32)))
    (import "host" "drop" (func $drop (param i32)))
    (import "host" "draw" (func $draw (param i64 i64) (result i64)))
    (import "host" "last" (func $last (param $result i32)))

    (func (export "drop-then-draw") (result i32)
      (call $drop (call $create))
      (i64.store (i32.const 24) (call $draw (i64.const 0) (i64.const 100)))
      (i32.const 16))
    (func (export "drop-two") (result i32)
      (local $first i32) (local $second i32)
      (local.set $first (call $create))
      (local.set $second (call $create))
      (call $drop (local.get $first))
      (call $drop (local.get $second))
      (i32.const 0))
    (func (export "drop-then-trap") (result i32)
      (call $drop (call $create))
      unreachable)
    (func (export "draw-then-spin") (param $steps i64) (result i64)
      (local $value i64)
      (local.set $value (call $draw (i64.const 0) (i64.const 100)))
      (block $done
        (loop $next
          (br_if $done (i64.eqz (local.get $steps)))
          (local.set $value (i64.add (i64.mul (local.get $value) (i64.const 31)) (local.get $steps)))
          (local.set $steps (i64.sub (local.get $steps) (i64.const 1)))
          (br $next)))
      (local.get $value))
    (func (export "ask-often") (param $times i32) (result i32)
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $times)))
          (call $last (i32.const 16))
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br $next)))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "create" (func $create))
      (export "drop" (func $drop))
      (export "draw" (func $draw))
      (export "last" (func $last))))))

  (func $drop-then-draw (result (result u64)) (canon lift (core func $main "drop-then-draw") (memory $memory)))
  (func $drop-two (result (result)) (canon lift (core func $main "drop-two")))
  (func $drop-then-trap (result (result)) (canon lift (core func $main "drop-then-trap")))
  (func $draw-then-spin (param "steps" u64) (result u64) (canon lift (core func $main "draw-then-spin")))
  (func $ask-often (param "times" u32) (result (result)) (canon lift (core func $main "ask-often")))
  (instance $dropper
    (export "drop-then-draw" (func $drop-then-draw))
    (export "drop-two" (func $drop-two))
    (export "drop-then-trap" (func $drop-then-trap))
    (export "draw-then-spin" (func $draw-then-spin))
    (export "ask-often" (func $ask-often)))
  (export "testing:dropper/dropper" (instance $dropper)))
