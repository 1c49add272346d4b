"""What an engine does in a piece of work, counted: figures that are the same on every machine."""

from __future__ import annotations

import gc
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from msgspec import Struct
from obelisk_sqlite.storage import SqliteStorage
from obelisk_sqlite.writer import Work

from obelisk.testing.engine import EngineHarness


class Counts(Struct, frozen=True):
    """What was done: statements and transactions of SQLite, batches, calls of Python functions on the loop's thread, and the
    blocks of memory that are still taken afterwards."""

    statements: int
    transactions: int
    calls: int
    blocks: int

    def per(self, steps: int) -> Rates:
        """Return what each of ``steps`` took."""
        return Rates(self.statements / steps, self.transactions / steps, self.calls / steps, self.blocks / steps)


class Rates(Struct, frozen=True):
    """What one step takes, see ``Counts``."""

    statements: float
    transactions: float
    calls: float
    blocks: float


async def counted(harness: EngineHarness, work: Callable[[], Awaitable[object]]) -> Counts:
    """Return what ``work`` took on an engine that keeps its log in SQLite."""
    storage = harness.engine._kernel.storage
    assert isinstance(storage, SqliteStorage)
    statements: list[str] = []
    connection = storage._writer._connection
    assert connection is not None
    calls = _Calls()
    gc.collect()
    blocks, transactions = sys.getallocatedblocks(), storage.transactions
    connection.set_trace_callback(statements.append)
    sys.setprofile(calls.take)
    try:
        await work()
    finally:
        sys.setprofile(None)
        connection.set_trace_callback(None)
    count = len(statements)
    statements.clear()
    gc.collect()
    left = sys.getallocatedblocks() - blocks
    return Counts(count, storage.transactions - transactions, calls.count, left)


@contextmanager
def queued(harness: EngineHarness) -> Iterator[list[Work]]:
    """Collect what the thread that writes is given to do: each piece may cost who waits for it a transaction."""
    storage = harness.engine._kernel.storage
    assert isinstance(storage, SqliteStorage)
    queue, pieces = storage._writer._queue, list[Work]()

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(queue, name)

        def put(self, works: list[Work] | None) -> None:
            pieces.extend(works or ())
            queue.put(works)

    storage._writer._queue = Watched()  # type: ignore[assignment]
    try:
        yield pieces
    finally:
        storage._writer._queue = queue


class _Calls:
    def __init__(self) -> None:
        self.count = 0

    def take(self, frame: FrameType, event: str, argument: Any) -> None:
        self.count += event == "call"
