"""One ``[[http_server]]``: its socket, its connections, and where their requests go."""

from __future__ import annotations

import asyncio
import logging
import ssl
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Final, Protocol

from obelisk.clock import Clock
from obelisk.errors import ConfigError, ServerError
from obelisk_http_webhook.address import address_text, parse_address
from obelisk_http_webhook.connection import Connection
from obelisk_http_webhook.permit import Permit
from obelisk_http_webhook.replies import bad_request, not_allowed, not_found, out_of_permits
from obelisk_http_webhook.request import Limits, Request
from obelisk_http_webhook.router import NoRoute, Router, segments_of
from obelisk_http_webhook.settings import HttpServerSettings, TlsSettings
from obelisk_http_webhook.wire import Wire

BACKLOG: Final = 1024
_log = logging.getLogger("obelisk.http_webhook")


class Service(Protocol):
    """Answers requests."""

    name: str

    async def serve(self, request: Request, permit: Permit) -> None:
        """Answer a request; ``permit`` is kept when it has to be worked on after that.

        Raises ``RefusedError`` for a plain answer.
        """


class HttpServer:
    """See the module's documentation."""

    def __init__(self, settings: HttpServerSettings, clock: Clock, *, context: ssl.SSLContext | None) -> None:
        self.settings = settings
        self.router: Router[Service] = Router()
        self._clock = clock
        self._context = context
        self._limits = Limits(
            head_size=int(settings.max_head_size),
            body_size=int(settings.max_body_size),
            head=settings.head_timeout.total_seconds(),
            stall=settings.stall_timeout.total_seconds(),
            idle=settings.idle_timeout.total_seconds(),
        )
        limit = settings.max_inflight_requests
        self._permits = None if limit == "unlimited" else limit
        self._inflight = 0
        self._connections: dict[Wire, tuple[Connection, asyncio.Task[None]]] = {}
        self._listener: asyncio.Server | None = None
        self._date: tuple[datetime | None, bytes] = (None, b"")

    async def listen(self) -> None:
        """Take connections from now on. Raises ``ServerError`` when the address cannot be had."""
        host, port = parse_address(self.settings.listening_addr)
        loop = asyncio.get_running_loop()
        try:
            self._listener = await loop.create_server(
                lambda: Wire(self._connected, self._lost), host, port, ssl=self._context, backlog=BACKLOG,
                ssl_handshake_timeout=None if self._context is None else self._limits.head,
            )  # fmt: skip
        except (OSError, UnicodeError) as error:  # the latter for a name that no host can have
            reason = (error.strerror if isinstance(error, OSError) else None) or error
            raise ServerError(
                f"the HTTP server `{self.settings.name}` cannot listen at {self.settings.listening_addr}: "
                f"{reason}; change its `listening_addr`"
            ) from error
        bound = self._listener.sockets[0].getsockname()
        _log.info("HTTP server `%s` listens at %s", self.settings.name, address_text(bound[0], bound[1]))

    def stop(self) -> None:
        """Take nothing new. What is under way goes on."""
        if self._listener is not None:
            self._listener.close()
        for connection, _task in tuple(self._connections.values()):
            connection.stop()

    async def drained(self) -> None:
        """Return once no connection is left."""
        while self._connections:
            await asyncio.wait([task for _connection, task in self._connections.values()])

    def abort(self) -> None:
        """Break off what is left."""
        for _connection, task in tuple(self._connections.values()):
            task.cancel()

    # --- connections --------------------------------------------------------------------------------------------------

    def _connected(self, wire: Wire) -> None:
        if len(self._connections) >= self.settings.max_connections:
            wire.abort()
            return
        connection = Connection(wire, self._limits, serve=self._serve, date=self._http_date)
        task = asyncio.get_running_loop().create_task(connection.run())
        self._connections[wire] = connection, task
        task.add_done_callback(lambda _: self._connections.pop(wire, None))

    def _lost(self, wire: Wire) -> None:
        pass  # its task sees it

    async def _serve(self, request: Request) -> None:
        request.to_origin_form()
        segments = segments_of(request.path)
        if segments is None:
            raise bad_request("Malformed path")
        found = self.router.find(request.method, segments)
        if isinstance(found, NoRoute):
            raise not_allowed(found.allowed) if found.allowed else not_found()
        request.params = found.params
        if self._permits is not None and self._inflight >= self._permits:
            raise out_of_permits()
        permit = Permit(self._release)
        self._inflight += 1
        try:
            await found.target.serve(request, permit)
        finally:
            if not permit.is_kept:
                permit.release()

    def _release(self) -> None:
        self._inflight -= 1

    def _http_date(self) -> bytes:
        """Return the time in the form of RFC 9110, section 5.6.7, made once per second."""
        now = self._clock.now().replace(microsecond=0)
        if self._date[0] != now:
            self._date = now, format_datetime(now, usegmt=True).encode()
        return self._date[1]


def tls_context(settings: TlsSettings, base: Path, *, server: str) -> ssl.SSLContext:
    """Return what a server with TLS shows to its clients. Raises ``ConfigError`` for files that cannot be used."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(base / settings.certificate, base / settings.key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"the `tls` of the HTTP server `{server}` cannot be used: {settings.certificate}, {settings.key}: {error}"
        ) from error
    return context
