"""A state machine for hypothesis whose steps are calls of every method of a storage.

Each step is done with the oracle and with the subject, and the answers are compared; after each step that writes, so are the
logs of all executions. Compared is what the interface demands. Where it leaves an order open, that of things with equal
times, the order of creation is expected, as the memory storage has it; ``next_timer`` may be early, and ``delete`` may name
any execution of a tree that has not finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from msgspec.structs import replace

from obelisk.builtin.memory_storage import MemoryStorage
from obelisk.errors import ObeliskError
from obelisk.ids import DelayId, ExecutionId, top_level
from obelisk.interfaces.storage import (
    Backlog,
    Batch,
    Committed,
    Deleted,
    Deployment,
    ExecutionQuery,
    Held,
    LineQuery,
    LineRow,
    LockWanted,
    Storage,
    StoredLine,
)
from obelisk.testing.differential import queries
from obelisk.testing.differential.queries import LIMITS
from obelisk.testing.differential.writes import IDS, LATEST, ONE, TIMES, Burst, Known, bursts, delays, queue
from obelisk.testing.storage_samples import at, executor, parent_and_child

Opens = Callable[[Path], AbstractAsyncContextManager[Storage]]
"""Opens a storage that keeps all that it has to keep in a directory, which may hold what an earlier one kept."""
Ask = Callable[[Storage], Awaitable[Any]]
Same = Callable[[Any, Any], bool]
EVERYTHING = 1_000
_PARTS = st.lists(queries.lines(), min_size=1, max_size=2)
_MOSTLY = st.sampled_from([True, True, False])
_ROOTS = st.sampled_from((*IDS[:3], *IDS))


class StorageMachine(RuleBasedStateMachine):
    """See the module's documentation. A subclass says how its subject is opened."""

    same_messages: ClassVar[bool] = False
    """Whether errors are compared by their messages too, and not only by their types."""
    steps: ClassVar[int] = 0
    """How many steps all machines of a class have done."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._directory = TemporaryDirectory()
        self._stack = AsyncExitStack()
        self._oracle = MemoryStorage()
        self._subject = self._loop.run_until_complete(self._open())
        self._page: list[Held] = []
        self._rows: list[tuple[LineRow, LineRow]] = []

    def opens(self, directory: Path) -> AbstractAsyncContextManager[Storage]:
        """Open the subject on a directory."""
        raise NotImplementedError

    def teardown(self) -> None:
        """Compare all that can be asked, and close everything."""
        try:
            self._compare(_everything)
        finally:
            self._loop.run_until_complete(self._stack.aclose())
            self._runner.close()
            self._directory.cleanup()

    # --- what writes --------------------------------------------------------------------------------------------------

    @rule(data=st.data())
    def commit(self, data: st.DataObject) -> None:
        """Commit batches together."""
        burst = self._burst(data)
        self._write(lambda storage: _behind(storage, burst))

    @rule(data=st.data())
    def commit_more(self, data: st.DataObject) -> None:
        """Commit batches together: what is not written cannot be asked for, so there are several rules for it."""
        self.commit(data)

    @rule(data=st.data())
    def commit_yet_more(self, data: st.DataObject) -> None:
        """Commit batches together."""
        self.commit(data)

    @rule(data=st.data())
    def read_a_state_behind_batches(self, data: st.DataObject) -> None:
        """Ask for a state before the outcome of batches is known."""
        burst, id = self._burst(data), data.draw(st.sampled_from(IDS))
        self._write(lambda storage: _behind(storage, burst, lambda: storage.state(id)))

    @rule(data=st.data(), delay_id=delays(), paused=st.booleans())
    def pause_a_delay(self, data: st.DataObject, delay_id: DelayId, *, paused: bool) -> None:
        """Pause or unpause a delay, perhaps before the outcome of batches is known."""
        burst = self._burst(data) if data.draw(st.booleans()) else ()
        self._write(lambda storage: _behind(storage, burst, lambda: storage.pause_delay(delay_id, paused=paused)))

    @rule(data=st.data(), roots=st.lists(_ROOTS, min_size=1, max_size=3))
    def delete(self, data: st.DataObject, roots: list[ExecutionId]) -> None:
        """Delete trees, perhaps before the outcome of batches is known."""
        burst = self._burst(data) if data.draw(st.booleans()) else ()
        self._write(lambda storage: _behind(storage, burst, lambda: storage.delete(roots)), same=_same_deletion)

    @rule()
    def live_be_deleted_and_live_again(self) -> None:
        """Commit a whole tree and delete it, twice: what was answered may be answered once more after a deletion."""
        for _ in range(2):
            self._write(lambda storage: _committed(storage, parent_and_child()))
            self._write(lambda storage: _behind(storage, (), lambda: storage.delete([ONE])), same=_same_deletion)

    @rule(wanted=queries.locks())
    def lock(self, wanted: LockWanted) -> None:
        """Lock executions."""
        self._write(lambda storage: storage.lock(wanted))

    @initialize(parts=_PARTS)
    def begin_with_lines(self, parts: list[list[StoredLine]]) -> None:
        """Append lines first, so that there are some to read."""
        self.append_lines(parts)

    @rule(parts=_PARTS)
    def append_lines(self, parts: list[list[StoredLine]]) -> None:
        """Append lines by several calls at once."""
        self._compare(lambda storage: _together(*[storage.append_lines(part) for part in parts]))
        for id in sorted({stored.execution_id for part in parts for stored in part}):
            self._read_lines(LineQuery(id, limit=EVERYTHING), None)

    @rule(proposed=queries.deployments())
    def propose_a_deployment(self, proposed: Deployment) -> None:
        """Propose a deployment."""
        self._compare(lambda storage: storage.deployment(proposed))

    @rule()
    def reopen(self) -> None:
        """Close the subject and open it again, when it keeps anything."""
        if self._subject.directory is not None:
            self._loop.run_until_complete(self._stack.aclose())
            self._subject = self._loop.run_until_complete(self._open())
            self._compare(_all_logs)

    # --- what reads ---------------------------------------------------------------------------------------------------

    @rule(query=queries.pages())
    def list_executions(self, query: ExecutionQuery) -> None:
        """Ask for a page of executions."""
        self._compare(lambda storage: storage.list_executions(query))

    @rule(now=TIMES, limit=LIMITS)
    def ask_what_is_due(self, now: int, limit: int) -> None:
        """Ask what timers ask."""
        self._compare(lambda storage: storage.due_delays(at(now), limit=limit))
        self._compare(lambda storage: storage.expired_locks(at(now), limit=limit))
        self._compare(lambda storage: storage.next_timer(at(now)), same=_in_time(at(now)))

    @rule(numbers=st.frozensets(st.integers(1, 3)), limit=LIMITS, now=TIMES)
    def ask_what_is_unfinished(self, numbers: frozenset[int], limit: int, now: int) -> None:
        """Ask for what has not finished, in every way that there is."""
        executors = frozenset(executor(number) for number in numbers)
        self._compare(lambda storage: storage.held_by(executors), same=_same_set)
        self._compare(lambda storage: storage.ending(limit=limit))
        self._compare(lambda storage: storage.unfinished_functions())
        self._compare(lambda storage: storage.backlog(at(now)), same=_same_set)

    @rule(when=TIMES, limit=LIMITS, go_on=st.booleans())
    def find_what_has_finished(self, when: int, limit: int, *, go_on: bool) -> None:
        """Ask for a page of what ended, perhaps behind an earlier page."""
        after = self._page[-1] if go_on and self._page else None
        self._page = self._compare(lambda storage: storage.finished_before(at(when), limit=limit, after=after))

    @rule(id=st.sampled_from(IDS), start=st.integers(0, 4), limit=LIMITS)
    def read_a_part_of_a_log(self, id: ExecutionId, start: int, limit: int) -> None:
        """Ask for pages of a log."""
        self._compare(lambda storage: storage.events(id, from_version=start, limit=limit))
        self._compare(lambda storage: storage.responses(id, after_cursor=start, limit=limit))

    @rule(query=queries.line_pages(), data=st.data())
    def read_lines(self, query: LineQuery, data: st.DataObject) -> None:
        """Ask for a page of lines, perhaps from the cursor of a line that was seen."""
        seen = data.draw(st.sampled_from(self._rows) if self._rows else st.none())
        start = seen if data.draw(_MOSTLY) else None
        if start is not None:
            query = replace(query, execution_id=start[0].stored.execution_id)
        self._read_lines(query, start)
        type(self).steps += 1

    # --- how ----------------------------------------------------------------------------------------------------------

    async def _open(self) -> Storage:
        return await self._stack.enter_async_context(self.opens(Path(self._directory.name)))

    def _burst(self, data: st.DataObject) -> Burst:
        kept = self._oracle._kept  # the interface does not tell the counts of join sets
        return data.draw(bursts({id: Known(each.state, each.counts) for id, each in kept.items()}))

    def _read_lines(self, query: LineQuery, start: tuple[LineRow, LineRow] | None) -> None:
        """Compare a page of lines; each storage has cursors of its own."""
        ours, theirs = [
            self._loop.run_until_complete(storage.lines(replace(query, cursor=start and start[place].cursor)))
            for place, storage in enumerate((self._oracle, self._subject))
        ]
        assert [row.stored for row in theirs] == [row.stored for row in ours]
        assert [row.cursor for row in theirs] == sorted({row.cursor for row in theirs})
        self._rows = [*zip(ours, theirs, strict=True)] or self._rows

    def _write(self, ask: Ask, same: Same | None = None) -> None:
        self._compare(ask, same=same)
        self._compare(_all_logs, counts=0)

    def _compare(self, ask: Ask, *, same: Same | None = None, counts: int = 1) -> Any:
        ours = self._loop.run_until_complete(_outcome(ask(self._oracle)))
        theirs = self._loop.run_until_complete(_outcome(ask(self._subject)))
        if isinstance(ours, ObeliskError) or isinstance(theirs, ObeliskError):
            same = None
        if not (same or self._equal)(theirs, ours):
            raise AssertionError(f"the storage answers\n{theirs!r}\nand the memory storage\n{ours!r}")
        type(self).steps += counts
        return ours

    def _equal(self, theirs: Any, ours: Any) -> bool:
        if isinstance(theirs, ObeliskError):
            return type(theirs) is type(ours) and (not self.same_messages or str(theirs) == str(ours))
        if isinstance(theirs, list) and isinstance(ours, list):
            return len(theirs) == len(ours) and all(map(self._equal, theirs, ours))
        return bool(theirs == ours)


async def _outcome(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except ObeliskError as error:
        return error


async def _committed(storage: Storage, batch: Batch) -> Committed:
    return await storage.commit(batch)


async def _together(*answers: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*answers)


async def _behind(storage: Storage, burst: Burst, ask: Callable[[], Awaitable[Any]] | None = None) -> list[Any]:
    """Queue batches, ask, and return the answer and then the outcomes of the batches."""
    futures = queue(storage, burst)
    answer = None if ask is None else await _outcome(ask())
    return [answer, *[await _outcome(future) for future in futures]]


async def _all_logs(storage: Storage) -> list[Any]:
    return [await storage.load(id) for id in IDS]


async def _everything(storage: Storage) -> list[Any]:
    """Return all that can be asked for without a choice."""
    found = await _all_logs(storage)
    for seconds in (0, LATEST // 2, 2 * LATEST):
        found.append(await storage.due_delays(at(seconds), limit=EVERYTHING))
        found.append(await storage.expired_locks(at(seconds), limit=EVERYTHING))
    found.append(await storage.list_executions(ExecutionQuery(at(0), limit=EVERYTHING)))
    found.append(await storage.finished_before(at(EVERYTHING), limit=EVERYTHING))
    found.append(await storage.ending(limit=EVERYTHING))
    found.append(await storage.unfinished_functions())
    for id in IDS:
        found.append([row.stored for row in await storage.lines(LineQuery(id, limit=EVERYTHING))])
    return found


def _in_time(after: datetime) -> Same:
    def same(theirs: datetime | None, ours: datetime | None) -> bool:
        if theirs is not None and theirs <= after:
            return False
        return ours is None or (theirs is not None and theirs <= ours)

    return same


def _same_set(theirs: list[Held] | list[Backlog], ours: list[Held] | list[Backlog]) -> bool:
    return sorted(map(repr, theirs)) == sorted(map(repr, ours))


def _same_deletion(theirs: list[Any], ours: list[Any]) -> bool:
    return _deletion(theirs) == _deletion(ours)


def _deletion(answer: list[Any]) -> tuple[object, ...]:
    deleted, *outcomes = answer
    assert isinstance(deleted, Deleted)
    roots = sorted(map(top_level, deleted.unfinished))
    return (
        deleted.executions,
        roots,
        [type(outcome) if isinstance(outcome, ObeliskError) else outcome for outcome in outcomes],
    )
