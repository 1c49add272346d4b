"""One request on a connection: its head, its body as it comes, and its answer as it goes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import h11
from msgspec import Struct

from obelisk_http_webhook.replies import REQUEST_ID, Headers, RefusedError, Reply, bad_request, timed_out, too_large
from obelisk_http_webhook.wire import Wire

MAX_REQUEST_ID: Final = 200
_NO_BODY: Final = (204, 304)
_REASONS: Final = {status.value: status.phrase.encode() for status in HTTPStatus}


class Limits(Struct, frozen=True):
    """What one request may take: sizes in bytes, times in seconds."""

    head_size: int
    body_size: int
    head: float
    stall: float
    idle: float


class Request:
    """See the module's documentation. ``params`` are those of the route."""

    def __init__(
        self, head: h11.Request, http: h11.Connection, wire: Wire, limits: Limits, *, date: Callable[[], bytes]
    ) -> None:
        self.fields: list[tuple[bytes, bytes]] = list(head.headers)
        self.method = head.method.decode()
        self.target = head.target.decode()
        self.http_version: bytes = head.http_version
        self.params: dict[str, str] = {}
        self.trailers: list[tuple[bytes, bytes]] = []
        self.keeps_open = True
        self.extra: Headers = ()
        self.has_begun = False
        self._http = http
        self._wire = wire
        self._limits = limits
        self._date = date
        self._received = 0
        self._status = 0
        self._body_ended = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def path(self) -> str:
        """The path without the query, as it was sent."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What follows the ``?``."""
        return self.target.partition("?")[2]

    def field(self, name: bytes) -> str | None:
        """Return the value of a header that is there once, else ``None``."""
        found = [value for key, value in self.fields if key == name]
        return found[0].decode("latin-1") if len(found) == 1 else None

    @property
    def request_id(self) -> str | None:
        """The ``x-request-id`` that the client gave, if it is short and printable."""
        found = self.field(REQUEST_ID)
        return found if found and len(found) <= MAX_REQUEST_ID and found.isascii() and found.isprintable() else None

    def to_origin_form(self) -> None:
        """Cut the target to path and query. Raises ``RefusedError`` for one that has none (RFC 9112, section 3.2)."""
        if self.target.startswith("/"):
            return
        scheme, found, rest = self.target.partition("://")
        if not found or scheme.lower() not in ("http", "https"):
            raise bad_request("Malformed request target")
        at = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
        tail = rest[at:]
        self.target = tail if tail.startswith("/") else f"/{tail}"

    def watch(self, on_gone: Callable[[], None] | None) -> None:
        """Have ``on_gone`` called when the client is gone; ``None`` ends that."""
        self._wire.watch(on_gone)

    # --- the body that comes ------------------------------------------------------------------------------------------

    def check_announced(self) -> None:
        """Raise ``RefusedError`` when the body is announced to be larger than the server takes."""
        announced = self.field(b"content-length")
        if announced is not None and int(announced) > self._limits.body_size:
            raise too_large()

    def next_part(self) -> bytes | None:
        """Return bytes of the body that are here, nothing after the last, ``None`` when more has to come.

        Raises ``RefusedError`` for what is too large or malformed.
        """
        if self._body_ended:
            return b""
        try:
            event = self._http.next_event()
        except h11.RemoteProtocolError:
            raise bad_request("Malformed request body") from None
        if isinstance(event, h11.Data):
            self._received += len(event.data)
            if self._received > self._limits.body_size:
                raise too_large()
            return bytes(event.data)
        if isinstance(event, h11.EndOfMessage):
            self._body_ended = True
            self.trailers = list(event.headers)
            return b""
        if event is h11.NEED_DATA:
            return None
        raise bad_request("Malformed request body")

    def parts_here(self, size: int) -> list[bytes]:
        """Return the parts of the body that are here, up to about ``size`` bytes. Raises ``RefusedError``."""
        found: list[bytes] = []
        while size > 0 and (part := self.next_part()):
            found.append(part)
            size -= len(part)
        return found

    def invite_body(self) -> None:
        """Tell a client that waits for it that its body is wanted (RFC 9110, section 10.1.1); before the answer begins."""
        if self._http.they_are_waiting_for_100_continue and not self.has_begun:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self._wire.send(self._http.send(go_on) or b"")

    async def receive(self, seconds: float = math.inf) -> None:
        """Wait for more of the body, at most ``seconds``. Raises ``RefusedError`` when none comes in time or ever."""
        self.invite_body()
        try:
            content = await self._wire.receive(min(self._limits.stall, seconds))
        except TimeoutError:
            raise timed_out() from None
        try:
            self._http.receive_data(content)
        except h11.RemoteProtocolError:
            raise bad_request("Malformed request body") from None

    async def read_body(self, within: float) -> bytes:
        """Return the whole body, which has to be here within so many seconds. Raises ``RefusedError``."""
        self.check_announced()
        loop = asyncio.get_running_loop()
        until = loop.time() + within
        whole = bytearray()
        while (part := self.next_part()) != b"":
            if part is None:
                await self.receive(max(until - loop.time(), 0.0))
            else:
                whole += part
        return bytes(whole)

    def skip_body(self) -> None:
        """Throw away what of the body is here; the connection can go on when that is all of it."""
        try:
            while self.next_part():
                pass
        except RefusedError:
            pass  # the connection ends with the answer

    # --- the answer ---------------------------------------------------------------------------------------------------

    async def reply(self, reply: Reply) -> None:
        """Send a whole answer."""
        await self.send_whole(reply.status, reply.headers, reply.body)

    async def send_whole(self, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """Send an answer whose body is complete."""
        fields = list(headers)
        if status not in _NO_BODY and not (self.method == "HEAD" and _has(fields, b"content-length")):
            fields = [field for field in fields if field[0].lower() != b"content-length"]
            fields.append((b"content-length", str(len(body)).encode()))
        content = self._head(status, fields)
        if body and self._takes_body(status):
            content += self._http.send(h11.Data(body)) or b""
        content += self._http.send(h11.EndOfMessage()) or b""
        self._wire.send(content)
        await self._wire.drain(self._limits.stall)

    def begin(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Send the head of an answer. Raises ``h11.LocalProtocolError`` when it cannot be one; nothing was sent then."""
        self._wire.send(self._head(status, list(headers)))
        self._status = status

    async def send(self, body: bytes) -> None:
        """Send a part of the body; return when there is room for more."""
        if self._takes_body(self._status):
            self._wire.send(self._http.send(h11.Data(body)) or b"")
            await self._wire.drain(self._limits.stall)

    async def end(self, trailers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """End the answer. Trailers that its form has no place for are left out."""
        fields = list(trailers) if self.http_version >= b"1.1" and self._takes_body(self._status) else []
        self._wire.send(self._http.send(h11.EndOfMessage(headers=fields)) or b"")
        await self._wire.drain(self._limits.stall)

    def break_off(self) -> None:
        """End the connection in the middle of an answer."""
        self._wire.abort()

    def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        own = [*self.extra, (b"date", self._date())]
        if not self.keeps_open or not self._body_ended:
            own.append((b"connection", b"close"))
        taken = {name for name, _ in own}
        fields = [field for field in headers if field[0].lower() not in taken]
        head = h11.Response(status_code=status, headers=[*fields, *own], reason=reason_of(status))
        content = self._http.send(head) or b""
        self.has_begun = True
        return content

    def _takes_body(self, status: int) -> bool:
        return self.method != "HEAD" and status not in _NO_BODY


def reason_of(status: int) -> bytes:
    """Return the phrase of a status, which some clients cannot do without, nothing for one that has none."""
    return _REASONS.get(status, b"")


def _has(fields: Iterable[tuple[bytes, bytes]], name: bytes) -> bool:
    return any(key.lower() == name for key, _ in fields)
