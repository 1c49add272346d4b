"""Virtual time for people's tests: it stands still while something runs, and jumps when nothing does.

Theory of operation
    Whoever waits drives the clock: it lets the engine do all that it can at the present time, then jumps to the next
    time that somebody sleeps until. When nobody sleeps and what is awaited has not come, it never will: that is told
    instead of waited for. Several who wait take turns, so that no jump happens while another one's is still being
    worked off.

    What runs for longer than ``PATIENCE`` of real time (an activity that sends a request, or sleeps by its own clock,
    or hangs) would wait for a clock that stands still for its sake. From then on the clock goes at the pace of the real
    one, and a time limit means what it means on a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar

from obelisk.runtime.engine import Engine
from obelisk.testing.clock import ManualClock

T = TypeVar("T")
ITERATIONS: Final = 20
PATIENCE: Final = 0.5
BRIEF: Final = 0.02
PAUSE: Final = 0.002
LOOKS: Final = 5
"""How often nothing may be found that could happen before that is believed: a read may be under way in a thread."""


class NothingHappensError(Exception):
    """What is awaited never comes: nothing runs, and nobody waits for a time."""


class PassingTime:
    """See the module's theory of operation. ``check`` is called at each stand-still, and may raise."""

    def __init__(self, engine: Engine, clock: ManualClock, check: Callable[[], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._check = check
        self._turn = asyncio.Lock()

    async def until(self, awaited: Awaitable[T]) -> T:
        """Let time pass until ``awaited`` is done. Raises ``NothingHappensError``, and what ``check`` raises."""
        task = asyncio.ensure_future(awaited)
        try:
            looks = 0
            while not task.done() and looks < LOOKS:
                moved = await self._step(task)
                await asyncio.wait((task,), timeout=0 if moved else PAUSE)
                looks = 0 if moved else looks + 1
            if not task.done():
                raise NothingHappensError
            return await task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until the engine has nothing to do at the present time."""
        async with self._turn:
            await self._settle()
        self._check()

    async def advance(self, by: timedelta) -> None:
        """Let ``by`` pass; what is due in between happens at its own time."""
        until = self._clock.now() + by
        async with self._turn:
            await self._settle()
            while (due := self._clock.next_wake) is not None and due <= until:
                self._clock.advance_to(due)
                await self._settle()
            self._clock.advance_to(until)
            await self._settle()
        self._check()

    async def _step(self, task: asyncio.Future[T]) -> bool:
        """Do what can be done now, then jump unless that was enough; tell whether there was somewhere to jump to."""
        async with self._turn:
            before: datetime = self._clock.now()
            await self._settle()
            self._check()
            return task.done() or self._clock.now() > before or self._clock.jump()

    async def _settle(self) -> None:
        loop = asyncio.get_running_loop()
        began = paced = loop.time()
        quiet = 0
        while quiet < ITERATIONS:
            await self._engine.quiet()
            busy = loop.time() - began
            await asyncio.sleep(0 if busy < BRIEF else PAUSE)
            if self._engine.is_quiet:
                quiet, began = quiet + 1, loop.time()
            else:
                quiet = 0
                paced = self._pace(loop.time(), paced, is_late=busy >= PATIENCE)

    def _pace(self, now: float, before: float, *, is_late: bool) -> float:
        if is_late:
            self._clock.advance(timedelta(seconds=now - before))
        return now
