"""``outgoing-request`` and ``request-options``, called by a guest."""

from __future__ import annotations

import pytest

METHODS = ("Get", "Head", "Post", "Put", "Delete", "Connect", "Options", "Trace", "Patch")
TIMEOUTS = ("connect_timeout", "first_byte_timeout", "between_bytes_timeout")


async def test_a_new_request_is_a_get_and_says_nothing_else(guest):
    script = """
request = http.OutgoingRequest(http.Fields())
result = [kinds(request.method()), request.path_with_query(), request.scheme(), request.authority()]
"""
    assert await guest.run(script) == ["Method_Get", None, None, None]


@pytest.mark.parametrize("name", METHODS)
async def test_a_method_is_kept(guest, name):
    script = """
request = http.OutgoingRequest(http.Fields())
request.set_method(getattr(http, name)())
result = kinds(request.method())
"""
    assert await guest.run(script, name=f"Method_{name}") == f"Method_{name}"


async def test_another_method_is_kept_and_a_known_one_recognised(guest):
    script = """
request = http.OutgoingRequest(http.Fields())
result = []
for name in ("PURGE", "get", "POST"):
    request.set_method(http.Method_Other(name))
    result.append(request.method())
"""
    purge, lower, post = await guest.run(script)
    assert purge == {"case": "Method_Other", "value": "PURGE"}
    assert lower == {"case": "Method_Other", "value": "get"}
    assert post == {"case": "Method_Post"}


@pytest.mark.parametrize("method", ["", "A B", "GET\r\nx: y", "ä", "(", "GET\0"])
async def test_a_method_that_is_no_token_is_refused(guest, method):
    script = """
request = http.OutgoingRequest(http.Fields())
result = [refused(request.set_method, http.Method_Other(method)), kinds(request.method())]
"""
    assert await guest.run(script, method=method) == [None, "Method_Get"]


@pytest.mark.parametrize("path", ["/", "/a/b?c=d&e", "?a=b", "", "/%20{}|"])
async def test_a_path_is_kept(guest, path):
    script = """
request = http.OutgoingRequest(http.Fields())
request.set_path_with_query(path)
result = request.path_with_query()
"""
    assert await guest.run(script, path=path) == path


@pytest.mark.parametrize("path", ["a", "/a b", "/a\r\nb", "/#a", "/ä", "http://b/", "/\0"])
async def test_what_is_no_path_is_refused(guest, path):
    script = "result = refused(http.OutgoingRequest(http.Fields()).set_path_with_query, path)"
    assert await guest.run(script, path=path) is None


async def test_a_scheme_is_kept_or_refused(guest):
    script = """
request = http.OutgoingRequest(http.Fields())
result = []
for scheme in (http.Scheme_Http(), http.Scheme_Https(), http.Scheme_Other("ftp"), http.Scheme_Other("HTTPS"), None):
    request.set_scheme(scheme)
    result.append(request.scheme())
result.append(refused(request.set_scheme, http.Scheme_Other("a:b")))
"""
    http, https, ftp, other, none, refused = await guest.run(script)
    assert [http["case"], https["case"], other["case"]] == ["Scheme_Http", "Scheme_Https", "Scheme_Https"]
    assert (ftp, none, refused) == ({"case": "Scheme_Other", "value": "ftp"}, None, None)


@pytest.mark.parametrize("authority", ["example.com", "example.com:8080", "127.0.0.1", "[::1]:80", "a_b.c-d", None])
async def test_an_authority_is_kept(guest, authority):
    script = """
request = http.OutgoingRequest(http.Fields())
request.set_authority(authority)
result = request.authority()
"""
    assert await guest.run(script, authority=authority) == authority


@pytest.mark.parametrize("authority", ["", "a:b", "a:99999", "user@host", "a/b", "a b", "a\r\n", "::1", "a:80:80"])
async def test_what_is_no_authority_is_refused(guest, authority):
    script = "result = refused(http.OutgoingRequest(http.Fields()).set_authority, authority)"
    assert await guest.run(script, authority=authority) is None


async def test_a_request_has_one_body_and_the_body_one_stream(guest):
    script = """
request = http.OutgoingRequest(http.Fields())
body = request.body()
stream = body.write()
result = [refused(request.body), refused(body.write)]
"""
    assert await guest.run(script) == [None, None]


async def test_a_body_that_is_finished_while_its_stream_is_held_traps(guest):
    script = """
request = http.OutgoingRequest(http.Fields())
body = request.body()
stream = body.write()
http.OutgoingBody.finish(body, None)
"""
    assert "drop the stream before" in await guest.trap(script)


async def test_a_body_that_is_shorter_than_promised_is_refused_when_it_is_finished(guest):
    script = """
request = post("a", [("content-length", b"5")])
body = request.body()
with body.write() as stream:
    stream.blocking_write_and_flush(b"abcd")
http.OutgoingBody.finish(body, None)
"""
    assert await guest.error(script) == {"case": "ErrorCode_HttpRequestBodySize", "value": 4}


async def test_a_body_that_is_longer_than_promised_fails_its_stream(guest):
    script = """
request = post("a", [("content-length", b"5")])
body = request.body()
stream = body.write()
failure = refused(stream.blocking_write_and_flush, b"abcdef")
result = [failure.value.to_debug_string(), http.http_error_code(failure.value), kinds(refused(stream.check_write))]
"""
    text, code, after = await guest.run(script)
    assert text == "a body of 6 bytes was written, but `content-length` says 5"
    assert code == {"case": "ErrorCode_HttpRequestBodySize", "value": 6}
    assert after == "StreamError_Closed"


async def test_a_body_that_nobody_sends_takes_a_mebibyte(guest):
    script = """
request = post("a")
body = request.body()
stream = body.write()
result = 0
while size := stream.check_write():
    stream.write(bytes(size))
    result += size
with stream.subscribe() as pollable:
    result = [result, pollable.ready()]
"""
    assert await guest.run(script) == [1024 * 1024, False]


async def test_bodies_that_nobody_sends_are_bounded_together(guest):
    script = """
held = []
while True:
    request = post("a")
    held.append((request, request.body()))
    stream = held[-1][1].write()
    while size := stream.check_write():
        stream.write(bytes(size))
    held.append(stream)
"""
    assert "at most 16777216 may wait" in await guest.trap(script)


async def test_a_dropped_request_gives_its_body_back(guest):
    script = """
for _ in range(40):
    request = post("a")
    body = request.body()
    with body.write() as stream:
        while size := stream.check_write():
            stream.write(bytes(size))
    http.OutgoingBody.finish(body, None)
    request.__exit__(None, None, None)
result = "done"
"""
    assert await guest.run(script) == "done"


@pytest.mark.parametrize("name", TIMEOUTS)
async def test_a_timeout_is_kept(guest, name):
    script = """
made = http.RequestOptions()
result = [getattr(made, name)()]
for value in (0, 2**64 - 1, None):
    getattr(made, "set_" + name)(value)
    result.append(getattr(made, name)())
"""
    assert await guest.run(script, name=name) == [None, 0, 2**64 - 1, None]
