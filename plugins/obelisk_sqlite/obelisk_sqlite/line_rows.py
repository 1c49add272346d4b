"""Lines as rows of ``t_log``, and the query behind a page of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from obelisk.clock import from_microseconds, to_microseconds
from obelisk.ids import LEVEL_SEPARATOR, top_level
from obelisk.interfaces.components import LogLevel, LogLine, StreamLine, StreamType
from obelisk.interfaces.storage import LineQuery, LineRow, Order, StoredLine
from obelisk_sqlite.line_schema import ROOT

Row = tuple[Any, ...]

COLUMNS = ("execution_id", "run_id", "created_at", "level", "message", "stream", "payload")
ROWS_PER_STATEMENT = 64
"""One statement with many rows gives up Python's lock once, many statements as often as there are rows."""

DELETED_ROWS = 500
"""How many rows are deleted at once, so that lines that come meanwhile do not wait for long."""

_DELETE = f"""DELETE FROM t_log WHERE id IN (SELECT id FROM t_log INDEXED BY t_log_root
    WHERE {ROOT} IN (SELECT value FROM json_each(?)) AND id <= ? LIMIT ?)"""
_LEVELS = tuple(LogLevel)
_STREAMS = tuple(StreamType)
_LEVEL_NUMBERS = {level: number for number, level in enumerate(_LEVELS, 1)}
_STREAM_NUMBERS = {stream: number for number, stream in enumerate(_STREAMS, 1)}
_PLACES = f"({', '.join('?' * len(COLUMNS))})"
_AFTER_SEPARATOR = chr(ord(LEVEL_SEPARATOR) + 1)


def insert(connection: sqlite3.Connection, lines: Sequence[StoredLine]) -> None:
    """Append lines in their order, in the transaction that is open."""
    for start in range(0, len(lines), ROWS_PER_STATEMENT):
        part = lines[start : start + ROWS_PER_STATEMENT]
        places = ", ".join([_PLACES] * len(part))
        values = [value for stored in part for value in _values(stored)]
        connection.execute(f"INSERT INTO t_log ({', '.join(COLUMNS)}) VALUES {places}", values)


def select_page(connection: sqlite3.Connection, query: LineQuery) -> list[LineRow]:
    """Return a page of lines, oldest first."""
    older = query.order is Order.OLDER
    terms, values = zip(*_conditions(query), strict=True)
    way = "DESC" if older else "ASC"
    index = "t_log_root" if query.derived else "t_log_execution"
    statement = f"""SELECT id, {", ".join(COLUMNS)} FROM t_log INDEXED BY {index}
        WHERE {" AND ".join(terms)} ORDER BY id {way} LIMIT ?"""
    bound = [value for part in values for value in part]
    rows = connection.execute(statement, [*bound, max(query.limit, 0)]).fetchall()
    return [_read(row) for row in (rows[::-1] if older else rows)]


def last_cursor(connection: sqlite3.Connection) -> int:
    """Return the cursor of the last line, 0 when there is none."""
    found: int = connection.execute("SELECT coalesce(max(id), 0) FROM t_log").fetchone()[0]
    return found


def delete_some(connection: sqlite3.Connection, roots_json: str, *, until: int) -> bool:
    """Delete some lines up to the cursor ``until`` of a JSON array of top-level executions; tell whether more are there."""
    return connection.execute(_DELETE, (roots_json, until, DELETED_ROWS)).rowcount == DELETED_ROWS


def _conditions(query: LineQuery) -> Iterator[tuple[str, Row]]:
    owner = query.execution_id
    if query.derived:
        yield f"{ROOT} = ?", (top_level(owner),)
        bounds = (owner, owner + LEVEL_SEPARATOR, owner + _AFTER_SEPARATOR)
        yield "(execution_id = ? OR (execution_id > ? AND execution_id < ?))", bounds
    else:
        yield "execution_id = ?", (owner,)
    levels = ", ".join(str(_LEVEL_NUMBERS[level]) for level in _LEVELS if level in query.levels)
    streams = ", ".join(str(_STREAM_NUMBERS[stream]) for stream in _STREAMS if stream in query.streams)
    yield f"(level IN ({levels}) OR stream IN ({streams}))", ()
    if query.after is not None:
        yield "created_at > ?", (to_microseconds(query.after),)
    if query.cursor is not None:
        yield f"id {'<' if query.order is Order.OLDER else '>'} ?", (query.cursor,)


def _values(stored: StoredLine) -> Row:
    line = stored.line
    head = (stored.execution_id, stored.run_id, to_microseconds(stored.created_at))
    if isinstance(line, LogLine):
        return (*head, _LEVEL_NUMBERS[line.level], line.message, None, None)
    return (*head, None, None, _STREAM_NUMBERS[line.stream], line.payload)


def _read(row: Row) -> LineRow:
    cursor, execution_id, run_id, created_at, level, message, stream, payload = row
    line = LogLine(_LEVELS[level - 1], message) if stream is None else StreamLine(_STREAMS[stream - 1], payload)
    return LineRow(cursor, StoredLine(execution_id, run_id, from_microseconds(created_at), line))
