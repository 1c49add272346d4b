;; An activity that returns what it is given, for each type that WIT has.
;;
;;   package testing:values;
;;   interface values {
;;     record my-record { a-number: u64, long-name: string, maybe-nothing: option<string>, all-tags: list<string> }
;;     variant shape { circle(f64), label(string), dot, size(u32) }
;;     enum color { red, dark-green, blue }
;;     flags permissions { read, write, run-it }
;;     echo-bool: func(value: bool) -> bool;
;;     echo-s8: func(value: s8) -> s8;
;;     echo-u8: func(value: u8) -> u8;
;;     echo-s16: func(value: s16) -> s16;
;;     echo-u16: func(value: u16) -> u16;
;;     echo-s32: func(value: s32) -> s32;
;;     echo-u32: func(value: u32) -> u32;
;;     echo-s64: func(value: s64) -> s64;
;;     echo-u64: func(value: u64) -> u64;
;;     echo-f32: func(value: f32) -> f32;
;;     echo-f64: func(value: f64) -> f64;
;;     echo-char: func(value: char) -> char;
;;     echo-string: func(value: string) -> string;
;;     echo-bytes: func(value: list<u8>) -> list<u8>;
;;     echo-strings: func(value: list<string>) -> list<string>;
;;     echo-numbers: func(value: list<u64>) -> list<u64>;
;;     echo-nested-list: func(value: list<list<bool>>) -> list<list<bool>>;
;;     echo-options: func(value: list<option<char>>) -> list<option<char>>;
;;     echo-records: func(value: list<my-record>) -> list<my-record>;
;;     echo-option: func(value: option<u32>) -> option<u32>;
;;     echo-nested-option: func(value: option<option<u32>>) -> option<option<u32>>;
;;     echo-result: func(value: result<u32, string>) -> result<u32, string>;
;;     echo-result-ok: func(value: result<u32>) -> result<u32>;
;;     echo-result-err: func(value: result<_, string>) -> result<_, string>;
;;     echo-result-bare: func(value: result) -> result;
;;     echo-tuple: func(value: tuple<u8, string>) -> tuple<u8, string>;
;;     echo-record: func(value: my-record) -> my-record;
;;     echo-variant: func(value: shape) -> shape;
;;     echo-enum: func(value: color) -> color;
;;     echo-flags: func(value: permissions) -> permissions;
;;     nothing: func();
;;     echo-long-tuple: func(value: tuple<u8 (17 times), string>) -> tuple<u8 (17 times), string>;
;;   }
(component $values
  ;; Memory is given out from the top up and freed all at once by reset.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "reset") (global.set $top (i32.const 1024)))
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
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "heap" "reset" (func $reset))
    (func (export "nothing"))
    (func (export "free") (param i32) (call $reset))
    (func (export "same-i32") (param i32) (result i32) (local.get 0))
    (func (export "same-i64") (param i64) (result i64) (local.get 0))
    (func (export "same-f32") (param f32) (result f32) (local.get 0))
    (func (export "same-f64") (param f64) (result f64) (local.get 0))
    ;; Everything else is stored at 16, as the canonical ABI lays it out, and returned by its address.
    (func (export "same-list") (param $address i32) (param $length i32) (result i32)
      (i32.store (i32.const 16) (local.get $address))
      (i32.store (i32.const 20) (local.get $length))
      (i32.const 16))
    (func (export "same-option") (param $is-some i32) (param $value i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $is-some))
      (i32.store (i32.const 20) (local.get $value))
      (i32.const 16))
    (func (export "same-nested-option") (param $outer i32) (param $inner i32) (param $value i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $outer))
      (i32.store8 (i32.const 20) (local.get $inner))
      (i32.store (i32.const 24) (local.get $value))
      (i32.const 16))
    (func (export "same-result") (param $is-err i32) (param $first i32) (param $second i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $is-err))
      (i32.store (i32.const 20) (local.get $first))
      (i32.store (i32.const 24) (local.get $second))
      (i32.const 16))
    (func (export "same-tuple") (param $number i32) (param $address i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $number))
      (i32.store (i32.const 20) (local.get $address))
      (i32.store (i32.const 24) (local.get $length))
      (i32.const 16))
    (func (export "same-record")
      (param $number i64) (param $name i32) (param $name-length i32)
      (param $is-some i32) (param $maybe i32) (param $maybe-length i32) (param $tags i32) (param $tags-length i32)
      (result i32)
      (i64.store (i32.const 16) (local.get $number))
      (i32.store (i32.const 24) (local.get $name))
      (i32.store (i32.const 28) (local.get $name-length))
      (i32.store8 (i32.const 32) (local.get $is-some))
      (i32.store (i32.const 36) (local.get $maybe))
      (i32.store (i32.const 40) (local.get $maybe-length))
      (i32.store (i32.const 44) (local.get $tags))
      (i32.store (i32.const 48) (local.get $tags-length))
      (i32.const 16))
    ;; The payloads share their parameters: an f64 comes as the bits of an i64, a string as address and length.
    (func (export "same-variant") (param $case i32) (param $first i64) (param $second i32) (result i32)
      (i32.store8 (i32.const 16) (local.get $case))
      (i64.store (i32.const 24) (local.get $first))
      (if (i32.eq (local.get $case) (i32.const 1))
        (then (i32.store (i32.const 28) (local.get $second))))
      (i32.const 16))
    ;; More than sixteen parameters come in memory, at an address.
    (func (export "same-address") (param $address i32) (result i32) (local.get $address)))
  (core instance $main (instantiate $main (with "heap" (instance $heap))))

  (type $my-record (record
    (field "a-number" u64) (field "long-name" string) (field "maybe-nothing" (option string))
    (field "all-tags" (list string))))
  (type $shape (variant (case "circle" f64) (case "label" string) (case "dot") (case "size" u32)))
  (type $color (enum "red" "dark-green" "blue"))
  (type $permissions (flags "read" "write" "run-it"))

  (func $echo-bool (param "value" bool) (result bool)
    (canon lift (core func $main "same-i32")))
  (func $echo-s8 (param "value" s8) (result s8)
    (canon lift (core func $main "same-i32")))
  (func $echo-u8 (param "value" u8) (result u8)
    (canon lift (core func $main "same-i32")))
  (func $echo-s16 (param "value" s16) (result s16)
    (canon lift (core func $main "same-i32")))
  (func $echo-u16 (param "value" u16) (result u16)
    (canon lift (core func $main "same-i32")))
  (func $echo-s32 (param "value" s32) (result s32)
    (canon lift (core func $main "same-i32")))
  (func $echo-u32 (param "value" u32) (result u32)
    (canon lift (core func $main "same-i32")))
  (func $echo-s64 (param "value" s64) (result s64)
    (canon lift (core func $main "same-i64")))
  (func $echo-u64 (param "value" u64) (result u64)
    (canon lift (core func $main "same-i64")))
  (func $echo-f32 (param "value" f32) (result f32)
    (canon lift (core func $main "same-f32")))
  (func $echo-f64 (param "value" f64) (result f64)
    (canon lift (core func $main "same-f64")))
  (func $echo-char (param "value" char) (result char)
    (canon lift (core func $main "same-i32")))
  (func $echo-string (param "value" string) (result string)
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-bytes (param "value" (list u8)) (result (list u8))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-strings (param "value" (list string)) (result (list string))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-numbers (param "value" (list u64)) (result (list u64))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-nested-list (param "value" (list (list bool))) (result (list (list bool)))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-options (param "value" (list (option char))) (result (list (option char)))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-records (param "value" (list $my-record)) (result (list $my-record))
    (canon lift (core func $main "same-list") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-option (param "value" (option u32)) (result (option u32))
    (canon lift (core func $main "same-option") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-nested-option (param "value" (option (option u32))) (result (option (option u32)))
    (canon lift (core func $main "same-nested-option") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-result (param "value" (result u32 (error string))) (result (result u32 (error string)))
    (canon lift (core func $main "same-result") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-result-ok (param "value" (result u32)) (result (result u32))
    (canon lift (core func $main "same-option") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-result-err (param "value" (result (error string))) (result (result (error string)))
    (canon lift (core func $main "same-result") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-result-bare (param "value" (result)) (result (result))
    (canon lift (core func $main "same-i32")))
  (func $echo-tuple (param "value" (tuple u8 string)) (result (tuple u8 string))
    (canon lift (core func $main "same-tuple") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-record (param "value" $my-record) (result $my-record)
    (canon lift (core func $main "same-record") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-variant (param "value" $shape) (result $shape)
    (canon lift (core func $main "same-variant") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $echo-enum (param "value" $color) (result $color)
    (canon lift (core func $main "same-i32")))
  (func $echo-flags (param "value" $permissions) (result $permissions)
    (canon lift (core func $main "same-i32")))
  (func $echo-long-tuple (param "value" (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 string))
    (result (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 string))
    (canon lift (core func $main "same-address") (memory $memory) (realloc $realloc) (post-return (core func $main "free"))))
  (func $nothing (canon lift (core func $main "nothing")))

  ;; The types that have names are exported under them, and the functions that use them are exported in terms of them.
  (component $named
    (type $record-type (record
      (field "a-number" u64) (field "long-name" string) (field "maybe-nothing" (option string))
      (field "all-tags" (list string))))
    (import "my-record" (type $in-record (eq $record-type)))
    (type $shape-type (variant (case "circle" f64) (case "label" string) (case "dot") (case "size" u32)))
    (import "shape" (type $in-shape (eq $shape-type)))
    (type $color-type (enum "red" "dark-green" "blue"))
    (import "color" (type $in-color (eq $color-type)))
    (type $permissions-type (flags "read" "write" "run-it"))
    (import "permissions" (type $in-permissions (eq $permissions-type)))
    (import "echo-records" (func $echo-records (param "value" (list $in-record)) (result (list $in-record))))
    (import "echo-record" (func $echo-record (param "value" $in-record) (result $in-record)))
    (import "echo-variant" (func $echo-variant (param "value" $in-shape) (result $in-shape)))
    (import "echo-enum" (func $echo-enum (param "value" $in-color) (result $in-color)))
    (import "echo-flags" (func $echo-flags (param "value" $in-permissions) (result $in-permissions)))
    (export $out-record "my-record" (type $in-record))
    (export $out-shape "shape" (type $in-shape))
    (export $out-color "color" (type $in-color))
    (export $out-permissions "permissions" (type $in-permissions))
    (export "echo-records" (func $echo-records) (func (param "value" (list $out-record)) (result (list $out-record))))
    (export "echo-record" (func $echo-record) (func (param "value" $out-record) (result $out-record)))
    (export "echo-variant" (func $echo-variant) (func (param "value" $out-shape) (result $out-shape)))
    (export "echo-enum" (func $echo-enum) (func (param "value" $out-color) (result $out-color)))
    (export "echo-flags" (func $echo-flags) (func (param "value" $out-permissions) (result $out-permissions))))
  (instance $named (instantiate $named
    (with "my-record" (type $my-record)) (with "shape" (type $shape))
    (with "color" (type $color)) (with "permissions" (type $permissions))
    (with "echo-records" (func $echo-records))
    (with "echo-record" (func $echo-record))
    (with "echo-variant" (func $echo-variant))
    (with "echo-enum" (func $echo-enum))
    (with "echo-flags" (func $echo-flags))))

  (instance $values
    (export "my-record" (type $named "my-record"))
    (export "shape" (type $named "shape"))
    (export "color" (type $named "color"))
    (export "permissions" (type $named "permissions"))
    (export "echo-records" (func $named "echo-records"))
    (export "echo-record" (func $named "echo-record"))
    (export "echo-variant" (func $named "echo-variant"))
    (export "echo-enum" (func $named "echo-enum"))
    (export "echo-flags" (func $named "echo-flags"))
    (export "echo-bool" (func $echo-bool))
    (export "echo-s8" (func $echo-s8))
    (export "echo-u8" (func $echo-u8))
    (export "echo-s16" (func $echo-s16))
    (export "echo-u16" (func $echo-u16))
    (export "echo-s32" (func $echo-s32))
    (export "echo-u32" (func $echo-u32))
    (export "echo-s64" (func $echo-s64))
    (export "echo-u64" (func $echo-u64))
    (export "echo-f32" (func $echo-f32))
    (export "echo-f64" (func $echo-f64))
    (export "echo-char" (func $echo-char))
    (export "echo-string" (func $echo-string))
    (export "echo-bytes" (func $echo-bytes))
    (export "echo-strings" (func $echo-strings))
    (export "echo-numbers" (func $echo-numbers))
    (export "echo-nested-list" (func $echo-nested-list))
    (export "echo-options" (func $echo-options))
    (export "echo-option" (func $echo-option))
    (export "echo-nested-option" (func $echo-nested-option))
    (export "echo-result" (func $echo-result))
    (export "echo-result-ok" (func $echo-result-ok))
    (export "echo-result-err" (func $echo-result-err))
    (export "echo-result-bare" (func $echo-result-bare))
    (export "echo-tuple" (func $echo-tuple))
    (export "echo-long-tuple" (func $echo-long-tuple))
    (export "nothing" (func $nothing)))
  (export "testing:values/values" (instance $values)))
