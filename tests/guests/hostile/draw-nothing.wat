;; Draws a number from a range without numbers, and texts whose length is out of range.
;;
;;   package testing:draw-nothing;
;;   interface guest {
;;     number: func() -> result;
;;     below-zero: func() -> result;
;;     text: func() -> result;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (export "random-u64" (func (param "min" u64) (param "max-exclusive" u64) (result u64)))
    (export "random-string" (func (param "min-length" u16) (param "max-length-exclusive" u16) (result string)))))
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
  (core func $workflow-support.random-u64
    (canon lower (func $workflow-support "random-u64") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.random-string
    (canon lower (func $workflow-support "random-string") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "random-u64" (func $random-u64 (param i64 i64) (result i64)))
    (import "obelisk:workflow/workflow-support@6.0.0" "random-string" (func $random-string (param i32 i32 i32)))
    (func (export "number") (result i32) (drop (call $random-u64 (i64.const 9) (i64.const 3))) (i32.const 0))
    (func (export "below-zero") (result i32) (drop (call $random-u64 (i64.const 0) (i64.const 0))) (i32.const 0))
    (func (export "text") (result i32) (call $random-string (i32.const 9) (i32.const 3) (i32.const 16)) (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "random-u64" (func $workflow-support.random-u64))
      (export "random-string" (func $workflow-support.random-string))))
  ))
  (func $number (result (result))
    (canon lift (core func $main "number") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $below-zero (result (result))
    (canon lift (core func $main "below-zero") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $text (result (result))
    (canon lift (core func $main "text") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "number" (func $number))
    (export "below-zero" (func $below-zero))
    (export "text" (func $text)))
  (export "testing:draw-nothing/guest" (instance $exported)))
