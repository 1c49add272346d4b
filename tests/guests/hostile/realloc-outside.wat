;; Makes room for its parameter beyond the end of its memory.
;;
;;   package testing:realloc-outside;
;;   interface guest {
;;     run: func(text: string);
;;   }
(component $realloc-outside
  (core module $main
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0x7ffffff0))
    (func (export "run") (param i32 i32)))
  (core instance $main (instantiate $main))
  (func $run (param "text" string) (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:realloc-outside/guest" (instance $guest)))
