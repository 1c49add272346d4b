"""Signals of the server process: the first asks it to stop, the second ends it."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

EXIT_SECOND_SIGNAL = 130
_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("obelisk.server")


def _do_nothing() -> None:
    """Do nothing."""


class StopRequest:
    """Set by the first signal, or by ``request``; ``before_end`` is called when a second signal ends the process."""

    def __init__(self, before_end: Callable[[], None] = _do_nothing) -> None:
        self._event = asyncio.Event()
        self._before_end = before_end

    def is_requested(self) -> bool:
        """Whether the first signal has come."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait for the first signal."""
        await self._event.wait()

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Return what ``work`` returns; cancel it and return ``None`` when the first signal comes before it ends."""
        task = asyncio.ensure_future(work)
        stopped = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            return None
        finally:
            for each in (task, stopped):
                each.cancel()
            await asyncio.gather(task, stopped, return_exceptions=True)

    def request(self) -> None:
        """Ask for a stop without a signal."""
        self._event.set()

    def receive(self, received: signal.Signals) -> None:
        """Take note of a signal."""
        if self._event.is_set():
            _log.warning("%s again: ending at once", received.name)
            # What is committed is safe, and nothing else may be waited for.
            self._before_end()
            os._exit(EXIT_SECOND_SIGNAL)
        _log.info("%s: stopping", received.name)
        self._event.set()


@contextmanager
def stop_signals(before_end: Callable[[], None] = _do_nothing) -> Iterator[StopRequest]:
    """Handle SIGTERM and SIGINT on the running loop for as long as the context is open.

    ``before_end`` is called before a second signal ends the process; it has to return soon.
    """
    loop = asyncio.get_running_loop()
    request = StopRequest(before_end)
    for number in _SIGNALS:
        loop.add_signal_handler(number, request.receive, number)
    try:
        yield request
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
