"""The files of a store and the directory that holds them: the database of executions, and that of lines."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from obelisk.errors import StorageError

DATABASE = "obelisk.sqlite"
LINES = "obelisk-logs.sqlite"
SIDECARS = ("-wal", "-shm", "-journal")


def database_path(directory: Path) -> Path:
    """Return the path of the database of executions in ``directory``."""
    return directory / DATABASE


def lines_path(directory: Path) -> Path:
    """Return the path of the database of lines in ``directory``."""
    return directory / LINES


def make_directory(directory: Path) -> None:
    """Create ``directory`` when it is missing; raise ``StorageError`` when that fails."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot create the database directory `{directory}`: {error.strerror or error}; "
            "set `directory` in `[sqlite]` to one that can be written"
        ) from error


def delete_database(directory: Path) -> None:
    """Delete the databases in ``directory`` and what belongs to them; nothing else, and nothing when there are none.

    Raises ``StorageError`` when a process has one open, or when a file cannot be deleted.
    """
    paths = (database_path(directory), lines_path(directory))
    for path in paths:
        check_unused(path)
    for file in (path.with_name(path.name + suffix) for path in paths for suffix in ("", *SIDECARS)):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot delete `{file}`: {error.strerror or error}") from error


def check_unused(path: Path) -> None:
    """Raise ``StorageError`` when a process has the database open. What is no database may be deleted."""
    if not path.is_file():
        return
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
            # Leaving WAL needs the database for itself alone, even when nobody else is in a transaction.
            connection.execute("PRAGMA journal_mode = delete").fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise StorageError(f"`{path}` is in use by another process; stop that first") from error
    except sqlite3.DatabaseError:
        return
