"""One write transaction: reads what its ledger has to know, and writes the rows that follow."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeVar

from obelisk.clock import to_microseconds
from obelisk.core.events import LogEvent
from obelisk.core.state import JoinSetCounts
from obelisk.errors import StorageError
from obelisk.ids import DelayId, ExecutionId, JoinSetId, delay_owner
from obelisk.interfaces.storage import Batch, Committed, Deployment, Entry, LockedExecution, LockWanted, Write
from obelisk_sqlite.deleting import Part, Tree, delete_part
from obelisk_sqlite.ledger import Known, Ledger, Pages, response_key
from obelisk_sqlite.rows import FIXED_COLUMNS, STATE_COLUMNS, STATE_SELECT, Row, read_event, read_state, state_row

T = TypeVar("T")

CHUNK = 32
CACHED_EXECUTIONS = 20_000


def _inserts(table: str, columns: Sequence[str], tail: str = "") -> tuple[str, ...]:
    row = f"({', '.join('?' * len(columns))})"
    head = f"INSERT INTO {table} ({', '.join(columns)}) VALUES "
    return tuple(f"{head}{', '.join([row] * count)} {tail}" for count in range(1, CHUNK + 1))


def _in_list(head: str, tail: str = "") -> tuple[str, ...]:
    return tuple(f"{head} IN ({', '.join('?' * count)}) {tail}" for count in range(1, CHUNK + 1))


def _update(columns: Iterable[str]) -> str:
    return "DO UPDATE SET " + ", ".join(f"{column} = excluded.{column}" for column in columns)


_STATES = _inserts(
    "t_state", STATE_COLUMNS,
    "ON CONFLICT (id) " + _update(column for column in STATE_COLUMNS if column not in FIXED_COLUMNS),
)  # fmt: skip
_LOG = _inserts("t_execution_log", ("execution", "version", "created_at", "event"))
_RESPONSES = _inserts(
    "t_join_set_response",
    (
        "execution", "cursor", "created_at", "join_set_id", "child_execution_id", "finished_version", "result",
        "delay_id", "success",
    ),
)  # fmt: skip
_COUNTS = _inserts(
    "t_join_set", ("execution", "join_set_id", "requested", "arrived", "taken"),
    "ON CONFLICT (execution, join_set_id) " + _update(("requested", "arrived", "taken")),
)  # fmt: skip
_DELAYS = _inserts(
    "t_delay", ("execution", "delay_id", "join_set_id", "expires_at", "paused"),
    "ON CONFLICT (execution, delay_id) " + _update(("join_set_id", "expires_at", "paused")),
)  # fmt: skip
_DELETE_DELAY = "DELETE FROM t_delay WHERE execution = ? AND delay_id = ?"
"""One by one: of pairs in a list SQLite finds none by the key, it looks at every delay that there is."""
_DELETE_DELAYS_OF = _in_list("DELETE FROM t_delay WHERE execution")
_DELETE_COUNTS_OF = _in_list("DELETE FROM t_join_set WHERE execution")
_SELECT_STATES = _in_list(
    f"""SELECT {STATE_SELECT}, id, EXISTS (SELECT 1 FROM t_delay d WHERE d.execution = t_state.id)
    FROM t_state WHERE execution_id"""
)
_SELECT_COUNTS = _in_list(
    """SELECT s.execution_id, j.join_set_id, j.requested, j.arrived, j.taken
    FROM t_state s JOIN t_join_set j ON j.execution = s.id WHERE s.execution_id"""
)
_SELECT_CHILDREN = _in_list("SELECT child_execution_id FROM t_join_set_response WHERE child_execution_id")
_SELECT_DELAYS = _in_list("SELECT delay_id FROM t_join_set_response WHERE delay_id")
_PAUSE_DELAY = """UPDATE t_delay SET paused = ?
    WHERE execution = (SELECT id FROM t_state WHERE execution_id = ?) AND delay_id = ?"""
_SELECT_CREATED = _in_list(
    """SELECT s.execution_id, l.version, l.created_at, l.event
    FROM t_state s JOIN t_execution_log l ON l.execution = s.id AND l.version = 0 WHERE s.execution_id"""
)
_PENDING = """SELECT due_at, id, execution_id FROM t_state INDEXED BY {index}
    WHERE {column} = ? AND status = 'pending_at' AND lifecycle = 'active' AND due_at <= ?
    AND component_type NOT IN ('webhook_endpoint', 'cron')
    AND (? IS NULL OR incompatible_digest IS NULL OR incompatible_digest <> ?)
    ORDER BY due_at, id LIMIT ?"""
_PENDING_BY_FFQN = _PENDING.format(index="t_state_pending_ffqn", column="ffqn")
_PENDING_BY_DIGEST = _PENDING.format(index="t_state_pending_digest", column="component_digest")


class Cache:
    """What the writer knows of unfinished executions; exact as long as no other connection has written."""

    def __init__(self, limit: int = CACHED_EXECUTIONS) -> None:
        self._limit = limit
        self._data_version: int | None = None
        self._known: OrderedDict[ExecutionId, Known] = OrderedDict()
        self.next_id: int | None = None

    def check(self, data_version: int) -> None:
        """Forget everything when another connection has written; called inside the write transaction."""
        if data_version != self._data_version:
            self.clear()
            self._data_version = data_version

    def get(self, execution_id: ExecutionId) -> Known | None:
        """Return what is known of an execution."""
        known = self._known.get(execution_id)
        if known is not None:
            self._known.move_to_end(execution_id)
        return known

    def put(self, execution_id: ExecutionId, known: Known) -> None:
        """Keep an unfinished execution, drop a finished one."""
        if known.state is None or known.state.is_finished:
            self._known.pop(execution_id, None)
            return
        self._known[execution_id] = known
        if len(self._known) > self._limit:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self.next_id = None


class Session:
    """What may be done inside one write transaction. The caller begins and ends it; ``sqlite3.Error`` passes through."""

    def __init__(self, connection: sqlite3.Connection, cache: Cache) -> None:
        self._connection = connection
        self._cache = cache
        cache.check(connection.execute("PRAGMA data_version").fetchone()[0])
        if cache.next_id is None:
            cache.next_id = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM t_state").fetchone()[0]
        self._ledger = Ledger(cache.next_id)

    def expect(self, batches: Iterable[Batch]) -> None:
        """Read what the batches need; each batch has to be expected before it is committed."""
        executions: dict[ExecutionId, None] = {}
        answers: set[str] = set()
        for batch in batches:
            for write in batch.writes:
                executions[write.execution_id] = None
                answers.update(key for item in write.entries if (key := response_key(item.entry)) is not None)
        self._read_executions(executions)
        self._read_answers(answers)

    def commit(self, batch: Batch) -> Committed:
        """Accept a batch; raise ``CommitRefusedError`` when it does not fit."""
        return self._ledger.apply(batch)

    def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions; see ``Storage.lock``."""
        self.flush()
        found = self._pending(wanted)
        created = self._created(found)
        self._read_executions(found)
        entries = (Entry(wanted.now, wanted.locked),)
        writes = tuple([Write(execution_id, entries, None) for execution_id in found])
        states = self._ledger.apply(Batch(writes)).states
        return [LockedExecution(id, state, created[id]) for id, state in zip(found, states, strict=True)]

    def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Pause or unpause a delay; see ``Storage.pause_delay``."""
        self.flush()
        owner, _ = delay_owner(delay_id)
        return self._connection.execute(_PAUSE_DELAY, (paused, owner, delay_id)).rowcount == 1

    def delete(self, trees: Sequence[Tree]) -> Part:
        """Delete a part of trees that have finished; see ``deleting``."""
        self.flush()
        part = delete_part(self._connection, trees)
        self._ledger.forget(part.executions)
        return part

    def deployment(self, proposed: Deployment) -> tuple[str, str, int]:
        """Return the stored ``(deployment_id, digest, created_at)``; see ``Storage.deployment``.

        When the proposed id is that of another digest, it is that other one's row.
        """
        row = (proposed.digest, proposed.deployment_id, to_microseconds(proposed.created_at))
        self._connection.execute("INSERT INTO t_deployment VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row)
        query = (
            "SELECT deployment_id, digest, created_at FROM t_deployment WHERE digest = ?1 OR deployment_id = ?2 "
            "ORDER BY digest = ?1 DESC LIMIT 1"
        )
        wanted = (proposed.digest, proposed.deployment_id)
        found: tuple[str, str, int] = self._connection.execute(query, wanted).fetchone()
        return found

    def flush(self) -> None:
        """Write the rows of the accepted batches, so that queries of this transaction see them."""
        pages = self._ledger.take_pages()
        self._run(_LOG, pages.log)
        self._run(_RESPONSES, pages.responses)
        number = self._ledger.id
        self._run(_STATES, [state_row(number(id), id, state) for id, state in pages.states.items()])
        self._run(_COUNTS, [_counts_row(number(id), name, counts) for (id, name), counts in pages.counts.items()])
        self._run(_DELAYS, list(pages.delays.values()))
        self._connection.executemany(_DELETE_DELAY, pages.delays_done)
        self._delete_finished(pages)

    def settle(self) -> None:
        """Keep what is known now for the next transaction; called after this one was committed."""
        self._cache.next_id = self._ledger.next_id
        for execution_id, known in self._ledger.changed():
            self._cache.put(execution_id, known)

    def _delete_finished(self, pages: Pages) -> None:
        delayed, counted = [], []
        for execution_id in pages.finished:
            known = self._ledger.known[execution_id]
            if known.may_have_delays:
                delayed.append((known.id,))
            if known.counts or execution_id in self._ledger.counted:
                counted.append((known.id,))
        self._run(_DELETE_DELAYS_OF, delayed)
        self._run(_DELETE_COUNTS_OF, counted)

    def _read_executions(self, executions: Iterable[ExecutionId]) -> None:
        missing = []
        for execution_id in executions:
            if execution_id not in self._ledger.known:
                known = self._cache.get(execution_id)
                self._ledger.known[execution_id] = Known() if known is None else known
                if known is None:
                    missing.append(execution_id)
        unfinished = []
        for row in self._select(_SELECT_STATES, missing):
            known = self._ledger.known[row[0]]
            known.state = state = read_state(row)
            known.id, known.may_have_delays = row[-2], row[-1] == 1
            if not state.is_finished:
                unfinished.append(row[0])
        for execution_id, join_set, *counts in self._select(_SELECT_COUNTS, unfinished):
            self._ledger.known[execution_id].counts[JoinSetId(join_set)] = JoinSetCounts(*counts)

    def _read_answers(self, keys: set[str]) -> None:
        delays = [key for key in keys if key.startswith("Delay_")]
        children = [key for key in keys if not key.startswith("Delay_")]
        for statements, ids in ((_SELECT_CHILDREN, children), (_SELECT_DELAYS, delays)):
            self._ledger.answered.update(found for (found,) in self._select(statements, ids))

    def _pending(self, wanted: LockWanted) -> list[ExecutionId]:
        if wanted.limit <= 0:
            return []
        due, unfit = to_microseconds(wanted.now), wanted.incompatible_digest
        found: set[tuple[int, int, ExecutionId]] = set()
        for ffqn in wanted.ffqns:
            found.update(self._connection.execute(_PENDING_BY_FFQN, (ffqn, due, unfit, unfit, wanted.limit)))
        if wanted.component_digest is not None:
            row = (wanted.component_digest, due, unfit, unfit, wanted.limit)
            found.update(self._connection.execute(_PENDING_BY_DIGEST, row))
        return [execution_id for _, _, execution_id in sorted(found)[: wanted.limit]]

    def _created(self, executions: Sequence[ExecutionId]) -> dict[ExecutionId, LogEvent]:
        created = {row[0]: read_event(row[1:]) for row in self._select(_SELECT_CREATED, executions)}
        missing = next((execution_id for execution_id in executions if execution_id not in created), None)
        if missing is not None:
            raise StorageError(f"the log of `{missing}` has no event at version 0, expected `created`")
        return created

    def _run(self, statements: tuple[str, ...], rows: Sequence[Row]) -> None:
        # One statement for many rows: each one gives up the GIL, and the event loop is slow to hand it back.
        for chunk in _chunks(rows):
            self._connection.execute(statements[len(chunk) - 1], list(chain.from_iterable(chunk)))

    def _select(self, statements: tuple[str, ...], ids: Sequence[str]) -> Iterator[Row]:
        for chunk in _chunks(ids):
            yield from self._connection.execute(statements[len(chunk) - 1], chunk).fetchall()


def _counts_row(execution: int, join_set: JoinSetId, counts: JoinSetCounts) -> Row:
    return (execution, join_set, counts.requested, counts.arrived, counts.taken)


def _chunks(items: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
