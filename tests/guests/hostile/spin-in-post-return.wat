;; Returns, and then does not end cleaning up.
;;
;;   package testing:spin-in-post-return;
;;   interface guest {
;;     run: func() -> u32;
;;   }
(component $spin-in-post-return
  (core module $main
    (func (export "run") (result i32) (i32.const 7))
    (func (export "post-return") (param i32) (loop $next (br $next))))
  (core instance $main (instantiate $main))
  (func $run (result u32) (canon lift (core func $main "run") (post-return (core func $main "post-return"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:spin-in-post-return/guest" (instance $guest)))
