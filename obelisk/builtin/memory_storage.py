"""Keeps executions in memory: for tests, trials and the simulator. Nothing outlives the process.

Of the lines that components log only the newest are kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from obelisk import hookimpl
from obelisk.builtin.memory_lines import MemoryLines
from obelisk.core.events import (
    ChildExecutionFinished,
    DelayFinished,
    DelayRequest,
    Event,
    JoinSetRequest,
    LogEvent,
    LogResponse,
    Response,
    ResultKind,
)
from obelisk.core.state import JoinSetCounts, Lifecycle, State, Status, counted_join_set, fold
from obelisk.errors import CommitRefusedError, ExecutionNotFoundError, IllegalTransitionError, StorageError
from obelisk.ids import DelayId, ExecutionId, ExecutorId, JoinSetId, delay_owner, is_top_level, top_level
from obelisk.interfaces.provider import Host, Provider
from obelisk.interfaces.storage import (
    LOST_BASE,
    Backlog,
    Batch,
    Bucket,
    Committed,
    Deleted,
    Deployment,
    DueDelay,
    Entry,
    ExecutionLog,
    ExecutionQuery,
    Held,
    LineQuery,
    LineRow,
    LockedExecution,
    LockWanted,
    Order,
    Storage,
    StoredLine,
    Write,
    bucket,
    check_expected,
    deployment_taken,
    lost_its_base,
)
from obelisk.names import Ffqn, parse_interface, split_ffqn

_RESULT_BUCKETS = {
    Bucket.FINISHED_OK: ResultKind.OK,
    Bucket.FINISHED_ERROR: ResultKind.ERROR,
    Bucket.FINISHED_EXECUTION_FAILURE: ResultKind.EXECUTION_FAILURE,
}


class MemorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The memory storage has no settings."""


@hookimpl
def obelisk_register_storage() -> list[Provider[Any, Storage]]:
    """Offer the storage called ``memory``."""
    summary = "Keeps everything in memory; nothing outlives the process."
    return [Provider(name="memory", summary=summary, settings=MemorySettings, open=open_memory)]


@asynccontextmanager
async def open_memory(settings: MemorySettings, host: Host) -> AsyncIterator[MemoryStorage]:
    """Yield an empty storage."""
    storage = MemoryStorage()
    try:
        yield storage
    finally:
        storage.close()


class _Kept:
    """An execution. ``place`` counts executions in the order in which they were created."""

    def __init__(self, place: int, state: State) -> None:
        self.place = place
        self.state = state
        self.events: list[LogEvent] = []
        self.responses: list[LogResponse] = []
        self.counts: dict[JoinSetId, JoinSetCounts] = {}
        self.delays: dict[DelayId, tuple[JoinSetId, DelayRequest]] = {}


