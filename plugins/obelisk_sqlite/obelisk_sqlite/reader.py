"""Reads, on a thread and a connection of their own; each read sees one point in time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from obelisk.clock import from_microseconds, to_microseconds
from obelisk.core.events import LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.errors import StorageError
from obelisk.ids import ExecutionId, ExecutorId
from obelisk.interfaces.storage import DueDelay, ExecutionLog, ExecutionQuery, Held
from obelisk.names import Ffqn
from obelisk_sqlite.connection import Connecting, open_configured, storage_error
from obelisk_sqlite.listing import select_page
from obelisk_sqlite.open_files import OpenFiles
from obelisk_sqlite.rows import RESPONSE_SELECT, STATE_SELECT, read_event, read_response, read_state
from obelisk_sqlite.schema import ENDED, SESSION

T = TypeVar("T")
NO_LIMIT = -1
BEFORE_ALL = -(2**63)

_STATE = f"SELECT {STATE_SELECT} FROM t_state WHERE execution_id = ?"
_EVENTS = """SELECT version, created_at, event FROM t_execution_log
    WHERE execution = (SELECT id FROM t_state WHERE execution_id = ?) AND version >= ? ORDER BY version LIMIT ?"""
_RESPONSES = f"""{RESPONSE_SELECT}
    WHERE r.execution = (SELECT id FROM t_state WHERE execution_id = ?) AND r.cursor > ? ORDER BY r.cursor LIMIT ?"""
_DUE_DELAYS = """SELECT s.execution_id, d.join_set_id, d.delay_id, d.expires_at
    FROM t_delay d INDEXED BY t_delay_expires JOIN t_state s ON s.id = d.execution
    WHERE d.paused = 0 AND d.expires_at <= ? ORDER BY d.expires_at, d.execution, d.delay_id LIMIT ?"""
_OF_SESSION = f"INDEXED BY t_state_session WHERE {SESSION} AND lifecycle = 'active'"
_EXPIRED_LOCKS = f"""SELECT {STATE_SELECT} FROM (
    SELECT * FROM (SELECT * FROM t_state INDEXED BY t_state_timer
        WHERE status <> 'finished' AND status = 'locked' AND lifecycle = 'active' AND due_at <= :now
        ORDER BY due_at, id LIMIT :limit)
    UNION SELECT * FROM (SELECT * FROM t_state {_OF_SESSION} AND due_at <= :now ORDER BY due_at, id LIMIT :limit))
    ORDER BY due_at, id LIMIT :limit"""
_NEXT_TIMER = f"""SELECT min(at) FROM (
    SELECT min(expires_at) AS at FROM t_delay INDEXED BY t_delay_expires WHERE paused = 0 AND expires_at > :after
    UNION ALL SELECT min(due_at) FROM t_state INDEXED BY t_state_timer
        WHERE status <> 'finished' AND status = 'locked' AND lifecycle = 'active' AND due_at > :after
    UNION ALL SELECT min(due_at) FROM t_state INDEXED BY t_state_timer
        WHERE status <> 'finished' AND status = 'pending_at' AND lifecycle = 'active' AND due_at > :after
    UNION ALL SELECT min(due_at) FROM t_state {_OF_SESSION} AND due_at > :after)"""
_HELD = f"""SELECT {STATE_SELECT} FROM t_state INDEXED BY t_state_timer
    WHERE status <> 'finished' AND executor_id IN (SELECT value FROM json_each(?)) ORDER BY id"""

_ENDING = f"""SELECT {STATE_SELECT} FROM t_state INDEXED BY t_state_ending
    WHERE (lifecycle = 'cancelling' OR closing = 1) AND status <> 'finished' ORDER BY created_at, id LIMIT ?"""
_UNFINISHED = """SELECT ffqn, count(*) FROM t_state INDEXED BY t_state_timer
    WHERE status <> 'finished' AND component_type NOT IN ('webhook_endpoint', 'cron') GROUP BY ffqn"""

_ENDED = f"""SELECT {STATE_SELECT} FROM t_state INDEXED BY t_state_ended
    WHERE {ENDED} AND due_at < :before AND (due_at, execution_id) > (:due_at, :execution_id)
    ORDER BY due_at, execution_id LIMIT :limit"""


class Reader(Connecting):
    """Owns the connection that reads."""

    def __init__(
        self,
        path: Path,
        pragmas: Mapping[str, str | int],
        loop: asyncio.AbstractEventLoop,
        *,
        files: OpenFiles | None = None,
    ) -> None:
        self._path = path
        self._files = files
        self._pragmas = pragmas
        self._loop = loop
        self._closed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="obelisk-sqlite-reader")

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``query`` reads; raise ``StorageError`` when it cannot be read or the storage was closed."""
        if self._closed:
            raise StorageError(f"the database `{self._path}` was closed")
        return await self._loop.run_in_executor(self._pool, self._read, query)

    async def close(self) -> None:
        """Finish what is being read, then close the connection. Idempotent."""
        if not self._closed:
            self._closed = True
            await self._loop.run_in_executor(self._pool, self._disconnect)
            self._pool.shutdown()

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._files is not None:
                self._files.raise_if_lost()
            if self._connection is None:
                self._connection = open_configured(self._path, self._pragmas, writes=False)
            self._connection.execute("BEGIN")
            result = query(self._connection)
            self._connection.execute("COMMIT")
            return result
        except sqlite3.Error as error:
            self._disconnect()
            raise storage_error(self._path, error) from error
        except BaseException:
            self._disconnect()
            raise


