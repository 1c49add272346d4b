"""Servers that fail, and requests that are not sent."""

from __future__ import annotations

import pytest

from tests.free_addresses import free_addresses
from tests.wasi.http.guests import code, open_http_probe
from tests.wasi.http.servers import response, saying, serving

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"
FETCH = "fetch(authority)"
READ = "content_of(fetch(authority))"


async def closing(talk):
    await talk.head()


async def resetting(talk):
    await talk.head()
    talk.reset()


async def test_a_port_where_nobody_listens_refuses_the_connection(guest):
    (address,) = free_addresses(1)
    assert await guest.error(FETCH, authority=address) == code("ConnectionRefused")


async def test_a_name_that_does_not_exist_is_a_dns_error(wasi_probe, tmp_path):
    async with open_http_probe(wasi_probe, tmp_path, host="nothing.invalid") as guest:
        error = await guest.error(FETCH, authority="nothing.invalid")
    assert error["case"] == "ErrorCode_DnsError"
    assert error["value"]["rcode"] in ("NXDOMAIN", "SERVFAIL")


async def test_a_host_that_is_not_allowed_is_denied_before_anything_is_sent(wasi_probe, tmp_path):
    async with serving(saying(response())) as server:
        async with open_http_probe(wasi_probe, tmp_path, host="example.com") as guest:
            script = "result = refused(send, build(authority))"
            assert await guest.run(script, authority=server.authority) == code("HttpRequestDenied")
        assert server.connections == 0


