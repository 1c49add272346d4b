;; An activity with the types and the errors that results can have.
;;
;;   package testing:serde;
;;   interface serde {
;;     record my-record {
;;       a: u32,
;;       image: list<u8>,
;;       b: string,
;;       opt: option<string>,
;;     }
;;     variant my-variant {
;;       var1(option<bool>),
;;       var2,
;;     }
;;     variant my-error {
;;       foo,
;;       execution-failed,
;;     }
;;     variant my-permanent-error {
;;       temporary,
;;       permanent-failure,
;;       execution-failed,
;;     }
;;     rec: func(rec: my-record) -> result<my-record>;                  // returns what it takes
;;     var: func(var: my-variant) -> result<my-variant>;                // the same
;;     trap: func() -> result<_, my-error>;
;;     err-string: func(s: string) -> result<_, string>;                // returns err(s)
;;     permanent-err: func() -> result<_, my-permanent-error>;          // returns permanent-failure
;;     temporary-err: func() -> result<_, my-permanent-error>;          // returns temporary
;;     code-err: func() -> result<u32, u32>;                            // returns err(7)
;;     trap-u64: func() -> u64;
;;     nothing-trap: func();
;;   }
(component $serde
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
  ;; 16: the result of an export.
  (core module $main
    (import "heap" "memory" (memory 1))
    (func (export "rec")
      (param $a i32) (param $image i32) (param $image-length i32) (param $b i32) (param $b-length i32)
      (param $is-some i32) (param $opt i32) (param $opt-length i32)
      (result i32)
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store (i32.const 20) (local.get $a))
      (i32.store (i32.const 24) (local.get $image))
      (i32.store (i32.const 28) (local.get $image-length))
      (i32.store (i32.const 32) (local.get $b))
      (i32.store (i32.const 36) (local.get $b-length))
      (i32.store8 (i32.const 40) (local.get $is-some))
      (i32.store (i32.const 44) (local.get $opt))
      (i32.store (i32.const 48) (local.get $opt-length))
      (i32.const 16))
    ;; All parts are bytes that follow one another.
    (func (export "var") (param $case i32) (param $is-some i32) (param $bool i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 0))
      (i32.store8 (i32.const 17) (local.get $case))
      (i32.store8 (i32.const 18) (local.get $is-some))
      (i32.store8 (i32.const 19) (local.get $bool))
      (i32.const 16))
    (func (export "trap") (result i32) unreachable)
    (func (export "err-string") (param $address i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store (i32.const 20) (local.get $address))
      (i32.store (i32.const 24) (local.get $length))
      (i32.const 16))
    (func $err (param $case i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store8 (i32.const 17) (local.get $case))
      (i32.const 16))
    (func (export "permanent-err") (result i32) (call $err (i32.const 1)))
    (func (export "temporary-err") (result i32) (call $err (i32.const 0)))
    (func (export "code-err") (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store (i32.const 20) (i32.const 7))
      (i32.const 16))
    (func (export "trap-u64") (result i64) unreachable)
    (func (export "nothing-trap") unreachable))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
  ))
  (type $my-record (record
      (field "a" u32)
      (field "image" (list u8))
      (field "b" string)
      (field "opt" (option string))))
  (type $my-variant (variant (case "var1" (option bool)) (case "var2")))
  (type $my-error (variant (case "foo") (case "execution-failed")))
  (type $my-permanent-error (variant (case "temporary") (case "permanent-failure") (case "execution-failed")))
  (func $rec (param "rec" $my-record) (result (result $my-record))
    (canon lift (core func $main "rec") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $var (param "var" $my-variant) (result (result $my-variant))
    (canon lift (core func $main "var") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $trap (result (result (error $my-error)))
    (canon lift (core func $main "trap") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $err-string (param "s" string) (result (result (error string)))
    (canon lift (core func $main "err-string") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $permanent-err (result (result (error $my-permanent-error)))
    (canon lift (core func $main "permanent-err") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $temporary-err (result (result (error $my-permanent-error)))
    (canon lift (core func $main "temporary-err") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $code-err (result (result u32 (error u32)))
    (canon lift (core func $main "code-err") (memory $memory) (realloc $realloc) (post-return $free)))
  (func $trap-u64 (result u64)
    (canon lift (core func $main "trap-u64") (memory $memory) (realloc $realloc)))
  (func $nothing-trap
    (canon lift (core func $main "nothing-trap") (memory $memory) (realloc $realloc)))
  (component $interface
    (type $serde-my-record-type (record
      (field "a" u32)
      (field "image" (list u8))
      (field "b" string)
      (field "opt" (option string))))
    (import "serde-my-record" (type $serde-my-record (eq $serde-my-record-type)))
    (type $serde-my-variant-type (variant (case "var1" (option bool)) (case "var2")))
    (import "serde-my-variant" (type $serde-my-variant (eq $serde-my-variant-type)))
    (type $serde-my-error-type (variant (case "foo") (case "execution-failed")))
    (import "serde-my-error" (type $serde-my-error (eq $serde-my-error-type)))
    (type $serde-my-permanent-error-type (variant (case "temporary") (case "permanent-failure") (case "execution-failed")))
    (import "serde-my-permanent-error" (type $serde-my-permanent-error (eq $serde-my-permanent-error-type)))
    (import "rec" (func $rec (param "rec" $serde-my-record) (result (result $serde-my-record))))
    (import "var" (func $var (param "var" $serde-my-variant) (result (result $serde-my-variant))))
    (import "trap" (func $trap (result (result (error $serde-my-error)))))
    (import "err-string" (func $err-string (param "s" string) (result (result (error string)))))
    (import "permanent-err" (func $permanent-err (result (result (error $serde-my-permanent-error)))))
    (import "temporary-err" (func $temporary-err (result (result (error $serde-my-permanent-error)))))
    (import "code-err" (func $code-err (result (result u32 (error u32)))))
    (import "trap-u64" (func $trap-u64 (result u64)))
    (import "nothing-trap" (func $nothing-trap))
    (export $exported-my-record "my-record" (type $serde-my-record))
    (export $exported-my-variant "my-variant" (type $serde-my-variant))
    (export $exported-my-error "my-error" (type $serde-my-error))
    (export $exported-my-permanent-error "my-permanent-error" (type $serde-my-permanent-error))
    (export "rec" (func $rec) (func (param "rec" $exported-my-record) (result (result $exported-my-record))))
    (export "var" (func $var) (func (param "var" $exported-my-variant) (result (result $exported-my-variant))))
    (export "trap" (func $trap) (func (result (result (error $exported-my-error)))))
    (export "err-string" (func $err-string) (func (param "s" string) (result (result (error string)))))
    (export "permanent-err" (func $permanent-err) (func (result (result (error $exported-my-permanent-error)))))
    (export "temporary-err" (func $temporary-err) (func (result (result (error $exported-my-permanent-error)))))
    (export "code-err" (func $code-err) (func (result (result u32 (error u32)))))
    (export "trap-u64" (func $trap-u64) (func (result u64)))
    (export "nothing-trap" (func $nothing-trap) (func)))
  (instance $exported (instantiate $interface
    (with "serde-my-record" (type $my-record))
    (with "serde-my-variant" (type $my-variant))
    (with "serde-my-error" (type $my-error))
    (with "serde-my-permanent-error" (type $my-permanent-error))
    (with "rec" (func $rec))
    (with "var" (func $var))
    (with "trap" (func $trap))
    (with "err-string" (func $err-string))
    (with "permanent-err" (func $permanent-err))
    (with "temporary-err" (func $temporary-err))
    (with "code-err" (func $code-err))
    (with "trap-u64" (func $trap-u64))
    (with "nothing-trap" (func $nothing-trap))
  ))
  (export "testing:serde/serde" (instance $exported)))
