;; A webhook whose path says how it misbehaves: the letter after the slash.
;;
;;   export wasi:http/incoming-handler@0.2.12;
;;
;; - a: write a body without end
;; - b: write more than it may
;; - c: write a megabyte at once
;; - d: copy a header until too many are held
;; - e: set 100,000 headers
;; - f: set a header with a line break, and answer with what that gave
;; - g: take all the memory that there is
;; - h: answer with "hello"
;; - i: answer, then compute forever
;; - j: set a response and leave its body open
;; - k: write into a response that it never sets
;; - l: answer with an error whose text lies outside of its memory
;; - m: make fields and drop none
;; - n: wait for longer than there are years
;; - o: drop the place for the response
;; - p: drop the place for the response, then use it
;; - q: log without end
;; - r: drop the request, then read it
;; - s: change the headers that it gave away
;; - t: set a response, write a part, and drop the body
;; - u: call itself without end
;; - v: fill the bodies of responses that it never sets
;; - w: read the request's body in pieces as large as a number can say, until it ends
;; - x: keep requests with long paths
;;
(component $incoming-handler
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:log/log@1.0.0" (instance $log
    (export "info" (func (param "message" string)))))
  (import "wasi:io/error@0.2.12" (instance $error
    (export "error" (type $error (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:io/poll@0.2.12" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))
  (import "wasi:io/streams@0.2.12" (instance $streams
    (alias outer $incoming-handler $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $stream-error-type (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error-type)))
    (export "input-stream" (type $input-stream (sub resource)))
    (export "output-stream" (type $output-stream (sub resource)))
    (export "[method]input-stream.blocking-read" (func
      (param "self" (borrow $input-stream))
      (param "len" u64)
      (result (result (list u8) (error $stream-error)))))
    (export "[method]output-stream.blocking-write-and-flush" (func
      (param "self" (borrow $output-stream))
      (param "contents" (list u8))
      (result (result (error $stream-error)))))
    (export "[method]output-stream.write" (func
      (param "self" (borrow $output-stream))
      (param "contents" (list u8))
      (result (result (error $stream-error)))))))
  (alias export $streams "stream-error" (type $stream-error))
  (alias export $streams "input-stream" (type $input-stream))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:clocks/monotonic-clock@0.2.12" (instance $monotonic-clock
    (alias outer $incoming-handler $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (import "wasi:http/types@0.2.12" (instance $types
    (alias outer $incoming-handler $input-stream (type $outer-input-stream))
    (export "input-stream" (type $input-stream (eq $outer-input-stream)))
    (alias outer $incoming-handler $output-stream (type $outer-output-stream))
    (export "output-stream" (type $output-stream (eq $outer-output-stream)))
    (type $DNS-error-payload-type (record (field "rcode" (option string)) (field "info-code" (option u16))))
    (export "DNS-error-payload" (type $DNS-error-payload (eq $DNS-error-payload-type)))
    (type $TLS-alert-received-payload-type (record (field "alert-id" (option u8)) (field "alert-message" (option string))))
    (export "TLS-alert-received-payload" (type $TLS-alert-received-payload (eq $TLS-alert-received-payload-type)))
    (type $field-size-payload-type (record (field "field-name" (option string)) (field "field-size" (option u32))))
    (export "field-size-payload" (type $field-size-payload (eq $field-size-payload-type)))
    (type $error-code-type (variant
      (case "DNS-timeout")
      (case "DNS-error" $DNS-error-payload)
      (case "destination-not-found")
      (case "destination-unavailable")
      (case "destination-IP-prohibited")
      (case "destination-IP-unroutable")
      (case "connection-refused")
      (case "connection-terminated")
      (case "connection-timeout")
      (case "connection-read-timeout")
      (case "connection-write-timeout")
      (case "connection-limit-reached")
      (case "TLS-protocol-error")
      (case "TLS-certificate-error")
      (case "TLS-alert-received" $TLS-alert-received-payload)
      (case "HTTP-request-denied")
      (case "HTTP-request-length-required")
      (case "HTTP-request-body-size" (option u64))
      (case "HTTP-request-method-invalid")
      (case "HTTP-request-URI-invalid")
      (case "HTTP-request-URI-too-long")
      (case "HTTP-request-header-section-size" (option u32))
      (case "HTTP-request-header-size" (option $field-size-payload))
      (case "HTTP-request-trailer-section-size" (option u32))
      (case "HTTP-request-trailer-size" $field-size-payload)
      (case "HTTP-response-incomplete")
      (case "HTTP-response-header-section-size" (option u32))
      (case "HTTP-response-header-size" $field-size-payload)
      (case "HTTP-response-body-size" (option u64))
      (case "HTTP-response-trailer-section-size" (option u32))
      (case "HTTP-response-trailer-size" $field-size-payload)
      (case "HTTP-response-transfer-coding" (option string))
      (case "HTTP-response-content-coding" (option string))
      (case "HTTP-response-timeout")
      (case "HTTP-upgrade-failed")
      (case "HTTP-protocol-error")
      (case "loop-detected")
      (case "configuration-error")
      (case "internal-error" (option string))))
    (export "error-code" (type $error-code (eq $error-code-type)))
    (type $header-error-type (variant (case "invalid-syntax") (case "forbidden") (case "immutable")))
    (export "header-error" (type $header-error (eq $header-error-type)))
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $incoming-request (sub resource)))
    (export "outgoing-request" (type $outgoing-request (sub resource)))
    (export "response-outparam" (type $response-outparam (sub resource)))
    (export "incoming-body" (type $incoming-body (sub resource)))
    (export "outgoing-response" (type $outgoing-response (sub resource)))
    (export "outgoing-body" (type $outgoing-body (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[method]fields.append" (func
      (param "self" (borrow $fields))
      (param "name" string)
      (param "value" (list u8))
      (result (result (error $header-error)))))
    (export "[method]fields.clone" (func (param "self" (borrow $fields)) (result (own $fields))))
    (export "[method]incoming-request.path-with-query" (func (param "self" (borrow $incoming-request)) (result (option string))))
    (export "[method]incoming-request.consume" (func
      (param "self" (borrow $incoming-request))
      (result (result (own $incoming-body)))))
    (export "[method]incoming-body.stream" (func
      (param "self" (borrow $incoming-body))
      (result (result (own $input-stream)))))
    (export "[constructor]outgoing-request" (func (param "headers" (own $fields)) (result (own $outgoing-request))))
    (export "[method]outgoing-request.set-path-with-query" (func
      (param "self" (borrow $outgoing-request))
      (param "path-with-query" (option string))
      (result (result))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $outgoing-response))))
    (export "[method]outgoing-response.body" (func
      (param "self" (borrow $outgoing-response))
      (result (result (own $outgoing-body)))))
    (export "[method]outgoing-body.write" (func
      (param "self" (borrow $outgoing-body))
      (result (result (own $output-stream)))))
    (export "[static]outgoing-body.finish" (func
      (param "this" (own $outgoing-body))
      (param "trailers" (option (own $fields)))
      (result (result (error $error-code)))))
    (export "[static]response-outparam.set" (func
      (param "param" (own $response-outparam))
      (param "response" (result (own $outgoing-response) (error $error-code)))))))
  (alias export $types "DNS-error-payload" (type $DNS-error-payload))
  (alias export $types "TLS-alert-received-payload" (type $TLS-alert-received-payload))
  (alias export $types "field-size-payload" (type $field-size-payload))
  (alias export $types "error-code" (type $error-code))
  (alias export $types "header-error" (type $header-error))
  (alias export $types "fields" (type $fields))
  (alias export $types "incoming-request" (type $incoming-request))
  (alias export $types "outgoing-request" (type $outgoing-request))
  (alias export $types "response-outparam" (type $response-outparam))
  (alias export $types "incoming-body" (type $incoming-body))
  (alias export $types "outgoing-response" (type $outgoing-response))
  (alias export $types "outgoing-body" (type $outgoing-body))
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
  (core func $log.info
    (canon lower (func $log "info") (memory $memory) (realloc $realloc)))
  (core func $poll.method-pollable.block
    (canon lower (func $poll "[method]pollable.block") (memory $memory) (realloc $realloc)))
  (core func $streams.method-input-stream.blocking-read
    (canon lower (func $streams "[method]input-stream.blocking-read") (memory $memory) (realloc $realloc)))
  (core func $streams.method-output-stream.blocking-write-and-flush
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory) (realloc $realloc)))
  (core func $streams.method-output-stream.write
    (canon lower (func $streams "[method]output-stream.write") (memory $memory) (realloc $realloc)))
  (core func $streams.resource-drop-output-stream (canon resource.drop $output-stream))
  (core func $monotonic-clock.subscribe-duration
    (canon lower (func $monotonic-clock "subscribe-duration") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-fields
    (canon lower (func $types "[constructor]fields") (memory $memory) (realloc $realloc)))
  (core func $types.method-fields.append
    (canon lower (func $types "[method]fields.append") (memory $memory) (realloc $realloc)))
  (core func $types.method-fields.clone
    (canon lower (func $types "[method]fields.clone") (memory $memory) (realloc $realloc)))
  (core func $types.method-incoming-request.path-with-query
    (canon lower (func $types "[method]incoming-request.path-with-query") (memory $memory) (realloc $realloc)))
  (core func $types.method-incoming-request.consume
    (canon lower (func $types "[method]incoming-request.consume") (memory $memory) (realloc $realloc)))
  (core func $types.resource-drop-incoming-request (canon resource.drop $incoming-request))
  (core func $types.method-incoming-body.stream
    (canon lower (func $types "[method]incoming-body.stream") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-outgoing-request
    (canon lower (func $types "[constructor]outgoing-request") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-request.set-path-with-query
    (canon lower (func $types "[method]outgoing-request.set-path-with-query") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-outgoing-response
    (canon lower (func $types "[constructor]outgoing-response") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.body
    (canon lower (func $types "[method]outgoing-response.body") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-body.write
    (canon lower (func $types "[method]outgoing-body.write") (memory $memory) (realloc $realloc)))
  (core func $types.static-outgoing-body.finish
    (canon lower (func $types "[static]outgoing-body.finish") (memory $memory) (realloc $realloc)))
  (core func $types.resource-drop-outgoing-body (canon resource.drop $outgoing-body))
  (core func $types.static-response-outparam.set
    (canon lower (func $types "[static]response-outparam.set") (memory $memory) (realloc $realloc)))
  (core func $types.resource-drop-response-outparam (canon resource.drop $response-outparam))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:log/log@1.0.0" "info" (func $info (param i32 i32)))
    (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $after (param i64) (result i32)))
    (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
    (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
      (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.write" (func $write-at-once (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func $drop-output (param i32)))
    (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
    (import "wasi:http/types@0.2.12" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]fields.clone" (func $clone (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-request.consume" (func $consume (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[resource-drop]incoming-request" (func $drop-request (param i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-body.stream" (func $input (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[constructor]outgoing-request" (func $request-to (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-request.set-path-with-query"
      (func $set-path (param i32 i32 i32 i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.body" (func $body (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-body.write" (func $output (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[resource-drop]outgoing-body" (func $drop-body (param i32)))
    (import "wasi:http/types@0.2.12" "[static]response-outparam.set"
      (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[resource-drop]response-outparam" (func $drop-outparam (param i32)))
    (data (i32.const 1024) "hello")
    (data (i32.const 1032) "a\r\nevil: yes")

    ;; Results go to address 64; handles that come in a result are at 68. From 16384 on there is a megabyte of "a".
    (global $out (mut i32) (i32.const 0))
    (global $answer (mut i32) (i32.const 0))
    (global $content (mut i32) (i32.const 0))
    (global $stream (mut i32) (i32.const 0))

    ;; Set a response, and open its body.
    (func $begin (param $headers i32)
      (global.set $answer (call $response (local.get $headers)))
      (call $open-body)
      (call $set (global.get $out) (i32.const 0) (global.get $answer)
        (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (func $open-body
      (call $body (global.get $answer) (i32.const 64))
      (global.set $content (i32.load (i32.const 68)))
      (call $output (global.get $content) (i32.const 64))
      (global.set $stream (i32.load (i32.const 68))))
    (func $say (param $from i32) (param $size i32)
      (call $write (global.get $stream) (local.get $from) (local.get $size) (i32.const 64)))
    (func $end
      (call $drop-output (global.get $stream))
      (call $finish (global.get $content) (i32.const 0) (i32.const 0) (i32.const 64)))
    (func $hello-with (param $headers i32)
      (call $begin (local.get $headers))
      (call $say (i32.const 1024) (i32.const 5))
      (call $end))
    (func $recurse (param $depth i32)
      (call $recurse (i32.add (local.get $depth) (i32.const 1)))
      (drop (call $fields)))

    (func (export "handle") (param $request i32) (param $outparam i32)
      (local $letter i32) (local $headers i32) (local $body i32) (local $left i32)
      (global.set $out (local.get $outparam))
      (drop (memory.grow (i32.const 16)))
      (memory.fill (i32.const 16384) (i32.const 97) (i32.const 1000000))
      (call $path (local.get $request) (i32.const 64))
      (local.set $letter (i32.load8_u offset=1 (i32.load (i32.const 68))))
      (if (i32.eq (local.get $letter) (i32.const 97)) ;; a
        (then
          (call $begin (call $fields))
          (loop $next
            (call $write (global.get $stream) (i32.const 16384) (i32.const 4096) (i32.const 64))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 98)) ;; b
        (then
          (call $begin (call $fields))
          (loop $next
            (call $write-at-once (global.get $stream) (i32.const 16384) (i32.const 65537) (i32.const 64))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 99)) ;; c
        (then
          (call $begin (call $fields))
          (call $say (i32.const 16384) (i32.const 900000))
          (call $end)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 100)) ;; d
        (then
          (local.set $headers (call $fields))
          (call $append (local.get $headers) (i32.const 16384) (i32.const 100000) (i32.const 1024) (i32.const 5) (i32.const 64))
          (loop $next
            (drop (call $clone (local.get $headers)))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 101)) ;; e
        (then
          (local.set $headers (call $fields))
          (local.set $left (i32.const 100000))
          (loop $next
            (call $append (local.get $headers) (i32.const 1024) (i32.const 5) (i32.const 1024) (i32.const 5) (i32.const 64))
            (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
          (call $hello-with (local.get $headers))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 102)) ;; f
        (then
          (local.set $headers (call $fields))
          (call $append (local.get $headers) (i32.const 1024) (i32.const 5) (i32.const 1032) (i32.const 12) (i32.const 64))
          (i32.store8 (i32.const 1032) (i32.add (i32.const 48) (i32.load8_u (i32.const 64))))
          (call $begin (local.get $headers))
          (call $say (i32.const 1032) (i32.const 1))
          (call $end)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 103)) ;; g
        (then
          (loop $next
            (br_if $next (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
          (unreachable)))
      (if (i32.eq (local.get $letter) (i32.const 104)) ;; h
        (then
          (call $hello-with (call $fields))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 105)) ;; i
        (then
          (call $hello-with (call $fields))
          (loop $forever (br $forever))))
      (if (i32.eq (local.get $letter) (i32.const 106)) ;; j
        (then
          (call $begin (call $fields))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 107)) ;; k
        (then
          (global.set $answer (call $response (call $fields)))
          (call $open-body)
          (call $say (i32.const 1024) (i32.const 5))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 108)) ;; l
        (then
          (call $set (global.get $out) (i32.const 1) (i32.const 38) (i32.const 1) (i64.const 16384) (i32.const 60000000) (i32.const 0) (i32.const 0) (i32.const 0))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 109)) ;; m
        (then
          (loop $next
            (drop (call $fields))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 110)) ;; n
        (then
          (call $block (call $after (i64.const -1)))))
      (if (i32.eq (local.get $letter) (i32.const 111)) ;; o
        (then
          (call $drop-outparam (global.get $out))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 112)) ;; p
        (then
          (call $drop-outparam (global.get $out))
          (call $hello-with (call $fields))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 113)) ;; q
        (then
          (loop $next
            (call $info (i32.const 16384) (i32.const 60000))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 114)) ;; r
        (then
          (call $drop-request (local.get $request))
          (call $consume (local.get $request) (i32.const 64))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 115)) ;; s
        (then
          (local.set $headers (call $fields))
          (global.set $answer (call $response (local.get $headers)))
          (call $append (local.get $headers) (i32.const 1024) (i32.const 5) (i32.const 1024) (i32.const 5) (i32.const 64))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 116)) ;; t
        (then
          (call $begin (call $fields))
          (call $say (i32.const 1024) (i32.const 5))
          (call $drop-output (global.get $stream))
          (call $drop-body (global.get $content))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 117)) ;; u
        (then
          (call $recurse (i32.const 0))))
      (if (i32.eq (local.get $letter) (i32.const 118)) ;; v
        (then
          (loop $next
            (global.set $answer (call $response (call $fields)))
            (call $open-body)
            (call $say (i32.const 16384) (i32.const 4096))
            (call $say (i32.const 16384) (i32.const 4096))
            (br $next))))
      (if (i32.eq (local.get $letter) (i32.const 119)) ;; w
        (then
          (call $consume (local.get $request) (i32.const 64))
          (call $input (i32.load (i32.const 68)) (i32.const 64))
          (local.set $body (i32.load (i32.const 68)))
          (loop $next
            (call $read (local.get $body) (i64.const -1) (i32.const 64))
            (br_if $next (i32.eqz (i32.load8_u (i32.const 64)))))
          (call $hello-with (call $fields))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 120)) ;; x
        (then
          (loop $next
            (drop (call $set-path (call $request-to (call $fields)) (i32.const 1) (i32.const 16384) (i32.const 60000)))
            (br $next))))
      (unreachable)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:log/log@1.0.0" (instance
      (export "info" (func $log.info))))
    (with "wasi:io/poll@0.2.12" (instance
      (export "[method]pollable.block" (func $poll.method-pollable.block))))
    (with "wasi:io/streams@0.2.12" (instance
      (export "[method]input-stream.blocking-read" (func $streams.method-input-stream.blocking-read))
      (export "[method]output-stream.blocking-write-and-flush" (func $streams.method-output-stream.blocking-write-and-flush))
      (export "[method]output-stream.write" (func $streams.method-output-stream.write))
      (export "[resource-drop]output-stream" (func $streams.resource-drop-output-stream))))
    (with "wasi:clocks/monotonic-clock@0.2.12" (instance
      (export "subscribe-duration" (func $monotonic-clock.subscribe-duration))))
    (with "wasi:http/types@0.2.12" (instance
      (export "[constructor]fields" (func $types.constructor-fields))
      (export "[method]fields.append" (func $types.method-fields.append))
      (export "[method]fields.clone" (func $types.method-fields.clone))
      (export "[method]incoming-request.path-with-query" (func $types.method-incoming-request.path-with-query))
      (export "[method]incoming-request.consume" (func $types.method-incoming-request.consume))
      (export "[resource-drop]incoming-request" (func $types.resource-drop-incoming-request))
      (export "[method]incoming-body.stream" (func $types.method-incoming-body.stream))
      (export "[constructor]outgoing-request" (func $types.constructor-outgoing-request))
      (export "[method]outgoing-request.set-path-with-query" (func $types.method-outgoing-request.set-path-with-query))
      (export "[constructor]outgoing-response" (func $types.constructor-outgoing-response))
      (export "[method]outgoing-response.body" (func $types.method-outgoing-response.body))
      (export "[method]outgoing-body.write" (func $types.method-outgoing-body.write))
      (export "[static]outgoing-body.finish" (func $types.static-outgoing-body.finish))
      (export "[resource-drop]outgoing-body" (func $types.resource-drop-outgoing-body))
      (export "[static]response-outparam.set" (func $types.static-response-outparam.set))
      (export "[resource-drop]response-outparam" (func $types.resource-drop-response-outparam))))
  ))
  (func $handle
      (param "request" (own $incoming-request))
      (param "response-out" (own $response-outparam))
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc)))
  (instance $exported
    (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.12" (instance $exported)))
