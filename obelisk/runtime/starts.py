"""Starting runs without keeping the loop.

Theory of operation
    A guest runs on the loop until it first parks, which takes a big one milliseconds, and one commit may start hundreds. So
    runs start at once only as long as the starts of this turn of the loop took no longer than ``TURN_NS`` together; the
    others wait in their order for the next turns, between which everybody else goes on. A start that waits may become
    unnecessary: whoever is started looks whether it still is to be.

    A start often leads to the next one: a pure activity ends, its workflow goes on and asks for another. That one waits
    until the start before it has returned (``soon``), since turns do not nest, but not for the next turn of the loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from obelisk.clock import Clock

TURN_NS: Final = 1_000_000
LITTLE_NS: Final = TURN_NS // 4
"""So much may be left over from earlier turns of the loop; to ask for each turn would take more time than that is worth."""


class Starts:
    """See the module's theory of operation. Used on the loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: deque[Callable[[], None]] = deque()
        self._spent = 0
        self._is_turn_due = False
        self._is_going_on = False

    def begin(self, start: Callable[[], None]) -> None:
        """Call ``start`` now or soon."""
        self._queue.append(start)
        self._go_on()
        if self._queue or self._spent > LITTLE_NS:
            self._ask_for_turn()

    def soon(self, start: Callable[[], None]) -> None:
        """Call ``start`` soon, and not before this returns to whoever was started."""
        self._queue.append(start)
        if not self._is_going_on:
            self._ask_for_turn()

    def _ask_for_turn(self) -> None:
        if not self._is_turn_due:
            self._is_turn_due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._is_turn_due = False
        self._spent = 0
        self._go_on()
        if self._queue:
            self._ask_for_turn()

    def _go_on(self) -> None:
        if self._is_going_on:
            return
        self._is_going_on = True
        now = self._clock.monotonic_ns()
        try:
            while self._queue and self._spent <= TURN_NS:
                start, begun = self._queue.popleft(), now
                start()
                now = self._clock.monotonic_ns()
                self._spent += now - begun
        except BaseException:
            if self._queue:
                self._ask_for_turn()
            raise
        finally:
            self._is_going_on = False
