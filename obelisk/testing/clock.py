"""A clock that stands still until it is told to move."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class ManualClock:
    """A ``Clock`` for tests: time passes only through ``advance``, ``advance_to`` and ``jump``. It may be set back."""

    __test__ = False

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._passed = timedelta()
        self._count = 0
        self._sleepers: list[tuple[timedelta, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Return the time that was set last."""
        return self._start + self._passed

    def monotonic_ns(self) -> int:
        """Return the time that passed since the clock was made."""
        return self._passed // timedelta(microseconds=1) * 1000

    async def sleep_until(self, when: datetime) -> None:
        """Return once the clock was moved to ``when`` or beyond."""
        while (left := when - self.now()) > timedelta():
            await self.sleep(left)

    async def sleep(self, pause: timedelta) -> None:
        """Return once ``pause`` or more has passed, whatever was set back meanwhile."""
        if pause <= timedelta():
            return
        self._count += 1
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._passed + pause, self._count, woken))
        await woken

    def advance(self, by: timedelta) -> None:
        """Let time pass; none does when ``by`` is negative."""
        self._passed += max(by, timedelta())
        while self._sleepers and self._sleepers[0][0] <= self._passed:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)

    def advance_to(self, when: datetime) -> None:
        """Move to a time, not backwards, and wake everybody who slept until then."""
        self.advance(when - self.now())

    def set_back(self, by: timedelta) -> None:
        """Show an earlier time, as when an operator sets a clock back; no time passes."""
        self._start -= by

    @property
    def next_wake(self) -> datetime | None:
        """The next time that somebody sleeps until."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        return self.now() + (self._sleepers[0][0] - self._passed) if self._sleepers else None

    def jump(self) -> bool:
        """Move to the next time that somebody sleeps until; tell whether there is one."""
        until = self.next_wake
        if until is None:
            return False
        self.advance_to(until)
        return True
