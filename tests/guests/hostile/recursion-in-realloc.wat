;; Calls itself until there is no stack left, while room is made for its parameter.
;;
;;   package testing:recursion-in-realloc;
;;   interface guest {
;;     run: func(text: string);
;;   }
(component $recursion-in-realloc
  (core module $main
    (memory (export "memory") 1)
    (func $realloc (export "realloc") (param i32 i32 i32 i32) (result i32)
      (i32.add (i32.const 1) (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1))))
    (func (export "run") (param i32 i32)))
  (core instance $main (instantiate $main))
  (func $run (param "text" string) (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:recursion-in-realloc/guest" (instance $guest)))
