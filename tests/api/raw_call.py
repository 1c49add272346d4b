"""A gRPC call written byte by byte, with headers that no client library would send."""

from __future__ import annotations

import asyncio

TIMEOUT = 10
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4
_EMPTY_MESSAGE = bytes(5)


async def raw_call(address: str, method: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Make a call with an empty message; return what the server sent up to the headers that end the call, with them."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_PREFACE + _frame(_SETTINGS, 0, 0, b"") + _request(method, headers))
        return await asyncio.wait_for(_last_headers(reader), TIMEOUT)
    finally:
        writer.close()
        await writer.wait_closed()


def _request(method: str, headers: list[tuple[bytes, bytes]]) -> bytes:
    usual = [
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", method.encode()), (b":authority", b"localhost"),
        (b"te", b"trailers"), (b"content-type", b"application/grpc"),
    ]  # fmt: skip
    block = b"".join(_text(b"\0", key) + _text(b"", value) for key, value in [*usual, *headers])
    return _frame(_HEADERS, _END_HEADERS, 1, block) + _frame(_DATA, _END_STREAM, 1, _EMPTY_MESSAGE)


def _text(before: bytes, text: bytes) -> bytes:
    assert len(text) < 127, "longer texts have a longer length in HPACK"
    return before + bytes([len(text)]) + text


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


async def _last_headers(reader: asyncio.StreamReader) -> bytes:
    while True:
        head = await reader.readexactly(9)
        payload = await reader.readexactly(int.from_bytes(head[:3], "big"))
        if head[3] == _HEADERS and head[4] & _END_STREAM:
            return payload
