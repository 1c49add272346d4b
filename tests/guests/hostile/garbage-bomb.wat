;; Keeps every object that it makes in a heap that is collected.
;;
;;   package testing:garbage-bomb;
;;   interface guest {
;;     run: func();
;;   }
(component $garbage-bomb
  (core module $main
    (type $array (array (mut i64)))
    (type $node (struct (field (ref null $node)) (field (ref null $array))))
    (func (export "run")
      (local $list (ref null $node))
      (loop $next
        (local.set $list (struct.new $node (local.get $list) (array.new_default $array (i32.const 10000))))
        (br $next))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:garbage-bomb/guest" (instance $guest)))
