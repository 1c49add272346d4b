;; Passes the handle of a resource of its own where the host expects one of a join set.
;;
;;   package testing:handle-of-another-kind;
;;   interface guest {
;;     run: func() -> result;
;;   }
(component $handle-of-another-kind
  (import "obelisk:types/join-set@5.0.0" (instance $join-set
    (export "join-set" (type $join-set (sub resource)))
    (export "[method]join-set.id" (func (param "self" (borrow $join-set)) (result string)))))
  (type $own (resource (rep i32)))
  (core func $new (canon resource.new $own))
  (core module $heap
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024)))
  (core instance $heap (instantiate $heap))
  (core func $id
    (canon lower (func $join-set "[method]join-set.id")
      (memory (core memory $heap "memory")) (realloc (core func $heap "realloc"))))
  (core module $main
    (import "host" "new" (func $new (param $representation i32) (result i32)))
    (import "host" "id" (func $id (param $self i32) (param $answer i32)))
    (func (export "run") (result i32)
      (call $id (call $new (i32.const 7)) (i32.const 16))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "host" (instance (export "new" (func $new)) (export "id" (func $id))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:handle-of-another-kind/guest" (instance $guest)))
