"""Transactions that write: one for a group of works, and what becomes of each work when it fails.

Work that does not fit (``CommitRefusedError``) leaves the transaction untouched. Work that SQLite cannot write for a
reason of its own (a number that is too large) makes it roll back and do each of the group alone. After any other
error of SQLite nobody knows what was written: every future of the group gets ``CommitUnknownError`` and the connection
is opened anew before the next transaction. So it is when the files were deleted under way, see ``open_files``.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk_sqlite.connection import DEFAULT_PRAGMAS, Connecting, describe, open_configured
from obelisk_sqlite.open_files import OpenFiles
from obelisk_sqlite.session import Cache, Session
from obelisk_sqlite.work import Work

BUSY_ATTEMPTS = 60
_log = logging.getLogger("obelisk.sqlite")
_OWN_FAULT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)


class Transactions(Connecting):
    """Owns the connection that writes. Only one thread at a time may call its methods, one after another several may."""

    def __init__(self, path: Path, pragmas: Mapping[str, str | int]) -> None:
        self._path = path
        self._pragmas = pragmas
        self._cache = Cache()
        self._busy_timeout = pragmas.get("busy_timeout", DEFAULT_PRAGMAS["busy_timeout"])
        self._open()
        self.files = OpenFiles(path)
        self.count = 0
        """How many were committed."""
        self.seconds: float | None = None
        """How long the last one took; ``None`` when it wrote nothing."""
        self.hurries = False
        """Whether one that cannot begin fails after its first attempt; any thread may set it."""

    def begin_at_once(self) -> bool:
        """Begin a transaction, which ``do`` goes on with, if that takes no waiting and no opening of files; tell whether."""
        if self._connection is None or not self._is_wal:
            return False
        try:
            self._set_busy_timeout(self._connection, 0)
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error:
            return False  # whoever waits for it meets the error again, if it is one
        return True

    def close(self) -> None:
        """Close the connection."""
        self._disconnect()

    def do(self, group: Sequence[Work]) -> None:
        """Do a group of works, in one transaction if that is possible. Each has its result or its error afterwards."""
        self.seconds = None
        if not any(work.writes for work in group):
            return
        try:
            self._transaction(group)
        except Exception as error:  # noqa: BLE001 - whatever happened, those who wait are told
            self._give_up(group, error)
        except BaseException as error:
            # An interrupt while the loop commits: half of a transaction must not become the beginning of the next one.
            self._cache.clear()
            self._disconnect()
            _fail(group, CommitUnknownError(f"writing to the database `{self._path}` was interrupted"), error)
            raise

    def _transaction(self, group: Sequence[Work]) -> None:
        began = time.perf_counter()
        connection = self._connect()
        if not connection.in_transaction:
            self._begin(connection)
        changes = connection.total_changes
        session = Session(connection, self._cache)
        session.expect(work.batch for work in group if work.batch is not None)
        for work in group:
            work.run(session)
        session.flush()
        try:
            connection.execute("COMMIT")
            self.files.check()
            session.settle()
        except StorageError as error:
            raise CommitUnknownError(str(error)) from error
        except Exception as error:
            raise CommitUnknownError(self._unknown(error)) from error
        self.count += 1
        if connection.total_changes != changes:
            self.seconds = time.perf_counter() - began

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin a transaction; another process may keep the database busy for longer than ``busy_timeout``.

        Nothing was written yet, so waiting on is all that it costs.
        """
        self._set_busy_timeout(connection, self._busy_timeout)
        for _ in range(BUSY_ATTEMPTS):
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or self.hurries:
                    raise
                _log.warning("`%s` is kept busy by another process; waiting", self._path)
        connection.execute("BEGIN IMMEDIATE")

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self.files.check_before_opening()
            except StorageError as error:
                raise CommitUnknownError(str(error)) from error
            self._open()
        assert self._connection is not None
        return self._connection

    def _open(self) -> None:
        self._connection = open_configured(self._path, self._pragmas, writes=True)
        self._timeout_set = self._busy_timeout
        # Without WAL a COMMIT, too, may have to wait for those who read.
        self._is_wal = self._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"

    def _set_busy_timeout(self, connection: sqlite3.Connection, timeout: str | int) -> None:
        if timeout != self._timeout_set:
            connection.execute(f"PRAGMA busy_timeout = {timeout}")
            self._timeout_set = timeout

    def _give_up(self, group: Sequence[Work], error: Exception) -> None:
        self._cache.clear()
        if isinstance(error, CommitUnknownError) or (isinstance(error, sqlite3.Error) and not _is_own_fault(error)):
            self._disconnect()
            _fail(group, CommitUnknownError(self._unknown(error)), error)
            return
        self._roll_back()
        if len(group) > 1:
            for work in group:
                self.do((work,))
        elif isinstance(error, StorageError):
            _fail(group, error, error.__cause__)
        else:
            _fail(group, CommitRefusedError(f"`{self._path}` cannot hold the batch: {describe(error)}"), error)

    def _roll_back(self) -> None:
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _unknown(self, error: Exception) -> str:
        if isinstance(error, CommitUnknownError):
            return str(error)
        return f"writing to the database `{self._path}` failed: {describe(error)}; what was written is not known"


def _is_own_fault(error: sqlite3.Error) -> bool:
    return isinstance(error, _OWN_FAULT)


def _fail(group: Sequence[Work], failure: StorageError, cause: BaseException | None) -> None:
    for work in group:
        if not work.writes:  # it is told that the others have an outcome, not which
            continue
        work.result = None
        work.error = type(failure)(*failure.args)
        work.error.__cause__ = cause
