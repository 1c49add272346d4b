;; A webhook whose path says what it does: the first letter after the slash. What follows `?` is its argument.
;;
;;   export wasi:http/incoming-handler@0.2.12;
;;
;; - a: start `testing:fibo-workflow/workflow.fiboa` with the argument as params, and answer with its id
;; - b: answer with 1 MiB, written in parts
;; - c: call the same function, and answer with what it returned, as JSON
;; - d: give the place for the response away twice
;; - e: answer with the request's body, and with its trailers
;; - g: wait for the execution that the argument names, and answer with its result, as JSON
;; - h: answer with "hello"
;; - i: answer with the id of the request's execution
;; - k: answer with the number of the status of the execution that the argument names
;; - l: set a response, write a part of its body, then trap
;; - m: promise 3 bytes with content-length and write 6
;; - n: set the status 99, and answer with the status that the response then has
;; - o: log a line, then answer with "hello"
;; - p: compute forever
;; - q: finish the response, then wait for a day
;; - r: answer with the result of the execution that the argument names, or with the number of the error
;; - s: return without a response
;; - t: trap
;; - u: set the status 103
;; - v: answer with the environment, one variable a line
;; - w: wait for a day
;; - x: answer with an error
;; - y: promise 6 bytes with content-length and write them
;;
(component $incoming-handler
  ;; --- imports and memory, written by tests/guests/build.py ---
  (import "obelisk:types/time@5.0.0" (instance $time
    (type $duration-type (variant
      (case "milliseconds" u64)
      (case "seconds" u64)
      (case "minutes" u32)
      (case "hours" u32)
      (case "days" u32)))
    (export "duration" (type $duration (eq $duration-type)))
    (type $datetime-type (record (field "seconds" u64) (field "nanoseconds" u32)))
    (export "datetime" (type $datetime (eq $datetime-type)))
    (type $schedule-at-type (variant (case "now") (case "at" $datetime) (case "in" $duration)))
    (export "schedule-at" (type $schedule-at (eq $schedule-at-type)))))
  (alias export $time "duration" (type $duration))
  (alias export $time "datetime" (type $datetime))
  (alias export $time "schedule-at" (type $schedule-at))
  (import "obelisk:types/execution@5.0.0" (instance $execution
    (type $execution-id-type (record (field "id" string)))
    (export "execution-id" (type $execution-id (eq $execution-id-type)))
    (type $function-type (record (field "interface-name" string) (field "function-name" string)))
    (export "function" (type $function (eq $function-type)))
    (type $execution-failure-kind-type (enum
      "timed-out"
      "nondeterminism-detected"
      "out-of-fuel"
      "cancelled"
      "uncategorized"))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $execution-failure-kind-type)))
    (type $schedule-json-error-type (variant
      (case "ffqn-parsing-error" string)
      (case "function-not-found")
      (case "type-check-error" string)))
    (export "schedule-json-error" (type $schedule-json-error (eq $schedule-json-error-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (alias export $execution "function" (type $function))
  (alias export $execution "execution-failure-kind" (type $execution-failure-kind))
  (alias export $execution "schedule-json-error" (type $schedule-json-error))
  (import "obelisk:webhook/webhook-support@6.0.0" (instance $webhook-support
    (alias outer $incoming-handler $datetime (type $outer-datetime))
    (export "datetime" (type $datetime (eq $outer-datetime)))
    (alias outer $incoming-handler $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $incoming-handler $execution-failure-kind (type $outer-execution-failure-kind))
    (export "execution-failure-kind" (type $execution-failure-kind (eq $outer-execution-failure-kind)))
    (alias outer $incoming-handler $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (alias outer $incoming-handler $function (type $outer-function))
    (export "function" (type $function (eq $outer-function)))
    (alias outer $incoming-handler $schedule-json-error (type $outer-schedule-json-error))
    (export "schedule-json-error" (type $schedule-json-error (eq $outer-schedule-json-error)))
    (type $execution-status-finished-type (variant (case "ok") (case "err") (case "execution-failure" $execution-failure-kind)))
    (export "execution-status-finished" (type $execution-status-finished (eq $execution-status-finished-type)))
    (type $execution-status-type (variant
      (case "pending-at" $datetime)
      (case "locked")
      (case "paused")
      (case "blocked-by-join-set")
      (case "cancelling")
      (case "finished" $execution-status-finished)))
    (export "execution-status" (type $execution-status (eq $execution-status-type)))
    (type $get-status-error-type (variant (case "execution-id-parsing-error" string) (case "not-found")))
    (export "get-status-error" (type $get-status-error (eq $get-status-error-type)))
    (type $get-error-type (variant (case "execution-id-parsing-error" string) (case "not-found")))
    (export "get-error" (type $get-error (eq $get-error-type)))
    (type $try-get-error-type (variant
      (case "execution-id-parsing-error" string)
      (case "not-found")
      (case "not-finished-yet")))
    (export "try-get-error" (type $try-get-error (eq $try-get-error-type)))
    (export "execution-id-generate" (func (result $execution-id)))
    (export "execution-id-current" (func (result $execution-id)))
    (export "call-json" (func
      (param "function" $function)
      (param "params" string)
      (result (result (result (option string) (error (option string))) (error $schedule-json-error)))))
    (export "schedule-json" (func
      (param "execution-id" $execution-id)
      (param "schedule-at" $schedule-at)
      (param "function" $function)
      (param "params" string)
      (result (result (error $schedule-json-error)))))
    (export "get-status" (func
      (param "execution-id" $execution-id)
      (result (result $execution-status (error $get-status-error)))))
    (export "get" (func
      (param "execution-id" $execution-id)
      (result (result (result (option string) (error (option string))) (error $get-error)))))
    (export "try-get" (func
      (param "execution-id" $execution-id)
      (result (result (result (option string) (error (option string))) (error $try-get-error)))))))
  (alias export $webhook-support "execution-status-finished" (type $execution-status-finished))
  (alias export $webhook-support "execution-status" (type $execution-status))
  (alias export $webhook-support "get-status-error" (type $get-status-error))
  (alias export $webhook-support "get-error" (type $get-error))
  (alias export $webhook-support "try-get-error" (type $try-get-error))
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
      (result (result (error $stream-error)))))))
  (alias export $streams "stream-error" (type $stream-error))
  (alias export $streams "input-stream" (type $input-stream))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:clocks/monotonic-clock@0.2.12" (instance $monotonic-clock
    (alias outer $incoming-handler $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (export "subscribe-duration" (func (param "when" u64) (result (own $pollable))))))
  (import "wasi:cli/environment@0.2.12" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:http/types@0.2.12" (instance $types
    (alias outer $incoming-handler $input-stream (type $outer-input-stream))
    (export "input-stream" (type $input-stream (eq $outer-input-stream)))
    (alias outer $incoming-handler $output-stream (type $outer-output-stream))
    (export "output-stream" (type $output-stream (eq $outer-output-stream)))
    (alias outer $incoming-handler $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
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
    (export "response-outparam" (type $response-outparam (sub resource)))
    (export "incoming-body" (type $incoming-body (sub resource)))
    (export "future-trailers" (type $future-trailers (sub resource)))
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
    (export "[static]incoming-body.finish" (func (param "this" (own $incoming-body)) (result (own $future-trailers))))
    (export "[method]future-trailers.subscribe" (func (param "self" (borrow $future-trailers)) (result (own $pollable))))
    (export "[method]future-trailers.get" (func
      (param "self" (borrow $future-trailers))
      (result (option (result (result (option (own $fields)) (error $error-code)))))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $outgoing-response))))
    (export "[method]outgoing-response.set-status-code" (func
      (param "self" (borrow $outgoing-response))
      (param "status-code" u16)
      (result (result))))
    (export "[method]outgoing-response.status-code" (func (param "self" (borrow $outgoing-response)) (result u16)))
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
  (alias export $types "response-outparam" (type $response-outparam))
  (alias export $types "incoming-body" (type $incoming-body))
  (alias export $types "future-trailers" (type $future-trailers))
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
  (core func $webhook-support.execution-id-generate
    (canon lower (func $webhook-support "execution-id-generate") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.execution-id-current
    (canon lower (func $webhook-support "execution-id-current") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.call-json
    (canon lower (func $webhook-support "call-json") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.schedule-json
    (canon lower (func $webhook-support "schedule-json") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.get-status
    (canon lower (func $webhook-support "get-status") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.get
    (canon lower (func $webhook-support "get") (memory $memory) (realloc $realloc)))
  (core func $webhook-support.try-get
    (canon lower (func $webhook-support "try-get") (memory $memory) (realloc $realloc)))
  (core func $log.info
    (canon lower (func $log "info") (memory $memory) (realloc $realloc)))
  (core func $poll.method-pollable.block
    (canon lower (func $poll "[method]pollable.block") (memory $memory) (realloc $realloc)))
  (core func $streams.method-input-stream.blocking-read
    (canon lower (func $streams "[method]input-stream.blocking-read") (memory $memory) (realloc $realloc)))
  (core func $streams.method-output-stream.blocking-write-and-flush
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory) (realloc $realloc)))
  (core func $streams.resource-drop-input-stream (canon resource.drop $input-stream))
  (core func $streams.resource-drop-output-stream (canon resource.drop $output-stream))
  (core func $monotonic-clock.subscribe-duration
    (canon lower (func $monotonic-clock "subscribe-duration") (memory $memory) (realloc $realloc)))
  (core func $environment.get-environment
    (canon lower (func $environment "get-environment") (memory $memory) (realloc $realloc)))
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
  (core func $types.method-incoming-body.stream
    (canon lower (func $types "[method]incoming-body.stream") (memory $memory) (realloc $realloc)))
  (core func $types.static-incoming-body.finish
    (canon lower (func $types "[static]incoming-body.finish") (memory $memory) (realloc $realloc)))
  (core func $types.method-future-trailers.subscribe
    (canon lower (func $types "[method]future-trailers.subscribe") (memory $memory) (realloc $realloc)))
  (core func $types.method-future-trailers.get
    (canon lower (func $types "[method]future-trailers.get") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-outgoing-response
    (canon lower (func $types "[constructor]outgoing-response") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.set-status-code
    (canon lower (func $types "[method]outgoing-response.set-status-code") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.status-code
    (canon lower (func $types "[method]outgoing-response.status-code") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.body
    (canon lower (func $types "[method]outgoing-response.body") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-body.write
    (canon lower (func $types "[method]outgoing-body.write") (memory $memory) (realloc $realloc)))
  (core func $types.static-outgoing-body.finish
    (canon lower (func $types "[static]outgoing-body.finish") (memory $memory) (realloc $realloc)))
  (core func $types.static-response-outparam.set
    (canon lower (func $types "[static]response-outparam.set") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "obelisk:log/log@1.0.0" "info" (func $info (param i32 i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "execution-id-generate" (func $generate (param i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "execution-id-current" (func $current (param i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "call-json" (func $call (param i32 i32 i32 i32 i32 i32 i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "schedule-json"
      (func $schedule (param i32 i32 i32 i64 i64 i32 i32 i32 i32 i32 i32 i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "get-status" (func $status (param i32 i32 i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "get" (func $get (param i32 i32 i32)))
    (import "obelisk:webhook/webhook-support@6.0.0" "try-get" (func $try-get (param i32 i32 i32)))
    (import "wasi:cli/environment@0.2.12" "get-environment" (func $environment (param i32)))
    (import "wasi:clocks/monotonic-clock@0.2.12" "subscribe-duration" (func $after (param i64) (result i32)))
    (import "wasi:io/poll@0.2.12" "[method]pollable.block" (func $block (param i32)))
    (import "wasi:io/streams@0.2.12" "[method]input-stream.blocking-read" (func $read (param i32 i64 i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
      (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.12" "[resource-drop]input-stream" (func $drop-input (param i32)))
    (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func $drop-output (param i32)))
    (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
    (import "wasi:http/types@0.2.12" "[method]fields.append" (func $append (param i32 i32 i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]fields.clone" (func $clone (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-request.path-with-query" (func $path (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-request.consume" (func $consume (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]incoming-body.stream" (func $input (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]incoming-body.finish" (func $finish-input (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]future-trailers.subscribe" (func $trailers-come (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]future-trailers.get" (func $trailers (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.set-status-code"
      (func $set-status (param i32 i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.status-code" (func $status-code (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.body" (func $body (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-body.write" (func $output (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]response-outparam.set"
      (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))

    (data (i32.const 1024) "hello\n")
    (data (i32.const 1040) "content-length")
    (data (i32.const 1056) "3")
    (data (i32.const 1057) "6")
    (data (i32.const 1064) "inside: a secret")
    (data (i32.const 1088) "testing:fibo-workflow/workflow")
    (data (i32.const 1120) "fiboa")
    (data (i32.const 1128) "none")
    (data (i32.const 1136) "=\n")
    (data (i32.const 1144) "day over\n")

    ;; Results go to address 64; handles that come in a result are at 68. Numbers are written at 48.
    (global $out (mut i32) (i32.const 0))
    (global $answer (mut i32) (i32.const 0))
    (global $content (mut i32) (i32.const 0))
    (global $stream (mut i32) (i32.const 0))
    (global $argument (mut i32) (i32.const 0))
    (global $argument-size (mut i32) (i32.const 0))

    ;; Set a response, and open its body.
    (func $begin (param $headers i32)
      (global.set $answer (call $response (local.get $headers)))
      (call $open-body)
      (call $give))
    (func $open-body
      (call $body (global.get $answer) (i32.const 64))
      (global.set $content (i32.load (i32.const 68)))
      (call $output (global.get $content) (i32.const 64))
      (global.set $stream (i32.load (i32.const 68))))
    (func $give
      (call $set (global.get $out) (i32.const 0) (global.get $answer)
        (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    ;; Write in parts of 4096 bytes at most; end when the body takes no more.
    (func $say (param $from i32) (param $size i32)
      (local $part i32)
      (loop $next
        (if (i32.eqz (local.get $size)) (then (return)))
        (local.set $part (select (local.get $size) (i32.const 4096) (i32.lt_u (local.get $size) (i32.const 4096))))
        (call $write (global.get $stream) (local.get $from) (local.get $part) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then (return)))
        (local.set $from (i32.add (local.get $from) (local.get $part)))
        (local.set $size (i32.sub (local.get $size) (local.get $part)))
        (br $next)))
    (func $end (param $has-trailers i32) (param $trailers i32)
      (call $drop-output (global.get $stream))
      (call $finish (global.get $content) (local.get $has-trailers) (local.get $trailers) (i32.const 64)))
    (func $answer-with (param $from i32) (param $size i32)
      (call $begin (call $fields))
      (call $say (local.get $from) (local.get $size))
      (call $end (i32.const 0) (i32.const 0)))
    (func $answer-number (param $number i32)
      (i32.store8 (i32.const 48) (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 100))))
      (i32.store8 (i32.const 49)
        (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 50) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (call $answer-with (i32.const 48) (i32.const 3)))
    (func $with-length (param $digit i32) (result i32)
      (local $headers i32)
      (local.set $headers (call $fields))
      (call $append (local.get $headers) (i32.const 1040) (i32.const 14) (local.get $digit) (i32.const 1) (i32.const 64))
      (local.get $headers))
    (func $wait-a-day (call $block (call $after (i64.const 86400000000000))))

    ;; A result<option<string>, option<string>> lies at an address; the whole call failed when 64 is not 0.
    (func $answer-json
      (if (i32.load8_u (i32.const 64)) (then (call $answer-number (i32.load8_u (i32.const 68))) (return)))
      (if (i32.load8_u (i32.const 72))
        (then (call $answer-with (i32.load (i32.const 76)) (i32.load (i32.const 80))))
        (else (call $answer-with (i32.const 1128) (i32.const 4)))))

    (func $echo (param $request i32)
      (local $incoming i32) (local $in i32) (local $future i32)
      (call $consume (local.get $request) (i32.const 64))
      (local.set $incoming (i32.load (i32.const 68)))
      (call $input (local.get $incoming) (i32.const 64))
      (local.set $in (i32.load (i32.const 68)))
      (call $begin (call $fields))
      (block $ended
        (loop $next
          (call $read (local.get $in) (i64.const 4096) (i32.const 64))
          (br_if $ended (i32.load8_u (i32.const 64)))
          (call $say (i32.load (i32.const 68)) (i32.load (i32.const 72)))
          (br $next)))
      (call $drop-input (local.get $in))
      (local.set $future (call $finish-input (local.get $incoming)))
      (call $block (call $trailers-come (local.get $future)))
      ;; option<result<result<option<trailers>, error-code>>>, aligned to 8
      (call $trailers (local.get $future) (i32.const 64))
      (if (i32.and (i32.eqz (i32.load8_u (i32.const 80))) (i32.load8_u (i32.const 88)))
        (then (call $end (i32.const 1) (call $clone (i32.load (i32.const 92)))))
        (else (call $end (i32.const 0) (i32.const 0)))))

    (func $say-environment
      (local $at i32) (local $left i32)
      (call $environment (i32.const 64))
      (local.set $at (i32.load (i32.const 64)))
      (local.set $left (i32.load (i32.const 68)))
      (call $begin (call $fields))
      (block $ended
        (loop $next
          (br_if $ended (i32.eqz (local.get $left)))
          (call $say (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)))
          (call $say (i32.const 1136) (i32.const 1))
          (call $say (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at)))
          (call $say (i32.const 1137) (i32.const 1))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (call $end (i32.const 0) (i32.const 0)))

    (func $start
      (call $generate (i32.const 96))
      (call $schedule (i32.load (i32.const 96)) (i32.load (i32.const 100))
        (i32.const 0) (i64.const 0) (i64.const 0)
        (i32.const 1088) (i32.const 30) (i32.const 1120) (i32.const 5)
        (global.get $argument) (global.get $argument-size) (i32.const 64))
      (if (i32.load8_u (i32.const 64))
        (then (call $answer-number (i32.load8_u (i32.const 68))))
        (else (call $answer-with (i32.load (i32.const 96)) (i32.load (i32.const 100))))))

    (func $big
      (local $left i32)
      (local.set $left (i32.const 256))
      (call $begin (call $fields))
      (loop $next
        (call $say (i32.const 16384) (i32.const 4096))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (local.get $left)))
      (call $end (i32.const 0) (i32.const 0)))

    ;; Take what follows the `?` of the path at 68 as the argument, and return the first letter.
    (func $letter (param $request i32) (result i32)
      (local $at i32) (local $end i32) (local $first i32)
      (call $path (local.get $request) (i32.const 64))
      (local.set $at (i32.load (i32.const 68)))
      (local.set $end (i32.add (local.get $at) (i32.load (i32.const 72))))
      (local.set $first (i32.load8_u offset=1 (local.get $at)))
      (block $ended
        (loop $next
          (br_if $ended (i32.ge_u (local.get $at) (local.get $end)))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br_if $next (i32.ne (i32.load8_u (i32.sub (local.get $at) (i32.const 1))) (i32.const 63)))))
      (global.set $argument (local.get $at))
      (global.set $argument-size (i32.sub (local.get $end) (local.get $at)))
      (local.get $first))

    (func (export "handle") (param $request i32) (param $out-handle i32)
      (local $letter i32)
      (global.set $out (local.get $out-handle))
      (local.set $letter (call $letter (local.get $request)))
      (if (i32.eq (local.get $letter) (i32.const 97)) (then (call $start) (return)))
      (if (i32.eq (local.get $letter) (i32.const 98)) (then (call $big) (return)))
      (if (i32.eq (local.get $letter) (i32.const 99))
        (then
          (call $call (i32.const 1088) (i32.const 30) (i32.const 1120) (i32.const 5)
            (global.get $argument) (global.get $argument-size) (i32.const 64))
          (call $answer-json)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 100))
        (then
          (call $answer-with (i32.const 1024) (i32.const 6))
          (global.set $answer (call $response (call $fields)))
          (call $give)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 101)) (then (call $echo (local.get $request)) (return)))
      (if (i32.eq (local.get $letter) (i32.const 103))
        (then
          (call $get (global.get $argument) (global.get $argument-size) (i32.const 64))
          (call $answer-json)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 104))
        (then (call $answer-with (i32.const 1024) (i32.const 6)) (return)))
      (if (i32.eq (local.get $letter) (i32.const 105))
        (then
          (call $current (i32.const 96))
          (call $answer-with (i32.load (i32.const 96)) (i32.load (i32.const 100)))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 107))
        (then
          (call $status (global.get $argument) (global.get $argument-size) (i32.const 64))
          (call $answer-number
            (select (i32.const 99) (i32.load8_u (i32.const 72)) (i32.load8_u (i32.const 64))))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 108))
        (then
          (call $begin (call $fields))
          (call $say (i32.const 1024) (i32.const 4))
          (unreachable)))
      (if (i32.eq (local.get $letter) (i32.const 109))
        (then
          (call $begin (call $with-length (i32.const 1056)))
          (call $say (i32.const 1024) (i32.const 6))
          (call $end (i32.const 0) (i32.const 0))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 110))
        (then
          (global.set $answer (call $response (call $fields)))
          (drop (call $set-status (global.get $answer) (i32.const 99)))
          (call $answer-number (call $status-code (global.get $answer)))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 111))
        (then
          (call $info (i32.const 1024) (i32.const 5))
          (call $answer-with (i32.const 1024) (i32.const 6))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 112)) (then (loop $forever (br $forever))))
      (if (i32.eq (local.get $letter) (i32.const 113))
        (then
          (call $answer-with (i32.const 1024) (i32.const 6))
          (call $wait-a-day)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 114))
        (then
          (call $try-get (global.get $argument) (global.get $argument-size) (i32.const 64))
          (call $answer-json)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 115)) (then (return)))
      (if (i32.eq (local.get $letter) (i32.const 116)) (then (unreachable)))
      (if (i32.eq (local.get $letter) (i32.const 117))
        (then
          (global.set $answer (call $response (call $fields)))
          (drop (call $set-status (global.get $answer) (i32.const 103)))
          (call $give)
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 118)) (then (call $say-environment) (return)))
      (if (i32.eq (local.get $letter) (i32.const 119))
        (then
          (call $wait-a-day)
          (call $answer-with (i32.const 1144) (i32.const 9))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 120))
        (then
          ;; internal-error(some("inside: a secret"))
          (call $set (global.get $out) (i32.const 1) (i32.const 38)
            (i32.const 1) (i64.const 1064) (i32.const 16) (i32.const 0) (i32.const 0) (i32.const 0))
          (return)))
      (if (i32.eq (local.get $letter) (i32.const 121))
        (then
          (call $begin (call $with-length (i32.const 1057)))
          (call $say (i32.const 1024) (i32.const 6))
          (call $end (i32.const 0) (i32.const 0))
          (return)))
      (unreachable)))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "obelisk:webhook/webhook-support@6.0.0" (instance
      (export "execution-id-generate" (func $webhook-support.execution-id-generate))
      (export "execution-id-current" (func $webhook-support.execution-id-current))
      (export "call-json" (func $webhook-support.call-json))
      (export "schedule-json" (func $webhook-support.schedule-json))
      (export "get-status" (func $webhook-support.get-status))
      (export "get" (func $webhook-support.get))
      (export "try-get" (func $webhook-support.try-get))))
    (with "obelisk:log/log@1.0.0" (instance
      (export "info" (func $log.info))))
    (with "wasi:io/poll@0.2.12" (instance
      (export "[method]pollable.block" (func $poll.method-pollable.block))))
    (with "wasi:io/streams@0.2.12" (instance
      (export "[method]input-stream.blocking-read" (func $streams.method-input-stream.blocking-read))
      (export "[method]output-stream.blocking-write-and-flush" (func $streams.method-output-stream.blocking-write-and-flush))
      (export "[resource-drop]input-stream" (func $streams.resource-drop-input-stream))
      (export "[resource-drop]output-stream" (func $streams.resource-drop-output-stream))))
    (with "wasi:clocks/monotonic-clock@0.2.12" (instance
      (export "subscribe-duration" (func $monotonic-clock.subscribe-duration))))
    (with "wasi:cli/environment@0.2.12" (instance
      (export "get-environment" (func $environment.get-environment))))
    (with "wasi:http/types@0.2.12" (instance
      (export "[constructor]fields" (func $types.constructor-fields))
      (export "[method]fields.append" (func $types.method-fields.append))
      (export "[method]fields.clone" (func $types.method-fields.clone))
      (export "[method]incoming-request.path-with-query" (func $types.method-incoming-request.path-with-query))
      (export "[method]incoming-request.consume" (func $types.method-incoming-request.consume))
      (export "[method]incoming-body.stream" (func $types.method-incoming-body.stream))
      (export "[static]incoming-body.finish" (func $types.static-incoming-body.finish))
      (export "[method]future-trailers.subscribe" (func $types.method-future-trailers.subscribe))
      (export "[method]future-trailers.get" (func $types.method-future-trailers.get))
      (export "[constructor]outgoing-response" (func $types.constructor-outgoing-response))
      (export "[method]outgoing-response.set-status-code" (func $types.method-outgoing-response.set-status-code))
      (export "[method]outgoing-response.status-code" (func $types.method-outgoing-response.status-code))
      (export "[method]outgoing-response.body" (func $types.method-outgoing-response.body))
      (export "[method]outgoing-body.write" (func $types.method-outgoing-body.write))
      (export "[static]outgoing-body.finish" (func $types.static-outgoing-body.finish))
      (export "[static]response-outparam.set" (func $types.static-response-outparam.set))))
  ))
  (func $handle
      (param "request" (own $incoming-request))
      (param "response-out" (own $response-outparam))
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc)))
  (instance $exported
    (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.12" (instance $exported)))
