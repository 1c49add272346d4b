;; An activity that misbehaves in each way that a limit has to catch.
;;
;;   package testing:spin;
;;   interface spin {
;;     spin: func(steps: u64) -> u64;                        // computes for a while
;;     spin-forever: func();
;;     trap: func();
;;     recurse: func();                                      // until the stack is exhausted
;;     grow: func(pages: u32) -> result<u32>;                // the memory's new size in pages, err when it may not grow
;;     grow-table: func(elements: u32) -> result<u32>;       // likewise the table's
;;     refuse: func(message: string) -> result<u64, string>; // err(message)
;;     amplify: func(copies: u32) -> list<string>;           // one text of 64 KiB, named `copies` times
;;     spin-in-post-return: func() -> u64;                   // returns 7, then does not come back from cleaning up
;;     trap-in-post-return: func() -> u64;
;;     spin-in-realloc: func(text: string);                  // does not come back from taking the parameter
;;     trap-in-realloc: func(text: string);
;;   }
(component $spin
  (core module $main
    (memory (export "memory") 1)
    (table $table 1 funcref)

    (func (export "spin") (param $steps i64) (result i64)
      (local $value i64)
      (block $done
        (loop $next
          (br_if $done (i64.eqz (local.get $steps)))
          (local.set $value (i64.add (i64.mul (local.get $value) (i64.const 31)) (local.get $steps)))
          (local.set $steps (i64.sub (local.get $steps) (i64.const 1)))
          (br $next)))
      (local.get $value))
    (func $forever (export "spin-forever") (loop $next (br $next)))
    (func (export "trap") unreachable)
    (func (export "recurse") (drop (call $deeper (i32.const 0))))
    (func $deeper (param $depth i32) (result i32)
      (i32.add (call $deeper (i32.add (local.get $depth) (i32.const 1))) (local.get $depth)))

    ;; A result<u32> lies at 16: the discriminant, then the number at 20.
    (func $grown (param $before i32) (param $now i32) (result i32)
      (i32.store8 (i32.const 16) (i32.eq (local.get $before) (i32.const -1)))
      (i32.store (i32.const 20) (local.get $now))
      (i32.const 16))
    (func (export "grow") (param $pages i32) (result i32)
      (call $grown (memory.grow (local.get $pages)) (memory.size)))
    (func (export "grow-table") (param $elements i32) (result i32)
      (call $grown (table.grow $table (ref.null func) (local.get $elements)) (table.size $table)))

    ;; A result<u64, string> lies at 16: the discriminant, then the payload at 24.
    (func (export "refuse") (param $address i32) (param $length i32) (result i32)
      (i32.store8 (i32.const 16) (i32.const 1))
      (i32.store (i32.const 24) (local.get $address))
      (i32.store (i32.const 28) (local.get $length))
      (i32.const 16))

    ;; The list begins in the second page, and each of its elements is the whole first one.
    (func (export "amplify") (param $copies i32) (result i32)
      (local $element i32)
      (drop (memory.grow (i32.add (i32.shr_u (local.get $copies) (i32.const 13)) (i32.const 1))))
      (i32.store (i32.const 16) (i32.const 65536))
      (i32.store (i32.const 20) (local.get $copies))
      (local.set $element (i32.const 65536))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $copies)))
          (i32.store offset=4 (local.get $element) (i32.const 65536))
          (local.set $element (i32.add (local.get $element) (i32.const 8)))
          (local.set $copies (i32.sub (local.get $copies) (i32.const 1)))
          (br $next)))
      (i32.const 16))

    (func (export "seven") (result i64) (i64.const 7))
    (func (export "spinning-post-return") (param i64) (call $forever))
    (func (export "trapping-post-return") (param i64) unreachable)
    (func (export "take-text") (param i32 i32))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "spinning-realloc") (param i32 i32 i32 i32) (result i32) (call $forever) (i32.const 1024))
    (func (export "trapping-realloc") (param i32 i32 i32 i32) (result i32) unreachable))
  (core instance $main (instantiate $main))
  (alias core export $main "memory" (core memory $memory))

  (func $spin (param "steps" u64) (result u64) (canon lift (core func $main "spin")))
  (func $spin-forever (canon lift (core func $main "spin-forever")))
  (func $trap (canon lift (core func $main "trap")))
  (func $recurse (canon lift (core func $main "recurse")))
  (func $grow (param "pages" u32) (result (result u32)) (canon lift (core func $main "grow") (memory $memory)))
  (func $grow-table (param "elements" u32) (result (result u32))
    (canon lift (core func $main "grow-table") (memory $memory)))
  (func $refuse (param "message" string) (result (result u64 (error string)))
    (canon lift (core func $main "refuse") (memory $memory) (realloc (core func $main "realloc"))))
  (func $amplify (param "copies" u32) (result (list string)) (canon lift (core func $main "amplify") (memory $memory)))
  (func $spin-in-post-return (result u64)
    (canon lift (core func $main "seven") (post-return (core func $main "spinning-post-return"))))
  (func $trap-in-post-return (result u64)
    (canon lift (core func $main "seven") (post-return (core func $main "trapping-post-return"))))
  (func $spin-in-realloc (param "text" string)
    (canon lift (core func $main "take-text") (memory $memory) (realloc (core func $main "spinning-realloc"))))
  (func $trap-in-realloc (param "text" string)
    (canon lift (core func $main "take-text") (memory $memory) (realloc (core func $main "trapping-realloc"))))

  (instance $spin
    (export "spin" (func $spin))
    (export "spin-forever" (func $spin-forever))
    (export "trap" (func $trap))
    (export "recurse" (func $recurse))
    (export "grow" (func $grow))
    (export "grow-table" (func $grow-table))
    (export "refuse" (func $refuse))
    (export "amplify" (func $amplify))
    (export "spin-in-post-return" (func $spin-in-post-return))
    (export "trap-in-post-return" (func $trap-in-post-return))
    (export "spin-in-realloc" (func $spin-in-realloc))
    (export "trap-in-realloc" (func $trap-in-realloc)))
  (export "testing:spin/spin" (instance $spin)))
