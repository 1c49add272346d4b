"""Which spans end with what this process has committed.

Theory of operation
    Every event that this process writes comes by here once it is durable (``committed``, ``locked``), and is fed to the
    ``ExecutionTrace`` of its execution. The spans that it ended are handed on, by this process and by nobody else: the one
    that commits an event is the one that tells of it. So no span is told twice, whatever crashes; what a process had not
    handed on when it was killed is missing, and so is what ended with a commit of which nobody knows whether it was done.

    An execution is followed from its first event that comes by to its end, in memory. When something is missing before an
    event, because another process wrote it or it was written before this process began, the log is read up to there, and
    what it says is fed without telling of it (``_Gap``). What comes by meanwhile waits. At most ``MAX_FOLLOWED`` executions
    are followed; the one that was taken up first is forgotten, and read again when it goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec import Struct

from obelisk.core.events import ChildExecutionFinished, DelayFinished, Event
from obelisk.core.spans import Span
from obelisk.core.state import State
from obelisk.core.tracing import ExecutionTrace
from obelisk.errors import StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Entry, LockedExecution, LockWanted, Storage, Write
from obelisk.runtime.work import WorkCount

MAX_FOLLOWED = 20_000
PAGE = 500
_log = logging.getLogger("obelisk.tracing")


class _Written(Struct, frozen=True):
    """Events of one execution that were committed, the first with ``version``."""

    version: int
    entries: Sequence[Entry]


class _Gap:
    """What waits for the log to be read."""

    __slots__ = ("trace", "waiting")

    def __init__(self, trace: ExecutionTrace) -> None:
        self.trace = trace
        self.waiting: list[_Written] = []


class Tracing:
    """See the module's theory of operation. Methods are called on the event loop."""

    def __init__(
        self, storage: Storage, tell: Callable[[Sequence[Span]], None], *, work: WorkCount,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:  # fmt: skip
        self._storage = storage
        self._tell = tell
        self._work = work
        self._spawn = spawn
        self._traces: dict[ExecutionId, ExecutionTrace] = {}
        self._gaps: dict[ExecutionId, _Gap] = {}

    def committed(self, write: Write, state: State) -> None:
        """Take note of a write and of the execution's state after it."""
        entries = [
            entry for entry in write.entries if not isinstance(entry.entry, ChildExecutionFinished | DelayFinished)
        ]
        if entries:
            self._take(write.execution_id, _Written(state.next_version - len(entries), entries))

    def locked(self, locked: LockedExecution, wanted: LockWanted) -> None:
        """Take note of a lock that the storage gave."""
        entry = Entry(wanted.now, wanted.locked)
        self._take(locked.execution_id, _Written(locked.state.next_version - 1, (entry,)))

    def _take(self, execution_id: ExecutionId, written: _Written) -> None:
        gap = self._gaps.get(execution_id)
        if gap is not None:
            gap.waiting.append(written)
            return
        trace = self._traces.get(execution_id)
        if trace is None:
            trace = self._follow(execution_id)
        if trace.next_version == written.version:
            self._feed(trace, written)
        elif trace.next_version < written.version:
            self._gaps[execution_id] = gap = _Gap(trace)
            gap.waiting.append(written)
            self._spawn(self._close(execution_id, gap))

    def _follow(self, execution_id: ExecutionId) -> ExecutionTrace:
        if len(self._traces) >= MAX_FOLLOWED:
            del self._traces[next(iter(self._traces))]
        trace = self._traces[execution_id] = ExecutionTrace(execution_id)
        return trace

    def _feed(self, trace: ExecutionTrace, written: _Written) -> None:
        for entry in written.entries:
            spans = trace.feed(_event(entry), entry.created_at)
            if spans:
                self._tell(spans)
        if trace.has_ended:
            self._traces.pop(trace.execution_id, None)

    async def _close(self, execution_id: ExecutionId, gap: _Gap) -> None:
        """Read what is missing, and feed what waits for it."""
        try:
            with self._work.piece():
                while gap.waiting:
                    written = gap.waiting[0]
                    if await self._read(gap.trace, written.version):
                        self._feed(gap.trace, written)
                    del gap.waiting[0]
        except StorageError as error:
            _log.warning("the spans of `%s` are lost, its log cannot be read: %s", execution_id, error)
            self._traces.pop(execution_id, None)
        finally:
            del self._gaps[execution_id]

    async def _read(self, trace: ExecutionTrace, until: int) -> bool:
        """Feed the events before version ``until`` without telling of them; return whether that is now the next one.

        It is not when the execution was deleted meanwhile, or its log was read beyond there.
        """
        while trace.next_version < until:
            limit = min(PAGE, until - trace.next_version)
            events = await self._storage.events(trace.execution_id, from_version=trace.next_version, limit=limit)
            for event in events:
                trace.feed(event.event, event.created_at)
            if not events:
                return False
        return trace.next_version == until


def _event(entry: Entry) -> Event:
    return entry.entry  # type: ignore[return-value] # responses were left out
