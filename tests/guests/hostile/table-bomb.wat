;; Takes all the table elements that it gets, and gives up.
;;
;;   package testing:table-bomb;
;;   interface guest {
;;     run: func();
;;   }
(component $table-bomb
  (core module $main
    (table $table 1 funcref)
    (func (export "run")
      (loop $next
        (if (i32.eq (table.grow $table (ref.null func) (i32.const 100000)) (i32.const -1)) (then unreachable))
        (br $next))))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:table-bomb/guest" (instance $guest)))
