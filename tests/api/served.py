"""A server in a thread of its own, for clients that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from obelisk.api.protection import Protection
from obelisk.api.server import UNPROTECTED, serve
from tests.api.fakes import FakeComponents, FakeExecutions, FixedClock

T = TypeVar("T")


class Served:
    """A server with a fake engine behind it. It can be stopped and started again at the same address."""

    def __init__(self, engine: FakeExecutions, protection: Protection = UNPROTECTED) -> None:
        self.engine = engine
        self.protection = protection
        self.components = FakeComponents()
        self.address = "127.0.0.1:0"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._context: Any = None

    @property
    def url(self) -> str:
        return f"{'http' if self.protection.credentials is None else 'https'}://{self.address}"

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the server's loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    def start(self) -> None:
        """Listen, at the same address as before."""
        self.run(self._start())

    def stop(self) -> None:
        """Stop listening."""
        self.run(self._stop())

    def close(self) -> None:
        """Stop, and end the thread."""
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=30)
        self._loop.close()

    async def _start(self) -> None:
        context = serve(
            self.engine, self.components, address=self.address, clock=FixedClock(), grace=1.0,
            protection=self.protection,
        )  # fmt: skip
        self.address = (await context.__aenter__()).address
        self._context = context

    async def _stop(self) -> None:
        context, self._context = self._context, None
        if context is not None:
            await context.__aexit__(None, None, None)


@contextmanager
def served(protection: Protection = UNPROTECTED) -> Iterator[Served]:
    """Serve until the end of the ``with``."""
    server = Served(FakeExecutions(), protection)
    try:
        server.start()
        yield server
    finally:
        server.close()
