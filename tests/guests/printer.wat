;; An activity that writes to its standard streams.
;;
;;   package testing:printer;
;;   interface printer {
;;     print: func(text: string) -> result;         // to standard output, as it is
;;     complain: func(text: string) -> result;      // to standard error, as it is
;;     print-many: func(count: u32) -> result;      // "a line" and its end to standard output, `count` times
;;   }
(component $printer
  (import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type (sub resource)))))
  (alias export $io-error "error" (type $error))
  (import "wasi:io/streams@0.2.0" (instance $streams
    (export "output-stream" (type $output-stream (sub resource)))
    (alias outer 1 $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $failure (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $failure)))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output-stream)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $stream (eq $outer-stream)))
    (export "get-stdout" (func (result (own $stream))))))
  (import "wasi:cli/stderr@0.2.0" (instance $stderr
    (alias outer 1 $output-stream (type $outer-stream))
    (export "output-stream" (type $stream (eq $outer-stream)))
    (export "get-stderr" (func (result (own $stream))))))

  ;; Memory is given out from the top up, once: a run is one call.
  (core module $heap
    (memory (export "memory") 1)
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
      (local $address i32)
      (local.set $address (global.get $top))
      (global.set $top (i32.add (local.get $address) (local.get $size)))
      (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.add (i32.div_u (local.get $size) (i32.const 65536)) (i32.const 1))) (i32.const -1))
            (then unreachable))))
      (local.get $address)))
  (core instance $heap (instantiate $heap))
  (alias core export $heap "memory" (core memory $memory))
  (alias core export $heap "realloc" (core func $realloc))
  (core func $get-stdout (canon lower (func $stdout "get-stdout")))
  (core func $get-stderr (canon lower (func $stderr "get-stderr")))
  (core func $write
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory) (realloc $realloc)))
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "host" "stdout" (func $stdout (result i32)))
    (import "host" "stderr" (func $stderr (result i32)))
    (import "host" "write" (func $write (param $stream i32) (param $address i32) (param $length i32) (param $result i32)))
    (data (i32.const 16) "a line\n")
    (func $send (param $stream i32) (param $address i32) (param $length i32) (result i32)
      (call $write (local.get $stream) (local.get $address) (local.get $length) (i32.const 0))
      (i32.load8_u (i32.const 0)))
    (func (export "print") (param $address i32) (param $length i32) (result i32)
      (call $send (call $stdout) (local.get $address) (local.get $length)))
    (func (export "complain") (param $address i32) (param $length i32) (result i32)
      (call $send (call $stderr) (local.get $address) (local.get $length)))
    (func (export "print-many") (param $count i32) (result i32)
      (local $stream i32)
      (local.set $stream (call $stdout))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $count)))
          (br_if $done (call $send (local.get $stream) (i32.const 16) (i32.const 7)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $next)))
      (i32.load8_u (i32.const 0))))
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "host" (instance
      (export "stdout" (func $get-stdout))
      (export "stderr" (func $get-stderr))
      (export "write" (func $write))))))

  (func $print (param "text" string) (result (result))
    (canon lift (core func $main "print") (memory $memory) (realloc $realloc)))
  (func $complain (param "text" string) (result (result))
    (canon lift (core func $main "complain") (memory $memory) (realloc $realloc)))
  (func $print-many (param "count" u32) (result (result)) (canon lift (core func $main "print-many")))
  (instance $printer
    (export "print" (func $print)) (export "complain" (func $complain)) (export "print-many" (func $print-many)))
  (export "testing:printer/printer" (instance $printer)))
