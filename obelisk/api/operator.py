"""The operator port: a small HTTP server beside the API, for whoever runs the server.

Theory of operation
    It listens before the engine opens and until everything else has ended, on the engine's loop: when that hangs, nobody
    answers, which is what ``/healthz`` is asked for. At most ``MAX_CONNECTIONS`` are open; one more takes the place of the
    one that was used least recently, so clients that say nothing, take no answer or ask for much keep nobody out. What an
    answer costs is bounded: the text of the metrics is kept for a moment, and what the storage tells of for a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import format_datetime
from typing import Final

from obelisk.api.address import check_address, split_address
from obelisk.api.loopback import is_loopback
from obelisk.api.operator_answers import Answer, OperatorAnswers
from obelisk.api.operator_connection import OperatorConnection
from obelisk.clock import Clock
from obelisk.errors import ServerError
from obelisk.interfaces.signals import MetricsSnapshot

MAX_CONNECTIONS: Final = 128
BACKLOG: Final = 1024
_log = logging.getLogger("obelisk.operator")


class OperatorPort:
    """See the module's theory of operation. ``address`` is ``HOST:PORT`` with the port that it really has."""

    def __init__(self, answers: OperatorAnswers, clock: Clock) -> None:
        self.address = ""
        self._answers = answers
        self._clock = clock
        self._connections: OrderedDict[OperatorConnection, None] = OrderedDict()
        self._server: asyncio.Server | None = None

    def ready(self) -> None:
        """The server serves from now on."""
        self._answers.is_ready = True

    async def listen(self, address: str) -> None:
        """Listen. Raises ``ServerError`` naming the address when that is not possible."""
        host, port = split_address(address)
        check_address(address)
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: OperatorConnection(self), host.strip("[]"), port, backlog=BACKLOG
            )
        except OSError as error:
            raise ServerError(f"cannot listen at `{address}`: {error.strerror or error}") from error
        self.address = f"{host}:{self._server.sockets[0].getsockname()[1]}"
        _log.info("metrics and health are served at http://%s", self.address)
        if not is_loopback(host):
            _log.warning("the operator port listens at %s: everybody who reaches it can read the metrics", self.address)

    def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        self._answers.close()
        for connection in list(self._connections):
            connection.abort()

    async def answer(self, method: str, target: str) -> Answer:
        """Return the answer to a request."""
        return await self._answers.answer(method, target)

    def date(self) -> str:
        """Return the time as a header has it."""
        return format_datetime(self._clock.now(), usegmt=True)

    def used(self, connection: OperatorConnection) -> None:
        """A connection was made, or has a request; when there are too many, the one used least recently is ended."""
        self._connections[connection] = None
        self._connections.move_to_end(connection)
        if len(self._connections) > MAX_CONNECTIONS:
            oldest, _ = self._connections.popitem(last=False)
            oldest.abort()

    def left(self, connection: OperatorConnection) -> None:
        """A connection has ended."""
        self._connections.pop(connection, None)


@asynccontextmanager
async def serve_operator(
    metrics: Callable[[], Awaitable[MetricsSnapshot]], *, address: str, clock: Clock, is_stopping: Callable[[], bool]
) -> AsyncIterator[OperatorPort]:
    """Serve the operator port at ``address`` until the end of the ``async with``.

    Raises ``ServerError`` that names the setting and the address when it cannot listen.
    """
    port = OperatorPort(OperatorAnswers(metrics, is_stopping=is_stopping), clock)
    try:
        await port.listen(address)
    except ServerError as error:
        raise ServerError(f"`[operator] listening_addr`: {error}") from error
    try:
        yield port
    finally:
        port.close()
