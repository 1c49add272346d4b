"""Storages that break one rule each, about commits, responses, delays, locks or timers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from obelisk.builtin import memory_storage
from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.core.events import DelayRequest, JoinSetRequest
from obelisk.core.state import Lifecycle, Status
from obelisk.errors import IllegalTransitionError
from obelisk.interfaces.storage import (
    Batch,
    Committed,
    DueDelay,
    Entry,
    Held,
    LockedExecution,
    Write,
)
from obelisk.testing.storage_samples import at

FAR = at(10**9)
MANY = 10**9


# --- commits ----------------------------------------------------------------------------------------------------------


def changed(batch: Batch, change: Callable[[Write], Write]) -> Batch:
    return replace(batch, writes=tuple(map(change, batch.writes)))


class VersionUnchecked(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        def unchecked(write: Write) -> Write:
            return replace(write, expected_version=0 if write.expected_version == 0 else None)

        return super().commit(changed(batch, unchecked))


class CursorUnchecked(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        return super().commit(changed(batch, lambda write: replace(write, expected_cursor=None)))


class HalfWritten(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        whole = super().commit(batch)
        if whole.exception() is not None and not batch.after:
            for write in batch.writes:
                if super().commit(Batch((write,))).exception() is not None:
                    break
        return whole


class BaseIgnored(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        return super().commit(replace(batch, after=()))


class WaitsForTheNext(MemoryStorage):
    """What may wait is taken up by the next call alone."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._patient: list[tuple[Batch, asyncio.Future[Committed]]] = []

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        if batch.may_wait:
            self._patient.append((batch, asyncio.get_running_loop().create_future()))
            return self._patient[-1][1]
        for kept, future in self._patient:
            future.set_result(super().commit(kept).result())
        self._patient.clear()
        return super().commit(batch)


class PatientComeLast(WaitsForTheNext):
    """What may wait is taken up behind the next call, at the one after that."""

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        before, self._patient = self._patient, []
        future = super().commit(batch)
        self._patient += before
        return future


