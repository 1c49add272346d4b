;; Throws an exception that nobody catches.
;;
;;   package testing:exception;
;;   interface guest {
;;     run: func();
;;   }
(component $exception
  (core module $main
    (tag $tag)
    (func (export "run") (throw $tag)))
  (core instance $main (instantiate $main))
  (func $run (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:exception/guest" (instance $guest)))
