;; Waits for ever for a word of shared memory, which would stop the thread that it runs on.
;;
;;   package testing:memory-shared;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-shared
  (core module $main
    (memory (export "memory") 1 1 shared)
    (func (export "run") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-shared/guest" (instance $guest)))
