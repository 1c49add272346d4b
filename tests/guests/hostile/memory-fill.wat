;; Writes all of its memory in one instruction, again and again.
;;
;;   package testing:memory-fill;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-fill
  (core module $main
    (memory (export "memory") 256)
    (func (export "run")
      (loop $next
        (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1000000))
        (br $next))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-fill/guest" (instance $guest)))
