"""One engine's way to a storage that outlives the engine, and that can be cut: what a crash leaves is in the storage."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from msgspec.structs import replace

from obelisk.core.events import LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.errors import StorageError
from obelisk.ids import DelayId, ExecutionId, ExecutorId
from obelisk.interfaces.storage import (
    Backlog,
    Batch,
    Committed,
    Deleted,
    Deployment,
    DueDelay,
    ExecutionLog,
    ExecutionQuery,
    Held,
    LineQuery,
    LineRow,
    LockedExecution,
    LockWanted,
    Storage,
    StoredLine,
)
from obelisk.names import Ffqn

T = TypeVar("T")
CUT = "the process is gone"


class Connection:
    """A ``Storage`` that passes everything on to another one.

    ``cut`` is what happens to the storage when its process is killed: nothing arrives there any more, and nobody learns
    what became of what arrived. Calls then raise ``StorageError``; futures that wait get it when ``fail`` is called.
    A subclass changes what happens on the way.
    """

    def __init__(self, storage: Storage, *, directory: Path | None, shared: bool = False) -> None:
        self.shared = shared
        self.directory = storage.directory or directory
        self.is_cut = False
        self._storage = storage
        self._under_way: dict[asyncio.Future[Committed], asyncio.Future[Committed] | None] = {}

    def cut(self) -> None:
        """Let nothing through from now on."""
        self.is_cut = True

    def fail(self) -> None:
        """Give those who wait for the outcome of a commit an error, so that they end."""
        for waiting in list(self._under_way):
            if not waiting.done():
                waiting.set_exception(StorageError(CUT))
        self._under_way.clear()

    # --- writes -------------------------------------------------------------------------------------------------------

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        """Commit a batch."""
        self._check()
        waiting: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._under_way[waiting] = None
        self._hand_on(batch, waiting)
        return waiting

    def _hand_on(self, batch: Batch, waiting: asyncio.Future[Committed]) -> None:
        self._write(batch, waiting)

    def _write(self, batch: Batch, waiting: asyncio.Future[Committed], *, instead: StorageError | None = None) -> None:
        """Commit in the storage itself, and pass on its answer when there is one, or another error ``instead`` of it."""
        after = [inner for commit in batch.after if (inner := self._under_way.get(commit, commit)) is not None]
        self._under_way[waiting] = inner = self._storage.commit(replace(batch, after=tuple(after)))
        inner.add_done_callback(lambda done: self._answered(waiting, done, instead))

    def _answered(
        self, waiting: asyncio.Future[Committed], done: asyncio.Future[Committed], instead: StorageError | None
    ) -> None:
        error = done.exception() or instead  # looked at, also when nobody waits for it
        if not self.is_cut:
            self._answer(waiting, done.result() if error is None else error)

    def _answer(self, waiting: asyncio.Future[Committed], outcome: Committed | BaseException) -> None:
        self._under_way.pop(waiting, None)
        if waiting.done():
            return
        if isinstance(outcome, Committed):
            waiting.set_result(outcome)
        else:
            waiting.set_exception(outcome)

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions."""
        return await self._through(self._storage.lock(wanted))

    async def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Say whether a delay is kept from falling due."""
        return await self._through(self._storage.pause_delay(delay_id, paused=paused))

    async def deployment(self, proposed: Deployment) -> Deployment:
        """Return the deployment that is stored for a digest."""
        return await self._through(self._storage.deployment(proposed))

    async def delete(self, roots: Sequence[ExecutionId]) -> Deleted:
        """Delete executions that have ended, with what is below them."""
        return await self._through(self._storage.delete(roots))

    async def append_lines(self, lines: Sequence[StoredLine]) -> None:
        """Append lines."""
        await self._through(self._storage.append_lines(lines))

    # --- reads --------------------------------------------------------------------------------------------------------

    async def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state of an execution."""
        return await self._through(self._storage.state(execution_id))

    async def load(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return the whole log of an execution."""
        return await self._through(self._storage.load(execution_id))

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return a page of events."""
        return await self._through(self._storage.events(execution_id, from_version=from_version, limit=limit))

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return a page of responses."""
        return await self._through(self._storage.responses(execution_id, after_cursor=after_cursor, limit=limit))

    async def due_delays(self, now: datetime, *, limit: int) -> list[DueDelay]:
        """Return the delays that are due."""
        return await self._through(self._storage.due_delays(now, limit=limit))

    async def expired_locks(self, now: datetime, *, limit: int) -> list[Held]:
        """Return the executions whose lock expired."""
        return await self._through(self._storage.expired_locks(now, limit=limit))

    async def next_timer(self, after: datetime) -> datetime | None:
        """Return when something falls due next."""
        return await self._through(self._storage.next_timer(after))

    async def held_by(self, executors: frozenset[ExecutorId]) -> list[Held]:
        """Return the executions that executors hold."""
        return await self._through(self._storage.held_by(executors))

    async def ending(self, *, limit: int) -> list[Held]:
        """Return the executions that have to end what they have open."""
        return await self._through(self._storage.ending(limit=limit))

    async def unfinished_functions(self) -> dict[Ffqn, int]:
        """Return how many unfinished executions each function has."""
        return await self._through(self._storage.unfinished_functions())

    async def backlog(self, now: datetime) -> list[Backlog]:
        """Return how many unfinished executions there are, by function and state."""
        return await self._through(self._storage.backlog(now))

    async def finished_before(self, when: datetime, *, limit: int, after: Held | None = None) -> list[Held]:
        """Return top-level executions that ended before a time."""
        return await self._through(self._storage.finished_before(when, limit=limit, after=after))

    async def list_executions(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions."""
        return await self._through(self._storage.list_executions(query))

    async def lines(self, query: LineQuery) -> list[LineRow]:
        """Return a page of lines."""
        return await self._through(self._storage.lines(query))

    async def _through(self, call: Coroutine[Any, Any, T]) -> T:
        if self.is_cut:
            call.close()
            raise StorageError(CUT)
        result = await call
        self._check()
        return result

    def _check(self) -> None:
        if self.is_cut:
            raise StorageError(CUT)