@pytest.mark.parametrize(
    ("talk", "name"),
    [(closing, "HttpResponseIncomplete"), (resetting, "ConnectionTerminated"),
     (saying(OK + b"content-le"), "HttpResponseIncomplete"), (saying(b"SSH-2.0-OpenSSH\r\n\r\n"), "HttpProtocolError"),
     (saying(b"\x16\x03\x01\x00\x00" * 10), "HttpProtocolError"),
     (saying(OK + b"a b: c\r\n\r\n"), "HttpProtocolError"),
     (saying(OK + b"content-length: 1\r\ncontent-length: 2\r\n\r\n"), "HttpProtocolError"),
     (saying(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n"), "HttpProtocolError"),
     (saying(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000), "HttpProtocolError")],
)  # fmt: skip
async def test_a_response_that_is_none_has_its_code(guest, talk, name):
    async with serving(talk) as server:
        assert await guest.error(FETCH, authority=server.authority) == code(name)


@pytest.mark.parametrize(
    ("answer", "name"),
    [(OK + b"a: " + b"x" * 100_000 + b"\r\n\r\n", "HttpResponseHeaderSectionSize"),
     (OK + b"a: b\r\n" * 20_000 + b"\r\n", "HttpResponseHeaderSectionSize"),
     (OK + b"transfer-encoding: gzip\r\n\r\n", "HttpResponseTransferCoding")],
)  # fmt: skip
async def test_a_head_that_is_not_accepted_has_its_code(guest, answer, name):
    async with serving(saying(answer)) as server:
        assert await guest.error(FETCH, authority=server.authority) == code(name, value=None)


@pytest.mark.parametrize(
    ("answer", "error"),
    [(OK + b"content-length: 5\r\n\r\nabc", code("HttpResponseIncomplete")),
     (CHUNKED + b"3\r\nabc\r\n", code("HttpResponseIncomplete")),
     (CHUNKED + b"3\r\nab", code("HttpResponseIncomplete")),
     (CHUNKED + b"zzz\r\n", code("HttpProtocolError")),
     (CHUNKED + b"0\r\na: " + b"x" * 100_000, code("HttpResponseTrailerSectionSize", value=None))],
)  # fmt: skip
async def test_a_body_that_breaks_off_has_its_code(guest, answer, error):
    async with serving(saying(answer)) as server:
        assert await guest.error(READ, authority=server.authority) == error


async def test_the_bytes_before_a_failure_are_read_and_after_it_the_stream_is_closed(guest):
    script = """
response = fetch(authority)
body = response.consume()
stream = body.stream()
result = [stream.blocking_read(100)]
for _ in range(2):
    failure = refused(stream.blocking_read, 100)
    result.append(kinds(failure))
"""
    async with serving(saying(OK + b"content-length: 5\r\n\r\nabc")) as server:
        found = await guest.run(script, authority=server.authority)
    assert found == ["abc", "StreamError_LastOperationFailed", "StreamError_Closed"]


async def test_trailers_of_a_body_that_broke_off_are_its_code(guest):
    script = "response = fetch(authority)\nresult = wait(http.IncomingBody.finish(response.consume())).value"
    async with serving(saying(CHUNKED + b"3\r\nab")) as server:
        found = await guest.run(script, authority=server.authority)
    assert found == {"case": "Err", "value": code("HttpResponseIncomplete")}


@pytest.mark.parametrize(
    ("request_", "error"),
    [("build(authority, '/' + 'x' * 20_000)", code("HttpRequestUriTooLong")),
     ("build(authority, method=http.Method_Connect())", code("HttpRequestMethodInvalid")),
     ("build(None)", code("HttpRequestUriInvalid")),
     ("build(authority, scheme=http.Scheme_Other('ftp'))", code("HttpRequestUriInvalid")),
     ("build('0x7f.1')", code("HttpRequestUriInvalid")),
     ("build(authority, headers=[('a', b'x' * 70_000)])", code("HttpRequestHeaderSectionSize", value=70_005)),
     ("post(authority, [('content-length', b'5')])", code("HttpRequestBodySize", value=0)),
     ("post(authority, [('content-length', b'5'), ('Content-Length', b'6')])", code("HttpProtocolError"))],
)  # fmt: skip
async def test_a_request_that_cannot_be_sent_is_refused_at_once(guest, request_, error):
    async with serving(saying(response())) as server:
        assert await guest.run(f"result = refused(send, {request_})", authority=server.authority) == error
        assert server.connections == 0


async def test_more_than_a_hundred_requests_at_a_time_are_refused(guest):
    async def talk(talk):
        await talk.until_gone()

    script = """
futures = [send(build(authority)) for _ in range(100)]
failure = refused(send, build(authority))
futures.pop().__exit__(None, None, None)
futures.append(send(build(authority)))
result = failure
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == code("ConnectionLimitReached")


async def test_an_answer_that_comes_before_the_request_is_whole_ends_the_request(guest):
    async def talk(talk):
        await talk.head()
        await talk.rest(b"begin")
        await talk.say(response(b"too large", status="413 Content Too Large"))
        await talk.until_gone()

    script = """
request = post(authority)
body = request.body()
future = send(request)
stream = body.write()
stream.blocking_write_and_flush(b"begin")
response = response_of(future)
content = content_of(response)
failure = kinds(refused(write, stream, b"more"))
stream.__exit__(None, None, None)
http.OutgoingBody.finish(body, None)
result = [response.status(), content, failure]
"""
    async with serving(talk) as server:
        found = await guest.run(script, authority=server.authority)
    assert found == [413, "too large", "StreamError_Closed"]


async def test_a_reset_while_a_body_is_sent_fails_its_stream_and_the_response(guest):
    script = """
request = post(authority)
body = request.body()
future = send(request)
stream = body.write()
failure = None
while failure is None:
    try:
        stream.blocking_write_and_flush(bytes(4096))
    except Err as error:
        failure = http.http_error_code(error.value.value)
stream.__exit__(None, None, None)
http.OutgoingBody.finish(body, None)
result = [failure, refused(response_of, future)]
"""
    async with serving(resetting) as server:
        assert await guest.run(script, authority=server.authority) == [code("ConnectionTerminated")] * 2


async def test_a_body_that_is_dropped_is_not_sent_as_if_it_were_whole(guest):
    seen = []

    async def talk(talk):
        await talk.answer(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        while content := await talk.reader.read(100):
            seen.append(content)

    script = """
request = post(authority)
body = request.body()
future = send(request)
with monotonic_clock.subscribe_duration(50_000_000) as pause:
    pause.block()
with body.write() as stream:
    stream.blocking_write_and_flush(b"half")
body.__exit__(None, None, None)
result = refused(response_of, future)
"""
    async with serving(talk) as server:
        error = await guest.run(script, authority=server.authority)
        await server.left.wait()
    assert error == code("InternalError", value="the guest dropped the body before it finished it")
    assert b"".join(seen) == b"4\r\nhalf\r\n"


async def test_a_body_that_is_shorter_than_promised_fails_the_request(guest):
    script = """
request = post(authority, [("content-length", b"5")])
body = request.body()
future = send(request)
with body.write() as stream:
    stream.blocking_write_and_flush(b"half")
result = [refused(http.OutgoingBody.finish, body, None), refused(response_of, future)]
"""

    async def talk(talk):
        await talk.head()
        await talk.until_gone()

    async with serving(talk) as server:
        found = await guest.run(script, authority=server.authority)
    assert found == [code("HttpRequestBodySize", value=4)] * 2


async def test_a_body_of_a_dropped_request_is_closed(guest):
    script = """
request = post("a")
body = request.body()
stream = body.write()
request.__exit__(None, None, None)
result = kinds(refused(stream.check_write))
"""
    assert await guest.run(script) == "StreamError_Closed"
