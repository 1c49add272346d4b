"""The thread that writes: everything that waits becomes one transaction, and so one fsync.

    commit / lock / pause_delay       queue             thread
    ---- Work(future) ------------->  [w w w w]  ---->  BEGIN IMMEDIATE, every w in order, COMMIT
    <--- one call_soon_threadsafe for all futures ---------------------------------------/

Batches that may wait are kept for ``KEEP_SECONDS``, or until there are ``MAX_KEPT``, or until something comes that may not:
all of them are handed to the thread at once, in their order. A transaction costs a good part of what a step does.

Work that does not fit (``CommitRefusedError``) leaves the transaction untouched. Work that SQLite cannot write for a
reason of its own (a number that is too large) makes the thread roll back and do each of the group alone. After any other
error of SQLite nobody knows what was written: every future of the group gets ``CommitUnknownError`` and the connection
is opened anew before the next transaction. So it is when the files were deleted under way, see ``open_files``.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from obelisk.errors import CommitRefusedError, CommitUnknownError, StorageError
from obelisk.interfaces.storage import LOST_BASE, Batch, lost_its_base
from obelisk_sqlite.connection import Connecting, describe, open_configured
from obelisk_sqlite.open_files import OpenFiles
from obelisk_sqlite.session import Cache, Session

MAX_GROUP = 1024
BUSY_ATTEMPTS = 60
KEEP_SECONDS = 0.003
MAX_KEPT = 32
_log = logging.getLogger("obelisk.sqlite")
_OWN_FAULT = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
Call = Callable[[Session], Any]


class Work:
    """Something to do in a transaction, and who waits for it; without batch and call it only waits for its turn."""

    __slots__ = ("after", "batch", "call", "error", "future", "lost_base", "result")

    def __init__(self, future: asyncio.Future[Any], batch: Batch | None = None, call: Call | None = None) -> None:
        self.future = future
        self.batch = batch
        self.call = call
        self.result: Any = None
        self.error: StorageError | None = None
        self.after: tuple[Work, ...] = ()
        """Batches of unknown outcome that this one builds on."""
        self.lost_base = batch is not None and lost_its_base(batch)

    @property
    def writes(self) -> bool:
        """Whether it needs a transaction."""
        return self.batch is not None or self.call is not None

    def run(self, session: Session) -> None:
        """Do it; what the storage refuses becomes ``error``."""
        self.result = self.error = None
        try:
            if self.lost_base or any(work.error is not None for work in self.after):
                raise CommitRefusedError(LOST_BASE)
            if self.batch is not None:
                self.result = session.commit(self.batch)
            elif self.call is not None:
                self.result = self.call(session)
        except StorageError as error:
            self.error = error


class Writer(Connecting):
    """Owns the connection that writes. Methods other than ``_``-named ones are called on the loop's thread."""

    def __init__(self, path: Path, pragmas: Mapping[str, str | int], loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._pragmas = pragmas
        self._loop = loop
        self._queue: SimpleQueue[list[Work] | None] = SimpleQueue()
        self._kept: list[Work] = []
        self._end_of_keeping: asyncio.TimerHandle | None = None
        self._cache = Cache()
        self._connection = open_configured(path, pragmas, writes=True)
        self.files = OpenFiles(path)
        self._waiting: dict[asyncio.Future[Any], Work] = {}
        self.transactions = 0
        """How many transactions were committed."""
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="obelisk-sqlite-writer", daemon=True)
        self._thread.start()

    @property
    def is_idle(self) -> bool:
        """Whether the outcome of everything that was put is known."""
        return not self._waiting

    def put(self, batch: Batch | None = None, *, call: Call | None = None) -> asyncio.Future[Any]:
        """Queue a batch or a call, and return the future of its outcome. Raises ``StorageError`` when closed."""
        if self._closed:
            raise StorageError(f"the database `{self._path}` was closed")
        work = Work(self._loop.create_future(), batch, call)
        if batch is not None:
            work.after = tuple(self._waiting[commit] for commit in batch.after if commit in self._waiting)
        self._waiting[work.future] = work
        self._kept.append(work)
        if batch is None or not batch.may_wait or len(self._kept) == MAX_KEPT:
            self._hand_in()
        elif self._end_of_keeping is None:
            self._end_of_keeping = self._loop.call_later(KEEP_SECONDS, self._hand_in)
        return work.future

    async def close(self) -> None:
        """Write what waits, then end the thread and the connection. Idempotent."""
        if not self._closed:
            self._closed = True
            self._hand_in()
            self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)

    def _hand_in(self) -> None:
        if self._end_of_keeping is not None:
            self._end_of_keeping.cancel()
            self._end_of_keeping = None
        if self._kept:
            works, self._kept = self._kept, []
            self._queue.put(works)

    def _run(self) -> None:
        while (works := self._queue.get()) is not None:
            group, last = self._drain(works)
            self._do(group)
            self._hand_over(group)
            if last:
                break
        self._disconnect()

    def _drain(self, group: list[Work]) -> tuple[list[Work], bool]:
        while len(group) < MAX_GROUP:
            try:
                works = self._queue.get_nowait()
            except Empty:
                break
            if works is None:
                return group, True
            group += works
        return group, False

    def _hand_over(self, group: list[Work]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._resolve, group)
        except RuntimeError:
            # The loop was closed without closing the storage: nobody waits any more.
            return

    def _resolve(self, group: list[Work]) -> None:
        for work in group:
            del self._waiting[work.future]
            work.after = ()  # else each would keep all before it
            if work.future.done():
                continue
            if work.error is None:
                work.future.set_result(work.result)
            else:
                work.future.set_exception(work.error)

    def _do(self, group: Sequence[Work]) -> None:
        if not any(work.writes for work in group):
            return
        try:
            self._transaction(group)
        except Exception as error:  # noqa: BLE001 - whatever happened, those who wait are told
            self._give_up(group, error)

    def _transaction(self, group: Sequence[Work]) -> None:
        connection = self._connect()
        self._begin(connection)
        session = Session(connection, self._cache)
        session.expect(work.batch for work in group if work.batch is not None)
        for work in group:
            work.run(session)
        session.flush()
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise CommitUnknownError(self._unknown(error)) from error
        try:
            self.files.check()
        except StorageError as error:
            raise CommitUnknownError(str(error)) from error
        self.transactions += 1
        session.settle()

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Begin a transaction; another process may keep the database busy for longer than ``busy_timeout``.

        Nothing was written yet, so waiting on is all that it costs.
        """
        for _ in range(BUSY_ATTEMPTS):
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or self._closed:
                    raise
                _log.warning("`%s` is kept busy by another process; waiting", self._path)
        connection.execute("BEGIN IMMEDIATE")

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            try:
                self.files.check_before_opening()
            except StorageError as error:
                raise CommitUnknownError(str(error)) from error
            self._connection = open_configured(self._path, self._pragmas, writes=True)
        return self._connection

    def _give_up(self, group: Sequence[Work], error: Exception) -> None:
        self._cache.clear()
        if isinstance(error, CommitUnknownError) or (isinstance(error, sqlite3.Error) and not _is_own_fault(error)):
            self._disconnect()
            _fail(group, CommitUnknownError(self._unknown(error)), error)
            return
        self._roll_back()
        if len(group) > 1:
            for work in group:
                self._do((work,))
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
