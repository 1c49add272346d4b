"""Connections to the database, and what its errors mean."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from obelisk.errors import ConfigError, StorageError

BUSY_TIMEOUT_MS = 5000
CACHED_STATEMENTS = 512
DEFAULT_PRAGMAS: dict[str, str | int] = {
    "busy_timeout": BUSY_TIMEOUT_MS,
    "journal_mode": "wal",
    "synchronous": "FULL",
    "foreign_keys": "on",
    "temp_store": "MEMORY",
    "cache_size": -64_000,
    "mmap_size": 0,  # a file that is cut short, or a bad sector, would end the process by SIGBUS instead of being an error
    "journal_size_limit": 67_108_864,
    "wal_autocheckpoint": 1000,
}
PAGE_SIZE = 4096
_SWITCHES = {"on": "1", "yes": "1", "true": "1", "off": "0", "no": "0", "false": "0"}
_NUMBERS = {
    **{("synchronous", word): str(number) for number, word in enumerate(("off", "normal", "full", "extra"))},
    **{("temp_store", word): str(number) for number, word in enumerate(("default", "file", "memory"))},
    **{("auto_vacuum", word): str(number) for number, word in enumerate(("none", "full", "incremental"))},
}
_NAME = re.compile(r"[a-z_]+")
_VALUE = re.compile(r"[A-Za-z0-9_+-]+")
_RETRY_PAUSE = 0.01


def check_pragmas(pragmas: Mapping[str, str | int]) -> None:
    """Raise ``ConfigError`` when a configured pragma is not a name and a plain value."""
    for name, value in pragmas.items():
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"`sqlite.pragma.{name}` is not the name of a pragma, expected lower-case letters and `_`"
            )
        if not _VALUE.fullmatch(str(value)):
            raise ConfigError(f"`sqlite.pragma.{name}` is `{value}`, expected a number or a word")


class Connecting:
    """What holds a connection while it can be used, and opens another when it is needed again."""

    _connection: sqlite3.Connection | None = None

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Return a connection without pragmas; it may be used by any one thread at a time. Raises ``sqlite3.Error``."""
    mode = "rwc" if create else "rw"
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )


def configure(connection: sqlite3.Connection, pragmas: Mapping[str, str | int]) -> None:
    """Apply the default pragmas with ``pragmas`` over them. Raises ``sqlite3.Error``."""
    for name, value in {**DEFAULT_PRAGMAS, **pragmas}.items():
        _apply(connection, f"PRAGMA {name} = {value}")
    for name, value in pragmas.items():
        _check_taken(connection, name, str(value).lower())


def _check_taken(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Raise ``ConfigError`` when SQLite does not know a pragma, or took another value than a word that was given.

    It would do both without a word. Numbers may be rounded or bounded.
    """
    row = connection.execute(f"PRAGMA {name}").fetchone()
    if row is None:
        raise ConfigError(f"`sqlite.pragma.{name}` is not a pragma that SQLite {sqlite3.sqlite_version} knows")
    meant = (value, _NUMBERS.get((name, value)), _SWITCHES.get(value))
    if not value.lstrip("+-").isdigit() and str(row[0]).lower() not in meant:
        raise ConfigError(
            f"`sqlite.pragma.{name}` is `{value}`, which SQLite took as `{row[0]}`; see its documentation"
        )


def _apply(connection: sqlite3.Connection, statement: str) -> None:
    # Switching to WAL reports a busy database at once, without waiting for busy_timeout.
    give_up = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute(statement).fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
        time.sleep(_RETRY_PAUSE)


def check_writable(connection: sqlite3.Connection) -> None:
    """Raise ``sqlite3.Error`` when the database cannot be written.

    SQLite opens a read-only file, and begins a transaction that writes, without complaint. What is written is taken back.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
    finally:
        connection.execute("ROLLBACK")


def open_configured(path: Path, pragmas: Mapping[str, str | int], *, writes: bool) -> sqlite3.Connection:
    """Return a configured connection to an existing database. Raises ``sqlite3.Error``."""
    connection = connect(path, create=False)
    try:
        configure(connection, pragmas)
        if not writes:
            connection.execute("PRAGMA query_only = on")
    except BaseException:
        connection.close()
        raise
    return connection


def storage_error(path: Path, error: sqlite3.Error) -> StorageError:
    """Return what a failed read or start of the database means for people."""
    return StorageError(f"the database `{path}` cannot be used: {describe(error)}{_next_step(error)}")


def _next_step(error: sqlite3.Error) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return "; it is damaged: keep the file, and restore a backup with `obelisk server restore`"
    if code == sqlite3.SQLITE_READONLY:
        return "; let this user write to it and to its directory, or choose another `directory` in `[sqlite]`"
    if code == sqlite3.SQLITE_FULL:
        return "; make room on its disk"
    return ""


def describe(error: Exception) -> str:
    """Return the text of a database error with SQLite's name for it."""
    name = getattr(error, "sqlite_errorname", None)
    return f"{error} ({name})" if name else f"{type(error).__name__}: {error}"
