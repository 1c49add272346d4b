"""Which databases are opened, which are refused, and how one comes to be."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from obelisk_sqlite import schema
from obelisk_sqlite.files import delete_database
from obelisk_sqlite.storage import SqliteStorage

from obelisk.core.state import Status
from obelisk.errors import ConfigError, SchemaVersionError, StorageError
from obelisk.testing.storage_samples import OTHER_FN, RUN_FN, append, batch, delay, delay_done, execution

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
VERSION_1 = Path(__file__).with_name("version-1.sql")


def content(file: Path) -> bytes:
    """Return what a file holds."""
    return file.read_bytes()


def write(file: Path, data: bytes) -> None:
    """Write a file and the directories above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


async def opened(opens: Opens) -> None:
    """Open and close the database."""
    async with opens():
        pass


def execute(database: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on the file and return the rows of the last."""
    database.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        rows = [connection.execute(statement).fetchall() for statement in statements]
    return rows[-1]


def make_version_1(database: Path) -> None:
    """Make a database as the first version of obelisk-sqlite left it.

    It holds an execution that waits for a child and a delay, its child, one that is being cancelled, and a finished one.
    """
    database.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(VERSION_1.read_text())


async def refuses(opens: Opens, database: Path, error: type[StorageError], *words: str) -> None:
    """Open a database that has to be refused without a change of its file."""
    before = content(database)
    with pytest.raises(error) as caught:
        await opened(opens)
    assert all(word in str(caught.value) for word in (str(database), *words))
    assert content(database) == before


async def test_a_new_database_gets_its_schema_version(opens: Opens, database: Path) -> None:
    await opened(opens)
    assert execute(database, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]
    assert execute(database, "PRAGMA application_id") == [(schema.APPLICATION_ID,)]
    steps = [("1_tables",), ("2_ending",), ("3_sessions",), ("4_ended",), ("5_failed",)]
    assert execute(database, "SELECT name FROM _sqlite_migrations") == steps


async def test_every_table_is_strict(opens: Opens, database: Path) -> None:
    await opened(opens)
    loose = "SELECT name FROM pragma_table_list WHERE name LIKE 't\\_%' ESCAPE '\\' AND NOT strict"
    assert execute(database, loose) == []


async def test_a_database_of_version_1_is_migrated_and_goes_on(opens: Opens, database: Path) -> None:
    make_version_1(database)
    async with opens() as storage:
        (cancelled,) = await storage.ending(limit=10)
        assert (cancelled.execution_id, cancelled.state.next_version) == (execution(2), 2)
        assert await storage.unfinished_functions() == {RUN_FN: 2, OTHER_FN: 1}
        assert await storage.pause_delay(delay(), paused=True)
        committed = await storage.commit(batch(append(execution(1), delay_done(), version=6, cursor=0)))
        assert committed.states[0].status is Status.PENDING
        assert await storage.load(execution(3)) is not None
    assert execute(database, "PRAGMA user_version") == [(schema.SCHEMA_VERSION,)]


async def test_a_migrated_database_has_the_tables_of_a_new_one(opens: Opens, database: Path) -> None:
    make_version_1(database)
    await opened(opens)
    tables = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    migrated = execute(database, tables)
    delete_database(database.parent)
    await opened(opens)
    assert execute(database, tables) == migrated


async def test_a_migration_that_fails_leaves_version_1_as_it_was(opens: Opens, database: Path) -> None:
    make_version_1(database)
    execute(database, "CREATE INDEX t_state_ending ON t_state (id)")
    with pytest.raises(StorageError, match="t_state_ending"):
        await opened(opens)
    assert execute(database, "PRAGMA user_version") == [(1,)]
    assert execute(database, "SELECT name FROM _sqlite_migrations") == [("1_tables",)]


async def test_a_database_is_opened_again_without_a_change(opens: Opens, database: Path) -> None:
    await opened(opens)
    before = execute(database, "SELECT * FROM sqlite_master")
    await opened(opens)
    assert execute(database, "SELECT * FROM sqlite_master") == before


async def test_a_newer_database_is_refused(opens: Opens, database: Path) -> None:
    await opened(opens)
    execute(database, "PRAGMA user_version = 99")
    await refuses(opens, database, SchemaVersionError, "99", f"knows {schema.SCHEMA_VERSION}")


async def test_a_database_of_another_program_is_refused(opens: Opens, database: Path) -> None:
    execute(database, "CREATE TABLE refinery_schema_history (version INTEGER)")
    await refuses(opens, database, SchemaVersionError, "version 0", f"version {schema.SCHEMA_VERSION}", "refinery")


async def test_a_file_that_is_no_database_is_refused(opens: Opens, database: Path) -> None:
    write(database, b"This is a text. " * 1000)
    await refuses(opens, database, StorageError, "not a database")


async def test_a_damaged_database_is_refused(opens: Opens, database: Path) -> None:
    await opened(opens)
    whole = content(database)
    write(database, whole[:100] + b"\xff" * 3996 + whole[4096:])
    await refuses(opens, database, StorageError, "malformed")


async def test_a_directory_that_cannot_be_made_is_named(opens: Opens, database: Path) -> None:
    write(database.parent, b"a file")
    with pytest.raises(StorageError, match=str(database.parent)):
        await opened(opens)


async def test_a_database_that_cannot_be_opened_is_named(opens: Opens, database: Path) -> None:
    write(database / "a-directory-instead", b"")
    with pytest.raises(StorageError, match=str(database)):
        await opened(opens)


async def test_a_migration_that_fails_leaves_nothing(
    opens: Opens, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "_TABLES", (*schema._TABLES, "CREATE NONSENSE"))
    with pytest.raises(StorageError, match="NONSENSE"):
        await opened(opens)
    assert execute(database, "SELECT name FROM sqlite_master") == []
    monkeypatch.undo()
    await opened(opens)


async def test_a_new_database_may_be_opened_twice_at_once(opens: Opens, database: Path) -> None:
    await asyncio.gather(*[opened(opens) for _ in range(4)])
    assert execute(database, "SELECT count(*) FROM _sqlite_migrations") == [(5,)]


async def test_pragmas_of_the_configuration_replace_the_defaults(opens: Opens, database: Path) -> None:
    async with opens(page_size=8192):
        pass
    assert execute(database, "PRAGMA page_size") == [(8192,)]


@pytest.mark.parametrize(
    ("pragma", "message"),
    [
        ({"cache size": 1}, "sqlite.pragma.cache size"),
        ({"cache_size": "1; DROP TABLE t_state"}, "sqlite.pragma.cache_size"),
    ],
)
async def test_a_pragma_that_is_none_is_named(opens: Opens, pragma: dict[str, str | int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        async with opens(**pragma):
            pass


async def test_a_database_is_deleted_with_what_belongs_to_it_and_nothing_else(opens: Opens, database: Path) -> None:
    await opened(opens)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).touch()
    other = database.parent / "executors.json"
    other.touch()
    delete_database(database.parent)
    assert list(database.parent.iterdir()) == [other]
    delete_database(database.parent)
