"""What a transaction does to executions, computed in memory: no SQL here.

A ``Ledger`` knows the executions that a transaction touches, folds batches over them one after the other, and collects
the rows that follow. A batch works on a draft, which becomes part of the ledger only when the whole batch was accepted;
so a refused batch leaves no trace, and later batches see the earlier accepted ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from obelisk.clock import to_microseconds
from obelisk.core.events import (
    ChildExecutionFinished,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
    Finished,
    JoinSetRequest,
    Response,
    encode_event,
)
from obelisk.core.state import JoinSetCounts, State, counted_join_set, fold
from obelisk.errors import CommitRefusedError, IllegalTransitionError
from obelisk.ids import DELAY_PREFIX, DelayId, ExecutionId, JoinSetId, delay_owner, parent_of
from obelisk.interfaces.storage import Batch, Committed, Entry, Write, check_expected
from obelisk_sqlite.rows import Row, child_row, delay_row

CountsKey = tuple[ExecutionId, JoinSetId]
DelayKey = tuple[int, DelayId]


class Known:
    """An execution as the database has it: its number, ``None`` before it was given one, and what is kept of it.

    ``may_have_delays`` is false only when it surely has none.
    """

    __slots__ = ("counts", "id", "may_have_delays", "state")

    def __init__(self) -> None:
        self.id: int | None = None
        self.state: State | None = None
        self.counts: dict[JoinSetId, JoinSetCounts] = {}
        self.may_have_delays = False


class Pages:
    """Rows that are to be written, and executions whose join sets and delays are to be deleted."""

    def __init__(self) -> None:
        self.states: dict[ExecutionId, State] = {}
        self.counts: dict[CountsKey, JoinSetCounts] = {}
        self.log: list[Row] = []
        self.responses: list[Row] = []
        self.answered: set[str] = set()
        self.delays: dict[DelayKey, Row] = {}
        self.delays_done: list[DelayKey] = []
        self.finished: dict[ExecutionId, tuple[int, ExecutionResult]] = {}

    def add(self, other: Pages) -> None:
        """Put what ``other`` holds on top."""
        self.states.update(other.states)
        self.counts.update(other.counts)
        self.log += other.log
        self.responses += other.responses
        self.answered |= other.answered
        self.delays.update(other.delays)
        self.delays_done += other.delays_done
        self.finished.update(other.finished)


def response_key(entry: Event | Response) -> str | None:
    """Return the id that can have only one response, when ``entry`` is one or asks for a delay."""
    # Not isinstance: it takes five times as long to tell that an entry is of another type, which most are.
    if type(entry) is ChildExecutionFinished:
        return entry.child_execution_id
    if type(entry) is DelayFinished:
        return entry.delay_id
    if type(entry) is JoinSetRequest and type(entry.request) is DelayRequest:
        return entry.request.delay_id
    return None


class Ledger:
    """The executions of one transaction. ``known`` and ``answered`` are filled before a batch that needs them."""

    def __init__(self, next_id: int) -> None:
        self.next_id = next_id
        self.known: dict[ExecutionId, Known] = {}
        self.answered: set[str] = set()
        self.states: dict[ExecutionId, State] = {}
        self.counts: dict[CountsKey, JoinSetCounts] = {}
        self.counted: set[ExecutionId] = set()
        self.pages = Pages()

    def apply(self, batch: Batch) -> Committed:
        """Fold a batch and keep its rows; raise ``CommitRefusedError`` and change nothing when it does not fit."""
        draft = _Draft(self)
        try:
            committed = Committed(tuple([draft.write(write) for write in batch.writes]))
        except CommitRefusedError:
            draft.forget()
            raise
        self.states.update(draft.pages.states)
        self.counts.update(draft.pages.counts)
        self.counted.update(execution_id for execution_id, _ in draft.pages.counts)
        self.answered |= draft.pages.answered
        self.pages.add(draft.pages)
        return committed

    def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state after every accepted batch."""
        return self.states.get(execution_id) or self.known[execution_id].state

    def id(self, execution_id: ExecutionId) -> int:
        """Return the number of an execution of an accepted batch."""
        number = self.known[execution_id].id
        assert number is not None
        return number

    def take_pages(self) -> Pages:
        """Return the rows that were not written yet, and forget them."""
        pages, self.pages = self.pages, Pages()
        return pages

    def forget(self, executions: Iterable[ExecutionId]) -> None:
        """Take note that executions are not there any more, nor what they were answered."""
        gone = frozenset(executions)
        self.known.update((execution_id, Known()) for execution_id in gone & self.known.keys())
        self.states = {execution_id: state for execution_id, state in self.states.items() if execution_id not in gone}
        self.counts = {key: counts for key, counts in self.counts.items() if key[0] not in gone}
        self.counted -= gone
        self.answered = {key for key in self.answered if key not in gone and _asker(key) not in gone}

    def changed(self) -> Iterable[tuple[ExecutionId, Known]]:
        """Bring what is known up to date with the accepted batches, and return it."""
        for (execution_id, join_set), counts in self.counts.items():
            self.known[execution_id].counts[join_set] = counts
        for execution_id, state in self.states.items():
            self.known[execution_id].state = state
        return self.known.items()


