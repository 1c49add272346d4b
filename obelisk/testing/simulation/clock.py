"""The clock of one simulated server."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from obelisk.clock import SystemClock
from obelisk.testing.clock import START


class SimulatedClock(SystemClock):
    """A server's clock on virtual time, which ``offset`` sets forward or back.

    Sleeping is the system clock's. Each look at the monotonic time moves it by ``cost`` seconds, which stands for what
    a server computes: on virtual time that takes none, and no turn would ever be a long one.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, offset: float = 0.0, cost: float = 0.0) -> None:
        self.offset = offset
        self._loop = loop
        self._cost = cost
        self._looks = 0

    def now(self) -> datetime:
        """Return the server's time."""
        return START + timedelta(microseconds=round((self._loop.time() + self.offset) * 1_000_000))

    async def sleep(self, pause: timedelta) -> None:
        """Sleep on virtual time, at least for as long as a look takes: else who looks often would never let time pass."""
        await super().sleep(max(pause, timedelta(seconds=self._cost)))

    def monotonic_ns(self) -> int:
        """Return the server's monotonic time."""
        self._looks += 1
        return round((self._loop.time() + self._looks * self._cost) * 1_000_000_000)
