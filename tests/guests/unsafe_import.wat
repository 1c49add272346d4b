;; A component that imports an interface that nobody offers.
;;
;;   package testing:unsafe-import;
;;   interface unsafe-import { run: func() -> result; }
(component $unsafe-import
  (import "acme:nothing/here" (instance $nothing (export "ping" (func))))
  (core func $ping (canon lower (func $nothing "ping")))
  (core module $main
    (import "host" "ping" (func $ping))
    (func (export "run") (result i32) (call $ping) (i32.const 0)))
  (core instance $main (instantiate $main (with "host" (instance (export "ping" (func $ping))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $unsafe-import (export "run" (func $run)))
  (export "testing:unsafe-import/unsafe-import" (instance $unsafe-import)))
