"""Starting runs without keeping the loop.

Theory of operation
    A guest runs on the loop until it first parks, which takes a big one milliseconds, and one commit may start hundreds. So
    runs start at once only as long as the starts of this turn of the loop took no longer than ``TURN_SECONDS`` together; the
    others wait in their order for the next turns, between which everybody else goes on. A start that waits may become
    unnecessary: whoever is started looks whether it still is to be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

TURN_SECONDS: Final = 0.001


class Starts:
    """See the module's theory of operation. Used on the loop."""

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._queue: deque[Callable[[], None]] = deque()
        self._spent = 0.0
        self._is_turn_due = False

    def begin(self, start: Callable[[], None]) -> None:
        """Call ``start`` now or soon."""
        self._queue.append(start)
        self._ask_for_turn()
        self._go_on()

    def _ask_for_turn(self) -> None:
        if not self._is_turn_due:
            self._is_turn_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._is_turn_due = False
        self._spent = 0.0
        if self._queue:
            self._ask_for_turn()
            self._go_on()

    def _go_on(self) -> None:
        while self._queue and self._spent <= TURN_SECONDS:
            start, begun = self._queue.popleft(), self._timer()
            try:
                start()
            finally:
                self._spent += self._timer() - begun
