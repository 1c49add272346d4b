"""How many executions of a component may run.

Theory of operation
    Three bounds apply. ``limit`` bounds how many run at once; it comes from the configuration. So does the limit of all
    components together, which a ``SharedLimit`` counts. A workflow that waits is not running: it leaves, and enters
    again to go on. ``START_WINDOW`` bounds how many are locked but have not come to their first wait or their end: a
    lock is a promise to start now, and an execution that waits for a processor in a locked state would be timed out for
    its neighbours' work.

    An activity: ``take``, ``started`` when it does not end at once, ``end``. A workflow: ``take`` and ``leave`` at its
    first wait, then ``enter`` and ``leave`` around each time that it goes on.
"""

from __future__ import annotations

from collections.abc import Callable

START_WINDOW = 128


class SharedLimit:
    """Counts the running executions of all components against one limit."""

    __slots__ = ("limit", "running", "waiting")

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.waiting: dict[Permits, None] = {}
        self.running = 0

    def free(self, waiting: Permits) -> int | None:
        """Return how many more may run, ``None`` for any number; ``waiting`` is told when there are more than none."""
        if self.limit is None:
            return None
        free = self.limit - self.running
        if free <= 0:
            self.waiting[waiting] = None
        return free

    def freed(self) -> None:
        """Tell those that had to wait."""
        waiting, self.waiting = self.waiting, {}
        for permits in waiting:
            permits.freed()


class Permits:
    """Counts the running executions of one component. ``on_free`` is called when a permit was missing and is free again."""

    __slots__ = ("_limit", "_missed", "_running", "_starting", "_waiting", "on_free", "shared")

    def __init__(self, limit: int | None) -> None:
        self.shared = SharedLimit(None)
        self._limit = limit
        self._running = 0
        self._starting = 0
        self._missed = False
        self._waiting: list[Callable[[], None]] = []
        self.on_free: Callable[[], None] | None = None

    @property
    def running(self) -> int:
        """How many executions hold a permit."""
        return self._running

    def wanted(self, count: int) -> int:
        """Return how many of ``count`` executions may be locked now; ``on_free`` follows when it is none."""
        free = START_WINDOW - self._starting
        if self._limit is not None:
            free = min(free, self._limit - self._running)
        together = self.shared.free(self)
        if together is not None:
            free = min(free, together)
        self._missed |= free <= 0
        return max(min(free, count), 0)

    def take(self) -> bool:
        """Take a permit for an execution that is about to be locked; tell whether there was one."""
        is_unlimited = self._limit is None and self.shared.limit is None
        if not (is_unlimited and self._starting < START_WINDOW) and not self.wanted(1):
            return False
        self._begin()
        return True

    def started(self) -> None:
        """An activity that took a permit goes on elsewhere."""
        self._starting -= 1
        if self._missed or self._waiting:
            self.freed()

    def end(self, *, started: bool) -> None:
        """An execution that took a permit ended, or was not started after all."""
        self._running -= 1
        self.shared.running -= 1
        if not started:
            self._starting -= 1
        if self._missed or self._waiting:
            self.freed()
        if self.shared.waiting:
            self.shared.freed()

    def enter(self) -> bool:
        """Take a permit for a workflow that goes on; tell whether there was one."""
        if self._limit is not None and self._running >= self._limit:
            return False
        if self.shared.limit is not None and self.shared.running >= self.shared.limit:
            self.shared.waiting[self] = None
            return False
        self._begin()
        return True

    def leave(self) -> None:
        """A workflow waits, or left memory."""
        self.end(started=False)

    def when_free(self, action: Callable[[], None]) -> None:
        """Call ``action`` once a permit may be free. It enters for itself, later and not in the call, or asks again."""
        self._waiting.append(action)

    def _begin(self) -> None:
        self._running += 1
        self._starting += 1
        self.shared.running += 1

    def freed(self) -> None:
        """Tell those that had to wait that there may be a permit."""
        waiting, self._waiting = self._waiting, []
        for action in waiting:
            action()
        if self._missed and self.on_free is not None:
            self._missed = False
            self.on_free()
