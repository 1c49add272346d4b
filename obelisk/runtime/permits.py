"""How many executions of a component may be started.

Two bounds apply. ``limit`` bounds how many run at once; it comes from the configuration. ``START_WINDOW`` bounds how many
are locked but have not come to their first wait or their end: a lock is a promise to start now, and an execution that
waits for a processor in a locked state would be timed out for its neighbours' work.
"""

from __future__ import annotations

from collections.abc import Callable

START_WINDOW = 128


class Permits:
    """Counts the running executions of one component; a workflow that waits is not running.

    ``on_free`` is called when a permit was missing and is free again.
    """

    __slots__ = ("_limit", "_missed", "_running", "_starting", "on_free")

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._running = 0
        self._starting = 0
        self._missed = False
        self.on_free: Callable[[], None] | None = None

    @property
    def free(self) -> int:
        """How many executions may be locked now."""
        free = START_WINDOW - self._starting
        if self._limit is not None:
            free = min(free, self._limit - self._running)
        if free <= 0:
            self._missed = True
        return max(free, 0)

    def take(self) -> bool:
        """Take a permit for an execution that is about to be locked; tell whether there was one."""
        if self.free <= 0:
            return False
        self._running += 1
        self._starting += 1
        return True

    def started(self) -> None:
        """An execution has come to its first wait."""
        self._starting -= 1
        self._freed()

    def release(self, *, started: bool) -> None:
        """An execution ended or was not started after all; ``started`` tells whether that was called for it."""
        self._running -= 1
        if not started:
            self._starting -= 1
        self._freed()

    def _freed(self) -> None:
        if self._missed and self.on_free is not None:
            self._missed = False
            self.on_free()