def state(connection: sqlite3.Connection, execution_id: ExecutionId) -> State | None:
    """Return the state of an execution, ``None`` when there is none."""
    row = connection.execute(_STATE, (execution_id,)).fetchone()
    return None if row is None else read_state(row)


def load(connection: sqlite3.Connection, execution_id: ExecutionId) -> ExecutionLog | None:
    """Return the whole log of an execution, ``None`` when there is none."""
    found = state(connection, execution_id)
    if found is None:
        return None
    log = events(connection, execution_id, from_version=0, limit=NO_LIMIT)
    came = responses(connection, execution_id, after_cursor=0, limit=NO_LIMIT)
    return ExecutionLog(execution_id, found, tuple(log), tuple(came))


def events(
    connection: sqlite3.Connection, execution_id: ExecutionId, *, from_version: int, limit: int
) -> list[LogEvent]:
    """Return a page of events."""
    return [read_event(row) for row in connection.execute(_EVENTS, (execution_id, from_version, limit)).fetchall()]


def responses(
    connection: sqlite3.Connection, execution_id: ExecutionId, *, after_cursor: int, limit: int
) -> list[LogResponse]:
    """Return a page of responses."""
    rows = connection.execute(_RESPONSES, (execution_id, after_cursor, limit)).fetchall()
    return [read_response(row) for row in rows]


def due_delays(connection: sqlite3.Connection, now: datetime, *, limit: int) -> list[DueDelay]:
    """Return the delays that are due, earliest first."""
    rows = connection.execute(_DUE_DELAYS, (to_microseconds(now), limit)).fetchall()
    return [DueDelay(row[0], row[1], row[2], from_microseconds(row[3])) for row in rows]


def expired_locks(connection: sqlite3.Connection, now: datetime, *, limit: int) -> list[Held]:
    """Return the executions whose lock expired, earliest first."""
    return _held(connection.execute(_EXPIRED_LOCKS, {"now": to_microseconds(now), "limit": limit}).fetchall())


def next_timer(connection: sqlite3.Connection, after: datetime) -> datetime | None:
    """Return when something falls due next."""
    found = connection.execute(_NEXT_TIMER, {"after": to_microseconds(after)}).fetchone()[0]
    return None if found is None else from_microseconds(found)


def held_by(connection: sqlite3.Connection, executors_json: str) -> list[Held]:
    """Return the unfinished executions held by one of a JSON array of executors."""
    return _held(connection.execute(_HELD, (executors_json,)).fetchall())


def executors_json(executors: frozenset[ExecutorId]) -> str:
    """Return executors as ``held_by`` takes them."""
    return msgspec.json.encode(sorted(executors)).decode()


def ending(connection: sqlite3.Connection, *, limit: int) -> list[Held]:
    """Return executions that are being cancelled or close a join set, oldest first."""
    return _held(connection.execute(_ENDING, (limit,)).fetchall())


def unfinished_functions(connection: sqlite3.Connection) -> dict[Ffqn, int]:
    """Return how many unfinished executions each function has."""
    return {Ffqn(ffqn): count for ffqn, count in connection.execute(_UNFINISHED)}


def finished_before(connection: sqlite3.Connection, when: datetime, *, limit: int, after: Held | None) -> list[Held]:
    """Return a page of top-level executions that ended before ``when``, in the order of their ends."""
    beyond = {"due_at": BEFORE_ALL, "execution_id": ""}
    if after is not None:
        beyond = {"due_at": to_microseconds(after.state.due_at), "execution_id": after.execution_id}
    return _held(connection.execute(_ENDED, {"before": to_microseconds(when), "limit": limit, **beyond}).fetchall())


def list_executions(connection: sqlite3.Connection, query: ExecutionQuery) -> list[Held]:
    """Return a page of executions, newest first."""
    return _held(select_page(connection, query))


def _held(rows: Sequence[Sequence[Any]]) -> list[Held]:
    return [Held(row[0], read_state(row)) for row in rows]
