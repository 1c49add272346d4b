;; Takes all the memory that it gets, writes into each page, and gives up.
;;
;;   package testing:memory-bomb;
;;   interface guest {
;;     run: func();
;;   }
(component $memory-bomb
  (core module $main
    (memory (export "memory") 1)
    (func (export "run")
      (local $page i32)
      (loop $next
        (local.set $page (memory.grow (i32.const 16)))
        (if (i32.eq (local.get $page) (i32.const -1)) (then unreachable))
        (memory.fill (i32.mul (local.get $page) (i32.const 65536)) (i32.const 1) (i32.const 0x100000))
        (br $next))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-bomb/guest" (instance $guest)))
