"""What the operator port answers: whether the process lives, whether it serves, and its metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

from msgspec import Struct

from obelisk.api.exposition import CONTENT_TYPE, exposed
from obelisk.interfaces.signals import MetricsSnapshot

METRICS: Final = "/metrics"
HEALTH: Final = "/healthz"
READY: Final = "/readyz"
PLAIN: Final = "text/plain; charset=utf-8"
KEPT_SECONDS: Final = 0.5
"""How long the text of the metrics is kept: who asks more often gets the same."""

_METHODS: Final = ("GET", "HEAD")
_log = logging.getLogger("obelisk.operator")


class Answer(Struct, frozen=True):
    """A response. ``allow`` is the header of that name, empty when there is none."""

    status: HTTPStatus
    body: bytes
    content_type: str = PLAIN
    allow: str = ""


OK: Final = Answer(HTTPStatus.OK, b"ok\n")
NOT_FOUND: Final = Answer(HTTPStatus.NOT_FOUND, f"there are {METRICS}, {HEALTH} and {READY}\n".encode())
NOT_ALLOWED: Final = Answer(HTTPStatus.METHOD_NOT_ALLOWED, b"use GET or HEAD\n", allow=", ".join(_METHODS))
BAD_REQUEST: Final = Answer(HTTPStatus.BAD_REQUEST, b"expected an HTTP/1.1 request without a body\n")
FAILED: Final = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"the server's log says what is wrong\n")


class OperatorAnswers:
    """Answers requests. The server is ready once ``is_ready`` is set, and until ``is_stopping`` says that it stops."""

    def __init__(self, metrics: Callable[[], Awaitable[MetricsSnapshot]], *, is_stopping: Callable[[], bool]) -> None:
        self.is_ready = False
        self._metrics = metrics
        self._is_stopping = is_stopping
        self._text = b""
        self._kept_until = 0.0
        self._writing: asyncio.Task[None] | None = None

    async def answer(self, method: str, target: str) -> Answer:
        """Return the answer to a request. Raises nothing."""
        path = target.partition("?")[0]
        if path not in (METRICS, HEALTH, READY):
            return NOT_FOUND
        if method not in _METHODS:
            return NOT_ALLOWED
        if path == METRICS:
            return await self._measured()
        return OK if path == HEALTH else self._readiness()

    def close(self) -> None:
        """Write no more metrics."""
        if self._writing is not None:
            self._writing.cancel()

    def _readiness(self) -> Answer:
        if self._is_stopping():
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"not ready: the server is stopping\n")
        if not self.is_ready:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, b"not ready: the server is starting\n")
        return Answer(HTTPStatus.OK, b"ready\n")

    async def _measured(self) -> Answer:
        loop = asyncio.get_running_loop()
        if loop.time() >= self._kept_until:
            self._writing = self._writing or loop.create_task(self._write())
            try:
                await asyncio.shield(self._writing)
            except Exception:  # noqa: BLE001 - a scrape that fails must not be the end of the port
                _log.exception("the metrics cannot be told")
                return FAILED
        return Answer(HTTPStatus.OK, self._text, CONTENT_TYPE)

    async def _write(self) -> None:
        try:
            parts = []
            for metric in (await self._metrics()).metrics:
                parts.append(exposed(metric))
                await asyncio.sleep(0)  # others have the loop between two metrics of many functions
            self._text = "".join(parts).encode()
            self._kept_until = asyncio.get_running_loop().time() + KEPT_SECONDS
        finally:
            self._writing = None
