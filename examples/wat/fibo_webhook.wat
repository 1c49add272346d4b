;; A webhook that asks the fibo workflow: serve it at the route `/fibo/:N/:ITERATIONS`.
;;
;;   export wasi:http/incoming-handler@0.2.12;
;;
;;   package testing:fibo-workflow {
;;     interface workflow {
;;       fiboa: func(n: u8, iterations: u32) -> result<u64>;
;;     }
;;   }
;;
;; The parameters of the route are variables of the environment. With N of 10 and more it starts `fiboa` and answers with
;; the id at once, `fiboa(10, 2) = submitted: E_...`; from 2 to 9 it calls it and answers with the value,
;; `fiboa(5, 1) = 5`; below 2 it knows that the value is 1. What is no number of at most 3 digits is 400, an `err` of the
;; workflow 422.
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
    (export "execution-id" (type $execution-id (eq $execution-id-type)))))
  (alias export $execution "execution-id" (type $execution-id))
  (import "wasi:io/error@0.2.12" (instance $error
    (export "error" (type $error (sub resource)))))
  (alias export $error "error" (type $error))
  (import "wasi:io/streams@0.2.12" (instance $streams
    (alias outer $incoming-handler $error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $stream-error-type (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $stream-error (eq $stream-error-type)))
    (export "output-stream" (type $output-stream (sub resource)))
    (export "[method]output-stream.blocking-write-and-flush" (func
      (param "self" (borrow $output-stream))
      (param "contents" (list u8))
      (result (result (error $stream-error)))))))
  (alias export $streams "stream-error" (type $stream-error))
  (alias export $streams "output-stream" (type $output-stream))
  (import "wasi:cli/environment@0.2.12" (instance $environment
    (export "get-environment" (func (result (list (tuple string string)))))))
  (import "wasi:http/types@0.2.12" (instance $types
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
    (export "fields" (type $fields (sub resource)))
    (export "incoming-request" (type $incoming-request (sub resource)))
    (export "response-outparam" (type $response-outparam (sub resource)))
    (export "outgoing-response" (type $outgoing-response (sub resource)))
    (export "outgoing-body" (type $outgoing-body (sub resource)))
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-response" (func (param "headers" (own $fields)) (result (own $outgoing-response))))
    (export "[method]outgoing-response.set-status-code" (func
      (param "self" (borrow $outgoing-response))
      (param "status-code" u16)
      (result (result))))
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
  (alias export $types "fields" (type $fields))
  (alias export $types "incoming-request" (type $incoming-request))
  (alias export $types "response-outparam" (type $response-outparam))
  (alias export $types "outgoing-response" (type $outgoing-response))
  (alias export $types "outgoing-body" (type $outgoing-body))
  (import "testing:fibo-workflow/workflow" (instance $workflow
    (export "fiboa" (func (param "n" u8) (param "iterations" u32) (result (result u64))))))
  (import "testing:fibo-workflow-obelisk-schedule/workflow" (instance $workflow-schedule
    (alias outer $incoming-handler $schedule-at (type $outer-schedule-at))
    (export "schedule-at" (type $schedule-at (eq $outer-schedule-at)))
    (alias outer $incoming-handler $execution-id (type $outer-execution-id))
    (export "execution-id" (type $execution-id (eq $outer-execution-id)))
    (export "fiboa-schedule" (func
      (param "schedule-at" $schedule-at)
      (param "n" u8)
      (param "iterations" u32)
      (result $execution-id)))))
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
  (core func $streams.method-output-stream.blocking-write-and-flush
    (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory) (realloc $realloc)))
  (core func $streams.resource-drop-output-stream (canon resource.drop $output-stream))
  (core func $environment.get-environment
    (canon lower (func $environment "get-environment") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-fields
    (canon lower (func $types "[constructor]fields") (memory $memory) (realloc $realloc)))
  (core func $types.constructor-outgoing-response
    (canon lower (func $types "[constructor]outgoing-response") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.set-status-code
    (canon lower (func $types "[method]outgoing-response.set-status-code") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-response.body
    (canon lower (func $types "[method]outgoing-response.body") (memory $memory) (realloc $realloc)))
  (core func $types.method-outgoing-body.write
    (canon lower (func $types "[method]outgoing-body.write") (memory $memory) (realloc $realloc)))
  (core func $types.static-outgoing-body.finish
    (canon lower (func $types "[static]outgoing-body.finish") (memory $memory) (realloc $realloc)))
  (core func $types.static-response-outparam.set
    (canon lower (func $types "[static]response-outparam.set") (memory $memory) (realloc $realloc)))
  (core func $workflow.fiboa
    (canon lower (func $workflow "fiboa") (memory $memory) (realloc $realloc)))
  (core func $workflow-schedule.fiboa-schedule
    (canon lower (func $workflow-schedule "fiboa-schedule") (memory $memory) (realloc $realloc)))
  ;; --- code ---
  (core module $main
    (import "heap" "memory" (memory 1))
    (import "testing:fibo-workflow/workflow" "fiboa" (func $fiboa (param i32 i32 i32)))
    (import "testing:fibo-workflow-obelisk-schedule/workflow" "fiboa-schedule"
      (func $schedule (param i32 i64 i64 i32 i32 i32)))
    (import "wasi:cli/environment@0.2.12" "get-environment" (func $environment (param i32)))
    (import "wasi:io/streams@0.2.12" "[method]output-stream.blocking-write-and-flush"
      (func $write (param i32 i32 i32 i32)))
    (import "wasi:io/streams@0.2.12" "[resource-drop]output-stream" (func $drop-stream (param i32)))
    (import "wasi:http/types@0.2.12" "[constructor]fields" (func $fields (result i32)))
    (import "wasi:http/types@0.2.12" "[constructor]outgoing-response" (func $response (param i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.set-status-code"
      (func $set-status (param i32 i32) (result i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-response.body" (func $body (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[method]outgoing-body.write" (func $stream (param i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]outgoing-body.finish" (func $finish (param i32 i32 i32 i32)))
    (import "wasi:http/types@0.2.12" "[static]response-outparam.set"
      (func $set (param i32 i32 i32 i32 i64 i32 i32 i32 i32)))
    (data (i32.const 1024) "fiboa(")
    (data (i32.const 1032) ", ")
    (data (i32.const 1036) ") = ")
    (data (i32.const 1040) "submitted: ")
    (data (i32.const 1056) "expected /fibo/N/ITERATIONS, two numbers\n")
    (data (i32.const 1104) "the workflow returned an error\n")
    (data (i32.const 1136) "\n")
    (data (i32.const 1137) "1")

    ;; Results go to address 64, the text of the answer is put together from 2048 on. $text is where it ends.
    (global $text (mut i32) (i32.const 2048))
    (global $valid (mut i32) (i32.const 1))
    (global $n (mut i32) (i32.const 0))
    (global $iterations (mut i32) (i32.const 0))

    (func $say (param $from i32) (param $size i32)
      (memory.copy (global.get $text) (local.get $from) (local.get $size))
      (global.set $text (i32.add (global.get $text) (local.get $size))))
    (func $say-number (param $number i64)
      (local $digit i32)
      (local.set $digit (i32.const 64))
      (loop $next
        (local.set $digit (i32.sub (local.get $digit) (i32.const 1)))
        (i32.store8 (local.get $digit)
          (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (local.get $number) (i64.const 10)))))
        (local.set $number (i64.div_u (local.get $number) (i64.const 10)))
        (br_if $next (i64.ne (local.get $number) (i64.const 0))))
      (call $say (local.get $digit) (i32.sub (i32.const 64) (local.get $digit))))

    (func $number-of (param $at i32) (param $size i32) (result i32)
      (local $number i32) (local $digit i32)
      (if (i32.or (i32.eqz (local.get $size)) (i32.gt_u (local.get $size) (i32.const 3)))
        (then (global.set $valid (i32.const 0)) (return (i32.const 0))))
      (loop $next
        (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
        (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (global.set $valid (i32.const 0))))
        (local.set $number (i32.add (i32.mul (local.get $number) (i32.const 10)) (local.get $digit)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $size (i32.sub (local.get $size) (i32.const 1)))
        (br_if $next (local.get $size)))
      (local.get $number))

    ;; Names are told apart by their length: `N` and `ITERATIONS`.
    (func $read-environment
      (local $at i32) (local $left i32) (local $name-size i32)
      (call $environment (i32.const 64))
      (local.set $at (i32.load (i32.const 64)))
      (local.set $left (i32.load (i32.const 68)))
      (block $ended
        (loop $next
          (br_if $ended (i32.eqz (local.get $left)))
          (local.set $name-size (i32.load offset=4 (local.get $at)))
          (if (i32.eq (local.get $name-size) (i32.const 1))
            (then (global.set $n (call $number-of (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))))))
          (if (i32.eq (local.get $name-size) (i32.const 10))
            (then
              (global.set $iterations
                (call $number-of (i32.load offset=8 (local.get $at)) (i32.load offset=12 (local.get $at))))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (local.set $left (i32.sub (local.get $left) (i32.const 1)))
          (br $next)))
      (if (i32.gt_u (global.get $n) (i32.const 255)) (then (global.set $valid (i32.const 0)))))

    ;; Put the answer's text together, and return its status.
    (func $work (result i32)
      (call $read-environment)
      (if (i32.eqz (global.get $valid))
        (then (call $say (i32.const 1056) (i32.const 41)) (return (i32.const 400))))
      (call $say (i32.const 1024) (i32.const 6))
      (call $say-number (i64.extend_i32_u (global.get $n)))
      (call $say (i32.const 1032) (i32.const 2))
      (call $say-number (i64.extend_i32_u (global.get $iterations)))
      (call $say (i32.const 1036) (i32.const 4))
      (if (i32.ge_u (global.get $n) (i32.const 10))
        (then
          (call $schedule (i32.const 0) (i64.const 0) (i64.const 0) (global.get $n) (global.get $iterations) (i32.const 64))
          (call $say (i32.const 1040) (i32.const 11))
          (call $say (i32.load (i32.const 64)) (i32.load (i32.const 68))))
        (else
          (if (i32.lt_u (global.get $n) (i32.const 2))
            (then (call $say (i32.const 1137) (i32.const 1)))
            (else
              (call $fiboa (global.get $n) (global.get $iterations) (i32.const 64))
              (if (i32.load8_u (i32.const 64))
                (then
                  (global.set $text (i32.const 2048))
                  (call $say (i32.const 1104) (i32.const 31))
                  (return (i32.const 422))))
              (call $say-number (i64.load (i32.const 72)))))))
      (call $say (i32.const 1136) (i32.const 1))
      (i32.const 200))

    (func (export "handle") (param $request i32) (param $out i32)
      (local $status i32) (local $answer i32) (local $content i32) (local $output i32)
      (local.set $status (call $work))
      (local.set $answer (call $response (call $fields)))
      (drop (call $set-status (local.get $answer) (local.get $status)))
      (call $body (local.get $answer) (i32.const 64))
      (local.set $content (i32.load (i32.const 68)))
      (call $stream (local.get $content) (i32.const 64))
      (local.set $output (i32.load (i32.const 68)))
      (call $write (local.get $output) (i32.const 2048) (i32.sub (global.get $text) (i32.const 2048)) (i32.const 64))
      (call $drop-stream (local.get $output))
      (call $finish (local.get $content) (i32.const 0) (i32.const 0) (i32.const 64))
      (call $set (local.get $out) (i32.const 0) (local.get $answer)
        (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
  ;; --- exports, written by tests/guests/build.py ---
  (core instance $main (instantiate $main
    (with "heap" (instance $heap))
    (with "wasi:io/streams@0.2.12" (instance
      (export "[method]output-stream.blocking-write-and-flush" (func $streams.method-output-stream.blocking-write-and-flush))
      (export "[resource-drop]output-stream" (func $streams.resource-drop-output-stream))))
    (with "wasi:cli/environment@0.2.12" (instance
      (export "get-environment" (func $environment.get-environment))))
    (with "wasi:http/types@0.2.12" (instance
      (export "[constructor]fields" (func $types.constructor-fields))
      (export "[constructor]outgoing-response" (func $types.constructor-outgoing-response))
      (export "[method]outgoing-response.set-status-code" (func $types.method-outgoing-response.set-status-code))
      (export "[method]outgoing-response.body" (func $types.method-outgoing-response.body))
      (export "[method]outgoing-body.write" (func $types.method-outgoing-body.write))
      (export "[static]outgoing-body.finish" (func $types.static-outgoing-body.finish))
      (export "[static]response-outparam.set" (func $types.static-response-outparam.set))))
    (with "testing:fibo-workflow/workflow" (instance
      (export "fiboa" (func $workflow.fiboa))))
    (with "testing:fibo-workflow-obelisk-schedule/workflow" (instance
      (export "fiboa-schedule" (func $workflow-schedule.fiboa-schedule))))
  ))
  (func $handle
      (param "request" (own $incoming-request))
      (param "response-out" (own $response-outparam))
    (canon lift (core func $main "handle") (memory $memory) (realloc $realloc)))
  (instance $exported
    (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.12" (instance $exported)))
