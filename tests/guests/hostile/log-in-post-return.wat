;; Calls the host while it cleans up.
;;
;;   package testing:log-in-post-return;
;;   interface guest {
;;     run: func() -> u32;
;;   }
(component $log-in-post-return
  (import "obelisk:log/log@1.0.0" (instance $log (export "info" (func (param "message" string)))))
  (core module $memory (memory (export "memory") 1))
  (core instance $memory (instantiate $memory))
  (core func $info (canon lower (func $log "info") (memory (core memory $memory "memory"))))
  (core module $main
    (import "host" "memory" (memory 1))
    (import "host" "info" (func $info (param $address i32) (param $length i32)))
    (func (export "run") (result i32) (i32.const 7))
    (func (export "post-return") (param i32) (call $info (i32.const 16) (i32.const 4))))
  (core instance $main (instantiate $main (with "host" (instance (export "info" (func $info)) (export "memory" (memory $memory "memory"))))))
  (func $run (result u32) (canon lift (core func $main "run") (post-return (core func $main "post-return"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:log-in-post-return/guest" (instance $guest)))
