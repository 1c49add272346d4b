"""Requests over TLS, to servers with certificates of an authority that the test makes."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from tests.wasi.http.guests import HttpProbe, code, open_http_probe
from tests.wasi.http.servers import response, saying, serving

FETCH = "result = content_of(fetch(authority, scheme=http.Scheme_Https()))"
REFUSED = "fetch(authority, scheme=http.Scheme_Https())"


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


@pytest.fixture
async def named(wasi_probe: Path, tmp_path: Path) -> AsyncIterator[HttpProbe]:
    """A guest that may reach ``localhost`` by its name."""
    async with open_http_probe(wasi_probe, tmp_path, host="localhost") as guest:
        yield guest


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def refuse(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)


async def test_a_guest_talks_tls_and_names_the_server(named, authority):
    names = []
    context = server_context(authority, "localhost")
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    async with serving(saying(response(b"secret")), tls=context) as server:
        assert await named.run(FETCH, authority=f"localhost:{server.port}") == "secret"
    assert names == ["localhost"]


async def test_an_address_may_have_a_certificate(guest, authority):
    async with serving(saying(response(b"secret")), tls=server_context(authority, "127.0.0.1")) as server:
        assert await guest.run(FETCH, authority=server.authority) == "secret"


async def test_https_is_the_default(guest, authority):
    script = """
request = build(authority)
request.set_scheme(None)
result = response_of(send(request)).status()
"""
    async with serving(saying(response()), tls=server_context(authority, "127.0.0.1")) as server:
        assert await guest.run(script, authority=server.authority) == 200


async def test_a_large_body_crosses_tls_both_ways(guest, authority):
    async def echo(talk):
        await talk.answer(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while (size := await talk.reader.readline()) != b"0\r\n":
            await talk.say(size + await talk.reader.readexactly(int(size, 16) + 2))
        await talk.say(b"0\r\n\r\n")

    script = """
request = build(authority, method=http.Method_Post(), scheme=http.Scheme_Https())
body = request.body()
future = send(request)
response = response_of(future)
received = response.consume()
incoming = received.stream()
content = bytes(range(256)) * 16
with body.write() as stream:
    back = b""
    for _ in range(200):
        stream.blocking_write_and_flush(content)
        while len(back) % 4096 or not back:
            back += incoming.blocking_read(65536)
http.OutgoingBody.finish(body, None)
back += drain(incoming)
result = back == content * 200
"""
    async with serving(echo, tls=server_context(authority, "127.0.0.1")) as server:
        assert await guest.run(script, authority=server.authority) is True


async def test_a_certificate_for_another_name_is_refused(guest, authority):
    async with serving(saying(response()), tls=server_context(authority, "example.com")) as server:
        assert await guest.error(REFUSED, authority=server.authority) == code("TlsCertificateError")


async def test_a_certificate_of_an_unknown_authority_is_refused(guest, authority):
    async with serving(saying(response()), tls=server_context(trustme.CA(), "127.0.0.1")) as server:
        assert await guest.error(REFUSED, authority=server.authority) == code("TlsCertificateError")


async def test_a_server_without_tls_is_a_protocol_error(guest):
    async def talk(talk):
        await talk.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await talk.until_gone()

    async with serving(talk) as server:
        assert await guest.error(REFUSED, authority=server.authority) == code("TlsProtocolError")


async def test_an_alert_is_told(guest, authority):
    context = server_context(authority, "127.0.0.1")
    context.sni_callback = lambda _socket, _name, _context: ssl.ALERT_DESCRIPTION_HANDSHAKE_FAILURE
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # asyncio's own servers close without sending the alert.
        refusing = asyncio.create_task(asyncio.to_thread(refuse, listener, context))
        error = await guest.error(REFUSED, authority=f"127.0.0.1:{listener.getsockname()[1]}")
        await refusing
    assert error["case"] == "ErrorCode_TlsAlertReceived"
    assert "HANDSHAKE_FAILURE" in error["value"]["alert_message"]
