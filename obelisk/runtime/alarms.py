"""Alarms: callbacks at points in time, on one clock, with one task."""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from datetime import datetime

from obelisk.clock import Clock

SMALL = 64
_log = logging.getLogger("obelisk.alarms")


class Alarm:
    """A callback that is due; ``cancel`` makes it do nothing."""

    __slots__ = ("_owner", "action")

    def __init__(self, owner: Alarms, action: Callable[[], None]) -> None:
        self._owner = owner
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Forget the callback. Idempotent."""
        if self.action is not None:
            self.action = None
            self._owner.cancelled()


class Alarms:
    """Calls back when the clock reaches a time: late perhaps, never early.

    An alarm that is set while others go off waits for the next iteration of the loop, even when it is due: no alarm can
    keep the loop by setting itself again. One that raises is logged, and the others go on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Alarm]] = []
        self._count = 0
        self._cancelled = 0
        self._changed = asyncio.Event()

    def at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        """Call ``action`` on the loop once the clock shows ``when``; never before this returns."""
        alarm = Alarm(self, action)
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, alarm))
        if self._heap[0][2] is alarm:
            self._changed.set()
        return alarm

    def cancelled(self) -> None:
        """Take note of a cancelled alarm; when most are, their memory is given back."""
        self._cancelled += 1
        if self._cancelled > SMALL and self._cancelled > len(self._heap) // 2:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0

    async def run(self) -> None:
        """Serve alarms until cancelled."""
        while True:
            self._changed.clear()
            self._fire()
            await self._wait()

    def _fire(self) -> None:
        now = self._clock.now()
        due = []
        while self._heap and self._heap[0][0] <= now:
            due.append(heapq.heappop(self._heap)[2])
        for alarm in due:
            action, alarm.action = alarm.action, None
            if action is None:
                self._cancelled = max(self._cancelled - 1, 0)
                continue
            try:
                action()
            except Exception:  # noqa: BLE001 - whose alarm it is must not matter to the others
                _log.exception("an alarm ended unexpectedly")

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
