;; Takes all the memory that it gets in each of ten memories.
;;
;;   package testing:memory-everywhere;
;;   interface guest {
;;     run: func() -> u32;
;;   }
(component $memory-everywhere
  (core module $main
    (memory $m0 1)
    (memory $m1 1)
    (memory $m2 1)
    (memory $m3 1)
    (memory $m4 1)
    (memory $m5 1)
    (memory $m6 1)
    (memory $m7 1)
    (memory $m8 1)
    (memory $m9 1)
    (func (export "run") (result i32)
      (local $pages i32)
      (loop $next0
        (if (i32.ne (memory.grow $m0 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m0 (i32.mul (i32.sub (memory.size $m0) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next0))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m0)))
      (loop $next1
        (if (i32.ne (memory.grow $m1 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m1 (i32.mul (i32.sub (memory.size $m1) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next1))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m1)))
      (loop $next2
        (if (i32.ne (memory.grow $m2 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m2 (i32.mul (i32.sub (memory.size $m2) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next2))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m2)))
      (loop $next3
        (if (i32.ne (memory.grow $m3 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m3 (i32.mul (i32.sub (memory.size $m3) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next3))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m3)))
      (loop $next4
        (if (i32.ne (memory.grow $m4 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m4 (i32.mul (i32.sub (memory.size $m4) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next4))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m4)))
      (loop $next5
        (if (i32.ne (memory.grow $m5 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m5 (i32.mul (i32.sub (memory.size $m5) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next5))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m5)))
      (loop $next6
        (if (i32.ne (memory.grow $m6 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m6 (i32.mul (i32.sub (memory.size $m6) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next6))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m6)))
      (loop $next7
        (if (i32.ne (memory.grow $m7 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m7 (i32.mul (i32.sub (memory.size $m7) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next7))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m7)))
      (loop $next8
        (if (i32.ne (memory.grow $m8 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m8 (i32.mul (i32.sub (memory.size $m8) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next8))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m8)))
      (loop $next9
        (if (i32.ne (memory.grow $m9 (i32.const 64)) (i32.const -1))
          (then
            (memory.fill $m9 (i32.mul (i32.sub (memory.size $m9) (i32.const 64)) (i32.const 65536)) (i32.const 1) (i32.const 0x400000))
            (br $next9))))
      (local.set $pages (i32.add (local.get $pages) (memory.size $m9)))
      (local.get $pages)))
  (core instance $main (instantiate $main))
  (func $run (result u32) (canon lift (core func $main "run")))
  (instance $guest (export "run" (func $run)))
  (export "testing:memory-everywhere/guest" (instance $guest)))
