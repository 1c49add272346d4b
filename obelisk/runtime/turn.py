"""A turn: everything that follows in memory from one happening, written as one batch.

Theory of operation
    A finished activity answers its parent; the parent, when it is in memory, goes on at once and asks for the next
    child; that child is created and locked. All of it is one turn, hence one commit. Nothing that can be seen from
    outside happens before that commit: what is to happen then waits in ``after``.

    What ran ahead of the commit can be refused: somebody else wrote to one of the executions. Then the workflows that
    ran ahead are dropped (``participants``), and what must not be lost, the results of finished executions, is written
    alone (``results``): of those that were locked for this process, not of those that ran ahead of a lock that was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from obelisk.core.events import ChildExecutionFinished, Event, Finished, Response
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Batch, Committed, Entry, Write

if TYPE_CHECKING:
    from obelisk.runtime.activity_run import RunningActivity
    from obelisk.runtime.workflow_run import WorkflowRun


class FinishedRun(Struct, frozen=True):
    """How an activity's run ended, the response to its parent, and what happens once that is committed.

    ``base`` is the commit of its lock, when it ran ahead of that.
    """

    execution_id: ExecutionId
    version: int
    event: Finished
    parent: ExecutionId | None
    response: ChildExecutionFinished | None
    then: Callable[[], None]
    base: asyncio.Future[Committed] | None


class _Draft(Struct, frozen=True):
    """What a turn appends to one execution, and what that was made for; becomes a ``Write``."""

    expected_version: int | None
    expected_cursor: int | None
    entries: list[Entry]


class Turn:
    """See the module's theory of operation. ``now`` is the one time of everything in it.

    ``base`` is a commit that it builds on, beside those of its participants. ``ahead`` are activities that may start before
    its commit; ``commit`` is that, once it was handed in. ``is_unknown`` says that nobody knows whether it was written, and
    ``failure`` why; ``undo`` was done then.
    """

    __slots__ = (
        "_drafts", "after", "after_submit", "ahead", "base", "commit", "count", "failure", "is_unknown", "now",
        "participants", "results", "todo", "undo",
    )  # fmt: skip

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.count = 0
        self.is_unknown = False
        self.failure = ""
        self.after: list[Callable[[], None]] = []
        self.after_submit: list[Callable[[], None]] = []
        self.ahead: list[RunningActivity] = []
        self.base: asyncio.Future[Committed] | None = None
        self.commit: asyncio.Future[Committed] | None = None
        self.todo: list[Callable[[], None]] = []
        self.participants: dict[WorkflowRun, None] = {}  # in order: equal runs do equal things
        self.results: list[FinishedRun] = []
        self.undo: list[Callable[[], None]] = []
        self._drafts: dict[ExecutionId, _Draft] = {}

    def append(
        self, execution_id: ExecutionId, entry: Event | Response, *, version: int | None, cursor: int | None = None
    ) -> None:
        """Append an entry. The expectations count for the first entry of an execution in this turn."""
        draft = self._drafts.get(execution_id)
        if draft is None:
            draft = self._drafts[execution_id] = _Draft(version, cursor, [])
        draft.entries.append(Entry(self.now, entry))
        self.count += 1

    def extend(
        self, execution_id: ExecutionId, entries: Sequence[Event | Response], version: int | None, cursor: int | None
    ) -> None:
        """Append entries to one execution, as ``append`` does."""
        now = self.now
        drafted = [Entry(now, entry) for entry in entries]
        draft = self._drafts.get(execution_id)
        if draft is None:
            self._drafts[execution_id] = _Draft(version, cursor, drafted)
        else:
            draft.entries.extend(drafted)
        self.count += len(drafted)

    def settle(self) -> None:
        """Do what is to be done in this turn, and what follows from that."""
        while self.todo:
            self.todo.pop(0)()

    @property
    def awaits_nothing(self) -> bool:
        """Whether everything goes on ahead of the commit, but for what ended runs logged."""
        return bool(self.ahead) and len(self.after) == len(self.results)

    def batch(self, *, after: tuple[asyncio.Future[Committed], ...] = (), may_wait: bool = False) -> Batch:
        """Return the writes of the turn, which build on the commits in ``after``; see ``Batch`` for ``may_wait``."""
        return Batch(
            tuple(
                [
                    Write(execution_id, tuple(draft.entries), draft.expected_version, draft.expected_cursor)
                    for execution_id, draft in self._drafts.items()
                ]
            ),
            after,
            may_wait,
        )
