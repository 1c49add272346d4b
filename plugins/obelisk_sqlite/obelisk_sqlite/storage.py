"""The storage interface over a writer and a reader of one SQLite file, and a second file for lines."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

from obelisk.clock import from_microseconds
from obelisk.core.events import LogEvent, LogResponse
from obelisk.core.state import State
from obelisk.errors import StorageError
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import (
    Backlog,
    Batch,
    Committed,
    Deleted,
    Deployment,
    DueDelay,
    ExecutionLog,
    ExecutionQuery,
    Held,
    LineQuery,
    LineRow,
    LockedExecution,
    LockWanted,
    StoredLine,
    deployment_taken,
)
from obelisk.names import Ffqn
from obelisk_sqlite import deleting, line_store, reader
from obelisk_sqlite.backlog import count_backlog
from obelisk_sqlite.connection import PAGE_SIZE, check_pragmas, check_writable, configure, connect, storage_error
from obelisk_sqlite.deleting import Part, Tree
from obelisk_sqlite.files import database_path, lines_path, make_directory
from obelisk_sqlite.line_store import LineStore
from obelisk_sqlite.migrating import found_version, migrate
from obelisk_sqlite.reader import Reader
from obelisk_sqlite.schema import SCHEMA
from obelisk_sqlite.session import Session
from obelisk_sqlite.settings import SqliteSettings, resolve_directory
from obelisk_sqlite.writer import Writer


@asynccontextmanager
async def open_storage(settings: SqliteSettings, host: Host) -> AsyncIterator[SqliteStorage]:
    """Open the database that ``settings`` name, made or migrated when that is needed, until the context ends.

    Raises ``SchemaVersionError`` for a database that this version cannot use, ``StorageError`` with its path when it
    cannot be opened, and ``ConfigError`` for a pragma that is none.
    """
    check_pragmas(settings.pragma)
    directory = resolve_directory(settings, host.data_dir)
    await asyncio.to_thread(_prepare, directory, settings.pragma)
    storage = start(directory, settings.pragma)
    try:
        yield storage
    finally:
        await storage.close()


def _prepare(directory: Path, pragmas: Mapping[str, str | int]) -> None:
    make_directory(directory)
    path = database_path(directory)
    try:
        connection = connect(path, create=True)
        try:
            if found_version(connection, path, schema=SCHEMA) == 0:
                connection.execute(f"PRAGMA page_size = {pragmas.get('page_size', PAGE_SIZE)}")
            configure(connection, pragmas)
            migrate(connection, path, schema=SCHEMA)
            check_writable(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise storage_error(path, error) from error
    line_store.prepare(lines_path(directory))


def start(directory: Path, pragmas: Mapping[str, str | int]) -> SqliteStorage:
    """Return the storage in ``directory``, whose files have the present schema. Raises ``StorageError``."""
    path = database_path(directory)
    loop = asyncio.get_running_loop()
    try:
        writer = Writer(path, pragmas, loop)
        reads, looks = (Reader(path, pragmas, loop, files=writer.files) for _ in range(2))
        lines = LineStore(lines_path(directory), loop)
        return SqliteStorage(directory, writer=writer, reader=reads, finder=looks, lines=lines)
    except sqlite3.Error as error:
        raise storage_error(path, error) from error


class SqliteStorage:
    """A ``Storage`` in SQLite files. Methods are called on the event loop that opened it."""

    shared = True

    def __init__(self, directory: Path, *, writer: Writer, reader: Reader, finder: Reader, lines: LineStore) -> None:
        self.directory: Path | None = directory
        self._writer = writer
        self._reader = reader
        self._finder = finder  # looks through trees that may be large, beside those who read
        self._lines = lines

    @property
    def transactions(self) -> int:
        """How many transactions were committed; each costs one fsync, whatever number of batches it holds."""
        return self._writer.transactions

    def commit(self, batch: Batch) -> asyncio.Future[Committed]:
        """Queue a batch; batches that wait together share one fsync. Raises ``StorageError`` when closed."""
        return self._writer.put(batch)

    async def lock(self, wanted: LockWanted) -> list[LockedExecution]:
        """Lock executions, after every batch that was queued before."""
        found: list[LockedExecution] = await self._writer.put(call=lambda session: session.lock(wanted))
        return found

    async def state(self, execution_id: ExecutionId) -> State | None:
        """Return the state of an execution, after every batch that was queued before."""
        await self._settle()
        return await self._reader.run(lambda connection: reader.state(connection, execution_id))

    async def load(self, execution_id: ExecutionId) -> ExecutionLog | None:
        """Return the whole log of an execution, after every batch that was queued before."""
        await self._settle()
        return await self._reader.run(lambda connection: reader.load(connection, execution_id))

    async def events(self, execution_id: ExecutionId, *, from_version: int, limit: int) -> list[LogEvent]:
        """Return a page of events."""
        return await self._reader.run(
            lambda connection: reader.events(connection, execution_id, from_version=from_version, limit=max(limit, 0))
        )

    async def responses(self, execution_id: ExecutionId, *, after_cursor: int, limit: int) -> list[LogResponse]:
        """Return a page of responses."""
        return await self._reader.run(
            lambda connection: reader.responses(
                connection, execution_id, after_cursor=after_cursor, limit=max(limit, 0)
            )
        )

    async def due_delays(self, now: datetime, *, limit: int) -> list[DueDelay]:
        """Return the delays that are due, earliest first."""
        return await self._reader.run(lambda connection: reader.due_delays(connection, now, limit=max(limit, 0)))

    async def expired_locks(self, now: datetime, *, limit: int) -> list[Held]:
        """Return the executions whose lock expired, earliest first."""
        return await self._reader.run(lambda connection: reader.expired_locks(connection, now, limit=max(limit, 0)))

    async def next_timer(self, after: datetime) -> datetime | None:
        """Return when something falls due next."""
        return await self._reader.run(lambda connection: reader.next_timer(connection, after))

    async def held_by(self, executors: frozenset[ExecutorId]) -> list[Held]:
        """Return the unfinished executions that one of ``executors`` holds."""
        text = reader.executors_json(executors)
        return await self._reader.run(lambda connection: reader.held_by(connection, text))

    async def ending(self, *, limit: int) -> list[Held]:
        """Return executions that are being cancelled or close a join set, oldest first."""
        return await self._reader.run(lambda connection: reader.ending(connection, limit=max(limit, 0)))

    async def unfinished_functions(self) -> dict[Ffqn, int]:
        """Return how many unfinished executions each function has."""
        return await self._reader.run(reader.unfinished_functions)

    async def backlog(self, now: datetime) -> list[Backlog]:
        """Count unfinished executions by function and state."""
        return await self._reader.run(lambda connection: count_backlog(connection, now))

    async def pause_delay(self, delay_id: DelayId, *, paused: bool) -> bool:
        """Say whether a delay is kept from falling due, after every batch that was queued before."""
        is_open: bool = await self._writer.put(call=lambda session: session.pause_delay(delay_id, paused=paused))
        return is_open

    async def list_executions(self, query: ExecutionQuery) -> list[Held]:
        """Return a page of executions, newest first."""
        return await self._reader.run(lambda connection: reader.list_executions(connection, query))

    async def finished_before(self, when: datetime, *, limit: int, after: Held | None = None) -> list[Held]:
        """Return a page of top-level executions that ended before ``when``, in the order of their ends."""
        return await self._finder.run(
            lambda connection: reader.finished_before(connection, when, limit=max(limit, 0), after=after)
        )

    async def delete(self, roots: Sequence[ExecutionId]) -> Deleted:
        """Delete the trees of top-level executions in which everything has finished, part by part."""
        await self._settle()
        # Read first: lines up to here are those of what is found below, or of what was there before it.
        last_line = await self._lines.last_cursor()
        found = await self._finder.run(lambda connection: deleting.find(connection, roots))
        if found.trees:
            await self._lines.delete([tree.root for tree in found.trees], until=last_line)
        return Deleted(await self._delete_trees(found.trees), found.unfinished)

    async def _delete_trees(self, trees: Sequence[Tree]) -> int:
        """Delete trees, and leave others as much time as it takes; return how many executions there were."""
        loop, deleted = asyncio.get_running_loop(), 0
        while trees:
            began = loop.time()
            part: Part = await self._writer.put(call=partial(Session.delete, trees=trees))
            deleted += len(part.executions)
            trees = trees[part.trees :]
            await asyncio.sleep(loop.time() - began)
        return deleted

    async def deployment(self, proposed: Deployment) -> Deployment:
        """Return the deployment that is stored for the digest of ``proposed``."""
        deployment_id, digest, at = await self._writer.put(call=lambda session: session.deployment(proposed))
        if digest != proposed.digest:
            raise StorageError(deployment_taken(proposed, digest))
        return Deployment(DeploymentId(deployment_id), digest, from_microseconds(at))

    async def append_lines(self, lines: Sequence[StoredLine]) -> None:
        """Append lines to their own file, beside whatever is being committed."""
        await self._lines.append(lines)

    async def lines(self, query: LineQuery) -> list[LineRow]:
        """Return a page of lines, oldest first."""
        return await self._lines.page(query)

    async def close(self) -> None:
        """Write what waits, then close the files; later calls raise ``StorageError``. Idempotent."""
        try:
            await self._writer.close()
        finally:
            await self._reader.close()
            await self._finder.close()
            await self._lines.close()

    async def _settle(self) -> None:
        if self._writer.is_idle:
            return
        # The outcome of the batches is no concern of a reader, only that there is one.
        await self._writer.put()