class _Draft:
    """One batch on top of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbered: list[Known] = []
        self.pages = Pages()

    def write(self, write: Write) -> State:
        execution_id = write.execution_id
        state = self.pages.states.get(execution_id) or self._ledger.state(execution_id)
        check_expected(write, state)
        for entry in write.entries:
            state = self._append(execution_id, state, entry)
        if state is None:
            raise CommitRefusedError(f"the execution `{execution_id}` does not exist, and nothing creates it")
        self.pages.states[execution_id] = state
        return state

    def forget(self) -> None:
        """Take back the numbers that were given, so that they follow the order of accepted batches."""
        for known in self._numbered:
            known.id = None

    def _id(self, execution_id: ExecutionId) -> int:
        known = self._ledger.known[execution_id]
        if known.id is None:
            known.id = self._ledger.next_id
            self._ledger.next_id += 1
            self._numbered.append(known)
        return known.id

    def _append(self, execution_id: ExecutionId, state: State | None, item: Entry) -> State:
        entry = item.entry
        join_set = counted_join_set(entry)
        counts = None if join_set is None else self._counts(execution_id, state, join_set)
        try:
            after, left = fold(state, counts, entry, at=item.created_at)
        except IllegalTransitionError as error:
            raise CommitRefusedError(f"a batch does not fit the execution `{execution_id}`: {error}") from error
        if join_set is not None and left is not None and left is not counts:
            self.pages.counts[execution_id, join_set] = left
        at = to_microseconds(item.created_at)
        if type(entry) is ChildExecutionFinished or type(entry) is DelayFinished:
            self._respond(execution_id, after.cursor, at, entry)
        else:
            event = cast("Event", entry)
            version = after.next_version - 1
            self.pages.log.append((self._id(execution_id), version, at, encode_event(event).decode()))
            self._note(execution_id, version, event)
        return after

    def _counts(self, execution_id: ExecutionId, state: State | None, join_set: JoinSetId) -> JoinSetCounts | None:
        if state is None or state.is_finished:
            return None
        key = (execution_id, join_set)
        counts = self.pages.counts.get(key) or self._ledger.counts.get(key)
        return counts or self._ledger.known[execution_id].counts.get(join_set)

    def _note(self, execution_id: ExecutionId, version: int, event: Event) -> None:
        if type(event) is Finished:
            self.pages.finished[execution_id] = (version, event.retval)
        elif type(event) is JoinSetRequest and type(event.request) is DelayRequest:
            request = event.request
            self._ledger.known[execution_id].may_have_delays = True
            if not self._answered(request.delay_id):
                key = (self._id(execution_id), request.delay_id)
                self.pages.delays[key] = (*key, event.join_set_id, to_microseconds(request.expires_at), request.paused)

    def _respond(self, execution_id: ExecutionId, cursor: int, at: int, response: Response) -> None:
        key = response.child_execution_id if isinstance(response, ChildExecutionFinished) else response.delay_id
        if self._answered(key):
            raise CommitRefusedError(f"`{key}` has a response already, `{execution_id}` cannot get a second one")
        self.pages.answered.add(key)
        number = self._id(execution_id)
        if isinstance(response, ChildExecutionFinished):
            logged = self.pages.finished.get(response.child_execution_id)
            same = logged == (response.finished_version, response.result)
            self.pages.responses.append(child_row(number, cursor, at, response, logged=same))
            return
        self.pages.responses.append(delay_row(number, cursor, at, response))
        # The row may be there already, whether or not this batch asks for the delay again.
        self.pages.delays.pop((number, response.delay_id), None)
        self.pages.delays_done.append((number, response.delay_id))

    def _answered(self, key: str) -> bool:
        return key in self.pages.answered or key in self._ledger.answered


def _asker(key: str) -> ExecutionId | None:
    """Return the execution that a response with this key answers."""
    owner = delay_owner(DelayId(key)) if key.startswith(DELAY_PREFIX) else parent_of(ExecutionId(key))
    return None if owner is None else owner[0]
