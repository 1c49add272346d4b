"""Alarms: callbacks at points in time, on one clock, with one task."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime

from obelisk.clock import Clock


class Alarm:
    """A callback that is due; ``cancel`` makes it do nothing."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None]) -> None:
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Forget the callback."""
        self.action = None


class Alarms:
    """Calls back when the clock reaches a time: late perhaps, never early. Cancelled alarms cost nothing but memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Alarm]] = []
        self._count = 0
        self._changed = asyncio.Event()

    def at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        """Call ``action`` on the loop once the clock shows ``when``; never before this returns."""
        alarm = Alarm(action)
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, alarm))
        if self._heap[0][2] is alarm:
            self._changed.set()
        return alarm

    async def run(self) -> None:
        """Serve alarms until cancelled."""
        while True:
            self._changed.clear()
            self._fire()
            await self._wait()

    def _fire(self) -> None:
        now = self._clock.now()
        while self._heap and (self._heap[0][0] <= now or self._heap[0][2].action is None):
            action = heapq.heappop(self._heap)[2].action
            if action is not None:
                action()

    async def _wait(self) -> None:
        if not self._heap:
            await self._changed.wait()
            return
        timer = asyncio.ensure_future(self._clock.sleep_until(self._heap[0][0]))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((timer, changed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            changed.cancel()
