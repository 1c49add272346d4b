"""The query behind a page of executions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from obelisk.clock import to_microseconds
from obelisk.errors import ExecutionNotFoundError
from obelisk.interfaces.storage import Bucket, ExecutionQuery, Order
from obelisk.names import parse_interface, split_ffqn
from obelisk_sqlite.rows import STATE_SELECT, Row
from obelisk_sqlite.schema import FAILED, UNFINISHED

MAX_CODE_POINT = 0x10FFFF
SURROGATES = range(0xD800, 0xE000)

_ACTIVE = "lifecycle = 'active'"
_BUCKETS = {
    Bucket.LOCKED: f"{_ACTIVE} AND status = 'locked'",
    Bucket.PENDING: f"{_ACTIVE} AND status = 'pending_at' AND due_at <= :now",
    Bucket.SCHEDULED: f"{_ACTIVE} AND status = 'pending_at' AND due_at > :now",
    Bucket.BLOCKED: f"{_ACTIVE} AND status = 'blocked_by_join_set'",
    Bucket.PAUSED: "lifecycle = 'paused'",
    Bucket.CANCELLING: "lifecycle = 'cancelling'",
    Bucket.FINISHED: "status = 'finished'",
    Bucket.FINISHED_OK: "result_kind = 'ok'",
    Bucket.FINISHED_ERROR: "result_kind = 'error'",
    Bucket.FINISHED_EXECUTION_FAILURE: "result_kind = 'execution_failure'",
}

_FAILED = frozenset({Bucket.FINISHED_ERROR, Bucket.FINISHED_EXECUTION_FAILURE})
_UNFINISHED = frozenset(Bucket) - _FAILED - {Bucket.FINISHED, Bucket.FINISHED_OK}

FEW = 20_000
"""So many unfinished executions are sorted for a page: tens of milliseconds, against half a second past a million others."""

_COUNT_UNFINISHED = (
    f"SELECT count(*) FROM (SELECT 1 FROM t_state INDEXED BY t_state_timer WHERE {UNFINISHED} LIMIT {FEW})"
)

Condition = tuple[str, dict[str, Any]]


def select_page(connection: sqlite3.Connection, query: ExecutionQuery) -> list[Row]:
    """Return the rows of a page, newest first.

    Raises ``ExecutionNotFoundError`` when the cursor is an id without a time that no execution has.
    """
    terms = ["1"]
    values: dict[str, Any] = {"now": to_microseconds(query.now), "limit": max(query.limit, 0)}
    for text, more in (*_cursor(connection, query), *_filters(query), *_names(connection, query)):
        terms.append(f"({text})")
        values.update(more)
    way = "DESC" if query.order is Order.OLDER else "ASC"
    statement = f"""SELECT {STATE_SELECT} FROM t_state {_index(connection, query)} WHERE {" AND ".join(terms)}
        ORDER BY created_at {way}, execution_id {way} LIMIT :limit"""
    rows = connection.execute(statement, values).fetchall()
    return rows if query.order is Order.OLDER else rows[::-1]


def _index(connection: sqlite3.Connection, query: ExecutionQuery) -> str:
    """Return the index to walk: in listing order, or one of so few rows that they are sorted instead."""
    if query.execution_id_prefix:
        return ""
    if _only_failed(query):
        return "INDEXED BY t_state_failed"
    few = _only_unfinished(query) and connection.execute(_COUNT_UNFINISHED).fetchone()[0] < FEW
    return f"INDEXED BY {'t_state_timer' if few else 't_state_created'}"


def _only_unfinished(query: ExecutionQuery) -> bool:
    return query.hide_finished or (bool(query.buckets) and _UNFINISHED.issuperset(query.buckets))


def _only_failed(query: ExecutionQuery) -> bool:
    return bool(query.buckets) and _FAILED.issuperset(query.buckets)


def _cursor(connection: sqlite3.Connection, query: ExecutionQuery) -> Iterator[Condition]:
    operator = ("<" if query.order is Order.OLDER else ">") + ("=" if query.including_cursor else "")
    if query.cursor_id is None:
        if query.cursor_created_at is not None:
            yield f"created_at {operator} :cursor_at", {"cursor_at": to_microseconds(query.cursor_created_at)}
        return
    if query.cursor_created_at is not None:
        at = to_microseconds(query.cursor_created_at)
    else:
        found = connection.execute(
            "SELECT created_at FROM t_state WHERE execution_id = ?", (query.cursor_id,)
        ).fetchone()
        if found is None:
            raise ExecutionNotFoundError(f"the cursor `{query.cursor_id}` is no execution of this storage")
        at = found[0]
    text = f"(created_at, execution_id) {operator} (:cursor_at, :cursor_id)"
    yield text, {"cursor_at": at, "cursor_id": query.cursor_id}


def _filters(query: ExecutionQuery) -> Iterator[Condition]:
    if query.top_level_only:
        yield "instr(execution_id, '.') = 0", {}
    if _only_unfinished(query):
        yield UNFINISHED, {}
    if _only_failed(query):
        yield FAILED, {}
    if query.ffqn is not None:
        yield "ffqn = :ffqn", {"ffqn": query.ffqn}
    if query.component_digest is not None:
        yield "component_digest = :digest", {"digest": query.component_digest}
    if query.deployment_id is not None:
        yield "deployment_id = :deployment", {"deployment": query.deployment_id}
    if query.buckets:
        yield " OR ".join(f"({_BUCKETS[bucket]})" for bucket in sorted(query.buckets, key=lambda item: item.value)), {}


def _names(connection: sqlite3.Connection, query: ExecutionQuery) -> Iterator[Condition]:
    if query.execution_id_prefix:
        yield _prefix("execution_id", query.execution_id_prefix)
    if query.ffqn_prefix:
        yield _prefix("ffqn", query.ffqn_prefix)
    if query.interface:
        connection.create_function("interface_of", 1, _interface_of, deterministic=True)
        yield "interface_of(ffqn) = :interface", {"interface": query.interface}
    if query.package:
        connection.create_function("package_of", 1, _package_of, deterministic=True)
        yield "package_of(ffqn) = :package", {"package": query.package}


def _interface_of(ffqn: Any) -> str:
    return split_ffqn(ffqn)[0]


def _package_of(ffqn: Any) -> str:
    return parse_interface(_interface_of(ffqn)).package_name


def _prefix(column: str, prefix: str) -> Condition:
    """Return a range: unlike LIKE it can use an index, and has no characters with a meaning."""
    after = _successor(prefix)
    text = f"{column} >= :{column}_from" + (f" AND {column} < :{column}_to" if after else "")
    return text, {f"{column}_from": prefix, f"{column}_to": after} if after else {f"{column}_from": prefix}


def _successor(prefix: str) -> str | None:
    """Return the smallest text greater than every text that begins with ``prefix``."""
    head = prefix.rstrip(chr(MAX_CODE_POINT))
    if not head:
        return None
    code = ord(head[-1]) + 1
    return head[:-1] + chr(SURROGATES.stop if code in SURROGATES else code)