class FoldSkipped(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        future = super().commit(batch)
        error = future.exception()
        if error is None or not isinstance(error.__cause__, IllegalTransitionError):
            return future
        accepted: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        accepted.set_result(Committed(()))
        return accepted


class ExistingReplaced(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        for write in batch.writes:
            if write.expected_version == 0:
                self._kept.pop(write.execution_id, None)
        return super().commit(batch)


class SeenLate(MemoryStorage):
    """Applies batches after a while."""

    def __init__(self) -> None:
        super().__init__()
        self._queue: list[tuple[Batch, asyncio.Future[Committed]]] = []

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        loop = asyncio.get_running_loop()
        if not self._queue:
            loop.call_soon(self._flush)
        future: asyncio.Future[Committed] = loop.create_future()
        self._queue.append((batch, future))
        return future

    def ordered(self, queue: list[Any]) -> list[Any]:
        return queue

    def _flush(self) -> None:
        queue, self._queue = self._queue, []
        for batch, future in self.ordered(queue):
            done = super().commit(batch)
            error = done.exception()
            if not future.cancelled():
                future.set_result(done.result()) if error is None else future.set_exception(error)


class LastFirst(SeenLate):
    def ordered(self, queue: list[Any]) -> list[Any]:
        return queue[::-1]


class TimesCut(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        def cut(entry: Entry) -> Entry:
            when = entry.created_at
            return replace(entry, created_at=when - timedelta(microseconds=when.microsecond % 1000))

        return super().commit(changed(batch, lambda write: replace(write, entries=tuple(map(cut, write.entries)))))


class StatesAtTheEnd(MemoryStorage):
    def _apply(self, batch: Batch) -> Committed:
        super()._apply(batch)
        return Committed(tuple(self._kept[write.execution_id].state for write in batch.writes))


# --- responses and delays ---------------------------------------------------------------------------------------------


class SecondResponseAccepted(MemoryStorage):
    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        self._answered.clear()
        return super().commit(batch)


class ResponsesByTime(MemoryStorage):
    async def responses(self, execution_id: Any, **page: Any) -> Any:
        return sorted(await super().responses(execution_id, **page), key=lambda each: each.created_at)


class AnsweredDelaysStay(MemoryStorage):
    def _waiting_delays(self) -> list[tuple[DueDelay, int]]:
        return [*super()._waiting_delays(), *self._gone()]

    def _gone(self) -> Iterator[tuple[DueDelay, int]]:
        for id, kept in self._unfinished.items():
            for logged in kept.events:
                event = logged.event
                if isinstance(event, JoinSetRequest) and isinstance(event.request, DelayRequest):
                    request = event.request
                    if request.delay_id not in kept.delays:
                        yield DueDelay(id, event.join_set_id, request.delay_id, request.expires_at), kept.place


class DelaysOfTheEndedStay(MemoryStorage):
    def _waiting_delays(self) -> list[tuple[DueDelay, int]]:
        ended = [
            (DueDelay(id, logged.event.join_set_id, logged.event.request.delay_id, logged.event.request.expires_at), 0)
            for id, kept in self._kept.items() if kept.state.is_finished
            for logged in kept.events
            if isinstance(logged.event, JoinSetRequest) and isinstance(logged.event.request, DelayRequest)
        ]  # fmt: skip
        return [*super()._waiting_delays(), *ended]


class PausesForgotten(MemoryStorage):
    async def pause_delay(self, delay_id: Any, *, paused: bool) -> bool:
        return await super().pause_delay(delay_id, paused=False)


class EveryDelayIsOpen(MemoryStorage):
    async def pause_delay(self, delay_id: Any, *, paused: bool) -> bool:
        await super().pause_delay(delay_id, paused=paused)
        return True


class DelaysOutOfOrder(MemoryStorage):
    async def due_delays(self, now: Any, *, limit: int) -> Any:
        return (await super().due_delays(now, limit=limit))[::-1]


class DelaysEarly(MemoryStorage):
    async def due_delays(self, now: Any, *, limit: int) -> Any:
        return await super().due_delays(now + timedelta(seconds=1), limit=limit)


class DelayLimitIgnored(MemoryStorage):
    async def due_delays(self, now: Any, *, limit: int) -> Any:
        return await super().due_delays(now, limit=MANY)


# --- locks and timers -------------------------------------------------------------------------------------------------


class Locks(MemoryStorage):
    """Locks what ``fits``, in the order of ``rank``."""

    limited = True

    def fits(self, state: Any, wanted: Any) -> bool:
        return memory_storage._fits(state, wanted)

    def rank(self, kept: Any) -> Any:
        return (kept.state.due_at, kept.place)

    async def lock(self, wanted: Any) -> list[LockedExecution]:
        found = [(self.rank(kept), id) for id, kept in self._unfinished.items() if self.fits(kept.state, wanted)]
        ids = [id for _, id in sorted(found)][: wanted.limit if self.limited else None]
        entries = (Entry(wanted.now, wanted.locked),)
        states = self._apply(Batch(tuple(Write(id, entries, None) for id in ids))).states
        return [LockedExecution(id, state, self._kept[id].events[0]) for id, state in zip(ids, states, strict=True)]


class DueTimeIgnored(MemoryStorage):
    async def lock(self, wanted: Any) -> list[LockedExecution]:
        return await super().lock(replace(wanted, now=wanted.locked.lock_expires_at - timedelta(seconds=1)))


class PausedAreLocked(Locks):
    def fits(self, state: Any, wanted: Any) -> bool:
        return super().fits(replace(state, lifecycle=Lifecycle.ACTIVE), wanted)

    async def lock(self, wanted: Any) -> list[LockedExecution]:
        for kept in self._unfinished.values():
            kept.state = replace(kept.state, lifecycle=Lifecycle.ACTIVE)
        return await super().lock(wanted)


class IncompatibleAreLocked(Locks):
    def fits(self, state: Any, wanted: Any) -> bool:
        return super().fits(state, replace(wanted, incompatible_digest=None))


class TriggersAreLocked(Locks):
    def fits(self, state: Any, wanted: Any) -> bool:
        return super().fits(state, wanted) or (state.component_id.component_type.is_of_trigger and not state.held_by)


class LastDueFirst(Locks):
    def rank(self, kept: Any) -> Any:
        return (FAR - kept.state.due_at, kept.place)


class LockLimitIgnored(Locks):
    limited = False


class LockWithoutFunctions(Locks):
    def fits(self, state: Any, wanted: Any) -> bool:
        return super().fits(state, replace(wanted, ffqns=wanted.ffqns | {state.ffqn}))


class LockUnlogged(MemoryStorage):
    async def lock(self, wanted: Any) -> list[LockedExecution]:
        found = await super().lock(wanted)
        for each in found:
            self._kept[each.execution_id].events.pop()
        return found


class CancelledLocksExpire(MemoryStorage):
    async def expired_locks(self, now: Any, *, limit: int) -> list[Held]:
        return self._held(lambda state: state.has_lock and state.due_at <= now)[:limit]


class TriggersLocksNeverExpire(MemoryStorage):
    async def expired_locks(self, now: Any, *, limit: int) -> list[Held]:
        found = await super().expired_locks(now, limit=limit)
        return [held for held in found if held.state.status is Status.LOCKED]


class LocksExpireEarly(MemoryStorage):
    async def expired_locks(self, now: Any, *, limit: int) -> list[Held]:
        return await super().expired_locks(now + timedelta(seconds=1), limit=limit)


class TimersLate(MemoryStorage):
    async def next_timer(self, after: Any) -> Any:
        found = await super().next_timer(after)
        return found and found + timedelta(microseconds=1)


class TimersOfThePast(MemoryStorage):
    async def next_timer(self, after: Any) -> Any:
        return await super().next_timer(at(-1))


class HeldOnlyWhileLocked(MemoryStorage):
    async def held_by(self, executors: Any) -> list[Held]:
        return [held for held in await super().held_by(executors) if held.state.status is Status.LOCKED]
