"""Copies of the databases: of one moment, whole, and put back as a whole or not at all."""

from __future__ import annotations

import asyncio
import logging
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import pytest
from obelisk_sqlite import backups, obelisk_register_storage
from obelisk_sqlite.settings import SqliteSettings
from obelisk_sqlite.storage import SqliteStorage, open_storage

from obelisk.clock import SystemClock
from obelisk.errors import SchemaVersionError, StorageError
from obelisk.interfaces.provider import Host
from obelisk.interfaces.storage import LineQuery
from obelisk.testing.storage_samples import (
    batch,
    child,
    create,
    ended,
    execution,
    finished,
    found,
    locked,
    make_family,
    numbered,
)

Opens = Callable[..., AbstractAsyncContextManager[SqliteStorage]]
ONE = execution(1)
EXECUTIONS, LINES = DATABASES = ("obelisk.sqlite", "obelisk-logs.sqlite")
COUNT = 402
"""How many executions the prepared database holds."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Databases that hold a family, many others and lines (``databases``), and their copies (``copies``)."""
    place = tmp_path_factory.mktemp("prepared")
    asyncio.run(_fill(place))
    (place / "copies").mkdir()
    backups.back_up(place / "databases", place / "copies")
    return place


async def _fill(place: Path) -> None:
    host = Host(SystemClock(), random.Random(1).randbytes, place, place, logging.getLogger("test"))
    async with open_storage(SqliteSettings(place / "databases"), host) as storage:
        await make_family(storage)
        await storage.commit(batch(*[ended(number) for number in range(2, COUNT)]))
        await storage.append_lines(
            [line for number in range(2, 1000) for line in numbered(number, of=execution(number))]
        )


@pytest.fixture
def directory(prepared: Path, database: Path) -> Path:
    """The prepared databases, at the place of the test's."""
    return Path(shutil.copytree(prepared / "databases", database.parent))


