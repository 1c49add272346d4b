;; Asks for 4 GiB of memory before it runs.
;;
;;   package testing:memory-declared;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-declared
  (core module $main
    (memory (export "memory") 65536)
    (func (export "run")))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-declared/guest" (instance $guest)))
