;; Reads beyond the end of its memory.
;;
;;   package testing:memory-outside;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-outside
  (core module $main
    (memory (export "memory") 1)
    (func (export "run") (drop (i32.load (i32.const 0x7ffffff0)))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-outside/guest" (instance $guest)))
