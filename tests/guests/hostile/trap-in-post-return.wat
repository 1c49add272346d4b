;; Returns, and gives up while it cleans up.
;;
;;   package testing:trap-in-post-return;
;;   interface guest {
;;     run: func() -> u32;
;;   }
(component $trap-in-post-return
  (core module $main
    (func (export "run") (result i32) (i32.const 7))
    (func (export "post-return") (param i32) unreachable))
  (core instance $main (instantiate $main))
  (func $run (result u32) (canon lift (core func $main "run") (post-return (core func $main "post-return"))))
  (instance $guest (export "run" (func $run)))
  (export "testing:trap-in-post-return/guest" (instance $guest)))