class MemoryStorage:
    """A ``Storage`` whose batches take effect inside ``commit``."""

    shared = False
    directory: Path | None = None

    def __init__(self) -> None:
        self._kept: dict[ExecutionId, _Kept] = {}
        self._unfinished: dict[ExecutionId, _Kept] = {}
        self._created = 0
        self._answered: set[str] = set()
        self._deployments: dict[str, Deployment] = {}
        self._lines = MemoryLines()
        self._closed = False

    def close(self) -> None:
        """End the storage; later calls raise ``StorageError``."""
        self._closed = True

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        """Apply a batch at once; the future is done already."""
        self._check_open()
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        try:
            if lost_its_base(batch):
                raise CommitRefusedError(LOST_BASE)
            future.set_result(self._apply(batch))
        except CommitRefusedError as error:
            future.set_exception(error)
        return future

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions."""
        self._check_open()
        found = sorted(
            ((kept.state.due_at, kept.place, id) for id, kept in self._unfinished.items() if _fits(kept.state, wanted))
        )[: max(wanted.limit, 0)]
        entries = (Entry(wanted.now, wanted.locked),)
        states = self._apply(Batch(tuple(Write(id, entries, None) for _, _, id in found))).states
        return [
            LockedExecution(id, state, self._kept[id].events[0])
            for (_, _, id), state in zip(found, states, strict=True)
        ]

    async def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state of an execution."""
        self._check_open()
        kept = self._kept.get(execution_id)
        return None if kept is None else kept.state

    async def load(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return the whole log of an execution."""
        self._check_open()
        kept = self._kept.get(execution_id)
        if kept is None:
            return None
        return ExecutionLog(execution_id, kept.state, tuple(kept.events), tuple(kept.responses))

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return a page of events."""
        self._check_open()
        kept, start = self._kept.get(execution_id), max(from_version, 0)
        return [] if kept is None else kept.events[start : start + max(limit, 0)]

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return a page of responses."""
        self._check_open()
        kept, start = self._kept.get(execution_id), max(after_cursor, 0)
        return [] if kept is None else kept.responses[start : start + max(limit, 0)]

    async def due_delays(self, now: datetime, *, limit: int) -> list[DueDelay]:
        """Return the delays that are due, earliest first."""
        self._check_open()
        due = [delay for delay in self._waiting_delays() if delay[0].expires_at <= now]
        due.sort(key=lambda delay: (delay[0].expires_at, delay[1], delay[0].delay_id))
        return [delay for delay, _ in due[: max(limit, 0)]]

    async def expired_locks(self, now: datetime, *, limit: int) -> list[Held]:
        """Return the executions whose lock expired, earliest first."""
        found = self._held(lambda state: state.has_lock and _has_timer(state) and state.due_at <= now)
        found.sort(key=lambda held: held.state.due_at)
        return found[: max(limit, 0)]

    async def next_timer(self, after: datetime) -> datetime | None:
        """Return when something falls due next."""
        delays = [delay.expires_at for delay, _ in self._waiting_delays()]
        others = [held.state.due_at for held in self._held(_has_timer)]
        return min((when for when in delays + others if when > after), default=None)

    async def held_by(self, executors: frozenset[ExecutorId]) -> list[Held]:
        """Return the unfinished executions that one of ``executors`` holds."""
        return self._held(lambda state: state.held_by is not None and state.held_by.executor_id in executors)

    async def ending(self, *, limit: int) -> list[Held]:
        """Return executions that are being cancelled or close a join set, oldest first."""
        found = self._held(lambda state: state.lifecycle is Lifecycle.CANCELLING or state.closing)
        found.sort(key=lambda held: held.state.created_at)
        return found[: max(limit, 0)]

    async def unfinished_functions(self) -> dict[Ffqn, int]:
        """Return how many unfinished executions each function has."""
        self._check_open()
        states = (kept.state for kept in self._unfinished.values())
        return dict(Counter(state.ffqn for state in states if not state.component_id.component_type.is_of_trigger))

    async def backlog(self, now: datetime) -> list[Backlog]:
        """Count unfinished executions by function and state."""
        self._check_open()
        due: dict[tuple[Ffqn, Bucket], list[datetime]] = {}
        for kept in self._unfinished.values():
            due.setdefault((kept.state.ffqn, bucket(kept.state, now)), []).append(kept.state.due_at)
        return [
            Backlog(ffqn, mine, len(times), min(times) if mine is Bucket.PENDING else None)
            for (ffqn, mine), times in due.items()
        ]

    async def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Say whether a delay is kept from falling due; return whether it is open."""
        self._check_open()
        kept = self._unfinished.get(delay_owner(delay_id)[0])
        found = None if kept is None else kept.delays.get(delay_id)
        if kept is None or found is None:
            return False
        join_set, request = found
        kept.delays[delay_id] = (join_set, replace(request, paused=paused))
        return True

    async def list_executions(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""
        self._check_open()
        found = [Held(id, kept.state) for id, kept in self._kept.items() if _listed(id, kept.state, query)]
        older = query.order is Order.OLDER
        found.sort(key=_place, reverse=older)
        cursor = self._cursor(query)
        page = [held for held in found if _is_beyond(held, cursor, query)][: max(query.limit, 0)]
        return page if older else page[::-1]

    async def finished_before(self, when: datetime, *, limit: int, after: Held | None = None) -> list[Held]:
        """Return a page of top-level executions that ended before ``when``, in the order of their ends."""
        self._check_open()
        found = [
            Held(id, kept.state)
            for id, kept in self._kept.items()
            if kept.state.is_finished and kept.state.due_at < when and is_top_level(id)
        ]
        beyond = [held for held in found if after is None or _end(held) > _end(after)]
        return sorted(beyond, key=_end)[: max(limit, 0)]

    async def delete(self, roots: Sequence[ExecutionId]) -> Deleted:
        """Delete the trees of top-level executions in which everything has finished."""
        self._check_open()
        wanted = {root for root in roots if root in self._kept and is_top_level(root)}
        unfinished = {top_level(id): id for id in self._unfinished if top_level(id) in wanted}
        gone = wanted - unfinished.keys()
        doomed = [id for id in self._kept if top_level(id) in gone]
        self._lines.delete(gone)
        for execution_id in doomed:
            self._answered.difference_update(
                _answered_key(response.response) for response in self._kept.pop(execution_id).responses
            )
        return Deleted(len(doomed), tuple(unfinished.values()))

    async def deployment(self, proposed: Deployment) -> Deployment:
        """Return the deployment that is stored for the digest of ``proposed``."""
        self._check_open()
        others = (each for each in self._deployments.values() if each.deployment_id == proposed.deployment_id)
        if proposed.digest not in self._deployments and (other := next(others, None)) is not None:
            raise StorageError(deployment_taken(proposed, other.digest))
        return self._deployments.setdefault(proposed.digest, proposed)

    async def append_lines(self, lines: Sequence[StoredLine]) -> None:
        """Append lines, and forget the oldest for them."""
        self._check_open()
        self._lines.append(lines)

    async def lines(self, query: LineQuery) -> list[LineRow]:
        """Return a page of lines, oldest first."""
        self._check_open()
        return self._lines.page(query)

    def _apply(self, batch: Batch) -> Committed:
        draft = _Draft(self._kept, self._answered, created=self._created)
        states = tuple([draft.write(write) for write in batch.writes])
        for execution_id, kept in draft.kept.items():
            self._kept[execution_id] = kept
            if kept.state.is_finished:
                self._unfinished.pop(execution_id, None)
            else:
                self._unfinished[execution_id] = kept
        self._answered |= draft.answered
        self._created = draft.created
        return Committed(states)

    def _held(self, wanted: Callable[[State], bool]) -> list[Held]:
        self._check_open()
        found = sorted((kept.place, id) for id, kept in self._unfinished.items() if wanted(kept.state))
        return [Held(id, self._kept[id].state) for _, id in found]

    def _waiting_delays(self) -> list[tuple[DueDelay, int]]:
        self._check_open()
        return [
            (DueDelay(id, join_set, delay_id, request.expires_at), kept.place)
            for id, kept in self._unfinished.items()
            for delay_id, (join_set, request) in kept.delays.items()
            if not request.paused
        ]

    def _cursor(self, query: ExecutionQuery) -> tuple[Any, ...]:
        if query.cursor_id is None:
            return () if query.cursor_created_at is None else (query.cursor_created_at,)
        if query.cursor_created_at is not None:
            return (query.cursor_created_at, query.cursor_id)
        kept = self._kept.get(query.cursor_id)
        if kept is None:
            raise ExecutionNotFoundError(f"the cursor `{query.cursor_id}` is no execution of this storage")
        return (kept.state.created_at, query.cursor_id)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the memory storage was closed")


class _Draft:
    """One batch on top of what is kept; it becomes part of it only as a whole."""

    def __init__(self, kept: dict[ExecutionId, _Kept], answered: set[str], *, created: int) -> None:
        self._base = kept
        self._base_answered = answered
        self.created = created
        self.kept: dict[ExecutionId, _Kept] = {}
        self.answered: set[str] = set()

    def write(self, write: Write) -> State:
        kept = self._touch(write.execution_id)
        check_expected(write, None if kept is None else kept.state)
        for entry in write.entries:
            kept = self._append(write.execution_id, kept, entry)
        if kept is None:
            raise CommitRefusedError(f"the execution `{write.execution_id}` does not exist, and nothing creates it")
        return kept.state

    def _touch(self, execution_id: ExecutionId) -> _Kept | None:
        kept = self.kept.get(execution_id)
        base = self._base.get(execution_id)
        if kept is None and base is not None:
            kept = self.kept[execution_id] = _copy(base)
        return kept

    def _append(self, execution_id: ExecutionId, kept: _Kept | None, item: Entry) -> _Kept:
        entry, join_set = item.entry, counted_join_set(item.entry)
        before = None if kept is None else kept.state
        counts = None if kept is None or join_set is None else kept.counts.get(join_set)
        try:
            state, counts = fold(before, counts, entry, at=item.created_at)
        except IllegalTransitionError as error:
            raise CommitRefusedError(f"a batch does not fit the execution `{execution_id}`: {error}") from error
        if kept is None:
            kept = self.kept[execution_id] = _Kept(self.created, state)
            self.created += 1
        kept.state = state
        if counts is not None and join_set is not None:
            kept.counts[join_set] = counts
        if isinstance(entry, ChildExecutionFinished | DelayFinished):
            self._respond(execution_id, kept, entry)
            kept.responses.append(LogResponse(state.cursor, item.created_at, entry))
        else:
            kept.events.append(LogEvent(state.next_version - 1, item.created_at, entry))
            self._note(kept, entry)
        return kept

    def _note(self, kept: _Kept, event: Event) -> None:
        if kept.state.is_finished:
            kept.counts.clear()
            kept.delays.clear()
            return
        if not isinstance(event, JoinSetRequest):
            return
        request = event.request
        if isinstance(request, DelayRequest) and not self._is_answered(request.delay_id):
            kept.delays[request.delay_id] = (event.join_set_id, request)

    def _respond(self, execution_id: ExecutionId, kept: _Kept, response: Response) -> None:
        key = _answered_key(response)
        if self._is_answered(key):
            raise CommitRefusedError(f"`{key}` has a response already, `{execution_id}` cannot get a second one")
        self.answered.add(key)
        if isinstance(response, DelayFinished):
            kept.delays.pop(response.delay_id, None)

    def _is_answered(self, key: str) -> bool:
        return key in self.answered or key in self._base_answered


def _answered_key(response: Response) -> str:
    return response.delay_id if isinstance(response, DelayFinished) else response.child_execution_id


def _copy(kept: _Kept) -> _Kept:
    copied = _Kept(kept.place, kept.state)
    copied.events, copied.responses = list(kept.events), list(kept.responses)
    copied.counts, copied.delays = dict(kept.counts), dict(kept.delays)
    return copied


def _fits(state: State, wanted: LockWanted) -> bool:
    if state.status is not Status.PENDING or state.lifecycle is not Lifecycle.ACTIVE or state.due_at > wanted.now:
        return False
    if state.component_id.component_type.is_of_trigger:
        return False
    if wanted.incompatible_digest is not None and state.incompatible_digest == wanted.incompatible_digest:
        return False
    digest = wanted.component_digest
    return state.ffqn in wanted.ffqns or (digest is not None and state.component_id.component_digest == digest)


def _has_timer(state: State) -> bool:
    return state.lifecycle is Lifecycle.ACTIVE and (state.has_lock or state.status is Status.PENDING)


def _place(held: Held) -> tuple[Any, ...]:
    return (held.state.created_at, held.execution_id)


def _end(held: Held) -> tuple[datetime, ExecutionId]:
    return (held.state.due_at, held.execution_id)


def _is_beyond(held: Held, cursor: tuple[Any, ...], query: ExecutionQuery) -> bool:
    place = _place(held)[: len(cursor)]
    if place == cursor:
        return not cursor or query.including_cursor
    return place < cursor if query.order is Order.OLDER else place > cursor


def _listed(execution_id: ExecutionId, state: State, query: ExecutionQuery) -> bool:
    return all(_conditions(execution_id, state, query))


def _conditions(execution_id: ExecutionId, state: State, query: ExecutionQuery) -> Iterator[bool]:
    interface, _ = split_ffqn(state.ffqn)
    yield not query.top_level_only or is_top_level(execution_id)
    yield not query.hide_finished or not state.is_finished
    yield not query.execution_id_prefix or execution_id.startswith(query.execution_id_prefix)
    yield not query.ffqn_prefix or state.ffqn.startswith(query.ffqn_prefix)
    yield query.ffqn is None or state.ffqn == query.ffqn
    yield not query.interface or interface == query.interface
    yield not query.package or parse_interface(interface).package_name == query.package
    yield query.component_digest is None or state.component_id.component_digest == query.component_digest
    yield query.deployment_id is None or state.deployment_id == query.deployment_id
    yield not query.buckets or _in_buckets(state, query.buckets, query.now)


def _in_buckets(state: State, buckets: Iterable[Bucket], now: datetime) -> bool:
    mine = bucket(state, now)
    finished = state.is_finished
    return any(wanted is mine or (finished and _RESULT_BUCKETS.get(wanted) is state.result_kind) for wanted in buckets)
