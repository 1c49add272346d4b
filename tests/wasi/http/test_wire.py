"""Messages that are more work than they are worth."""

from __future__ import annotations

import pytest

from obelisk.wasm.wasi.http.error_codes import HttpFailedError
from obelisk.wasm.wasi.http.wire import MAX_FIELDS, End, Head, Wire

OK = b"HTTP/1.1 200 OK\r\n"
FIELD = b"x: y\r\n"


def wire_with(content: bytes) -> Wire:
    """Return the wire of a request whose peer sent ``content``."""
    wire = Wire()
    wire.request("GET", "/", [("host", b"a.example")])
    wire.end(())
    wire.received(content)
    return wire


def test_a_head_of_as_many_fields_as_may_be_is_read():
    wire = wire_with(OK + FIELD * (MAX_FIELDS - 1) + b"content-length: 3000\r\n\r\n" + b"\n" * 3000)
    assert isinstance(wire.next_part(), Head)


@pytest.mark.parametrize("end", [b"\r\n", b""])
def test_a_head_of_too_many_fields_is_refused_whether_or_not_it_ends(end: bytes):
    with pytest.raises(HttpFailedError, match="or are more than 1000") as failed:
        wire_with(OK + FIELD * (MAX_FIELDS + 1) + end).next_part()
    assert failed.value.code.name == "HTTP-response-header-section-size"


def test_too_many_trailers_are_refused():
    wire = wire_with(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n" + FIELD * (MAX_FIELDS + 1) + b"\r\n")
    assert isinstance(wire.next_part(), Head)
    with pytest.raises(HttpFailedError, match="or are more than 1000") as failed:
        wire.next_part()
    assert failed.value.code.name == "HTTP-response-trailer-section-size"


def test_trailers_that_are_few_are_read():
    wire = wire_with(OK + b"transfer-encoding: chunked\r\n\r\n0\r\n" + FIELD + b"\r\n")
    assert isinstance(wire.next_part(), Head)
    assert wire.next_part() == End((("x", b"y"),))
