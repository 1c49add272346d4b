"""Requests of a guest to a server, and what comes back."""

from __future__ import annotations

import pytest

from tests.wasi.http.guests import code
from tests.wasi.http.servers import response, saying, serving

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def heads(answer=None):
    """Return a server and the heads of the requests that it was sent."""
    found = []

    async def talk(talk):
        found.append(await talk.head())
        await talk.say(answer or response(b"ok"))

    return talk, found


async def test_a_guest_gets_status_headers_and_body(guest):
    answer = response(b"hello", status="201 Created", headers="X-One: 1\r\nx-two: \xe4\r\nX-One: 3\r\n")
    script = """
response = fetch(authority, "/path?query=1")
result = [response.status(), response.headers().entries(), content_of(response)]
"""
    async with serving(saying(answer)) as server:
        status, headers, body = await guest.run(script, authority=server.authority)
    assert (status, body) == (201, "hello")
    assert headers == [["content-length", "5"], ["X-One", "1"], ["x-two", "Ã¤"], ["X-One", "3"]]


async def test_a_server_gets_method_path_host_and_headers_in_their_order(guest):
    talk, found = heads()
    script = """
headers = [("B", b"1"), ("a", b" 2 "), ("b", b"3")]
result = fetch(authority, "?x=1", http.Method_Other("PURGE"), headers).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    line, *lines = found[0].split("\r\n")
    assert line == "PURGE /?x=1 HTTP/1.1"
    assert lines[:4] == [f"host: {server.authority}", "B: 1", "a: 2", "b: 3"]
    assert "connection: close" in lines


@pytest.mark.parametrize("method", ["Get", "Head", "Delete", "Options", "Trace"])
async def test_a_request_without_content_says_nothing_of_it(guest, method):
    talk, found = heads(b"HTTP/1.1 204 No Content\r\n\r\n")
    script = "result = fetch(authority, '/', getattr(http, method)()).status()"
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority, method=f"Method_{method}") == 204
    assert "content-length" not in found[0]
    assert "transfer-encoding" not in found[0]


async def test_a_post_without_a_body_has_length_zero(guest):
    talk, found = heads()
    async with serving(talk) as server:
        await guest.run("result = response_of(send(post(authority))).status()", authority=server.authority)
    assert "content-length: 0\r\n" in found[0]


async def test_a_get_whose_body_is_finished_empty_says_nothing_of_it(guest):
    talk, found = heads()
    script = """
request = build(authority)
body = request.body()
future = send(request)
http.OutgoingBody.finish(body, None)
result = response_of(future).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert "transfer-encoding" not in found[0]


async def test_a_get_whose_body_stays_open_is_sent_when_the_guest_waits(guest):
    talk, found = heads()
    script = """
request = build(authority)
body = request.body()
result = response_of(send(request)).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert "transfer-encoding: chunked\r\n" in found[0]


async def test_a_get_may_have_content(guest):
    seen = []

    async def talk(talk):
        seen.append(await talk.head())
        seen.append(await talk.rest(b"0\r\n\r\n"))
        await talk.say(response())

    script = """
request = build(authority)
body = request.body()
with body.write() as stream:
    stream.blocking_write_and_flush(b"content")
future = send(request)
http.OutgoingBody.finish(body, None)
result = response_of(future).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert "transfer-encoding: chunked\r\n" in seen[0]
    assert seen[1] == "7\r\ncontent\r\n0\r\n\r\n"


async def test_a_response_may_be_chunked(guest):
    answer = CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    async with serving(saying(answer)) as server:
        assert await guest.run("result = content_of(fetch(authority))", authority=server.authority) == "abcde"


async def test_a_response_may_end_with_its_connection(guest):
    async with serving(saying(b"HTTP/1.0 200 OK\r\n\r\nabc")) as server:
        assert await guest.run("result = content_of(fetch(authority))", authority=server.authority) == "abc"


async def test_informational_responses_are_skipped(guest):
    answer = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + response(b"ok")
    async with serving(saying(answer)) as server:
        assert await guest.run("result = content_of(fetch(authority))", authority=server.authority) == "ok"


