"""The file of lines: what it owes beside the database of executions."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from obelisk_sqlite import line_rows, line_schema, line_store, schema
from obelisk_sqlite.files import delete_database
from obelisk_sqlite.storage import SqliteStorage

from obelisk.errors import SchemaVersionError, StorageError
from obelisk.interfaces.storage import LineQuery
from obelisk.testing.storage_samples import batch, create, execution, found, logged, numbered

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]

ONE, TWO = execution(1), execution(2)

LOGGER = """
import asyncio, sys
from pathlib import Path
from obelisk.testing.storage_samples import numbered
from obelisk_sqlite.storage import start

async def main(directory):
    storage = start(Path(directory), {})
    for number in range(1_000_000):
        await storage.append_lines(numbered(number))
        print(number, flush=True)

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
def file(database: Path) -> Path:
    """The file of lines of the test's storage."""
    return database.with_name("obelisk-logs.sqlite")


def held(database: Path) -> sqlite3.Connection:
    """Return a connection that nobody can write beside."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def execute(database: Path, statement: str) -> list[tuple[object, ...]]:
    """Run a statement on a file and return its rows."""
    database.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def logging_process(directory: Path) -> subprocess.Popen[str]:
    """Start a process that logs until it is killed, and prints what it has logged."""
    return subprocess.Popen([sys.executable, "-c", LOGGER, str(directory)], stdout=subprocess.PIPE, text=True)


def remove(file: Path) -> None:
    """Delete a file."""
    file.unlink()


def damage(file: Path) -> None:
    """Write something else over a file."""
    file.write_bytes(b"This is a text. " * 1000)


async def opened(opens: Opens) -> None:
    """Open and close the storage."""
    async with opens():
        pass


async def test_lines_are_written_while_another_process_keeps_executions_busy(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        with closing(held(database)):
            commit = storage.commit(batch(create(ONE)))
            await storage.append_lines(numbered(1))
            assert await found(storage) == ["1"]
            assert not commit.done()
        await commit


async def test_executions_are_written_while_another_process_keeps_lines_busy(opens: Opens, file: Path) -> None:
    async with opens() as storage:
        with closing(held(file)):
            lines = asyncio.ensure_future(storage.append_lines(numbered(1)))
            await storage.commit(batch(create(ONE)))
            assert not lines.done()
        await lines
        assert await found(storage) == ["1"]


async def test_lines_take_no_transaction_of_executions(opens: Opens, database: Path) -> None:
    async with opens() as storage:
        await storage.append_lines(numbered(1))
        assert storage.transactions == 0
    assert execute(database, "SELECT name FROM sqlite_master WHERE name = 't_log'") == []


async def test_two_storages_see_each_others_lines(opens: Opens) -> None:
    async with opens() as one, opens() as two:
        await one.append_lines(numbered(1))
        await two.append_lines(numbered(2))
        await one.append_lines(numbered(3))
        assert await found(one) == await found(two) == ["1", "2", "3"]


async def test_lines_that_a_killed_process_appended_are_there(opens: Opens, database: Path) -> None:
    await opened(opens)
    process = logging_process(database.parent)
    assert process.stdout is not None
    seen = [process.stdout.readline().strip() for _ in range(50)]
    os.kill(process.pid, signal.SIGKILL)
    seen += process.communicate()[0].split()
    async with opens() as storage:
        lines = await found(storage, limit=1_000_000)
    assert lines[: len(seen)] == seen == [str(number) for number in range(len(seen))]


async def test_lines_that_cannot_be_written_raise_and_later_ones_are_written(opens: Opens, file: Path) -> None:
    async with opens() as storage:
        execute(file, "ALTER TABLE t_log RENAME TO t_gone")
        with pytest.raises(StorageError, match="no such table"):
            await storage.append_lines(numbered(1))
        await storage.commit(batch(create(ONE)))
        execute(file, "ALTER TABLE t_gone RENAME TO t_log")
        await storage.append_lines(numbered(2))
        assert await found(storage) == ["2"]


async def test_text_that_is_none_raises(opens: Opens) -> None:
    async with opens() as storage:
        with pytest.raises(StorageError, match="obelisk-logs"):
            await storage.append_lines([logged("\ud800")])
        await storage.append_lines(numbered(2))
        assert await found(storage) == ["2"]


async def test_after_the_end_lines_raise(opens: Opens) -> None:
    async with opens() as storage:
        pass
    with pytest.raises(StorageError, match="closed"):
        await storage.append_lines(numbered(1))
    with pytest.raises(StorageError, match="closed"):
        await storage.lines(LineQuery(ONE))


@pytest.mark.parametrize("derived", [False, True])
async def test_a_page_is_read_from_an_index_without_sorting(opens: Opens, file: Path, derived: bool) -> None:
    await opened(opens)
    statements: list[str] = []
    with closing(sqlite3.connect(file)) as connection:
        connection.set_trace_callback(statements.append)
        line_rows.select_page(connection, LineQuery(ONE, derived=derived, cursor=5))
        plan = [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statements[0])]
    assert len(plan) == 1
    assert plan[0].startswith("SEARCH t_log USING INDEX")


async def test_the_numbers_of_lines_that_were_deleted_are_not_given_again(opens: Opens, file: Path) -> None:
    async with opens() as storage:
        await storage.append_lines(numbered(1))
        (row,) = await storage.lines(LineQuery(ONE))
        execute(file, "DELETE FROM t_log")
        await storage.append_lines(numbered(2))
        assert await found(storage, cursor=row.cursor) == ["2"]


# --- the schema -------------------------------------------------------------------------------------------------------


async def test_a_database_from_before_there_were_lines_gets_its_file(opens: Opens, file: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(ONE)))
    remove(file)
    async with opens() as storage:
        assert await storage.state(ONE) is not None
        await storage.append_lines(numbered(1, of=TWO))
        assert await found(storage, TWO) == ["1"]
    assert execute(file, "PRAGMA user_version") == [(line_schema.SCHEMA_VERSION,)]
    assert execute(file, "SELECT name FROM _sqlite_migrations") == [("1_tables",)]


async def test_a_newer_file_is_refused(opens: Opens, file: Path) -> None:
    await opened(opens)
    execute(file, "PRAGMA user_version = 99")
    with pytest.raises(SchemaVersionError, match=r"obelisk-logs\.sqlite.*99"):
        await opened(opens)


async def test_a_file_of_another_program_is_refused(opens: Opens, file: Path) -> None:
    execute(file, "CREATE TABLE t_log (id INTEGER)")
    with pytest.raises(SchemaVersionError, match=r"obelisk-logs\.sqlite.*t_log"):
        await opened(opens)


async def test_a_damaged_file_is_named_with_what_it_is_worth(opens: Opens, file: Path) -> None:
    await opened(opens)
    damage(file)
    with pytest.raises(StorageError, match=r"obelisk-logs\.sqlite.*not a database.*delete it"):
        await opened(opens)


async def test_the_file_is_deleted_with_the_database(opens: Opens, database: Path, file: Path) -> None:
    await opened(opens)
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).touch()
    delete_database(database.parent)
    assert list(database.parent.iterdir()) == []


async def test_a_file_that_is_in_use_is_not_deleted(opens: Opens, database: Path, file: Path) -> None:
    await opened(opens)
    store = line_store.LineStore(file, asyncio.get_running_loop())
    try:
        await store.append(numbered(1))
        with pytest.raises(StorageError, match=r"obelisk-logs\.sqlite.*in use"):
            delete_database(database.parent)
        assert execute(database, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]
    finally:
        await store.close()
