;; Uses handles that it does not hold.
;;
;;   package testing:handles;
;;   interface guest {
;;     never-made: func() -> result;
;;     after-drop: func() -> result;
;;     after-close: func() -> result;
;;     closed-twice: func() -> result;
;;     dropped-twice: func() -> result;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))
    (export "[method]join-set.id" (func (param "self" (borrow $join-set)) (result string)))))
  (alias export $join-set "join-set" (type $join-set))
  (import "obelisk:workflow/workflow-support@6.0.0" (instance $workflow-support
    (alias outer $guest $join-set (type $outer-join-set))
    (export "join-set" (type $join-set (eq $outer-join-set)))
    (export "join-set-create" (func (result (own $join-set))))
    (export "join-set-close" (func (param "self" (own $join-set))))))
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
  (core func $join-set.resource-drop-join-set (canon resource.drop $join-set))
  (core func $join-set.method-join-set.id
    (canon lower (func $join-set "[method]join-set.id") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-create
    (canon lower (func $workflow-support "join-set-create") (memory $memory) (realloc $realloc)))
  (core func $workflow-support.join-set-close
    (canon lower (func $workflow-support "join-set-close") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-create" (func $create (result i32)))
    (import "obelisk:workflow/workflow-support@6.0.0" "join-set-close" (func $close (param i32)))
    (import "obelisk:types/join-set@5.0.0" "[resource-drop]join-set" (func $drop (param i32)))
    (import "obelisk:types/join-set@5.0.0" "[method]join-set.id" (func $id (param i32 i32)))
    (func (export "never-made") (result i32) (call $id (i32.const 12345) (i32.const 16)) (i32.const 0))
    (func (export "after-drop") (result i32)
      (local $handle i32)
      (call $drop (local.tee $handle (call $create)))
      (call $id (local.get $handle) (i32.const 16))
      (i32.const 0))
    (func (export "after-close") (result i32)
      (local $handle i32)
      (call $close (local.tee $handle (call $create)))
      (call $id (local.get $handle) (i32.const 16))
      (i32.const 0))
    (func (export "closed-twice") (result i32)
      (local $handle i32)
      (call $close (local.tee $handle (call $create)))
      (call $close (local.get $handle))
      (i32.const 0))
    (func (export "dropped-twice") (result i32)
      (local $handle i32)
      (call $drop (local.tee $handle (call $create)))
      (call $drop (local.get $handle))
      (i32.const 0)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:types/join-set@5.0.0" (instance
      (export "[resource-drop]join-set" (func $join-set.resource-drop-join-set))
      (export "[method]join-set.id" (func $join-set.method-join-set.id))))
    (with "obelisk:workflow/workflow-support@6.0.0" (instance
      (export "join-set-create" (func $workflow-support.join-set-create))
      (export "join-set-close" (func $workflow-support.join-set-close))))
  ))
  (func $never-made (result (result))
    (canon lift (core func $main "never-made") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $after-drop (result (result))
    (canon lift (core func $main "after-drop") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $after-close (result (result))
    (canon lift (core func $main "after-close") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $closed-twice (result (result))
    (canon lift (core func $main "closed-twice") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $dropped-twice (result (result))
    (canon lift (core func $main "dropped-twice") (memory $memory) (realloc $realloc) (post-return $free)))
  (instance $exported
    (export "never-made" (func $never-made))
    (export "after-drop" (func $after-drop))
    (export "after-close" (func $after-close))
    (export "closed-twice" (func $closed-twice))
    (export "dropped-twice" (func $dropped-twice)))
  (export "testing:handles/guest" (instance $exported)))
