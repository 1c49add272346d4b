"""An event loop whose time is virtual: when nothing is ready, time jumps to the next timer.

Theory of operation
    ``BaseEventLoop`` asks its selector to wait until the next timer is due. This selector does not wait: it moves the
    loop's time there. So a run takes as long as what it computes, and its order depends on nothing but itself: callbacks
    run in the order in which they were registered, timers in the order of their times.

    With ``shuffles`` the callbacks that are ready at the same time run in an order that is drawn. ``asyncio`` promises the
    order in which they were registered; an engine that does not need that promise cannot break when somebody does.

    What other threads do (SQLite's writer) takes real time, and virtual time has to stand still meanwhile. Whoever hands
    something to a thread counts it in ``outside``; while that is not 0, or ``works_outside`` says so, the selector really
    waits.

    When nothing is ready, no timer is set and nobody outside works, nothing can ever happen again: that raises
    ``SimulationStalledError``, and so do callbacks that go on for ever, with or without time passing.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
LONGEST_WAIT = 60.0
"""Seconds that somebody outside may take."""
MOST_TURNS = 300_000
"""A play takes some thousands."""


class SimulationStalledError(RuntimeError):
    """Everybody waits for somebody else."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """See the module's theory of operation. Its time begins at 0."""

    _ready: deque[asyncio.Handle]

    def __init__(
        self, *, shuffles: random.Random | None = None, works_outside: Callable[[], bool] = lambda: False
    ) -> None:
        self.outside = 0
        self.works_outside = works_outside
        self.turns_left = MOST_TURNS
        self._shuffles = shuffles
        self._virtual_now = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._virtual_now

    def _run_once(self) -> None:
        self.turns_left -= 1
        if self.turns_left < 0:
            self.turns_left = MOST_TURNS  # for the end of those who are to be ended
            raise SimulationStalledError(f"it does not come to rest within {MOST_TURNS} turns of the loop")
        if self._shuffles is not None:
            # Taken out one by one: other threads append to it meanwhile.
            ready = [self._ready.popleft() for _ in range(len(self._ready))]
            self._shuffles.shuffle(ready)
            self._ready.extendleft(reversed(ready))
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Call ``func`` in a thread; virtual time stands still meanwhile."""
        self.outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._come_back)
        return future

    def _come_back(self, _: object) -> None:
        self.outside -= 1

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._virtual_now += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the time of the loop instead of waiting, unless something outside of the loop is waited for."""

    def __init__(self, loop: SimulatedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready: list[Any] = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self._loop.outside or self._loop.works_outside():
            return super().select(LONGEST_WAIT)
        if timeout is None:
            raise SimulationStalledError(
                "nothing is ready, and nothing will ever be: everybody waits for somebody else"
            )
        self._loop.jump(timeout)
        return []
