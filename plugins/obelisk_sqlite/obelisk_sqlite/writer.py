"""Who makes transactions: a thread, of everything that waits, or the loop, of a single batch.

Theory of operation

    commit / lock / pause_delay       queue             thread
    ---- Work(future) ------------->  [w w w w]  ---->  BEGIN IMMEDIATE, every w in order, COMMIT
    <--- one call_soon_threadsafe for all futures ---------------------------------------/

    Everything that waits becomes one transaction, and so one fsync. Batches that may wait are kept for ``KEEP_SECONDS``, or
    until there are ``MAX_KEPT``, or until something comes that may not: all of them are handed to the thread at once, in
    their order. A transaction costs a good part of what a step does.

    A batch that comes while the thread has nothing to do is kept until the loop has done what it was about to do. When no
    other came by then, and it is calm (see ``calm``), the loop makes the transaction itself. The connection belongs to the
    thread from a hand-over to the resolving of its futures, else to the loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from obelisk.errors import StorageError
from obelisk.interfaces.storage import Batch
from obelisk_sqlite.calm import Calm
from obelisk_sqlite.open_files import OpenFiles
from obelisk_sqlite.transactions import Transactions
from obelisk_sqlite.work import Call, Work

MAX_GROUP = 1024
KEEP_SECONDS = 0.003
MAX_KEPT = 32


class Writer:
    """See the module's theory of operation. Methods other than ``_``-named ones are called on the loop's thread."""

    def __init__(self, path: Path, pragmas: Mapping[str, str | int], loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._loop = loop
        self._queue: SimpleQueue[list[Work] | None] = SimpleQueue()
        self._kept: list[Work] = []
        self._end_of_keeping: asyncio.Handle | None = None
        self._transactions = Transactions(path, pragmas)
        self._calm = Calm()
        self._waiting: dict[asyncio.Future[Any], Work] = {}
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="obelisk-sqlite-writer", daemon=True)
        self._thread.start()

    @property
    def files(self) -> OpenFiles:
        """The files that are written to."""
        return self._transactions.files

    @property
    def transactions(self) -> int:
        """How many transactions were committed."""
        return self._transactions.count

    @property
    def is_idle(self) -> bool:
        """Whether the outcome of everything that was put is known."""
        return not self._waiting

    def put(self, batch: Batch | None = None, *, call: Call | None = None) -> asyncio.Future[Any]:
        """Queue a batch or a call, and return the future of its outcome. Raises ``StorageError`` when closed."""
        if self._closed:
            raise StorageError(f"the database `{self._path}` was closed")
        is_alone = self.is_idle
        work = Work(self._loop.create_future(), batch, call)
        if batch is not None:
            work.after = tuple(self._waiting[commit] for commit in batch.after if commit in self._waiting)
        self._waiting[work.future] = work
        self._kept.append(work)
        if batch is not None and batch.may_wait and len(self._kept) < MAX_KEPT:
            if self._end_of_keeping is None:
                self._end_of_keeping = self._loop.call_later(KEEP_SECONDS, self._hand_in)
        elif batch is not None and is_alone and self._calm.is_enough:
            self._end_of_keeping = self._loop.call_soon(self._commit_here)
        else:
            self._hand_in()
        return work.future

    async def close(self) -> None:
        """Write what waits, then end the thread and the connection. Idempotent."""
        if not self._closed:
            self._closed = self._transactions.hurries = True
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

    def _commit_here(self) -> None:
        if len(self._kept) > 1 or not self._transactions.begin_at_once():
            self._calm.ends()
            self._hand_in()
            return
        self._end_of_keeping = None
        group, self._kept = self._kept, []
        try:
            self._transactions.do(group)
        finally:
            self._resolve(group)

    def _run(self) -> None:
        while (works := self._queue.get()) is not None:
            group, last = self._drain(works)
            self._transactions.do(group)
            self._hand_over(group)
            if last:
                break
        self._transactions.close()

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
        self._calm.note(self._transactions.seconds, was_alone=len(self._waiting) == 1)
        for work in group:
            del self._waiting[work.future]
            work.after = ()  # else each would keep all before it
            if work.future.done():
                continue
            if work.error is None:
                work.future.set_result(work.result)
            else:
                work.future.set_exception(work.error)
