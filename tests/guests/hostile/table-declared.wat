;; Asks for 100,000,000 table elements before it runs.
;;
;;   package testing:table-declared;
;;   interface guest {
;;     run: func();
;;   }
(component $table-declared
  (core module $main
    (table 100000000 funcref)
    (func (export "run")))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:table-declared/guest" (instance $guest)))
