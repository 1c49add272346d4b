"""Storages that a simulation looks into, and a server's way to them, on which things go wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.ids import DelayId
from obelisk.interfaces.storage import (
    Batch,
    Committed,
    ExecutionLog,
    LockedExecution,
    LockWanted,
    Storage,
)
from obelisk.testing.connection import Connection
from obelisk.testing.crash_steps import batch_name
from obelisk.testing.simulation.loop import SimulatedLoop
from obelisk.testing.simulation.oracle import Oracle
from obelisk.testing.simulation.scenario import CommitFault

if TYPE_CHECKING:
    from obelisk.core.state import State
    from obelisk.ids import ExecutionId
    from obelisk.testing.simulation.world import World

T = TypeVar("T")


class WatchedStorage(MemoryStorage):
    """The memory storage; the oracle sees every batch when it takes effect."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self._oracle = oracle

    def _apply(self, batch: Batch) -> Committed:
        committed = super()._apply(batch)
        self._oracle.takes_effect(batch)
        logs = []
        for execution_id in dict.fromkeys(write.execution_id for write in batch.writes):
            kept = self._kept[execution_id]
            logs.append(ExecutionLog(execution_id, kept.state, tuple(kept.events), tuple(kept.responses)))
        self._oracle.applied(logs)
        return committed


