"""The file of lines: a connection and a thread that write, others that read.

It lies beside the database of executions and shares nothing with it, so that a commit never waits for a line: not for a
lock, and not for the disk. ``synchronous = NORMAL`` in WAL mode syncs the file when it takes over the WAL, not when lines
are appended; what a loss of power takes away are the last lines, never the file.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from obelisk.errors import StorageError
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import LineQuery, LineRow, StoredLine
from obelisk_sqlite.connection import Connecting, check_writable, configure, connect, open_configured, storage_error
from obelisk_sqlite.line_rows import delete_some, insert, last_cursor, select_page
from obelisk_sqlite.line_schema import SCHEMA
from obelisk_sqlite.migrating import migrate
from obelisk_sqlite.reader import Reader

T = TypeVar("T")
PRAGMAS: dict[str, str | int] = {
    "synchronous": "NORMAL",
    "cache_size": -8_000,
    "wal_autocheckpoint": 4_000,
}


def prepare(path: Path) -> None:
    """Make or migrate the file. Raises ``SchemaVersionError``, and ``StorageError`` when it cannot be used."""
    try:
        connection = connect(path, create=True)
        try:
            configure(connection, PRAGMAS)
            migrate(connection, path, schema=SCHEMA)
            check_writable(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise StorageError(
            f"{storage_error(path, error)}; it holds only what components logged: delete it to go on without that"
        ) from error


class LineStore(Connecting):
    """Lines in the file at ``path``. Methods are called on the loop's thread."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._loop = loop
        self._reader = Reader(path, PRAGMAS, loop)
        self._closed = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="obelisk-sqlite-lines")

    async def append(self, lines: Sequence[StoredLine]) -> None:
        """Append lines in one transaction. Raises ``StorageError``; then none was appended."""
        await self._write(lambda connection: insert(connection, lines))

    async def page(self, query: LineQuery) -> list[LineRow]:
        """Return a page of lines, oldest first."""
        return await self._reader.run(lambda connection: select_page(connection, query))

    async def last_cursor(self) -> int:
        """Return the cursor of the last line, 0 when there is none."""
        return await self._reader.run(last_cursor)

    async def delete(self, roots: Sequence[ExecutionId], *, until: int) -> None:
        """Delete the lines up to the cursor ``until`` of top-level executions and of all below them, some at a time."""
        roots_json = msgspec.json.encode(roots).decode()
        while await self._write(lambda connection: delete_some(connection, roots_json, until=until)):
            continue

    async def close(self) -> None:
        """Finish what is being written, then close the file. Idempotent."""
        if not self._closed:
            self._closed = True
            await self._loop.run_in_executor(self._pool, self._disconnect)
            self._pool.shutdown()
        await self._reader.close()

    async def _write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        if self._closed:
            raise StorageError(f"the database `{self._path}` was closed")
        return await self._loop.run_in_executor(self._pool, self._in_transaction, change)

    def _in_transaction(self, change: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = open_configured(self._path, PRAGMAS, writes=True)
            self._connection.execute("BEGIN IMMEDIATE")
            result = change(self._connection)
            self._connection.execute("COMMIT")
            return result
        except (sqlite3.Error, UnicodeError) as error:
            self._disconnect()
            raise StorageError(f"lines were not written to `{self._path}`: {error}") from error
        except BaseException:
            self._disconnect()
            raise
