;; An activity that returns the error that it is asked for.
;;
;;   package testing:refuser;
;;   interface refuser {
;;     variant refusal { later, permanent-failure }
;;     refuse: func(permanent: bool) -> result<u8, refusal>;
;;   }
(component $refuser
  (core module $main
    (memory (export "memory") 1)
    ;; The result lies at 16: the discriminant, then that of the variant.
    (func (export "refuse") (param $permanent i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store8 (i32.const 17) (local.get $permanent))
      (i32.const 16)))
  (core instance $main (instantiate $main))
  (type $refusal (variant (case "later") (case "permanent-failure")))
  (func $refuse (param "permanent" bool) (result (result u8 (error $refusal)))
    (canon lift (core func $main "refuse") (memory (core memory $main "memory"))))
  (component $named
    (type $refusal-type (variant (case "later") (case "permanent-failure")))
    (import "refusal" (type $in-refusal (eq $refusal-type)))
    (import "refuse" (func $refuse (param "permanent" bool) (result (result u8 (error $in-refusal)))))
    (export $out-refusal "refusal" (type $in-refusal))
    (export "refuse" (func $refuse) (func (param "permanent" bool) (result (result u8 (error $out-refusal))))))
  (instance $named (instantiate $named (with "refusal" (type $refusal)) (with "refuse" (func $refuse))))
  (instance $refuser (export "refusal" (type $named "refusal")) (export "refuse" (func $named "refuse")))
  (export "testing:refuser/refuser" (instance $refuser)))