class OutsideStorage(Connection):
    """A storage that works in other threads.

    Virtual time stands still while it does, and the oracle looks before anybody gets an answer. A log that is read may show
    batches that were committed meanwhile: so it looks at all that batches under way are about, at one point in time.
    """

    def __init__(self, storage: Storage, oracle: Oracle, loop: SimulatedLoop) -> None:
        super().__init__(storage, directory=None)
        self._oracle = oracle
        self._loop = loop
        self._looking = asyncio.Lock()
        self._looks: set[asyncio.Task[None]] = set()
        self._unseen: Counter[ExecutionId] = Counter()
        self._writing = 0
        self._written = 0
        self._asked = 0
        self._looked = 0

    def _hand_on(self, batch: Batch, waiting: asyncio.Future[Committed]) -> None:
        self._loop.outside += 1
        # Time stands still until it is written: the milliseconds that it may wait for others would never pass.
        self._write(replace(batch, may_wait=False), waiting)
        inner = self._under_way[waiting]
        if inner is not None:
            self._begins(write.execution_id for write in batch.writes)
            inner.add_done_callback(lambda done: self._look_later(batch, waiting, done))

    def _answered(self, waiting: asyncio.Future[Committed], done: asyncio.Future[Committed], *_: object) -> None:
        """Answer when the oracle has looked."""

    def _look_later(self, batch: Batch, waiting: asyncio.Future[Committed], done: asyncio.Future[Committed]) -> None:
        self._loop.outside -= 1
        error = done.exception()
        self._writing -= 1
        touched = [write.execution_id for write in batch.writes]
        if error is not None:
            self._seen(touched)
            self._answer(waiting, error)
            return
        look = self._loop.create_task(self._look(touched))
        self._looks.add(look)
        look.add_done_callback(lambda _: self._seen(touched))
        look.add_done_callback(self._looks.discard)
        look.add_done_callback(lambda looked: self._answer(waiting, looked.exception() or done.result()))

    def _begins(self, executions: Iterable[ExecutionId]) -> None:
        self._writing += 1
        self._written += 1
        self._unseen.update(executions)

    async def _look(self, executions: Sequence[ExecutionId]) -> None:
        """Show the oracle what was written, unless a look that began since then has done so."""
        self._asked = mine = self._asked + 1
        async with self._looking:
            if self._looked >= mine:
                return
            looked, logs = await self._read(executions)
            self._oracle.applied(logs.values())
            self._looked = looked

    async def _read(self, executions: Sequence[ExecutionId]) -> tuple[int, dict[ExecutionId, ExecutionLog]]:
        """Return logs as they were at one point in time, and the number of the last look that this is as good as."""
        before: dict[ExecutionId, tuple[int, int]] | None = None
        while True:
            asked, began, was_quiet = self._asked, self._written, not self._writing
            found = [await self.load(execution_id) for execution_id in dict.fromkeys((*executions, *self._unseen))]
            logs = {log.execution_id: log for log in found if log is not None}
            places = {log.execution_id: (log.state.next_version, log.state.cursor) for log in logs.values()}
            if places == before or (was_quiet and began == self._written):
                return asked, logs
            before = places

    def _seen(self, executions: Sequence[ExecutionId]) -> None:
        self._unseen.subtract(executions)
        self._unseen = +self._unseen

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions."""
        self._begins(())
        try:
            locked = await super().lock(wanted)
        finally:
            self._writing -= 1
        touched = [one.execution_id for one in locked]
        self._unseen.update(touched)
        try:
            await self._look(touched)
        finally:
            self._seen(touched)
        return locked

    async def _through(self, call: Coroutine[Any, Any, T]) -> T:
        self._loop.outside += 1
        try:
            return await super()._through(call)
        finally:
            self._loop.outside -= 1


class SimulatedConnection(Connection):
    """A server's way to the storage.

    As with a writer thread, batches wait in a queue, and all that wait take effect at once, in their order; then each
    answer takes its own time. What waits when the server crashes is lost.
    """

    def __init__(self, world: World, server: int, storage: Storage, *, directory: Path | None, shared: bool) -> None:
        super().__init__(storage, directory=directory, shared=shared)
        self.directory = directory
        self._world = world
        self._server = server
        self._queue: list[tuple[Batch, asyncio.Future[Committed]]] = []
        self._written: asyncio.Future[None] | None = None
        self._last_answer = 0.0
        self.stalled_until = 0.0

    # --- writes -------------------------------------------------------------------------------------------------------

    def _hand_on(self, batch: Batch, waiting: asyncio.Future[Committed]) -> None:
        self._queue.append((batch, waiting))
        self._begin_to_write()

    def _begin_to_write(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        if self._written is None:
            self._written = loop.create_future()
            loop.call_later(self._latency("write"), self._write_all)
        return self._written

    def _write_all(self) -> None:
        queue, self._queue = self._queue, []
        written, self._written = self._written, None
        for batch, waiting in queue:
            if not self.is_cut:
                self._write_one(batch, waiting)
        if written is not None:
            written.set_result(None)

    def _write_one(self, batch: Batch, waiting: asyncio.Future[Committed]) -> None:
        fault = self._world.fault_of_commit(self._server)
        self._world.note(self._server, f"commit {batch_name(batch)}{'' if fault is None else f': {fault.value}'}")
        if fault is CommitFault.CRASH_BEFORE:
            self._world.crash(self._server)
        elif fault is CommitFault.CRASH_AFTER:
            self._write(batch, waiting)
            self._world.crash(self._server)
        elif fault is None:
            self._write(batch, waiting)
        else:
            self._go_wrong(batch, waiting, fault)

    def _go_wrong(self, batch: Batch, waiting: asyncio.Future[Committed], fault: CommitFault) -> None:
        error = CommitRefusedError("simulated") if fault is CommitFault.REFUSED else CommitUnknownError("simulated")
        if fault is CommitFault.UNKNOWN:
            self._write(batch, waiting, instead=error)
            return
        failed: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        failed.set_exception(error)
        failed.exception()  # looked at
        self._under_way[waiting] = failed  # what builds on it is refused by the storage
        self._answer(waiting, error)

    def _answer(self, waiting: asyncio.Future[Committed], outcome: Committed | BaseException) -> None:
        loop = asyncio.get_running_loop()
        when = loop.time() + self._latency("answer")
        if not self._world.weather.reordered:
            self._last_answer = when = max(when, self._last_answer)
        loop.call_at(when, self._answer_now, waiting, outcome)

    def _answer_now(self, waiting: asyncio.Future[Committed], outcome: Committed | BaseException) -> None:
        if not self.is_cut:
            super()._answer(waiting, outcome)

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions, after every batch that was handed in before."""
        await self._settled()
        locked = await super().lock(wanted)
        if locked:
            self._world.note(self._server, f"lock {' '.join(one.execution_id for one in locked)}")
        if locked and self._world.read_fails(self._server):
            raise CommitUnknownError("simulated: what was locked is not known")
        return locked

    async def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Say whether a delay is kept from falling due, after every batch that was handed in before."""
        await self._settled()
        return await super().pause_delay(delay_id, paused=paused)

    # --- reads ------------------------------------------------------------------------------------------------------------

    async def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state of an execution, after every batch that was handed in before."""
        await self._settled()
        return await super().state(execution_id)

    async def load(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return the whole log of an execution, after every batch that was handed in before."""
        await self._settled()
        return await super().load(execution_id)

    async def close(self) -> None:
        """Write everything that was handed in; then the process is gone."""
        await self._settled()
        self.cut()
        self.fail()

    async def _settled(self) -> None:
        if self._queue:
            await asyncio.shield(self._begin_to_write())  # others wait for it too

    async def _through(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            await self._take_time("read")
            if self._world.read_fails(self._server):
                raise StorageError("simulated: it cannot be read")
        except BaseException:
            call.close()
            raise
        result = await super()._through(call)
        await self._take_time("read")
        self._check()
        return result

    async def _take_time(self, what: str) -> None:
        seconds = self._latency(what)
        if seconds:
            await asyncio.sleep(seconds)

    def _latency(self, what: str) -> float:
        stalled = self.stalled_until - asyncio.get_running_loop().time()
        return max(self._world.latency(what), stalled, 0.0)
