"""Where logs are kept: the storage interface.

A storage keeps, for each execution, its events, its responses, its ``State`` row, the ``JoinSetCounts`` rows of its open
join sets, and an index of delays that are not due yet. All writing of executions goes through ``commit`` and ``lock``.
Beside that it keeps the lines that components logged, for people to read; no execution depends on them.

What an implementer owes
    * ``commit(batch)`` is atomic: everything in the batch becomes visible and durable, or nothing does.
    * Batches take effect in the order of the calls of ``commit``, whatever order their futures resolve in.
    * A batch is *refused* when an execution's next version or response cursor is not the expected one, when an execution
      that it creates exists, or when ``fold`` raises ``IllegalTransitionError``. A refused batch changes nothing, and does
      not harm batches that were committed together with it.
    * A batch is refused too when a commit in its ``after`` was refused, or its outcome is unknown. Versions and cursors do
      not tell that: somebody else may have written just as much in its place.
    * A batch that ``may_wait`` may be kept for some milliseconds, so that others share what a transaction costs. It is then
      committed though no call follows, before all batches that do, and whoever sees batches sees it.
    * State is computed by ``obelisk.core.state.fold`` from the entries in their order, never otherwise.
    * Responses of an execution get the cursors 1, 2, 3, ... in the order in which they are committed; that order never
      changes. A child or a delay has at most one response; a second one refuses the batch.
    * A ``DelayRequest`` event adds the delay to what ``due`` returns; its ``DelayFinished`` response, and the end of its
      execution, remove it.
    * After ``CommitUnknownError`` nothing is promised about the batch, and about the batches queued behind it only that
      they were not applied before it. The storage has to be usable again when the future resolves, or every later call
      raises ``StorageError``.
    * It may be shared by processes when ``shared`` is true; then each rule holds across all of them.

What it owes for lines
    * ``append_lines`` never delays a ``commit``: it holds no lock and waits for no disk that a commit waits for. So lines
      that were written last may be lost when the power fails; they are not lost when the process ends.
    * Lines get cursors that grow in the order of the calls and of the rows in a call. Whoever has seen a cursor has seen
      all lines before it: none is added there later. So going on from the last cursor misses nothing.
    * It may forget the oldest lines of all, when it says so. It may keep lines of executions that it does not have.
    * When writing or reading lines fails, only that call fails, with ``StorageError``.

What it owes for deletion
    * ``delete`` takes a tree away only when everything in it has finished. That is true for good once it is true: only what
      has not finished creates children.
    * It may do so in parts, and has to when a tree is large: no commit waits for more than a small part. What is below goes
      first, the top-level execution last, after its lines. So a deletion that was cut short leaves a tree whose top is there
      and has finished, and the next call goes on with it; until then what is left of the tree can be read, with gaps.
    * Several processes may delete the same tree at once. None of them deletes what was created anew under its ids.
    * Afterwards it is as if the ids of the tree had never been: its executions may be created, and what they ask for be
      answered, once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from obelisk.core.events import Event, Locked, LogEvent, LogResponse, Response
from obelisk.core.state import State, Status
from obelisk.errors import CommitRefusedError
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId, is_below
from obelisk.interfaces.components import Logged, LogLevel, LogLine, StreamType
from obelisk.names import Ffqn

LOST_BASE = "a batch that it builds on was not written"


class Entry(Struct, frozen=True):
    """An event or a response that is to be appended."""

    created_at: datetime
    entry: Event | Response


class Write(Struct, frozen=True):
    """What is appended to one execution, in order.

    ``expected_version`` is the next version that the execution must have, 0 when it must not exist; ``expected_cursor`` is
    the cursor of the last response that the writer knew. ``None`` does not check: for a response to somebody else's
    execution.
    """

    execution_id: ExecutionId
    entries: tuple[Entry, ...]
    expected_version: int | None
    expected_cursor: int | None = None


def check_expected(write: Write, state: State | None) -> None:
    """Raise ``CommitRefusedError`` when an execution, ``None`` while it does not exist, is not what a write expects.

    For storages to call at each write, with the state that it is folded on.
    """
    version, cursor = (0, 0) if state is None else (state.next_version, state.cursor)
    if write.expected_version is not None and write.expected_version != version:
        raise CommitRefusedError(
            f"the next version of `{write.execution_id}` is {version}, the batch expects {write.expected_version}"
        )
    if write.expected_cursor is not None and write.expected_cursor != cursor:
        raise CommitRefusedError(
            f"the last response of `{write.execution_id}` has cursor {cursor}, the batch expects {write.expected_cursor}"
        )


class Batch(Struct, frozen=True):
    """Writes that belong together. An execution may occur more than once; its writes apply in order.

    ``after`` are the futures of earlier commits that it builds on, those of which the writer does not know the outcome.
    ``may_wait`` says that nobody waits for this one yet.
    """

    writes: tuple[Write, ...]
    after: tuple[asyncio.Future[Committed], ...] = ()
    may_wait: bool = False


class Committed(Struct, frozen=True):
    """The state of the execution after each write of a batch, in the order of ``batch.writes``."""

    states: tuple[State, ...]


class LockWanted(Struct, frozen=True):
    """Which executions an executor can run.

    An execution may be locked when it is pending, active, due at ``now``, and either its function is one of ``ffqns``, or
    ``component_digest`` is set and is its own. ``incompatible_digest`` leaves out those that are marked with it. Those of
    triggers (``ComponentRole.is_of_trigger``) are never locked by executors.
    """

    ffqns: frozenset[Ffqn]
    limit: int
    now: datetime
    locked: Locked
    component_digest: str | None = None
    incompatible_digest: str | None = None


class LockedExecution(Struct, frozen=True):
    """An execution that was locked: its state after the lock, and its ``created`` event."""

    execution_id: ExecutionId
    state: State
    created: LogEvent


class ExecutionLog(Struct, frozen=True):
    """An execution as it is stored, read at one point in time."""

    execution_id: ExecutionId
    state: State
    events: tuple[LogEvent, ...]
    responses: tuple[LogResponse, ...]


class DueDelay(Struct, frozen=True):
    """A delay whose time has come and that has no response yet."""

    execution_id: ExecutionId
    join_set_id: JoinSetId
    delay_id: DelayId
    expires_at: datetime


class Held(Struct, frozen=True):
    """An execution and its state."""

    execution_id: ExecutionId
    state: State


class Order(Enum):
    """Which way a page goes from its cursor."""

    NEWER = "newer"
    OLDER = "older"


class Bucket(Enum):
    """States as people filter them. ``FINISHED`` holds the three that tell how an execution finished."""

    LOCKED = "locked"
    PENDING = "pending"
    SCHEDULED = "scheduled"
    BLOCKED = "blocked"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    FINISHED = "finished"
    FINISHED_OK = "finished_ok"
    FINISHED_ERROR = "finished_error"
    FINISHED_EXECUTION_FAILURE = "finished_execution_failure"


class Backlog(Struct, frozen=True):
    """How many unfinished executions of a function are in one state.

    ``due_since`` is when the one that has been due longest fell due; only ``PENDING`` ones have it.
    """

    ffqn: Ffqn
    bucket: Bucket
    count: int
    due_since: datetime | None = None


class ExecutionQuery(Struct, frozen=True):
    """Which executions to list; what is ``None`` or empty does not filter.

    Executions are ordered by ``(created_at, execution_id)``. ``OLDER`` starts at the newest, or before the cursor, and goes
    to older ones; ``NEWER`` starts at the oldest, or after the cursor. The page is always returned newest first.
    ``now`` tells ``PENDING`` (due) from ``SCHEDULED`` (not due yet). ``ffqn_prefix`` matches the beginning of the text;
    ``package`` and ``interface`` match whole names, with version.
    """

    now: datetime
    limit: int = 20
    order: Order = Order.OLDER
    cursor_id: ExecutionId | None = None
    cursor_created_at: datetime | None = None
    including_cursor: bool = False
    top_level_only: bool = False
    hide_finished: bool = False
    execution_id_prefix: str | None = None
    ffqn_prefix: str | None = None
    package: str | None = None
    interface: str | None = None
    ffqn: Ffqn | None = None
    component_digest: str | None = None
    deployment_id: DeploymentId | None = None
    buckets: frozenset[Bucket] = frozenset()


class Deployment(Struct, frozen=True):
    """A set of components and their settings; ``digest`` identifies it."""

    deployment_id: DeploymentId
    digest: str
    created_at: datetime


class StoredLine(Struct, frozen=True):
    """A line that a run logged at ``created_at``. Its text has no lone surrogates."""

    execution_id: ExecutionId
    run_id: RunId
    created_at: datetime
    line: Logged


class LineRow(Struct, frozen=True):
    """A line with its place among all lines of the storage."""

    cursor: int
    stored: StoredLine


class LineQuery(Struct, frozen=True):
    """Which lines to list: those of an execution, and with ``derived`` those of all executions below it too.

    Only lines of ``levels`` or ``streams`` are listed, logged after ``after`` unless that is ``None``. ``NEWER`` starts at
    the oldest, or after the cursor, ``OLDER`` at the newest, or before the cursor. The page is always returned oldest first.
    """

    execution_id: ExecutionId
    derived: bool = False
    levels: frozenset[LogLevel] = frozenset(LogLevel)
    streams: frozenset[StreamType] = frozenset(StreamType)
    after: datetime | None = None
    order: Order = Order.NEWER
    cursor: int | None = None
    limit: int = 20


class Deleted(Struct, frozen=True):
    """What a call of ``delete`` did.

    ``executions`` counts those that it deleted, children too. ``unfinished`` has, of each tree that stays, an execution that
    has not finished.
    """

    executions: int
    unfinished: tuple[ExecutionId, ...] = ()


class Storage(Protocol):
    """A place where logs are kept. The module's documentation lists what an implementer owes.

    Methods are called on the event loop's thread only. Except ``commit`` they may run in any order beside each other.
    """

    shared: bool
    """Whether other processes may write to it. The engine then polls for what they did."""

    directory: Path | None
    """A directory on this machine that every process using this store on this machine sees, for the engine's records of
    running executors. ``None`` when nothing outlives the process."""

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        """Queue a batch at once, and return a future that resolves on the loop when its outcome is known.

        The future raises ``CommitRefusedError`` (nothing was written) or ``CommitUnknownError``.
        """

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Append ``wanted.locked`` to up to ``limit`` executions that may be locked, those due longest first."""

    async def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state of an execution, ``None`` when there is none. Sees every batch committed before the call."""

    async def load(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return the whole log of an execution, ``None`` when there is none."""

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return up to ``limit`` events from ``from_version`` on; empty when there are none."""

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return up to ``limit`` responses after ``after_cursor``, in the order of their cursors."""

    async def due_delays(self, now: datetime, *, limit: int) -> list[DueDelay]:
        """Return delays with ``expires_at <= now`` that have no response, earliest first.

        Left out are delays of finished executions and paused ones, whether they were requested paused or paused later.
        """

    async def expired_locks(self, now: datetime, *, limit: int) -> list[Held]:
        """Return active executions that have a lock which expired at or before ``now``, earliest first.

        ``State.has_lock`` tells which do: those whose status is locked, and those of a trigger's run, whatever its status.
        """

    async def next_timer(self, after: datetime) -> datetime | None:
        """Return the earliest time after ``after`` at which a delay, a lock or a pending execution falls due.

        It may be too early, never too late.
        """

    async def held_by(self, executors: frozenset[ExecutorId]) -> list[Held]:
        """Return the unfinished executions that one of ``executors`` holds, whatever their status."""

    async def ending(self, *, limit: int) -> list[Held]:
        """Return up to ``limit`` unfinished executions that have to end what they have open, oldest first.

        They are being cancelled, or are blocked while they close a join set.
        """

    async def unfinished_functions(self) -> dict[Ffqn, int]:
        """Return the functions that unfinished executions run, and how many executions each has; not those of triggers."""

    async def backlog(self, now: datetime) -> list[Backlog]:
        """Return what is unfinished, counted by function and ``bucket`` at ``now``, in any order; nothing with a count of 0.

        Executions of triggers are counted too. It is asked often, so it may not read what is finished.
        """

    async def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Say whether a delay is kept from falling due, durably; return whether it is open.

        A delay is open from its request until its response or the end of its execution. Saying the same again changes
        nothing. Takes effect after every batch that was committed before the call.
        """

    async def list_executions(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""

    async def finished_before(self, when: datetime, *, limit: int, after: Held | None = None) -> list[Held]:
        """Return up to ``limit`` top-level executions that ended before ``when``, in the order of their ends.

        ``after`` goes on behind an execution of an earlier page, whether or not it is still there.
        """

    async def delete(self, roots: Sequence[ExecutionId]) -> Deleted:
        """Delete top-level executions with everything below them and all that is kept of it, lines too.

        A tree in which something has not finished stays. What is no top-level execution, or is not there, is passed over.
        Sees every batch committed before the call. It may take long; commits beside it do
        not wait for all of it.
        """

    async def deployment(self, proposed: Deployment) -> Deployment:
        """Return the deployment stored for ``proposed.digest``, after storing ``proposed`` when there was none.

        Raises ``StorageError``, and stores nothing, when ``proposed`` would be stored and its id is that of another digest:
        what a log says of its deployment has to stay true.
        """

    async def append_lines(self, lines: Sequence[StoredLine]) -> None:
        """Append lines; ``lines`` sees them from then on."""

    async def lines(self, query: LineQuery) -> list[LineRow]:
        """Return a page of lines, oldest first."""


def deployment_taken(proposed: Deployment, digest: str) -> str:
    """Return the message about a proposed deployment whose id is that of another ``digest``."""
    return (
        f"the deployment `{proposed.deployment_id}` was stored for `{digest}`, and cannot be stored for "
        f"`{proposed.digest}` too: propose another id"
    )


def lost_its_base(batch: Batch) -> bool:
    """Tell whether a commit that a batch builds on is known to have failed."""
    return any(commit.done() and (commit.cancelled() or commit.exception() is not None) for commit in batch.after)


def bucket(state: State, now: datetime) -> Bucket:
    """Return how people see a state at ``now``. All that have finished are ``FINISHED``, whatever their result."""
    if state.status is Status.FINISHED:
        return Bucket.FINISHED
    if state.lifecycle.value in ("paused", "cancelling"):
        return Bucket(state.lifecycle.value)
    if state.status is Status.PENDING:
        return Bucket.PENDING if state.due_at <= now else Bucket.SCHEDULED
    return Bucket.LOCKED if state.status is Status.LOCKED else Bucket.BLOCKED


def is_listed(stored: StoredLine, query: LineQuery) -> bool:
    """Tell whether a line is one that a query asks for, wherever its page begins and ends."""
    if query.after is not None and stored.created_at <= query.after:
        return False
    line = stored.line
    if (line.level not in query.levels) if isinstance(line, LogLine) else (line.stream not in query.streams):
        return False
    owner = stored.execution_id
    return owner == query.execution_id or (query.derived and is_below(owner, query.execution_id))
