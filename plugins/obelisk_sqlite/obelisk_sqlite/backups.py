"""Copies of both databases: made while others use them, put back while nobody does.

Theory of operation
    ``back_up`` begins a read transaction on each database before it copies one, so that both copies are of the same moment;
    in WAL mode nobody waits for them. SQLite's backup copies page by page inside of these transactions, and so never has to
    begin again, however much is written meanwhile. Each copy is one file without sidecars, and is checked before it counts.

    ``restore`` locks both databases for itself alone until it is done: who has one open keeps it from beginning, and who
    comes later is told that the database is locked. Each database is overwritten in one transaction. One that is cut short
    is rolled back by whoever opens it next, to what was there before; the database of executions comes last, so until it is
    whole there is nothing but lines too many.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from obelisk.errors import StorageError
from obelisk_sqlite import line_schema, line_store, schema
from obelisk_sqlite.connection import connect, describe
from obelisk_sqlite.files import DATABASE, LINES, SIDECARS, make_directory
from obelisk_sqlite.migrating import Schema, found_version

PAGES = 2000
"""How many pages are copied between two looks for a signal."""

TOLD = 3
"""How many kinds of damage are told."""

_SCHEMAS: tuple[tuple[str, Schema], ...] = ((LINES, line_schema.SCHEMA), (DATABASE, schema.SCHEMA))
_BROKEN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def back_up(directory: Path, target: Path) -> None:
    """Copy the databases in ``directory`` into ``target``, whoever uses them. Raises ``StorageError``.

    Where there is no database of lines the copy gets an empty one.
    """
    with ExitStack() as stack:
        snapshots = {
            name: stack.enter_context(_snapshot(directory / name, of))
            for name, of in reversed(_SCHEMAS)
            if name == DATABASE or (directory / name).exists()
        }
        for name, snapshot in snapshots.items():
            _copy(snapshot, directory / name, target / name)
    if LINES not in snapshots:
        line_store.prepare(target / LINES)
        with _failing(f"`{target / LINES}` cannot be made"), closing(sqlite3.connect(target / LINES)) as made:
            made.execute("PRAGMA journal_mode = delete").fetchall()


def restore(directory: Path, source: Path, *, replace: bool) -> None:
    """Put the copies in ``source`` in place of the databases in ``directory``. Raises ``StorageError``.

    It does when a process has one of these open, when one holds anything and ``replace`` is false, and when the copies are
    not whole; then nothing was changed.
    """
    with ExitStack() as stack:
        copies = {name: stack.enter_context(_opened_copy(source / name, of)) for name, of in _SCHEMAS}
        make_directory(directory)
        targets = {
            name: stack.enter_context(_seized(directory / name, replace=replace)) for name, _ in reversed(_SCHEMAS)
        }
        for name, target in reversed(targets.items()):
            with _failing(f"`{source / name}` cannot be restored to `{directory / name}`"):
                copies[name].backup(target, pages=PAGES, progress=_look)


@contextmanager
def _snapshot(path: Path, of: Schema) -> Iterator[sqlite3.Connection]:
    """Yield a connection that sees the database as it is now until the end."""
    if not path.is_file():
        raise StorageError(
            f"there is no database at `{path}`; is `directory` in `[sqlite]` the one that the server uses?"
        )
    with _failing(f"the database `{path}` cannot be backed up"), closing(connect(path, create=False)) as connection:
        connection.execute("BEGIN")
        if found_version(connection, path, schema=of) == 0:
            raise StorageError(f"the database `{path}` is empty: no server has used it yet")
        yield connection


def _copy(snapshot: sqlite3.Connection, source: Path, path: Path) -> None:
    with (
        _failing(f"the database `{source}` cannot be backed up to `{path}`"),
        closing(sqlite3.connect(path, isolation_level=None)) as target,
    ):
        snapshot.backup(target, pages=PAGES, progress=_look)
        target.execute("PRAGMA journal_mode = delete").fetchall()
        _check(target, f"the database `{source}`")


@contextmanager
def _opened_copy(path: Path, of: Schema) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise StorageError(f"the backup is not complete: there is no `{path}`")
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    with _failing(f"the copy `{path}` cannot be used"), closing(sqlite3.connect(uri, uri=True)) as connection:
        if found_version(connection, path, schema=of) == 0:
            raise StorageError(f"the backup is not complete: `{path}` is empty")
        _check(connection, f"the copy `{path}`")
        yield connection


@contextmanager
def _seized(path: Path, *, replace: bool) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a database that nobody else can open until the end; it is made when it is missing."""
    was_there = path.exists()
    try:
        with _failing(f"the database `{path}` cannot be replaced"):
            connection = _seize(path, replace=replace)
        with closing(connection):
            yield connection
    except BaseException:
        if not was_there:
            path.unlink(missing_ok=True)
        raise


def _seize(path: Path, *, replace: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    try:
        _lock(connection)
        if not replace and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            raise StorageError(f"there is a database at `{path}` already; `--force` replaces it")
        return connection
    except sqlite3.DatabaseError as error:
        connection.close()
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_BUSY:
            raise StorageError(f"`{path}` is in use by another process; stop that first") from error
        if code not in _BROKEN:
            raise
        if not replace:
            raise StorageError(f"`{path}` is there and is no whole database; `--force` replaces it") from error
    except BaseException:
        connection.close()
        raise
    for file in (path.with_name(path.name + suffix) for suffix in ("", *SIDECARS)):
        file.unlink(missing_ok=True)
    return _seize(path, replace=False)


def _lock(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode = exclusive").fetchall()
    # Leaving WAL needs the database for itself alone, even when nobody else is in a transaction.
    connection.execute("PRAGMA journal_mode = delete").fetchall()
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _check(connection: sqlite3.Connection, what: str) -> None:
    found = [text for (text,) in connection.execute(f"PRAGMA integrity_check({TOLD})")]
    if found != ["ok"]:
        raise StorageError(f"{what} is damaged: {'; '.join(found)}")


@contextmanager
def _failing(what: str) -> Iterator[None]:
    """Say what failed in errors of SQLite and of files."""
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{what}: {describe(error)}") from error
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror or error}") from error


def _look(*_: int) -> None:
    """Between pages Python sees to signals."""
