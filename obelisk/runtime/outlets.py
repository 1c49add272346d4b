"""A bounded queue of lines before somebody who writes them.

Theory of operation
    ``put`` never waits. Lines wait in memory up to ``QUEUED_BYTES``, those of one execution up to a part of that, so that
    one that floods does not cost others theirs; a line for which there is no room is counted, and that is all. One task
    (``run``) hands batches to the destination, one after the other, in the order of ``put``. Between batches it lets lines
    gather, since a batch of many costs little more than one of a few. ``flush`` writes at once what was put before; both
    take turns by a lock.

    What was dropped is said twice. Each run that lost lines gets a line of its own that counts them, at the place where
    they are missing: behind all that was queued when they came. And the server's log gets one line for a whole burst: when
    the queue has run empty, or every ``TELL_SECONDS`` while it does not.

    A destination that fails loses the batch. The first failure is logged, and when it works again how many lines are lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from obelisk.ids import ExecutionId, RunId
from obelisk.interfaces.components import LogLine
from obelisk.interfaces.storage import StoredLine

QUEUED_BYTES = 16 * 1024 * 1024
LINE_COST = 256
"""What a line takes in memory besides its text, in bytes."""

SHARES = 4
"""One execution may fill one part in so many of the queue."""

MAX_TOLD = 1000
"""How many runs are told at once that they lost lines; the lines of others are counted together."""

TELL_SECONDS = 10.0
_log = logging.getLogger("obelisk.lines")
T = TypeVar("T")


class Destination(Protocol[T]):
    """Who writes lines. ``name`` says what it is, in messages about it."""

    name: str
    batch: int
    """How many lines it takes at once."""

    gather_seconds: float
    """How long lines may wait for others, while they are fewer than a batch."""

    pause_seconds: float
    """How long it needs to be left alone after a batch."""

    async def write(self, items: Sequence[T]) -> None:
        """Write lines; what it raises costs these lines."""

    def missing(self, first: T, count: int) -> T:
        """Return a line that says how many lines of a run are missing; ``first`` is the first of them."""


class _Loss(Generic[T]):
    """How many items of a run found no room; ``first`` is the first of them."""

    __slots__ = ("count", "first")

    def __init__(self, first: T) -> None:
        self.first = first
        self.count = 0


class Outlet(Generic[T]):
    """See the module's theory of operation. ``lost`` counts the lines that the destination did not get, since the start."""

    def __init__(self, destination: Destination[T], *, limit: int = QUEUED_BYTES) -> None:
        self._destination = destination
        self._limit = limit
        self._queue: deque[tuple[T, ExecutionId, int]] = deque()
        self._bytes = 0
        self._held: dict[ExecutionId, int] = {}
        self._put = 0
        self._done = 0
        self._lost: dict[RunId, _Loss[T]] = {}
        self._dropped = 0
        self._told_at: float | None = None
        self._failed = 0
        self._is_failing = False
        self.lost = 0
        self._ready = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """How many lines wait."""
        return len(self._queue)

    def put(self, item: T, stored: StoredLine) -> None:
        """Queue a line, or count it when there is no room. ``stored`` is the line that ``item`` stands for."""
        line = stored.line
        size = LINE_COST + len(line.message if isinstance(line, LogLine) else line.payload)
        owner = stored.execution_id
        held = self._held.get(owner, 0) + size
        if self._bytes + size > self._limit or held > self._limit // SHARES:
            self._drop(item, stored.run_id)
        else:
            self._held[owner] = held
            self._append(item, owner, size)

    async def run(self) -> None:
        """Write what is put, for ever."""
        while True:
            await self._ready.wait()
            await self._write_batch()
            pause, gather = self._destination.pause_seconds, self._destination.gather_seconds
            await asyncio.sleep(pause if self.waiting >= self._destination.batch else max(pause, gather))

    async def flush(self) -> None:
        """Write what was put before the call, and how many lines are missing."""
        self._say_missing()
        until = self._put
        while self._done < until:
            await self._write_batch()

    def _append(self, item: T, owner: ExecutionId, size: int) -> None:
        self._queue.append((item, owner, size))
        self._bytes += size
        self._put += 1
        self._ready.set()

    def _drop(self, item: T, run_id: RunId) -> None:
        self._dropped += 1
        self.lost += 1
        loss = self._lost.get(run_id)
        if loss is None and len(self._lost) < MAX_TOLD:
            loss = self._lost[run_id] = _Loss(item)
        if loss is not None:
            loss.count += 1
        now = asyncio.get_running_loop().time()
        if self._told_at is None:
            self._told_at = now
        elif now - self._told_at > TELL_SECONDS:
            self._tell(now)

    async def _write_batch(self) -> None:
        async with self._turn:
            items = self._take()
            try:
                await self._write(items)
            finally:
                self._done += len(items)
            if self._dropped and not self._queue:
                self._tell(None)

    def _take(self) -> list[T]:
        items: list[T] = []
        while self._queue and len(items) < self._destination.batch:
            item, owner, size = self._queue.popleft()
            items.append(item)
            self._bytes -= size
            self._give_back(owner, size)
        self._say_missing()
        if not self._queue:
            self._ready.clear()
        return items

    def _give_back(self, owner: ExecutionId, size: int) -> None:
        left = self._held.get(owner, 0) - size
        if left > 0:
            self._held[owner] = left
        else:
            self._held.pop(owner, None)

    def _say_missing(self) -> None:
        lost, self._lost = self._lost, {}
        for loss in lost.values():
            self._append(self._destination.missing(loss.first, loss.count), ExecutionId(""), 0)

    async def _write(self, items: Sequence[T]) -> None:
        if not items:
            return
        try:
            await self._destination.write(items)
        except Exception as error:  # noqa: BLE001 - whatever is wrong there, executions go on without their lines
            if not self._is_failing:
                _log.error("lines are lost, %s does not take them: %s", self._destination.name, error)
            self._is_failing = True
            self._failed += len(items)
            self.lost += len(items)
            return
        if self._is_failing:
            _log.warning("%s takes lines again; %d lines are lost", self._destination.name, self._failed)
        self._is_failing = False
        self._failed = 0

    def _tell(self, now: float | None) -> None:
        dropped, self._dropped = self._dropped, 0
        self._told_at = now
        _log.warning("%d lines were dropped: they came faster than %s takes them", dropped, self._destination.name)