@pytest.fixture
def copies(prepared: Path, tmp_path: Path) -> Path:
    """The prepared copies."""
    return Path(shutil.copytree(prepared / "copies", tmp_path / "copies"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty directory."""
    made = tmp_path / "target"
    made.mkdir()
    return made


def execute(file: Path, statement: str) -> list[tuple[object, ...]]:
    """Run a statement on a file and return its rows."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        return connection.execute(statement).fetchall()


def executions(directory: Path) -> set[object]:
    """Return the executions that the database in a directory holds."""
    return {row[0] for row in execute(directory / EXECUTIONS, "SELECT execution_id FROM t_state")}


def forget_all(directory: Path) -> None:
    """Change what the database in a directory holds."""
    execute(directory / EXECUTIONS, "DELETE FROM t_state")
    execute(directory / LINES, "DELETE FROM t_log")


def spoil(file: Path, how: str) -> None:
    """Make a file something else than a whole database."""
    whole = file.read_bytes()
    middle = len(whole) // 2 // 4096 * 4096
    match how:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "text":
            file.write_bytes(b"This is a text. " * 1000)
        case "damaged":
            file.write_bytes(whole[:middle] + b"\xa5" * 8192 + whole[middle + 8192 :])
        case "damaged at its head":
            file.write_bytes(whole[:100] + b"\xff" * 3996 + whole[4096:])
        case _:
            file.write_bytes(whole[:middle])


def names(directory: Path) -> list[str]:
    """Return the names of what lies in a directory."""
    return sorted(file.name for file in directory.iterdir())


# --- backing up -------------------------------------------------------------------------------------------------------


def test_a_copy_is_two_files_that_need_nothing_beside_them(copies: Path) -> None:
    assert names(copies) == sorted(DATABASES)
    for name in DATABASES:
        assert execute(copies / name, "PRAGMA journal_mode") == [("delete",)]
    assert len(executions(copies)) == COUNT
    assert execute(copies / LINES, "SELECT count(*) FROM t_log") == [(1000,)]


async def test_a_backup_under_load_holds_whole_batches_of_one_moment(
    opens: Opens, directory: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PAGES", 5)
    pairs = []
    async with opens() as storage:
        backup = asyncio.ensure_future(asyncio.to_thread(backups.back_up, directory, target))
        while not backup.done() or len(pairs) < 20:
            pair = execution(10_000 + 2 * len(pairs)), execution(10_001 + 2 * len(pairs))
            pairs.append(pair)
            await storage.commit(batch(*[create(each, locked(), finished()) for each in pair]))
            await storage.append_lines(numbered(1, of=pair[0]))
        await backup
    copied = executions(target)
    assert len(copied) >= COUNT
    there = [[each in copied for each in pair] for pair in pairs]
    assert there == sorted(there, reverse=True)
    assert all(one is other for one, other in there)
    assert execute(target / EXECUTIONS, "PRAGMA integrity_check") == [("ok",)]


def test_a_database_without_one_of_lines_is_backed_up_with_an_empty_one(directory: Path, target: Path) -> None:
    (directory / LINES).unlink()
    backups.back_up(directory, target)
    assert names(target) == sorted(DATABASES)
    assert execute(target / LINES, "SELECT count(*) FROM t_log") == [(0,)]


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("how", ["empty", "text", "damaged", "damaged at its head", "cut"])
def test_what_is_no_whole_database_is_not_backed_up(directory: Path, target: Path, name: str, how: str) -> None:
    spoil(directory / name, how)
    with pytest.raises(StorageError, match=str(directory / name)):
        backups.back_up(directory, target)


def test_where_there_is_no_database_the_setting_is_named(directory: Path, target: Path) -> None:
    spoil(directory / EXECUTIONS, "missing")
    with pytest.raises(StorageError, match=f"no database at `{directory / EXECUTIONS}`; is `directory` in `.sqlite.`"):
        backups.back_up(directory, target)
    assert names(directory) == [LINES]


def test_a_database_of_another_program_is_not_backed_up(tmp_path: Path, target: Path) -> None:
    execute(tmp_path / EXECUTIONS, "CREATE TABLE theirs (id INTEGER)")
    with pytest.raises(SchemaVersionError, match="theirs"):
        backups.back_up(tmp_path, target)


# --- restoring --------------------------------------------------------------------------------------------------------


async def test_what_was_backed_up_comes_back(opens: Opens, directory: Path, copies: Path) -> None:
    forget_all(directory)
    backups.restore(directory, copies, replace=True)
    async with opens() as storage:
        log = await storage.load(ONE)
        assert log is not None
        assert len(log.responses) == 2
        assert await found(storage, derived=True) == ["1", "2"]
        assert len(await storage.lines(LineQuery(execution(500)))) == 1


def test_the_provider_restores_where_there_is_nothing(tmp_path: Path, copies: Path) -> None:
    (provider,) = obelisk_register_storage()
    settings = SqliteSettings(tmp_path / "a" / "b")
    assert provider.restore is not None
    provider.restore(settings, copies, replace=False)
    assert names(settings.directory) == sorted(DATABASES)
    assert {ONE, child()} < executions(settings.directory)


async def test_a_database_that_is_open_is_not_replaced(opens: Opens, directory: Path, copies: Path) -> None:
    async with opens() as storage:
        await storage.commit(batch(create(execution(5000))))
        for replace in (False, True):
            with pytest.raises(StorageError, match="in use by another process; stop that first"):
                backups.restore(directory, copies, replace=replace)
        await storage.commit(batch(create(execution(5001))))
    assert len(executions(directory)) == COUNT + 2


@pytest.mark.parametrize("left", [DATABASES, (EXECUTIONS,), (LINES,)])
def test_a_database_is_replaced_only_when_that_is_asked(directory: Path, copies: Path, left: tuple[str, ...]) -> None:
    for name in set(DATABASES) - set(left):
        (directory / name).unlink()
    with pytest.raises(StorageError, match=f"at `{directory / left[0]}` already; `--force` replaces it"):
        backups.restore(directory, copies, replace=False)
    assert names(directory) == sorted(left)


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("how", ["text", "damaged at its head", "damaged", "cut"])
def test_what_is_no_whole_database_is_replaced_when_that_is_asked(
    directory: Path, copies: Path, name: str, how: str
) -> None:
    spoil(directory / name, how)
    with pytest.raises(StorageError, match="`--force` replaces it"):
        backups.restore(directory, copies, replace=False)
    backups.restore(directory, copies, replace=True)
    assert len(executions(directory)) == COUNT


@pytest.mark.parametrize("name", DATABASES)
@pytest.mark.parametrize("how", ["missing", "empty", "text", "damaged", "cut"])
def test_a_backup_that_is_not_whole_changes_nothing(directory: Path, copies: Path, name: str, how: str) -> None:
    forget_all(directory)
    spoil(copies / name, how)
    with pytest.raises(StorageError, match=str(copies / name)):
        backups.restore(directory, copies, replace=True)
    assert executions(directory) == set()


def test_a_restore_that_is_interrupted_leaves_the_executions_as_they_were(
    directory: Path, copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget_all(directory)
    looks = 0

    def interrupted(*_: int) -> None:
        nonlocal looks
        looks += 1
        if looks == 100:
            raise KeyboardInterrupt

    monkeypatch.setattr(backups, "PAGES", 1)
    monkeypatch.setattr(backups, "_look", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backups.restore(directory, copies, replace=True)
    assert executions(directory) == set()
    backups.restore(directory, copies, replace=True)
    assert len(executions(directory)) == COUNT


def test_a_database_with_other_pages_is_replaced(directory: Path, copies: Path) -> None:
    execute(directory / EXECUTIONS, "PRAGMA journal_mode = delete")
    with closing(sqlite3.connect(directory / EXECUTIONS, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("VACUUM")
        connection.execute("DELETE FROM t_state")
    backups.restore(directory, copies, replace=True)
    assert len(executions(directory)) == COUNT
