;; Does not come back from making room for its parameter.
;;
;;   package testing:spin-in-realloc;
;;   interface guest {
;;     run: func(text: string);
;;   }
(component $spin-in-realloc
  (core module $main
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (loop $next (br $next)) unreachable)
    (func (export "run") (param i32 i32)))
  (core instance $main (instantiate $main))
  (func $run (param "text" string) (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:spin-in-realloc/guest" (instance $guest)))
