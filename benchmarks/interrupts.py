"""Being asked to stop in the midst of a run, without leaving processes behind.

Theory of operation. The first signal cancels the run, whose context managers then end their processes. While something waits
for a process or a database without the loop, that is noticed only after it, so the second signal interrupts whatever goes
on. Every further signal is ignored: what is left to do is to kill, and takes a bounded time.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
T = TypeVar("T")


def run_until_interrupted(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a loop of its own; raises ``KeyboardInterrupt`` after one of ``SIGNALS``."""
    interrupts = _Interrupts()
    with interrupts.taken():
        try:
            return asyncio.run(interrupts.followed(main))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


class _Interrupts:
    def __init__(self) -> None:
        self._count = 0
        self._main: asyncio.Task[Any] | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take the signals, except one that somebody chose to ignore, as ``nohup`` does."""
        before = {one: signal.getsignal(one) for one in SIGNALS}
        for one in (one for one, handler in before.items() if handler is not signal.SIG_IGN):
            signal.signal(one, self._take)
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def followed(self, main: Coroutine[Any, Any, T]) -> T:
        self._main = asyncio.current_task()
        return await main

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1 and self._main is not None:
            self._main.cancel()
            self._main.get_loop().call_soon_threadsafe(lambda: None)  # wakes it up
        elif self._count <= 2:
            raise KeyboardInterrupt
