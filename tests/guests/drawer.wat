;; A workflow that draws from its seeded randomness.
;;
;;   package testing:drawer;
;;   interface drawer {
;;     number: func(min: u64, max-exclusive: u64) -> result<u64>;
;;     number-inclusive: func(min: u64, max-inclusive: u64) -> result<u64>;
;;     text: func(min-length: u16, max-length-exclusive: u16) -> result<string>;
;;     generated-id: func() -> result<string>;
;;     current-id: func() -> result<string>;
;;     // a number in 10..20, one in 10..=20, a text of 5 to 8 characters, a generated id, the execution's own id
;;     each: func() -> result<tuple<u64, u64, string, string, string>>;
;;   }
(component $drawer
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-record (record (field "id" string)))
    (export "execution-id" (type (eq $execution-id-record)))))
  (alias export $execution "execution-id" (type $execution-id))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $support
    (alias outer $drawer $execution-id (type $used))
    (export "execution-id" (type $execution-id (eq $used)))
    (export "execution-id-current" (func (result $execution-id)))
    (export "random-u64" (func (param "min" u64) (param "max-exclusive" u64) (result u64)))
    (export "random-u64-inclusive" (func (param "min" u64) (param "max-inclusive" u64) (result u64)))
    (export "random-string" (func (param "min-length" u16) (param "max-length-exclusive" u16) (result string)))
    (export "execution-id-generate" (func (result $execution-id)))))

  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $top (i32.const 1024)))
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
  (core func $number (canon lower (func $support "random-u64")))
  (core func $number-inclusive (canon lower (func $support "random-u64-inclusive")))
  (core func $text (canon lower (func $support "random-string") (memory $memory) (realloc $realloc)))
  (core func $generate (canon lower (func $support "execution-id-generate") (memory $memory) (realloc $realloc)))
  (core func $current (canon lower (func $support "execution-id-current") (memory $memory) (realloc $realloc)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (import "host" "number" (func $number (param i64 i64) (result i64)))
    (import "host" "number-inclusive" (func $number-inclusive (param i64 i64) (result i64)))
    (import "host" "text" (func $text (param i32 i32) (param $result i32)))
    (import "host" "generate" (func $generate (param $result i32)))
    (import "host" "current" (func $current (param $result i32)))
    (func (export "free") (param i32) (call $reset))

    ;; Results lie at 16, always ok; a number or a tuple at 24, a text at 20.
    (func (export "number") (param i64 i64) (result i32)
      (i64.store (i32.const 24) (call $number (local.get 0) (local.get 1)))
      (i32.const 16))
    (func (export "number-inclusive") (param i64 i64) (result i32)
      (i64.store (i32.const 24) (call $number-inclusive (local.get 0) (local.get 1)))
      (i32.const 16))
    (func (export "text") (param i32 i32) (result i32)
      (call $text (local.get 0) (local.get 1) (i32.const 20))
      (i32.const 16))
    (func (export "generated-id") (result i32) (call $generate (i32.const 20)) (i32.const 16))
    (func (export "current-id") (result i32) (call $current (i32.const 20)) (i32.const 16))
    (func (export "each") (result i32)
      (i64.store (i32.const 24) (call $number (i64.const 10) (i64.const 20)))
      (i64.store (i32.const 32) (call $number-inclusive (i64.const 10) (i64.const 20)))
      (call $text (i32.const 5) (i32.const 9) (i32.const 40))
      (call $generate (i32.const 48))
      (call $current (i32.const 56))
      (i32.const 16)))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "number" (func $number))
      (export "number-inclusive" (func $number-inclusive))
      (export "text" (func $text))
      (export "generate" (func $generate))
      (export "current" (func $current))))))

  (func $number-export (param "min" u64) (param "max-exclusive" u64) (result (result u64))
    (canon lift (core func $main "number") (memory $memory)))
  (func $number-inclusive-export (param "min" u64) (param "max-inclusive" u64) (result (result u64))
    (canon lift (core func $main "number-inclusive") (memory $memory)))
  (func $text-export (param "min-length" u16) (param "max-length-exclusive" u16) (result (result string))
    (canon lift (core func $main "text") (memory $memory) (post-return (core func $main "free"))))
  (func $generated-id (result (result string))
    (canon lift (core func $main "generated-id") (memory $memory) (post-return (core func $main "free"))))
  (func $current-id (result (result string))
    (canon lift (core func $main "current-id") (memory $memory) (post-return (core func $main "free"))))
  (func $each (result (result (tuple u64 u64 string string string)))
    (canon lift (core func $main "each") (memory $memory) (post-return (core func $main "free"))))
  (instance $drawer
    (export "number" (func $number-export))
    (export "number-inclusive" (func $number-inclusive-export))
    (export "text" (func $text-export))
    (export "generated-id" (func $generated-id))
    (export "current-id" (func $current-id))
    (export "each" (func $each)))
  (export "testing:drawer/drawer" (instance $drawer)))
