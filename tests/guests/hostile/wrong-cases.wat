;; Returns what its types do not have: cases, characters, flags.
;;
;;   package testing:wrong-cases;
;;   interface guest {
;;     enum colour { red, green }
;;     variant shape { dot, line }
;;     flags rights { read, write }
;;     enumeration: func() -> colour;
;;     plain-variant: func() -> shape;
;;     plain-result: func() -> result;
;;     set-flags: func() -> rights;
;;     character: func() -> char;
;;     truth: func() -> bool;
;;     number: func() -> f64;
;;     small-number: func() -> s8;
;;   }
(component $guest
  ;; --- imports and memory, written by tests/guests/build.py ---
  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 8192))
    (func (export "reset") (global.set $top (i32.const 8192)))
    (func (export "free") (param i32) (global.set $top (i32.const 8192)))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $address i32)
      (local.set $address
        (i32.and
          (i32.add (global.get $top) (i32.sub (local.get $align) (i32.const 1)))
          (i32.sub (i32.const 0) (local.get $align))))
      (global.set $top (i32.add (local.get $address) (local.get $size)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
      (memory.copy (local.get $address) (local.get $old) (local.get $old-size))
      (local.get $address)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (alias core export $heap "free" (core func $free))
  ;; --- code ---
  (core module $main
    (func (export "enumeration") (export "plain-variant") (export "plain-result") (export "truth") (export "set-flags") (result i32) (i32.const 7))
    (func (export "character") (export "small-number") (result i32) (i32.const 0xd800))
    (func (export "number") (result f64) (f64.const -nan:0x8000000000123)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
  ))
  (type $colour (enum "red" "green"))
  (type $shape (variant (case "dot") (case "line")))
  (type $rights (flags "read" "write"))
  (func $enumeration (result $colour)
    (canon lift (core func $main "enumeration") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $plain-variant (result $shape)
    (canon lift (core func $main "plain-variant") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $plain-result (result (result))
    (canon lift (core func $main "plain-result") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $set-flags (result $rights)
    (canon lift (core func $main "set-flags") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $character (result char)
    (canon lift (core func $main "character") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $truth (result bool)
    (canon lift (core func $main "truth") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $number (result f64)
    (canon lift (core func $main "number") (memory $memory) (realloc $realloc)))
  (func $small-number (result s8)
    (canon lift (core func $main "small-number") (memory $memory) (realloc $realloc) (post-return $free)))
  (component $interface
    (type $guest-colour-type (enum "red" "green"))
    (import "guest-colour" (type $guest-colour (eq $guest-colour-type)))
    (type $guest-shape-type (variant (case "dot") (case "line")))
    (import "guest-shape" (type $guest-shape (eq $guest-shape-type)))
    (type $guest-rights-type (flags "read" "write"))
    (import "guest-rights" (type $guest-rights (eq $guest-rights-type)))
    (import "enumeration" (func $enumeration (result $guest-colour)))
    (import "plain-variant" (func $plain-variant (result $guest-shape)))
    (import "plain-result" (func $plain-result (result (result))))
    (import "set-flags" (func $set-flags (result $guest-rights)))
    (import "character" (func $character (result char)))
    (import "truth" (func $truth (result bool)))
    (import "number" (func $number (result f64)))
    (import "small-number" (func $small-number (result s8)))
    (export $exported-colour "colour" (type $guest-colour))
    (export $exported-shape "shape" (type $guest-shape))
    (export $exported-rights "rights" (type $guest-rights))
    (export "enumeration" (func $enumeration) (func (result $exported-colour)))
    (export "plain-variant" (func $plain-variant) (func (result $exported-shape)))
    (export "plain-result" (func $plain-result) (func (result (result))))
    (export "set-flags" (func $set-flags) (func (result $exported-rights)))
    (export "character" (func $character) (func (result char)))
    (export "truth" (func $truth) (func (result bool)))
    (export "number" (func $number) (func (result f64)))
    (export "small-number" (func $small-number) (func (result s8))))
  (instance $exported (instantiate $interface
    (with "guest-colour" (type $colour))
    (with "guest-shape" (type $shape))
    (with "guest-rights" (type $rights))
    (with "enumeration" (func $enumeration))
    (with "plain-variant" (func $plain-variant))
    (with "plain-result" (func $plain-result))
    (with "set-flags" (func $set-flags))
    (with "character" (func $character))
    (with "truth" (func $truth))
    (with "number" (func $number))
    (with "small-number" (func $small-number))
  ))
  (export "testing:wrong-cases/guest" (instance $exported)))
