"""The messages of one exchange as they stand on a connection: HTTP/1.1 (RFC 9112), by h11."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import h11
from msgspec import Struct

from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.fields import Entries, received, section_size

MAX_SECTION: Final = 64 * 1024
"""How many bytes the fields of a message may take, and how many its trailers."""
MAX_FIELDS: Final = 1000
"""How many fields a message may have, and how many its trailers: reading one takes the loop some microseconds."""
MAX_INFORMATIONAL: Final = 100
"""How many responses may come before the final one."""
TOO_LARGE: Final = 431
NOT_IMPLEMENTED: Final = 501
"""What h11 hints at for fields that are too large, and for a transfer coding other than chunked."""
_END_OF_HEAD = re.compile(rb"\n\r?\n")


class Head(Struct, frozen=True):
    """The head of a response."""

    status: int
    fields: Entries


class End(Struct, frozen=True):
    """The end of a response."""

    trailers: Entries


Part = Head | bytes | End


class Wire:
    """One request and its response."""

    def __init__(self) -> None:
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_SECTION)
        self._informational = 0
        self._has_ended = False
        self._has_head = False

    def request(self, method: str, target: str, fields: Sequence[tuple[str, bytes]]) -> bytes:
        """Return the bytes of a request's head. Raises ``HttpFailedError`` for what cannot be one."""
        try:
            return self._http.send(h11.Request(method=method, target=target, headers=_lines(fields))) or b""
        except h11.LocalProtocolError as error:
            # What the library says quotes fields, and they may hold secrets.
            raise HttpFailedError("the request is not HTTP/1.1", ErrorCase.HTTP_PROTOCOL_ERROR) from error

    def content(self, content: bytes) -> bytes:
        """Return the bytes of a piece of the request's content."""
        return self._http.send(h11.Data(data=content)) or b""

    def end(self, trailers: Entries) -> bytes:
        """Return the bytes of the request's end. Raises ``HttpFailedError`` for trailers that cannot be sent."""
        try:
            return self._http.send(h11.EndOfMessage(headers=_lines(trailers))) or b""
        except h11.LocalProtocolError as error:
            raise HttpFailedError("the trailers are not HTTP/1.1", ErrorCase.HTTP_PROTOCOL_ERROR) from error

    def received(self, content: bytes) -> None:
        """Take bytes that came; nothing is the end of the connection."""
        self._has_ended = not content
        self._http.receive_data(content)

    def next_part(self) -> Part | None:
        """Return the next part of the response, ``None`` when more bytes are needed. Raises ``HttpFailedError``."""
        while True:
            if not self._has_head:
                self._check_lines()
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise self._failure(error) from error
            if isinstance(event, h11.InformationalResponse):
                self._count_informational()
                continue
            return self._part(event)

    def _check_lines(self) -> None:
        """Refuse a head of too many lines before they are read one by one."""
        waiting, _ = self._http.trailing_data
        end = _END_OF_HEAD.search(waiting)
        if waiting.count(b"\n", 0, len(waiting) if end is None else end.start()) > MAX_FIELDS:
            raise self._too_large()

    def _part(self, event: object) -> Part | None:
        if isinstance(event, h11.Response):
            head = Head(event.status_code, self._fields(event))
            self._has_head = True
            return head
        if isinstance(event, h11.Data):
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            return End(self._fields(event))
        return None

    def _count_informational(self) -> None:
        self._informational += 1
        if self._informational > MAX_INFORMATIONAL:
            message = f"more than {MAX_INFORMATIONAL} informational responses came, and no final one"
            raise HttpFailedError(message, ErrorCase.HTTP_PROTOCOL_ERROR)

    def _failure(self, error: h11.RemoteProtocolError) -> HttpFailedError:
        text = f"the response is not HTTP/1.1: {error}"
        if self._has_ended:
            message = "the connection was closed before the response was complete"
            return HttpFailedError(message, ErrorCase.HTTP_RESPONSE_INCOMPLETE)
        if error.error_status_hint == TOO_LARGE:
            return self._too_large()
        if error.error_status_hint == NOT_IMPLEMENTED:
            return HttpFailedError(text, ErrorCase.HTTP_RESPONSE_TRANSFER_CODING)
        return HttpFailedError(text, ErrorCase.HTTP_PROTOCOL_ERROR)

    def _fields(self, event: h11.Response | h11.EndOfMessage) -> Entries:
        entries = tuple((name.decode("ascii"), value) for name, value in event.headers.raw_items())
        if section_size(entries) > MAX_SECTION or len(entries) > MAX_FIELDS:
            raise self._too_large()
        return received(entries)

    def _too_large(self) -> HttpFailedError:
        if self._has_head:
            message = f"the trailers take more than {MAX_SECTION} bytes, or are more than {MAX_FIELDS}"
            return HttpFailedError(message, ErrorCase.HTTP_RESPONSE_TRAILER_SECTION_SIZE)
        message = f"the response's headers take more than {MAX_SECTION} bytes, or are more than {MAX_FIELDS}"
        return HttpFailedError(message, ErrorCase.HTTP_RESPONSE_HEADER_SECTION_SIZE)


def _lines(fields: Sequence[tuple[str, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.strip(b" \t")) for name, value in fields]
