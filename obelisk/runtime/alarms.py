"""Alarms: callbacks at points in time, or after a pause, with one task.

Theory of operation
    What is due at a time of the world waits for the clock of the machine, which operators set forward and back. A pause
    ends when it has gone by, whatever that clock shows: a server whose clock is set back by an hour still looks around
    each second.

    One task, ``Alarms.run``, sleeps until the first of both kinds, and is woken when an alarm is set that comes before
    it. Alarms are set, cancelled and go off on the loop of the engine, and nothing in here is locked.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from obelisk.clock import MICROSECOND, MICROSECOND_NS, Clock

SMALL = 64
RETRY_AFTER_ERROR = timedelta(seconds=1)
"""The pause before something is tried again that failed for a reason outside of it, such as a storage that is away."""
_log = logging.getLogger("obelisk.alarms")
When = TypeVar("When", datetime, int)


class Alarm:
    """A callback that is due; ``cancel`` makes it do nothing."""

    __slots__ = ("_cancelled", "action")

    def __init__(self, action: Callable[[], None], cancelled: Callable[[], None]) -> None:
        self._cancelled = cancelled
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Forget the callback. Idempotent."""
        if self.action is not None:
            self.action = None
            self._cancelled()


class _Queue(Generic[When]):
    """Alarms in the order in which they are due, on one scale of time."""

    def __init__(self) -> None:
        self._heap: list[tuple[When, int, Alarm]] = []
        self._count = 0
        self._cancelled = 0

    @property
    def first(self) -> When | None:
        """When the first one is due."""
        return self._heap[0][0] if self._heap else None

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, when: When, action: Callable[[], None]) -> tuple[Alarm, bool]:
        """Add an alarm; tell whether it is the first now."""
        alarm = Alarm(action, self._take_note)
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, alarm))
        return alarm, self._heap[0][2] is alarm

    def due(self, now: When) -> list[Alarm]:
        """Take out what is due."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            alarm = heapq.heappop(self._heap)[2]
            if alarm.action is None:
                self._cancelled = max(self._cancelled - 1, 0)
            else:
                due.append(alarm)
        return due

    def _take_note(self) -> None:
        """Count a cancelled alarm; when most are, their memory is given back."""
        self._cancelled += 1
        if self._cancelled > SMALL and self._cancelled > len(self._heap) // 2:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)
            self._cancelled = 0


class Alarms:
    """Calls back when the clock reaches a time, or a pause is over: late perhaps, never early.

    An alarm that is set while others go off waits for the next iteration of the loop, even when it is due: no alarm can
    keep the loop by setting itself again. One that raises is logged, and the others go on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times: _Queue[datetime] = _Queue()
        self._pauses: _Queue[int] = _Queue()
        self._changed = asyncio.Event()

    def at(self, when: datetime, action: Callable[[], None]) -> Alarm:
        """Call ``action`` on the loop once the clock shows ``when``; never before this returns."""
        alarm, is_first = self._times.add(when, action)
        if is_first:
            self._changed.set()
        return alarm

    def after(self, pause: timedelta, action: Callable[[], None]) -> Alarm:
        """Call ``action`` on the loop once ``pause`` has gone by, whatever the clock shows then."""
        nanoseconds = pause // MICROSECOND * MICROSECOND_NS
        alarm, is_first = self._pauses.add(self._clock.monotonic_ns() + nanoseconds, action)
        if is_first:
            self._changed.set()
        return alarm

    async def run(self) -> None:
        """Serve alarms until cancelled."""
        while True:
            self._changed.clear()
            for alarm in (*self._times.due(self._clock.now()), *self._pauses.due(self._clock.monotonic_ns())):
                _go_off(alarm)
            await self._wait()

    async def _wait(self) -> None:
        """Wait for the first alarm of either kind, or a new first one."""
        waits: list[Awaitable[object]] = [self._changed.wait()]
        if self._times.first is not None:
            waits.append(self._clock.sleep_until(self._times.first))
        if self._pauses.first is not None:
            left = self._pauses.first - self._clock.monotonic_ns()
            waits.append(self._clock.sleep(timedelta(microseconds=max(-(-left // MICROSECOND_NS), 0))))
        tasks = [asyncio.ensure_future(wait) for wait in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


def _go_off(alarm: Alarm) -> None:
    # One that goes off in the same round may have cancelled it.
    action, alarm.action = alarm.action, None
    if action is None:
        return
    try:
        action()
    except Exception:  # noqa: BLE001 - whose alarm it is must not matter to the others
        _log.exception("an alarm ended unexpectedly")
