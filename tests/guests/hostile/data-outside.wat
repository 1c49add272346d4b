;; Has data that belong outside of its memory.
;;
;;   package testing:data-outside;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
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
  ;; --- code ---
  (core module $main
    (memory 1)
    (data (i32.const 65530) "more than there is room for")
    (func (export "run") (result i32) (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
  ))
  (func $run (result (result))
    (canon lift (core func $main "run") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "run" (func $run)))
  (export "testing:data-outside/guest" (instance $exported)))
