;; Has eleven memories.
;;
;;   package testing:memory-many;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-many
  (core module $main
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (memory 1)
    (func (export "run")))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-many/guest" (instance $guest)))
