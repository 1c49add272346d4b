;; Calls the host while the host makes room for its parameter.
;;
;;   package testing:log-in-realloc;
;;   interface guest {
;;     run: func(text: string);
;;   }
(component $log-in-realloc
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (export "memory" (memory 0))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (call $info (i32.const 16) (i32.const 4)) (i32.const 32))
    (func (export "run") (param i32 i32)))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (param "text" string) (canon lift (core func $main "run") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-in-realloc/guest" (instance $guest)))