@pytest.mark.parametrize(
    ("method", "answer"),
    [("Head", b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), ("Get", b"HTTP/1.1 204 No Content\r\n\r\n"),
     ("Get", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n")],
)  # fmt: skip
async def test_some_responses_have_no_body_whatever_they_say(guest, method, answer):
    async def talk(talk):
        await talk.answer(answer)
        await talk.until_gone()

    script = "result = content_of(fetch(authority, '/', getattr(http, method)()))"
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority, method=f"Method_{method}") == ""


async def test_content_is_not_decoded(guest):
    answer = response(b"\x1f\x8b\x00", headers="content-encoding: gzip\r\n")
    async with serving(saying(answer)) as server:
        assert await guest.run("result = content_of(fetch(authority))", authority=server.authority) == "\x1f\x8b\x00"


async def test_redirects_are_the_guests(guest):
    answer = response(status="302 Found", headers="location: http://127.0.0.1:1/\r\n")
    async with serving(saying(answer)) as server:
        script = "response = fetch(authority)\nresult = [response.status(), response.headers().get('location')]"
        assert await guest.run(script, authority=server.authority) == [302, ["http://127.0.0.1:1/"]]
        assert server.connections == 1


async def test_fields_of_the_connection_are_not_shown(guest):
    answer = (
        b"HTTP/1.1 200 OK\r\nconnection: close\r\nkeep-alive: 1\r\ntransfer-encoding: chunked\r\na: b\r\n\r\n0\r\n\r\n"
    )
    async with serving(saying(answer)) as server:
        script = "result = fetch(authority).headers().entries()"
        assert await guest.run(script, authority=server.authority) == [["a", "b"]]


async def test_a_future_gives_its_response_once(guest):
    script = """
future = send(build(authority))
first = wait(future)
second = future.get()
result = [kinds(first), kinds(first.value), kinds(second)]
"""
    async with serving(saying(response())) as server:
        assert await guest.run(script, authority=server.authority) == ["Ok", "Ok", "Err"]


async def test_a_future_that_is_not_ready_gives_nothing(guest):
    async def talk(talk):
        await talk.until_gone()

    script = """
future = send(build(authority))
with future.subscribe() as pollable:
    result = [future.get(), pollable.ready()]
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == [None, False]


async def test_a_response_is_consumed_once_and_its_body_streamed_once(guest):
    script = """
response = fetch(authority)
body = response.consume()
stream = body.stream()
result = [refused(response.consume), refused(body.stream), kinds(refused(response.headers().append, "a", b""))]
"""
    async with serving(saying(response(b"ok"))) as server:
        assert await guest.run(script, authority=server.authority) == [None, None, "HeaderError_Immutable"]


async def test_a_body_that_is_finished_while_its_stream_is_held_traps(guest):
    script = """
response = fetch(authority)
body = response.consume()
stream = body.stream()
http.IncomingBody.finish(body)
"""
    async with serving(saying(response(b"ok"))) as server:
        assert "drop the stream before" in await guest.trap(script, authority=server.authority)


async def test_trailers_come_once_after_the_body(guest):
    answer = CHUNKED + b"2\r\nok\r\n0\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n"
    script = """
response = fetch(authority)
body = response.consume()
with body.stream() as stream:
    content = drain(stream)
future = http.IncomingBody.finish(body)
trailers = wait(future).value.value
result = [content, trailers.entries(), kinds(refused(trailers.append, "a", b"")), kinds(future.get())]
"""
    async with serving(saying(answer)) as server:
        found = await guest.run(script, authority=server.authority)
    assert found == ["ok", [["X-Sum", "1"], ["x-sum", "2"]], "HeaderError_Immutable", "Err"]


async def test_a_body_without_trailers_has_none(guest):
    script = """
response = fetch(authority)
body = response.consume()
result = wait(http.IncomingBody.finish(body)).value
"""
    async with serving(saying(response(b"unread"))) as server:
        assert (await guest.run(script, authority=server.authority)) == {"case": "Ok", "value": None}


async def test_a_finished_body_is_thrown_away_until_its_trailers(guest):
    async def talk(talk):
        await talk.answer(CHUNKED)
        for _ in range(64):
            await talk.say(b"10000\r\n" + bytes(65536) + b"\r\n")
        await talk.say(b"0\r\na: b\r\n\r\n")

    script = """
response = fetch(authority)
body = response.consume()
result = wait(http.IncomingBody.finish(body)).value.value.entries()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == [["a", "b"]]


async def test_a_request_has_the_length_that_the_guest_gave(guest):
    seen = []

    async def talk(talk):
        seen.append(await talk.head())
        seen.append(await talk.rest(b"cd"))
        await talk.say(response())

    script = """
request = post(authority, [("Content-Length", b"4")])
body = request.body()
future = send(request)
with body.write() as stream:
    stream.blocking_write_and_flush(b"ab")
    stream.blocking_write_and_flush(b"cd")
http.OutgoingBody.finish(body, None)
result = response_of(future).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert "content-length: 4\r\n" in seen[0]
    assert "transfer-encoding" not in seen[0]
    assert seen[1] == "abcd"


async def test_a_request_ends_with_its_trailers(guest):
    seen = []

    async def talk(talk):
        await talk.head()
        seen.append(await talk.rest(b"x-sum: 1\r\n\r\n"))
        await talk.say(response())

    script = """
request = post(authority)
body = request.body()
future = send(request)
with body.write() as stream:
    stream.blocking_write_and_flush(b"ab")
http.OutgoingBody.finish(body, http.Fields.from_list([("x-sum", b"1")]))
result = response_of(future).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert seen == ["2\r\nab\r\n0\r\nx-sum: 1\r\n\r\n"]


async def test_trailers_need_a_body_without_a_length(guest):
    script = """
request = post(authority, [("content-length", b"0")])
body = request.body()
future = send(request)
http.OutgoingBody.finish(body, http.Fields.from_list([("x-sum", b"1")]))
"""
    async with serving(saying(response())) as server:
        assert await guest.error(script, authority=server.authority) == code("HttpProtocolError")


async def test_both_sides_stream_at_the_same_time(guest):
    async def echo(talk):
        await talk.answer(CHUNKED)
        while (size := await talk.reader.readline()) != b"0\r\n":
            await talk.say(size + await talk.reader.readexactly(int(size, 16) + 2))
        await talk.say(b"0\r\n\r\n")

    script = """
request = post(authority)
sent = request.body()
future = send(request)
stream = sent.write()
stream.blocking_write_and_flush(b"first")
response = response_of(future)
received = response.consume()
incoming = received.stream()
result = []
for word in (b"second", b"third"):
    result.append(incoming.blocking_read(100))
    stream.blocking_write_and_flush(word)
result.append(incoming.blocking_read(100))
stream.__exit__(None, None, None)
http.OutgoingBody.finish(sent, None)
result.append(drain(incoming))
"""
    async with serving(echo) as server:
        assert await guest.run(script, authority=server.authority) == ["first", "second", "third", ""]


async def test_a_large_body_goes_out_whole_however_slowly_it_is_taken(guest):
    taken = []

    async def talk(talk):
        await talk.head()
        while (size := await talk.reader.readline()) != b"0\r\n":
            taken.append(len((await talk.reader.readexactly(int(size, 16) + 2))[:-2]))
        await talk.say(response())

    script = """
request = post(authority)
body = request.body()
future = send(request)
with body.write() as stream:
    write(stream, bytes(3_000_000))
http.OutgoingBody.finish(body, None)
result = response_of(future).status()
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 200
    assert sum(taken) == 3_000_000


async def test_a_large_response_comes_whole(guest):
    async with serving(saying(response(bytes(range(256)) * 8192))) as server:
        script = "content = content_of(fetch(authority))\nresult = [len(content), content == bytes(range(256)) * 8192]"
        assert await guest.run(script, authority=server.authority) == [2 * 1024 * 1024, True]


async def test_requests_go_on_beside_each_other(guest):
    came = []

    async def talk(talk):
        came.append((await talk.head()).split()[1])
        if len(came) == 3:
            for waiting in others:
                await waiting.say(response(b"ok"))
            await talk.say(response(b"ok"))
        else:
            others.append(talk)
            await talk.until_gone()

    others = []
    script = """
futures = [send(build(authority, f"/{index}")) for index in range(3)]
result = [content_of(response_of(future)) for future in futures]
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == ["ok"] * 3
    assert sorted(came) == ["/0", "/1", "/2"]
